package transform

import (
	"cmp"
	"slices"

	"tidemark/schemas"
)

// cashGap is for how many days a rate stands that no other follows.
const cashGap = 6

// cashRates is an overnight rate in percent, by business day.
type cashRates struct {
	days    []schemas.Date
	percent []float64
}

func newCashRates(rows []schemas.Rate, name string) cashRates {
	var c cashRates
	var mine []*schemas.Rate
	for i := range rows {
		if rows[i].Name == name && rows[i].Percent.OK {
			mine = append(mine, &rows[i])
		}
	}
	slices.SortStableFunc(mine, func(a, b *schemas.Rate) int { return cmp.Compare(a.Date, b.Date) })
	for _, r := range mine {
		if n := len(c.days); n > 0 && c.days[n-1] == r.Date {
			continue
		}
		c.days, c.percent = append(c.days, r.Date), append(c.percent, r.Percent.V)
	}
	return c
}

// over is what a dollar earns from one day to another at the rate of each day,
// which holds until that of the next one: compounded by business days, on the
// money market's year of 360 days. A day without a rate for long leaves it
// unknown.
func (c *cashRates) over(from, to schemas.Date) schemas.Opt[float64] {
	i, exact := slices.BinarySearch(c.days, from)
	if !exact {
		i--
	}
	value := 1.0
	for d := from; d < to; i++ {
		if i < 0 || i >= len(c.days) || d-c.days[i] >= cashGap {
			return schemas.None[float64]()
		}
		next := to
		if i+1 < len(c.days) {
			next = min(to, c.days[i+1])
		}
		if next-c.days[i] > cashGap {
			return schemas.None[float64]()
		}
		value *= 1 + c.percent[i]/100*float64(next-d)/360
		d = next
	}
	return schemas.Some(value - 1)
}
