package sandbox

import (
	"math"

	"tidemark/schemas"
)

// walk moves the value of an original share of s through the sessions of year
// number y, from v at the close before them. At each session it calls at with
// the value before corporate actions and goes on from the value at returns.
func (m *market) walk(s *security, y int, v float64, at func(t int, v float64) float64) float64 {
	from, to := max(m.edges[y], s.listed), min(m.edges[y+1], s.gone)
	if from >= to {
		return v
	}
	// Lines of one issuer move together: they share its numbers.
	own := m.seed.rand(streamPath, s.issuer, y)
	apart := m.seed.rand(streamPath, s.id, -1-y)
	sector := m.sectors[s.sector]
	for t := from; t < to; t++ {
		z := own.NormFloat64()
		if own.Uint64()%newsEvery == 0 {
			z *= newsSize
		}
		r := s.drift + s.beta*m.factor[t] + sector[t] + s.small*m.small[t] + s.sigma*z
		if s.class > 0 {
			r += .0005 * apart.NormFloat64()
		}
		if s.failed && t >= s.gone-collapse {
			r -= .035
		}
		v = at(t, v*math.Exp(r))
	}
	return v
}

// On one day in newsEvery a security moves newsSize times as much as usual,
// which multiplies the variance of its own return by news.
const (
	newsEvery = 256
	newsSize  = 4
	news      = 1 + (newsSize*newsSize-1.)/newsEvery
)

// collapse is the number of sessions over which a failing company falls.
const collapse = 80

// live walks s through the whole market once and writes down what depends on
// its price: splits, dividends, the value at the turn of each year and at each
// review.
func (m *market) live(s *security) {
	l := life{m: m, s: s, factor: 1, threshold: math.Max(300, 2.5*s.first), offset: int(m.seed.key(streamRoster, s.id, 2) % dividendEvery)}
	l.script()
	s.events, s.start = nil, make([]float64, len(m.years))
	for l.review < len(m.reviews) && m.rankedAt(l.review) < s.listed {
		l.review++
	}
	v := s.first
	for y := range m.years {
		s.start[y] = v
		v = m.walk(s, y, v, l.at)
	}
}

// rankedAt is the session at whose close the lines are ranked for a review.
func (m *market) rankedAt(review int) int {
	if review == 0 {
		return 0
	}
	return m.reviews[review] - reviewLag
}

const dividendEvery = 63 // sessions

// life is what one pass over a security carries along.
type life struct {
	m         *market
	s         *security
	factor    float64 // new shares per original one
	threshold float64 // price at which the company splits its shares
	offset    int     // of its dividend days
	planned   event   // a split announced and not yet due
	fixed     []event // scripted actions still to come
	review    int
}

func (l *life) script() {
	m, s := l.m, l.s
	at := func(part float64) int { return int(part * float64(len(m.days)-1)) }
	named := giants()
	if s.id < len(named) {
		if g := named[s.id]; g.split > 0 {
			l.fixed = []event{{at: at(g.when), kind: schemas.ActionSplit, ratio: g.split}}
		}
		l.threshold = math.Inf(1)
		return
	}
	switch s.id - len(named) {
	case lineReverseSplit:
		l.fixed = []event{{at: at(.4), kind: schemas.ActionSplit, ratio: .1}}
	case lineThreeForTwo:
		l.fixed = []event{{at: at(.25), kind: schemas.ActionSplit, ratio: 1.5}}
	case lineSpecial:
		l.fixed = []event{{at: at(.6), kind: schemas.ActionSpecial, amount: .08}} // a share of the price
	case lineParent:
		l.fixed = []event{{at: at(.45), kind: schemas.ActionSpinOff, ratio: 1.18}}
	}
}

// at takes the corporate actions of session t from the value v and returns
// what is left.
func (l *life) at(t int, v float64) float64 {
	s := l.s
	if e, due := l.due(t, v); due {
		switch e.kind {
		case schemas.ActionSplit:
			l.factor *= e.ratio
		case schemas.ActionSpinOff:
			l.bear(t, v, e.ratio)
			v /= e.ratio
		default:
			v -= e.amount
		}
		s.events = append(s.events, e)
	}
	l.plan(t, v)
	for l.review < len(l.m.reviews) && t >= l.m.rankedAt(l.review) {
		l.m.caps[l.review][s.id] = float32(v * l.m.original(s, t))
		l.review++
	}
	return v
}

// due returns the action of session t, if there is one. There is never more
// than one a day.
func (l *life) due(t int, v float64) (event, bool) {
	if len(l.fixed) > 0 && l.fixed[0].at == t && t > l.s.listed {
		e := l.fixed[0]
		l.fixed = l.fixed[1:]
		if e.kind == schemas.ActionSpecial {
			e.amount = cents(e.amount*v/l.factor) * l.factor
		}
		return e, true
	}
	if l.planned.at == t && l.planned.ratio > 0 {
		e := l.planned
		l.planned = event{}
		return e, true
	}
	if l.s.yield > 0 && t > l.s.listed+20 && (t+l.offset)%dividendEvery == 0 {
		if raw := cents(v / l.factor * l.s.yield / 4); raw > 0 {
			return event{at: t, kind: schemas.ActionDividend, amount: raw * l.factor}, true
		}
	}
	return event{}, false
}

// plan announces a split three weeks ahead where the price has left the range
// in which companies like to keep it.
func (l *life) plan(t int, v float64) {
	const ahead = 15
	if l.planned.ratio > 0 || len(l.fixed) > 0 || l.s.failed || l.s.class > 0 || l.second() || t+ahead >= l.s.gone-5 || (t+l.s.id)%21 != 0 {
		return
	}
	switch price := v / l.factor; {
	case price > l.threshold:
		l.planned = event{at: t + ahead, kind: schemas.ActionSplit, ratio: splitRatio(price)}
	case price < 1.5:
		l.planned = event{at: t + ahead, kind: schemas.ActionSplit, ratio: .1}
	}
}

// second reports whether the issuer has a second line: the two would have to
// split together, and do so only by script.
func (l *life) second() bool {
	next := l.s.id + 1
	return next < len(l.m.lines) && l.m.lines[next].issuer == l.s.id
}

func splitRatio(price float64) float64 {
	for _, ratio := range []float64{20, 10, 5, 4, 3} {
		if price/ratio >= 90 {
			return ratio
		}
	}
	return 2
}

// bear lists the company that the parent gives away: its value is what the
// parent loses.
func (l *life) bear(t int, v, ratio float64) {
	m := l.m
	child := m.lines[len(giants())+lineChild]
	lost := (v - v/ratio) * m.original(l.s, t)
	child.listed, child.small = t, .5
	child.first = 32
	child.shares = math.Max(1e6, math.Round(lost/child.first/1e3)*1e3)
	m.live(child)
}

// original returns the number of shares outstanding at session t, counted in
// original ones. It changes with the reviews, by issues and buy-backs.
func (m *market) original(s *security, t int) float64 {
	return s.shares * math.Pow(1+s.issue, float64(m.quarter(t)))
}

// factorAt is the number of shares at session t per original one.
func (s *security) factorAt(t int) float64 {
	f := 1.0
	for i := range s.events {
		if e := &s.events[i]; e.at > t {
			break
		} else if e.kind == schemas.ActionSplit {
			f *= e.ratio
		}
	}
	return f
}

// outstanding returns the number of shares outstanding at session t.
func (m *market) outstanding(s *security, t int) float64 {
	return math.Round(m.original(s, t) * s.factorAt(t))
}

// values calls visit for each session of year number y in which s exists, with
// the value of an original share after the session's actions and the number of
// shares per original one.
func (m *market) values(s *security, y int, visit func(t int, v, factor float64)) {
	from := max(m.edges[y], s.listed)
	if from >= min(m.edges[y+1], s.gone) {
		return
	}
	next, factor := 0, 1.0
	for next < len(s.events) && s.events[next].at < from {
		if s.events[next].kind == schemas.ActionSplit {
			factor *= s.events[next].ratio
		}
		next++
	}
	m.walk(s, y, s.start[y], func(t int, v float64) float64 {
		for next < len(s.events) && s.events[next].at == t {
			switch e := &s.events[next]; e.kind {
			case schemas.ActionSplit:
				factor *= e.ratio
			case schemas.ActionSpinOff:
				v /= e.ratio
			default:
				v -= e.amount
			}
			next++
		}
		visit(t, v, factor)
		return v
	})
}

// cents rounds an amount to whole cents.
func cents(x float64) float64 { return math.Round(x*100) / 100 }

// tick rounds a price as the exchange quotes it: in cents, below a dollar in
// hundredths of a cent.
func tick(x float64) float64 {
	if x >= 1 {
		return cents(x)
	}
	return math.Max(1, math.Round(x*1e4)) / 1e4
}

// bar is one session's trading.
type bar struct {
	t                      int
	open, high, low, close float64
	volume                 float64
}

// bars calls visit for each session of year number y in which s traded.
func (m *market) bars(s *security, y int, visit func(bar)) {
	r := m.seed.rand(streamBar, s.id, y)
	swing := .35 * math.Sqrt(s.sigma*s.sigma+.0001)
	prev := 0.0
	quarter, shares := -1, 0.0
	m.values(s, y, func(t int, v, factor float64) {
		move := 0.0
		if prev > 0 {
			move = math.Abs(v/prev - 1)
		}
		prev = v
		if q := m.quarter(t); q != quarter {
			quarter, shares = q, m.original(s, t)
		}
		a, b, c, d := r.NormFloat64(), r.Float64(), r.Float64(), r.NormFloat64()
		if s.halted(t) {
			return
		}
		out := bar{t: t, close: tick(v / factor)}
		out.open = tick(v / factor * math.Exp(swing*a))
		out.high = math.Max(math.Max(out.open, out.close), tick(v/factor*(1+swing*b)))
		out.low = math.Min(math.Min(out.open, out.close), tick(v/factor*(1-swing*c)))
		turnover := .0045 * math.Exp(.3*d) * (1 + 12*move)
		if m.cal.EarlyClose(m.days[t]) {
			turnover *= .45
		}
		out.volume = math.Max(100, math.Round(shares*factor*s.float*turnover))
		visit(out)
	})
}

// panel holds the closes of one year, carried forward over halts: close[line]
// begins at the year's first session; it is nil for a line that does not exist
// in the year and 0 where it does not exist yet or any more.
type panel struct {
	year  int // number of the year
	from  int // its first session
	close [][]float64
}

func (m *market) panel(y int) *panel {
	p := &panel{year: y, from: m.edges[y], close: make([][]float64, len(m.lines))}
	for _, s := range m.lines {
		if s.listed >= m.edges[y+1] || s.gone <= m.edges[y] {
			continue
		}
		row := make([]float64, m.edges[y+1]-m.edges[y])
		last := 0.0
		m.values(s, y, func(t int, v, factor float64) {
			if last == 0 || !s.halted(t) {
				last = tick(v / factor)
			}
			row[t-p.from] = last
		})
		p.close[s.id] = row
	}
	return p
}
