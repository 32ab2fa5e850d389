package schemas

// Valuation holds what the companies of an index cost, by what they have earned.
var Valuation = FactTable("valuation", "What the companies of an index cost, in years of what they earned in the last four quarters.", CutYear)

// RelativeValuation holds the valuation of a small universe against a large one.
var RelativeValuation = FactTable("relative_valuation", "What small companies cost against large ones, in years of earnings.", CutWhole)

var valuationMetrics = func() []Metric {
	var out []Metric
	const inputs, coverage = "weights, shares outstanding, net income as filed", "companies of which value or earnings are not known are left out"
	for _, m := range []Metric{
		{ID: "pe_agg", Name: "Price to earnings, aggregate", Unit: "ratio", Formula: "sum of market values / sum of earnings, losses included", Edge: coverage + "; earnings of 0 or less: none", Decimals: 1},
		{ID: "ey_agg", Name: "Earnings yield, aggregate", Unit: "fraction", Formula: "sum of earnings / sum of market values, losses included", Edge: coverage, Decimals: 2},
		{ID: "pe_exneg", Name: "Price to earnings, without loss makers", Unit: "ratio", Formula: "sum of market values / sum of earnings, of companies with e > 0", Edge: coverage + "; see the share of loss makers", Decimals: 1},
		{ID: "pe_median", Name: "Price to earnings, median", Unit: "ratio", Formula: "median of market value / earnings, of companies with e > 0", Edge: coverage, Decimals: 1},
		{ID: "loss_cap_share", Name: "Weight of loss makers", Unit: "fraction", Formula: "sum of the weights of companies with e <= 0", Edge: coverage, Decimals: 1},
	} {
		m.Family, m.Dataset, m.Method, m.Source, m.Inputs, m.Window, m.Warmup = "valuation", Valuation.String(), 1, "market convention", inputs, "4 quarters", 1
		m.Edge += "; by the weights of the index; earnings of the four quarters that were the newest filed before the day"
		out = append(out, m)
	}
	for _, m := range []Metric{
		{ID: "rel_val_agg", Name: "Small to large, aggregate price to earnings", Formula: "P/E_S / P/E_L, losses included", Window: "day", Warmup: 1},
		{ID: "rel_val_exneg", Name: "Small to large, price to earnings without loss makers", Formula: "P/E_S / P/E_L, without loss makers", Window: "day", Warmup: 1},
		{ID: "rel_val_median", Name: "Small to large, median price to earnings", Formula: "P/E_S / P/E_L, medians", Window: "day", Warmup: 1},
		{ID: "rel_yield", Name: "Small to large, earnings yield", Formula: "EY_S / EY_L, aggregate", Window: "day", Warmup: 1},
		{ID: "rel_val_pctl", Name: "Small to large, earnings yield, rank in ten years", Formula: "(count(h < x) + 0.5 count(h = x))/n of EY_S/EY_L, n up to 2520", Window: "2520", Warmup: 1260},
	} {
		m.Family, m.Dataset, m.Method, m.Source, m.Inputs = "valuation", RelativeValuation.String(), 1, "market convention", "valuations of both universes"
		m.Unit, m.Decimals, m.Edge = "ratio", 2, "one convention on both sides: which one it is decides whether small companies look dear or cheap"
		if m.ID == "rel_val_pctl" {
			m.Unit, m.Edge = "fraction", "a low rank is of small companies that are dear; fewer than 1260 days: none"
		}
		out = append(out, m)
	}
	return out
}()
