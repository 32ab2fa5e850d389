package transform

import (
	"math"
	"time"

	"tidemark/schemas"
)

// span is a window over which a return is taken.
type span struct {
	name  string
	years int // 0 for those that begin with a calendar period
	base  func(schemas.Date) schemas.Date
}

// spans are the windows of returns and gaps. The base of a calendar period is
// the last close before it; that of n years is the last session on or before
// the same date n years ago.
var spans = []span{
	{name: "ytd", base: func(d schemas.Date) schemas.Date { return schemas.NewDate(d.Year(), time.January, 1) - 1 }},
	{name: "qtd", base: func(d schemas.Date) schemas.Date {
		return schemas.NewDate(d.Year(), (d.Month()-1)/3*3+1, 1) - 1
	}},
	{name: "1y", years: 1, base: func(d schemas.Date) schemas.Date { return d.AddYears(-1) }},
	{name: "3y", years: 3, base: func(d schemas.Date) schemas.Date { return d.AddYears(-3) }},
	{name: "5y", years: 5, base: func(d schemas.Date) schemas.Date { return d.AddYears(-5) }},
	{name: "10y", years: 10, base: func(d schemas.Date) schemas.Date { return d.AddYears(-10) }},
}

// baseGap is how many sessions the base of a return may lie before the session
// that it should be: as long as a price is carried.
const baseGap = 5

const daysPerYear = 365.25

// spanReturn returns the return of l over the span that ends on its i-th day;
// above one year it is annualised by calendar days / 365.25.
func (s *levelFacts) spanReturn(l *level, i int, sp span) (float64, schemas.Status) {
	due := s.in.Calendar.PrevSession(sp.base(l.days[i]) + 1)
	b := l.at(due)
	if b < 0 || due == schemas.NoDate {
		return 0, schemas.InsufficientHistory
	}
	if s.in.Calendar.SessionsBetween(l.days[b], due) > baseGap {
		return 0, schemas.StaleInput
	}
	growth := l.value[i] / l.value[b]
	if sp.years > 1 {
		growth = math.Pow(growth, daysPerYear/float64(l.days[i]-l.days[b]))
	}
	return growth - 1, schemas.StatusOK
}

// arithmeticGap is the convention of the press: a difference of percentages.
func arithmeticGap(small, large float64) (float64, schemas.Status) {
	return small - large, schemas.StatusOK
}

// geometricGap is what the small gained on the large; it chains.
func geometricGap(small, large float64) (float64, schemas.Status) {
	if large <= -1 {
		return 0, schemas.ZeroDenominator
	}
	return (1+small)/(1+large) - 1, schemas.StatusOK
}

var gaps = []struct {
	name string
	of   func(small, large float64) (float64, schemas.Status)
}{{"arith", arithmeticGap}, {"geo", geometricGap}}

// gapFacts gives the gaps between two levels with the same days.
func (s *levelFacts) gapFacts(small, large *level) {
	for _, sp := range spans {
		for _, g := range gaps {
			s.each("size_gap_"+g.name+"_"+sp.name+"_"+small.suffix, small, 2, func(i int) (float64, schemas.Status, string) {
				a, status := s.spanReturn(small, i, sp)
				if status != schemas.StatusOK {
					return 0, status, ""
				}
				b, status := s.spanReturn(large, i, sp)
				if status != schemas.StatusOK {
					return 0, status, ""
				}
				v, status := g.of(a, b)
				return v, status, ""
			})
		}
	}
}
