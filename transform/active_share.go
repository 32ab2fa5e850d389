package transform

import (
	"math"
	"slices"

	"tidemark/transform/ranking"
)

// topBasket holds the n largest of an index's weights, in descending order, in
// their proportions and nothing else.
func topBasket(w ranking.Weights, n int) []float64 {
	basket := make([]float64, len(w))
	normalise(basket[:copy(basket, w[:min(n, len(w))])])
	return basket
}

// activeShare is 1/2 sum |w_basket - w_index| over the names of both, which
// stand in the same order (Cremers and Petajisto 2009).
func activeShare(basket, index []float64) float64 {
	total := 0.0
	for i, w := range slices.Backward(index) {
		total += math.Abs(basket[i] - w)
	}
	return total / 2
}
