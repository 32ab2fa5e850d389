package transform

import (
	"math"
	"slices"

	"tidemark/schemas"
)

// rebalancing says when a portfolio is brought back to its target.
type rebalancing struct {
	monthly, quarterly bool
	band               float64 // where a weight is further than this from its target; with monthly
}

// The rules of the register.
var rebalancings = map[string]rebalancing{"monthly": {monthly: true}, "quarterly": {quarterly: true}, "band5": {monthly: true, band: 0.05}, "none": {}}

// account is a mix of assets on its way from month to month. Buying it costs
// nothing.
type account struct {
	target []float64
	rule   rebalancing
	cost   float64 // of a traded side, as a fraction
	weight []float64
	value  float64
}

func newAccount(target []float64, rule rebalancing, cost float64) *account {
	return &account{target: target, rule: rule, cost: cost, weight: slices.Clone(target), value: 1}
}

// rebalanced is what a month's end has brought: the one-way turnover, and the
// cost in parts of the value before it.
type rebalanced struct{ turnover, cost float64 }

// step takes in the returns of the assets over a month, and brings the portfolio
// back to its target where its rule says so: what is traded on both sides is
// paid for, and the next month begins at the target.
func (p *account) step(returns []float64, quarterEnd bool) rebalanced {
	growth := 0.0
	for i, w := range p.weight {
		growth += w * (1 + returns[i])
	}
	traded, furthest := 0.0, 0.0
	for i, w := range p.weight {
		p.weight[i] = w * (1 + returns[i]) / growth
		apart := math.Abs(p.weight[i] - p.target[i])
		traded += apart
		furthest = max(furthest, apart)
	}
	p.value *= growth
	due := p.rule.monthly || p.rule.quarterly && quarterEnd
	if !due || p.rule.band > 0 && untied(furthest) <= untied(p.rule.band) {
		return rebalanced{}
	}
	copy(p.weight, p.target)
	p.value -= p.value * traded * p.cost
	return rebalanced{turnover: traded / 2, cost: traded * p.cost}
}

const monthsPerYear = 12

// fared is what is told of a portfolio over some months.
type fared struct {
	cagr, vol, sharpe, drawdown, worst, turnover float64
	sharpeStatus                                 schemas.Status
}

// returnMonth is a month of a portfolio: its return, and that of cash.
type returnMonth struct {
	ret      float64
	ok       bool // the month stands by itself
	cash     schemas.Opt[float64]
	turnover float64
}

// fare tells how a portfolio has fared over months, of which values holds the
// values at their ends and before the first: the first and the last are known.
// It needs at least two months that have a return, and for the Sharpe ratio at least so
// many of which the return of cash is known too.
func fare(values []schemas.Opt[float64], months []returnMonth, least int) fared {
	var f fared
	n := float64(len(months))
	f.cagr = math.Pow(values[len(values)-1].V/values[0].V, monthsPerYear/n) - 1
	top := 0.0
	for _, v := range values {
		if !v.OK {
			continue
		}
		top = max(top, v.V)
		f.drawdown = min(f.drawdown, v.V/top-1)
	}
	var returns, excess []float64
	for _, m := range months {
		f.turnover += m.turnover * monthsPerYear / n
		if !m.ok {
			continue
		}
		returns = append(returns, m.ret)
		if m.cash.OK {
			excess = append(excess, m.ret-m.cash.V)
		}
	}
	f.worst = slices.Min(returns)
	_, sd := meanSD(returns)
	f.vol = sd * math.Sqrt(monthsPerYear)
	f.sharpe, f.sharpeStatus = sharpe(excess, least)
	return f
}

// sharpe is the ratio of the mean to the sample standard deviation of monthly
// returns above cash, a year.
func sharpe(excess []float64, least int) (float64, schemas.Status) {
	if len(excess) < max(least, 2) {
		return 0, schemas.NotPublished
	}
	mean, sd := meanSD(excess)
	if sd < constantSD {
		return 0, schemas.ZeroDenominator
	}
	return mean / sd * math.Sqrt(monthsPerYear), schemas.StatusOK
}
