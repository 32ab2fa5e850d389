package jobs

import (
	"context"
	"sync"
	"time"

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
