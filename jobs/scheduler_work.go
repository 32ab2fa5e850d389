package jobs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// noteRetries remembers when windows of a pass that failed or are late are to
// be tried again. The caller holds the lock.
func (s *Scheduler) noteRetries(p *pass) {
	for _, j := range p.scope.jobs {
		st := s.jobs[j]
		st.retry = time.Time{}
		for _, a := range p.state.Attempts[j.Dataset.String()] {
			if at := a.nextTry(); a.Last.Job == j.Name && !at.IsZero() && (st.retry.IsZero() || at.Before(st.retry)) {
				st.retry = at
			}
		}
	}
}

// retries starts the jobs whose time to try again has come.
func (s *Scheduler) retries(ctx context.Context, now time.Time) {
	var names []string
	s.mu.Lock()
	for _, j := range s.Catalog.Jobs {
		st := s.jobs[j]
		if !st.retry.IsZero() && !st.retry.After(now) && st.running.IsZero() {
			st.retry = time.Time{}
			names = append(names, j.Name)
		}
	}
	s.mu.Unlock()
	if len(names) > 0 {
		s.start(ctx, Request{Jobs: names, Follow: true, Live: true, Cause: "retry"}, nil)
	}
}

// byScheduler is who asked for the backfills that the scheduler starts itself.
const byScheduler = "the scheduler at its start"

// bringHistory starts a backfill of what was never built, unless one is on its
// way or the last one was cancelled.
func (s *Scheduler) bringHistory(ctx context.Context) error {
	all, err := s.Warehouse.Backfills(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if !b.State.Ended() {
			return nil
		}
	}
	if i := slices.IndexFunc(all, func(b schemas.Backfill) bool { return b.By == byScheduler }); i >= 0 && all[i].State == schemas.BackfillCancelled {
		return nil
	}
	state, err := LoadState(ctx, s.Warehouse)
	if err != nil {
		return err
	}
	now := s.Now()
	for _, j := range s.Catalog.Jobs {
		for _, w := range j.Windows(s.today()) {
			if !j.history(w, state, now) || state.Failing(j.Dataset.String(), w) > 0 {
				continue
			}
			id, err := s.StartBackfill(ctx, BackfillSpec{From: s.Catalog.Config.History.From, Follow: true}, byScheduler, false)
			if err != nil {
				return err
			}
			s.Log.InfoContext(ctx, "history that was never built is brought by a backfill", "backfill", id, "first", j.Name+" "+w.Span())
			return nil
		}
	}
	return nil
}

// takeOver ends the runs of processes that are gone, finishes their swaps and
// starts their jobs.
func (s *Scheduler) takeOver(ctx context.Context) error {
	open, err := s.Warehouse.OpenRuns(ctx)
	if err != nil {
		return err
	}
	_, dead, err := s.sort(ctx, open)
	if err != nil || len(dead) == 0 {
		return err
	}
	if _, err := s.Warehouse.Recover(ctx); err != nil {
		return err
	}
	var names []string
	for _, run := range dead {
		s.Log.WarnContext(ctx, "a run's process is gone, its job is started again", "job", run.Job, "window", run.Window.String(), "run", run.ID, "owner", run.Owner)
		if !strings.HasPrefix(run.Cause, causeOf("")) && !slices.Contains(names, run.Job) && s.Catalog.Known([]string{run.Job}) == nil {
			names = append(names, run.Job)
		}
	}
	if len(names) > 0 {
		s.start(ctx, Request{Jobs: names, Follow: true, Live: true, Cause: "after a run whose process is gone"}, nil)
	}
	return nil
}

// backfills takes up backfills that nobody works on.
func (s *Scheduler) backfills(ctx context.Context) error {
	all, err := s.Warehouse.Backfills(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(b schemas.Backfill) bool { return b.State != schemas.BackfillRunning })
	if len(all) == 0 {
		return nil
	}
	alive, err := s.Warehouse.Living(ctx)
	if err != nil {
		return err
	}
	for _, b := range slices.Backward(all) { // those asked for first first
		if b.Owner != "" && b.Owner != s.Warehouse.Owner() && alive(b.Owner, b.At) {
			continue
		}
		s.mu.Lock()
		free := !s.working[b.ID] && len(s.working) < cmp.Or(s.Backfilling, 1)
		if free {
			s.working[b.ID] = true
		}
		s.mu.Unlock()
		if !free {
			continue
		}
		s.wg.Go(func() {
			report, err := s.WorkBackfill(ctx, b.ID, s.gate)
			if s.PassEnded != nil && report != nil {
				s.PassEnded(ctx, report)
			}
			s.mu.Lock()
			delete(s.working, b.ID)
			s.mu.Unlock()
			if err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "a backfill was interrupted, it is taken up again", "backfill", b.ID, "err", err)
				_ = pause(ctx, afterEvery) // a warehouse that is away needs time
			} else if report != nil {
				s.Log.InfoContext(ctx, "worked on a backfill", "backfill", b.ID, "windows", len(report.Results))
			}
		})
	}
	return nil
}

// gatePoll is how often a backfill looks whether live runs have ended.
const gatePoll = 250 * time.Millisecond

// gate lets a backfill's next window begin once no live run is at work, in
// this process or another: live runs go first.
func (s *Scheduler) gate(ctx context.Context) error {
	for {
		s.mu.Lock()
		live := s.live > 0
		s.mu.Unlock()
		if !live {
			return s.AfterLive(ctx)
		}
		if err := pause(ctx, gatePoll); err != nil {
			return err
		}
	}
}

// AfterLive returns once no live run of any process is at work: a gate for
// WorkBackfill.
func (r *Runner) AfterLive(ctx context.Context) error {
	for {
		live, err := r.liveElsewhere(ctx)
		if err != nil || !live {
			return err
		}
		if err := pause(ctx, gatePoll); err != nil {
			return err
		}
	}
}

// liveElsewhere reports whether a run that belongs to no backfill is at work.
func (r *Runner) liveElsewhere(ctx context.Context) (bool, error) {
	open, err := r.Warehouse.OpenRuns(ctx)
	if err != nil {
		return false, err
	}
	open = slices.DeleteFunc(open, func(run schemas.Run) bool { return strings.HasPrefix(run.Cause, causeOf("")) })
	living, _, err := r.sort(ctx, open)
	return len(living) > 0, err
}

// Trigger lets jobs be brought up to date in the next round, beside the
// schedule.
func (s *Scheduler) Trigger(req Request) error {
	if _, err := s.Catalog.scope(req); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, req)
	return nil
}

// Rebuild lets a single window be built anew in the next round, and what
// follows from it be brought up to date.
func (s *Scheduler) Rebuild(job string, w schemas.Window, by string) error {
	sc, err := s.Catalog.scope(Request{Jobs: []string{job}})
	if err != nil {
		return err
	}
	if !slices.Contains(sc.windows(sc.jobs[0], s.today()), w) {
		return usage("%s has no window %s", job, w)
	}
	return s.Trigger(Request{Jobs: []string{job}, Only: &w, Force: true, Refresh: true, Follow: true, Cause: "rebuild asked for by " + by})
}

// startAsked starts what was asked for since the last round.
func (s *Scheduler) startAsked(ctx context.Context) {
	s.mu.Lock()
	asked := s.asked
	s.asked = nil
	s.mu.Unlock()
	for _, req := range asked {
		s.start(ctx, req, nil)
	}
}
