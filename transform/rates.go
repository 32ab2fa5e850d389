package transform

import (
	"math"
	"slices"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform/ranking"
)

// rates holds the money-market rates in percent, by business day of the
// Federal Reserve.
type rates struct {
	sofr, effr, iorb, onRRP readings
	lower, upper            readings // target range
	p1, p25, p75, p99       readings // of SOFR
	volume                  readings // of SOFR, USD bn
}

// iorbStart is the day on which interest on reserve balances replaced the two
// rates before it; earlier days take the rate on excess reserves.
var iorbStart = schemas.NewDate(2021, time.July, 29)

func (p *published) rates(in *Inputs, overnight map[schemas.Date]schemas.Operation) rates {
	field := func(name, fred string, ref func(*schemas.Rate) schemas.Opt[float64]) readings {
		return p.referenceRate(in.Rates, name, fred, ref)
	}
	ofSOFR := func(ref func(*schemas.Rate) schemas.Opt[float64]) readings { return field("SOFR", "", ref) }
	return rates{
		sofr:   field("SOFR", "SOFR", func(r *schemas.Rate) schemas.Opt[float64] { return r.Percent }),
		effr:   field("EFFR", "EFFR", func(r *schemas.Rate) schemas.Opt[float64] { return r.Percent }),
		p1:     ofSOFR(func(r *schemas.Rate) schemas.Opt[float64] { return r.P1 }),
		p25:    ofSOFR(func(r *schemas.Rate) schemas.Opt[float64] { return r.P25 }),
		p75:    ofSOFR(func(r *schemas.Rate) schemas.Opt[float64] { return r.P75 }),
		p99:    ofSOFR(func(r *schemas.Rate) schemas.Opt[float64] { return r.P99 }),
		volume: ofSOFR(func(r *schemas.Rate) schemas.Opt[float64] { return r.Volume }),
		lower:  p.target(in.Rates, "DFEDTARL", func(r *schemas.Rate) schemas.Opt[float64] { return r.TargetFrom }),
		upper:  p.target(in.Rates, "DFEDTARU", func(r *schemas.Rate) schemas.Opt[float64] { return r.TargetTo }),
		iorb:   p.iorb(),
		onRRP:  p.onRRPRate(in, overnight),
	}
}

// referenceRate returns one field of a reference rate. FRED's copy of the rate
// fills the days that the New York Fed's own answer does not reach.
func (p *published) referenceRate(rows []schemas.Rate, name, fred string, ref func(*schemas.Rate) schemas.Opt[float64]) readings {
	secured := name == "SOFR"
	known := func(d schemas.Date) time.Time { return p.calendar.RateKnown(d, secured) }
	out := newReadings()
	for i := range rows {
		r := &rows[i]
		v := ref(r)
		if r.Name != name || !v.OK {
			continue
		}
		x := reading{value: v.V, status: schemas.StatusOK, basis: "nyfed", known: known(r.Date), inputs: 1}
		if r.Revised {
			x.known, x.detail = p.calendar.RateCorrected(r.Date, secured), "revised"
		}
		if r.Footnote != "" {
			x.detail = joinDetail(x.detail, "footnote="+r.Footnote)
		}
		out.put(r.Date, x)
	}
	if fred != "" {
		out.sort()
		p.agree("sources_agree", "the New York Fed's "+name, "FRED's "+fred, out, p.read("fred/"+fred, percent, known), roundingPercent)
		p.fillFromFRED(&out, fred, known)
	}
	out.sort()
	if secured {
		return p.repoDays(out, known)
	}
	return p.fedDays(out, "nyfed", known)
}

// fillFromFRED adds the values of a series at FRED, in percent, for business
// days that r lacks.
func (p *published) fillFromFRED(r *readings, id string, known func(schemas.Date) time.Time) {
	copied := p.read("fred/"+id, percent, known)
	for _, d := range copied.days {
		if _, have := r.at[d]; have || !p.calendar.IsFedDay(d) {
			continue
		}
		if _, ok := copied.value(d); ok {
			r.put(d, copied.at[d])
		}
	}
}

// administered fills the business days between the first and the last value of
// a rate that the Federal Reserve sets. Such a rate is public on the morning
// of the day it applies to, if not before.
func (p *published) administered(r readings) readings {
	r.sort()
	return p.fedDays(r, "fred", p.calendar.SetRateKnown)
}

func (p *published) target(rows []schemas.Rate, fred string, ref func(*schemas.Rate) schemas.Opt[float64]) readings {
	out := newReadings()
	for i := range rows {
		r := &rows[i]
		// Before December 2008 the target was one number, not a range.
		if v := ref(r); r.Name == "EFFR" && v.OK && r.TargetTo.OK {
			out.put(r.Date, reading{value: v.V, status: schemas.StatusOK, basis: "nyfed", known: p.calendar.SetRateKnown(r.Date), inputs: 1})
		}
	}
	p.fillFromFRED(&out, fred, p.calendar.SetRateKnown)
	return p.administered(out)
}

func (p *published) iorb() readings {
	out := newReadings()
	p.fillFromFRED(&out, "IORB", p.calendar.SetRateKnown)
	before := newReadings()
	p.fillFromFRED(&before, "IOER", p.calendar.SetRateKnown)
	for _, d := range before.days {
		if x := before.at[d]; d < iorbStart {
			x.detail = "interest on excess reserves"
			out.put(d, x)
		}
	}
	return p.administered(out)
}

// onRRPRate returns the rate at which overnight reverse repos were awarded, or
// offered where nothing was.
func (p *published) onRRPRate(in *Inputs, overnight map[schemas.Date]schemas.Operation) readings {
	out := newReadings()
	for i := range in.Operations {
		o := &in.Operations[i]
		chosen, ok := overnight[o.Date]
		if !ok || o.ID != chosen.ID {
			continue
		}
		rate := o.AwardRate
		if !rate.OK {
			rate = o.OfferingRate
		}
		if _, have := out.at[o.Date]; !rate.OK || have {
			continue
		}
		out.put(o.Date, reading{
			value: rate.V, status: schemas.StatusOK, basis: "nyfed", known: p.calendar.OperationKnown(o.Date, o.CloseTime), inputs: 1,
		})
	}
	p.fillFromFRED(&out, "RRPONTSYAWARD", p.calendar.SetRateKnown)
	return p.administered(out)
}

// basisPoints is a - b for rates in percent. Rates are published as decimals;
// counted in millionths of a percent they subtract without a remainder of
// binary fractions.
func basisPoints(v []float64) (float64, schemas.Status) {
	const millionths = 1e6
	return (math.Round(v[0]*millionths) - math.Round(v[1]*millionths)) / (millionths / 100), schemas.StatusOK
}

// abnormalWindow is how many past observations a spread is held against, and
// abnormalQuantile the quantile of them that it has to exceed.
const (
	abnormalWindow   = 252
	abnormalQuantile = 0.95
)

// abnormalDays says, as 1 or 0, whether a spread is above the 95th percentile
// of its last 252 observations before the day, those on days with calendar
// flags left out: money is dear at month ends and on tax dates anyway.
func abnormalDays(spread readings, cal *calendar.Calendar) readings {
	out := newReadings()
	var past []float64
	for _, d := range spread.days {
		x := spread.at[d]
		if x.status != schemas.StatusOK {
			out.put(d, x)
			continue
		}
		flags := cal.Flags(d)
		v := x.value
		if len(past) < abnormalWindow {
			x.status = schemas.InsufficientHistory
		} else {
			x.value = 0
			if v > ranking.Quantile(slices.Sorted(slices.Values(past[len(past)-abnormalWindow:])), abnormalQuantile) {
				x.value = 1
			}
			x.inputs = abnormalWindow
		}
		if flags == 0 {
			past = append(past, v)
		} else {
			x.detail = joinDetail(x.detail, "flags="+flags.String())
		}
		out.put(d, x)
	}
	return out
}
