package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/load/snapshot"
	"tidemark/schemas"
)

// Runner brings windows up to date.
type Runner struct {
	Catalog   *Catalog
	Warehouse *clickhouse.Warehouse
	Snapshots *snapshot.Store // of the warehouse's bars
	Client    *extract.Client
	Now       func() time.Time
	Log       *slog.Logger
	Command   string // what the run log calls the caller: run, demo, replay, serve
	Workers   int    // windows built at the same time; 0 means passWorkers
	Share     Share  // of the work, where several processes share it
	// Limits holds how often each publisher may be asked, for estimates; a
	// publisher that is absent may be asked as fast as it answers.
	Limits map[string]extract.Limit
	// Planned is told, before each job, how many windows are still to build at
	// most: the stale ones and all those of later jobs. May be nil.
	Planned func(windows int)
	// Progress is told of every run that ends, from one goroutine at a time. May be nil.
	Progress func(Result)
	// Tracer makes a span of every pass, of every run in it and of what a run
	// does. Nil makes none.
	Tracer trace.Tracer

	lease *clickhouse.Lease // of a process that holds one for longer than a pass
}

// Result is what became of one window.
type Result struct {
	Job      string
	Dataset  string
	Window   schemas.Window
	Reason   string
	Outcome  Outcome
	Rows     int64
	Requests int
	Took     time.Duration
	RunID    string // empty for what was held
	Err      error
}

// Report is what became of a whole pass.
type Report struct {
	Results  []Result
	UpToDate int // windows that needed nothing
}

// Count returns how many windows ended with the outcome.
func (r *Report) Count(o Outcome) int {
	n := 0
	for _, res := range r.Results {
		if res.Outcome == o {
			n++
		}
	}
	return n
}

// Err returns the failures of the pass as one error, or nil.
func (r *Report) Err() error {
	var errs []error
	for _, res := range r.Results {
		if res.Outcome == Failed {
			errs = append(errs, fmt.Errorf("%s %s: %w", res.Job, res.Window.Span(), res.Err))
		}
	}
	return errors.Join(errs...)
}

// FactsChanged reports whether the pass has changed figures that people see.
func (r *Report) FactsChanged() bool {
	return slices.ContainsFunc(r.Results, func(res Result) bool { return res.Outcome == OK && strings.HasPrefix(res.Dataset, "facts.") })
}

// of returns the results of one job.
func (r *Report) of(job string) []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(res Result) bool { return res.Job != job })
}

// Run brings the asked-for windows up to date, each job after those that it
// needs. A window whose inputs did not change is left alone, and a failure
// holds only what depends on it. A window that another process is building is
// waited for. The error is that of the pass itself; failures of windows are in
// the report.
func (r *Runner) Run(ctx context.Context, req Request) (*Report, error) {
	p, err := r.newPass(req)
	if err != nil {
		return nil, err
	}
	return p.run(ctx)
}
