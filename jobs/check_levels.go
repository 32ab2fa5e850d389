package jobs

import (
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
	"tidemark/transform"
)

// How far a total-return level may move away from the price level of the same
// index.
const (
	// mostDailyDrift covers a quarter's dividend, half a percent of a price, and
	// the closing price of a fund beside its index on a wild day, as much again.
	mostDailyDrift = 0.015
	// leastYearlyDrift and mostYearlyDrift bound what a year of dividends adds.
	// American indices have yielded 1 to 4 % since 1990, small companies half of
	// that; a fund's fee takes at most 0.6 points.
	leastYearlyDrift, mostYearlyDrift = -0.01, 0.05

	driftYear  = 252 // sessions
	driftApart = 5   // calendar days between two sessions that can be compared
)

// levelDrift holds a universe's total-return level against its price level:
// two series, often of two publishers, that are of one index.
var levelDrift = check[product]{
	CheckInfo: CheckInfo{
		Name: "level_drift", Severity: schemas.SeverityWarning,
		Says: "The total-return level moves with the price level: within 1.5 % a day, and between 1 % less and 5 % more a year.",
	},
	holds: func(p product) ([]finding, string) {
		u := p.in.Universe
		if u.Level == "" || u.LevelTR == "" || u.Against != "" {
			return nil, ""
		}
		price, total := levelsOf(p.in, u.Level), levelsOf(p.in, u.LevelTR)
		var days []schemas.Date
		for d := range price {
			if _, ok := total[d]; ok {
				days = append(days, d)
			}
		}
		slices.Sort(days)
		drift := func(from, to schemas.Date) float64 { return total[to]/total[from]/(price[to]/price[from]) - 1 }
		var found []finding
		tell := func(from, to schemas.Date) {
			found = append(found, finding{of: u.LevelTR, day: to, says: fmt.Sprintf("moves by %+.1f %% from %s, and %s by %+.1f %%",
				100*(total[to]/total[from]-1), from, u.Level, 100*(price[to]/price[from]-1))})
		}
		for i := 1; i < len(days); i++ {
			if from, to := days[i-1], days[i]; to-from <= driftApart && math.Abs(drift(from, to)) > mostDailyDrift {
				tell(from, to)
			}
		}
		for i := len(days) - 1; i >= driftYear; i -= driftYear {
			if x := drift(days[i-driftYear], days[i]); x < leastYearlyDrift || x > mostYearlyDrift {
				tell(days[i-driftYear], days[i])
			}
		}
		return found, fmt.Sprintf("%d days in common", len(days))
	},
}

func levelsOf(in *transform.Inputs, source string) map[schemas.Date]float64 {
	out := map[schemas.Date]float64{}
	for _, o := range in.Levels {
		if o.Source == source && o.Value.OK && o.Value.V > 0 {
			out[o.Date] = o.Value.V
		}
	}
	return out
}
