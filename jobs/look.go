package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Runs returns runs, newest first, each once: as it ended or, where it has
// not, as it began.
func (r *Runner) Runs(ctx context.Context, q RunQuery) ([]schemas.Run, error) {
	return r.Warehouse.FindRuns(ctx, clickhouse.RunFilter{
		Job: q.Job, Dataset: q.Dataset, Part: q.Part, Outcome: q.Outcome, Cause: q.Cause, Before: q.Before, Limit: cmp.Or(q.Limit, 100),
	})
}

// RunDetail returns everything that is known of a run, or nil where there is
// none of that id.
func (r *Runner) RunDetail(ctx context.Context, id string) (*RunDetail, error) {
	runs, err := r.Warehouse.FindRuns(ctx, clickhouse.RunFilter{ID: id})
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	d := &RunDetail{Run: runs[0]}
	of := func(order string) clickhouse.Query {
		return clickhouse.Query{Where: "run_id = {id:String}", Args: []any{clickhouse.Named("id", id)}, Order: order}
	}
	if d.Inputs, err = clickhouse.Read(ctx, r.Warehouse, schemas.Inputs, of("kind, dataset, part, from_date")); err != nil {
		return nil, err
	}
	if d.Payloads, err = clickhouse.Read(ctx, r.Warehouse, schemas.Payloads, of("fetched_at, payload")); err != nil {
		return nil, err
	}
	if d.Checks, err = clickhouse.Read(ctx, r.Warehouse, schemas.CheckResults, of("severity, check_name, message")); err != nil {
		return nil, err
	}
	d.Log, err = clickhouse.Read(ctx, r.Warehouse, schemas.LogLines, of("line"))
	return d, err
}

// Grids tells of every table how each of its windows stands.
func (r *Runner) Grids(ctx context.Context) ([]Grid, error) {
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return nil, err
	}
	open, err := r.Warehouse.OpenRuns(ctx)
	if err != nil {
		return nil, err
	}
	running := map[string]string{}
	for _, run := range open {
		running[run.Dataset+" "+run.Window.String()] = run.ID
	}
	now := r.Now()
	rows := map[string][]GridRow{}
	for _, j := range r.Catalog.Jobs {
		row := GridRow{Part: j.Part, Job: j.Name}
		for _, w := range j.Windows(schemas.DateOf(now.In(newYork))) {
			row.Cells = append(row.Cells, cellOf(Decide(j, w, state, now, Request{}), state, running[j.Dataset.String()+" "+w.String()]))
		}
		rows[j.Dataset.String()] = append(rows[j.Dataset.String()], row)
	}
	var out []Grid
	for _, d := range schemas.Datasets() {
		if of := rows[d.String()]; len(of) > 0 {
			slices.SortFunc(of, func(a, b GridRow) int { return cmp.Compare(a.Part, b.Part) })
			out = append(out, Grid{Dataset: d.String(), Rows: of})
		}
	}
	return out, nil
}

func cellOf(d Decision, state State, running string) GridCell {
	dataset := d.Job.Dataset.String()
	built, ok := state.Built(dataset, d.Window)
	attempts := state.Attempts[dataset][d.Window]
	c := GridCell{Window: d.Window, State: WindowFresh, Reason: d.Reason, Rows: built.Rows, BuiltAt: built.BuiltAt, RunID: cmp.Or(attempts.Last.ID, built.RunID)}
	switch {
	case running != "":
		c.State, c.RunID = WindowRunning, running
	case attempts.Failed > 0:
		c.State, c.Reason = WindowFailed, attempts.Last.Error
	case d.Verdict == HeldBack:
		c.State = WindowHeld
	case !ok:
		c.State = WindowMissing
	case d.Verdict != UpToDate:
		c.State = WindowStale
	case built.Rows == 0:
		c.State = WindowEmpty
	}
	return c
}

// Series returns the figures of a metric of a universe over the half-open days
// [from, to), oldest first.
func (r *Runner) Series(ctx context.Context, metric, universe string, from, to schemas.Date) ([]Point, error) {
	m, ok := schemas.LookupMetric(metric)
	if !ok {
		return nil, usage("there is no metric %q%s", metric, didYouMean(metric))
	}
	for _, t := range schemas.FactTables {
		if t.String() != m.Dataset {
			continue
		}
		facts, err := clickhouse.Read(ctx, r.Warehouse, t, clickhouse.Query{
			Where: "universe = {universe:String} AND metric = {metric:String} AND session >= {from:Date} AND session < {to:Date}",
			Args:  []any{clickhouse.Named("universe", universe), clickhouse.Named("metric", metric), clickhouse.Named("from", from), clickhouse.Named("to", to)},
			Order: "session",
		})
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", metric, universe, err)
		}
		out := make([]Point, len(facts))
		for i, f := range facts {
			out[i] = Point{Day: f.Session, Value: f.Value, Status: f.Status}
		}
		return out, nil
	}
	return nil, nil
}
