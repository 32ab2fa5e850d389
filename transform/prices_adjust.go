package transform

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

const (
	// largeRatio is from where on a split must show in unadjusted prices, and
	// visibleRatio from where on one that shows in adjusted prices is told.
	largeRatio   = 1.4
	visibleRatio = 1.1
	// smallRatio is from where on one is told that shows in full: a price that
	// falls by a little on the day does so by itself.
	smallRatio = 1.05
	// largeCash is the share of the price from which on a cash amount beside a
	// ratio of the same day looks like the same event booked twice.
	largeCash = 0.05
)

// actionsBySecurity resolves the actions and keeps, of several publishers' word
// on one event, that of the most preferred.
func (p *Panel) actionsBySecurity(in *Inputs) ([][]schemas.Action, []Finding) {
	ranks := publisherRanks(in)
	rank := func(a schemas.Action) int {
		if r, ok := ranks[a.Publisher]; ok {
			return r
		}
		return len(ranks)
	}
	out := p.actionsIn(in)
	var findings []Finding
	for i, as := range out {
		slices.SortFunc(as, func(a, b schemas.Action) int {
			if a.ExDate != b.ExDate {
				return cmp.Compare(a.ExDate, b.ExDate)
			}
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(rank(a), rank(b)),
				cmp.Compare(a.Publisher, b.Publisher), cmp.Compare(a.Ratio.V, b.Ratio.V), cmp.Compare(a.Amount.V, b.Amount.V))
		})
		kept := as[:0]
		for _, a := range as {
			if n := len(kept); n > 0 && kept[n-1].ExDate == a.ExDate && kept[n-1].Kind == a.Kind && kept[n-1].Publisher != a.Publisher {
				if was := kept[n-1]; was.Ratio.OK && a.Ratio.OK && math.Abs(was.Ratio.V/a.Ratio.V-1) > 0.001 {
					findings = append(findings, Finding{
						Check: "actions_differ", Severity: schemas.SeverityWarning, Security: p.Securities[i], Date: a.ExDate,
						Message: fmt.Sprintf("%s gives a ratio of %g and %s of %g; the first is taken", was.Publisher, was.Ratio.V, a.Publisher, a.Ratio.V),
					})
				}
				continue
			}
			kept = append(kept, a)
		}
		out[i] = kept
	}
	return out, findings
}

// actionsIn sorts the actions before the window's end by the security they are
// of. Whom a symbol means is asked once for each where the day does not matter.
func (p *Panel) actionsIn(in *Inputs) [][]schemas.Action {
	const nobody = -1
	of := make([]int32, len(in.Actions))
	counts := make([]int, len(p.Securities))
	last, dated, security := "", true, nobody
	for k := range in.Actions {
		a := &in.Actions[k]
		if of[k] = nobody; a.ExDate >= in.Window.To {
			continue
		}
		if dated || a.Symbol != last {
			last, dated, security = a.Symbol, len(p.identity.renames[p.identity.spell(a.Symbol)]) > 0, nobody
			if i, ok := p.security(p.identity.resolve(a.Symbol, a.ExDate)); ok {
				security = i
			}
		}
		if security != nobody {
			of[k] = int32(security)
			counts[security]++
		}
	}
	out := make([][]schemas.Action, len(p.Securities))
	for i, n := range counts {
		out[i] = make([]schemas.Action, 0, n)
	}
	for k, i := range of {
		if i != nobody {
			out[i] = append(out[i], in.Actions[k])
		}
	}
	return out
}

// exDay is what happens to a security's price at the open of one session.
type exDay struct {
	date    schemas.Date
	session int
	ratio   float64 // new shares per old share, 1 where there is no split
	cash    float64 // special dividends and spun-off value, USD per share
	regular float64 // ordinary dividends, which split-adjusted prices keep
	unknown bool    // something was spun off whose value nobody gives
}

// adjust brings prices as traded to the share basis of the newest session, and
// tells where actions and prices contradict each other. Prices that their
// publisher has adjusted stay as they are.
func (p *Panel) adjust(security int, actions []schemas.Action) []Finding {
	var findings []Finding
	lo, hi := p.column(security)
	find := func(check string, d schemas.Date, format string, args ...any) {
		findings = append(findings, Finding{
			Check: check, Severity: schemas.SeverityWarning, Security: p.Securities[security], Date: d, Message: fmt.Sprintf(format, args...),
		})
	}
	days := p.exDays(actions)
	factor := 1.0
	end := hi // cells before it are still to be adjusted
	for _, d := range slices.Backward(days) {
		at := lo + d.session
		prev, next := p.lastPrint(lo, at), p.nextPrint(at, hi)
		if prev < 0 || next < 0 {
			continue
		}
		raw := p.cells[prev]&cellRaw != 0 && p.cells[next]&cellRaw != 0
		prevClose, move := p.close[prev], p.close[next]/p.close[prev]
		if raw && next >= end {
			move /= factor // next has been adjusted already
		}
		cash := d.cash / prevClose
		if raw && d.unknown {
			find("actions_spin_off", d.date, "the value of what was spun off is not given, so the move of %+.1f %% stays in the prices", 100*(move-1))
		}
		if d.ratio != 1 && math.Max(cash, d.regular/prevClose) > largeCash {
			find("actions_twice", d.date, "a ratio of %g and %g USD in cash on one day look like one event; the ratio alone is applied", d.ratio, d.cash+d.regular)
			cash, d.regular = 0, 0
		}
		// Which is nearer, on a logarithmic scale: no jump, or the jump the ratio asks for?
		jump := math.Abs(math.Log(move*d.ratio)) < math.Abs(math.Log(move))
		size := max(d.ratio, 1/d.ratio)
		switch {
		case !raw && jump && (size >= visibleRatio || size >= smallRatio && math.Abs(math.Log(move)) >= math.Log(size)):
			find("actions_not_applied", d.date, "prices move by %+.1f %% at a ratio of %g, as if their publisher had not adjusted for it", 100*(move-1), d.ratio)
		case raw && size >= largeRatio && !jump:
			find("actions_no_jump", d.date, "unadjusted prices move by %+.1f %% at a ratio of %g, which is therefore not applied", 100*(move-1), d.ratio)
			d.ratio = 1
		}
		if cash >= 1 {
			find("actions_cash", d.date, "%g USD in cash on a price of %g USD is not applied", d.cash, prevClose)
			cash = 0
		}
		f := (1 - cash) / d.ratio
		if f != 1 || d.regular > 0 {
			p.exSteps[security] = append(p.exSteps[security], exStep{d.session, f, d.regular})
		}
		if f != 1 {
			if p.asTraded[security] == nil {
				p.asTraded[security] = slices.Clone(p.close[lo:hi])
			}
			p.scale(at, end, factor)
			end, factor = at, factor*f
		}
	}
	p.scale(lo, end, factor)
	slices.Reverse(p.exSteps[security])
	return findings
}

// scale multiplies the prices as traded in the cells [lo, hi).
func (p *Panel) scale(lo, hi int, factor float64) {
	if factor == 1 {
		return
	}
	for i := lo; i < hi; i++ {
		if p.cells[i]&cellRaw != 0 {
			p.close[i] *= factor
			p.high[i] *= factor
			p.low[i] *= factor
		}
	}
}

// exDays gathers the actions of each session within the panel.
func (p *Panel) exDays(actions []schemas.Action) []exDay {
	var out []exDay
	for _, a := range actions {
		s := p.from(a.ExDate)
		if a.ExDate <= p.firstDay || s >= len(p.Sessions) {
			continue
		}
		if n := len(out); n == 0 || out[n-1].session != s {
			out = append(out, exDay{date: a.ExDate, session: s, ratio: 1})
		}
		d := &out[len(out)-1]
		switch a.Kind {
		case schemas.ActionDividend:
			d.regular += max(a.Amount.V, 0)
		case schemas.ActionSpecial:
			d.cash += max(a.Amount.V, 0)
		case schemas.ActionSpinOff:
			switch {
			case a.Amount.OK:
				d.cash += max(a.Amount.V, 0)
			case a.Ratio.V > 1: // the value before to the value after, as when booked as a split
				d.ratio *= a.Ratio.V
			default: // shares of the new company for each old one say nothing of their value
				d.unknown = true
			}
		case schemas.ActionSplit:
			if a.Ratio.V > 0 {
				d.ratio *= a.Ratio.V
			}
		}
	}
	return out
}

func (p *Panel) lastPrint(lo, before int) int {
	for i := before - 1; i >= lo; i-- {
		if p.cells[i]&cellPrinted != 0 {
			return i
		}
	}
	return -1
}

func (p *Panel) nextPrint(from, hi int) int {
	for i := from; i < hi; i++ {
		if p.cells[i]&cellPrinted != 0 {
			return i
		}
	}
	return -1
}
