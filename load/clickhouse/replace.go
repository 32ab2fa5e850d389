package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tidemark/schemas"
)

// Build says which window of a table is replaced, and what is recorded of it.
type Build struct {
	Window schemas.Window
	RunID  string
	Inputs string // fingerprint of what went in
	Method string // version of the code that made the rows
}

// Result says what a Replace came to.
type Result struct {
	Rows    int64
	Content string // fingerprint of the rows without their origin columns
	Changed bool   // false when the window held this content already
	SwapID  string // empty when it did
	// Before is the content that the window held, and Kept the day up to which
	// that is what it holds now: NoDate where that is not known.
	Before string
	Kept   schemas.Date
}

// closing bounds the work that is still done after the caller's context has
// ended: finishing a swap that has been verified, or undoing one that has not.
const closing = time.Minute

// Replace makes rows the whole content of a window of t, in one step for
// whoever reads, and records the build. No rows leave an empty window. The
// rows may be in any order. Replacing a window twice by the same rows leaves
// what doing it once leaves; where the window holds the same content already
// only the record is renewed.
//
// When it returns an error the window is what it was before, or, if the
// failure came after the rows had been verified in the server, the new one
// that the next Replace or Recover completes. A row that cannot be stored is
// reported as a *RowError before anything is sent.
func Replace[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], b Build, rows []T) (Result, error) {
	fail := func(err error) (Result, error) {
		return Result{}, fmt.Errorf("clickhouse: replace %s, window %s: %w", t, b.Window, err)
	}
	if t.Log() {
		return fail(errors.New("the table is a log without windows"))
	}
	enc := newEncoder(t)
	belong := make(chan error, 1)
	go func() { belong <- enc.checkWindow(b.Window, rows) }()
	sizes, err := enc.measure(rows)
	if foreign := <-belong; foreign != nil {
		return fail(foreign)
	}
	if err != nil {
		return fail(err)
	}
	r := newReplacement(w, enc, b, rows, sizes)
	changed, err := r.run(ctx)
	if err != nil {
		return fail(err)
	}
	return r.result(changed), nil
}

func (r *replacement) result(changed bool) Result {
	res := Result{Rows: r.step.Rows, Content: r.step.Content, Changed: changed, Before: r.stood, Kept: r.kept}
	if changed {
		res.SwapID = r.step.SwapID
	}
	return res
}

// replacement is one Replace or Extend at work.
type replacement struct {
	w      *Warehouse
	d      schemas.Dataset
	rows   measured
	part   bool             // rows are only those of the days that are new
	stood  string           // content of the window when it began
	kept   schemas.Date     // the day up to which the window stays as it is
	last   standing         // what the newest record of the window says
	before swaps            // the window's when it began
	grown  *growth          // nil where the window is written anew
	step   schemas.SwapStep // what the journal's lines of this swap have in common
	insert func(ctx context.Context, into, token string, after schemas.Date) error
}

func newReplacement[T any](w *Warehouse, enc encoder[T], b Build, rows []T, sizes measured) *replacement {
	return &replacement{
		w: w, d: enc.t.Dataset, rows: sizes, kept: schemas.NoDate,
		step: schemas.SwapStep{
			Dataset: enc.t.String(), Window: b.Window, Rows: int64(len(rows)),
			Hash: sizes.all.String(), Content: sizes.content.String(),
			Inputs: b.Inputs, Method: b.Method, RunID: b.RunID,
		},
		insert: func(ctx context.Context, into, token string, after schemas.Date) error {
			return insert(ctx, w, enc.t, into, token, enc.after(rows, after))
		},
	}
}

func (r *replacement) run(ctx context.Context) (changed bool, err error) {
	w := r.w
	if r.before, err = w.settle(ctx, r.d, r.step.Window); err != nil {
		return false, err
	}
	last, known, err := w.newest(ctx, r.step.Dataset, r.step.Window)
	if err != nil {
		return false, err
	}
	if err := r.reach(ctx, last, known); err != nil {
		return false, err
	}
	// While somebody else is at work on the window, what the record says of
	// it may be out of date by the time it is read.
	if known && !r.before.anyOpen() {
		r.stood = last.Content
	}
	if r.stood != "" && r.stood == r.step.Content {
		if err := w.record(ctx, r.built(""), r.last.BuiltAt); err != nil {
			return false, err
		}
		return false, r.agree(ctx)
	}
	if r.stood != "" {
		if err := r.lookForGrowth(ctx, r.stood); err != nil {
			return false, err
		}
	}
	return true, r.swap(ctx)
}

// swap stages the rows, verifies them and exchanges the partition.
func (r *replacement) swap(ctx context.Context) error {
	w := r.w
	r.step.SwapID = newSwapID(w.now())
	r.step.Staging = stagingName(r.d, r.step.SwapID)
	w.begin(r.step.SwapID)
	defer w.end(r.step.SwapID)

	if err := r.stage(ctx); err != nil {
		// The caller's context may be what ended the work.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		if e := w.undo(ctx, r.step); e != nil {
			w.log.WarnContext(ctx, "swap left open, the next one of the window will undo it",
				"table", r.step.Dataset, "window", r.step.Window.String(), "swap", r.step.SwapID, "err", e)
		}
		return err
	}
	// From here on the swap is completed, by this call if it can be.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	return w.complete(ctx, r.d, r.step, r.last, r.kept, r.agree)
}

// stage brings the rows into the staging table and shows that they arrived.
func (r *replacement) stage(ctx context.Context) error {
	w := r.w
	if err := w.journal(ctx, r.step, stepStaging); err != nil {
		return err
	}
	w.at("journalled")
	if r.step.Rows > 0 {
		if err := r.fill(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx) // the last moment at which stopping is simple
	}
	if err := w.journal(ctx, r.step, stepVerified); err != nil {
		return err
	}
	w.at("verified")
	return nil
}

func (r *replacement) fill(ctx context.Context) error {
	if r.grown != nil {
		grown, err := r.fillGrown(ctx)
		if err != nil || grown {
			return err
		}
		if r.part {
			return ErrStandsOtherwise
		}
		if err := r.w.dropStaging(ctx, r.step.Staging); err != nil {
			return err
		}
		r.step.Hash, r.kept = r.rows.all.String(), schemas.NoDate
	}
	return r.send(ctx, schemas.NoDate, r.rows.all)
}

// send puts the rows of the days after one, or all of them where that is NoDate,
// into the staging table, and shows that they arrived.
func (r *replacement) send(ctx context.Context, after schemas.Date, want fingerprint) error {
	w, into := r.w, qualified("ops", r.step.Staging)
	if err := w.createStaging(ctx, r.d, into); err != nil {
		return fmt.Errorf("make the staging table: %w", err)
	}
	w.at("created")
	if err := r.insert(ctx, into, r.step.SwapID, after); err != nil {
		return fmt.Errorf("stage %d rows: %w", want.rows, err)
	}
	w.at("inserted")
	got, err := w.hash(ctx, into, rowHashSQL(r.d, true), Query{})
	if err != nil {
		return fmt.Errorf("hash the staged rows: %w", err)
	}
	if got != want {
		return fmt.Errorf("the server holds other rows than were sent: %s instead of %s", got, want)
	}
	return nil
}

// createStaging makes an empty table that a partition of d can come from.
func (w *Warehouse) createStaging(ctx context.Context, d schemas.Dataset, into string) error {
	return w.exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s AS %s SETTINGS non_replicated_deduplication_window = 100",
		into, qualified(d.Database, d.Name)))
}

// complete takes a verified swap to its end. Every step may be repeated. Up to the
// day kept the window stays as it is. The record is made newer than the last one,
// and agree is called between it and the end.
func (w *Warehouse) complete(ctx context.Context, d schemas.Dataset, s schemas.SwapStep, last standing, kept schemas.Date, agree func(context.Context) error) error {
	if err := w.witness(ctx, d, s, last, kept); err != nil {
		return fmt.Errorf("keep what the window holds: %w", err)
	}
	w.at("witnessed")
	if err := w.exchange(ctx, d, s); err != nil {
		return fmt.Errorf("exchange the partition: %w", err)
	}
	w.at("exchanged")
	return w.conclude(ctx, s, last.BuiltAt, agree)
}

// exchange makes the staged rows the window's, in one step for readers.
func (w *Warehouse) exchange(ctx context.Context, d schemas.Dataset, s schemas.SwapStep) error {
	table, partition := qualified(d.Database, d.Name), d.Partition(s.Window)
	if s.Rows == 0 {
		// Replacing a partition from an empty table is refused by some
		// versions of the server and ignored by others.
		return w.exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION %s", table, partition))
	}
	return w.exec(ctx, fmt.Sprintf("ALTER TABLE %s REPLACE PARTITION %s FROM %s", table, partition, qualified("ops", s.Staging)))
}

// conclude records a swap that the window shows already.
func (w *Warehouse) conclude(ctx context.Context, s schemas.SwapStep, last time.Time, agree func(context.Context) error) error {
	if err := w.record(ctx, builtBy(s), last); err != nil {
		return err
	}
	w.at("recorded")
	if err := agree(ctx); err != nil {
		return err
	}
	if err := w.journal(ctx, s, stepDone); err != nil {
		return err
	}
	w.at("done")
	if err := w.dropStaging(ctx, s.Staging); err != nil {
		return err
	}
	w.at("dropped")
	return nil
}

// undo takes back a swap that was not verified. The window was not touched.
func (w *Warehouse) undo(ctx context.Context, s schemas.SwapStep) error {
	if err := w.dropStaging(ctx, s.Staging); err != nil {
		return err
	}
	return w.journal(ctx, s, stepUndone)
}

func (w *Warehouse) dropStaging(ctx context.Context, name string) error {
	if err := w.exec(ctx, "DROP TABLE IF EXISTS "+qualified("ops", name)+" SYNC"); err != nil {
		return fmt.Errorf("drop the staging table %s: %w", name, err)
	}
	return nil
}

// agree looks for others that worked on the window meanwhile, and if there
// were any sees to it that the record is true: each of them does so at its
// end, and the last one sees the final state.
func (r *replacement) agree(ctx context.Context) error {
	after, err := r.w.swapsOf(ctx, r.step.Dataset, r.step.Window)
	if err != nil {
		return err
	}
	for id := range after {
		was, seen := r.before[id]
		if id != r.step.SwapID && (!seen || was.open) {
			return r.w.reconcile(ctx, r.d, r.step.Window)
		}
	}
	return nil
}

// reconcile makes the record of a window say what the window holds.
func (w *Warehouse) reconcile(ctx context.Context, d schemas.Dataset, win schemas.Window) error {
	holds, err := w.windowHash(ctx, d, win, false)
	if err != nil {
		return fmt.Errorf("hash the window: %w", err)
	}
	last, known, err := w.newest(ctx, d.String(), win)
	if err != nil || known && last.Content == holds.String() && !last.Tied {
		return err
	}
	swaps, err := w.readJournal(ctx, oneWindow(d.String(), win))
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(swaps))) {
		if s := swaps[id]; s.Content == holds.String() {
			w.log.InfoContext(ctx, "several swaps of a window at once, recording the last",
				"table", s.Dataset, "window", win.String(), "swap", s.SwapID)
			return w.record(ctx, builtBy(s), last.BuiltAt)
		}
	}
	return fmt.Errorf("the window holds rows (%s) that no swap in the journal brought", holds)
}

func (r *replacement) built(swapID string) schemas.Built {
	b := builtBy(r.step)
	b.SwapID = swapID
	return b
}

// builtBy returns the record of a swap's build.
func builtBy(s schemas.SwapStep) schemas.Built {
	return schemas.Built{
		Dataset: s.Dataset, Window: s.Window, Rows: s.Rows, Content: s.Content,
		Inputs: s.Inputs, Method: s.Method, RunID: s.RunID, SwapID: s.SwapID, Reach: s.Reach,
	}
}

func (w *Warehouse) begin(swapID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[swapID] = true
}

func (w *Warehouse) end(swapID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.active, swapID)
}
