package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Runner brings windows up to date.
type Runner struct {
	Catalog   *Catalog
	Warehouse *clickhouse.Warehouse
	Client    *extract.Client
	Now       func() time.Time
	Log       *slog.Logger
	Command   string // what the run log calls the caller: run, demo, replay
	Owner     string // host and process, for the run log
	Workers   int    // windows built at the same time; 0 means 2
	// Planned is told, before each stage, how many windows are still to build at
	// most: the stale ones of the stage and all those of later stages. May be nil.
	Planned func(windows int)
	// Progress is told of every run that ends, from one goroutine at a time. May be nil.
	Progress func(Result)
}

// Request says what to bring up to date.
type Request struct {
	Jobs    []string // names; empty means all
	Refresh bool     // ask publishers again for windows that may still change
	Force   bool     // rebuild even what is up to date
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

// Task is one window on its way.
type Task struct {
	Decision
	RunID     string
	Warehouse *clickhouse.Warehouse
	Getter    *extract.Client
	Now       time.Time
	Log       *slog.Logger

	mu       sync.Mutex
	payloads []schemas.Payload
	built    schemas.Built // what publish made; zero when nothing was published
}

// Run brings the asked-for windows up to date, stage by stage: what is fetched
// first, then what is built from it. A window whose inputs did not change is
// left alone, and a failure holds only what depends on it. The error is that
// of the pass itself; failures of windows are in the report.
func (r *Runner) Run(ctx context.Context, req Request) (*Report, error) {
	if err := r.Catalog.Known(req.Jobs); err != nil {
		return nil, err
	}
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return nil, err
	}
	pass := &pass{Runner: r, req: req, state: state, report: &Report{}}
	stages := r.Catalog.Stages()
	for i, stage := range stages {
		if err := pass.stage(ctx, stage, stages[i+1:]); err != nil {
			return pass.report, err
		}
	}
	return pass.report, nil
}

// LoadState reads the newest build of every window.
func LoadState(ctx context.Context, w *clickhouse.Warehouse) (State, error) {
	state := State{}
	for _, d := range schemas.Datasets() {
		if d.Log() {
			continue
		}
		builds, err := w.Builds(ctx, d.String())
		if err != nil {
			return nil, fmt.Errorf("read the state of %s: %w", d, err)
		}
		state[d.String()] = builds
	}
	return state, nil
}

type pass struct {
	*Runner
	req    Request
	mu     sync.Mutex
	state  State
	report *Report
}

func (p *pass) stage(ctx context.Context, jobs []*Job, later [][]*Job) error {
	now := p.Now()
	today := schemas.DateOf(now.In(newYork))
	var stale []Decision
	for _, j := range jobs {
		if !p.asked(j) {
			continue
		}
		for _, w := range j.Windows(today) {
			d := Decide(j, w, p.state, now, p.req.Refresh)
			switch {
			case d.Missing != "":
				p.end(Result{Job: j.Name, Dataset: j.Dataset.String(), Window: w, Outcome: Held, Reason: d.Reason})
			case d.Stale:
				stale = append(stale, d)
			case p.req.Force:
				d.Reason = "asked to rebuild"
				stale = append(stale, d)
			default:
				p.report.UpToDate++
			}
		}
	}
	if p.Planned != nil {
		p.Planned(len(stale) + p.windows(slices.Concat(later...), today))
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(p.Workers, 2))
	for _, d := range stale {
		if gctx.Err() != nil {
			break
		}
		group.Go(func() error { return p.window(gctx, d) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// asked reports whether the request is for the job.
func (p *pass) asked(j *Job) bool {
	return len(p.req.Jobs) == 0 || slices.Contains(p.req.Jobs, j.Name)
}

// windows counts the windows of the asked-for among the jobs.
func (p *pass) windows(jobs []*Job, today schemas.Date) int {
	n := 0
	for _, j := range jobs {
		if p.asked(j) {
			n += len(j.Windows(today))
		}
	}
	return n
}

// window runs one decision and logs it. It returns an error only when the run
// log itself cannot be written: then nothing more should run.
func (p *pass) window(ctx context.Context, d Decision) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name a run: %w", err)
	}
	started := p.Now()
	t := &Task{
		Decision: d, RunID: id.String(), Warehouse: p.Warehouse, Now: started,
		Log: p.Log.With("job", d.Job.Name, "window", d.Window.String(), "run", id.String()),
	}
	t.Getter = p.Client.Observe(t.observe)
	entry := schemas.Run{
		ID: t.RunID, Command: p.Command, Job: d.Job.Name, Dataset: d.Job.Dataset.String(), Window: d.Window,
		Reason: d.Reason, StartedAt: started, Outcome: string(Running), Owner: p.Owner,
	}
	if err := clickhouse.Append(ctx, p.Warehouse, schemas.Runs, []schemas.Run{entry}); err != nil {
		return fmt.Errorf("write the run log: %w", err)
	}
	t.Log.Debug("run started", "reason", d.Reason)

	stats, err := d.Job.Run(extract.WithOrigin(ctx, d.Job.Name, d.Job.Dataset.String(), d.Window), t)
	outcome := OutcomeOf(err)
	if outcome == OK && !stats.Changed {
		outcome = Unchanged
	}
	if outcome == Failed && ctx.Err() != nil {
		outcome = Stopped
	}

	entry.FinishedAt, entry.Outcome, entry.Rows, entry.Requests = p.Now(), string(outcome), stats.Rows, int64(len(t.payloads))
	if err != nil {
		entry.Error = err.Error()
	}
	// The end of a stopped run is still worth a line.
	logCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := clickhouse.Append(logCtx, p.Warehouse, schemas.Runs, []schemas.Run{entry}); err != nil {
		return fmt.Errorf("write the run log: %w", err)
	}
	if t.built.RunID != "" {
		p.built(d, t.built)
	}
	p.end(Result{
		Job: d.Job.Name, Dataset: d.Job.Dataset.String(), Window: d.Window, Reason: d.Reason, Outcome: outcome,
		Rows: stats.Rows, Requests: len(t.payloads), Took: entry.FinishedAt.Sub(started), Err: err,
	})
	return nil
}

// built notes the new build of a window, for the windows that need it.
func (p *pass) built(d Decision, b schemas.Built) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state[d.Job.Dataset.String()][d.Window] = b
}

func (p *pass) end(res Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Results = append(p.report.Results, res)
	p.Log.Info("run finished", "job", res.Job, "window", res.Window.String(),
		"outcome", string(res.Outcome), "rows", res.Rows, "duration_seconds", res.Took.Seconds(), "err", res.Err)
	if p.Progress != nil {
		p.Progress(res)
	}
}

func (t *Task) observe(pl *extract.Payload) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rec := pl.Payload
	rec.RunID = t.RunID
	if !slices.ContainsFunc(t.payloads, func(o schemas.Payload) bool {
		return o.Hash == rec.Hash && o.Request == rec.Request && o.FetchedAt.Equal(rec.FetchedAt)
	}) {
		t.payloads = append(t.payloads, rec)
	}
}

// publish checks the rows of the task's window and makes them the window's
// content. What went in is recorded first, so that whatever becomes visible
// can be traced.
func publish[T any](ctx context.Context, t *Task, table schemas.Table[T], rows []T, checks []schemas.CheckResult) (Stats, error) {
	failed, err := t.recordChecks(ctx, checks)
	if err != nil {
		return Stats{}, err
	}
	if err := t.recordInputs(ctx); err != nil {
		return Stats{}, err
	}
	if len(failed) > 0 {
		return Stats{}, &CheckError{Failed: failed}
	}
	inputs := t.Inputs
	if t.Job.Fetched() {
		inputs = t.payloadFingerprint()
	}
	res, err := clickhouse.Replace(ctx, t.Warehouse, table, clickhouse.Build{
		Window: t.Window, RunID: t.RunID, Inputs: inputs, Method: t.Job.Method,
	}, rows)
	if err != nil {
		return Stats{}, err
	}
	t.built = schemas.Built{
		Dataset: table.String(), Window: t.Window, Rows: res.Rows, Content: res.Content, Inputs: inputs, Method: t.Job.Method,
		RunID: t.RunID, SwapID: res.SwapID, BuiltAt: t.Now,
	}
	return Stats{Rows: res.Rows, Changed: res.Changed}, nil
}

func (t *Task) recordInputs(ctx context.Context) error {
	inputs := slices.Clone(t.Uses)
	t.mu.Lock()
	payloads := slices.Clone(t.payloads)
	t.mu.Unlock()
	for _, p := range payloads {
		inputs = append(inputs, schemas.Input{Kind: schemas.InputPayload, Dataset: p.Publisher, Window: t.Window, Content: p.Hash})
	}
	for i := range inputs {
		inputs[i].RunID = t.RunID
	}
	if err := clickhouse.Append(ctx, t.Warehouse, schemas.Inputs, inputs); err != nil {
		return fmt.Errorf("record inputs: %w", err)
	}
	if err := clickhouse.Append(ctx, t.Warehouse, schemas.Payloads, payloads); err != nil {
		return fmt.Errorf("record payloads: %w", err)
	}
	return nil
}

func (t *Task) payloadFingerprint() string {
	hashes := make([]schemas.Input, len(t.payloads))
	for i, p := range t.payloads {
		hashes[i] = schemas.Input{Content: p.Hash}
	}
	slices.SortFunc(hashes, func(a, b schemas.Input) int { return strings.Compare(a.Content, b.Content) })
	return fingerprint(t.Job.Method, hashes)
}
