package jobs

import (
	"context"
	"fmt"
	"time"

	"tidemark/schemas"
)

// Status is the state of the house at one moment.
type Status struct {
	At     time.Time             `json:"at"`
	Jobs   []JobStatus           `json:"jobs"`
	Checks []schemas.CheckResult `json:"checks"`
}

// JobStatus is the state of one job.
type JobStatus struct {
	Name     string       `json:"name"`
	Dataset  string       `json:"dataset"`
	Part     string       `json:"part"`
	Windows  int          `json:"windows"`
	Stale    int          `json:"stale"`
	Reasons  []string     `json:"reasons,omitempty"` // one for each stale or held window
	Newest   schemas.Date `json:"newest"`            // newest day in the data
	Expected schemas.Date `json:"expected"`          // newest day that should be there
	Behind   int64        `json:"behind"`            // sessions between the two
	LastRun  time.Time    `json:"last_run"`
	Outcome  string       `json:"outcome"`
	Error    string       `json:"error,omitempty"`
	Schedule string       `json:"schedule,omitempty"`
	Next     time.Time    `json:"next,omitzero"` // next slot of a fetching job
}

// FailedErrors counts the failing checks of severity error.
func (s *Status) FailedErrors() int {
	n := 0
	for _, c := range s.Checks {
		if !c.Passed && c.Severity == schemas.SeverityError {
			n++
		}
	}
	return n
}

// Status looks at everything and changes nothing.
func (r *Runner) Status(ctx context.Context) (*Status, error) {
	now := r.Now()
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return nil, err
	}
	fresh, err := r.Freshness(ctx, now)
	if err != nil {
		return nil, err
	}
	last, err := r.lastRuns(ctx)
	if err != nil {
		return nil, err
	}
	st := &Status{At: now}
	for _, j := range r.Catalog.Jobs {
		js := JobStatus{
			Name: j.Name, Dataset: j.Dataset.String(), Part: j.Part, Newest: schemas.NoDate, Expected: schemas.NoDate, Schedule: j.Schedule.String(),
		}
		for _, w := range j.Windows(schemas.DateOf(now.In(newYork))) {
			js.Windows++
			if d := Decide(j, w, state, now, Request{}); d.Verdict != UpToDate {
				js.Stale++
				js.Reasons = append(js.Reasons, w.String()+": "+d.Reason)
			}
		}
		for _, f := range fresh {
			if f.Dataset == js.Dataset && f.Part == j.Part {
				js.Newest, js.Expected, js.Behind = f.Newest, f.Expected, f.Behind
			}
		}
		if run, ok := last[j.Name]; ok {
			js.LastRun, js.Outcome, js.Error = run.StartedAt, run.Outcome, run.Error
		}
		if j.Scheduled() {
			js.Next = j.nextSlot(now)
		}
		st.Jobs = append(st.Jobs, js)
	}
	st.Checks, err = r.latestChecks(ctx, time.Time{})
	return st, err
}

// lastRuns returns each job's newest run; of a run that ended, its end.
func (r *Runner) lastRuns(ctx context.Context) (map[string]schemas.Run, error) {
	runs, err := r.Warehouse.NewestRuns(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the run log: %w", err)
	}
	last := map[string]schemas.Run{}
	for _, run := range runs {
		last[run.Job] = run
	}
	return last, nil
}
