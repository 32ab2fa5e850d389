package jobs

import (
	"context"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/schemas"
)

// takeLedger reads where the slots of each job stand. A job that is seen for
// the first time has missed nothing; a slot whose run was left by a process
// that is gone is run again.
func (s *Scheduler) takeLedger(ctx context.Context) error {
	ledger, err := s.ledger(ctx)
	if err != nil {
		return err
	}
	alive, err := s.Warehouse.Living(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	states := map[*Job]*slotState{}
	var began []schemas.Slot
	var noted time.Time
	for _, j := range s.Catalog.Jobs {
		st := &slotState{}
		states[j] = st
		if !j.Scheduled() {
			continue
		}
		lines := ledger[j.Name]
		for _, l := range lines {
			if l.Noted.After(noted) {
				noted = l.Noted
			}
		}
		if len(lines) == 0 {
			st.last = now
			began = append(began, slotLine(j.Name, now, schemas.SlotBegan, "the schedule was first seen"))
			continue
		}
		st.last = remembered(lines).Last()
		for _, l := range lines {
			if l.State == schemas.SlotStarted && !alive(l.Owner, l.Noted) {
				st.waiting = append(st.waiting, l.At)
			}
		}
	}
	s.mu.Lock()
	s.jobs, s.noted = states, noted
	s.mu.Unlock()
	return s.noteSlots(ctx, began...)
}

// account accounts for the slots that have come since the last round, and
// starts those that fire as one pass.
func (s *Scheduler) account(ctx context.Context, now time.Time) error {
	fire := map[*Job][]time.Time{}
	var lines []schemas.Slot
	for _, j := range s.Catalog.Jobs {
		if !j.Scheduled() {
			continue
		}
		st := s.jobs[j]
		if schedule.Void(st.last, now) {
			void, err := s.review(ctx, j, st, now)
			if err != nil {
				return err
			}
			lines = append(lines, void...)
		}
		due, more := s.due(j, st, now)
		lines = append(lines, more...)
		if len(due) > 0 {
			fire[j] = due
		}
	}
	for j, slots := range fire {
		for _, at := range slots {
			lines = append(lines, slotLine(j.Name, at, schemas.SlotStarted, ""))
		}
	}
	if len(lines) > 0 {
		if err := s.noteSlots(ctx, lines...); err != nil {
			s.forget(fire)
			return err
		}
	}
	if len(fire) > 0 {
		s.start(ctx, s.slotRequest(fire), fire)
	}
	return nil
}

// review voids what the ledger holds of times that are yet to come, because it
// was written while the clock was ahead.
func (s *Scheduler) review(ctx context.Context, j *Job, st *slotState, now time.Time) ([]schemas.Slot, error) {
	all, err := s.Warehouse.Slots(ctx, j.Name, 0)
	if err != nil {
		return nil, err
	}
	kept, void := remembered(all).Review(j.Schedule, now)
	s.Log.WarnContext(ctx, "the clock was ahead, slots that were accounted for come again", "job", j.Name, "slots", len(void))
	lines := make([]schemas.Slot, 0, len(void))
	for _, span := range void {
		lines = append(lines, spanLine(j.Name, span, schemas.SlotVoid, "recorded while the clock was ahead"))
	}
	lines = append(lines, divided(j.Name, kept.Spans, all)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	st.last, st.next = kept.Last(), time.Time{}
	return lines, nil
}

// due returns the slots of a job that fire now, and lines for those that do
// not.
func (s *Scheduler) due(j *Job, st *slotState, now time.Time) (fire []time.Time, lines []schemas.Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	policy := s.Catalog.Config.Scheduling.PolicyFor(j.Name).Or(schedule.DefaultPolicy())
	if st.running.IsZero() && len(st.waiting) > 0 {
		fire, st.waiting = st.waiting, nil
	}
	if st.next.IsZero() || !st.next.After(now) {
		a := j.Schedule.Account(policy, st.last, now)
		st.last, st.next = a.Last, a.Next
		for _, m := range a.Missed {
			lines = append(lines, spanLine(j.Name, m.Span, schemas.SlotMissed, m.Reason))
		}
		if len(a.Fire) > 0 {
			lines = append(lines, s.overlap(j, st, policy, &fire, a.Fire)...)
		}
	}
	if len(fire) > 0 {
		st.running = fire[len(fire)-1]
	}
	return fire, lines
}

// overlap decides about slots that come while an earlier one runs.
func (s *Scheduler) overlap(j *Job, st *slotState, policy schedule.Policy, fire *[]time.Time, slots []time.Time) (lines []schemas.Slot) {
	var waiting time.Time
	if len(st.waiting) > 0 {
		waiting = st.waiting[len(st.waiting)-1]
	}
	verdict, reason := schedule.OnOverlap(policy.Overlap, st.running, waiting)
	switch verdict {
	case schedule.Start:
		*fire = append(*fire, slots...)
	case schedule.Replace:
		if st.pass != nil {
			st.pass.cancelJob(j)
		}
		for _, at := range st.waiting {
			lines = append(lines, slotLine(j.Name, at, schemas.SlotSkipped, reason))
		}
		st.waiting = slots
	case schedule.Wait:
		st.waiting = slots
	default:
		for _, at := range slots {
			lines = append(lines, slotLine(j.Name, at, schemas.SlotSkipped, reason))
		}
	}
	return lines
}

// forget lets slots that could not be noted come again in the next round.
func (s *Scheduler) forget(fire map[*Job][]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for j, slots := range fire {
		st := s.jobs[j]
		st.running, st.waiting = time.Time{}, slots
	}
}

func (s *Scheduler) slotRequest(fire map[*Job][]time.Time) Request {
	req := Request{Follow: true, Live: true}
	var newest time.Time
	for _, j := range s.Catalog.Jobs {
		slots, ok := fire[j]
		if !ok {
			continue
		}
		req.Jobs = append(req.Jobs, j.Name)
		if last := slots[len(slots)-1]; last.After(newest) {
			newest = last
		}
	}
	req.Cause = "slot " + newest.UTC().Format("2006-01-02 15:04 MST")
	return req
}
