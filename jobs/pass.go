package jobs

import (
	"cmp"
	"container/heap"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// GCPercent is how much garbage a process that runs passes may gather, in percent
// of what is in use: a pass reads millions of rows that live for seconds, and to
// look for them half as often as Go does by itself saves a tenth of the
// processor's time.
const GCPercent = 200

// MemoryLimit is from how many bytes on a process that runs passes looks for garbage more
// often than that: what it uses then grows with what it holds, and not with three times
// that. It may hold more all the same; GOMEMLIMIT says otherwise.
const MemoryLimit = 1 << 30

// passWorkers is how many windows are built at the same time. A window waits for
// the server for half of its time, so that two processors have enough to do.
const passWorkers = 3

// pass is one request at work: a graph of windows, each of which begins when
// the windows it is built from have ended.
type pass struct {
	*Runner
	scope *scope
	lease *clickhouse.Lease

	// gate is waited for before each window; nil lets every window through.
	gate func(ctx context.Context) error
	// halt, when closed, lets no further window begin; those at work end.
	halt <-chan struct{}
	// jobEnded is told of each asked-for job whose windows have ended. May be nil.
	jobEnded func(j *Job, results []Result)

	readings readings // of what its windows are built from
	inputs   readings // of several windows together, with what is worked out of them
	changes  changes  // that it has made

	ready map[string]*queue // by lane
	left  int               // windows still to build, at most
	open  map[*Job]int

	mu        sync.Mutex
	state     State
	refreshed time.Time
	begun     map[string]bool // its runs
	company   bool            // whether others were at work when the state was read
	report    *Report
	cancels   map[*Job]map[string]context.CancelFunc // of the runs at work
	cancelled map[*Job]bool
}

// node is a window of a pass.
type node struct {
	job     *Job
	window  schemas.Window
	rank    [4]int // lower begins first
	waits   int    // windows that have to end before
	then    []*node
	counted bool // among those still to build
}

func (r *Runner) newPass(req Request) (*pass, error) {
	s, err := r.Catalog.scope(req)
	if err != nil {
		return nil, err
	}
	return &pass{
		Runner: r, scope: s, report: &Report{}, lease: r.lease, open: map[*Job]int{}, changes: changes{}, ready: map[string]*queue{},
		inputs:  readings{limit: keptInputs},
		begun:   map[string]bool{},
		cancels: map[*Job]map[string]context.CancelFunc{}, cancelled: map[*Job]bool{},
	}, nil
}

func (p *pass) run(ctx context.Context) (_ *Report, err error) {
	ctx, span := p.startPass(ctx)
	defer func() { endPass(span, err) }()
	if p.lease == nil {
		lease, err := p.Warehouse.Lease(ctx, p.Command)
		if err != nil {
			return nil, err
		}
		defer lease.Release()
		p.lease = lease
	}
	if p.state, err = LoadState(ctx, p.Warehouse); err != nil {
		return nil, err
	}
	if err := p.lookAround(ctx); err != nil {
		return nil, err
	}
	p.refreshed = p.Now()
	p.prepare()
	span.SetAttributes(attribute.Int("windows", p.left))
	if err := p.work(ctx); err != nil {
		return p.report, err
	}
	return p.report, ctx.Err()
}

// prepare makes the graph. What it counts as still to build is what the plan
// says.
func (p *pass) prepare() {
	now := p.Now()
	today := schemas.DateOf(now.In(newYork))
	planned := map[string]bool{}
	for _, w := range p.scope.plan(p.state, now).Windows {
		planned[w.Job+" "+w.Window.String()] = w.Verdict == Build || w.Verdict == Follows
	}
	nodes := map[*Job][]*node{}
	for i, j := range p.scope.jobs {
		for _, w := range p.scope.windows(j, today) {
			n := &node{job: j, window: w, rank: p.rank(i, j, w, today), counted: planned[j.Name+" "+w.String()]}
			if n.counted {
				p.left++
			}
			nodes[j] = append(nodes[j], n)
			p.open[j]++
		}
	}
	for _, j := range p.scope.jobs {
		for _, n := range nodes[j] {
			p.connect(n, nodes)
			if n.waits == 0 {
				p.push(n)
			}
		}
	}
	p.tell()
}

// rank puts windows that many others need first, of them the largest, lest it
// be worked on alone while the others are done. Otherwise it follows the order
// of the request, each day's facts right after what they are built from. Where
// several processes share the work, its own come before those of the others.
func (p *pass) rank(i int, j *Job, w schemas.Window, today schemas.Date) [4]int {
	day, others := int(w.From), 0
	if p.scope.req.Order == NewestFirst {
		day = -day
	}
	if !p.Share.owns(j, w) {
		others = 1
	}
	whole := j.Dataset.Cut == schemas.CutWhole
	newest := w.Contains(today) && p.scope.req.Order != OldestFirst
	switch {
	case j.Fetched() && (whole || newest):
		stands, _ := p.state.Built(j.Dataset.String(), w)
		return [4]int{others, 0, -int(stands.Rows), i}
	case !whole:
		return [4]int{others, 1, day, i}
	default:
		return [4]int{others, 2, 0, i}
	}
}

// connect makes a window wait for those of the pass that it is built from.
func (p *pass) connect(n *node, nodes map[*Job][]*node) {
	if n.job.Fetched() {
		return
	}
	before := map[*node]bool{}
	for _, need := range n.job.Needs(n.window) {
		for _, up := range nodes[p.Catalog.maker(need.Dataset.String(), need.Part)] {
			if need.covers(up.window) && up != n && !before[up] {
				before[up] = true
				up.then = append(up.then, n)
				n.waits++
			}
		}
	}
}

type done struct {
	n   *node
	err error
}

// lane is where a window waits for its turn. Those of a publisher that may be asked
// only now and then wait for it most of the time: they take no worker from the others,
// and no publisher has to wait until another has been asked for everything.
func (p *pass) lane(j *Job) string {
	if p.Limits[j.Publisher].Every >= slowPublisher {
		return j.Publisher
	}
	return ""
}

const (
	// slowPublisher is how far apart the requests to a publisher with a lane of its
	// own are.
	slowPublisher = 100 * time.Millisecond
	// laneWindows is how many windows of one are at work: while one is published the
	// other asks.
	laneWindows = 2
)

func (p *pass) push(n *node) {
	lane := p.lane(n.job)
	if p.ready[lane] == nil {
		p.ready[lane] = &queue{}
	}
	heap.Push(p.ready[lane], n)
}

// next takes the first window of a lane that has room; nil where there is none.
func (p *pass) next(atWork map[string]int) *node {
	for _, lane := range slices.Sorted(maps.Keys(p.ready)) {
		room := laneWindows
		if lane == "" {
			room = cmp.Or(p.Workers, passWorkers)
		}
		if q := p.ready[lane]; q.Len() > 0 && atWork[lane] < room {
			return heap.Pop(q).(*node)
		}
	}
	return nil
}

// work takes the windows in their order, a few at a time.
func (p *pass) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan done)
	running, atWork := 0, map[string]int{}
	var failed error
	for {
		for !p.halted(ctx) {
			n := p.next(atWork)
			if n == nil {
				break
			}
			d, build, err := p.decide(ctx, n)
			if err != nil {
				cancel(err)
				failed = cmp.Or(failed, err)
				break
			}
			if !build {
				p.conclude(n)
				continue
			}
			running++
			atWork[p.lane(n.job)]++
			go func() { ended <- done{n, p.window(ctx, d)} }()
		}
		if running == 0 {
			return failed
		}
		e := <-ended
		running--
		atWork[p.lane(e.n.job)]--
		if e.err != nil {
			cancel(e.err) // the run log cannot be written, or the pass is stopped
			failed = cmp.Or(failed, e.err)
			continue
		}
		p.conclude(e.n)
	}
}

func (p *pass) halted(ctx context.Context) bool {
	select {
	case <-p.halt: // a nil channel never lets go
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// conclude lets begin what waited for a window only.
func (p *pass) conclude(n *node) {
	for _, next := range n.then {
		if next.waits--; next.waits == 0 {
			p.push(next)
		}
	}
	if n.counted {
		p.left--
	}
	p.tell()
	if p.open[n.job]--; p.open[n.job] == 0 && p.jobEnded != nil && p.scope.asked[n.job] {
		p.mu.Lock()
		results := p.report.of(n.job.Name)
		p.mu.Unlock()
		p.jobEnded(n.job, results)
	}
}

func (p *pass) tell() {
	if p.Planned != nil {
		p.Planned(p.left)
	}
}

// decide decides on a window whose inputs have ended, and reports whether it
// is to be built. A window that is held or waits goes into the report.
func (p *pass) decide(ctx context.Context, n *node) (Decision, bool, error) {
	if p.sinceRefresh() > time.Second {
		if err := p.refresh(ctx); err != nil {
			return Decision{}, false, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancelled[n.job] {
		return Decision{}, false, nil
	}
	d := p.scope.decideOne(n.job, n.window, p.state, p.Now())
	switch d.Verdict {
	case Build:
		return d, true, nil
	case HeldBack, Waits:
		outcome := Held
		if d.Verdict == Waits {
			outcome = NotYet
		}
		p.end(Result{Job: n.job.Name, Dataset: n.job.Dataset.String(), Window: n.window, Outcome: outcome, Reason: d.Reason})
	default:
		p.report.UpToDate++
	}
	return d, false, nil
}

// sinceRefresh is how long ago the state was read. Windows that wait at the gate
// read it too.
func (p *pass) sinceRefresh() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Now().Sub(p.refreshed).Abs()
}

// refresh reads what other passes and processes have built meanwhile.
func (p *pass) refresh(ctx context.Context) error {
	builds, err := p.Warehouse.AllBuilds(ctx)
	if err != nil {
		return err
	}
	if err := p.lookAround(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refreshed = p.Now()
	for _, b := range builds {
		p.state.SetBuilt(b)
	}
	return nil
}

// lookAround sees whether others are at work.
func (p *pass) lookAround(ctx context.Context) error {
	open, err := p.Warehouse.OpenRunIDs(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.company = slices.ContainsFunc(open, func(id string) bool { return !p.begun[id] })
	return nil
}

// begin notes that a run is the pass's own.
func (p *pass) begin(run string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun[run] = true
}

// inCompany reports whether others were at work a moment ago.
func (p *pass) inCompany() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.company
}

// again decides once more on a window, after what others built was read.
func (p *pass) again(ctx context.Context, d Decision) (Decision, error) {
	before := p.built(d)
	if err := p.refresh(ctx); err != nil {
		return d, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := *p.scope
	if p.builtLocked(d).BuiltAt.After(before.BuiltAt) {
		s.req.Force, s.req.Refresh = false, false // whoever built it meanwhile did what was asked for here
	}
	return s.decideOne(d.Job, d.Window, p.state, p.Now()), nil
}

func (p *pass) built(d Decision) schemas.Built {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.builtLocked(d)
}

func (p *pass) builtLocked(d Decision) schemas.Built {
	b, _ := p.state.Built(d.Job.Dataset.String(), d.Window)
	return b
}

// cancelJob stops a job's windows: those at work, and those to come.
func (p *pass) cancelJob(j *Job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancelled[j] = true
	for _, cancel := range p.cancels[j] {
		cancel()
	}
}

// cancellable gives a run of a job a context that cancelJob ends.
func (p *pass) cancellable(ctx context.Context, j *Job, run string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancels[j] == nil {
		p.cancels[j] = map[string]context.CancelFunc{}
	}
	p.cancels[j][run] = cancel
	return ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.cancels[j], run)
		cancel()
	}
}

// end notes what became of a window. The caller holds the lock.
func (p *pass) end(res Result) {
	p.report.Results = append(p.report.Results, res)
	if p.Progress != nil {
		p.Progress(res)
	}
}

// queue holds the windows that may begin, lowest rank first.
type queue []*node

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return slices.Compare(q[i].rank[:], q[j].rank[:]) < 0
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push and Pop are for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(*node)) }

// Pop takes the last element, which container/heap has put there.
func (q *queue) Pop() any {
	last := len(*q) - 1
	n := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return n
}
