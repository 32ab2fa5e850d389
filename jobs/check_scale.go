package jobs

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

// rescaled fails when the figures of the same things have all moved by the
// same large factor: the publisher changed the unit without saying so. Each of
// figures returns what a figure of a row is of, and the figure in its own unit.
func rescaled[T any](figures ...func(*T) (dated, float64)) check[arrival[T]] {
	return rescaledFrom(leastRatios, figures...)
}

// rescaledActions is rescaled for corporate actions. A year of a market has
// few splits, and one that was announced never becomes ten times what it was:
// a single ratio tells.
func rescaledActions() check[arrival[schemas.Action]] {
	amounts, ratios := rescaledFrom(leastRatios, paid), rescaledFrom(1, split)
	both := amounts
	both.holds = func(a arrival[schemas.Action]) ([]finding, string) {
		found, _ := amounts.holds(a)
		more, _ := ratios.holds(a)
		return slices.Concat(found, more), ""
	}
	return both
}

func rescaledFrom[T any](least int, figures ...func(*T) (dated, float64)) check[arrival[T]] {
	return check[arrival[T]]{
		CheckInfo: CheckInfo{
			Name: "scale", Severity: schemas.SeverityError,
			Says: "Figures that were there before have not all moved by a factor of ten or more, as they do when a unit changes.",
		},
		holds: func(a arrival[T]) ([]finding, string) {
			var found []finding
			for _, figure := range figures {
				if n, m := medianRatio(a, figure); n >= least && (m < 1/mostScale || m > mostScale) {
					found = append(found, finding{day: schemas.NoDate, says: fmt.Sprintf("%d figures are %.4g times what they were: a change of unit?", n, m)})
				}
			}
			return found, ""
		},
	}
}

// Publishers revise by percents; units change by tens, hundreds, thousands.
// Fewer figures than leastRatios may all have been revised.
const (
	mostScale   = 10.0
	leastRatios = 4
)

// mostCompared is of how many rows a change of unit is looked for: it shows in
// all of them, and a year of bars is a million.
const mostCompared = 20_000

// medianRatio returns the median of what figures of the same thing are to what
// they were, and of how many it is.
func medianRatio[T any](a arrival[T], figure func(*T) (dated, float64)) (n int, median float64) {
	before := make(map[dated]float64, min(a.old.n, 2*mostCompared))
	i := 0
	for row := range a.old.all() {
		if i++; (i-1)%(1+a.old.n/mostCompared) != 0 {
			continue
		}
		if of, v := figure(row); v != 0 {
			before[of] = v
		}
	}
	var ratios []float64
	for i := range a.fresh {
		of, v := figure(&a.fresh[i])
		if b, ok := before[of]; ok && v != 0 {
			ratios = append(ratios, math.Abs(v/b))
		}
	}
	if len(ratios) == 0 {
		return 0, 1
	}
	slices.Sort(ratios)
	return len(ratios), ratios[len(ratios)/2]
}

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
	of, v := weighed(h)
	of.name = h.Ticker + " " + h.Name
	return of, v
}

func parOf(h *schemas.SOMAHolding) (dated, float64) { return dated{h.CUSIP, h.AsOf}, h.Par }

// weighed is held by ticker alone: publishers change how they write names.
func weighed(h *schemas.Holding) (dated, float64) {
	of := dated{cmp.Or(h.Ticker, h.Name), h.AsOf}
	if h.MarketValue.OK {
		return of, h.MarketValue.V
	}
	return of, h.Weight.V
}
