package schemas

import "strconv"

// The windows, in sessions, of what is told of the members' returns; ytd is the
// calendar year so far.
var (
	BeatingWindows      = []string{"21", "63", "126", "252", "ytd"}
	MemberReturnWindows = []string{"1", "21", "63", "126", "252", "ytd"}
	DispersionWindows   = []string{"1", "21"}
	CorrelationWindows  = []string{"21", "63", "252"}
)

// Dispersion holds how far the returns of an index's members are from that of
// the index, and from one another.
var Dispersion = FactTable("dispersion", "How many members beat their index, how far their returns are apart, and how much they move together.", CutYear)

var dispersionMetrics = func() []Metric {
	var out []Metric
	add := func(window string, m Metric) {
		m.Family, m.Dataset, m.Method, m.Window, m.Warmup = "dispersion", Dispersion.String(), max(m.Method, 1), window, windowWarmup(window)
		switch window {
		case "ytd":
			m.Window = "YTD"
		case "1":
			m.Window = "day"
		}
		out = append(out, m)
	}
	const weights, returns = "weights at the open, total returns", "total returns of the lines"
	for _, w := range BeatingWindows {
		add(w, Metric{
			ID: "pct_beating_" + w + "_live", Name: "Members ahead of the index" + windowName(w), Unit: "fraction", Decimals: 1,
			Formula: "share of today's members with r > R", Source: "market convention", Inputs: weights,
			Edge: "equal is not ahead; without a return on each session: left out, which favours who survived; R as the contributions add up to",
		})
		add(w, Metric{
			ID: "pct_beating_" + w + "_pit", Name: "Members of then ahead of the index" + windowName(w), Unit: "fraction", Decimals: 1,
			Formula: "share of the members at the window's beginning with r > R", Source: "market convention", Inputs: weights,
			Edge: "equal is not ahead; one that has ceased to trade keeps its last value; a gap in its prices: left out",
		})
	}
	for _, w := range MemberReturnWindows {
		add(w, Metric{
			ID: "ret_mean_" + w, Name: "Mean return of the lines" + windowName(w), Unit: "fraction", Decimals: 2,
			Formula: "mean(r)", Source: "market convention", Inputs: returns, Edge: "lines that were in throughout, in equal parts",
		})
		add(w, Metric{
			ID: "ret_median_" + w, Name: "Median return of the lines" + windowName(w), Unit: "fraction", Decimals: 2,
			Formula: "median(r)", Source: "market convention", Inputs: returns, Edge: "lines that were in throughout",
		})
	}
	for _, w := range DispersionWindows {
		add(w, Metric{
			ID: "dispersion_w_" + w, Name: "Dispersion of returns by weight" + windowName(w), Unit: "fraction", Decimals: 2,
			Formula: "sqrt(sum w (r - R)^2), R = sum w r", Source: "S&P Dow Jones Indices, Dispersion", Inputs: weights,
			Edge: "lines that were in throughout, their weights at its beginning scaled to 1; fewer than two: none; not annualised",
		})
		add(w, Metric{
			ID: "dispersion_pop_" + w, Name: "Dispersion of returns in equal parts, divisor n" + windowName(w), Unit: "fraction", Decimals: 2,
			Formula: "sqrt(sum (r - mean r)^2/n)", Source: "Pearson 1894", Inputs: returns, Edge: "lines that were in throughout; fewer than two: none",
		})
		add(w, Metric{
			ID: "dispersion_sample_" + w, Name: "Dispersion of returns in equal parts, divisor n - 1" + windowName(w), Unit: "fraction", Decimals: 2,
			Formula: "sqrt(sum (r - mean r)^2/(n - 1))", Source: "Pearson 1894", Inputs: returns, Edge: "lines that were in throughout; fewer than two: none",
		})
	}
	for _, w := range CorrelationWindows {
		n, _ := strconv.Atoi(w)
		edge := "today's lines with a return on each of the " + strconv.Itoa(n) + " sessions; one whose price did not move is left out; fewer than two: none"
		add(w, Metric{
			ID: "corr_pair_mean_" + w, Name: "Mean correlation of pairs of lines" + windowName(w), Unit: "ratio", Decimals: 3, Method: 2,
			Formula: "(Var(sum z)/m - 1)/(m - 1), z = r in sample standard deviations", Source: "Pearson 1895", Inputs: returns, Edge: edge,
		})
		add(w, Metric{
			ID: "corr_implied_" + w, Name: "Correlation implied by the variance of the index" + windowName(w), Unit: "ratio", Decimals: 3, Method: 2,
			Formula: "(s_I^2 - sum w^2 s^2)/((sum w s)^2 - sum w^2 s^2)", Source: "Cboe, Implied Correlation", Inputs: weights,
			Edge: edge + "; index return of the last open's weights; not clipped",
		})
		add(w, Metric{
			ID: "vol_ratio2_" + w, Name: "Variance of the index to that of its lines in step" + windowName(w), Unit: "ratio", Decimals: 3, Method: 2,
			Formula: "s_I^2/(sum w s)^2", Source: "market convention", Inputs: weights, Edge: edge + "; above the implied correlation where that is positive",
		})
	}
	return out
}()
