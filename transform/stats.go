package transform

import "math"

// quantile returns the q-quantile, 0 <= q <= 1, of values sorted in ascending
// order, by linear interpolation between order statistics (Hyndman and Fan
// 1996, type 7; the PERCENTILE.INC of spreadsheets). values must not be empty.
func quantile(values []float64, q float64) float64 {
	at := q * float64(len(values)-1)
	below := int(math.Floor(at))
	if below+1 >= len(values) {
		return values[len(values)-1]
	}
	return values[below] + (at-float64(below))*(values[below+1]-values[below])
}

// ema is an exponential moving average e += alpha (x - e), seeded with its
// first observation.
type ema struct {
	alpha float64
	value float64
	steps int // observations taken, the seed included
}

// newEMA returns the average of the given span: alpha = 2/(span+1).
func newEMA(span int) ema { return ema{alpha: 2 / float64(span+1)} }

func (e *ema) add(x float64) {
	if e.steps == 0 {
		e.value = x
	} else {
		e.value += e.alpha * (x - e.value)
	}
	e.steps++
}

// lastN keeps the newest n values that were put in.
type lastN struct {
	values []float64
	n      int
}

func (l *lastN) add(x float64) {
	if len(l.values) == l.n {
		l.values = append(l.values[:0], l.values[1:]...)
	}
	l.values = append(l.values, x)
}

// mean returns the mean of n values; ok is false while there are fewer.
func (l *lastN) mean() (mean float64, ok bool) {
	if len(l.values) < l.n {
		return 0, false
	}
	total := 0.0
	for _, v := range l.values {
		total += v
	}
	return total / float64(l.n), true
}
