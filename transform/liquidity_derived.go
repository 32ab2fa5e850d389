package transform

import (
	"fmt"
	"slices"
	"time"

	"tidemark/schemas"
)

// netLiquidity is total assets less Treasury cash less overnight reverse
// repos: a heuristic of market commentators, not a concept of the Federal
// Reserve. All legs are in USD mn.
func netLiquidity(v []float64) (float64, schemas.Status) { return v[0] - v[1] - v[2], schemas.StatusOK }

// netLiquidityWeekly takes all three as of the same Wednesday. The reverse
// repos are those of the statement with others than foreign official accounts
// or, where the statement has none, the day's operation.
func netLiquidityWeekly(assets, tga, onRRPWednesday, onRRPDaily readings) readings {
	rrp := newReadings()
	for _, d := range assets.days {
		x, have := onRRPWednesday.at[d]
		if daily, haveDaily := onRRPDaily.at[d]; haveDaily && (!have || x.status == schemas.NotPublished) {
			x, have = daily, true
		}
		if !have && len(rrp.days) == 0 {
			continue // before the first reverse repo figure there is no gap to report
		}
		if !have {
			x = reading{status: schemas.NotPublished, basis: "h41", known: assets.at[d].known, inputs: 1}
		}
		rrp.put(d, x)
	}
	return combine(netLiquidity, assets, tga, rrp)
}

// assetsCarried is for how many days a Wednesday's total assets stand for the
// days after it: until the release after next, so that one missing release
// leaves a figure that says how old it is.
const assetsCarried = 13

// netLiquidityDaily carries total assets from the last Wednesday. That hides
// what repo operations add in between.
func netLiquidityDaily(assets, tga, onRRP readings) readings {
	carried := newReadings()
	i := -1
	for _, d := range tga.days {
		for i+1 < len(assets.days) && assets.days[i+1] <= d {
			i++
		}
		j := i
		for j >= 0 && assets.at[assets.days[j]].status == schemas.NotPublished {
			j--
		}
		if j < 0 {
			continue
		}
		from := assets.days[j]
		x := assets.at[from]
		x.detail = fmt.Sprintf("assets_of=%s; stale_days=%d", from, d-from)
		if d-from > assetsCarried {
			x.status = schemas.StaleInput
		}
		carried.put(d, x)
	}
	return combine(netLiquidity, carried, tga, onRRP)
}

// changeOver is the change over n releases: releases are counted, not days, so
// a missing one does not shift the rest.
func changeOver(r readings, n int) readings {
	out := newReadings()
	var past []schemas.Date
	for _, d := range r.days {
		x := r.at[d]
		if x.status != schemas.StatusOK {
			out.put(d, x)
			continue
		}
		past = append(past, d)
		if k := len(past) - 1 - n; k < 0 {
			x.status = schemas.InsufficientHistory
		} else {
			before := r.at[past[k]]
			x.value -= before.value
			x.basis = joinBasis(before.basis, x.basis)
			x.inputs = 2
		}
		x.detail = ""
		out.put(d, x)
	}
	return out
}

// zOver is the distance from the mean of the last n releases, this one
// included, in sample standard deviations; it needs at least least of them.
func zOver(r readings, n, least int) readings {
	out := newReadings()
	var past []float64
	for _, d := range r.days {
		x := r.at[d]
		if x.status != schemas.StatusOK {
			out.put(d, x)
			continue
		}
		past = append(past, x.value)
		window := past[max(0, len(past)-n):]
		x.detail, x.inputs = "", int64(len(window))
		if len(window) < least {
			x.status = schemas.InsufficientHistory
		} else {
			x.value, x.status = zScore(window)
		}
		out.put(d, x)
	}
	return out
}

// weekAverage returns what the H.4.1 calls the week average of a daily balance
// of the repo market: the mean over the seven calendar days that end on a
// Wednesday, closed days carrying the last balance. Days before from are not
// used.
func (p *published) weekAverage(daily readings, from schemas.Date) readings {
	out := newReadings()
	first, last, ok := daily.span()
	if !ok {
		return out
	}
	open := func(d schemas.Date) schemas.Date { return p.calendar.PrevSecuredDay(d + 1) } // d, or the last open day before it
	w := max(first, from)
	w = w.AddDays((int(time.Wednesday) - int(w.Weekday()) + 7) % 7)
	for ; open(w) <= last; w += 7 {
		if open(w-6) < max(first, from) {
			continue
		}
		// A Wednesday without operations still has to pass.
		x := reading{status: schemas.StatusOK, known: p.calendar.OperationKnown(w, "")}
		var sum float64
		for d := w - 6; d <= w; d++ {
			leg, have := daily.at[open(d)]
			if !have {
				leg = reading{status: schemas.NotPublished, basis: "nyfed", known: p.calendar.OperationKnown(open(d), "")}
			}
			x.merge(leg)
			sum += leg.value
		}
		x.value, x.detail, x.inputs = sum/7, "", 7
		out.put(w, x)
	}
	return out
}

// gdp returns nominal GDP at an annual rate, in USD mn, by the first day of
// its quarter.
func (p *published) gdp() readings { return p.read("fred/GDP", dollars, p.calendar.GDPKnown) }

// reservesToGDP divides by the newest quarter that was public when the
// reserves were. GDP is at an annual rate already.
func reservesToGDP(reserves, gdp readings) readings {
	asOf := newReadings()
	for _, d := range reserves.days {
		for _, q := range slices.Backward(gdp.days) {
			x := gdp.at[q]
			if x.status != schemas.StatusOK || x.known.After(reserves.at[d].known) {
				continue
			}
			x.detail = "gdp_of=" + q.String()
			// A quarter's figure is replaced by the next within about
			// four months of its publication.
			if d-q > 365 {
				x.status = schemas.StaleInput
			}
			asOf.put(d, x)
			break
		}
	}
	return combine(ratio, reserves, asOf)
}

// bankAssets returns the total assets of commercial banks of the H.8, in USD
// mn.
func (p *published) bankAssets() readings {
	return p.read("fred/TLAACBW027SBOG", dollars, func(d schemas.Date) time.Time { return p.calendar.H8Known(d) })
}

func ratio(v []float64) (float64, schemas.Status) {
	if v[1] == 0 {
		return 0, schemas.ZeroDenominator
	}
	return v[0] / v[1], schemas.StatusOK
}
