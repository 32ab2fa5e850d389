package schedule

import (
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// condition is a kind of day that the calendar knows.
type condition struct {
	name  string
	holds func(c *calendar.Calendar, d schemas.Date) bool
}

var conditions = []condition{
	{"sessions", (*calendar.Calendar).IsSession},
	{"half_days", (*calendar.Calendar).EarlyClose},
	{"full_days", func(c *calendar.Calendar, d schemas.Date) bool { return c.IsSession(d) && !c.EarlyClose(d) }},
	{"fed_days", (*calendar.Calendar).IsFedDay},
	{"h41_days", isH41Day},
	{"secured_days", func(c *calendar.Calendar, d schemas.Date) bool { return c.NextSecuredDay(d-1) == d }},
}

// findCondition returns nil for a name that is none.
func findCondition(name string) *condition {
	for i := range conditions {
		if conditions[i].name == name {
			return &conditions[i]
		}
	}
	return nil
}

func conditionNames() string {
	names := make([]string, len(conditions))
	for i, c := range conditions {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// h41Late is how many weeks an H.4.1 may come after its Wednesday and still
// make its day one of the h41_days. The latest on record took five days.
const h41Late = 13

// isH41Day reports whether the H.4.1 of any Wednesday is released on d.
func isH41Day(c *calendar.Calendar, d schemas.Date) bool {
	yesterday := d - 1
	wednesday := yesterday.AddDays(-((int(yesterday.Weekday()) - int(time.Wednesday) + 7) % 7))
	for range h41Late {
		if dateInNewYork(c.H41Release(wednesday)) == d {
			return true
		}
		wednesday -= 7
	}
	return false
}

func dateInNewYork(t time.Time) schemas.Date { return schemas.DateOf(t.In(calendar.NewYork())) }
