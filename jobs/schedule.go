package jobs

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule is a set of cron lines in New York time, the zone in which every
// publisher of these data lives. The zero Schedule never comes.
type Schedule struct {
	lines   []string
	entries []cron.Schedule
}

// ParseSchedule reads cron lines of five fields. A line without fields, one
// that never comes, and one that leaves no time between two slots are errors.
func ParseSchedule(lines ...string) (Schedule, error) {
	s := Schedule{lines: lines}
	for _, text := range lines {
		if strings.HasPrefix(text, "@") || strings.Contains(text, "TZ=") {
			return Schedule{}, fmt.Errorf("schedule %q: give five cron fields, in New York time", text)
		}
		entry, err := cron.ParseStandard(text)
		if err != nil {
			return Schedule{}, fmt.Errorf("schedule %q: %w", text, err)
		}
		if entry.Next(time.Date(2024, time.January, 1, 0, 0, 0, 0, newYork)).IsZero() {
			return Schedule{}, fmt.Errorf("schedule %q never comes", text)
		}
		s.entries = append(s.entries, entry)
	}
	return s, nil
}

func mustSchedule(lines ...string) Schedule {
	s, err := ParseSchedule(lines...)
	if err != nil {
		panic(err)
	}
	return s
}

// Next returns the first slot after t, or a time out of reach if there is none.
func (s Schedule) Next(t time.Time) time.Time {
	next := time.Unix(1<<40, 0)
	for _, e := range s.entries {
		if n := e.Next(t.In(newYork)); !n.IsZero() && n.Before(next) {
			next = n
		}
	}
	return next
}

// String returns the cron lines.
func (s Schedule) String() string { return strings.Join(s.lines, "; ") }

// orElse parses the lines, or returns the schedule when there are none.
func (s Schedule) orElse(lines []string) (Schedule, error) {
	if len(lines) == 0 {
		return s, nil
	}
	return ParseSchedule(lines...)
}

// nextSlot returns the first slot of the job after t, or a time out of reach.
func (j *Job) nextSlot(t time.Time) time.Time { return j.Schedule.Next(t) }
