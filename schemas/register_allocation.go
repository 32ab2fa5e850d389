package schemas

import "strconv"

// Portfolio is a mix of assets that is held by a rule.
type Portfolio struct {
	ID, Name            string
	Large, Small, Bonds float64 // shares of the value that it is brought back to; they add up to 1
	Rebalancing         string  // monthly, quarterly, band5 (monthly, where a share is more than 5 points from its target) or none
}

// StatWindows are the windows of what is told of a portfolio: since its start,
// and 36 months.
var StatWindows = []string{"full", "36m"}

// CorrelationOfStocksAndBonds are the windows of that, in sessions.
var CorrelationOfStocksAndBonds = []string{"63", "126", "252"}

// Mixes are the targets of the portfolios without their rules.
var Mixes = []Portfolio{
	{ID: "100_0", Name: "100/0", Large: 1},
	{ID: "60_40", Name: "60/40", Large: 0.6, Bonds: 0.4},
	{ID: "50_50", Name: "50/50", Large: 0.5, Bonds: 0.5},
	{ID: "50_10_40", Name: "50/10/40", Large: 0.5, Small: 0.1, Bonds: 0.4},
}

// Portfolios are those whose course is followed: each mix by each rule, and
// stocks alone, which need none.
var Portfolios = func() []Portfolio {
	out := []Portfolio{Mixes[0]}
	out[0].Rebalancing = "none"
	for _, p := range Mixes[1:] {
		for _, rule := range []struct{ id, name string }{
			{"monthly", "monthly"}, {"quarterly", "quarterly"}, {"band5", "outside 5 points"}, {"none", "never"},
		} {
			q := p
			q.ID, q.Name, q.Rebalancing = p.ID+"_"+rule.id, p.Name+" rebalanced "+rule.name, rule.id
			out = append(out, q)
		}
	}
	return out
}()

// Allocation holds how portfolios of stocks and bonds have fared.
var Allocation = FactTable("allocation", "How stocks and bonds move together, and how portfolios of them have fared.", CutWhole)

var allocationMetrics = func() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method = "allocation", Allocation.String(), 1
		out = append(out, m)
	}
	const levels = "total-return levels"
	for _, w := range CorrelationOfStocksAndBonds {
		add(Metric{
			ID: "sb_corr_" + w, Name: "Correlation of stocks and bonds, " + w + " sessions", Unit: "ratio", Decimals: 2,
			Formula: "correlation of daily returns", Source: "Pearson 1895", Inputs: levels, Window: w, Warmup: windowWarmup(w),
			Edge: "days on which both have a level; the full window; no variance: none",
		})
	}
	add(Metric{
		ID: "sb_corr_36m", Name: "Correlation of stocks and bonds, 36 months", Unit: "ratio", Decimals: 2,
		Formula: "correlation of monthly returns", Source: "Pearson 1895", Inputs: levels, Window: "36 months", Warmup: 37,
		Edge: "on the last session of a month; the full window; no variance: none",
	})
	const roncalli, covariance = "Maillard, Roncalli, Teïletche 2010", "of daily returns over 252 sessions, at least 126"
	for _, asset := range []struct{ id, name string }{{"large", "large companies"}, {"small", "small companies"}, {"bonds", "bonds"}} {
		add(Metric{
			ID: "erc_weight_" + asset.id, Name: "Weight at equal risk, " + asset.name, Unit: "fraction", Decimals: 1,
			Formula: "w with equal w (Sigma w)/(w' Sigma w), Sigma " + covariance, Source: roncalli, Inputs: levels, Window: "252", Warmup: 127,
			Edge: "for the sessions after this one; of the assets that are configured; a portfolio without risk: none",
		})
	}
	add(Metric{
		ID: "erc_vol", Name: "Volatility at equal risk", Unit: "fraction", Decimals: 1,
		Formula: "sqrt(252 w' Sigma w)", Source: roncalli, Inputs: levels, Window: "252", Warmup: 127, Edge: "as for the weights",
	})
	for _, p := range Mixes[1:] {
		for _, asset := range []struct {
			id, name string
			weight   float64
		}{{"large", "large companies", p.Large}, {"small", "small companies", p.Small}, {"bonds", "bonds", p.Bonds}} {
			if asset.weight == 0 {
				continue
			}
			add(Metric{
				ID: "risk_contrib_" + p.ID + "_" + asset.id, Name: "Share of the risk of " + p.Name + ", " + asset.name, Unit: "fraction", Decimals: 1,
				Formula: "w (Sigma w)/(w' Sigma w), Sigma " + covariance, Source: roncalli, Inputs: levels, Window: "252", Warmup: 127,
				Edge: "shares add up to 1; one may be above 1 and another below 0; a portfolio without risk: none",
			})
		}
	}
	for _, p := range Portfolios {
		portfolioRegister(add, p)
	}
	return out
}()

func portfolioRegister(add func(Metric), p Portfolio) {
	const levels, month = "total-return levels", "on the last session of a month; an asset without a level: none"
	put := func(what, name, unit, formula, source, inputs, window, edge string, warmup, decimals int) {
		add(Metric{
			ID: "pf_" + what + "_" + p.ID, Name: name + ", " + p.Name, Unit: unit, Formula: formula, Source: source, Inputs: inputs, Window: window,
			Edge: edge, Warmup: warmup, Decimals: decimals,
		})
	}
	const convention = "market convention"
	put("nav", "Value", "index", "1 at the start; value after returns, less cost", convention, levels, "month",
		month+"; detail names the start; buying it at first is free", 1, 4)
	put("turnover", "Turnover one way", "fraction", "0.5 sum |drifted weight - target| where it is rebalanced", convention, levels, "month", month, 2, 4)
	put("cost", "Cost of rebalancing", "fraction", "sum |drifted weight - target| x cost of a traded side", convention, levels+", configured cost", "month",
		month+"; of the value before it", 2, 6)
	for _, w := range StatWindows {
		window, since, n := "full", "since its start", 12
		if w != "full" {
			window, since, n = "36 months", "36 months", 36
		}
		stat := func(what, name, unit, formula, source, inputs, edge string, decimals int) {
			if edge != "" {
				edge = "; " + edge
			}
			put(what+"_"+w, name+" "+since, unit, formula, source, inputs, window, month+"; fewer than "+strconv.Itoa(n)+" months: none"+edge, n+1, decimals)
		}
		stat("cagr", "Compound annual growth", "fraction", "(V/V_0)^(12/months) - 1", convention, levels, "", 2)
		stat("vol", "Volatility", "fraction", "sample SD of monthly returns x sqrt(12)", convention, levels, "", 2)
		stat("sharpe", "Sharpe ratio", "ratio", "mean/sample SD of monthly returns above cash x sqrt(12)", "Sharpe 1994", levels+", cash rate", "of months of which cash is known; no SD: none; cash compounds over calendar days, actual/360", 2)
		stat("mdd", "Maximum drawdown", "fraction", "lowest V/(highest V so far) - 1 at month ends", convention, levels, "", 2)
		stat("worst_month", "Worst month", "fraction", "lowest monthly return", convention, levels, "", 2)
		stat("turnover_pa", "Turnover one way, a year,", "fraction", "sum of the turnover x 12/months", convention, levels, "", 3)
	}
}
