package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// mostWorkers is how many windows a backfill may build at the same time.
const mostWorkers = 16

// check fills in the defaults of a spec and refuses what cannot be.
func (s BackfillSpec) check(c *Catalog, today schemas.Date) (BackfillSpec, error) {
	s.Mode, s.Order, s.Workers = cmp.Or(s.Mode, ModeMissing), cmp.Or(s.Order, NewestFirst), cmp.Or(s.Workers, 2)
	if s.To == 0 {
		s.To = today + 1
	}
	switch {
	case !slices.Contains([]string{ModeMissing, ModeMissingFailed, ModeAll}, s.Mode):
		return s, usage("the mode %q is none of missing, missing_failed, all", s.Mode)
	case s.Order != NewestFirst && s.Order != OldestFirst:
		return s, usage("the order %q is neither newest nor oldest", s.Order)
	case s.Workers < 1 || s.Workers > mostWorkers:
		return s, usage("%d windows cannot be built at the same time; choose 1 to %d", s.Workers, mostWorkers)
	case s.From == 0:
		return s, usage("say the first day, such as 2016-01-01")
	case s.From >= s.To:
		return s, usage("the first day, %s, must lie before the last, %s", s.From, s.To-1)
	case s.From > today:
		return s, usage("%s is still to come", s.From)
	case s.From < c.Config.History.From:
		return s, usage("the history that is kept begins on %s (history.from in the configuration); ask from then on, or keep more", c.Config.History.From)
	}
	return s, c.Known(s.Jobs)
}

func (s BackfillSpec) request() Request {
	return Request{
		Jobs: s.Jobs, From: s.From, To: s.To, Mode: s.Mode, Order: s.Order, Follow: s.Follow,
		Force: s.Mode == ModeAll, Refresh: s.Mode == ModeAll,
	}
}

func specOf(b schemas.Backfill) BackfillSpec {
	s := BackfillSpec{From: b.From, To: b.To, Mode: b.Mode, Order: b.Order, Workers: int(b.Workers), Follow: b.Follow}
	if b.Jobs != "" {
		s.Jobs = strings.Split(b.Jobs, ",")
	}
	return s
}

func causeOf(backfill string) string { return "backfill " + backfill }

func (r *Runner) today() schemas.Date { return schemas.DateOf(r.Now().In(newYork)) }

// PlanBackfill tells what a backfill would do now, and what that is expected
// to cost. It changes nothing.
func (r *Runner) PlanBackfill(ctx context.Context, spec BackfillSpec) (*Plan, error) {
	spec, err := spec.check(r.Catalog, r.today())
	if err != nil {
		return nil, err
	}
	planner := *r
	planner.Workers = spec.Workers
	return planner.Plan(ctx, spec.request())
}

// StartBackfill notes a backfill in the warehouse and returns its id. With
// mine, this process is the one that works on it by WorkBackfill; otherwise a
// scheduler takes it up.
func (r *Runner) StartBackfill(ctx context.Context, spec BackfillSpec, by string, mine bool) (string, error) {
	spec, err := spec.check(r.Catalog, r.today())
	if err != nil {
		return "", err
	}
	plan, err := r.PlanBackfill(ctx, spec)
	if err != nil {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name a backfill: %w", err)
	}
	b := schemas.Backfill{
		ID: id.String(), Jobs: strings.Join(spec.Jobs, ","), From: spec.From, To: spec.To, Mode: spec.Mode, Order: spec.Order,
		Workers: int64(spec.Workers), Follow: spec.Follow, State: schemas.BackfillRunning, By: by, Windows: int64(plan.Work()), Started: r.Now(),
	}
	if mine {
		b.Owner = r.Warehouse.Owner()
	}
	return b.ID, r.noteBackfill(ctx, b)
}

// Work counts the windows of a plan that are built or follow.
func (p *Plan) Work() int {
	n := 0
	for _, w := range p.Windows {
		if w.Verdict == Build || w.Verdict == Follows {
			n++
		}
	}
	return n
}

// noteBackfill writes a line about a backfill that is newer than every line so
// far.
func (r *Runner) noteBackfill(ctx context.Context, b schemas.Backfill) error {
	at := r.Now().UTC().Truncate(time.Millisecond)
	if !at.After(b.At) {
		at = b.At.Add(time.Millisecond)
	}
	b.At = at
	if err := clickhouse.Append(ctx, r.Warehouse, schemas.Backfills, []schemas.Backfill{b}); err != nil {
		return fmt.Errorf("note the backfill: %w", err)
	}
	return nil
}

// FindBackfill returns the newest line of a backfill. Its beginning will do for
// an id, if there is only one such.
func (r *Runner) FindBackfill(ctx context.Context, id string) (schemas.Backfill, error) {
	all, err := r.Warehouse.Backfills(ctx)
	if err != nil {
		return schemas.Backfill{}, err
	}
	var found []schemas.Backfill
	for _, b := range all {
		if b.ID == id {
			return b, nil
		}
		if id != "" && strings.HasPrefix(b.ID, id) {
			found = append(found, b)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return schemas.Backfill{}, &UnknownBackfillError{ID: id}
	default:
		return schemas.Backfill{}, usage("%d backfills begin with %q: give more of the id", len(found), id)
	}
}

// UnknownBackfillError says that there is no backfill of that id.
type UnknownBackfillError struct{ ID string }

func (e *UnknownBackfillError) Error() string {
	return fmt.Sprintf("there is no backfill %q; `tidemark backfill list` lists them", e.ID)
}

// Usage tells that the fault lies with the request.
func (*UnknownBackfillError) Usage() bool { return true }

// ControlBackfill pauses, resumes or cancels a backfill, whichever process
// works on it. Windows at work are ended first.
func (r *Runner) ControlBackfill(ctx context.Context, id string, a Action, by string) error {
	b, err := r.FindBackfill(ctx, id)
	if err != nil {
		return err
	}
	if b.State.Ended() && (a != Resume || b.State == schemas.BackfillDone) {
		return usage("the backfill %s is %s already", b.ID, b.State)
	}
	switch a {
	case Pause:
		b.State, b.Note = schemas.BackfillPaused, "paused by "+by
	case Resume:
		b.State, b.Note = schemas.BackfillRunning, "resumed by "+by
	case Cancel:
		b.State, b.Note = schemas.BackfillCancelled, "cancelled by "+by
	default:
		return usage("a backfill can be asked to pause, resume or cancel, not to %q", a)
	}
	return r.noteBackfill(ctx, b)
}

// statePoll is how often a process looks whether its backfill was paused or
// cancelled elsewhere.
const statePoll = time.Second

// rounds is how often the failed windows of a backfill are tried.
const rounds = 3

// WorkBackfill works on a backfill until all is done, it is paused or
// cancelled, or the context ends; then somebody else may go on. gate is waited
// for before each window; nil lets every window through.
func (r *Runner) WorkBackfill(ctx context.Context, id string, gate func(context.Context) error) (*Report, error) {
	b, err := r.FindBackfill(ctx, id)
	if err != nil {
		return nil, err
	}
	if b.State != schemas.BackfillRunning {
		return &Report{}, nil
	}
	b.Owner = r.Warehouse.Owner()
	if err := r.noteBackfill(ctx, b); err != nil {
		return nil, err
	}
	halt, watched := r.watch(ctx, b.ID)
	report, err := r.backfillRounds(ctx, b, gate, halt)
	now, e := watched()
	if err == nil {
		err = e
	}
	// What comes now is written even when the context has ended, so that
	// somebody else takes over at once.
	ctx, cancel := lastWord(ctx)
	defer cancel()
	now.Owner = ""
	if err == nil && now.State == schemas.BackfillRunning {
		now.State, now.Note = schemas.BackfillDone, ""
		// Others may have worked on it too.
		var failed int
		if _, failed, err = r.endedBy(ctx, causeOf(b.ID)); failed > 0 {
			now.State, now.Note = schemas.BackfillFailed, fmt.Sprintf("%d windows failed; resume to try them again", failed)
		}
	}
	if e := r.noteBackfill(ctx, now); err == nil {
		err = e
	}
	return report, err
}

// watch returns a channel that is closed when the backfill is no longer to be
// worked on, and a function that ends the watching and returns its newest line.
func (r *Runner) watch(ctx context.Context, id string) (<-chan struct{}, func() (schemas.Backfill, error)) {
	halt, stop, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(statePoll)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				b, err := r.FindBackfill(ctx, id)
				if err == nil && b.State != schemas.BackfillRunning {
					close(halt)
					return
				}
			}
		}
	}()
	return halt, func() (schemas.Backfill, error) {
		close(stop)
		<-ended
		return r.FindBackfill(context.WithoutCancel(ctx), id)
	}
}

// backfillRounds builds the windows and tries those that failed again.
func (r *Runner) backfillRounds(ctx context.Context, b schemas.Backfill, gate func(context.Context) error, halt <-chan struct{}) (*Report, error) {
	worker := *r
	worker.Workers = int(b.Workers)
	req := specOf(b).request()
	req.Cause = causeOf(b.ID)
	var report *Report
	for round := 1; ; round++ {
		done, _, err := r.endedBy(ctx, req.Cause)
		if err != nil {
			return report, err
		}
		req.finished = func(dataset string, w schemas.Window) bool { return req.Force && done[dataset+" "+w.String()] }
		p, err := worker.newPass(req)
		if err != nil {
			return report, err
		}
		p.gate, p.halt = gate, halt
		if report, err = p.run(ctx); err != nil {
			return report, err
		}
		select {
		case <-halt:
			return report, nil
		default:
		}
		if report.Count(Failed) == 0 || round == rounds {
			return report, nil
		}
		req.Mode = cmp.Or(map[string]string{ModeMissing: ModeMissingFailed}[req.Mode], req.Mode)
		if err := pause(ctx, time.Duration(round)*5*time.Second); err != nil {
			return report, err
		}
	}
}

// endedBy lists the windows that runs of a cause have brought to a good end, and
// counts those whose newest run failed.
func (r *Runner) endedBy(ctx context.Context, cause string) (well map[string]bool, failed int, err error) {
	runs, err := r.Warehouse.FindRuns(ctx, clickhouse.RunFilter{Cause: cause})
	if err != nil {
		return nil, 0, err
	}
	well = map[string]bool{}
	seen := map[string]bool{}
	for _, run := range runs { // newest first
		key := run.Dataset + " " + run.Window.String()
		switch Outcome(run.Outcome) {
		case OK, Unchanged, NoData:
			well[key] = true
		case Failed:
			if !seen[key] {
				failed++
			}
		default: // to be tried again
			continue
		}
		seen[key] = true
	}
	return well, failed, nil
}
