package series

// EMA is an exponential moving average e += alpha (x - e), seeded with its
// first observation.
type EMA struct {
	Alpha float64
	Value float64
	Steps int // observations taken, the seed included
}

// NewEMA returns the average of the given span: alpha = 2/(span+1).
func NewEMA(span int) EMA { return EMA{Alpha: 2 / float64(span+1)} }

// Add takes an observation.
func (e *EMA) Add(x float64) {
	if e.Steps == 0 {
		e.Value = x
	} else {
		e.Value += e.Alpha * (x - e.Value)
	}
	e.Steps++
}

// Last keeps the newest N values that were put in.
type Last struct {
	N      int
	values []float64
}

// Add puts a value in.
func (l *Last) Add(x float64) {
	if len(l.values) == l.N {
		l.values = append(l.values[:0], l.values[1:]...)
	}
	l.values = append(l.values, x)
}

// Mean returns the mean of N values; ok is false while there are fewer.
func (l *Last) Mean() (mean float64, ok bool) {
	if len(l.values) < l.N {
		return 0, false
	}
	total := 0.0
	for _, v := range l.values {
		total += v
	}
	return total / float64(l.N), true
}
