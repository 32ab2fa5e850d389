package transform

// mcclellanWarmup is how many sessions it takes until the seed of the slower
// trend weighs less than 0.1 %.
const mcclellanWarmup = 135

// mcclellan is the state of the oscillator of S. and M. McClellan (1969): two
// exponential trends of the net advances x, of 10 % and of 5 %.
type mcclellan struct {
	t10, t5 float64
	days    int // observations taken
}

// add takes the net advances of a session. The first one seeds both trends.
func (m *mcclellan) add(x float64) {
	if m.days == 0 {
		m.t10, m.t5 = x, x
	} else {
		m.t10 += 0.10 * (x - m.t10)
		m.t5 += 0.05 * (x - m.t5)
	}
	m.days++
}

// oscillator is T10 - T5.
func (m *mcclellan) oscillator() float64 { return m.t10 - m.t5 }

// summation is the running sum of the oscillator in Miekka's closed form,
// which does not depend on where the sum began: base + 19 T5 - 9 T10. The base
// is 1000 for raw net advances and 0 for ratio-adjusted ones.
func (m *mcclellan) summation(base float64) float64 { return base + 19*m.t5 - 9*m.t10 }

// The bases of the summation index.
const (
	rawSummationBase   = 1000
	ratioSummationBase = 0
)
