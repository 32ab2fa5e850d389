package transform

import (
	"math"
	"math/big"
)

const (
	zweigWindow = 10
	zweigWarmup = 35 // sessions until the seed of the exponential mean weighs less than 0.1 %
	// The thresholds of Zweig (1986), in thousandths.
	zweigLow  = 400
	zweigHigh = 615
)

// zweigShare is one session's A/(A + D), kept as the integers it is made of.
type zweigShare struct{ adv, traded int64 }

func (b zweigShare) value() float64 { return float64(b.adv) / float64(b.traded) }

// zweigMean is the simple mean of the last ten shares.
type zweigMean struct{ shares []zweigShare }

func (m *zweigMean) add(b zweigShare) {
	if len(m.shares) == zweigWindow {
		m.shares = append(m.shares[:0], m.shares[1:]...)
	}
	m.shares = append(m.shares, b)
}

func (m *zweigMean) full() bool { return len(m.shares) == zweigWindow }

// value returns the mean of a full window.
func (m *zweigMean) value() float64 {
	total := 0.0
	for _, b := range m.shares {
		total += b.value()
	}
	return total / zweigWindow
}

// compare holds the mean against a threshold in thousandths: -1 below it, 0
// on it, 1 above. Near the threshold it computes with fractions, because ten
// of them do meet 0.615 exactly and their rounded sum may not.
func (m *zweigMean) compare(thousandths int64) int {
	v, limit := m.value(), float64(thousandths)/1000
	if math.Abs(v-limit) > 1e-9 {
		return compareFloat(v, limit)
	}
	total := new(big.Rat)
	for _, b := range m.shares {
		total.Add(total, big.NewRat(b.adv, b.traded))
	}
	return total.Cmp(big.NewRat(thousandths*zweigWindow, 1000))
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// thrust watches one mean for the signal: above 0.615 at most ten sessions
// after it was below 0.40, once for each time it was below.
type thrust struct {
	sinceLow int // sessions since the mean was last below, 0 when it is
	armed    bool
}

// step takes how the session's mean compares with the two thresholds. It
// returns how many sessions after the low the signal came, and whether it did.
func (t *thrust) step(low, high int) (span int, signal bool) {
	t.sinceLow++
	if low < 0 {
		t.sinceLow, t.armed = 0, true
		return 0, false
	}
	if t.armed && high > 0 {
		t.armed = false
		return t.sinceLow, t.sinceLow <= zweigWindow
	}
	return 0, false
}
