package transform

import (
	"math"
	"slices"
	"strconv"

	"tidemark/schemas"
)

const (
	riskWindow   = 252 // sessions
	riskLeast    = 126
	sessionsYear = 252
)

// assetNames are the assets in their order, with and without small companies.
var assetNames = map[bool][]string{true: {"large", "small", "bonds"}, false: {"large", "bonds"}}

// correlationOf returns Pearson's correlation of two series of the same length.
func correlationOf(x, y []float64) (float64, schemas.Status) {
	cov := covariance([][]float64{x, y})
	if min(cov[0][0], cov[1][1]) < constantSD*constantSD {
		return 0, schemas.ZeroDenominator
	}
	return max(-1, min(1, cov[0][1]/math.Sqrt(cov[0][0]*cov[1][1]))), schemas.StatusOK
}

// returnsBetween are the returns of a level from each of its days to the next.
func returnsBetween(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for i := 1; i < len(values); i++ {
		out = append(out, values[i]/values[i-1]-1)
	}
	return out
}

// commonDays keeps the days on which all levels have a value.
func commonDays(levels []level) []level {
	out := slices.Clone(levels)
	for i := range out {
		for _, other := range levels {
			out[i], _ = pairOf(out[i], other)
		}
	}
	return out
}

func stockBondFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	levels, _ := assetLevels(in) // what is found in them the portfolios tell
	if len(monthEnds(in, levels)) == 0 {
		return nil, nil
	}
	s := &levelFacts{in: in}
	stocks, bonds := levels[0], levels[len(levels)-1]
	s.correlationFacts(pairOf(stocks, bonds))
	s.monthlyCorrelation(stocks, bonds)
	s.riskFacts(commonDays(levels))
	return s.facts, nil
}

// correlationFacts gives the correlations of the daily returns of two levels
// with the same days.
func (s *levelFacts) correlationFacts(stocks, bonds level) {
	x, y := returnsBetween(stocks.value), returnsBetween(bonds.value)
	for _, w := range schemas.CorrelationOfStocksAndBonds {
		n, _ := strconv.Atoi(w)
		s.each("sb_corr_"+w, &stocks, 2, func(i int) (float64, schemas.Status, string) {
			if i < n {
				return 0, schemas.InsufficientHistory, ""
			}
			v, status := correlationOf(x[i-n:i], y[i-n:i])
			return v, status, ""
		})
	}
}

// monthlyCorrelation gives the correlations of the last 36 monthly returns.
func (s *levelFacts) monthlyCorrelation(stocks, bonds level) {
	ends := monthEnds(s.in, []level{stocks, bonds})
	for i, e := range ends {
		f := factDay{session: e.session, knownAt: s.in.Calendar.Close(e.session), basis: stocks.basis, members: 2, status: schemas.StatusOK}
		v, status := correlationOfMonths(ends[max(0, i-statMonths) : i+1])
		if status.HasValue() {
			f.add("sb_corr_36m", v)
		} else {
			f.none("sb_corr_36m", status)
		}
		if s.in.Window.Contains(e.session) {
			s.facts = append(s.facts, f.facts...)
		}
	}
}

func correlationOfMonths(ends []monthEnd) (float64, schemas.Status) {
	if slices.ContainsFunc(ends, func(e monthEnd) bool { return e.levels == nil }) {
		return 0, schemas.NotPublished
	}
	if len(ends) <= statMonths {
		return 0, schemas.InsufficientHistory
	}
	var x, y []float64
	for _, e := range ends {
		x, y = append(x, e.levels[0]), append(y, e.levels[1])
	}
	return correlationOf(returnsBetween(x), returnsBetween(y))
}

// riskDay is what the returns up to a session say of the risk of the sessions
// after it.
type riskDay struct {
	status  schemas.Status
	weights []float64   // at equal risk
	vol     float64     // at these weights, a year
	shares  [][]float64 // of the risk, by mix and asset; nil where a mix has none
}

// riskFacts gives the weights at which the assets, whose levels have the same
// days, bear equal risk, and which share of the risk of each mix they bear.
func (s *levelFacts) riskFacts(assets []level) {
	small := s.in.Universe.Assets.Small != ""
	names, days := assetNames[small], &assets[0]
	var mixes []schemas.Portfolio
	var targets [][]float64
	for _, mix := range schemas.Mixes[1:] {
		if t, ok := target(mix, small); ok {
			mixes, targets = append(mixes, mix), append(targets, t)
		}
	}
	risks := riskDays(assets, targets)
	give := func(metric string, of func(d *riskDay) (float64, schemas.Status)) {
		s.each(metric, days, int64(len(assets)), func(i int) (float64, schemas.Status, string) {
			if risks[i].status == schemas.InsufficientHistory {
				return 0, schemas.InsufficientHistory, ""
			}
			v, status := of(&risks[i])
			return v, status, ""
		})
	}
	for k, name := range names {
		give("erc_weight_"+name, func(d *riskDay) (float64, schemas.Status) {
			if !d.status.HasValue() {
				return 0, d.status
			}
			return d.weights[k], d.status
		})
	}
	give("erc_vol", func(d *riskDay) (float64, schemas.Status) { return d.vol, d.status })
	for m, mix := range mixes {
		for k, name := range names {
			if targets[m][k] == 0 {
				continue
			}
			give("risk_contrib_"+mix.ID+"_"+name, func(d *riskDay) (float64, schemas.Status) {
				if d.shares[m] == nil {
					return 0, schemas.ZeroDenominator
				}
				return d.shares[m][k], schemas.StatusOK
			})
		}
	}
}

func riskDays(assets []level, targets [][]float64) []riskDay {
	returns := make([][]float64, len(assets))
	for k := range assets {
		returns[k] = returnsBetween(assets[k].value)
	}
	out := make([]riskDay, len(assets[0].days))
	inBlocks(len(out), func(_, lo, hi int) {
		window := make([][]float64, len(assets))
		for i := lo; i < hi; i++ {
			d := &out[i]
			if i < riskLeast {
				d.status = schemas.InsufficientHistory
				continue
			}
			for k := range returns {
				window[k] = returns[k][max(0, i-riskWindow):i]
			}
			cov := covariance(window)
			for _, t := range targets {
				shares, _, _ := riskShares(t, cov)
				d.shares = append(d.shares, shares)
			}
			if d.weights, d.status = equalRisk(cov); d.status.HasValue() {
				_, sd, _ := riskShares(d.weights, cov)
				d.vol = sd * math.Sqrt(sessionsYear)
			}
		}
	})
	return out
}

func stockBondIDs() []string {
	var out []string
	for _, w := range schemas.CorrelationOfStocksAndBonds {
		out = append(out, "sb_corr_"+w)
	}
	out = append(out, "sb_corr_36m", "erc_vol")
	for _, name := range assetNames[true] {
		out = append(out, "erc_weight_"+name)
	}
	for _, mix := range schemas.Mixes[1:] {
		t, _ := target(mix, true)
		for k, name := range assetNames[true] {
			if t[k] > 0 {
				out = append(out, "risk_contrib_"+mix.ID+"_"+name)
			}
		}
	}
	return out
}
