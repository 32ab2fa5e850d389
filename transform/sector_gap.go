package transform

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tidemark/schemas"
)

// sizeMembersFamilies are the comparisons of a pair that need the prices of
// its members. They reach back to the base of a year, and from there to the
// holdings file in force.
var sizeMembersFamilies = []Family{{
	Name: "sector_gap", Dataset: schemas.SizeMembers.String(), Metrics: sectorGapMetrics(), Warmup: 254 + rolledSessions, Daily: true, ByBasis: true, Compute: computeSectorGaps,
}}

// sectorGapSpans are the windows of the gap: baskets bought at the base and
// held for more than a year would speak for ever fewer of the members.
var sectorGapSpans = slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return s.years > 1 })

func sectorGapMetrics() []string {
	out := make([]string, len(sectorGapSpans))
	for i, sp := range sectorGapSpans {
		out[i] = sp.sectorGap()
	}
	return out
}

func (s span) sectorGap() string { return "gap_sector_neutral_" + s.name + "_pr" }

// sectorReturns is what the sectors of one universe did: baskets of its lines,
// bought at the base in the weights of that day and held.
type sectorReturns struct {
	weight sectorWeights // at the base, of all lines; they add up to 1
	priced sectorWeights // of the lines with a price at both ends
	value  sectorWeights // what the priced weights had become at the end
	lines  [len(sectorNames)]int
	used   [len(sectorNames)]int // lines with a price at both ends
}

func (r *sectorReturns) add(sector int, weight float64, growth schemas.Opt[float64]) {
	r.weight[sector] += weight
	r.lines[sector]++
	if growth.OK {
		r.priced[sector] += weight
		r.value[sector] += weight * growth.V
		r.used[sector]++
	}
}

// sectorGap is a sector-neutral gap and what it stands on.
type sectorGap struct {
	value    float64 // meaningless where coverage is 0
	coverage float64 // share of the large whose sector is known and has prices on both sides
	used     int     // lines of both universes
	excluded int
	leftOut  []string // sectors of the large of which one side has no prices
}

// sectorNeutral is the sum over sectors of w_L (R_S - R_L): what the small
// would have gained on the large with the large's sectors. A sector that has
// no return on one side is left out, and the weights of the others are scaled
// to 1: it does not count as a gap of zero. Lines without a sector are a
// bucket like any other, but do not count as covered.
func sectorNeutral(small, large *sectorReturns) sectorGap {
	var g sectorGap
	var total, weight float64
	for k, w := range large.weight {
		g.excluded += small.lines[k] + large.lines[k]
		if small.priced[k] <= 0 || large.priced[k] <= 0 {
			if w > 0 {
				g.leftOut = append(g.leftOut, sectorNames[k])
			}
			continue
		}
		total += w * (small.value[k]/small.priced[k] - large.value[k]/large.priced[k])
		weight += w
		used := small.used[k] + large.used[k]
		g.used, g.excluded = g.used+used, g.excluded-used
		if k != sectorUnknown {
			g.coverage += w * min(small.priced[k]/small.weight[k], large.priced[k]/large.weight[k])
		}
	}
	if weight > 0 {
		g.value = total / weight
	}
	g.coverage = max(min(g.coverage, 1-small.weight[sectorUnknown]), 0)
	return g
}

// gapSide is one universe of a pair: its prices, and its files by sector.
type gapSide struct {
	in     *Inputs // from this universe's point of view
	panel  *Panel
	listed map[string]int // sectors, by security
	first  int            // session from which on there are both prices and a file

	// The basket at hand, and the sectors of its lines by security.
	base    schemas.Date
	basket  weighting
	buckets []int
	scheme  string
}

func newGapSide(in *Inputs, p *Panel) *gapSide {
	s := &gapSide{in: in, panel: p, first: p.priced, base: schemas.NoDate}
	s.listed = listedSectors(in, p.identity)
	n := len(p.Sessions)
	for i := range p.Securities {
		for k := range s.first {
			if p.cells[i*n+k]&cellPrinted != 0 {
				s.first = k
				break
			}
		}
	}
	if file, _, ok := p.book.sessions(); ok {
		s.first = max(s.first, p.from(file))
	}
	return s
}

// buy takes the basket of the base day: the lines of the newest file, in their
// weights at that day's close.
func (s *gapSide) buy(base schemas.Date) schemas.Status {
	at, ok := s.panel.session(base)
	if !ok || at < s.first {
		return schemas.InsufficientHistory
	}
	if s.base == base {
		return s.status()
	}
	was, fund := s.basket.asOf, s.basket.fund
	s.base, s.basket = base, s.panel.weightsOn(s.in, at)
	if w := &s.basket; w.status.HasValue() && (s.buckets == nil || w.asOf != was || w.fund != fund) {
		s.scheme = sectorScheme(w.asOf)
		s.buckets = s.bucketsOf(s.panel.book.file(w.fund, w.asOf))
	}
	return s.status()
}

// bucketsOf returns the sectors of the panel's securities: by what the file says
// of those in it, and by the list of constituents.
func (s *gapSide) bucketsOf(file *portfolio) []int {
	out := make([]int, len(s.panel.Securities))
	for i, security := range s.panel.Securities {
		k, ok := s.listed[security]
		if !ok {
			k = sectorUnknown
		}
		out[i] = k
	}
	for i, security := range file.index {
		out[security] = s.panel.book.sectorOf(file, i, s.listed)
	}
	return out
}

func (s *gapSide) status() schemas.Status {
	if s.basket.status.HasValue() && math.Abs(s.basket.residual) > maxResidual {
		return schemas.BadInput
	}
	return s.basket.status
}

// returns tells what the basket's sectors did until the end day; ok is false
// where no prices of that day have been published.
func (s *gapSide) returns(end schemas.Date) (r sectorReturns, ok bool) {
	p := s.panel
	from, _ := p.session(s.base)
	to, ok := p.session(end)
	if !ok || to >= p.priced {
		return r, false
	}
	n := len(p.Sessions)
	for k, line := range s.basket.lines {
		then, now := int(line)*n+from, int(line)*n+to
		growth := schemas.None[float64]()
		if p.cells[then]&cellPriced != 0 && p.cells[now]&cellPriced != 0 {
			growth = schemas.Some(p.close[now] / p.close[then])
		}
		r.add(s.buckets[line], s.basket.weights[k], growth)
	}
	return r, true
}

func (s *gapSide) detail() string { return s.basket.detail + " scheme=" + s.scheme }

// computeSectorGaps gives the sector-neutral gaps of a pair on every session
// on which one of the two has prices.
func computeSectorGaps(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	if in.Universe.Against == "" || p.identity == nil {
		return nil, nil
	}
	other := in.otherSide()
	q := NewPanel(other)
	// What is wrong with a list that both sides read has been found once.
	found := slices.DeleteFunc(slices.Clone(q.Findings), func(f Finding) bool { return slices.Contains(p.Findings, f) })

	from, to := schemas.MaxLongDate, schemas.MinLongDate
	for _, side := range []*Panel{p, q} {
		if side.priced > 0 {
			from, to = min(from, side.Sessions[0]), max(to, side.Sessions[side.priced-1]+1)
		}
	}
	if from >= to {
		return nil, found
	}
	small, large := newGapSide(in, p), newGapSide(other, q)
	days := in.Calendar.Sessions(max(from, in.factsFrom()), min(to, in.Window.To))
	facts := make([]schemas.Fact, 0, len(days)*len(sectorGapSpans))
	for _, sp := range sectorGapSpans {
		for _, d := range days {
			facts = append(facts, sectorGapOn(in, sp, d, small, large))
		}
	}
	return facts, found
}

func sectorGapOn(in *Inputs, sp span, d schemas.Date, small, large *gapSide) schemas.Fact {
	f := schemas.Fact{Metric: sp.sectorGap(), Session: d, Basis: "split_adj", KnownAt: in.Calendar.Close(d)}
	base := in.Calendar.PrevSession(sp.base(d) + 1)
	f.Detail = "base=" + base.String()
	for _, side := range []*gapSide{small, large} {
		if f.Status = side.buy(base); f.Status != schemas.StatusOK {
			return f
		}
		f.Detail += "; " + side.detail()
		if side.basket.knownAt.After(f.KnownAt) {
			f.KnownAt = side.basket.knownAt
		}
		if basis := side.panel.Basis; basis != f.Basis {
			f.Status = schemas.BadInput
			f.Detail += fmt.Sprintf("; the prices of %s are %s, which is no price return", side.in.Universe.ID, basis)
			return f
		}
	}
	a, okA := small.returns(d)
	b, okB := large.returns(d)
	if !okA || !okB {
		f.Status = schemas.StaleInput
		return f
	}
	g := sectorNeutral(&a, &b)
	f.Members, f.Excluded, f.Coverage = int64(g.used), int64(g.excluded), schemas.Some(g.coverage)
	if len(g.leftOut) > 0 {
		f.Detail += "; left out: " + strings.Join(g.leftOut, ", ")
	}
	if f.Status = statusOf(g.coverage); f.Status.HasValue() {
		f.Value = schemas.Some(g.value)
	}
	return f
}
