package transform

import (
	"math"
	"math/bits"
	"slices"
	"sync"
)

// sorter sorts numbers by the leading digits of their binary form, and brings
// those that share them in order one by one. Thousands of weights are put in
// order on each session, and to compare them two by two is most of the work on
// them.
type sorter struct {
	keys, otherKeys   []uint64
	order, otherOrder []int32
	counts            [sortDigits][1 << sortBits]int32
}

// A digit has sortBits bits. Keys are cut into sortDigits of them, from the
// first bit on in which they differ at all.
const (
	sortBits   = 11
	sortDigits = 3
)

// sorters are used again by whoever comes next; they remember nothing that
// matters.
var sorters = sync.Pool{New: func() any { return new(sorter) }}

// fewNumbers is up to how many numbers comparing them is faster.
const fewNumbers = 48

// sortAscending is slices.Sort of numbers, none of which is NaN.
func sortAscending(values []float64) {
	if len(values) <= fewNumbers {
		slices.Sort(values)
		return
	}
	s := sorters.Get().(*sorter)
	defer sorters.Put(s)
	s.load(values)
	s.sort(false)
	for i, k := range s.keys {
		values[i] = unkey(k)
	}
}

// sum adds numbers in order of size, so that the order in which they come does
// not matter.
func sum(values []float64) float64 {
	values = slices.Clone(values)
	sortAscending(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// placesDescending writes to places the place of each value, from 0 for the
// largest; equal ones stand in the order in which they come.
func placesDescending(values []float64, places []int32) {
	s := sorters.Get().(*sorter)
	defer sorters.Put(s)
	s.load(values)
	for i := range s.keys {
		s.keys[i] = ^s.keys[i]
	}
	s.sort(true)
	for place, i := range s.order {
		places[i] = int32(place)
	}
}

// load takes the numbers in as keys that are ordered as they are: the bits of
// a number are ordered like it where it is positive, and the other way round
// where it is negative.
func (s *sorter) load(values []float64) {
	n := len(values)
	s.keys, s.otherKeys = slices.Grow(s.keys[:0], n)[:n], slices.Grow(s.otherKeys[:0], n)[:n]
	for i, v := range values {
		b := math.Float64bits(v + 0) // -0 is 0
		s.keys[i] = b ^ (uint64(int64(b)>>63) | 1<<63)
	}
}

func unkey(k uint64) float64 { return math.Float64frombits(k ^ (uint64(int64(^k)>>63) | 1<<63)) }

// sort puts the keys in ascending order, and where they are wanted their
// positions in order.
func (s *sorter) sort(positions bool) {
	n := len(s.keys)
	if positions {
		s.order, s.otherOrder = slices.Grow(s.order[:0], n)[:n], slices.Grow(s.otherOrder[:0], n)[:n]
		for i := range s.order {
			s.order[i] = int32(i)
		}
	}
	if n == 0 {
		return
	}
	least, most := slices.Min(s.keys), slices.Max(s.keys)
	shift := max(bits.Len64(most-least)-sortDigits*sortBits, 0)
	clear(s.counts[:])
	for _, k := range s.keys {
		k = (k - least) >> shift
		for d := range s.counts {
			s.counts[d][k>>(d*sortBits)&(1<<sortBits-1)]++
		}
	}
	for d := range s.counts {
		s.byDigit(&s.counts[d], least, shift+d*sortBits, positions)
	}
	s.finish(positions)
}

// byDigit sorts by one digit, of which there are these counts; keys with the same
// one stay in order.
func (s *sorter) byDigit(counts *[1 << sortBits]int32, least uint64, shift int, positions bool) {
	at := int32(0)
	for i, c := range counts {
		counts[i], at = at, at+c
	}
	for i, k := range s.keys {
		place := &counts[(k-least)>>shift&(1<<sortBits-1)]
		s.otherKeys[*place] = k
		if positions {
			s.otherOrder[*place] = s.order[i]
		}
		*place++
	}
	s.keys, s.otherKeys = s.otherKeys, s.keys
	s.order, s.otherOrder = s.otherOrder, s.order
}

// finish moves each key to its place; the digits have brought it near. Were all
// of thousands of numbers the same to nine digits, and one far away, it would
// compare them two by two.
func (s *sorter) finish(positions bool) {
	for i := 1; i < len(s.keys); i++ {
		k := s.keys[i]
		if k >= s.keys[i-1] {
			continue
		}
		at := i
		for at > 0 && s.keys[at-1] > k {
			s.keys[at] = s.keys[at-1]
			at--
		}
		s.keys[at] = k
		if positions {
			moved := s.order[i]
			copy(s.order[at+1:i+1], s.order[at:i])
			s.order[at] = moved
		}
	}
}
