package transform

import (
	"slices"

	"tidemark/schemas"
)

var allocationFamilies = []Family{
	{Name: "allocation", Dataset: schemas.Allocation.String(), Metrics: portfolioIDs(), Compute: portfolioFacts},
	{Name: "stocks_and_bonds", Dataset: schemas.Allocation.String(), Metrics: stockBondIDs(), Compute: stockBondFacts},
}

// Assets names what portfolios are made of: sources of total-return levels.
type Assets struct {
	Large, Small, Bonds string  // Small may be empty
	Basis               string  // index_tr, fund_tr, …
	Cash                string  // reference rate that cash earns; empty: there are no Sharpe ratios
	Cost                float64 // of a traded side, as a fraction
}

const (
	statLeast  = 12 // months
	statMonths = 36
)

// target is a mix in the order large, small, bonds, of those assets that there
// are; false where it holds another.
func target(p schemas.Portfolio, small bool) ([]float64, bool) {
	if small {
		return []float64{p.Large, p.Small, p.Bonds}, true
	}
	return []float64{p.Large, p.Bonds}, p.Small == 0
}

// assetLevels returns the levels of the assets of in, in the order large, small, bonds.
func assetLevels(in *Inputs) (levels []level, findings []Finding) {
	a := in.Universe.Assets
	for _, source := range []string{a.Large, a.Small, a.Bonds} {
		if source == "" {
			continue
		}
		l, found := levelOf(in, source, "tr", a.Basis)
		levels, findings = append(levels, l), append(findings, found...)
	}
	return levels, findings
}

// monthEnd is the last session of a month, with the levels of all assets on it.
type monthEnd struct {
	session schemas.Date
	levels  []float64 // nil where one is missing
}

// monthEnds lists the ends of the months from the first at which all assets have
// a level to the last that is over.
func monthEnds(in *Inputs, levels []level) []monthEnd {
	first, last := schemas.MinDate, schemas.NoDate
	for i := range levels {
		if len(levels[i].days) == 0 {
			return nil
		}
		first, last = max(first, levels[i].days[0]), max(last, levels[i].days[len(levels[i].days)-1])
	}
	var out []monthEnd
	for _, d := range in.Calendar.Sessions(first, last+1) {
		if in.Calendar.NextSession(d).Month() == d.Month() {
			continue
		}
		m := monthEnd{session: d}
		for i := range levels {
			if k, ok := slices.BinarySearch(levels[i].days, d); ok {
				m.levels = append(m.levels, levels[i].value[k])
			}
		}
		if len(m.levels) < len(levels) {
			m.levels = nil
		}
		if m.levels != nil || len(out) > 0 {
			out = append(out, m)
		}
	}
	return out
}

func portfolioFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	levels, findings := assetLevels(in)
	ends := monthEnds(in, levels)
	if len(ends) == 0 {
		return nil, findings
	}
	cash := newCashRates(in.Rates, in.Universe.Assets.Cash)
	var facts []schemas.Fact
	for _, p := range schemas.Portfolios {
		t, ok := target(p, in.Universe.Assets.Small != "")
		if !ok {
			continue
		}
		c := course{in: in, id: p.ID, ends: ends, cash: &cash, account: newAccount(t, rebalancings[p.Rebalancing], in.Universe.Assets.Cost)}
		facts = append(facts, c.facts()...)
	}
	return facts, findings
}

// course is the way of one portfolio.
type course struct {
	*account
	in   *Inputs
	id   string
	ends []monthEnd
	cash *cashRates

	values []schemas.Opt[float64] // at the ends; none where an asset has no level
	months []returnMonth
}

func (c *course) facts() []schemas.Fact {
	var out []schemas.Fact
	since := "since=" + c.ends[0].session.String()
	known := 0 // end of the last month with levels
	for i, e := range c.ends {
		f := factDay{session: e.session, knownAt: c.in.Calendar.Close(e.session), basis: c.in.Universe.Assets.Basis, detail: since, members: len(c.target), status: schemas.StatusOK}
		switch {
		case i == 0:
			c.values = append(c.values, schemas.Some(c.value))
			f.add("pf_nav_"+c.id, c.value)
			f.none("pf_turnover_"+c.id, schemas.InsufficientHistory)
			f.none("pf_cost_"+c.id, schemas.InsufficientHistory)
		case e.levels == nil:
			c.values, c.months = append(c.values, schemas.None[float64]()), append(c.months, returnMonth{})
			for _, what := range []string{"pf_nav_", "pf_turnover_", "pf_cost_"} {
				f.none(what+c.id, schemas.NotPublished)
			}
		default:
			c.month(&f, c.ends[known], e, known == i-1)
			known = i
		}
		for _, w := range schemas.StatWindows {
			c.stats(&f, w)
		}
		if c.in.Window.Contains(e.session) {
			out = append(out, f.facts...)
		}
	}
	return out
}

// month takes the portfolio on from one end of a month to another; alone says
// that there is none between them.
func (c *course) month(f *factDay, from, to monthEnd, alone bool) {
	returns := make([]float64, len(to.levels))
	for k, v := range to.levels {
		returns[k] = v/from.levels[k] - 1
	}
	before := c.value
	traded := c.step(returns, to.session.Month()%3 == 0)
	c.values = append(c.values, schemas.Some(c.value))
	c.months = append(c.months, returnMonth{ret: c.value/before - 1, ok: alone, cash: c.cash.over(from.session, to.session), turnover: traded.turnover})
	f.add("pf_nav_"+c.id, c.value)
	f.add("pf_turnover_"+c.id, traded.turnover)
	f.add("pf_cost_"+c.id, traded.cost)
}

// statIDs are the metrics of one window of a portfolio.
func statIDs(w, id string) []string {
	var out []string
	for _, what := range []string{"cagr", "vol", "sharpe", "mdd", "worst_month", "turnover_pa"} {
		out = append(out, "pf_"+what+"_"+w+"_"+id)
	}
	return out
}

func (c *course) stats(f *factDay, w string) {
	ids, n := statIDs(w, c.id), len(c.months)
	needed := statLeast
	if w != "full" {
		needed = statMonths
		n = min(n, statMonths)
	}
	values, months := c.values[len(c.values)-1-n:], c.months[len(c.months)-n:]
	whole := 0
	for _, m := range months {
		if m.ok {
			whole++
		}
	}
	switch {
	case !values[n].OK || !values[0].OK:
		f.noneOf(ids, schemas.NotPublished)
		return
	case n < needed || whole < statLeast:
		f.noneOf(ids, schemas.InsufficientHistory)
		return
	}
	s := fare(values, months, needed)
	for i, v := range []float64{s.cagr, s.vol, s.sharpe, s.drawdown, s.worst, s.turnover} {
		if i == 2 && !s.sharpeStatus.HasValue() {
			f.none(ids[i], s.sharpeStatus)
			continue
		}
		f.add(ids[i], v)
	}
}

func portfolioIDs() []string {
	var out []string
	for _, p := range schemas.Portfolios {
		out = append(out, "pf_nav_"+p.ID, "pf_turnover_"+p.ID, "pf_cost_"+p.ID)
		for _, w := range schemas.StatWindows {
			out = append(out, statIDs(w, p.ID)...)
		}
	}
	return out
}
