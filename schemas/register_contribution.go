package schemas

import "strconv"

// ContributionGroups are the groups whose share of an index's return is told.
var ContributionGroups = []struct{ ID, Name, Of string }{
	{"mag7", "the Magnificent Seven", "the eight lines of Apple, Microsoft, Alphabet, Amazon, Nvidia, Meta and Tesla"},
	{"top10", "the ten largest lines at its start", "the ten largest lines at the open of the window's first session"},
	{"top10_reset", "the ten largest lines of each day", "the ten largest lines at the open of each session"},
}

// SpreadWindows are the windows of the difference between cap-weighted and
// equal-weighted returns.
var SpreadWindows = []string{"1", "21", "ytd", "252"}

// PerformerCount is the K of the best performers and largest contributors.
const PerformerCount = 10

var contributionMetrics = append(contributionRegister(), contributionLevelRegister()...)

// windowName says what a window of sessions is called.
func windowName(window string) string {
	switch window {
	case "ytd":
		return ", year to date"
	case "1":
		return " of the day"
	}
	return ", " + window + " sessions"
}

// windowWarmup is how many sessions a window needs; the calendar year so far
// may take as many as a year has, and the one before it.
func windowWarmup(window string) int {
	if n, err := strconv.Atoi(window); err == nil {
		return n + 1
	}
	return 254
}

func contributionRegister() []Metric {
	var out []Metric
	add := func(window string, m Metric) {
		m.Family, m.Dataset, m.Method, m.Window = "contribution_summary", ContributionSummary.String(), ContributionMethod, window
		if m.Warmup == 0 {
			m.Warmup = windowWarmup(window)
		}
		if m.Inputs == "" {
			m.Inputs = "weights at the open, total returns"
		}
		switch window {
		case "ytd":
			m.Window = "YTD"
		case "1":
			m.Window = "day"
		}
		out = append(out, m)
	}
	for _, w := range append([]string{"1"}, ContributionWindows[:]...) {
		add(w, Metric{
			ID: "index_return_" + w, Name: "Return that the contributions add up to" + windowName(w), Unit: "fraction",
			Formula: "prod (1 + R_t) - 1, R_t = sum w_{t-1} r_t", Source: "S&P Dow Jones Indices, Index Mathematics",
			Edge: "weights after the changes at the open; a session without weights: none", Decimals: 2,
		})
	}
	add("1", Metric{
		ID: "index_return_1_pr", Name: "Return of the day without dividends that the contributions add up to", Unit: "fraction",
		Formula: "sum w_{t-1} r_t, r_t without dividends", Source: "S&P Dow Jones Indices, Index Mathematics", Inputs: "weights at the open, split-adjusted prices",
		Edge: "prices that have dividends in them: none", Decimals: 2,
	})
	for _, w := range ContributionWindows {
		for _, g := range ContributionGroups {
			fixed := g.ID != "top10_reset"
			add(w, Metric{
				ID: "contrib_" + g.ID + "_" + w, Name: "Contribution of " + g.Name + windowName(w), Unit: "fraction",
				Formula: "C = sum c_t prod_{s<t}(1 + R_s), of " + g.Of, Source: "GRAP 1997",
				Edge: "a line that left is in until then; no line of the group: none", Decimals: 2,
			})
			add(w, Metric{
				ID: "share_" + g.ID + "_" + w, Name: "Share of the return of " + g.Name + windowName(w), Unit: "ratio",
				Formula: "C/R", Source: "market convention", Edge: "abs(R) below 0.5 %: none; above 1 and below 0 are valid", Decimals: 3,
			})
			if !fixed {
				continue
			}
			add(w, Metric{
				ID: "ex_points_" + g.ID + "_" + w, Name: "Points of return without " + g.Name + windowName(w), Unit: "fraction",
				Formula: "R - C", Source: "market convention", Edge: "what the press often calls the index without them", Decimals: 2,
			})
			add(w, Metric{
				ID: "ex_rescaled_" + g.ID + "_" + w, Name: "Return of the index without " + g.Name + windowName(w), Unit: "fraction",
				Formula: "prod (1 + (R_t - c_t)/(1 - w_t)) - 1", Source: "S&P Dow Jones Indices, Index Mathematics", Edge: "the group is the whole index: none", Decimals: 2,
			})
		}
		k := strconv.Itoa(PerformerCount)
		add(w, Metric{
			ID: "lag_count_mag7_" + w, Name: "Magnificent Seven behind the index" + windowName(w), Unit: "count",
			Formula: "companies whose return is below R", Source: "market convention",
			Edge: "equal does not lag; two lines by their weights at the start; not in throughout: excluded", Decimals: 0,
		})
		add(w, Metric{
			ID: "overlap_" + k + "_" + w, Name: "Overlap of the " + k + " best performers and largest contributors" + windowName(w), Unit: "ratio",
			Formula: "|A and B|/K", Source: "own definition", Edge: "lines that were in throughout; fewer than K: none; ties by permanent id", Decimals: 2,
		})
		add(w, Metric{
			ID: "jaccard_" + k + "_" + w, Name: "Jaccard index of the " + k + " best performers and largest contributors" + windowName(w), Unit: "ratio",
			Formula: "|A and B|/|A or B|", Source: "Jaccard 1901", Edge: "as the overlap", Decimals: 3,
		})
		add(w, Metric{
			ID: "rank_corr_" + w, Name: "Rank correlation of return and contribution" + windowName(w), Unit: "ratio",
			Formula: "1 - 6 sum d^2/(n (n^2 - 1))", Source: "Spearman 1904", Edge: "lines that were in throughout; ties by permanent id; fewer than two: none", Decimals: 3,
		})
	}
	for _, w := range SpreadWindows {
		add(w, Metric{
			ID: "cw_minus_ew_daily_" + w, Name: "Cap-weighted less equal-weighted, balanced daily" + windowName(w), Unit: "fraction",
			Formula: "prod (1 + R_t) - prod (1 + mean r_t)", Source: "S&P Dow Jones Indices, Equal Weight", Edge: "balanced every day, without costs; not the index, which is balanced quarterly", Decimals: 2,
		})
		add(w, Metric{
			ID: "mean_minus_median_" + w, Name: "Mean less median return of the lines" + windowName(w), Unit: "fraction",
			Formula: "mean(r) - median(r)", Source: "Pearson 1895", Edge: "lines that were in throughout", Decimals: 2,
		})
	}
	for _, n := range ConcentrationTops {
		add("1", Metric{
			ID: "active_share_top" + strconv.Itoa(n), Name: "Active share of the " + strconv.Itoa(n) + " largest lines", Unit: "ratio", Warmup: 1,
			Formula: "1/2 sum |w_basket - w_index|", Source: "Cremers and Petajisto 2009", Inputs: "fund holdings; between files, prices",
			Edge: "cap-weighted basket; at the close; equals 1 less the top-N weight", Decimals: 4,
		})
	}
	return out
}

func contributionLevelRegister() []Metric {
	var out []Metric
	for _, basis := range []struct{ id, name string }{{"tr", "with dividends"}, {"pr", "without dividends"}} {
		out = append(out, Metric{
			ID: "contrib_residual_" + basis.id, Name: "Contributions less the published return, " + basis.name, Family: "contribution_summary",
			Dataset: ContributionLevel.String(), Unit: "bp", Formula: "10,000 (sum c_t - (L_t/L_{t-1} - 1))", Source: "S&P Dow Jones Indices, Index Mathematics",
			Inputs: "index_return_1, published levels", Window: "day", Warmup: 2, Method: 1,
			Edge: "fees, cash and the time of the closes; beyond 5 bp is told; no level on either day: none", Decimals: 2,
		})
	}
	return out
}
