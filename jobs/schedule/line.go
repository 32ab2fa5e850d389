package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// reach is how many years a line is searched for its next slot. After 28
// years the days of the week fall on the same dates again.
const reach = 28

// line is one line of a schedule.
type line struct {
	text string
	spec *cron.SpecSchedule // matched against readings of the wall clock
	zone *time.Location
	cal  *calendar.Calendar
	on   *condition // nil for every day
}

// next returns the first slot of the line after the given instant.
func (l *line) next(after time.Time) (time.Time, bool) {
	for horizon := after.AddDate(reach, 0, 0); after.Before(horizon); {
		reading, ok := l.match(reached(l.zone, after), horizon)
		if !ok {
			break
		}
		slot := instant(l.zone, reading)
		if l.on == nil {
			return slot, true
		}
		day := dateInNewYork(slot)
		if l.on.holds(l.cal, day) {
			return slot, true
		}
		after = day.AddDays(1).In(calendar.NewYork(), 0, 0).Add(-1).UTC()
	}
	return time.Time{}, false
}

// match returns the first reading after the given one that the fields name.
// The library gives up at the end of the fifth year to come, where 29 February
// can be eight years away.
func (l *line) match(reading, horizon time.Time) (time.Time, bool) {
	for reading.Before(horizon) {
		if next := l.spec.Next(reading); !next.IsZero() {
			return next, true
		}
		reading = time.Date(reading.Year()+6, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-1)
	}
	return time.Time{}, false
}

// parseLine reads one line; see [Parse].
func parseLine(cal *calendar.Calendar, zone *time.Location, text string) (line, error) {
	fail := func(format string, args ...any) (line, error) {
		return line{}, fmt.Errorf("schedule %q: "+format, append([]any{text}, args...)...)
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return fail("empty; write five fields such as 30 7 * * 1-5")
	}
	l := line{zone: zone, cal: cal, text: strings.Join(words, " ")}
	if prefix, name, ok := strings.Cut(words[0], "="); ok && (prefix == "TZ" || prefix == "CRON_TZ") {
		var err error
		if l.zone, err = loadZone(name); err != nil {
			return fail("%w", err)
		}
		words = words[1:]
		l.text = strings.Join(append([]string{"TZ=" + name}, words...), " ")
		if len(words) == 0 {
			return fail("fields are missing after the zone; write five such as TZ=%s 30 7 * * 1-5", name)
		}
	}
	for i, w := range words {
		if w != "on" {
			continue
		}
		name := strings.Join(words[i+1:], " ")
		if l.on = findCondition(name); l.on == nil {
			return fail("%q is no condition; write one of %s after on", name, conditionNames())
		}
		words = words[:i]
		break
	}
	var err error
	if l.spec, err = parseFields(words); err != nil {
		return fail("%w", err)
	}
	if _, ok := l.match(firstChecked, firstChecked.AddDate(reach, 0, 0)); !ok {
		return fail("no year has such a date; write a day that the month has")
	}
	if _, ok := l.next(firstChecked); !ok {
		return fail("none of its days is one of the %s; change the days or leave the condition out", l.on.name)
	}
	return l, nil
}

// firstChecked is where the search begins for a line that never comes. The
// rules of the calendar have not changed since.
var firstChecked = schemas.NewDate(2025, time.January, 1).Time()

// loadZone returns a zone of the zone database: not UTC for an empty name, and
// not the zone of whichever machine reads the line.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("the zone %q names no place; write one such as TZ=America/New_York", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the zone %q is unknown; write one such as TZ=America/New_York", name)
	}
	return zone, nil
}

// fields are the five fields of a line, and what may stand in them.
var fields = [5]struct{ name, values string }{
	{"minute", "0-59"},
	{"hour", "0-23"},
	{"day of the month", "1-31"},
	{"month", "1-12 or jan-dec"},
	{"day of the week", "0-6, where Sunday is 0, or sun-sat"},
}

// parseFields reads the fields, or the name that stands for them.
func parseFields(words []string) (*cron.SpecSchedule, error) {
	switch {
	case len(words) == 0:
		return nil, errors.New("fields are missing; write five such as 30 7 * * 1-5")
	case words[0] == "@every":
		return nil, errors.New("the slots of @every would move with each restart; write fields such as */15 * * * *")
	case words[0] == "@reboot":
		return nil, errors.New("@reboot is no time, and what a restart missed is caught up anyway; write fields such as 30 7 * * 1-5")
	case strings.HasPrefix(words[0], "@"):
		if spec, err := parseSpec(strings.Join(words, " ")); err == nil {
			return spec, nil
		}
		return nil, fmt.Errorf("%s is no name for a time; write @hourly, @daily, @weekly, @monthly, @yearly or five fields", strings.Join(words, " "))
	case len(words) == 6:
		return nil, errors.New("it has six fields, and there are no seconds; write five: minute, hour, day of the month, month, day of the week")
	case len(words) != len(fields):
		return nil, fmt.Errorf("it has %d of five fields; write minute, hour, day of the month, month, day of the week", len(words))
	}
	for i, f := range fields {
		// Tried one by one, so that the message can name the field.
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = words[i]
		if _, err := parseSpec(strings.Join(alone, " ")); err != nil || careless(words[i]) {
			return nil, fmt.Errorf("%q is no %s; write %s, * for all, */2 for every second, or a list with commas", words[i], f.name, f.values)
		}
	}
	return parseSpec(strings.Join(words, " "))
}

// careless reports what the library reads without complaint, and not as
// written: a list with nothing in a place, a range that begins with a star.
func careless(field string) bool {
	for part := range strings.SplitSeq(field, ",") {
		if part == "" || strings.HasPrefix(part, "*-") || strings.HasPrefix(part, "?-") {
			return true
		}
	}
	return false
}

// parseSpec has the library read five fields or a name.
func parseSpec(text string) (*cron.SpecSchedule, error) {
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, err
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("%q has no fields", text)
	}
	spec.Location = time.UTC // of the readings
	return spec, nil
}
