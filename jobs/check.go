package jobs

import (
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

// shrunk fails when a window comes back with far fewer rows than it had: an
// answer that was cut short, or a filter that the publisher changed.
func shrunk[T any]() check[T] {
	return check[T]{"row_count", schemas.SeverityError, func(fresh, old []T) string {
		if len(old) >= 20 && len(fresh)*10 < len(old)*8 {
			return fmt.Sprintf("%d rows, where there were %d before", len(fresh), len(old))
		}
		return ""
	}}
}

// rescaled fails when the figures of the same things have all moved by the
// same large factor: the publisher changed the unit without saying so. figure
// returns what a row's figure is of, and the figure in its own unit.
func rescaled[T any, K comparable](figure func(*T) (K, float64)) check[T] {
	return check[T]{"scale", schemas.SeverityError, func(fresh, old []T) string {
		before := make(map[K]float64, len(old))
		for i := 0; i < len(old); i += 1 + len(old)/maxCompared {
			if of, v := figure(&old[i]); v != 0 {
				before[of] = v
			}
		}
		var ratios []float64
		for i := range fresh {
			of, v := figure(&fresh[i])
			if b, ok := before[of]; ok && v != 0 {
				ratios = append(ratios, math.Abs(v/b))
			}
		}
		if len(ratios) < 4 {
			return ""
		}
		slices.Sort(ratios)
		if m := ratios[len(ratios)/2]; m < 0.1 || m > 10 {
			return fmt.Sprintf("%d figures are %.4g times what they were: a change of unit?", len(ratios), m)
		}
		return ""
	}}
}

// maxCompared is of how many rows a change of unit is looked for: it shows in
// all of them, and a year of bars is a million.
const maxCompared = 20_000

// dated is what a figure is of: a series or a security on a day.
type dated struct {
	name string
	day  schemas.Date
}

func observed(o *schemas.Observation) (dated, float64) {
	return dated{o.Series, o.Date}, o.Value.V * o.Multiplier
}

func closed(b *schemas.Bar) (dated, float64) { return dated{b.Symbol, b.Session}, b.Close }

func paid(a *schemas.Action) (dated, float64) { return dated{a.Symbol + a.Kind, a.ExDate}, a.Amount.V }

func split(a *schemas.Action) (dated, float64) { return dated{a.Symbol + a.Kind, a.ExDate}, a.Ratio.V }

func held(h *schemas.Holding) (dated, float64) {
	if h.MarketValue.OK {
		return dated{h.Ticker + " " + h.Name, h.AsOf}, h.MarketValue.V
	}
	return dated{h.Ticker + " " + h.Name, h.AsOf}, h.Weight.V
}
