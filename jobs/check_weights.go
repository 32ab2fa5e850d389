package jobs

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"tidemark/schemas"
)

// How far, in points of percent, the weights of a holdings file may add up to
// something other than 100. Files of 500 lines are within 0.1, and 2,000
// lines of two decimals have been seen 0.5 away from rounding alone. What is
// further away than a point lacks lines or has some twice; beyond three points
// the facts do not use the file either.
const (
	usualWeightGap = 1.0
	mostWeightGap  = 3.0
)

// weightSum holds that the weights of each file add up. On the newest day it
// is an error: such a file is most often replaced by its publisher, and the
// days before it are worth more than it is. On older days, which are not
// published again, it is a warning, and the facts leave the file out.
var weightSum = check[arrival[schemas.Holding]]{
	CheckInfo: CheckInfo{
		Name: "weight_sum", Severity: schemas.SeverityError,
		Says: "The published weights of a fund's lines, cash and futures included, add up to 100 % on every day: a warning beyond 1 point, an error beyond 3 on the newest day.",
	},
	holds: func(a arrival[schemas.Holding]) ([]finding, string) {
		type file struct {
			sum            float64
			lines, weights int
		}
		files := map[schemas.Date]*file{}
		for _, h := range a.fresh {
			f := files[h.AsOf]
			if f == nil {
				f = &file{}
				files[h.AsOf] = f
			}
			f.lines++
			if h.Weight.OK {
				f.weights++
				f.sum += h.Weight.V
			}
		}
		days := slices.Sorted(maps.Keys(files))
		var found []finding
		judged := 0
		for _, d := range days {
			f := files[d]
			if f.weights < f.lines {
				continue // some have no weight: what the others add up to says nothing
			}
			judged++
			if gap := math.Abs(f.sum - 100); gap > usualWeightGap {
				found = append(found, finding{
					of: a.fresh[0].Fund, day: d, mild: gap <= mostWeightGap || d != days[len(days)-1],
					says: fmt.Sprintf("the weights of %d lines add up to %.2f %%", f.lines, f.sum),
				})
			}
		}
		return found, fmt.Sprintf("%d files", judged)
	},
}
