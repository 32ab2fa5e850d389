package transform

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

// drawMarket draws a small market with gaps, halts, joiners and leavers, and
// prices that often tie.
func drawMarket(t *rapid.T, at *market) *market {
	m := *at
	m.Bars, m.Spells = nil, nil
	m.Window.From = m.sessions[0]
	n := len(m.sessions)
	for i := range rapid.IntRange(1, 8).Draw(t, "securities") {
		symbol := "S" + strconv.Itoa(i)
		from := rapid.IntRange(-2, n-1).Draw(t, "joins")
		to := rapid.IntRange(0, n+3).Draw(t, "leaves")
		st := schemas.Spell{Index: "T", Symbol: symbol, From: m.sessions[max(from, 0)], To: schemas.NoDate}
		if from < 0 {
			st.From = m.sessions[0].AddDays(-50)
		}
		if to < n && to > from {
			st.To = m.sessions[to]
		}
		m.Spells = append(m.Spells, st)
		for s := range m.sessions {
			c := rapid.IntRange(-4, 9).Draw(t, "close")
			if c <= 0 {
				continue
			}
			b := m.bar(symbol, s, float64(c), float64(rapid.IntRange(-1, 5).Draw(t, "volume")))
			if rapid.IntRange(0, 9).Draw(t, "range") == 0 {
				b.High = schemas.None[float64]()
			} else {
				b.High = schemas.Some(float64(c + rapid.IntRange(0, 2).Draw(t, "high")))
				b.Low = schemas.Some(float64(c) - float64(rapid.IntRange(0, 2).Draw(t, "low"))/4)
			}
		}
	}
	m.bar("ANY", 0, 1, 1) // the panel spans all sessions
	m.bar("ANY", n-1, 1, 1)
	m.Spells = append(m.Spells, schemas.Spell{Index: "T", Symbol: "FIRST", From: m.sessions[0].AddDays(-99), To: m.sessions[0].AddDays(-98)})
	return &m
}

var shortWindows = windows{averages: [4]int{1, 2, 3, 5}, high: 4, calendar: 6, gap: 1, gapDays: 2, gone: 8}

// plainTally counts a session by the definitions, one security and one window
// at a time.
func plainTally(m *market, day int, w windows) dayTally {
	var out dayTally
	for _, st := range m.Spells {
		if m.sessions[day] < st.From || st.To != schemas.NoDate && m.sessions[day] >= st.To {
			continue
		}
		out.members++
		type bar struct {
			session     int
			c, hi, lo   float64
			printed, rg bool
			volume      schemas.Opt[float64]
		}
		var bars []bar
		for s := range day + 1 {
			i := slices.IndexFunc(m.Bars, func(b schemas.Bar) bool {
				return b.Symbol == st.Symbol && b.Session == m.sessions[s] && (!b.Volume.OK || b.Volume.V > 0)
			})
			if i >= 0 {
				b := m.Bars[i]
				x := bar{session: s, c: b.Close, hi: b.Close, lo: b.Close, printed: true, volume: b.Volume}
				if b.High.OK {
					x.hi, x.lo, x.rg = b.High.V, b.Low.V, true
				}
				bars = append(bars, x)
				continue
			}
			last := -1
			for k := range bars {
				if bars[k].printed {
					last = k
				}
			}
			if last >= 0 && s-bars[last].session <= 5 {
				c := bars[last].c
				bars = append(bars, bar{session: s, c: c, hi: c, lo: c, rg: true})
			}
		}
		if len(bars) == 0 || bars[len(bars)-1].session != day {
			out.noPrint++
			out.missing++
			continue
		}
		now, before := bars[len(bars)-1], bars[:len(bars)-1]
		prev := 0.0
		for _, b := range before {
			if b.printed {
				prev = b.c
				if day-b.session > w.gone {
					prev = 0
				}
			}
		}
		full := func(n int) bool {
			return len(bars) >= n && now.session-bars[len(bars)-n].session < n+w.gap
		}
		switch {
		case !now.printed:
			out.noPrint++
		case prev == 0:
			out.noPrev++
		case now.c == prev:
			out.unch++
		case now.c > prev:
			out.adv++
			out.up += now.volume.V
		default:
			out.dec++
			out.down += now.volume.V
		}
		if now.printed && prev != 0 && now.c != prev && !now.volume.OK {
			out.noVolume++
		}
		for i, n := range w.averages {
			if !full(n) {
				continue
			}
			total := 0.0
			for _, b := range bars[len(bars)-n:] {
				total += b.c
			}
			out.averaged[i]++
			if now.c*float64(n) > total {
				out.above[i]++
			}
		}
		if full(w.high) {
			hc, lc, hi, lo, ranged := math.Inf(-1), math.Inf(1), math.Inf(-1), math.Inf(1), now.rg
			for _, b := range before[len(bars)-w.high:] {
				hc, lc, hi, lo, ranged = max(hc, b.c), min(lc, b.c), max(hi, b.hi), min(lo, b.lo), ranged && b.rg
			}
			out.closes.of++
			out.closes.high += one(now.c > hc)
			out.closes.low += one(now.c < lc)
			if ranged {
				out.ranges.of++
				out.ranges.high += one(now.hi > hi)
				out.ranges.low += one(now.lo < lo)
			}
			top := max(hc, now.c)
			out.within2 += one(100*now.c >= 98*top)
			out.within10 += one(100*now.c >= 90*top)
			out.below20 += one(100*now.c < 80*top)
		}
		since := m.sessions[day].AddDays(-w.calendar)
		hi, lo, ranged, found := math.Inf(-1), math.Inf(1), now.rg, false
		for _, b := range before {
			if m.sessions[b.session] >= since {
				hi, lo, ranged, found = max(hi, b.hi), min(lo, b.lo), ranged && b.rg, true
			}
		}
		start := schemas.NoDate
		for _, b := range bars {
			if m.sessions[b.session] <= since {
				start = m.sessions[b.session]
			}
		}
		if start != schemas.NoDate && start >= since.AddDays(-w.gapDays) && ranged && found {
			out.weeks.of++
			out.weeks.high += one(now.hi > hi)
			out.weeks.low += one(now.lo < lo)
		}
	}
	return out
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// The fast count equals the plain one on any market.
func TestTallyEqualsItsDefinition(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 14, "2025-06-30")
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, at)
		p := NewPanel(m.inputs())
		got := p.tally(0, len(p.Sessions), shortWindows)
		for s := range p.Sessions {
			if want := plainTally(m, s, shortWindows); got.days[s] != want {
				t.Errorf("session %d: got  %+v\nwant %+v", s, got.days[s], want)
			}
		}
	})
}
