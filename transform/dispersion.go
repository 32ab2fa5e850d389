package transform

import (
	"math"
	"strconv"

	"tidemark/schemas"
)

var dispersionFamilies = []Family{{
	Name: "dispersion", Dataset: schemas.Dispersion.String(), Metrics: dispersionIDs(), Warmup: contributionWarmup, Daily: true, Attributed: true, Compute: dispersionFacts,
}}

func dispersionIDs() []string {
	var out []string
	for _, w := range schemas.BeatingWindows {
		out = append(out, beatingIDs(w)...)
	}
	for _, w := range schemas.MemberReturnWindows {
		out = append(out, memberReturnIDs(w)...)
	}
	for _, w := range schemas.DispersionWindows {
		out = append(out, spreadOutIDs(w)...)
	}
	for _, w := range schemas.CorrelationWindows {
		out = append(out, correlationIDs(w)...)
	}
	return out
}

func beatingIDs(w string) []string {
	return []string{"pct_beating_" + w + "_live", "pct_beating_" + w + "_pit"}
}

func memberReturnIDs(w string) []string { return []string{"ret_mean_" + w, "ret_median_" + w} }

func spreadOutIDs(w string) []string {
	return []string{"dispersion_w_" + w, "dispersion_pop_" + w, "dispersion_sample_" + w}
}

func correlationIDs(w string) []string {
	return []string{"corr_pair_mean_" + w, "corr_implied_" + w, "vol_ratio2_" + w}
}

func dispersionFacts(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	first, _, ok := p.book.sessions()
	if !ok || len(p.close) == 0 {
		return nil, nil
	}
	r := newMemberReturns(in.attribution(p))
	return p.workedSince(first, func() func(int) []schemas.Fact {
		l, c := lineups{attribution: r.attribution}, newCorrelations(r)
		return func(t int) []schemas.Fact {
			l.at(t)
			return r.on(&l, c, t)
		}
	}), nil
}

// memberReturns is the returns of an index's lines, whether they were in it or
// not, in the form in which those over any window are read in a few steps; see
// [chain].
type memberReturns struct {
	*attribution
	ahead, behind  []float64    // growth
	has            []int32      // sessions up to this one with a return
	plain, squared [2][]float64 // running sums of the returns, and of their squares
}

func newMemberReturns(a *attribution) *memberReturns {
	r := &memberReturns{attribution: a, has: make([]int32, len(a.cells))}
	for _, f := range []*[]float64{&r.ahead, &r.behind, &r.plain[0], &r.plain[1], &r.squared[0], &r.squared[1]} {
		*f = make([]float64, len(a.cells))
	}
	inBlocks(len(a.Securities), func(_, lo, hi int) {
		squares := make([]float64, len(a.Sessions))
		for i := lo; i < hi; i++ {
			at, end := a.column(i)
			count := int32(0)
			for s, v := range a.total[at:end] {
				if a.known[at+s] {
					count++
				}
				r.has[at+s], squares[s] = count, v*v
			}
			a.compound(a.total[at:end], r.ahead[at:end], r.behind[at:end])
			a.add(a.total[at:end], r.plain[0][at:end], r.plain[1][at:end])
			a.add(squares, r.squared[0][at:end], r.squared[1][at:end])
		}
	})
	return r
}

// over is the return of a security over the window (b, t]; a session without one
// counts as 0.
func (r *memberReturns) over(security, b, t int) float64 {
	lo, hi := r.column(security)
	return r.growth(r.ahead[lo:hi], r.behind[lo:hi], b, t) - 1
}

// sessions is how many sessions of the window (b, t] a security has a return on.
func (r *memberReturns) sessions(security, b, t int) int {
	lo, _ := r.column(security)
	return int(r.has[lo+t] - r.has[lo+b])
}

// on returns the facts of one session.
func (r *memberReturns) on(l *lineups, c *correlations, t int) []schemas.Fact {
	f := factDay{session: r.Sessions[t], knownAt: r.days[t].knownAt, basis: r.basis}
	for _, w := range schemas.BeatingWindows {
		r.addBeating(&f, beatingIDs(w), r.base(t, windowSessions(w)), t)
	}
	for _, w := range schemas.MemberReturnWindows {
		r.addMemberReturns(&f, l, memberReturnIDs(w), r.base(t, windowSessions(w)), t)
	}
	for _, w := range schemas.DispersionWindows {
		r.addSpreadOut(&f, l, spreadOutIDs(w), r.base(t, windowSessions(w)), t)
	}
	correlated := c.on(t)
	for i, w := range schemas.CorrelationWindows {
		r.addCorrelation(&f, correlationIDs(w), r.base(t, windowSessions(w)), t, &correlated[i])
	}
	return f.facts
}

// windowSessions is the length of a window by its name; 0 for the calendar year so
// far.
func windowSessions(window string) int {
	n, _ := strconv.Atoi(window)
	return n
}

// addMemberReturns gives the mean and the median return of the lines that were in
// during the whole window.
func (r *memberReturns) addMemberReturns(f *factDay, l *lineups, ids []string, b, t int) {
	if !r.window(f, ids, b, t) {
		return
	}
	values := returnsOf(l.throughout(b))
	if !r.enough(f, ids, len(values), 1, t) {
		return
	}
	mean, mid := meanAndMedian(values)
	f.add(ids[0], mean)
	f.add(ids[1], mid)
}

// enough takes the number of lines that are counted into the facts, and reports
// whether they are as many as are needed.
func (r *memberReturns) enough(f *factDay, ids []string, n, needed, t int) bool {
	f.members, f.excluded = n, r.days[t].members-n+r.days[t].excluded
	switch {
	case n >= needed:
		return true
	case n == 0:
		f.noneOf(ids, schemas.NoMembers)
	default:
		f.noneOf(ids, schemas.InsufficientHistory)
	}
	return false
}

// addSpreadOut gives how far the returns of the lines that were in during the
// whole window were apart.
func (r *memberReturns) addSpreadOut(f *factDay, l *lineups, ids []string, b, t int) {
	if !r.window(f, ids, b, t) {
		return
	}
	lines := l.throughout(b)
	if !r.enough(f, ids, len(lines), 2, t) {
		return
	}
	n := len(r.Sessions)
	weights := make([]float64, len(lines))
	for k := range lines {
		weights[k] = r.weight[lines[k].security*n+b+1]
	}
	values := returnsOf(lines)
	weighted, ok := weightedDispersion(weights, values)
	f.opt(ids[0], schemas.Opt[float64]{V: weighted, OK: ok})
	_, sample := meanSD(values)
	f.add(ids[1], sample*math.Sqrt(float64(len(values)-1)/float64(len(values))))
	f.add(ids[2], sample)
}

// weightedDispersion is sqrt(sum w (r - R)^2) with R = sum w r, of weights that
// are scaled to 1; false where there are none.
func weightedDispersion(weights, returns []float64) (float64, bool) {
	total, mean := 0.0, 0.0
	for k, w := range weights {
		total += w
		mean += w * returns[k]
	}
	if total <= 0 {
		return 0, false
	}
	mean /= total
	apart := 0.0
	for k, w := range weights {
		apart += w * (returns[k] - mean) * (returns[k] - mean)
	}
	return math.Sqrt(apart / total), true
}
