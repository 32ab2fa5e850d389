package jobs

import (
	"context"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Backfills tells how every backfill stands, newest first.
func (r *Runner) Backfills(ctx context.Context) ([]BackfillStatus, error) {
	all, err := r.Warehouse.Backfills(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]BackfillStatus, 0, len(all))
	for _, b := range all {
		st, err := r.statusOf(ctx, b)
		if err != nil {
			return nil, err
		}
		out = append(out, *st)
	}
	return out, nil
}

// BackfillStatus tells how one backfill stands.
func (r *Runner) BackfillStatus(ctx context.Context, id string) (*BackfillStatus, error) {
	b, err := r.FindBackfill(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.statusOf(ctx, b)
}

func (r *Runner) statusOf(ctx context.Context, b schemas.Backfill) (*BackfillStatus, error) {
	st := &BackfillStatus{Backfill: b, TimeLeft: -1}
	runs, err := r.Warehouse.FindRuns(ctx, clickhouse.RunFilter{Cause: causeOf(b.ID)})
	if err != nil {
		return nil, err
	}
	p := pace{now: r.Now(), planned: map[string]Planned{}, workers: int(b.Workers), limits: r.Limits}
	seen := map[string]bool{}     // the newest run of a window counts
	atWork := map[string]string{} // runs by window
	for _, run := range runs {
		window := run.Dataset + " " + run.Window.String()
		if Outcome(run.Outcome) == Running {
			p.open = append(p.open, run)
			atWork[window] = run.ID
			continue
		}
		p.runs = append(p.runs, run)
		if seen[window] || atWork[window] != "" {
			continue
		}
		seen[window] = true
		switch Outcome(run.Outcome) {
		case OK, Unchanged, NoData, NotYet:
			st.Done++
		case Failed:
			st.Failed++
		default: // comes again
		}
	}
	st.Running = len(p.open)
	st.Elapsed, _ = p.worked()
	if st.Elapsed > 0 {
		st.Rate = float64(st.Done+st.Failed) / st.Elapsed.Minutes()
	}
	if b.State.Ended() {
		return st, nil
	}
	return st, r.timeLeft(ctx, st, p, atWork)
}

// timeLeft works out what is left of a backfill that has not ended.
func (r *Runner) timeLeft(ctx context.Context, st *BackfillStatus, p pace, atWork map[string]string) error {
	if st.Owner != "" {
		alive, err := r.Warehouse.Living(ctx)
		if err != nil {
			return err
		}
		st.Alive = st.Owner == r.Warehouse.Owner() || alive(st.Owner, st.At)
	}
	req := specOf(st.Backfill).request()
	if req.Force {
		done, _, err := r.endedBy(ctx, causeOf(st.ID))
		if err != nil {
			return err
		}
		req.finished = func(dataset string, w schemas.Window) bool { return done[dataset+" "+w.String()] }
	}
	planner := *r
	planner.Workers = int(st.Workers)
	plan, err := planner.Plan(ctx, req)
	if err != nil {
		return err
	}
	for _, w := range plan.Windows {
		if w.Verdict != Build && w.Verdict != Follows {
			continue
		}
		if run := atWork[w.Dataset+" "+w.Window.String()]; run != "" {
			p.planned[run] = w
		} else {
			p.left = append(p.left, w)
		}
	}
	st.Left = len(p.left)
	if left, ok := p.timeLeft(); ok {
		st.TimeLeft = left.Round(time.Second)
	}
	return nil
}
