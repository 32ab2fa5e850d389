package transform

import (
	"math"
	"slices"
	"strconv"
	"time"

	"tidemark/schemas"
)

// contributionWindows are the lengths of the windows of
// schemas.ContributionWindows in sessions; 0 is the calendar year so far.
var contributionWindows = func() [len(schemas.ContributionWindows)]int {
	var out [len(schemas.ContributionWindows)]int
	for i, name := range schemas.ContributionWindows {
		out[i], _ = strconv.Atoi(name) // ytd is 0
	}
	return out
}()

// contributionWarmup is how many sessions before a window the contributions
// reach back: a year, the session before it, and from there to the holdings
// file in force.
const contributionWarmup = 254 + rolledSessions

// attribution is what each line of a universe added to its return, by cell of
// the panel.
type attribution struct {
	*Panel
	days   []attributionDay
	weight []float64 // at the open, of the lines with a return; they add up to 1
	total  []float64 // returns with dividends; 0 where there is none
	known  []bool    // there is one
	lines  []lineState
	closes []weighting // by session
	basis  string      // of the returns
	*chain

	ahead, behind         []float64 // contributions, bought and held; see chain.hold
	grownAhead, grownLeft []float64 // growth of the security while it was in; see chain.compound
	in                    []int32   // sessions up to this one on which the security was in with a return
}

// lineState says whether a security is a line of the index on a session.
type lineState uint8

const (
	notIn  lineState = iota
	lineIn           // with a return
	lineUnknown
)

// attributionDay is one session of an attribution.
type attributionDay struct {
	status   schemas.Status // of the return
	detail   string
	ret      float64 // R, the sum of the contributions
	price    float64 // the same without dividends
	mean     float64 // of the lines' returns
	members  int     // lines with a return
	excluded int     // lines without one, those that left since the file, members that have joined it
	coverage float64 // share of the weight at the open with a return
	known    bool    // there were weights, so that coverage is meant
	knownAt  time.Time
}

// newAttribution works out what every line added on every session.
func newAttribution(in *Inputs, p *Panel) *attribution {
	n := len(p.Sessions)
	a := &attribution{Panel: p, basis: p.returnBasis(in), days: make([]attributionDay, n), closes: make([]weighting, n)}
	a.weight, a.total = make([]float64, len(p.cells)), make([]float64, len(p.cells))
	a.lines, a.in = make([]lineState, len(p.cells)), make([]int32, len(p.cells))
	price := make([]float64, len(p.cells))
	a.known = make([]bool, len(p.cells))
	inBlocks(len(p.Securities), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			at, end := p.column(i)
			total, plain, ok := p.totalReturns(i)
			copy(a.total[at:end], total)
			copy(price[at:end], plain)
			copy(a.known[at:end], ok)
		}
	})
	inBlocks(n, func(_, lo, hi int) {
		for s := lo; s < hi; s++ {
			a.closes[s] = a.weightsOn(in, s)
		}
	})
	inBlocks(n, func(_, lo, hi int) {
		for s := lo; s < hi; s++ {
			a.attribute(in, s, price)
		}
	})
	returns := make([]float64, n)
	for s := range a.days {
		returns[s] = a.days[s].ret
	}
	a.chain = newChain(p.Sessions, returns, func(s int) bool { return a.days[s].status.HasValue() })
	a.link()
	return a
}

// attribute works out the weights at the open of session s, and what the lines
// added to its return. Lines without a return are left out, and the weights of
// the others are scaled to 1.
func (a *attribution) attribute(in *Inputs, s int, price []float64) {
	n := len(a.Sessions)
	d := &a.days[s]
	d.knownAt = in.Calendar.Close(a.Sessions[s])
	if s == 0 {
		d.status = schemas.InsufficientHistory
		return
	}
	w := &a.closes[s-1]
	if w.knownAt.After(d.knownAt) {
		d.knownAt = w.knownAt
	}
	d.status, d.detail, d.excluded = w.status, w.detail, w.excluded
	switch {
	case !w.status.HasValue():
		return
	case math.Abs(w.residual) > maxResidual:
		d.status = schemas.BadInput
		return
	case s >= a.priced:
		d.status, d.detail = schemas.StaleInput, w.detail+"; no prices since"
		return
	}
	staying, covered := 0.0, 0.0
	for k, line := range w.lines {
		at := int(line)*n + s
		if a.cells[at-1]&cellMember != 0 && a.cells[at]&cellMember == 0 {
			d.excluded++ // left at the open
			continue
		}
		staying += w.weights[k]
		if !a.known[at] {
			a.lines[at] = lineUnknown
			d.excluded++
			continue
		}
		a.lines[at], a.weight[at] = lineIn, w.weights[k]
		covered += w.weights[k]
		d.members++
	}
	if staying <= 0 {
		d.status = schemas.NoMembers
		return
	}
	d.coverage, d.known = covered/staying, true
	if d.status = statusOf(d.coverage); covered <= 0 {
		return
	}
	for _, line := range w.lines {
		at := int(line)*n + s
		if a.lines[at] != lineIn {
			continue
		}
		a.weight[at] /= covered
		d.ret += a.weight[at] * a.total[at]
		d.price += a.weight[at] * price[at]
		d.mean += a.total[at]
	}
	d.mean /= float64(d.members)
	if d.ret <= -1 && d.status.HasValue() {
		d.status = schemas.ZeroDenominator // nothing is left that could be linked
	}
}

// link makes what windows are read from.
func (a *attribution) link() {
	for _, f := range []*[]float64{&a.ahead, &a.behind, &a.grownAhead, &a.grownLeft} {
		*f = make([]float64, len(a.cells))
	}
	inBlocks(len(a.Securities), func(_, lo, hi int) {
		contributions, returns := make([]float64, len(a.Sessions)), make([]float64, len(a.Sessions))
		for i := lo; i < hi; i++ {
			at, end := a.column(i)
			count := int32(0)
			for s := range contributions {
				contributions[s], returns[s] = a.contribution(at+s, s), 0
				if a.used(at+s, s) {
					returns[s] = a.total[at+s]
					count++
				}
				a.in[at+s] = count
			}
			a.hold(contributions, a.ahead[at:end], a.behind[at:end])
			a.compound(returns, a.grownAhead[at:end], a.grownLeft[at:end])
		}
	})
}

// used reports whether the cell of session s counts for the index's return.
func (a *attribution) used(cell, s int) bool {
	return a.lines[cell] == lineIn && a.broken[s] != s
}

// contribution is what the cell of session s added to the session's return.
func (a *attribution) contribution(cell, s int) float64 {
	if !a.used(cell, s) {
		return 0
	}
	return a.weight[cell] * a.total[cell]
}

// heldOver is the contribution of a security over the window (b, t], bought and
// held.
func (a *attribution) heldOver(security, b, t int) float64 {
	lo, hi := a.column(security)
	return a.held(a.ahead[lo:hi], a.behind[lo:hi], b, t)
}

// returnOver is the return of a security over the window (b, t]; none of one
// that was not in throughout.
func (a *attribution) returnOver(security, b, t int) schemas.Opt[float64] {
	lo, hi := a.column(security)
	if int(a.in[lo+t]-a.in[lo+b]) != t-b {
		return schemas.None[float64]()
	}
	return schemas.Some(a.growth(a.grownAhead[lo:hi], a.grownLeft[lo:hi], b, t) - 1)
}

// standing says how the window (b, t] stands: its status and coverage, which is
// that of its worst session.
func (a *attribution) standing(b, t int) (schemas.Status, schemas.Opt[float64]) {
	switch {
	case !a.days[t].status.HasValue():
		return a.days[t].status, schemas.None[float64]()
	case b < 0:
		return schemas.InsufficientHistory, schemas.None[float64]()
	case !a.whole(b, t):
		return a.days[a.broken[t]].status, schemas.None[float64]()
	}
	coverage := 1.0
	for s := b + 1; s <= t; s++ {
		coverage = min(coverage, a.days[s].coverage)
	}
	return statusOf(coverage), schemas.Some(coverage)
}

// window begins the facts of the window (b, t]: false where it has none.
func (a *attribution) window(f *factDay, ids []string, b, t int) bool {
	f.status, f.coverage = a.standing(b, t)
	f.detail, f.members, f.excluded = "", a.days[t].members, a.days[t].excluded
	if f.status.HasValue() {
		f.detail = "base=" + a.Sessions[b].String()
		return true
	}
	f.noneOf(ids, f.status)
	return false
}

// lineups is the lines that were in during the windows that end with a session.
// Several figures go by the same windows.
type lineups struct {
	*attribution
	t     int
	bases []int
	lines [][]performer // by base
}

// at begins another session.
func (l *lineups) at(t int) { l.t, l.bases = t, l.bases[:0] }

// throughout lists the lines that were in during the whole window (b, t]. The
// list is good until the next session.
func (l *lineups) throughout(b int) []performer {
	k := slices.Index(l.bases, b)
	if k >= 0 {
		return l.lines[k]
	}
	k = len(l.bases)
	l.bases = append(l.bases, b)
	if k == len(l.lines) {
		l.lines = append(l.lines, nil)
	}
	lines := l.lines[k][:0]
	for i := range l.Securities {
		if ret := l.returnOver(i, b, l.t); ret.OK {
			lines = append(lines, performer{security: i, ret: ret.V})
		}
	}
	l.lines[k] = lines
	return lines
}
