package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// Recovered is a swap that its process left open.
type Recovered struct {
	SwapID   string
	Dataset  string
	Window   schemas.Window
	Step     string // how far it had come: staging or verified
	Finished bool   // true: the window has the new rows; false: it is as it was
}

// Recover finishes or undoes every swap whose process no longer works on it,
// and drops staging tables that were left behind. It may run at any time and
// beside other processes; the scheduler calls it when it starts.
func (w *Warehouse) Recover(ctx context.Context) ([]Recovered, error) {
	swaps, err := w.readJournal(ctx, Query{
		Where: "swap_id IN (SELECT swap_id FROM ops.swap GROUP BY swap_id HAVING countIf(step IN ('done', 'undone')) = 0)",
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: recover: %w", err)
	}
	var out []Recovered
	for _, id := range slices.Sorted(maps.Keys(swaps)) {
		if w.atWork(swaps[id]) {
			continue
		}
		r, err := w.recoverSwap(ctx, swaps[id])
		if err != nil {
			return out, fmt.Errorf("clickhouse: recover swap %s of %s, window %s: %w", id, swaps[id].Dataset, swaps[id].Window, err)
		}
		out = append(out, r)
	}
	if err := w.sweep(ctx); err != nil {
		return out, fmt.Errorf("clickhouse: recover: %w", err)
	}
	return out, nil
}

// settle does what Recover does for a single window, and returns the swaps of
// the window that the journal knows then.
func (w *Warehouse) settle(ctx context.Context, d schemas.Dataset, win schemas.Window) (swaps, error) {
	all, err := w.swapsOf(ctx, d.String(), win)
	if err != nil || !all.anyOpen() {
		return all, err
	}
	journal, err := w.readJournal(ctx, oneWindow(d.String(), win))
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(journal)) {
		s := journal[id]
		if over(s.Step) || w.atWork(s) {
			continue
		}
		did, err := w.recoverSwap(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("recover swap %s: %w", id, err)
		}
		all[id] = swapEnd{}
		if did.Finished {
			all[id] = swapEnd{hash: s.Hash, content: s.Content}
		}
	}
	return all, nil
}

// atWork reports whether whoever wrote a journal line may still be at it.
func (w *Warehouse) atWork(s schemas.SwapStep) bool {
	if s.Owner == w.owner.String() {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.active[s.SwapID]
	}
	return w.Alive(s.Owner, s.At)
}

func (w *Warehouse) recoverSwap(ctx context.Context, s schemas.SwapStep) (Recovered, error) {
	r := Recovered{SwapID: s.SwapID, Dataset: s.Dataset, Window: s.Window, Step: s.Step}
	finished, err := w.finish(ctx, s)
	if err == nil && !finished {
		err = w.undo(ctx, s)
	}
	if err != nil {
		// Another process may have recovered it under our hands, and taken the
		// staging table with it.
		all, e := w.swapsOf(ctx, s.Dataset, s.Window)
		if e != nil || all[s.SwapID].open {
			return r, err
		}
	}
	r.Finished = finished
	w.log.InfoContext(ctx, "recovered a swap", "table", s.Dataset, "window", s.Window.String(), "swap", s.SwapID, "step", s.Step, "finished", finished)
	return r, nil
}

// finish completes a swap that had been verified, and reports false for one
// that is to be undone: it was not verified, a newer one has come after it,
// or its staging table is gone and the window does not hold its rows.
func (w *Warehouse) finish(ctx context.Context, s schemas.SwapStep) (bool, error) {
	if s.Step == stepStaging {
		return false, nil
	}
	d, ok := datasetNamed(s.Dataset)
	if !ok {
		return false, nil // a table of another version of the program
	}
	agree := func(ctx context.Context) error { return w.reconcile(ctx, d, s.Window) }
	holds, err := w.windowHash(ctx, d, s.Window, true)
	if err != nil {
		return false, fmt.Errorf("hash the window: %w", err)
	}
	last, _, err := w.newest(ctx, s.Dataset, s.Window)
	if err != nil {
		return false, err
	}
	if holds.String() == s.Hash {
		return true, w.conclude(ctx, s, last.BuiltAt, agree)
	}
	swaps, err := w.readJournal(ctx, oneWindow(s.Dataset, s.Window))
	if err != nil {
		return false, err
	}
	for id, other := range swaps {
		if id > s.SwapID && other.Step != stepUndone {
			return false, nil
		}
	}
	if s.Rows > 0 {
		var staged uint8
		if err := w.row(ctx, "EXISTS TABLE "+qualified("ops", s.Staging), nil, &staged); err != nil {
			return false, fmt.Errorf("look for the staging table: %w", err)
		}
		if staged == 0 {
			return false, nil
		}
	}
	return true, w.complete(ctx, d, s, last, schemas.NoDate, agree)
}

// sweep drops the staging tables of swaps that are over.
func (w *Warehouse) sweep(ctx context.Context) error {
	var names []string
	err := w.each(ctx, "SELECT name FROM system.tables WHERE database = 'ops' AND startsWith(name, {prefix:String})",
		[]any{Named("prefix", stagingPrefix)},
		func() { names = names[:0] },
		func(rows driver.Rows) error {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
			return nil
		})
	if err != nil || len(names) == 0 {
		return err
	}
	// A staging table is in the journal before it exists, so one that the
	// journal does not know as open is nobody's.
	known, err := w.readJournal(ctx, Query{
		Where: "staging IN {names:Array(String)}", Args: []any{Named("names", names)},
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		inUse := false
		for _, s := range known {
			inUse = inUse || (s.Staging == name && !over(s.Step))
		}
		if inUse {
			continue
		}
		if err := w.dropStaging(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func datasetNamed(name string) (schemas.Dataset, bool) {
	for _, d := range schemas.Datasets() {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return schemas.Dataset{}, false
}
