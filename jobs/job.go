// Package jobs decides what runs, when and over which windows, and runs it:
// the catalogue, the plan, the runner and the run log. It is where extract,
// transform and load meet.
package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/jobs/schedule"
	"tidemark/schemas"
)

// Job makes windows of one table. It is a value: it can be listed, printed
// and planned without being run.
type Job struct {
	Name    string
	Dataset schemas.Dataset
	Part    string // the part of the table that the job makes
	// Publisher of a fetched window; empty for facts.
	Publisher string
	// Money marks what the liquidity facts are built from.
	Money bool
	// Method is the version of the code that builds the windows. Raising it
	// makes every window of the job stale.
	Method string
	// Windows lists, oldest first, the windows that should exist on the day.
	Windows func(today schemas.Date) []schemas.Window
	// Needs lists what a window is built from. Nil for what is fetched.
	Needs func(w schemas.Window) []Need
	// Schedule says when the publisher of a fetched window is due to have
	// news, and Lag how long after its last day a window may still change.
	Schedule schedule.Schedule
	Lag      time.Duration
	// Calm is for how long a fetched window that has ended is left alone once it
	// was read: what may still change then hardly ever does.
	Calm time.Duration
	// Reach is for how many days before the first day of the history the windows
	// begin: what was published then still speaks of the days after it.
	Reach int
	// requests estimates what a window asks of its publisher; nil means one
	// request.
	requests func(w schemas.Window, now time.Time) int64
	// Checks lists what its windows are checked for.
	Checks []CheckInfo
	// due says which day the part should have reached; nil where no day can be named.
	due due
	// examine runs the checks on a window as it is stored.
	examine func(ctx context.Context, t *Task) ([]schemas.CheckResult, error)
	// daily says that a session's rows stay when later sessions are added; see
	// [transform.Daily].
	daily bool
	// Run builds one window.
	Run func(ctx context.Context, t *Task) (Stats, error)
}

// Fetched reports whether the job's windows come from a publisher.
func (j *Job) Fetched() bool { return j.Needs == nil }

// Need is a stretch of a table that a window is built from.
type Need struct {
	Dataset  schemas.Dataset
	Part     string
	From, To schemas.Date // half-open
	// Required says that nothing can be built without it. What is not
	// required may be missing: the facts then say what they lack.
	Required bool
}

// Stats says what a run did.
type Stats struct {
	Rows    int64
	Changed bool
}

// Outcome is what became of a run, in the words that the run log, the page
// and the command line share.
type Outcome string

// The outcomes.
const (
	Running   Outcome = "running"
	OK        Outcome = "ok"
	Unchanged Outcome = "unchanged" // built again, same content
	NoData    Outcome = "no_data"   // the publisher has nothing for the window
	NotYet    Outcome = "not_yet"   // not published yet; costs no attempt
	Failed    Outcome = "failed"
	Stopped   Outcome = "stopped"
	Held      Outcome = "held" // what it needs is missing or failed
	Died      Outcome = "died" // its process is gone
)

// CheckError says that a window was built but failed a check that blocks it;
// the old window stays.
type CheckError struct {
	Failed []schemas.CheckResult
}

func (e *CheckError) Error() string {
	parts := make([]string, len(e.Failed))
	for i, r := range e.Failed {
		parts[i] = r.Check + ": " + r.Message
	}
	return "a check failed and the old window stays: " + strings.Join(parts, "; ")
}

// OutcomeOf maps an error to the outcome of the run that ended with it.
func OutcomeOf(err error) Outcome {
	if _, ok := errors.AsType[*extract.NotYetError](err); ok {
		return NotYet
	}
	switch {
	case err == nil:
		return OK
	case errors.Is(err, extract.ErrNoData):
		return NoData
	case errors.Is(err, context.Canceled):
		return Stopped
	default:
		return Failed
	}
}
