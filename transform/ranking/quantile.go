package ranking

import "math"

// Quantile returns the q-quantile, 0 <= q <= 1, of values sorted in ascending
// order, by linear interpolation between order statistics (Hyndman and Fan
// 1996, type 7; the PERCENTILE.INC of spreadsheets). values must not be empty.
func Quantile(values []float64, q float64) float64 {
	at := q * float64(len(values)-1)
	below := int(math.Floor(at))
	if below+1 >= len(values) {
		return values[len(values)-1]
	}
	return values[below] + (at-float64(below))*(values[below+1]-values[below])
}
