package main

import (
	"bytes"
	"slices"
)

// prices holds daily bars in order of symbol and date. The bars of a symbol have
// no gaps between its first and its last one.
type prices struct {
	date   []int32 // days since 1970-01-01
	close  []float64
	volume []uint64
	shares []float64
	member []byte
	starts []int // of each symbol's bars; the last one is where they end

	axis []int32 // all dates, ascending
	day  []int32 // place on the axis of each symbol's first bar
}

// allocate makes room for n bars.
func (p *prices) allocate(n int) {
	p.date, p.close, p.volume, p.shares, p.member = make([]int32, n), make([]float64, n), make([]uint64, n), make([]float64, n), make([]byte, n)
}

// index lists the dates, and says on which of them each symbol begins.
func (p *prices) index() {
	first, last := slices.Min(p.date), slices.Max(p.date)
	seen := make([]bool, last-first+1)
	for _, d := range p.date {
		seen[d-first] = true
	}
	p.axis = p.axis[:0]
	for i, yes := range seen {
		if yes {
			p.axis = append(p.axis, first+int32(i))
		}
	}
	p.day = make([]int32, len(p.starts)-1)
	for i := range p.day {
		at, _ := slices.BinarySearch(p.axis, p.date[p.starts[i]])
		p.day[i] = int32(at)
	}
}

// run is a stretch of bars throughout which a symbol is a member.
type run struct {
	symbol   int
	from, to int // bars
}

// runs lists the stretches of the symbols [lo, hi), in order.
func (p *prices) runs(lo, hi int) []run {
	var out []run
	for symbol := lo; symbol < hi; symbol++ {
		at, end := p.starts[symbol], p.starts[symbol+1]
		for at < end {
			skip := bytes.IndexByte(p.member[at:end], 1)
			if skip < 0 {
				break
			}
			at += skip
			length := bytes.IndexByte(p.member[at:end], 0)
			if length < 0 {
				length = end - at
			}
			out = append(out, run{symbol, at, at + length})
			at += length
		}
	}
	return out
}

// dayOf returns the place on the axis of a bar.
func (p *prices) dayOf(symbol, bar int) int { return int(p.day[symbol]) + bar - p.starts[symbol] }
