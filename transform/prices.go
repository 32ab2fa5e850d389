package transform

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

// maxPrice, USD per share, is beyond anything that trades.
const maxPrice = 1e10

// barRun is a stretch of bars of one publisher's symbol, and the security it
// belongs to.
type barRun struct {
	security int
	rank     int    // of the publisher in the order of preference
	symbol   string // canonical spelling
	at       int    // in Inputs.Bars
	bars     schemas.BarSeries
}

// setPrices fills the panel's prices: each cell from the most preferred
// publisher that has it, on the share basis of the newest session.
func (p *Panel) setPrices(in *Inputs) {
	p.cells = make([]cell, len(p.Securities)*len(p.Sessions))
	p.close = make([]float64, len(p.cells))
	p.high = make([]float64, len(p.cells))
	p.low = make([]float64, len(p.cells))
	p.volume = make([]float64, len(p.cells))
	runs := p.runs(in)
	actions, found := p.actionsBySecurity(in)
	p.findings(found)
	p.actions = actions
	p.asTraded, p.exSteps = make([][]float64, len(p.Securities)), make([][]exStep, len(p.Securities))
	type share struct{ lo, hi int }
	of := make([]share, len(p.Securities))
	for lo := 0; lo < len(runs); {
		hi := lo
		for hi < len(runs) && runs[hi].security == runs[lo].security {
			hi++
		}
		of[runs[lo].security] = share{lo, hi}
		lo = hi
	}
	perSecurity := make([][]Finding, len(p.Securities))
	inBlocks(len(p.Securities), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			perSecurity[i] = p.fill(in, i, runs[of[i].lo:of[i].hi], actions[i])
		}
	})
	for _, found := range perSecurity {
		p.findings(found)
	}
	p.setBasis(in, runs)
}

// setBasis names what the prices take into account.
func (p *Panel) setBasis(in *Inputs, runs []barRun) {
	p.Basis = basisOf(runs, schemas.MaxLongDate)
	if p.Basis == "mixed" {
		p.findings([]Finding{{
			Check: "prices_basis", Severity: schemas.SeverityWarning, Date: schemas.NoDate,
			Message: "some publishers' prices take dividends into account and others' do not; counts differ on ex-dates",
		}})
	}
	if in.Kept.OK {
		p.keptBasis = basisOf(runs, in.Kept.V)
	}
}

// basisOf names what the prices up to a day take into account.
func basisOf(runs []barRun, until schemas.Date) string {
	split, dividend := false, false
	for _, r := range runs {
		switch {
		case r.bars.Sessions[0] > until:
		case r.bars.Adjustment == schemas.AdjustedSplitDividend:
			dividend = true
		default:
			split = true
		}
	}
	switch {
	case split && dividend:
		return "mixed"
	case dividend:
		return "tr_adj"
	}
	return "split_adj"
}

// fill brings the bars and actions of one security into its column.
func (p *Panel) fill(in *Inputs, security int, runs []barRun, actions []schemas.Action) []Finding {
	var findings []Finding
	lo, hi := p.column(security)
	cells := p.cells[lo:hi]
	differ, at := 0, schemas.NoDate
	rank := make([]int, 0)
	if len(runs) > 1 {
		rank = make([]int, len(cells))
	}
	for _, r := range runs {
		b := &r.bars
		for i, session := range b.Sessions {
			s, ok := p.session(session)
			if !ok || session >= in.Window.To {
				continue
			}
			if b.Known[i]&schemas.KnownVolume != 0 && b.Volume[i] == 0 {
				continue // quoted, not traded
			}
			if !(b.Close[i] > 0 && b.Close[i] < maxPrice) {
				findings = append(findings, Finding{
					Check: "prices_range", Severity: schemas.SeverityWarning, Security: p.Securities[security], Date: session,
					Message: fmt.Sprintf("%s gives a close of %g for %s, which is not used", b.Publisher, b.Close[i], b.Symbol),
				})
				continue
			}
			if cells[s]&cellPrinted != 0 {
				if rank[s] != r.rank && b.Adjustment != schemas.AdjustedNone && cells[s]&cellRaw == 0 && math.Abs(p.close[lo+s]/b.Close[i]-1) > 0.01 {
					differ, at = differ+1, session
				}
				continue
			}
			p.setCell(lo+s, b, i)
			if len(runs) > 1 {
				rank[s] = r.rank
			}
		}
	}
	if differ > 0 {
		findings = append(findings, Finding{
			Check: "prices_differ", Severity: schemas.SeverityWarning, Security: p.Securities[security], Date: at,
			Message: fmt.Sprintf("publishers' closes differ by more than 1 %% on %d sessions", differ),
		})
	}
	findings = append(findings, p.adjust(security, actions)...)
	p.carry(security)
	return findings
}

// setCell takes in bar k of b.
func (p *Panel) setCell(i int, b *schemas.BarSeries, k int) {
	c := cellPrinted
	p.close[i], p.high[i], p.low[i] = b.Close[k], b.Close[k], b.Close[k]
	const both = schemas.KnownHigh | schemas.KnownLow
	if high, low := b.High[k], b.Low[k]; b.Known[k]&both == both && low > 0 && high >= low && high < maxPrice {
		p.high[i], p.low[i] = high, low
		c |= cellRanged
	}
	if v := b.Volume[k]; b.Known[k]&schemas.KnownVolume != 0 && v > 0 && v <= math.MaxFloat64 {
		p.volume[i] = v
		c |= cellVolume
	}
	switch b.Adjustment {
	case schemas.AdjustedNone:
		c |= cellRaw
	case schemas.AdjustedSplitDividend:
		c |= cellReinvested
	}
	p.cells[i] |= c
}

// carry lets a close stand in for the next few sessions without a trade.
func (p *Panel) carry(security int) {
	lo, hi := p.column(security)
	last := -1
	for i := lo; i < min(hi, lo+p.priced); i++ {
		switch {
		case p.cells[i]&cellPrinted != 0:
			last = i
		case last >= 0 && i-last <= carryLimit:
			p.close[i], p.high[i], p.low[i] = p.close[last], p.close[last], p.close[last]
			p.cells[i] |= cellCarried | cellRanged
		}
	}
}

// runs cuts the bars into stretches of one security each, sorted by security
// and preference. Bars of securities outside the panel are left out.
func (p *Panel) runs(in *Inputs) []barRun {
	type listed struct{ publisher, symbol string }
	spans := make(map[listed]*symbolSpan, len(p.spans))
	for i, sp := range p.spans {
		if sp != nil {
			spans[listed{p.listings[i].Publisher, p.listings[i].Symbol}] = sp
		}
	}
	var out []barRun
	for at := range in.Bars {
		b := &in.Bars[at]
		span := spans[listed{b.Publisher, b.Symbol}]
		if span != nil && in.Kept.OK {
			if n, _ := slices.BinarySearch(b.Sessions, in.Kept.V+1); n > 0 {
				span.stood = max(span.stood, b.Sessions[n-1])
			}
		}
		for lo := 0; lo < b.Len() && span != nil; {
			security, until := span.at(b.Sessions[lo])
			hi := lo + 1
			for hi < b.Len() && b.Sessions[hi] < until {
				hi++
			}
			if i, ok := p.security(security); ok {
				out = append(out, barRun{i, span.rank, span.symbol, at, b.Slice(lo, hi)})
			}
			lo = hi
		}
	}
	slices.SortStableFunc(out, func(a, b barRun) int {
		newest := p.Securities[a.security] // the security's own name before its older ones
		return cmp.Or(cmp.Compare(a.security, b.security), cmp.Compare(a.rank, b.rank),
			-compareBool(a.symbol == newest, b.symbol == newest), cmp.Compare(a.symbol, b.symbol), cmp.Compare(a.at, b.at))
	})
	return out
}

// publisherRanks orders the publishers of bars: as the universe says, or by
// name where it says nothing.
func publisherRanks(in *Inputs) map[string]int {
	names := in.Universe.Prices
	if len(names) == 0 {
		for _, l := range in.listings() {
			if !slices.Contains(names, l.Publisher) {
				names = append(names, l.Publisher)
			}
		}
		slices.Sort(names)
	}
	ranks := make(map[string]int, len(names))
	for i, name := range names {
		ranks[name] = i
	}
	return ranks
}

// symbolSpan is one symbol of one publisher's prices, and which securities it
// stands for over time.
type symbolSpan struct {
	publisher, symbol string
	rank              int
	first, last       schemas.Date
	stood             schemas.Date // its newest bar up to Inputs.Kept; NoDate where none has been read
	settled           bool
	parts             []symbolPart // oldest first
}

// symbolPart says that the symbol stood for security before until.
type symbolPart struct {
	security string
	until    schemas.Date
}

// settle decides whose prices these are. A symbol that was given up in a
// rename, and goes on long after it, was taken over by another company; its
// older bars belong to the company that gave it up, unless the publisher
// carries that company's history under the new name, which shows in bars of
// the new name before the rename.
func (sp *symbolSpan) settle(id *identity, firstOf func(publisher, symbol string) schemas.Date) {
	sp.settled = true
	var taken []schemas.Rename
	sp.parts, taken = sp.partsUntil(sp.last, id, firstOf)
	for i, r := range taken {
		if security := sp.parts[i].security; security != id.resolve(sp.symbol, sp.last) {
			id.find("identity_reuse", sp.symbol, r.Date, fmt.Sprintf("the prices of %s under this symbol before the day are taken for %s, which was renamed %s",
				sp.publisher, security, r.New))
		}
	}
}

// partsUntil says whom the symbol stands for as far as bars up to a day tell,
// and after which renames it was taken over.
func (sp *symbolSpan) partsUntil(last schemas.Date, id *identity, firstOf func(publisher, symbol string) schemas.Date) (parts []symbolPart, taken []schemas.Rename) {
	for _, r := range id.renames[sp.symbol] {
		if r.Date <= sp.first || r.Date.AddDays(renameLag) > last || firstOf(sp.publisher, r.New) < r.Date {
			continue
		}
		parts, taken = append(parts, symbolPart{id.resolve(sp.symbol, r.Date-1), r.Date}), append(taken, r)
	}
	day := last
	if len(parts) == 0 {
		// Bars that go on for a few days after a rename are still the old company's.
		for _, r := range id.renames[sp.symbol] {
			if r.Date > sp.first && r.Date <= last && r.Date.AddDays(renameLag) > last {
				day = r.Date - 1
			}
		}
	}
	return append(parts, symbolPart{id.resolve(sp.symbol, day), schemas.MaxLongDate}), taken
}

// at returns the security the symbol stands for on d, and until when.
func (sp *symbolSpan) at(d schemas.Date) (string, schemas.Date) {
	for _, part := range sp.parts {
		if d < part.until {
			return part.security, part.until
		}
	}
	last := sp.parts[len(sp.parts)-1]
	return last.security, last.until
}

// missingPrices tells which members had no price on sessions that have been
// published, and which had none for a few between others.
func (p *Panel) missingPrices() []Finding {
	var out []Finding
	end := min(p.windowTo, p.priced)
	if len(p.close) == 0 || p.priced == 0 {
		return nil
	}
	for i, id := range p.Securities {
		lo, _ := p.column(i)
		member, missing, first, last := 0, 0, schemas.NoDate, schemas.NoDate
		carried, skipped, newest := 0, schemas.NoDate, p.lastPrint(lo, lo+end)-lo
		for s := p.windowFrom; s < end; s++ {
			c := p.cells[lo+s]
			if c&cellMember == 0 {
				continue
			}
			member++
			switch {
			case c&cellPriced == 0:
				missing++
				if first == schemas.NoDate {
					first = p.Sessions[s]
				}
				last = p.Sessions[s]
			case c&cellPrinted == 0 && s < newest:
				if carried++; skipped == schemas.NoDate {
					skipped = p.Sessions[s]
				}
			}
		}
		if missing > 0 {
			out = append(out, Finding{
				Check: "prices_missing", Severity: schemas.SeverityWarning, Security: id, Date: first,
				Message: fmt.Sprintf("no prices on %d of its %d sessions as a member, %s to %s", missing, member, first, last),
			})
		}
		if carried > 0 {
			out = append(out, Finding{
				Check: "prices_gap", Severity: schemas.SeverityWarning, Security: id, Date: skipped,
				Message: fmt.Sprintf("%d of its sessions between others are left out, the first on %s; the close before stands in", carried, skipped),
			})
		}
	}
	return out
}
