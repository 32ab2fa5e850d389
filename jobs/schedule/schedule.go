// Package schedule says when a job is due, and accounts for every slot that
// was due while nobody looked. It is arithmetic: no clock, no memory.
//
//   - A slot is the instant, in UTC, at which a cron line comes. It comes when
//     the clocks of the line's zone first show the line's time or a later one.
//   - So an hour that the clocks show twice has slots the first time only, and
//     the slots of an hour, or a day, that they skip come at its end, together.
//   - Lines of one schedule that come at the same instant have one slot there.
//   - Every slot is accounted for: it fires, or it was missed for a reason. What
//     fires late, and how many, is the [Policy]; a slot on time always fires.
//   - When the clock is set back, slots accounted for that lie more than an
//     hour ahead are void and fire again in their time; nearer ones do not.
package schedule

import (
	"errors"
	"iter"
	"strings"
	"time"

	"tidemark/schemas/calendar"
)

// Schedule is a set of lines. It is immutable and safe for concurrent use. The
// zero Schedule never comes.
type Schedule struct {
	lines []line
}

// Parse reads lines of the form
//
//	[TZ=Zone] minute hour day month weekday [on CONDITION]
//
// where @hourly, @daily, @weekly, @monthly and @yearly may stand for the five
// fields. The clocks are those of zone unless the line names another. As in
// any crontab, a day of the month and a day of the week that are both
// restricted are alternatives.
//
// With a condition the line comes only on days that the calendar knows as
// sessions, half_days (sessions that close early), full_days (those that do
// not), fed_days (business days of the Reserve Banks), h41_days (on which an
// H.4.1 is released) or secured_days (for which secured rates exist). The day
// is the date in New York at the slot.
//
// Lines that cannot work, or would never come, are errors that say what to
// write instead. No lines are the zero Schedule.
func Parse(cal *calendar.Calendar, zone *time.Location, lines ...string) (Schedule, error) {
	var s Schedule
	var errs []error
	for _, text := range lines {
		l, err := parseLine(cal, zone, text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.lines = append(s.lines, l)
	}
	if len(errs) > 0 {
		return Schedule{}, errors.Join(errs...)
	}
	return s, nil
}

// String returns the lines in their plainest writing, with "; " between them.
// Each can be parsed again, with the same calendar and zone.
func (s Schedule) String() string {
	texts := make([]string, len(s.lines))
	for i, l := range s.lines {
		texts[i] = l.text
	}
	return strings.Join(texts, "; ")
}

// Next returns the first slot after the given instant. There is none when no
// line comes in the 28 years that follow.
func (s Schedule) Next(after time.Time) (slot time.Time, ok bool) {
	after = plain(after)
	for i := range s.lines {
		if t, comes := s.lines[i].next(after); comes && (!ok || t.Before(slot)) {
			slot, ok = t, true
		}
	}
	return slot, ok
}

// Between yields the slots in (after, upTo], oldest first, each once. It keeps
// nothing in memory, so a year of minutes may be counted with it.
func (s Schedule) Between(after, upTo time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for slot, ok := s.Next(after); ok && !slot.After(upTo); slot, ok = s.Next(slot) {
			if !yield(slot) {
				return
			}
		}
	}
}

// plain strips what a reading of the process's clock carries beside the time
// of day. Comparing two such readings would follow the monotonic clock, which
// knows nothing of a clock that was set.
func plain(t time.Time) time.Time { return t.Round(0).UTC() }
