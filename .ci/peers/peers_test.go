package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// simulated makes bars of symbols that come and go, and are members at times.
func simulated(symbols, days int) *prices {
	r := rand.New(rand.NewPCG(1, 2))
	p := &prices{starts: []int{0}}
	for range symbols {
		from, to := 0, days
		if r.IntN(2) == 0 {
			from = r.IntN(days)
			to = from + 1 + r.IntN(days-from)
		}
		price, shares, member := math.Exp(3+r.NormFloat64()), math.Exp(15+r.NormFloat64()), byte(r.IntN(2))
		for d := from; d < to; d++ {
			if r.IntN(5) > 0 {
				price *= math.Exp(0.02 * r.NormFloat64())
			}
			if r.IntN(60) == 0 {
				shares *= 1.01
				member = 1 - member
			}
			p.date, p.close, p.shares = append(p.date, int32(9000+2*d)), append(p.close, price), append(p.shares, shares)
			p.volume, p.member = append(p.volume, r.Uint64N(1e9)), append(p.member, member)
		}
		p.starts = append(p.starts, len(p.date))
	}
	p.index()
	return p
}

// TestAgainstDefinition holds W1 and W2 against their definitions, written out.
func TestAgainstDefinition(t *testing.T) {
	p := simulated(90, 700)
	w1, w2 := p.compute(parts{true, true}, 3)
	line, summation := 0, 0.0
	var fast, slow float64
	for i, date := range p.axis {
		var b breadth
		var caps, moves, rets []float64
		var above, of [2]int32
		before, moved := 0.0, 0.0
		for symbol := range p.day {
			lo, hi := p.starts[symbol], p.starts[symbol+1]
			at, ok := slices.BinarySearch(p.date[lo:hi], date)
			if !ok || p.member[lo+at] == 0 {
				continue
			}
			closes := p.close[lo : lo+at+1]
			now, move := closes[at], 0.0
			b.members++
			if at > 0 {
				last, cap := closes[at-1], closes[at-1]*p.shares[lo+at-1]
				switch {
				case now > last:
					b.adv++
					b.advancedVolume += p.volume[lo+at]
				case now < last:
					b.dec++
					b.fallenVolume += p.volume[lo+at]
				default:
					b.unch++
				}
				move = cap * (now/last - 1)
				rets, before, moved = append(rets, now/last-1), before+cap, moved+move
			}
			for k, n := range []int{50, 200} {
				if len(closes) >= n {
					total := 0.0
					for _, v := range closes[len(closes)-n:] {
						total += v
					}
					of[k]++
					above[k] += one(now > total/float64(n))
				}
			}
			if len(closes) >= 252 {
				year := closes[len(closes)-252:]
				b.high += one(now >= slices.Max(year))
				b.low += one(now <= slices.Min(year))
			}
			caps, moves = append(caps, now*p.shares[lo+at]), append(moves, move)
		}
		got := &w1[i]
		if got.members != b.members || got.adv != b.adv || got.dec != b.dec || got.unch != b.unch || got.high != b.high || got.low != b.low ||
			got.advancedVolume != b.advancedVolume || got.fallenVolume != b.fallenVolume ||
			got.short != of[0] || got.long != of[1] || got.aboveShort != above[0] || got.aboveLong != above[1] {
			t.Fatalf("%d: counts are %+v, want %+v, %v above of %v", date, got.tally, b.tally, above, of)
		}
		line += int(b.adv - b.dec)
		rana := 0.0
		if b.adv+b.dec > 0 {
			rana = 1000 * float64(b.adv-b.dec) / float64(b.adv+b.dec)
		}
		if i == 0 {
			fast, slow = rana, rana
		}
		fast, slow = fast+0.1*(rana-fast), slow+0.05*(rana-slow)
		summation += fast - slow
		near := func(what string, got, want float64) {
			t.Helper()
			if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("%d: %s is %v, want %v", date, what, got, want)
			}
		}
		near("line", got.line, float64(line))
		near("oscillator", got.oscillator, fast-slow)
		near("summation", got.summation, summation)
		if len(rets) > 0 {
			near("weighted return", got.weighted, moved/before)
			slices.Sort(rets)
			near("median", got.median, (rets[len(rets)/2]+rets[(len(rets)-1)/2])/2)
		}
		want := naiveShape(caps, moves, before)
		near("largest", w2[i].top[0], want.top[0])
		near("ten largest", w2[i].top[2], want.top[2])
		near("HHI", w2[i].hhi, want.hhi)
		near("evenness", w2[i].evenness, want.evenness)
		near("Gini", w2[i].gini, want.gini)
		near("contributed", w2[i].contributed, want.contributed)
	}
}

func naiveShape(caps, moves []float64, before float64) shape {
	order, total, n := make([]int, len(caps)), 0.0, float64(len(caps))
	for i, v := range caps {
		order[i] = i
		total += v
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if caps[a] > caps[b] {
			return -1
		}
		return 1
	})
	s := shape{gini: -(n + 1) / n}
	for place, i := range order {
		w := caps[i] / total
		if place == 0 {
			s.top[0] = w
		}
		if place < 10 {
			s.top[2] += w
			if before > 0 {
				s.contributed += moves[i] / before
			}
		}
		s.hhi += w * w
		s.evenness -= w * math.Log(w) / math.Log(n)
		s.gini += 2 * (n - float64(place)) * w / n
	}
	return s
}
