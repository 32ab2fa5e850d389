package alert

import (
	"time"

	"tidemark/schemas"
)

// Rules say what becomes an incident and how often people are told.
type Rules struct {
	MinSeverity   schemas.Severity       // what is below it makes no incident
	AfterSessions int                    // sessions behind from which a table is late
	After         map[Kind]time.Duration // how long a condition lasts before it counts
	Calm          time.Duration          // how long it is gone before it is over
	// Again is how soon after an incident was over the same thing is the same
	// incident. No channel is told within that time of its recovery that it
	// goes on; if it goes on for longer, the channel is told then.
	Again time.Duration
	Every time.Duration // least time between two messages to a channel
}

// DefaultRules returns the rules that hold where the configuration is silent.
// A late table has half an hour from its slot on, because publishers are late
// too and are asked again, and a delivery ten minutes, in which it is tried again.
func DefaultRules() Rules {
	return Rules{
		MinSeverity: schemas.SeverityError, AfterSessions: 1, After: map[Kind]time.Duration{Late: 30 * time.Minute, Undelivered: 10 * time.Minute},
		Calm: 5 * time.Minute, Again: time.Hour, Every: 5 * time.Minute,
	}
}
