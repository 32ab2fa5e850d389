package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/load/snapshot"
	"tidemark/schemas"
)

// Task is one window on its way.
type Task struct {
	Decision
	RunID     string
	Warehouse *clickhouse.Warehouse
	Snapshots *snapshot.Store
	Getter    *extract.Client
	Now       time.Time
	Log       *slog.Logger

	// kept is the newest day up to which the inputs are those that the window
	// was built from as it stands; none where that is not known.
	kept schemas.Opt[schemas.Date]

	lease    *clickhouse.Lease
	readings *readings
	inputs   *readings // nil where nothing is shared
	mu       sync.Mutex
	payloads []schemas.Payload
	sent     map[string]bool // which of them, by hash, did not lie in the archive before
	built    schemas.Built   // what publish made; zero when nothing was published
	changed  change          // what it made otherwise
}

// window runs one decision and logs it. It returns an error only when the run
// log itself cannot be written: then nothing more should run.
func (p *pass) window(ctx context.Context, d Decision) error {
	var run schemas.Run
	d, begun, err := p.afterGate(ctx, d)
	if begun {
		run, d, begun, err = p.claim(ctx, d)
	}
	if err != nil || !begun {
		if err == nil {
			p.mu.Lock()
			p.report.UpToDate++ // somebody else did it
			p.mu.Unlock()
		}
		return err
	}
	ctx, cancel := p.cancellable(ctx, d.Job, run.ID)
	defer cancel()
	ctx, span := startRun(ctx, run)
	defer span.End()
	ctx, lines := captureLog(ctx, run.ID, p.Now)
	t := &Task{
		Decision: d, RunID: run.ID, Warehouse: p.Warehouse, Snapshots: p.Snapshots, Now: run.StartedAt, kept: p.kept(d), lease: p.lease, readings: &p.readings, inputs: &p.inputs,
		Log: p.Log.With("job", d.Job.Name, "window", d.Window.String(), "run", run.ID),
	}
	t.Getter = p.Client.Observe(t.observe)
	t.Log.DebugContext(ctx, "run started", "reason", d.Reason, "cause", run.Cause)

	stats, err := d.Job.Run(extract.WithOrigin(ctx, d.Job.Name, d.Job.Dataset.String(), d.Window), t)
	outcome := OutcomeOf(err)
	if outcome == OK && !stats.Changed {
		outcome = Unchanged
	}
	if outcome == Failed && ctx.Err() != nil {
		outcome = Stopped
	}
	describe(span, outcome, stats.Rows, err)

	run.FinishedAt, run.Outcome, run.Rows, run.Requests = p.Now(), string(outcome), stats.Rows, int64(len(t.payloads))
	if err != nil {
		run.Error = err.Error()
	}
	took := run.FinishedAt.Sub(run.StartedAt)
	ended := []any{"outcome", string(outcome), "rows", stats.Rows, "duration_seconds", took.Seconds()}
	if err != nil {
		ended = append(ended, "err", err)
	}
	t.Log.InfoContext(ctx, "run finished", ended...)
	// The end of a stopped run is still worth a line.
	logCtx, done := lastWord(ctx)
	defer done()
	logErr := clickhouse.Append(logCtx, p.Warehouse, schemas.LogLines, lines.take())
	if logErr != nil {
		logErr = fmt.Errorf("keep the run's log: %w", logErr)
	}
	if err := errors.Join(logErr, p.note(logCtx, run)); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.built.RunID != "" {
		p.state.SetBuilt(t.built)
		p.changes.note(t.built, t.changed)
	}
	p.state.AddRun(run)
	p.end(Result{
		Job: d.Job.Name, Dataset: run.Dataset, Window: d.Window, Reason: d.Reason, Outcome: outcome,
		Rows: stats.Rows, Requests: len(t.payloads), Took: took, RunID: run.ID, Err: err,
	})
	return nil
}

// afterGate waits for the gate of the pass, decides once more, since what was
// waited for may have built the window, and reports whether it still is to be
// built.
func (p *pass) afterGate(ctx context.Context, d Decision) (Decision, bool, error) {
	if p.gate == nil {
		return d, true, nil
	}
	if err := p.gate(ctx); err != nil {
		return d, false, err
	}
	d, err := p.again(ctx, d)
	return d, err == nil && d.Verdict == Build, err
}

func (t *Task) observe(pl *extract.Payload) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rec := pl.Payload
	rec.RunID = t.RunID
	if pl.Sent {
		if t.sent == nil {
			t.sent = map[string]bool{}
		}
		t.sent[rec.Hash] = true
	}
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
	return t.publish(ctx, table.Dataset, checks, func(ctx context.Context, b clickhouse.Build) (clickhouse.Result, error) {
		return clickhouse.Replace(ctx, t.Warehouse, table, b, rows)
	})
}

// publishMore is publish for rows that are added to the window as it stands.
func publishMore[T any](ctx context.Context, t *Task, table schemas.Table[T], more clickhouse.Extension[T], checks []schemas.CheckResult) (Stats, error) {
	return t.publish(ctx, table.Dataset, checks, func(ctx context.Context, b clickhouse.Build) (clickhouse.Result, error) {
		return clickhouse.Extend(ctx, t.Warehouse, table, b, more)
	})
}

func (t *Task) publish(ctx context.Context, d schemas.Dataset, checks []schemas.CheckResult,
	replace func(context.Context, clickhouse.Build) (clickhouse.Result, error),
) (stats Stats, err error) {
	ctx, span := startStep(ctx, "publish", d)
	defer func() { endStep(span, stats.Rows, err) }()
	failed, err := t.recordChecks(ctx, checks)
	if err != nil {
		return Stats{}, err
	}
	if err := t.recordInputs(ctx); err != nil {
		return Stats{}, err
	}
	if len(failed) > 0 {
		for _, p := range t.payloads {
			t.Getter.Refuse(ctx, p.Hash) // the publisher is not asked whether it still holds
		}
		return Stats{}, &CheckError{Failed: failed}
	}
	if t.lease != nil && !t.lease.Held() {
		return Stats{}, errLeaseLost
	}
	inputs := t.Inputs
	if t.Job.Fetched() {
		inputs = t.payloadFingerprint()
	}
	res, err := replace(ctx, clickhouse.Build{Window: t.Window, RunID: t.RunID, Inputs: inputs, Method: t.Job.Method})
	if err != nil {
		return Stats{}, err
	}
	t.built = schemas.Built{
		Dataset: d.String(), Window: t.Window, Rows: res.Rows, Content: res.Content, Inputs: inputs, Method: t.Job.Method,
		RunID: t.RunID, SwapID: res.SwapID, BuiltAt: t.Now,
	}
	t.changed = change{from: res.Before, to: res.Content, kept: res.Kept}
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
