package main

import (
	"math"
	"sync"

	"tidemark/transform/series"
)

// The windows of W1, in bars.
const (
	shortAverage = 50
	longAverage  = 200
	extremes     = 252
)

// tally counts the members of one day.
type tally struct {
	members, adv, dec, unch      int32
	short, aboveShort            int32
	long, aboveLong              int32
	ranged, high, low            int32
	advancedVolume, fallenVolume uint64
}

func (t *tally) add(o *tally) {
	t.members += o.members
	t.adv += o.adv
	t.dec += o.dec
	t.unch += o.unch
	t.short += o.short
	t.aboveShort += o.aboveShort
	t.long += o.long
	t.aboveLong += o.aboveLong
	t.ranged += o.ranged
	t.high += o.high
	t.low += o.low
	t.advancedVolume += o.advancedVolume
	t.fallenVolume += o.fallenVolume
}

// tallies counts every day of the axis, several symbols at a time. Counts are
// whole numbers, so that the order in which they are added does not matter.
func (p *prices) tallies(workers int) []tally {
	parts := make([][]tally, workers)
	var wg sync.WaitGroup
	symbols := len(p.day)
	for w := range workers {
		wg.Go(func() {
			days := make([]tally, len(p.axis))
			var c counter
			for _, r := range p.runs(symbols*w/workers, symbols*(w+1)/workers) {
				c.count(p, r, days)
			}
			parts[w] = days
		})
	}
	wg.Wait()
	days := parts[0]
	for _, part := range parts[1:] {
		for i := range days {
			days[i].add(&part[i])
		}
	}
	return days
}

// counter holds the working memory for counting one run after another.
type counter struct {
	keys, negated, highest, lowest, scratch []int64
	totals                                  []float64
}

func (c *counter) count(p *prices, r run, days []tally) {
	start := p.starts[r.symbol]
	from := max(start, r.from-(extremes-1)) // the run-in
	closes := p.close[from:r.to]
	n := len(closes)
	if cap(c.keys) < n {
		for _, s := range []*[]int64{&c.keys, &c.negated, &c.highest, &c.lowest} {
			*s = make([]int64, 2*n)
		}
		c.scratch, c.totals = make([]int64, extremes), make([]float64, 2*n+1)
	}
	keys, negated, highest, lowest, totals := c.keys[:n], c.negated[:n], c.highest[:n], c.lowest[:n], c.totals[:n+1]
	for i, v := range closes {
		k := int64(math.Float64bits(v)) // prices are positive, and their bits ordered as they are
		keys[i], negated[i] = k, -k
	}
	series.Totals(totals, closes)
	series.Max(highest, keys, c.scratch, extremes)
	series.Max(lowest, negated, c.scratch, extremes)
	day := p.dayOf(r.symbol, r.from)
	for k := r.from - from; k < n; k++ {
		d := &days[day]
		day++
		d.members++
		bars := from + k - start + 1 // up to and with this one
		if bars > 1 {
			up, down := one(keys[k] > keys[k-1]), one(keys[k] < keys[k-1])
			d.adv += up
			d.dec += down
			d.unch += 1 - up - down
			d.advancedVolume += p.volume[from+k] & -uint64(up)
			d.fallenVolume += p.volume[from+k] & -uint64(down)
		}
		if bars < shortAverage {
			continue
		}
		d.short++
		d.aboveShort += one(closes[k]*shortAverage > series.Sum(totals, k, shortAverage))
		if bars < longAverage {
			continue
		}
		d.long++
		d.aboveLong += one(closes[k]*longAverage > series.Sum(totals, k, longAverage))
		if bars < extremes {
			continue
		}
		d.ranged++
		d.high += one(keys[k] == highest[k])
		d.low += one(negated[k] == lowest[k])
	}
}

func one(yes bool) int32 {
	if yes {
		return 1
	}
	return 0
}
