package schemas

// Maturity holds when what the Federal Reserve owns falls due.
var Maturity = FactTable("maturity", "When the Treasury securities of the Federal Reserve fall due.", CutYear)

var maturityMetrics = func() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method, m.Source, m.Window, m.Warmup = "liquidity", Maturity.String(), 1, newYorkFed+", SOMA holdings", "week", 1
		m.Inputs, m.Decimals = "par and maturity of each Treasury security", 2
		m.Edge = "lines that have fallen due are left out; indexed securities at par without inflation compensation; mortgage-backed securities are not in"
		out = append(out, m)
	}
	add(Metric{
		ID: "soma_wam", Name: "Treasuries of the Federal Reserve, average maturity", Unit: "years",
		Formula: "sum(par * years)/sum(par), years by anniversaries and days of the last one",
	})
	for _, b := range []struct{ id, name, bounds string }{
		{"1y", "within a year", "years <= 1"},
		{"5y", "in one to five years", "1 < years <= 5"},
		{"10y", "in five to ten years", "5 < years <= 10"},
		{"later", "after ten years", "years > 10"},
	} {
		add(Metric{ID: "soma_bucket_" + b.id, Name: "Treasuries of the Federal Reserve, due " + b.name, Unit: "fraction", Formula: "sum(par, " + b.bounds + ")/sum(par)"})
	}
	return out
}()
