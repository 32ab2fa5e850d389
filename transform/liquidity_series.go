package transform

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// concept is one weekly item of the Federal Reserve's statement and where it
// is published: a series of the H.4.1 itself, and its copy at FRED.
type concept struct {
	metric string // id in the register; empty for items that only enter others
	h41    string
	fred   string
	// low is what the item has never been below since 2009, in USD mn, where
	// that tells millions from billions. Zero: not checked.
	low float64
}

// The weekly items. "_XAW" in a name of the H.4.1 marks an average of the
// seven days that end on the Wednesday; the others are Wednesday levels.
var (
	fedAssets     = concept{metric: "fed_assets", h41: "RESPPMA_N.WW", fred: "WALCL", low: 1e5}
	somaOutright  = concept{metric: "soma_outright", h41: "RESPPALG_N.WW", fred: "WSHOSHO", low: 1e5}
	somaTreasury  = concept{metric: "soma_treasuries", h41: "RESPPALGUO_N.WW", fred: "TREAST", low: 1e5}
	somaMBS       = concept{metric: "soma_mbs", h41: "RESPPALGASMO_N.WW", fred: "WSHOMCB"}
	reservesLevel = concept{metric: "reserves", h41: "RESH4R_N.WW", fred: "WRBWFRBL", low: 1e5}
	reservesAvg   = concept{metric: "reserves_avg", h41: "RESH4R_XAW_N.WW", fred: "WRESBAL", low: 1e5}
	tgaLevel      = concept{metric: "tga", h41: "RESPPLLDT_N.WW", fred: "WDTGAL"}
	tgaAvg        = concept{metric: "tga_avg", h41: "RESPPLLDT_XAW_N.WW", fred: "WTREGEN"}
	onRRPLevel    = concept{metric: "onrrp_wed", h41: "RESPPLLRD_N.WW", fred: "WLRRAOL"}
	foreignRRP    = concept{metric: "foreign_rrp", h41: "RESPPLLRF_N.WW", fred: "WLRRAFOIAL"}
	repoLevel     = concept{metric: "repo_wed", h41: "RESPPALGTR_N.WW", fred: "WORAL"}
	currencyLevel = concept{metric: "currency", h41: "RESTBC_N.WW", low: 1e5}
	primaryCredit = concept{h41: "RESPPALDP_N.WW"}
	secondary     = concept{h41: "RESPPALDQ_N.WW"}
	seasonal      = concept{h41: "RESPPALDS_N.WW"}
	// Averages with others than foreign official accounts.
	onRRPOthersAvg = concept{h41: "RESPPLLRD_XAW_N.WW"}
	repoOthersAvg  = concept{h41: "RESPPALGTRO_XAW_N.WW"}
)

var weeklyItems = []concept{
	fedAssets, somaOutright, somaTreasury, somaMBS, reservesLevel, reservesAvg, tgaLevel, tgaAvg,
	onRRPLevel, foreignRRP, repoLevel, currencyLevel,
}

// plausibleMost bounds any item of the statement, in USD mn: fifty trillion.
const plausibleMost = 5e7

var magnitudeFrom = schemas.NewDate(2009, time.January, 1)

// published is what the observations hold, by publisher's series and day.
type published struct {
	calendar *calendar.Calendar
	series   map[string]map[schemas.Date]schemas.Observation // "h41/RESPPMA_N.WW", "fred/WALCL"
	findings []Finding
	// quarantined are the Wednesdays whose H.4.1 contradicts itself.
	quarantined map[schemas.Date]bool
}

func newPublished(in *Inputs) *published {
	p := &published{
		calendar: in.Calendar, series: make(map[string]map[schemas.Date]schemas.Observation),
		quarantined: make(map[schemas.Date]bool),
	}
	for _, o := range in.Observations {
		publisher, _, _ := strings.Cut(o.Source, ":")
		key := publisher + "/" + o.Series
		if p.series[key] == nil {
			p.series[key] = make(map[schemas.Date]schemas.Observation)
		}
		p.series[key][o.Date] = o
	}
	return p
}

func (p *published) find(check string, severity schemas.Severity, d schemas.Date, format string, args ...any) {
	p.findings = append(p.findings, Finding{Check: check, Severity: severity, Date: d, Message: fmt.Sprintf(format, args...)})
}

// dollars returns an observation's value in USD mn. It insists that the unit
// is one of dollars and that unit and multiplier agree: the units of some
// series have changed, for their whole history at once.
func dollars(o schemas.Observation) (float64, error) {
	unit := strings.ToLower(o.Unit)
	var want float64
	switch {
	case strings.Contains(unit, "million"):
		want = 1e6
	case strings.Contains(unit, "billion"):
		want = 1e9
	case unit == "currency" && (o.Multiplier == 1e6 || o.Multiplier == 1e9):
		want = o.Multiplier
	default:
		return 0, fmt.Errorf("unit %q with multiplier %g is no amount of dollars", o.Unit, o.Multiplier)
	}
	if o.Multiplier != want {
		return 0, fmt.Errorf("unit %q contradicts multiplier %g", o.Unit, o.Multiplier)
	}
	return o.Value.V * o.Multiplier / 1e6, nil
}

// percent returns an observation's value in percent.
func percent(o schemas.Observation) (float64, error) {
	if !strings.HasPrefix(strings.ToLower(o.Unit), "percent") || o.Multiplier != 1 {
		return 0, fmt.Errorf("unit %q with multiplier %g is not percent", o.Unit, o.Multiplier)
	}
	return o.Value.V, nil
}

// read returns a series with its values converted. A series with a unit that
// does not fit is refused whole.
func (p *published) read(key string, convert func(schemas.Observation) (float64, error), known func(schemas.Date) time.Time) readings {
	out := newReadings()
	basis, _, _ := strings.Cut(key, "/")
	for _, d := range slices.Sorted(maps.Keys(p.series[key])) {
		o := p.series[key][d]
		x := reading{status: schemas.NotPublished, basis: basis, known: known(d), inputs: 1}
		if o.Value.OK {
			v, err := convert(o)
			if err != nil {
				p.find("unit", schemas.SeverityError, d, "%s: %v; the series is left out", key, err)
				return newReadings()
			}
			x.value, x.status = v, schemas.StatusOK
		}
		out.put(d, x)
	}
	return out
}

// weekly returns an item of the statement in USD mn, a reading for every
// Wednesday from its first to its last figure. The H.4.1 itself wins over
// FRED's copy; where they differ by more than rounding, that is found.
func (p *published) weekly(c concept) readings {
	own := p.wednesdays("h41/"+c.h41, c)
	for d, x := range own.at {
		if p.quarantined[d] {
			x.status, x.detail = schemas.BadInput, "the release contradicts itself"
			own.at[d] = x
		}
	}
	if c.fred == "" {
		return p.fillWednesdays(own)
	}
	fred := p.wednesdays("fred/"+c.fred, c)
	p.agree("sources_agree", "the H.4.1's "+c.h41, "FRED's "+c.fred, own, fred, roundingMillions)
	for _, d := range fred.days {
		if x, have := own.at[d]; !have || x.status == schemas.NotPublished {
			own.put(d, fred.at[d])
		}
	}
	own.sort()
	return p.fillWednesdays(own)
}

// wednesdays reads one series and checks day, sign and size of its values.
func (p *published) wednesdays(key string, c concept) readings {
	all := p.read(key, dollars, p.calendar.H41Release)
	out := newReadings()
	for _, d := range all.days {
		x := all.at[d]
		v, ok := all.value(d)
		switch {
		case d.Weekday() != time.Wednesday:
			p.find("weekday", schemas.SeverityWarning, d, "%s: a value for a %s, not a Wednesday, is left out", key, d.Weekday())
			continue
		case !ok:
		case v < 0:
			// None of these items can be owed the other way round, unlike float,
			// discounts and other liabilities.
			p.find("sign", schemas.SeverityWarning, d, "%s: %g mn cannot be negative", key, v)
			x.status = schemas.BadInput
		case v > plausibleMost || c.low > 0 && d >= magnitudeFrom && v < c.low:
			p.find("magnitude", schemas.SeverityError, d, "%s: %g mn is not plausible; has the unit changed?", key, v)
			x.status = schemas.BadInput
		}
		out.put(d, x)
	}
	return out
}

func (p *published) fillWednesdays(r readings) readings {
	first, last, ok := r.span()
	if !ok {
		return r
	}
	var grid []schemas.Date
	for d := first; d <= last; d += 7 {
		grid = append(grid, d)
	}
	return r.onGrid(grid, func(d schemas.Date) reading {
		return reading{status: schemas.NotPublished, basis: "h41", known: p.calendar.H41Release(d), inputs: 1}
	})
}

// How far two copies of one figure may lie apart: each is rounded to a million
// dollars, and rates to a hundredth of a percent.
const (
	roundingMillions = 1.0
	roundingPercent  = 0.005
)

// agree holds two sources of one figure against each other, day by day, and
// finds what lies further apart than rounding explains. The first is used.
func (p *published) agree(check, used, other string, a, b readings, rounding float64) {
	var n int
	first, worst := schemas.NoDate, 0.0
	for _, d := range a.days {
		x, okX := a.value(d)
		y, okY := b.value(d)
		if !okX || !okY || math.Abs(x-y) <= rounding+1e-6 {
			continue
		}
		if n++; n == 1 {
			first = d
		}
		worst = max(worst, math.Abs(x-y))
	}
	if n > 0 {
		p.find(check, schemas.SeverityWarning, first, "%s and %s differ on %d days, by up to %.6g; the first is used", used, other, n, worst)
	}
}
