package schemas

import "strconv"

var floatMetrics = floatRegister()

func floatRegister() []Metric {
	var out []Metric
	for _, n := range ConcentrationTops {
		out = append(out, Metric{
			ID: "conc_fullcap_gap_top" + strconv.Itoa(n), Name: "Weight of the " + strconv.Itoa(n) + " largest lines by full capitalisation less by free float",
			Family: "concentration", Dataset: Concentration.String(), Unit: "fraction", Window: "day", Warmup: 1, Method: 1, Decimals: 2,
			Formula: "top-N of price x shares outstanding - top-N of w, of the same lines", Source: "own definition",
			Inputs: "fund holdings with prices; shares outstanding as filed",
			Edge:   "lines without a count, and of companies with several lines and one count, are left out of both; below 80 % of the weight: none",
		})
	}
	return out
}
