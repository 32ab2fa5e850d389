package sandbox

import (
	"fmt"
	"math"
	"sort"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// market is everything that was drawn once: the days, the factors that move
// all prices, the securities and the indices they belong to. Prices of single
// securities are not part of it; they are walked on demand.
type market struct {
	seed     seeded
	cal      *calendar.Calendar
	from, to schemas.Date // both included
	days     []schemas.Date
	years    []int // calendar years
	edges    []int // first session of each year, and the number of sessions

	factor  []float64              // daily log return of the whole market
	sectors [sectorCount][]float64 // daily log return of a sector beyond it
	small   []float64              // daily log return of the smallest companies beyond it

	lines   []*security
	bySym   map[string]int // newest symbol to line
	reviews []int          // sessions from which reviewed indices hold; the first is 0
	caps    [][]float32    // full market value of each line at each review, USD
	indices map[string]*index
	sizes   Sizes
}

// event is a corporate action at the open of a session.
type event struct {
	at     int
	kind   string  // one of the schemas.Action constants
	ratio  float64 // new shares per old one; of a spin-off, value before for value after
	amount float64 // USD per original share, 0 where none
	hidden bool    // not yet in the vendor's file
}

// reviewLag is the number of sessions between ranking and effect.
const reviewLag = 5

func newMarket(c *Config) (*market, error) {
	m := &market{seed: seeded(c.Seed), cal: c.Calendar, from: c.From, to: c.To, sizes: c.Sizes}
	m.days = m.cal.Sessions(c.From, c.To+1)
	if len(m.days) < 60 {
		return nil, fmt.Errorf("sandbox: %s to %s has %d sessions; a market needs at least 60", c.From, c.To, len(m.days))
	}
	for t, d := range m.days {
		if y := d.Year(); len(m.years) == 0 || m.years[len(m.years)-1] != y {
			m.years = append(m.years, y)
			m.edges = append(m.edges, t)
		}
	}
	m.edges = append(m.edges, len(m.days))
	m.drawFactors()
	m.lines = roster(m.seed, c.Securities, len(m.days), m.span())
	m.drawHalts()
	m.planReviews()
	m.populate()
	m.bySym = make(map[string]int, len(m.lines))
	for _, s := range m.lines {
		if other, taken := m.bySym[s.symbol]; taken {
			return nil, fmt.Errorf("sandbox: lines %d and %d share the symbol %s", other, s.id, s.symbol)
		}
		m.bySym[s.symbol] = s.id
	}
	m.indices = m.buildIndices()
	return m, nil
}

// span is the length of the market in years.
func (m *market) span() float64 { return float64(m.to-m.from) / 365.25 }

// session returns the index of the session on day d.
func (m *market) session(d schemas.Date) (int, bool) {
	t := sort.Search(len(m.days), func(i int) bool { return m.days[i] >= d })
	return t, t < len(m.days) && m.days[t] == d
}

// sessionFrom returns the index of the first session on or after day d, which
// may be the number of sessions.
func (m *market) sessionFrom(d schemas.Date) int {
	t, _ := m.session(d)
	return t
}

// day returns the day of session t; a session after the last is the day after
// the market's last.
func (m *market) day(t int) schemas.Date {
	if t >= len(m.days) {
		return m.to + 1
	}
	return m.days[t]
}

// yearOf returns the position in m.years of session t.
func (m *market) yearOf(t int) int { return sort.SearchInts(m.edges, t+1) - 1 }

func (m *market) yearIndex(year int) (int, bool) {
	i := sort.SearchInts(m.years, year)
	return i, i < len(m.years) && m.years[i] == year
}

// drawFactors draws the returns that securities share: a market whose
// volatility comes in clusters, sectors, and the lag of small companies, which
// began five years before the end.
func (m *market) drawFactors() {
	const (
		drift      = .085 / 252
		sigma      = .0095 // in the long run
		arch       = .09
		garch      = .88
		smallSigma = .0038
		smallDrift = -.035 / 252
		lagYears   = 5
	)
	n := len(m.days)
	r := m.seed.rand(streamMarket, 0, 0)
	table := sectors()
	m.factor, m.small = make([]float64, n), make([]float64, n)
	for k := range m.sectors {
		m.sectors[k] = make([]float64, n)
	}
	variance := sigma * sigma
	lagFrom := m.sessionFrom(m.to.AddYears(-lagYears))
	for t := range n {
		shock := math.Sqrt(variance) * r.NormFloat64()
		m.factor[t] = drift + shock
		variance = (1-arch-garch)*sigma*sigma + arch*shock*shock + garch*variance
		m.small[t] = smallSigma * r.NormFloat64()
		if t >= lagFrom {
			m.small[t] += smallDrift
		}
		for k := range table {
			m.sectors[k][t] = table[k].sigma * r.NormFloat64()
		}
	}
}

// drawHalts lets about one line in fifty stop trading for one to four
// sessions a year, never across the turn of a year.
func (m *market) drawHalts() {
	for _, s := range m.lines {
		for i, h := range s.halts { // the scripted one
			if m.yearOf(h.from) != m.yearOf(h.to) {
				s.halts[i] = span{h.from - 10, h.to - 10}
			}
		}
		if s.id < len(giants()) || len(s.halts) > 0 {
			continue
		}
		for y := range m.years {
			if m.seed.unit(streamHalt, s.id, y) >= .02 {
				continue
			}
			r := m.seed.rand(streamHalt, s.id, -1-y)
			from := m.edges[y] + 2 + r.IntN(max(1, m.edges[y+1]-m.edges[y]-8))
			h := span{from, from + 1 + r.IntN(4)}
			if h.from > s.listed+2 && h.to < s.gone-2 && h.to < m.edges[y+1] {
				s.halts = append(s.halts, h)
			}
		}
	}
}

// planReviews lists the sessions after the third Fridays of March, June,
// September and December.
func (m *market) planReviews() {
	m.reviews = []int{0}
	for y := m.from.Year(); y <= m.to.Year(); y++ {
		for _, month := range []time.Month{time.March, time.June, time.September, time.December} {
			first := schemas.NewDate(y, month, 1)
			friday := first.AddDays((int(time.Friday)-int(first.Weekday())+7)%7 + 14)
			if t := m.sessionFrom(friday + 1); t > reviewLag && t < len(m.days) {
				m.reviews = append(m.reviews, t)
			}
		}
	}
}

// quarter is the number of reviews in force at session t, from 0.
func (m *market) quarter(t int) int { return sort.SearchInts(m.reviews, t+1) - 1 }

// populate gives every line its size, price, actions and yearly checkpoints.
func (m *market) populate() {
	m.caps = make([][]float32, len(m.reviews))
	for q := range m.caps {
		m.caps[q] = make([]float32, len(m.lines))
	}
	level := make([]float64, len(m.days)) // cumulated log return of the market
	var sum float64
	for t, r := range m.factor {
		sum += r
		level[t] = sum
	}
	named := giants()
	ordinary := m.lines[len(named):]
	for k, s := range ordinary {
		if k == lineChild {
			continue // takes its size from its parent, in live
		}
		m.size(s, k, len(m.lines), level, sum)
		m.live(s)
	}
	total := m.largest(len(m.reviews)-1, m.sizes.SPX-len(named))
	totalFirst := m.largest(0, m.sizes.SPX-len(named))
	var begin, end float64
	for _, g := range named {
		begin += g.begin
		end += g.end
	}
	for i := range named {
		g, s := &named[i], m.lines[i]
		noise := math.Exp(.04 * m.seed.bell(streamRoster, -1, i-g.class))
		capFirst := g.begin / (1 - begin) * totalFirst
		capLast := g.end / (1 - end) * total * noise
		m.enlarge(s, g, capFirst, capLast)
		m.live(s)
	}
}

// size gives an ordinary line its price and number of shares. Sizes fall
// steeply with the position k, and are such that the market ends at about the
// same value however long it lasts.
func (m *market) size(s *security, k, count int, level []float64, sum float64) {
	r := m.seed.rand(streamRoster, k, 1)
	worth := 220e9 * math.Pow(1+float64(k)/40, -1.3) * math.Exp(-3*float64(k)/float64(count)) * math.Exp(.25*r.NormFloat64())
	worth *= 1.4 * math.Exp(level[s.listed]-sum)
	s.first = math.Min(400, math.Max(4, math.Exp(3.8+.7*r.NormFloat64())))
	if k == lineReverseSplit {
		s.first = 6
	}
	if s.class > 0 { // a second line is a part of the first
		first := m.lines[s.issuer]
		worth, s.first = .4*first.first*first.shares, first.first*.98
	}
	s.shares = math.Max(1e6, math.Round(worth/s.first/1e3)*1e3)
}

// enlarge gives a giant the size with which the market begins, and the drift
// that takes it to the size with which it ends.
func (m *market) enlarge(s *security, g *giant, first, last float64) {
	split := 1.0
	if g.split > 0 {
		split = g.split
	}
	growth := math.Pow(1+s.issue, float64(m.quarter(len(m.days)-1)))
	s.shares = math.Round(last/(g.price*split)/growth/1e3) * 1e3
	s.first = first / s.shares
	v := s.first
	for y := range m.years {
		v = m.walk(s, y, v, func(_ int, v float64) float64 { return v })
	}
	s.drift = math.Log(last/(v*s.shares*growth)) / float64(len(m.days))
}

// largest sums the n largest values of a review, giants not yet among them.
func (m *market) largest(review, n int) float64 {
	values := make([]float64, 0, len(m.lines))
	for i, v := range m.caps[review] {
		values = append(values, float64(v)*m.lines[i].float)
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(values)))
	var sum float64
	for _, v := range values[:min(n, len(values))] {
		sum += v
	}
	return sum
}
