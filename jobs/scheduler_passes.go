package jobs

import (
	"context"
	"fmt"
	"time"

	"tidemark/schemas"
)

// start runs a pass beside the scheduler. slots are those that it serves.
func (s *Scheduler) start(ctx context.Context, req Request, slots map[*Job][]time.Time) {
	p, err := s.newPass(req)
	if err != nil {
		s.Log.ErrorContext(ctx, "a pass could not begin", "cause", req.Cause, "err", err)
		return
	}
	p.jobEnded = func(j *Job, results []Result) { s.slotEnded(ctx, j, slots[j], results) }
	s.mu.Lock()
	s.live++
	for j := range slots {
		s.jobs[j].pass = p
	}
	s.mu.Unlock()
	s.wg.Go(func() {
		report, err := p.run(ctx)
		if s.PassEnded != nil && report != nil {
			s.PassEnded(ctx, report)
		}
		s.mu.Lock()
		s.live--
		s.noteRetries(p)
		s.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "a pass ended early", "cause", req.Cause, "err", err)
			for j, at := range slots {
				s.slotFailed(ctx, j, at, err)
			}
		}
	})
}

// slotEnded notes how the run of slots ended, and lets the next one come.
func (s *Scheduler) slotEnded(ctx context.Context, j *Job, slots []time.Time, results []Result) {
	if len(slots) == 0 {
		return
	}
	s.endSlots(ctx, j, slots, schemas.SlotRan, summary(results))
}

// slotFailed notes that the pass of slots ended before their job did.
func (s *Scheduler) slotFailed(ctx context.Context, j *Job, slots []time.Time, err error) {
	s.mu.Lock()
	open := len(slots) > 0 && s.jobs[j].running.Equal(slots[len(slots)-1])
	s.mu.Unlock()
	if open {
		s.endSlots(ctx, j, slots, schemas.SlotRan, "failed: "+err.Error())
	}
}

func (s *Scheduler) endSlots(ctx context.Context, j *Job, slots []time.Time, state schemas.SlotState, reason string) {
	lines := make([]schemas.Slot, len(slots))
	for i, at := range slots {
		lines[i] = slotLine(j.Name, at, state, reason)
	}
	logCtx, cancel := lastWord(ctx)
	defer cancel()
	if err := s.noteSlots(logCtx, lines...); err != nil {
		s.Log.ErrorContext(ctx, "the end of a slot could not be noted, it is run again after the next start", "job", j.Name, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.jobs[j]
	if st.running.Equal(slots[len(slots)-1]) {
		st.running, st.pass = time.Time{}, nil
	}
}

// summary says in a few words how the windows of a job ended.
func summary(results []Result) string {
	if len(results) == 0 {
		return "up to date"
	}
	text := ""
	for _, o := range []Outcome{OK, Unchanged, NoData, NotYet, Failed, Stopped, Held} {
		n := 0
		for _, res := range results {
			if res.Outcome == o {
				n++
			}
		}
		if n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n, o)
		}
	}
	return text
}
