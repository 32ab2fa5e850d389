package transform

import (
	"tidemark/schemas"
	"tidemark/transform/ranking"
)

var valuationFamilies = []Family{{
	Name: "valuation", Dataset: schemas.Valuation.String(), Metrics: valuationIDs, Daily: true, Compute: valuationFacts,
}}

var valuationIDs = []string{"pe_agg", "ey_agg", "pe_exneg", "pe_median", "loss_cap_share"}

// valued is a company of an index: its weight, and its earnings over its market
// value.
type valued struct{ weight, yield float64 }

// valuation is what the companies of an index cost, by the weights of those
// whose earnings are known.
type valuation struct {
	yield     float64 // sum of earnings over sum of market values
	exLosses  schemas.Opt[float64]
	median    schemas.Opt[float64]
	lossShare float64
}

// valuationOf is the valuation of companies, of which there is one: by weights
// that are shares of market value, sum E / sum cap is sum w E/cap.
func valuationOf(companies []valued) valuation {
	var v valuation
	total, earning, earned := 0.0, 0.0, 0.0
	each := make([]float64, 0, len(companies))
	for _, c := range companies {
		total += c.weight
		v.yield += c.weight * c.yield
		if c.yield > 0 {
			earning += c.weight
			earned += c.weight * c.yield
			each = append(each, 1/c.yield)
		} else {
			v.lossShare += c.weight
		}
	}
	v.yield /= total
	v.lossShare /= total
	v.exLosses = divide(earning, earned)
	if len(each) > 0 {
		ranking.Ascending(each)
		v.median = schemas.Some(ranking.Quantile(each, 0.5))
	}
	return v
}

func valuationFacts(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	first, _, ok := p.book.sessions()
	if !ok {
		return nil, nil
	}
	p.setFullCaps(in)
	book := newEarningsBook(in, p)
	return p.sessionsSince(first, func(s int) []schemas.Fact { return p.valuationOn(in, book, s) }), nil
}

func (p *Panel) valuationOn(in *Inputs, book earningsBook, s int) []schemas.Fact {
	w := p.weightsOn(in, s)
	f := factDay{session: p.Sessions[s], knownAt: w.knownAt, basis: w.basis, detail: w.detail, excluded: w.excluded, status: w.status}
	if !w.status.HasValue() {
		f.noneOf(valuationIDs, w.status)
		return f.facts
	}
	companies, covered := p.valued(&w, book, s)
	f.members, f.excluded, f.coverage = len(companies), w.excluded+p.issuers.count(w.lines)-len(companies), schemas.Some(min(covered, w.coverage))
	f.status = statusOf(f.coverage.V)
	if len(companies) == 0 {
		f.coverage = schemas.None[float64]()
		f.noneOf(valuationIDs, schemas.NotPublished)
		return f.facts
	}
	if !f.status.HasValue() {
		f.noneOf(valuationIDs, f.status)
		return f.facts
	}
	v := valuationOf(companies)
	f.add("ey_agg", v.yield)
	f.add("loss_cap_share", v.lossShare)
	if v.yield > 0 {
		f.add("pe_agg", 1/v.yield)
	} else {
		f.note(true, "earnings are not above 0", func() { f.none("pe_agg", schemas.ZeroDenominator) })
	}
	f.ofEarners("pe_exneg", v.exLosses)
	f.ofEarners("pe_median", v.median)
	return f.facts
}

// ofEarners gives a figure of companies that earn something, of which there may
// be none.
func (f *factDay) ofEarners(metric string, v schemas.Opt[float64]) {
	if v.OK {
		f.add(metric, v.V)
		return
	}
	f.none(metric, schemas.NoMembers)
}

// valued lists the companies whose market value, of all their lines in the
// index, and trailing earnings are known on session s, and which share of the
// weight they are.
func (p *Panel) valued(w *weighting, book earningsBook, s int) ([]valued, float64) {
	type company struct {
		weight, value float64
		whole         bool
		earned        trailingYear
		known         bool
	}
	file := p.book.file(w.fund, w.asOf)
	if file == nil || file.fullCap == nil {
		return nil, 0
	}
	day, base := p.Sessions[s], p.from(w.asOf+1)-1
	at := make([]int32, len(p.issuers.ids)) // place in all, from 1
	all := make([]company, 0, len(w.lines))
	places := file.placesOf(w.lines)
	for k, line := range w.lines {
		place := &at[p.issuers.of[line]]
		if *place == 0 {
			c := company{whole: true}
			c.earned, c.known = book.byIssuer[p.issuers.of[line]].on(day)
			all = append(all, c)
			*place = int32(len(all))
		}
		c := &all[*place-1]
		c.weight += w.weights[k]
		value := p.valueOn(file.fullCap[places[k]], int(line), base, s, w.basis == "file")
		c.whole = c.whole && value > 0
		c.value += value
		if e, ok := book.bySecurity[line].on(day); ok && (!c.known || e.until > c.earned.until) {
			c.earned, c.known = e, true
		}
	}
	covered := 0.0
	out := make([]valued, 0, len(all))
	for i := range all {
		c := &all[i]
		if c.whole && c.known {
			out = append(out, valued{c.weight, c.earned.income / c.value})
			covered += c.weight
		}
	}
	return out, min(covered, 1)
}

// valueOn is the full market value of a line on session s, USD, of what it was on
// the day of the file, whose session is base; 0 where it is not known.
func (p *Panel) valueOn(then float64, line, base, s int, today bool) float64 {
	lo, _ := p.column(line)
	switch {
	case then <= 0:
		return 0
	case today:
		return then
	case base < 0 || p.cells[lo+base]&cellPriced == 0 || p.cells[lo+s]&cellPriced == 0:
		return 0
	}
	return then * p.priceGrowth(line, base, s)
}
