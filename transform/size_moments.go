package transform

import (
	"math"

	"tidemark/schemas"
)

// meanSD returns the mean and the sample standard deviation (divisor n - 1) of
// x, which has at least two values.
func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	var ss float64
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss / float64(len(x)-1))
}

// zScore returns the distance of the last value of x from the mean of x, in
// sample standard deviations. A constant series has none.
func zScore(x []float64) (float64, schemas.Status) {
	if len(x) < 2 {
		return 0, schemas.InsufficientHistory
	}
	mean, sd := meanSD(x)
	if sd < 1e-12 {
		return 0, schemas.ZeroDenominator
	}
	return (x[len(x)-1] - mean) / sd, schemas.StatusOK
}

// percentileRank returns the share of x below its last value, ties counting
// half: (count(h < x) + 0.5 count(h = x)) / n.
func percentileRank(x []float64) float64 {
	last := x[len(x)-1]
	var below, equal int
	for _, v := range x {
		switch {
		case v < last:
			below++
		case v == last:
			equal++
		}
	}
	return (float64(below) + 0.5*float64(equal)) / float64(len(x))
}
