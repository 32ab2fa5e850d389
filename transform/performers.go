package transform

import (
	"math"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// performer is a line that was in an index throughout a window: its return, and
// what it contributed.
type performer struct {
	security         int // in order of the permanent ids
	ret, contrib     float64
	byRet, byContrib int32 // places, from 0
}

// tieDigits is to what returns and contributions are rounded before they are
// ranked or compared: in binary, 0.4 x 0.05 is more than 0.25 x 0.08.
const tieDigits = 1e12

func untied(v float64) float64 { return math.Round(v * tieDigits) }

// rankPerformers gives each line its places by return and by contribution,
// largest first; what is equal stands in order of the permanent ids, in which
// the lines come.
func rankPerformers(lines []performer) {
	values, places := make([]float64, len(lines)), make([]int32, len(lines))
	for i := range lines {
		values[i] = untied(lines[i].ret)
	}
	ranking.Places(values, places)
	for i := range lines {
		lines[i].byRet = places[i]
		values[i] = untied(lines[i].contrib)
	}
	ranking.Places(values, places)
	for i := range lines {
		lines[i].byContrib = places[i]
	}
}

// overlap counts the lines that are among the k best performers and among the k
// largest contributors.
func overlap(lines []performer, k int) int {
	both := 0
	for i := range lines {
		if int(lines[i].byRet) < k && int(lines[i].byContrib) < k {
			both++
		}
	}
	return both
}

// jaccard is |A and B|/|A or B| of two sets of k of which both are in each.
func jaccard(both, k int) float64 { return float64(both) / float64(2*k-both) }

// rankCorrelation is Spearman's correlation of the two rankings, 1 - 6 sum
// d^2/(n (n^2 - 1)), which holds because places are never shared; none for
// fewer than two lines. The sum is of integers, so the order does not matter.
func rankCorrelation(lines []performer) schemas.Opt[float64] {
	n := int64(len(lines))
	if n < 2 {
		return schemas.None[float64]()
	}
	squares := int64(0)
	for i := range lines {
		d := int64(lines[i].byRet - lines[i].byContrib)
		squares += d * d
	}
	return schemas.Some(1 - 6*float64(squares)/float64(n*(n*n-1)))
}

// meanAndMedian returns both of the lines' returns, of which there must be one.
// It leaves them sorted in values.
func meanAndMedian(values []float64) (mean, mid float64) {
	ranking.Ascending(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values)), ranking.Quantile(values, 0.5)
}

func returnsOf(lines []performer) []float64 {
	out := make([]float64, len(lines))
	for i := range lines {
		out[i] = lines[i].ret
	}
	return out
}
