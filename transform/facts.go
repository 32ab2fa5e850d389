package transform

import (
	"slices"
	"time"

	"tidemark/schemas"
)

// factDay gathers the facts of one session that share what a reader must know
// about their inputs.
type factDay struct {
	session  schemas.Date
	knownAt  time.Time
	basis    string
	detail   string
	members  int
	excluded int
	coverage schemas.Opt[float64]
	status   schemas.Status // of facts with a value
	facts    []schemas.Fact
}

func (f *factDay) put(metric string, value schemas.Opt[float64], status schemas.Status) {
	f.facts = append(f.facts, schemas.Fact{
		Metric: metric, Session: f.session, Value: value, Status: status, Members: int64(f.members), Excluded: int64(f.excluded),
		Coverage: f.coverage, Basis: f.basis, Detail: f.detail, KnownAt: f.knownAt,
	})
}

// add gives a metric its value.
func (f *factDay) add(metric string, value float64) { f.put(metric, schemas.Some(value), f.status) }

// none says why a metric has no value.
func (f *factDay) none(metric string, why schemas.Status) {
	f.put(metric, schemas.None[float64](), why)
}

// opt is add, or none with a zero denominator where there is no value.
func (f *factDay) opt(metric string, value schemas.Opt[float64]) {
	if value.OK {
		f.add(metric, value.V)
		return
	}
	f.none(metric, schemas.ZeroDenominator)
}

// sessionsSince gathers the facts of each session of the window for which they
// are wanted, from a day on; several sessions are worked on at a time.
func (p *Panel) sessionsSince(first schemas.Date, on func(s int) []schemas.Fact) []schemas.Fact {
	return p.workedSince(first, func() func(int) []schemas.Fact { return on })
}

// workedSince is sessionsSince for work that keeps something from one session to
// the next: each of those who work has it from begin.
func (p *Panel) workedSince(first schemas.Date, begin func() func(s int) []schemas.Fact) []schemas.Fact {
	from := max(p.factsFrom, p.from(first))
	days := make([][]schemas.Fact, max(p.windowTo-from, 0))
	inBlocks(len(days), func(_, lo, hi int) {
		on := begin()
		for i := lo; i < hi; i++ {
			days[i] = on(from + i)
		}
	})
	return slices.Concat(days...)
}

// The coverage from which on a fact is whole, and from which on it is given.
const (
	fullCoverage = 0.95
	minCoverage  = 0.80
)

// statusOf says what a coverage of valid inputs, 0..1, means for a fact.
func statusOf(coverage float64) schemas.Status {
	switch {
	case coverage >= fullCoverage:
		return schemas.StatusOK
	case coverage >= minCoverage:
		return schemas.StatusPartial
	}
	return schemas.LowCoverage
}
