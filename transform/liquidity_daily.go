package transform

import (
	"cmp"
	"slices"
	"time"

	"tidemark/schemas"
)

// onRRPStart is the first day of the overnight reverse repo facility. Reverse
// repos before it were tests with primary dealers.
var onRRPStart = schemas.NewDate(2013, time.September, 23)

// standingRepoStart is the first day of the standing repo facility, from which
// on repo operations are run every business day.
var standingRepoStart = schemas.NewDate(2021, time.July, 29)

// operationUsage is the take-up in USD mn below which an operation counts as a
// test of the plumbing.
const operationUsage = 100.0

// fedDays returns a reading for each Federal Reserve business day from the
// first to the last of r. On a day without a reading nothing was published.
func (p *published) fedDays(r readings, basis string, known func(schemas.Date) time.Time) readings {
	first, last, ok := r.span()
	if !ok {
		return r
	}
	return r.onGrid(p.calendar.FedDays(first, last+1), func(d schemas.Date) reading {
		return reading{status: schemas.NotPublished, basis: basis, known: known(d), inputs: 1}
	})
}

// repoDays is fedDays for what the repo market gives.
func (p *published) repoDays(r readings, known func(schemas.Date) time.Time) readings {
	first, last, ok := r.span()
	if !ok {
		return r
	}
	return r.onGrid(p.calendar.FedDays(first, last+1), func(d schemas.Date) reading { return p.noRepo(d, known(d)) })
}

// noRepo is the reading of a business day without a figure from the repo
// market: a day on which that market is closed is no gap.
func (p *published) noRepo(d schemas.Date, known time.Time) reading {
	x := reading{status: schemas.NotPublished, basis: "nyfed", known: known, inputs: 1}
	if p.calendar.IsSIFMAClose(d) {
		x.status = schemas.MarketClosed
	}
	return x
}

// operationResults returns one line of each operation with results, by day
// and closing time.
func operationResults(in *Inputs) []schemas.Operation {
	var out []schemas.Operation
	for _, o := range in.Operations {
		if o.Line == 0 && o.TotalAccepted.OK && o.Status == "Results" {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b schemas.Operation) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.CloseTime, b.CloseTime), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// overnightReverseRepo returns, day by day, the operation of the overnight
// reverse repo facility: the overnight one that closes last. Small-value
// exercises close earlier; term operations run beyond the next day on which
// the repo market is open.
func (p *published) overnightReverseRepo(results []schemas.Operation) map[schemas.Date]schemas.Operation {
	out := make(map[schemas.Date]schemas.Operation)
	for _, o := range results {
		overnight := o.Term == "Overnight" || o.Settlement != schemas.NoDate && o.Maturity == p.calendar.NextSecuredDay(o.Settlement)
		if o.Type == schemas.OperationReverseRepo && overnight && o.Date >= onRRPStart {
			out[o.Date] = o
		}
	}
	return out
}

// onRRPDaily returns the take-up of the overnight reverse repo facility in
// USD mn, from the operations or, where there are none, FRED's copy.
func (p *published) onRRPDaily(overnight map[schemas.Date]schemas.Operation) readings {
	out := newReadings()
	for d, o := range overnight {
		x := reading{
			value: float64(o.TotalAccepted.V) / 1e6, status: schemas.StatusOK, basis: "nyfed",
			known: p.calendar.OperationKnown(d, o.CloseTime), inputs: 1,
		}
		if x.value < 0 {
			x.status = schemas.BadInput
		}
		out.put(d, x)
	}
	const closing = "13:15"
	known := func(d schemas.Date) time.Time { return p.calendar.OperationKnown(d, closing) }
	fred := p.read("fred/RRPONTSYD", dollars, known)
	out.sort()
	p.agree("sources_agree", "the reverse repo operation", "FRED's RRPONTSYD", out, fred, roundingMillions)
	for _, d := range fred.days {
		_, have := out.at[d]
		if _, ok := fred.value(d); ok && !have && p.calendar.IsFedDay(d) && d >= onRRPStart {
			out.put(d, fred.at[d])
		}
	}
	out.sort()
	return p.repoDays(out, known)
}

// repoDaily returns the take-up of the day's repo operations together, in
// USD mn. Before the standing facility days without an operation are no gap.
func (p *published) repoDaily(results []schemas.Operation) readings {
	out := newReadings()
	for _, o := range results {
		if o.Type != schemas.OperationRepo {
			continue
		}
		x := out.at[o.Date]
		x.merge(reading{status: schemas.StatusOK, basis: "nyfed", known: p.calendar.OperationKnown(o.Date, o.CloseTime), inputs: 1})
		x.status = schemas.StatusOK
		x.value += float64(o.TotalAccepted.V) / 1e6
		out.put(o.Date, x)
	}
	for d, x := range out.at {
		if x.value > 0 && x.value < operationUsage {
			x.detail = "below 0.1 bn: not usage"
			out.at[d] = x
		}
	}
	out.sort()
	if len(out.days) == 0 {
		return out
	}
	first, last := out.days[0], out.days[len(out.days)-1]
	for _, d := range p.calendar.FedDays(max(first, standingRepoStart), last) {
		if _, have := out.at[d]; !have {
			out.put(d, p.noRepo(d, p.calendar.OperationKnown(d, "13:45")))
		}
	}
	out.sort()
	return out
}

// tgaDaily returns the Treasury's closing balance at the Federal Reserve in
// USD mn.
func (p *published) tgaDaily(in *Inputs) readings {
	out := newReadings()
	for _, b := range in.Cash {
		closing, ok := b.Closing()
		if !ok {
			continue
		}
		x := reading{value: float64(closing), status: schemas.StatusOK, basis: "dts", known: p.calendar.DTSKnown(b.Date), inputs: 1}
		switch have, twice := out.at[b.Date]; {
		case closing < 0:
			x.status = schemas.BadInput
			p.find("sign", schemas.SeverityWarning, b.Date, "Treasury cash of %d mn cannot be negative", closing)
		case twice && have.value != x.value:
			x.status = schemas.BadInput
			p.find("one_row", schemas.SeverityWarning, b.Date, "two closing balances of Treasury cash: %g and %g mn", have.value, x.value)
		}
		out.put(b.Date, x)
	}
	out.sort()
	return p.fedDays(out, "dts", p.calendar.DTSKnown)
}
