package transform

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// reading is the value of one concept on one day, or the reason why there is
// none.
type reading struct {
	value  float64 // meaningful where status is ok; USD mn or percent
	status schemas.Status
	basis  string // h41, fred, nyfed, dts; joined with + where several went in
	detail string
	known  time.Time // when it was public, or would have been
	inputs int64
}

// readings is one concept through time, oldest first, one reading a day.
type readings struct {
	days []schemas.Date
	at   map[schemas.Date]reading
}

func newReadings() readings { return readings{at: make(map[schemas.Date]reading)} }

func (r *readings) put(d schemas.Date, x reading) {
	if _, have := r.at[d]; !have {
		r.days = append(r.days, d)
	}
	r.at[d] = x
}

func (r *readings) sort() { slices.Sort(r.days) }

// value returns the value of day d.
func (r *readings) value(d schemas.Date) (float64, bool) {
	x, ok := r.at[d]
	return x.value, ok && x.status == schemas.StatusOK
}

// span returns the first and the last day on which there was something to
// read, good or bad.
func (r *readings) span() (first, last schemas.Date, ok bool) {
	for _, d := range r.days {
		if r.at[d].status != schemas.NotPublished {
			if !ok {
				first, ok = d, true
			}
			last = d
		}
	}
	return first, last, ok
}

// onGrid returns the readings of the given days within the span of r. A day of the grid without a reading gets the one that missing
// gives.
func (r *readings) onGrid(grid []schemas.Date, missing func(schemas.Date) reading) readings {
	out := newReadings()
	first, last, ok := r.span()
	if !ok {
		return out
	}
	for _, d := range grid {
		if d < first || d > last {
			continue
		}
		x, have := r.at[d]
		if !have {
			x = missing(d)
		}
		out.put(d, x)
	}
	return out
}

// combine computes a figure from legs of the same day, on the days on which
// every leg has a reading. It has a value where all legs have one and f gives
// one; otherwise it has the first leg's reason. It is known when the last of
// its legs is.
func combine(f func(v []float64) (float64, schemas.Status), legs ...readings) readings {
	out := newReadings()
	if len(legs) == 0 {
		return out
	}
	v := make([]float64, len(legs))
	for _, d := range legs[0].days {
		x, complete := reading{status: schemas.StatusOK}, true
		for i := range legs {
			leg, have := legs[i].at[d]
			if !have {
				complete = false
				break
			}
			x.merge(leg)
			v[i] = leg.value
		}
		if !complete {
			continue
		}
		if x.status == schemas.StatusOK {
			x.value, x.status = f(v)
		}
		out.put(d, x)
	}
	return out
}

// merge adds a leg to what x is made of: the first reason stays, the latest
// knowledge time counts.
func (x *reading) merge(leg reading) {
	if x.status == schemas.StatusOK {
		x.status = leg.status
	}
	if leg.known.After(x.known) {
		x.known = leg.known
	}
	x.inputs += leg.inputs
	x.basis = joinBasis(x.basis, leg.basis)
	x.detail = joinDetail(x.detail, leg.detail)
}

func joinBasis(a, b string) string {
	if a == "" || a == b {
		return b
	}
	parts := append(strings.Split(a, "+"), strings.Split(b, "+")...)
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "+")
}

func joinDetail(a, b string) string {
	if a == "" || a == b {
		return b
	}
	if b == "" {
		return a
	}
	return a + "; " + b
}

// total is the sum in the order of the legs.
func total(v []float64) (float64, schemas.Status) {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum, schemas.StatusOK
}

// facts writes the readings that lie in the window as facts of a metric, their
// values divided by per.
func (r *readings) facts(metric string, per float64, w schemas.Window) []schemas.Fact {
	out := make([]schemas.Fact, 0, len(r.days))
	for _, d := range r.days {
		if !w.Contains(d) {
			continue
		}
		x := r.at[d]
		f := schemas.Fact{
			Metric: metric, Session: d, Status: x.status, Members: x.inputs, Basis: x.basis, Detail: x.detail, KnownAt: x.known,
		}
		if x.status.HasValue() {
			f.Value = schemas.Some(x.value / per)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b schemas.Fact) int { return cmp.Compare(a.Session, b.Session) })
	return out
}
