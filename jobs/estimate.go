package jobs

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Plan tells what a pass with the same request would do now, and what that is
// expected to cost. It changes nothing.
func (r *Runner) Plan(ctx context.Context, req Request) (*Plan, error) {
	s, err := r.Catalog.scope(req)
	if err != nil {
		return nil, err
	}
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return nil, err
	}
	p := s.plan(state, r.Now())
	costs, err := r.loadCosts(ctx)
	if err != nil {
		return nil, err
	}
	costs.price(p, s, cmp.Or(r.Workers, passWorkers))
	return p, nil
}

// plan decides on every window in the order of dependence, as a pass does,
// without knowing yet which windows will change: one that is up to date but
// needs a window before it in the plan follows.
func (s *scope) plan(state State, now time.Time) *Plan {
	p := &Plan{At: now}
	ahead := map[string][]schemas.Window{} // windows of the plan by table
	for _, j := range s.jobs {
		for _, w := range s.windows(j, schemas.DateOf(now.In(newYork))) {
			d, perhaps := s.decideOne(j, w, state, now), false
			if d.Verdict == UpToDate || d.Verdict == HeldBack && d.Missing != "" {
				if w, ok := firstNeeded(j, d.Window, ahead); ok {
					if perhaps = d.Verdict == UpToDate; perhaps {
						d.Reason = "if " + w + " changes"
					} else {
						d.Reason = "after " + w
					}
					d.Verdict = Follows
				}
			}
			if d.Verdict == UpToDate {
				p.UpToDate++
				continue
			}
			if d.Verdict == Build || d.Verdict == Follows {
				ahead[j.Dataset.String()] = append(ahead[j.Dataset.String()], d.Window)
			}
			p.Windows = append(p.Windows, Planned{
				Job: j.Name, Dataset: j.Dataset.String(), Publisher: j.Publisher, Window: d.Window,
				Verdict: d.Verdict, Reason: d.Reason, Until: d.Until, Perhaps: perhaps, Inputs: inputsOf(d, state, ahead),
			})
		}
	}
	return p
}

// inputsOf counts the windows that one of a plan will be built from: those that
// are there, and those before it in the plan.
func inputsOf(d Decision, state State, ahead map[string][]schemas.Window) int {
	if d.Job.Fetched() {
		return 0
	}
	n := len(d.Uses)
	seen := map[string]bool{}
	for _, need := range d.Job.Needs(d.Window) {
		dataset := need.Dataset.String()
		for _, up := range ahead[dataset] {
			if !need.covers(up) {
				continue
			}
			if _, built := state.Built(dataset, up); !built && !seen[dataset+" "+up.String()] {
				seen[dataset+" "+up.String()] = true
				n++
			}
		}
	}
	return n
}

// firstNeeded names the first window of a plan that a window is built from.
func firstNeeded(j *Job, w schemas.Window, ahead map[string][]schemas.Window) (string, bool) {
	if j.Fetched() {
		return "", false
	}
	for _, n := range j.Needs(w) {
		for _, up := range ahead[n.Dataset.String()] {
			if n.covers(up) {
				return n.Dataset.String() + " " + up.String(), true
			}
		}
	}
	return "", false
}

// costs is what runs took so far.
type costs struct {
	byJob       map[string]clickhouse.RunCost
	byDataset   map[string]clickhouse.RunCost // the mean of a table's jobs
	bytesPerRow map[string]float64
	limits      map[string]extract.Limit
}

func (r *Runner) loadCosts(ctx context.Context) (*costs, error) {
	all, err := r.Warehouse.RunCosts(ctx)
	if err != nil {
		return nil, err
	}
	bytes, err := r.Warehouse.BytesPerRow(ctx)
	if err != nil {
		return nil, err
	}
	return newCosts(all, bytes, r.Limits), nil
}

func newCosts(all []clickhouse.RunCost, bytesPerRow map[string]float64, limits map[string]extract.Limit) *costs {
	c := &costs{byJob: map[string]clickhouse.RunCost{}, byDataset: map[string]clickhouse.RunCost{}, bytesPerRow: bytesPerRow, limits: limits}
	for _, rc := range all {
		c.byJob[rc.Job] = rc
		// Weighted by runs, so that a job which ran once does not count as much
		// as one that ran for years.
		sum, n := c.byDataset[rc.Dataset], float64(rc.Runs)
		total := float64(sum.Runs) + n
		mean := func(a, b float64) float64 { return (a*float64(sum.Runs) + b*n) / total }
		c.byDataset[rc.Dataset] = clickhouse.RunCost{
			Dataset: rc.Dataset, Runs: sum.Runs + rc.Runs, Rows: mean(sum.Rows, rc.Rows), Requests: mean(sum.Requests, rc.Requests), Seconds: mean(sum.Seconds, rc.Seconds),
			Inputs: mean(sum.Inputs, rc.Inputs),
		}
	}
	return c
}

// of estimates one window by the runs of its job, or else of its table. Facts
// that are made of all history at once take as much longer as there is more of
// it than there was.
func (c *costs) of(j *Job, w Planned, now time.Time) Cost {
	known, ok := c.byJob[j.Name]
	if !ok {
		known = c.byDataset[j.Dataset.String()]
	}
	if w.ofAllHistory() && known.Inputs > 0 {
		more := float64(w.Inputs) / known.Inputs
		known.Rows, known.Seconds = known.Rows*more, known.Seconds*more
	}
	cost := Cost{Rows: int64(math.Round(known.Rows)), Seconds: known.Seconds, Bytes: int64(known.Rows * c.bytesPerRow[j.Dataset.String()])}
	if j.Fetched() {
		cost.Requests = 1
		if j.requests != nil {
			cost.Requests = j.requests(w.Window, now)
		} else if known.Requests > 1 {
			cost.Requests = int64(math.Ceil(known.Requests))
		}
	}
	return cost
}

// price adds to a plan what it is expected to cost. Windows that only follow
// are counted as though they were built.
func (c *costs) price(p *Plan, s *scope, workers int) {
	byName := map[string]*Job{}
	for _, j := range s.jobs {
		byName[j.Name] = j
	}
	var work workload
	perPublisher := map[string]*PublisherCost{}
	for i := range p.Windows {
		w := &p.Windows[i]
		if w.Verdict != Build && w.Verdict != Follows {
			continue
		}
		w.Cost = c.of(byName[w.Job], *w, p.At)
		if c.limits[w.Publisher].Every < slowPublisher { // the others wait beside them
			work.add(*w, w.Cost.Seconds)
		}
		p.Cost.Requests += w.Cost.Requests
		p.Cost.Rows += w.Cost.Rows
		p.Cost.Bytes += w.Cost.Bytes
		p.Cost.Seconds += w.Cost.Seconds
		if w.Publisher == "" {
			continue
		}
		pc := perPublisher[w.Publisher]
		if pc == nil {
			pc = &PublisherCost{Publisher: w.Publisher}
			perPublisher[w.Publisher] = pc
		}
		pc.Windows++
		pc.Requests += w.Cost.Requests
		pc.Minutes = float64(pc.Requests) * c.limits[w.Publisher].Every.Minutes()
	}
	p.Minutes = work.takes(float64(workers), workers) / 60
	for _, pc := range perPublisher {
		p.Publishers = append(p.Publishers, *pc)
		p.Minutes = max(p.Minutes, pc.Minutes)
	}
	slices.SortFunc(p.Publishers, func(a, b PublisherCost) int { return cmp.Compare(a.Publisher, b.Publisher) })
}
