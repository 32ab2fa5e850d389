package jobs

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// pass is one request at work.
type pass struct {
	*Runner
	scope *scope
	lease *clickhouse.Lease
	slots chan struct{} // one for each window that is built
	ended map[*Job]chan struct{}

	// gate is waited for before each window; nil lets every window through.
	gate func(ctx context.Context) error
	// halt, when closed, lets no further window begin; those at work end.
	halt <-chan struct{}
	// jobContext gives a job a context of its own, so that it can be stopped
	// alone; nil gives it that of the pass.
	jobContext func(ctx context.Context, j *Job) context.Context
	// jobEnded is told of each asked-for job whose windows have ended.
	jobEnded func(j *Job, results []Result)

	mu     sync.Mutex
	state  State
	report *Report
	left   map[*Job]int // windows still to build, at most
}

// errHalted is the error of a pass that was told to begin nothing more.
var errHalted = errors.New("told to begin nothing more")

func (r *Runner) newPass(req Request) (*pass, error) {
	s, err := r.Catalog.scope(req)
	if err != nil {
		return nil, err
	}
	p := &pass{
		Runner: r, scope: s, report: &Report{}, ended: map[*Job]chan struct{}{}, left: map[*Job]int{},
		slots: make(chan struct{}, cmp.Or(r.Workers, 2)), lease: r.lease,
	}
	for _, j := range s.jobs {
		p.ended[j] = make(chan struct{})
	}
	return p, nil
}

func (p *pass) run(ctx context.Context) (*Report, error) {
	if p.lease == nil {
		lease, err := p.Warehouse.Lease(ctx, p.Command)
		if err != nil {
			return nil, err
		}
		defer lease.Release()
		p.lease = lease
	}
	var err error
	if p.state, err = LoadState(ctx, p.Warehouse); err != nil {
		return nil, err
	}
	today := schemas.DateOf(p.Now().In(newYork))
	for _, j := range p.scope.jobs {
		p.left[j] = len(p.scope.windows(j, today))
	}
	group, gctx := errgroup.WithContext(ctx)
	for _, j := range p.scope.jobs {
		group.Go(func() error {
			defer close(p.ended[j])
			return p.job(gctx, j)
		})
	}
	if err := group.Wait(); err != nil {
		return p.report, err
	}
	return p.report, ctx.Err()
}

// job builds the stale windows of a job once the jobs it needs have ended.
func (p *pass) job(ctx context.Context, j *Job) error {
	for _, up := range p.scope.catalog.upstream[j] {
		if ended, ok := p.ended[up]; ok {
			select {
			case <-ended:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if !j.Fetched() {
		if err := p.refresh(ctx); err != nil {
			return err
		}
	}
	stale := p.decide(j)
	if p.jobContext != nil {
		ctx = p.jobContext(ctx, j)
	}
	group, gctx := errgroup.WithContext(ctx)
	var began error
	for _, d := range stale {
		if began = p.begin(gctx); began != nil {
			break
		}
		group.Go(func() error {
			defer func() { <-p.slots }()
			return p.window(gctx, d)
		})
	}
	err := group.Wait()
	if err == nil && !errors.Is(began, errHalted) {
		err = began
	}
	if p.jobEnded != nil && p.scope.asked[j] {
		p.jobEnded(j, p.results(j))
	}
	if err != nil && p.jobContext != nil && ctx.Err() != nil {
		return nil // the job was stopped alone
	}
	return err
}

// begin waits until another window may begin.
func (p *pass) begin(ctx context.Context) error {
	if p.gate != nil {
		if err := p.gate(ctx); err != nil {
			return err
		}
	}
	select {
	case <-p.halt: // a nil channel never lets go
		return errHalted
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.halt:
		return errHalted
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// decide decides on a job's windows, reports those that are held or wait, and
// returns those to build.
func (p *pass) decide(j *Job) []Decision {
	p.mu.Lock()
	defer p.mu.Unlock()
	var stale []Decision
	for _, d := range p.scope.decide(j, p.state, p.Now()) {
		switch d.Verdict {
		case Build:
			stale = append(stale, d)
		case HeldBack, Waits:
			p.end(Result{Job: j.Name, Dataset: j.Dataset.String(), Window: d.Window, Outcome: outcomeOf(d.Verdict), Reason: d.Reason})
		default:
			p.report.UpToDate++
		}
	}
	p.left[j] = len(stale)
	if p.Planned != nil {
		n := 0
		for _, left := range p.left {
			n += left
		}
		p.Planned(n)
	}
	return stale
}

func outcomeOf(v Verdict) Outcome {
	if v == Waits {
		return NotYet
	}
	return Held
}

// refresh reads what other passes and processes have built meanwhile.
func (p *pass) refresh(ctx context.Context) error {
	builds, err := p.Warehouse.AllBuilds(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range builds {
		p.state.SetBuilt(b)
	}
	return nil
}

// again decides once more on a window, after what others built was read.
func (p *pass) again(ctx context.Context, d Decision) (Decision, error) {
	if err := p.refresh(ctx); err != nil {
		return d, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	req := p.scope.req
	// Whoever built it meanwhile did what was asked for here.
	if b, ok := p.state.Built(d.Job.Dataset.String(), d.Window); ok && !b.BuiltAt.Before(p.Now().Add(-time.Minute)) {
		req.Force, req.Refresh = false, false
	}
	return p.scope.decideOne(d.Job, d.Window, p.state, p.Now(), req), nil
}

func (p *pass) results(j *Job) []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.report.of(j.Name)
}

// end notes what became of a window. The caller holds the lock.
func (p *pass) end(res Result) {
	p.report.Results = append(p.report.Results, res)
	if p.Progress != nil {
		p.Progress(res)
	}
}
