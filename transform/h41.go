package transform

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// h41Tolerance is how far, in USD mn, a total of the H.4.1 may lie from the
// sum of its parts: each is rounded to a million.
const h41Tolerance = 3.0

// h41Sum says that a total is the sum of its parts.
type h41Sum struct {
	total string
	parts []string
	// facilities says that net portfolio holdings of lending vehicles, which
	// come and go, are parts as well.
	facilities bool
	// from is the first Wednesday for which all parts are sure to be among
	// the series.
	from schemas.Date
}

// The identities of the statement (H.4.1, tables 1 and 5). All are Wednesday
// levels; the names lack their suffix.
var h41Sums = [][]h41Sum{
	{{
		total: "RESH4SC",
		parts: []string{"RESPPALG", "RESPPALSP", "RESPPALSD", "RESPPALGTR", "RESPPALD", "RESH4SCF", "RESH4SCS", "RESH4SO"},
		// The last of the vehicles of 2020 without a series in every
		// download held nothing any more on this day.
		facilities: true,
		from:       schemas.NewDate(2021, time.November, 24),
	}},
	{{total: "RESH4S", parts: []string{"RESH4SC", "RESPPAOF", "RESTBMG", "RESPPAS", "RESTBMT"}}},
	{{total: "RESH4S", parts: []string{"RESH4A", "RESH4R"}}},
	{
		{total: "RESPPALGUO", parts: []string{"RESPPALGUOB", "RESPPALGUOMN", "RESPPALGUOMI", "RESPPALGUOMC"}},
		{total: "RESPPALG", parts: []string{"RESPPALGUO", "RESPPALGAO", "RESPPALGASMO"}},
	},
}

// The names of the series: h41Level ends those of Wednesday levels, and
// h41Holdings begins those of net portfolio holdings, which end in H before it.
const (
	h41Level    = "_N.WW"
	h41Holdings = "RESPPAA"
)

// h41Differences returns, for each of the first four identities, total minus
// parts in USD mn, and quarantines the Wednesdays on which one fails.
func (p *published) h41Differences() []readings {
	out := make([]readings, len(h41Sums))
	for i, sums := range h41Sums {
		r := p.h41Difference(sums)
		for _, d := range r.days {
			if diff, ok := r.value(d); ok && math.Abs(diff) > h41Tolerance {
				p.quarantined[d] = true
				p.find(h41Metric(i+1), schemas.SeverityError, d, "H.4.1: %s is off by %g mn; the week's figures are withheld", r.at[d].detail, diff)
			}
		}
		out[i] = r
	}
	return out
}

// h41Difference returns the largest difference among the sums of one identity.
func (p *published) h41Difference(sums []h41Sum) readings {
	var legs []readings
	for _, s := range sums {
		legs = append(legs, p.h41Rest(s))
	}
	out := newReadings()
	for _, d := range legs[0].days {
		worst, complete := legs[0].at[d], true
		for _, leg := range legs[1:] {
			x, have := leg.at[d]
			complete = complete && have
			if x.status == schemas.StatusOK && (worst.status != schemas.StatusOK || math.Abs(x.value) > math.Abs(worst.value)) {
				worst = x
			}
		}
		if complete {
			out.put(d, worst)
		}
	}
	return out
}

// h41Rest returns what is left of a total when its parts are taken away.
func (p *published) h41Rest(s h41Sum) readings {
	legs := []readings{p.h41Level(s.total)}
	for _, name := range s.parts {
		legs = append(legs, p.h41Level(name))
	}
	var holdings []readings
	names := slices.Clone(s.parts)
	if s.facilities {
		names = append(names, "net portfolio holdings")
		for _, key := range slices.Sorted(maps.Keys(p.series)) {
			if strings.HasPrefix(key, "h41/"+h41Holdings) && strings.HasSuffix(key, "H"+h41Level) {
				holdings = append(holdings, p.read(key, dollars, p.calendar.H41Release))
			}
		}
	}
	out := combine(func(v []float64) (float64, schemas.Status) {
		diff := v[0]
		for _, part := range v[1:] {
			diff -= part
		}
		return diff, schemas.StatusOK
	}, legs...)
	for _, d := range out.days {
		x := out.at[d]
		for i := range holdings {
			if v, ok := holdings[i].value(d); ok {
				x.value -= v
				x.inputs++
			}
		}
		x.detail = s.total + " = " + strings.Join(names, " + ")
		if d < s.from && x.status == schemas.StatusOK && math.Abs(x.value) > h41Tolerance {
			x.status, x.detail = schemas.NotPublished, fmt.Sprintf("off by %g mn: not all parts are among the series before %s", x.value, s.from)
		}
		out.at[d] = x
	}
	return out
}

func (p *published) h41Level(name string) readings {
	return p.read("h41/"+name+h41Level, dollars, p.calendar.H41Release)
}

// h41Revision returns the fifth identity: over all series that come with the
// change from the previous release, the largest distance in USD mn between
// that change and the difference of the two figures at hand. More than
// rounding means that the older one was revised.
func (p *published) h41Revision() readings {
	out := newReadings()
	worst := make(map[schemas.Date]reading)
	for key := range p.series {
		name, isChange := strings.CutSuffix(strings.TrimPrefix(key, "h41/"), "_XCH1"+h41Level)
		if !isChange {
			continue
		}
		level := p.h41Level(name)
		change := p.h41Level(name + "_XCH1")
		for _, d := range change.days {
			published, ok := change.value(d)
			now, okNow := level.value(d)
			before, okBefore := level.value(d.AddDays(-7))
			if !ok || !okNow || !okBefore {
				continue
			}
			x := change.at[d]
			x.value, x.detail = now-before-published, name
			have, seen := worst[d]
			x.inputs = have.inputs + 1
			// Ties go to the name that sorts first: the order of a map
			// decides nothing.
			if seen && (math.Abs(have.value) > math.Abs(x.value) || math.Abs(have.value) == math.Abs(x.value) && have.detail <= name) {
				have.inputs = x.inputs
				x = have
			}
			worst[d] = x
		}
	}
	for d, x := range worst {
		if math.Abs(x.value) <= 1 {
			x.detail = ""
		}
		out.put(d, x)
	}
	out.sort()
	for _, d := range out.days {
		if x := out.at[d]; math.Abs(x.value) > h41Tolerance {
			p.find(h41Metric(len(h41Sums)+1), schemas.SeverityWarning, d,
				"H.4.1: the printed change of %s differs by %g mn from the two figures; the week before was revised", x.detail, x.value)
		}
	}
	return out
}
