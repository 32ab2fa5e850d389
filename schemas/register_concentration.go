package schemas

import (
	"strconv"
	"strings"
)

// ConcentrationTops are the N of the top-N weights.
var ConcentrationTops = []int{1, 3, 5, 10, 25, 50}

var concentrationMetrics = concentrationRegister()

// lineVariants are the two ways to count: by line, and by issuer with the
// lines of one issuer added up.
var lineVariants = []struct{ suffix, of, one string }{
	{"_sec", "lines", "line"},
	{"_iss", "issuers", "issuer"},
}

func concentrationRegister() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Window, m.Method = "concentration", Concentration.String(), "day", 1
		if strings.HasSuffix(m.ID, "_iss") {
			m.Method = 2 // of two securities under one ticker each has its own issuer
		}
		m.Warmup = max(m.Warmup, 1)
		if m.Inputs == "" {
			m.Inputs = "fund holdings; between files, prices"
		}
		out = append(out, m)
	}
	for _, v := range lineVariants {
		for _, n := range ConcentrationTops {
			name := "Weight of the " + strconv.Itoa(n) + " largest " + v.of
			if n == 1 {
				name = "Weight of the largest " + v.one
			}
			add(Metric{
				ID: "conc_top" + strconv.Itoa(n) + v.suffix, Name: name, Unit: "fraction",
				Formula: "sum of the " + strconv.Itoa(n) + " largest w", Source: "concentration ratio; S&P Dow Jones Indices",
				Edge: "fewer than N " + v.of + " give 1; ties by permanent id", Decimals: 2,
			})
		}
	}
	add(Metric{
		ID: "conc_mag7", Name: "Weight of the Magnificent Seven", Unit: "fraction",
		Formula: "sum of w over the lines of Apple, Microsoft, Alphabet, Amazon, Nvidia, Meta and Tesla",
		Source:  "market convention", Edge: "eight lines: both Alphabet lines are in; the list is dated (FB until 2022-06-08, then META)", Decimals: 2,
	})
	for _, v := range lineVariants {
		of := " of " + v.of
		add(Metric{
			ID: "conc_hhi" + v.suffix, Name: "Herfindahl-Hirschman index" + of, Unit: "ratio",
			Formula: "sum w^2", Source: "Hirschman 1945, Herfindahl 1950", Edge: "1/n..1", Decimals: 5,
		})
		add(Metric{
			ID: "conc_hhi10k" + v.suffix, Name: "Herfindahl-Hirschman index" + of + ", percent squared", Unit: "points",
			Formula: "10,000 sum w^2", Source: "S&P Dow Jones Indices, Concentration within Sectors 2022", Edge: "10,000/n..10,000", Decimals: 1,
		})
		add(Metric{
			ID: "conc_hhi_norm" + v.suffix, Name: "Normalised Herfindahl-Hirschman index" + of, Unit: "ratio",
			Formula: "(sum w^2 - 1/n)/(1 - 1/n)", Source: "Hirschman 1945, Herfindahl 1950", Edge: "0..1; one member: none", Decimals: 5,
		})
		add(Metric{
			ID: "conc_neff" + v.suffix, Name: "Effective number" + of, Unit: "names",
			Formula: "1/sum w^2", Source: "Woerheide and Persson 1993", Edge: "1..n", Decimals: 1,
		})
		add(Metric{
			ID: "conc_entropy" + v.suffix, Name: "Shannon entropy" + of, Unit: "nats",
			Formula: "H = -sum w ln w", Source: "Shannon 1948", Edge: "0 ln 0 = 0", Decimals: 3,
		})
		add(Metric{
			ID: "conc_neff_entropy" + v.suffix, Name: "Entropy-effective number" + of, Unit: "names",
			Formula: "exp(H)", Source: "Shannon 1948", Edge: "1..n, at least the effective number", Decimals: 1,
		})
		add(Metric{
			ID: "conc_evenness" + v.suffix, Name: "Evenness" + of, Unit: "ratio",
			Formula: "J = H/ln n", Source: "Pielou 1966", Edge: "0..1; one member: none", Decimals: 4,
		})
		add(Metric{
			ID: "conc_gini" + v.suffix, Name: "Gini coefficient" + of, Unit: "ratio",
			Formula: "sum (2i - n - 1) w_(i) / n, w ascending", Source: "Gini 1912",
			Edge: "0..(n-1)/n; depends on n: not comparable between universes of different size", Decimals: 4,
		})
	}
	add(Metric{
		ID: "conc_members", Name: "Lines with a weight", Unit: "count",
		Formula: "number of equity lines", Source: "holdings", Edge: "zero weights are members",
	})
	add(Metric{
		ID: "conc_issuers", Name: "Issuers with a weight", Unit: "count",
		Formula: "number of issuers of the equity lines", Source: "holdings, SEC registrant numbers, CUSIP",
		Edge: "a line of unknown issuer counts as its own",
	})
	add(Metric{
		ID: "residual_weight", Name: "Weight of what is not a share", Unit: "fraction",
		Formula: "weight of cash, futures and other dropped lines before renormalising", Source: "holdings",
		Edge: "above 2 %: the concentration of the day has no value", Decimals: 2,
	})
	return out
}
