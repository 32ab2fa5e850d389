package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tidemark/schemas"
)

// Check runs the checks of the named jobs, or of all, on their windows as they
// are stored. It builds, fetches and records nothing. Fetched rows are compared
// with themselves where a check asks for what was there before, and the
// contract of answers was held when they were loaded.
func (r *Runner) Check(ctx context.Context, jobs []string) ([]schemas.CheckResult, error) {
	if err := r.Catalog.Known(jobs); err != nil {
		return nil, err
	}
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	var tasks []*Task
	kept := new(readings)
	for _, j := range r.Catalog.Jobs {
		if len(jobs) > 0 && !slices.Contains(jobs, j.Name) || j.examine == nil {
			continue
		}
		for _, w := range j.Windows(schemas.DateOf(now.In(newYork))) {
			if built, ok := state.Built(j.Dataset.String(), w); ok {
				d := Decide(j, w, state, now, Request{})
				tasks = append(tasks, &Task{Decision: d, RunID: built.RunID, Warehouse: r.Warehouse, Snapshots: r.Snapshots, Now: now, Log: r.Log, readings: kept})
			}
		}
	}
	results := make([][]schemas.CheckResult, len(tasks))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(r.Workers, 2))
	for i, t := range tasks {
		group.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			found, err := t.Job.examine(gctx, t)
			if err != nil {
				return fmt.Errorf("check %s %s: %w", t.Job.Name, t.Window.Span(), err)
			}
			t.sign(found)
			results[i] = found
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(results...), nil
}
