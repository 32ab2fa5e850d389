package sandbox

import (
	"math"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// rate is one day of a reference rate, in percent and USD bn.
type rate struct {
	name     string
	day      schemas.Date
	percent  float64
	first    float64 // as published in the morning
	quantile [4]float64
	volume   int64
	target   policy
	low      float64 // EFFR before March 2016
	high     float64
	sd       float64
}

// corrected reports whether the rate was revised on the day of publication.
func (r *rate) corrected() bool { return r.first != r.percent }

// reference describes one of the published rates.
type reference struct {
	name    string
	secured bool
	since   schemas.Date
	above   float64 // the bottom of the target range, percent
	noise   float64
	volume  float64 // USD bn at the end of the market
	spread  [4]float64
}

func references() []reference {
	secured := schemas.NewDate(2018, time.April, 2)
	return []reference{
		{"SOFR", true, secured, .10, .015, 2850, [4]float64{-.07, -.02, .05, .09}},
		{"TGCR", true, secured, .08, .012, 1150, [4]float64{-.05, -.01, .02, .06}},
		{"BGCR", true, secured, .08, .012, 1190, [4]float64{-.05, -.01, .02, .06}},
		{"EFFR", false, schemas.NewDate(2000, time.July, 3), .10, .004, 100, [4]float64{-.03, 0, .01, .04}},
		{"OBFR", false, schemas.NewDate(2016, time.March, 1), .09, .004, 230, [4]float64{-.06, -.01, .01, .06}},
	}
}

func referenceByName(name string) (reference, bool) {
	for _, r := range references() {
		if r.name == name {
			return r, true
		}
	}
	return reference{}, false
}

// The days on which the effective federal funds rate changed its form.
func effrQuantilesFrom() schemas.Date { return schemas.NewDate(2016, time.March, 1) }
func targetRangeFrom() schemas.Date   { return schemas.NewDate(2008, time.December, 16) }

// open reports whether the rate exists for day d.
func (f *fed) open(x reference, d schemas.Date) bool {
	if d < x.since || !f.has(d) {
		return false
	}
	if x.secured {
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !f.cal.IsSIFMAClose(d)
	}
	return f.cal.IsFedDay(d)
}

// rate returns the rate of a day on which it exists.
func (f *fed) rate(x reference, d schemas.Date) rate {
	// Secured rates rise with scarce liquidity at the turn of a month, and
	// all secured rates by the same.
	extra := 0.0
	flags := f.cal.Flags(d)
	if x.secured {
		u := f.seed.unit(streamRate, int(d), 0)
		switch {
		case flags.Has(calendar.QuarterEnd):
			extra = .10 + .15*u
		case flags.Has(calendar.MonthEnd):
			extra = .04 + .08*u
		case d.Day() == 15 || d.Day() == 16:
			extra = .02 * u
		}
		extra += .02 * math.Exp(-f.tau(d)) // reserves get scarcer towards the end
		extra += .008 * f.seed.bell(streamRate, int(d), 1)
	}
	id := 100
	for i := range len(x.name) {
		id = id*31 + int(x.name[i])
	}
	t := f.target(d)
	r := rate{name: x.name, day: d, target: t}
	r.percent = cents(t.lower + x.above + extra + x.noise*f.seed.bell(streamRate, int(d), id))
	for i, s := range x.spread {
		wide := s * (1 + extra*8) * (1 + .15*math.Abs(f.seed.bell(streamRate, int(d), id+1+i)))
		r.quantile[i] = cents(r.percent + wide)
	}
	r.volume = int64(x.volume * math.Exp(-.06*f.tau(d)) * (1 + .04*f.seed.bell(streamRate, int(d), id+6)))
	r.low, r.high, r.sd = cents(r.percent-.06), cents(r.percent+.25), .05
	r.first = r.percent
	if f.seed.unit(streamRate, int(d), id+7) < .004 {
		r.first = cents(r.percent + .02)
	}
	return r
}
