package ranking

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSorting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 1e-300, -1e300, math.Inf(1), math.Inf(-1), 0.1, 0.2})
		values := rapid.SliceOfN(rapid.OneOf(some, rapid.Float64()), 0, 200).Draw(t, "values")
		want := slices.Sorted(slices.Values(values))
		got := slices.Clone(values)
		Ascending(got)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		order := make([]int, len(values))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case values[a] > values[b]:
				return -1
			case values[a] < values[b]:
				return 1
			}
			return 0
		})
		places := make([]int32, len(values))
		Places(values, places)
		for place, i := range order {
			if int(places[i]) != place {
				t.Fatalf("%v: value %d has place %d, want %d", values, i, places[i], place)
			}
		}
	})
}

func TestSum(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 40, 1000} {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Exp(10 * rand.NormFloat64())
		}
		want := 0.0
		for _, v := range slices.Sorted(slices.Values(values)) {
			want += v
		}
		for range 3 {
			rand.Shuffle(n, func(i, j int) { values[i], values[j] = values[j], values[i] })
			if got := Sum(values); got != want {
				t.Errorf("sum of %d numbers is %v, want %v", n, got, want)
			}
		}
	}
}

func BenchmarkAscending(b *testing.B) {
	weights := make([]float64, 3000)
	for i := range weights {
		weights[i] = math.Exp(1.5 * rand.NormFloat64())
	}
	for _, way := range []struct {
		name string
		sort func([]float64)
	}{{"digits", Ascending}, {"compared", slices.Sort[[]float64]}} {
		b.Run(way.name, func(b *testing.B) {
			values := make([]float64, len(weights))
			for b.Loop() {
				copy(values, weights)
				way.sort(values)
			}
		})
	}
}
