package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/schemas"
)

// Scheduler runs jobs when their slots come, retries what failed, takes over
// what others left, and works on backfills while nothing else is to be done.
// Several may serve one warehouse: the one that came first schedules, the
// others stand by and share the backfills.
type Scheduler struct {
	*Runner
	// SlotEnded is told of each slot whose run has ended, or that was skipped or
	// missed; PassEnded of each pass, backfills included. May be nil; they must
	// not take long.
	SlotEnded func(schemas.Slot)
	PassEnded func(ctx context.Context, report *Report)
	// Backfilling is how many backfills are worked on at the same time; 0 means 1.
	Backfilling int

	mu        sync.Mutex
	leads     bool
	jobs      map[*Job]*slotState // of every job
	live      int                 // passes at work that are no backfills
	working   map[string]bool     // backfills that this process works on
	failure   error               // of the last tick
	ticked    time.Time
	lookAfter time.Time // when to look for what others left
	asked     []Request // by people, since the last round
	noted     time.Time // of the newest line of the ledger
	wg        sync.WaitGroup
}

// slotState is where the scheduler is with the slots of a job.
type slotState struct {
	last, next time.Time
	running    time.Time // the slot whose run is going
	waiting    []time.Time
	pass       *pass     // of the running slot
	retry      time.Time // when a window that failed or is late is tried again
}

// How often the scheduler looks for slots, and for what others left behind.
const (
	tickEvery  = time.Second
	afterEvery = 10 * time.Second
)

// NewScheduler returns a scheduler for the jobs of a runner, which it takes
// over.
func NewScheduler(r *Runner) *Scheduler {
	s := &Scheduler{Runner: r, jobs: map[*Job]*slotState{}, working: map[string]bool{}}
	for _, j := range r.Catalog.Jobs {
		s.jobs[j] = &slotState{}
	}
	return s
}

// Serve schedules until the context ends, and then waits for what is at work
// to stop. A failure, such as a warehouse that is away, is logged and tried
// again; it never ends the scheduler.
func (s *Scheduler) Serve(ctx context.Context) error {
	lease, err := s.Warehouse.Lease(ctx, RoleServe)
	if err != nil {
		return err
	}
	defer lease.Release()
	s.lease = lease
	defer s.wg.Wait()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "the scheduler could not do its round, it tries again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// RoleServe is the role of schedulers among the leases.
const RoleServe = "serve"

// Tick does one round: it accounts for slots, starts what is due, and looks
// after what others left. Rounds must not overlap.
func (s *Scheduler) Tick(ctx context.Context) error {
	err := s.round(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure, s.ticked = err, s.Now()
	return err
}

// Turning reports whether the scheduler does its rounds, and the newest one
// went well.
func (s *Scheduler) Turning() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure == nil && !s.ticked.IsZero() && s.Now().Sub(s.ticked).Abs() < time.Minute
}

func (s *Scheduler) round(ctx context.Context) error {
	now := s.Now()
	look := s.lookAfter.IsZero() || !now.Before(s.lookAfter) || s.lookAfter.Sub(now) > afterEvery
	if look {
		s.lookAfter = now.Add(afterEvery)
		if err := s.lead(ctx); err != nil {
			return err
		}
	}
	if s.Leads() {
		if err := s.account(ctx, now); err != nil {
			return err
		}
		s.retries(ctx, now)
		if look {
			if err := s.takeOver(ctx); err != nil {
				return err
			}
		}
	}
	s.startAsked(ctx)
	return s.backfills(ctx)
}

// lead looks whether this scheduler is the one that came first. One that has
// just become it reads the ledger and brings up to date whatever does not wait
// for a publisher.
func (s *Scheduler) lead(ctx context.Context) error {
	leases, err := s.Warehouse.Leases(ctx)
	if err != nil {
		return err
	}
	first := ""
	for _, l := range leases {
		if l.Role == RoleServe {
			first = l.Owner
			break
		}
	}
	led := s.Leads()
	if leads := first == s.Warehouse.Owner(); leads && !led {
		if err := s.takeLedger(ctx); err != nil {
			return err
		}
		s.setLeads(true)
		s.Log.InfoContext(ctx, "this process schedules")
		s.start(ctx, Request{Live: true, Settled: true, Cause: "start of serve"}, nil)
		if err := s.bringHistory(ctx); err != nil {
			return err
		}
	} else if !leads && led {
		s.setLeads(false)
		s.Log.WarnContext(ctx, "another process schedules", "owner", first)
	}
	return nil
}

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
	logCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
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

func (s *Scheduler) setLeads(leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leads = leads
}

// Leads reports whether this scheduler is the one that schedules.
func (s *Scheduler) Leads() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leads
}
