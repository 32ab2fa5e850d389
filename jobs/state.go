package jobs

import (
	"context"
	"fmt"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// State is what is known of every window: its newest build, and how the runs
// since have ended. It is kept by table and window.
type State struct {
	Builds   map[string]map[schemas.Window]schemas.Built
	Attempts map[string]map[schemas.Window]Attempts
}

// Attempts tells how the newest runs of a window ended that were not stopped.
type Attempts struct {
	Last   schemas.Run
	Failed int // the newest runs that failed one after the other
}

// NewState returns a state in which nothing is known.
func NewState() State {
	return State{Builds: map[string]map[schemas.Window]schemas.Built{}, Attempts: map[string]map[schemas.Window]Attempts{}}
}

// Built returns the newest build of a window, and false when there is none.
func (s State) Built(dataset string, w schemas.Window) (schemas.Built, bool) {
	b, ok := s.Builds[dataset][w]
	return b, ok
}

// SetBuilt notes a newer build.
func (s State) SetBuilt(b schemas.Built) {
	if s.Builds[b.Dataset] == nil {
		s.Builds[b.Dataset] = map[schemas.Window]schemas.Built{}
	}
	s.Builds[b.Dataset][b.Window] = b
}

// AddRun notes how a run ended. Runs are added oldest first.
func (s State) AddRun(run schemas.Run) {
	if s.Attempts[run.Dataset] == nil {
		s.Attempts[run.Dataset] = map[schemas.Window]Attempts{}
	}
	a := s.Attempts[run.Dataset][run.Window]
	switch Outcome(run.Outcome) {
	case Failed:
		a.Failed++
	case OK, Unchanged, NoData, NotYet:
		a.Failed = 0
	default:
		return // stopped, died: it tells nothing of the window, and hides nothing that a run before it told
	}
	a.Last = run
	s.Attempts[run.Dataset][run.Window] = a
}

// Failing reports whether the newest run of a window that tells anything
// failed, and how often in a row.
func (s State) Failing(dataset string, w schemas.Window) int {
	return s.Attempts[dataset][w].Failed
}

// LoadState reads the newest build of every window and how its newest runs
// ended.
func LoadState(ctx context.Context, w *clickhouse.Warehouse) (State, error) {
	state := NewState()
	builds, err := w.AllBuilds(ctx)
	if err != nil {
		return state, fmt.Errorf("read the state of the windows: %w", err)
	}
	for _, b := range builds {
		state.SetBuilt(b)
	}
	runs, err := w.Attempts(ctx)
	if err != nil {
		return state, fmt.Errorf("read the run log: %w", err)
	}
	for i := range runs {
		state.AddRun(runs[len(runs)-1-i])
	}
	return state, nil
}

// retryPauses are how long a window that failed is left alone by the
// scheduler, by the number of failures in a row. After the last one it waits
// for the next slot of its job.
var retryPauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// lateEvery is how often a publisher whose publication is late is asked again,
// and lateFor how long.
const (
	lateEvery = 10 * time.Minute
	lateFor   = 8 * time.Hour
)

// nextTry returns when the scheduler tries a window again after its newest
// run; zero means with the next slot of its job.
func (a Attempts) nextTry() time.Time {
	switch {
	case a.Failed > 0 && a.Failed <= len(retryPauses):
		return a.Last.FinishedAt.Add(retryPauses[a.Failed-1])
	case Outcome(a.Last.Outcome) == NotYet:
		return a.Last.FinishedAt.Add(lateEvery)
	default:
		return time.Time{}
	}
}
