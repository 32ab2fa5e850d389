package transform

import (
	"math"

	"tidemark/schemas"
	"tidemark/transform/ranking"
	"tidemark/transform/series"
)

// The windows of highs and lows, and how much of a window may be missing. What
// is missing for longer ends a history, so that no fact depends on bars older
// than the run-in: neither those of before a suspension of months nor those of
// another company that had the ticker years ago.
const (
	breadthHighWindow = 252 // closes or sessions, the day's own included
	breadthHighDays   = 364 // days: 52 weeks
	breadthGap        = 13  // sessions without a price within a window
	breadthGapDays    = 14  // days between the start of the calendar window and the last price before it
	breadthRelisted   = 252 // sessions after which the last trade is no previous close
)

// Prices are compared in millionths of a dollar. What a long row of splits
// makes larger or smaller than can be counted and summed stops at the ends.
const (
	ticksPerDollar = 1e6
	maxTicks       = 4e16
)

func ticks(price float64) int64 {
	return int64(min(max(math.Round(price*ticksPerDollar), 1), maxTicks))
}

// dayTally counts the members of one session.
type dayTally struct {
	members, adv, dec, unch int
	noPrint, noPrev         int
	missing                 int // of noPrint: no price either, not even carried
	noVolume                int // advanced or declined with unknown volume
	up, down                float64
	above, averaged         [4]int // by schemas.MovingAverages
	closes, ranges, weeks   extremes
	within2, within10       int // of closes.of: distance from the high
	below20                 int
}

// extremes counts new highs and lows among the members that have the history.
type extremes struct{ high, low, of int }

func (t *dayTally) add(o *dayTally) {
	t.members += o.members
	t.adv += o.adv
	t.dec += o.dec
	t.unch += o.unch
	t.noPrint += o.noPrint
	t.noPrev += o.noPrev
	t.missing += o.missing
	t.noVolume += o.noVolume
	t.up += o.up
	t.down += o.down
	for i := range t.above {
		t.above[i] += o.above[i]
		t.averaged[i] += o.averaged[i]
	}
	t.closes.add(o.closes)
	t.ranges.add(o.ranges)
	t.weeks.add(o.weeks)
	t.within2 += o.within2
	t.within10 += o.within10
	t.below20 += o.below20
}

func (e *extremes) add(o extremes) {
	e.high += o.high
	e.low += o.low
	e.of += o.of
}

// windows are the lengths that a tally is made with; tests use shorter ones.
type windows struct {
	averages           [4]int
	high               int
	calendar           int
	gap, gapDays, gone int
}

var standardWindows = windows{[4]int(schemas.MovingAverages), breadthHighWindow, breadthHighDays, breadthGap, breadthGapDays, breadthRelisted}

// tallies is the count of every session in [from, to), and the distances of
// the members from their highs.
type tallies struct {
	from, to  int
	days      []dayTally
	distances [][]float64 // by session, ascending
}

// tally counts the sessions [from, to). Securities are counted in blocks and
// the blocks are added in order, so the result does not depend on how many
// work at a time.
func (p *Panel) tally(from, to int, w windows) tallies {
	n := max(to-from, 0)
	blocks := make([][]dayTally, blockCount(len(p.Securities)))
	distance := make([][]float64, len(p.Securities))
	inBlocks(len(p.Securities), func(block, lo, hi int) {
		days := make([]dayTally, n)
		scan := newScan(len(p.Sessions), w)
		for i := lo; i < hi; i++ {
			distance[i] = scan.count(p, i, from, to, days)
		}
		blocks[block] = days
	})
	out := tallies{from: from, to: to, days: make([]dayTally, n), distances: make([][]float64, n)}
	for _, days := range blocks {
		for s := range days {
			out.days[s].add(&days[s])
		}
	}
	inBlocks(n, func(_, lo, hi int) {
		for s := lo; s < hi; s++ {
			ds := make([]float64, 0, out.days[s].closes.of)
			for i := range distance {
				if distance[i] != nil && distance[i][s] <= 0 {
					ds = append(ds, distance[i][s])
				}
			}
			ranking.Ascending(ds)
			out.distances[s] = ds
		}
	})
	return out
}

// noDistance marks a session on which a security has none; distances are
// never positive.
const noDistance = 1

// scan holds the working memory for counting one security after another.
type scan struct {
	w            windows
	session      []int32 // of each bar
	close        []int64 // in ticks
	total        []int64 // of the closes before each bar
	high, low    []int64 // low negated, so that both ask for a maximum
	maxClose     []int64 // of the last w.high bars but the newest
	maxNegClose  []int64
	maxHigh      []int64
	maxNegLow    []int64
	weekHigh     []int64 // highest of the calendar window before each bar
	weekNegLow   []int64
	weekStart    []int32 // newest bar on or before the start of the calendar window of each, -1 for none
	negated      []int64
	scratch      []int64
	queue        []int32
	lastUnranged []int32 // newest bar up to each without a high and low, -1 for none
}

func newScan(n int, w windows) *scan {
	ints := func() []int64 { return make([]int64, n) }
	return &scan{
		w: w, session: make([]int32, n), close: ints(), total: make([]int64, n+1), high: ints(), low: ints(),
		maxClose: ints(), maxNegClose: ints(), maxHigh: ints(), maxNegLow: ints(), weekHigh: ints(), weekNegLow: ints(),
		negated: ints(), scratch: ints(), queue: make([]int32, 0, n), lastUnranged: make([]int32, n), weekStart: make([]int32, n),
	}
}

// count adds one security to the tallies of the sessions [from, to) and
// returns its distance from its high on each of them.
func (c *scan) count(p *Panel, security, from, to int, days []dayTally) []float64 {
	lo, _ := p.column(security)
	cells := p.cells[lo : lo+len(p.Sessions)]
	if !anyMember(cells[from:to]) {
		return nil
	}
	bars := c.load(p, lo, cells[:to])
	c.roll(p, bars)
	distance := make([]float64, to-from)
	for i := range distance {
		distance[i] = noDistance
	}
	prev, traded := int64(0), 0 // close of the last session with a trade, 0 for none, and that session
	k := 0                      // bars up to and with session s
	for s := range to {
		bar := k < bars && int(c.session[k]) == s
		if bar {
			k++
		}
		if s >= from && cells[s]&cellMember != 0 {
			d := &days[s-from]
			d.members++
			if s-traded > c.w.gone {
				prev = 0
			}
			c.classify(d, cells[s], k-1, prev, p.volume[lo+s])
			if bar {
				distance[s-from] = c.measure(p, d, k-1)
			}
		}
		if cells[s]&cellPrinted != 0 {
			prev, traded = c.close[k-1], s
		}
	}
	return distance
}

func anyMember(cells []cell) bool {
	for _, c := range cells {
		if c&cellMember != 0 {
			return true
		}
	}
	return false
}

// load gathers the bars of a security, carried closes included.
func (c *scan) load(p *Panel, lo int, cells []cell) int {
	k, unranged := 0, int32(-1)
	for s, cl := range cells {
		if cl&cellPriced == 0 {
			continue
		}
		c.session[k] = int32(s)
		c.close[k] = ticks(p.close[lo+s])
		c.high[k], c.low[k] = ticks(p.high[lo+s]), -ticks(p.low[lo+s])
		if cl&cellRanged == 0 {
			unranged = int32(k)
		}
		c.lastUnranged[k] = unranged
		k++
	}
	series.Totals(c.total[:k+1], c.close[:k])
	return k
}

// roll finds the extremes before each bar.
func (c *scan) roll(p *Panel, bars int) {
	before := c.w.high - 1
	for i, v := range c.close[:bars] {
		c.negated[i] = -v
	}
	series.Max(c.maxClose, c.close[:bars], c.scratch, before)
	series.Max(c.maxNegClose, c.negated[:bars], c.scratch, before)
	series.Max(c.maxHigh, c.high[:bars], c.scratch, before)
	series.Max(c.maxNegLow, c.low[:bars], c.scratch, before)
	c.calendarMax(c.weekHigh, c.high[:bars], p.Sessions)
	c.calendarMax(c.weekNegLow, c.low[:bars], p.Sessions)
	start := int32(-1)
	for i, s := range c.session[:bars] {
		since := p.Sessions[s].AddDays(-c.w.calendar)
		for p.Sessions[c.session[start+1]] <= since {
			start++
		}
		c.weekStart[i] = start
	}
}

// full says whether the last n bars up to bar k are there, and lie close
// enough together.
func (c *scan) full(k, n int) bool {
	return k+1 >= n && int(c.session[k]-c.session[k+1-n]) <= n-1+c.w.gap
}

// calendarMax writes to dst[i] the largest of src on the days of the calendar
// window before bar i.
func (c *scan) calendarMax(dst, src []int64, sessions []schemas.Date) {
	queue := c.queue[:0] // bars whose value is not surpassed by a later one
	for i := range src {
		since := sessions[c.session[i]].AddDays(-c.w.calendar)
		for len(queue) > 0 && sessions[c.session[queue[0]]] < since {
			queue = queue[1:]
		}
		if len(queue) > 0 {
			dst[i] = src[queue[0]]
		}
		for len(queue) > 0 && src[queue[len(queue)-1]] <= src[i] {
			queue = queue[:len(queue)-1]
		}
		queue = append(queue, int32(i))
	}
}

// classify counts a member as up, down, unchanged, without a trade or without
// a previous close.
func (c *scan) classify(d *dayTally, now cell, bar int, prev int64, volume float64) {
	switch {
	case now&cellPrinted == 0:
		d.noPrint++
		if now&cellCarried == 0 {
			d.missing++
		}
		return
	case prev == 0:
		d.noPrev++
		return
	case c.close[bar] == prev:
		d.unch++
		return
	case now&cellVolume == 0:
		d.noVolume++
	}
	if c.close[bar] > prev {
		d.adv++
		d.up += volume
	} else {
		d.dec++
		d.down += volume
	}
}

// measure holds a member's bar k against its own history and returns its
// distance from the high.
func (c *scan) measure(p *Panel, d *dayTally, k int) float64 {
	for i, n := range c.w.averages {
		if !c.full(k, n) {
			continue
		}
		d.averaged[i]++
		if c.close[k]*int64(n) > series.Sum(c.total, k, n) {
			d.above[i]++
		}
	}
	ranged := k - int(c.lastUnranged[k]) // bars with high and low, up to and with this one
	c.measureWeeks(p, d, k, ranged)
	if !c.full(k, c.w.high) {
		return noDistance
	}
	d.closes.of++
	if c.close[k] > c.maxClose[k-1] {
		d.closes.high++
	}
	if -c.close[k] > c.maxNegClose[k-1] {
		d.closes.low++
	}
	if ranged >= c.w.high {
		d.ranges.of++
		if c.high[k] > c.maxHigh[k-1] {
			d.ranges.high++
		}
		if c.low[k] > c.maxNegLow[k-1] {
			d.ranges.low++
		}
	}
	return c.distance(d, c.close[k], max(c.close[k], c.maxClose[k-1]))
}

// measureWeeks counts the new highs and lows over calendar weeks.
func (c *scan) measureWeeks(p *Panel, d *dayTally, k, ranged int) {
	since := p.Sessions[c.session[k]].AddDays(-c.w.calendar)
	start := c.weekStart[k]
	if start < 0 || p.Sessions[c.session[start]] < since.AddDays(-c.w.gapDays) {
		return
	}
	if u := int(c.lastUnranged[k]); u >= 0 && (ranged == 0 || p.Sessions[c.session[u]] >= since) {
		return
	}
	if p.Sessions[c.session[k-1]] < since {
		return // nothing traded within the window
	}
	d.weeks.of++
	if c.high[k] > c.weekHigh[k] {
		d.weeks.high++
	}
	if c.low[k] > c.weekNegLow[k] {
		d.weeks.low++
	}
}

// distance returns how far a close is below the high, a fraction <= 0, and
// counts it. The limits are held against whole ticks, so that -2 % is -2 %.
func (c *scan) distance(d *dayTally, now, high int64) float64 {
	drop := high - now
	if 100*drop <= 2*high {
		d.within2++
	}
	if 100*drop <= 10*high {
		d.within10++
	}
	if 100*drop > 20*high {
		d.below20++
	}
	return -float64(drop) / float64(high)
}
