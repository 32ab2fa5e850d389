package series

// McClellanWarmup is how many sessions it takes until the seed of the slower
// trend weighs less than 0.1 %.
const McClellanWarmup = 135

// McClellan is the state of the oscillator of S. and M. McClellan (1969): two
// exponential trends of the net advances x, of 10 % and of 5 %.
type McClellan struct {
	T10, T5 float64
	Days    int // observations taken
}

// Add takes the net advances of a session. The first one seeds both trends.
func (m *McClellan) Add(x float64) {
	if m.Days == 0 {
		m.T10, m.T5 = x, x
	} else {
		m.T10 += 0.10 * (x - m.T10)
		m.T5 += 0.05 * (x - m.T5)
	}
	m.Days++
}

// Oscillator is T10 - T5.
func (m *McClellan) Oscillator() float64 { return m.T10 - m.T5 }

// Summation is the running sum of the oscillator in Miekka's closed form,
// which does not depend on where the sum began: base + 19 T5 - 9 T10. The base
// is 1000 for raw net advances and 0 for ratio-adjusted ones.
func (m *McClellan) Summation(base float64) float64 { return base + 19*m.T5 - 9*m.T10 }

// The bases of the summation index.
const (
	RawSummationBase   = 1000
	RatioSummationBase = 0
)
