package sandbox

import (
	"math"

	"tidemark/schemas"
)

// levels are an index's closes: weighted by free-floating value, every
// corporate action but the ordinary dividend taken into account.
type levels struct {
	price []float64 // without ordinary dividends
	total []float64 // with them, reinvested
}

// base is the level with which every index begins.
const base = 1000

// buildLevels works out the levels of all indices in one pass over the years,
// of which only one is in memory at a time.
func (m *market) buildLevels(panels func(y int) *panel) map[string]levels {
	out := map[string]levels{}
	type sums struct{ price, total, weight []float64 }
	acc := map[string]*sums{}
	n := len(m.days)
	for name := range m.indices {
		acc[name] = &sums{make([]float64, n), make([]float64, n), make([]float64, n)}
		out[name] = levels{make([]float64, n), make([]float64, n)}
	}
	member := make(map[string][][]spell, len(m.indices)) // by line
	for name, x := range m.indices {
		member[name] = make([][]spell, len(m.lines))
		for _, s := range x.spells {
			member[name][s.line] = append(member[name][s.line], s)
		}
	}
	last := make([]float64, len(m.lines)) // close of the year before
	for y := range m.years {
		p := panels(y)
		for _, s := range m.lines {
			if p.close[s.id] == nil {
				continue
			}
			price, total, worth := m.returns(s, p, last[s.id])
			for name, by := range member {
				a := acc[name]
				for _, sp := range by[s.id] {
					for t := max(sp.from, p.from); t < min(sp.to, m.edges[y+1]); t++ {
						i := t - p.from
						a.price[t] += worth[i] * price[i]
						a.total[t] += worth[i] * total[i]
						a.weight[t] += worth[i]
					}
				}
			}
			last[s.id] = p.close[s.id][m.edges[y+1]-1-p.from]
		}
	}
	for name, a := range acc {
		price, total := float64(base), float64(base)
		for t := range n {
			if a.weight[t] > 0 {
				price *= 1 + a.price[t]/a.weight[t]
				total *= 1 + a.total[t]/a.weight[t]
			}
			out[name].price[t], out[name].total[t] = price, total
		}
	}
	return out
}

// returns gives for each session of a panel the return of s over the session
// before, without and with ordinary dividends, and its free-floating value at
// the close before. All are 0 where there is no close before.
func (m *market) returns(s *security, p *panel, before float64) (price, total, worth []float64) {
	row := p.close[s.id]
	price, total, worth = make([]float64, len(row)), make([]float64, len(row)), make([]float64, len(row))
	next := 0
	for next < len(s.events) && s.events[next].at < p.from {
		next++
	}
	factor := s.factorAt(p.from - 1)
	for i, c := range row {
		t := p.from + i
		kept, paid, dividend := 1.0, 0.0, 0.0
		was := factor
		for next < len(s.events) && s.events[next].at <= t {
			switch e := &s.events[next]; e.kind {
			case schemas.ActionSplit:
				factor *= e.ratio
				kept *= e.ratio
			case schemas.ActionSpinOff:
				kept *= e.ratio
			case schemas.ActionSpecial:
				paid += e.amount / factor
			default:
				dividend += e.amount / factor
			}
			next++
		}
		if before > 0 && c > 0 {
			price[i] = (c*kept+paid)/before - 1
			total[i] = (c*kept+paid+dividend)/before - 1
			worth[i] = before * m.original(s, t-1) * was * s.float
		}
		before = c
	}
	return price, total, worth
}

// fund is an exchange-traded fund of the simulated market.
type fund struct {
	ticker, name string
	index        string  // empty: bonds
	fee          float64 // a year
	yield        float64 // of its own distributions, a year
	price        float64 // with which it begins
	share        float64 // of the index's free-floating shares that it holds
	product      string  // iShares' number of it, empty for others
	inception    string  // as the publisher prints it
}

func funds() []fund {
	return []fund{
		{"IVV", "iShares Core S&P 500 ETF", indexLarge, .0003, .013, 400, .012, "239726", "May 15, 2000"},
		{"IJH", "iShares Core S&P Mid-Cap ETF", indexMid, .0005, .013, 60, .030, "239763", "May 22, 2000"},
		{"IJR", "iShares Core S&P Small-Cap ETF", indexSmall, .0006, .014, 100, .060, "239774", "May 22, 2000"},
		{"OEF", "iShares S&P 100 ETF", indexHundred, .0020, .011, 200, .0005, "239723", "Oct 23, 2000"},
		{"IWB", "iShares Russell 1000 ETF", indexTop, .0015, .012, 250, .0008, "239707", "May 15, 2000"},
		{"IWM", "iShares Russell 2000 ETF", indexBroad, .0019, .012, 200, .022, "239710", "May 22, 2000"},
		{"IWC", "iShares Micro-Cap ETF", indexMicro, .0060, .010, 110, .002, "239716", "Aug 12, 2005"},
		{"SPY", "State Street® SPDR® S&P 500® ETF Trust", indexLarge, .0009, .013, 400, .011, "", ""},
		{"MDY", "SPDR® S&P MIDCAP 400® ETF Trust", indexMid, .0023, .012, 450, .010, "", ""},
		{"SPSM", "SPDR® Portfolio S&P 600® Small Cap ETF", indexSmall, .0003, .014, 40, .010, "", ""},
		{"AGG", "iShares Core U.S. Aggregate Bond ETF", "", .0003, .038, 98, 0, "", ""},
		{"IWV", "iShares Russell 3000 ETF", indexWhole, .0020, .012, 250, .0004, "239714", "May 22, 2000"},
	}
}

func fundByTicker(ticker string) (fund, bool) {
	for _, f := range funds() {
		if f.ticker == ticker {
			return f, true
		}
	}
	return fund{}, false
}

// buildFundLevels follows each fund's index less its fee. Distributions lower
// the price once a quarter.
func (m *market) buildFundLevels(of map[string]levels) map[string]levels {
	out := map[string]levels{}
	for i, f := range funds() {
		l := levels{make([]float64, len(m.days)), make([]float64, len(m.days))}
		price, total := f.price, f.price
		r := m.seed.rand(streamMarket, 1, i)
		for t := range m.days {
			move := 0.0
			switch {
			case t == 0:
			case f.index == "":
				move = f.yield/252 + .0035*r.NormFloat64() - .05*m.factor[t]
			default:
				move = of[f.index].total[t]/of[f.index].total[t-1] - 1
			}
			if t > 0 {
				move -= f.fee / 252
			}
			total *= 1 + move
			price *= 1 + move
			if t > 0 && t%dividendEvery == 0 {
				price *= 1 - f.yield/4
			}
			l.price[t], l.total[t] = cents(price), math.Round(total*1e6)/1e6
		}
		out[f.ticker] = l
	}
	return out
}
