package ranking

import (
	"math"
	"slices"

	"tidemark/schemas"
)

// Weights are shares of a whole in descending order.
type Weights []float64

// Ranked puts weights in descending order; they are left as they are.
func Ranked(weights []float64) Weights {
	s := sorters.Get().(*sorter)
	defer sorters.Put(s)
	s.load(weights, -1)
	s.sort(false)
	out := make(Weights, len(weights))
	for i, v := range s.sorted {
		out[i] = 0 - v
	}
	return out
}

// Top returns the sum of the n largest weights; 1 where there are no more
// than n.
func (w Weights) Top(n int) float64 {
	if n >= len(w) {
		return 1
	}
	total := 0.0
	for _, v := range w[:n] {
		total += v
	}
	return min(total, 1)
}

// HHI is the Herfindahl-Hirschman index, the sum of squared weights: 1/n..1.
func (w Weights) HHI() float64 {
	total := 0.0
	for _, v := range slices.Backward(w) {
		total += v * v
	}
	return total
}

// HHINormalised is (HHI - 1/n)/(1 - 1/n); a single member has none.
func (w Weights) HHINormalised() schemas.Opt[float64] {
	if len(w) < 2 {
		return schemas.None[float64]()
	}
	n := float64(len(w))
	return schemas.Some(max((w.HHI()-1/n)/(1-1/n), 0))
}

// Entropy is Shannon's H = -sum w ln w in nats, with 0 ln 0 = 0.
func (w Weights) Entropy() float64 {
	total := 0.0
	for _, v := range slices.Backward(w) {
		if v > 0 {
			total -= v * math.Log(v)
		}
	}
	return max(total, 0)
}

// Evenness is Pielou's J = H/ln n of the weights' entropy; a single member has
// none.
func (w Weights) Evenness(entropy float64) schemas.Opt[float64] {
	if len(w) < 2 {
		return schemas.None[float64]()
	}
	return schemas.Some(entropy / math.Log(float64(len(w))))
}

// Gini is sum (2i - n - 1) w_(i) / n with the weights ascending.
func (w Weights) Gini() float64 {
	n := len(w)
	total := 0.0
	for k, v := range slices.Backward(w) {
		total += float64(2*(n-k)-n-1) * v
	}
	return max(total/float64(n), 0)
}
