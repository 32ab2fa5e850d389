package main

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"tidemark/transform/ranking"
)

// tileDays is how many days are gathered at a time: bars lie symbol by symbol, and
// what is fetched for a symbol should be used while it is near the processor.
const tileDays = 128

// parts of the work.
type parts struct{ breadth, concentration bool }

// returns is what W1 says of the members' returns on a day.
type returns struct {
	known                  int
	weighted, mean, median float64
}

var tops = [...]int{1, 5, 10, 25, 50}

// shape is what W2 says of a day.
type shape struct {
	members                                     int
	top                                         [len(tops)]float64
	hhi, effective, evenness, gini, contributed float64
}

// span is the part of a run within a tile.
type span struct{ bar, first, day, days int32 }

// across works out the days one by one, tile by tile, several tiles at a time. A
// day's members are taken in order of their symbols, whoever works on it.
func (p *prices) across(want parts, workers int) ([]returns, []shape) {
	tiles := make([][]span, (len(p.axis)+tileDays-1)/tileDays)
	for _, r := range p.runs(0, len(p.day)) {
		for bar := r.from; bar < r.to; {
			day := p.dayOf(r.symbol, bar)
			n := min(r.to-bar, tileDays-day%tileDays)
			tiles[day/tileDays] = append(tiles[day/tileDays], span{int32(bar), int32(p.starts[r.symbol]), int32(day % tileDays), int32(n)})
			bar += n
		}
	}
	rets, shapes := make([]returns, len(p.axis)), make([]shape, len(p.axis))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var t tile
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tiles) {
					return
				}
				t.gather(p, tiles[i])
				for d := range t.days[:min(tileDays, len(p.axis)-i*tileDays)] {
					at := i*tileDays + d
					if want.breadth {
						rets[at] = t.days[d].returns()
					}
					if want.concentration {
						shapes[at] = t.days[d].shape()
					}
				}
			}
		})
	}
	wg.Wait()
	return rets, shapes
}

// tile holds the members of some days, day by day.
type tile struct{ days [tileDays]column }

// column is one day: of each member its market value, its return, where it has
// one, and its market value of the day before times that return.
type column struct {
	caps, rets, moves []float64
	members, known    int
	before, moved     float64 // totals of the market values of the day before, and of the moves
}

func (t *tile) gather(p *prices, spans []span) {
	var members [tileDays + 1]int32
	for _, s := range spans {
		members[s.day]++
		members[s.day+s.days]--
	}
	n := int32(0)
	for d := range t.days {
		n += members[d]
		t.days[d].reset(int(n))
	}
	for _, s := range spans {
		lo, hi := int(s.bar), int(s.bar+s.days)
		closes, shares := p.close[lo:hi], p.shares[lo:hi]
		days := t.days[s.day:][:len(closes)]
		var close, cap float64
		known := s.bar > s.first
		if known {
			close, cap = p.close[lo-1], p.close[lo-1]*p.shares[lo-1]
		}
		for k, now := range closes {
			c := &days[k]
			if known {
				ret := now/close - 1
				c.before += cap
				c.moved += cap * ret
				c.rets[c.known] = ret
				c.moves[c.members] = cap * ret
				c.known++
			}
			close, cap, known = now, now*shares[k], true
			c.caps[c.members] = cap
			c.members++
		}
	}
	for d := range t.days {
		t.days[d].rets = t.days[d].rets[:t.days[d].known]
	}
}

// reset makes room for the members of a day.
func (c *column) reset(members int) {
	for _, s := range []*[]float64{&c.caps, &c.rets, &c.moves} {
		*s = slices.Grow((*s)[:0], members)[:members]
	}
	clear(c.moves)
	c.members, c.known, c.before, c.moved = 0, 0, 0, 0
}

func (c *column) returns() returns {
	r := returns{known: len(c.rets)}
	if r.known > 0 {
		r.weighted = c.moved / c.before
		total := 0.0
		for _, v := range c.rets {
			total += v
		}
		r.mean = total / float64(r.known)
		ranking.Ascending(c.rets)
		r.median = ranking.Quantile(c.rets, 0.5)
	}
	return r
}

func (c *column) shape() shape {
	s := shape{members: len(c.caps)}
	if s.members == 0 {
		return s
	}
	total := 0.0
	for _, v := range c.caps {
		total += v
	}
	for i := range c.caps {
		c.caps[i] /= total
	}
	w := ranking.Ranked(c.caps)
	for i, n := range tops {
		s.top[i] = w.Top(n)
	}
	s.hhi = w.HHI()
	s.effective = 1 / s.hhi
	s.evenness = w.Evenness(w.Entropy()).V
	s.gini = w.Gini()
	if c.before > 0 {
		s.contributed = c.largest(w) / c.before
	}
	return s
}

// largest adds up the moves of the ten largest members. Of those that are as large
// as the tenth, the first ones count.
func (c *column) largest(w ranking.Weights) float64 {
	const n = 10
	tenth := math.Inf(-1)
	room := n
	if len(w) > n {
		tenth = w[n-1]
		for _, v := range w[:n] {
			if v > tenth {
				room--
			}
		}
	}
	total := 0.0
	for i, v := range c.caps {
		switch {
		case v > tenth:
			total += c.moves[i]
		case v == tenth && room > 0:
			total += c.moves[i]
			room--
		}
	}
	return total
}
