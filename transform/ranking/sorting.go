// Package ranking holds what is computed across the members of an index on one
// session: their order, quantiles, and how unequal their weights are. It works on
// plain slices and knows nothing of securities.
package ranking

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"
)

// sorter sorts numbers into about as many buckets as there are numbers, and each
// bucket by comparing. Thousands of weights and returns are put in order on each
// session, and to compare them two by two is most of the work on them.
type sorter struct {
	values, sorted []float64
	ordered        []int32 // positions of what sorted holds
	bucket         []int32 // of each value
	ends           []int32 // of each bucket in sorted
}

// sorters are used again by whoever comes next; they remember nothing that
// matters.
var sorters = sync.Pool{New: func() any { return new(sorter) }}

const (
	fewNumbers = 48 // up to as many, comparing them is faster
	fewInOne   = 24 // numbers of a bucket that are moved to their places one by one
)

// Ascending is slices.Sort of numbers, none of which is NaN.
func Ascending(values []float64) {
	if len(values) <= fewNumbers {
		slices.Sort(values)
		return
	}
	s := sorters.Get().(*sorter)
	defer sorters.Put(s)
	s.load(values, 1)
	s.sort(false)
	copy(values, s.sorted)
}

// Sum adds numbers in order of size, so that the order in which they come does
// not matter.
func Sum(values []float64) float64 {
	values = slices.Clone(values)
	Ascending(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// Places writes to places the place of each value, from 0 for the largest; equal
// ones stand in the order in which they come.
func Places(values []float64, places []int32) {
	s := sorters.Get().(*sorter)
	defer sorters.Put(s)
	s.load(values, -1)
	s.sort(true)
	for place, i := range s.ordered {
		places[i] = int32(place)
	}
}

// load takes the numbers in, times 1 or -1.
func (s *sorter) load(values []float64, sign float64) {
	n := len(values)
	s.values, s.sorted, s.bucket = room(s.values, n), room(s.sorted, n), room(s.bucket, n)
	for i, v := range values {
		s.values[i] = sign*v + 0 // -0 is 0
	}
}

func room[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// sort fills sorted, and where they are wanted the positions of what it holds.
func (s *sorter) sort(positions bool) {
	n := len(s.values)
	if positions {
		s.ordered = room(s.ordered, n)
	}
	s.spread()
	for i, b := range s.bucket {
		at := s.ends[b]
		s.ends[b]++
		s.sorted[at] = s.values[i]
		if positions {
			s.ordered[at] = int32(i)
		}
	}
	s.finish(positions)
}

// spread gives each number its bucket, and makes ends the beginnings of the
// buckets: a larger number never has an earlier one. Numbers of one sign and of
// like size, as weights are, go by their logarithm, which the bits of a number
// nearly are; others, as returns, by their size.
func (s *sorter) spread() {
	n := len(s.values)
	width := bits.Len(uint(n))
	s.ends = room(s.ends, 1<<width)
	clear(s.ends)
	if n == 0 {
		return
	}
	least, most := s.values[0], s.values[0]
	for _, v := range s.values {
		least, most = min(least, v), max(most, v)
	}
	const alike = 1 << 40
	switch scale := float64(len(s.ends)-1) / (most - least); {
	case least > 0 && most/least < alike:
		from := math.Float64bits(least)
		shift := max(bits.Len64(math.Float64bits(most)-from)-width, 0)
		for i, v := range s.values {
			b := int32((math.Float64bits(v) - from) >> shift)
			s.bucket[i] = b
			s.ends[b]++
		}
	case most < 0 && least/most < alike:
		from := math.Float64bits(least)
		shift := max(bits.Len64(from-math.Float64bits(most))-width, 0)
		for i, v := range s.values {
			b := int32((from - math.Float64bits(v)) >> shift)
			s.bucket[i] = b
			s.ends[b]++
		}
	case scale > 0 && scale <= math.MaxFloat64:
		for i, v := range s.values {
			b := int32((v - least) * scale)
			s.bucket[i] = b
			s.ends[b]++
		}
	default: // one number many times, or infinite ones
		clear(s.bucket)
		s.ends[0] = int32(n)
	}
	at := int32(0)
	for b, count := range s.ends {
		s.ends[b], at = at, at+count
	}
}

// finish puts each bucket in order; numbers that are equal keep theirs.
func (s *sorter) finish(positions bool) {
	from := int32(0)
	for _, to := range s.ends {
		switch n := to - from; {
		case n < 2:
		case n <= fewInOne && !positions:
			insert(s.sorted[from:to])
		case n <= fewInOne:
			insertWith(s.sorted[from:to], s.ordered[from:to])
		case !positions:
			slices.Sort(s.sorted[from:to])
		default:
			bucket := s.ordered[from:to]
			slices.SortFunc(bucket, func(a, b int32) int {
				return cmp.Or(cmp.Compare(s.values[a], s.values[b]), cmp.Compare(a, b))
			})
			for k, i := range bucket {
				s.sorted[int(from)+k] = s.values[i]
			}
		}
		from = to
	}
}

// insert sorts few numbers.
func insert(values []float64) {
	for i := 1; i < len(values); i++ {
		v, at := values[i], i
		for at > 0 && values[at-1] > v {
			values[at] = values[at-1]
			at--
		}
		values[at] = v
	}
}

// insertWith sorts few numbers and what belongs to each.
func insertWith(values []float64, order []int32) {
	for i := 1; i < len(values); i++ {
		v, o, at := values[i], order[i], i
		for at > 0 && values[at-1] > v {
			values[at], order[at] = values[at-1], order[at-1]
			at--
		}
		values[at], order[at] = v, o
	}
}
