package schemas

import (
	"cmp"
	"strings"
)

var sizeMetrics = sizeRegister()

// sizeBases are the two bases of levels; metrics of each have their own ids,
// because the two are never to be compared.
var sizeBases = []struct{ suffix, name, level string }{
	{"tr", "total return", "total-return level"},
	{"pr", "price", "price level"},
}

// sizeSpans are the windows of returns and gaps.
var sizeSpans = []struct{ id, name, base string }{
	{"ytd", "year to date", "the last close of the previous year"},
	{"qtd", "quarter to date", "the last close of the previous quarter"},
	{"1y", "one year", "the last close on or before the same date a year ago"},
	{"3y", "three years", "the last close on or before the same date 3 years ago, annualised"},
	{"5y", "five years", "the last close on or before the same date 5 years ago, annualised"},
	{"10y", "ten years", "the last close on or before the same date 10 years ago, annualised"},
}

func sizeRegister() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method = "size", cmp.Or(m.Dataset, Size.String()), 1
		if m.Warmup == 0 {
			m.Warmup = 1
		}
		out = append(out, m)
	}
	for _, b := range sizeBases {
		relativeStrengthRegister(add, b.suffix, b.name, b.level)
	}
	for _, b := range sizeBases {
		gapRegister(add, b.suffix, b.name, b.level)
	}
	for _, b := range sizeBases {
		divergenceRegister(add, b.suffix, b.name, b.level)
	}
	for _, b := range sizeBases {
		levelRegister(add, b.suffix, b.name, b.level)
	}
	add(Metric{
		ID: "dist_ath", Name: "Distance from the all-time high", Unit: "fraction", Formula: "close/(highest close since the start of the series) - 1",
		Source: "press convention", Inputs: "price level", Window: "cumulative", Edge: "detail says since when the high is known", Decimals: 2,
	})
	add(Metric{
		ID: "dist_52w", Name: "Distance from the 52-week high", Unit: "fraction", Formula: "close/(highest of 252 closes) - 1",
		Source: "press convention", Inputs: "price level", Window: "252", Warmup: 252, Edge: "fewer closes: none", Decimals: 2,
	})
	sectorRegister(add)
	return out
}

func relativeStrengthRegister(add func(Metric), suffix, basis, level string) {
	inputs := level + " of both universes"
	const days = "days on which both have a level"
	add(Metric{
		ID: "rs_ratio_" + suffix, Name: "Small to large, " + basis, Unit: "ratio", Formula: "S/L, 1 on the first common session",
		Source: "convention", Inputs: inputs, Window: "cumulative", Edge: days + "; detail names the first", Decimals: 3,
	})
	add(Metric{
		ID: "rs_log_" + suffix, Name: "Small to large, log ratio, " + basis, Unit: "ln", Formula: "ln(S/L), 0 on the first common session",
		Source: "convention", Inputs: inputs, Window: "cumulative", Edge: days, Decimals: 3,
	})
	add(Metric{
		ID: "rs_z_" + suffix, Name: "Small to large, z-score over ten years, " + basis, Unit: "sd", Formula: "(x - mean)/sample SD of the last 2,520 log ratios, this one included",
		Source: "convention", Inputs: inputs, Window: "2520", Warmup: 1260, Edge: days + "; fewer than 1,260: none", Decimals: 2,
	})
	add(Metric{
		ID: "rs_pctl_" + suffix, Name: "Small to large, percentile over ten years, " + basis, Unit: "fraction", Formula: "(count below + half of the ties)/n of the last 2,520 log ratios, this one included",
		Source: "convention", Inputs: inputs, Window: "2520", Warmup: 1260, Edge: days + "; fewer than 1,260: none", Decimals: 1,
	})
}

func gapRegister(add func(Metric), suffix, basis, level string) {
	for _, s := range sizeSpans {
		for _, g := range []struct{ id, name, formula string }{
			{"arith", "arithmetic gap", "R_S - R_L"},
			{"geo", "geometric gap", "(1 + R_S)/(1 + R_L) - 1"},
		} {
			add(Metric{
				ID: "size_gap_" + g.id + "_" + s.id + "_" + suffix, Name: "Small less large, " + g.name + ", " + s.name + ", " + basis,
				Unit: "fraction", Formula: g.formula + " from " + s.base, Source: "press convention", Inputs: level + " of both universes",
				Window: strings.ToUpper(s.id), Warmup: 2, Edge: "a base more than 5 sessions old: none", Decimals: 2,
			})
		}
	}
}

func levelRegister(add func(Metric), suffix, basis, level string) {
	for _, s := range sizeSpans {
		add(Metric{
			ID: "ret_" + s.id + "_" + suffix, Name: "Return, " + s.name + ", " + basis, Unit: "fraction", Formula: "V/V_0 - 1 from " + s.base,
			Source: "convention", Inputs: level, Window: strings.ToUpper(s.id), Warmup: 2,
			Edge: "a base more than 5 sessions old: none; annualised by calendar days / 365.25", Decimals: 2,
		})
	}
	add(Metric{
		ID: "drawdown_" + suffix, Name: "Drawdown, " + basis, Unit: "fraction", Formula: "V/(highest V so far) - 1", Source: "convention", Inputs: level,
		Window: "cumulative", Edge: "since the start of the series; detail names the day of the high", Decimals: 2,
	})
	add(Metric{
		ID: "mdd_" + suffix, Name: "Maximum drawdown, " + basis, Unit: "fraction", Formula: "lowest drawdown so far", Source: "convention", Inputs: level,
		Window: "cumulative", Edge: "detail names the start of the series", Decimals: 2,
	})
	add(Metric{
		ID: "days_under_" + suffix, Name: "Days under water, " + basis, Unit: "days", Formula: "calendar days since the highest level so far", Source: "convention",
		Inputs: level, Window: "cumulative", Edge: "0 on a high", Decimals: 0,
	})
}

func sectorRegister(add func(Metric)) {
	const gics = "S&P and MSCI, GICS"
	for _, s := range []struct{ id, name string }{
		{"communication_services", "Communication services"},
		{"consumer_discretionary", "Consumer discretionary"},
		{"consumer_staples", "Consumer staples"},
		{"energy", "Energy"},
		{"financials", "Financials"},
		{"health_care", "Health care"},
		{"industrials", "Industrials"},
		{"information_technology", "Information technology"},
		{"materials", "Materials"},
		{"real_estate", "Real estate"},
		{"utilities", "Utilities"},
		{"unknown", "Sector not known"},
	} {
		add(Metric{
			ID: "sector_weight_" + s.id, Name: "Sector weight, " + s.name, Unit: "fraction", Formula: "sum of the weights of the sector's lines", Source: gics,
			Inputs: "holdings file; constituents where it gives no sector", Window: "day", Edge: "days of a file only; detail names the scheme; telecommunication services before 2018-09-24 count as communication services", Decimals: 1,
		})
	}
	add(Metric{
		ID: "sector_distance", Name: "Sector distance", Unit: "fraction", Formula: "half the sum over sectors of |weight in S - weight in L|", Source: gics,
		Inputs: "holdings files of both universes", Window: "day", Edge: "a file counts for 35 days; lines without a sector are a bucket of their own", Decimals: 1,
	})
	for _, s := range sizeSpans[:3] { // members change too much for a basket of more than a year
		add(Metric{
			ID: "gap_sector_neutral_" + s.id + "_pr", Name: "Small less large at equal sectors, " + s.name + ", price", Dataset: SizeMembers.String(), Unit: "fraction",
			Formula: "sum over sectors of weight in L * (return of the sector in S - in L) from " + s.base, Source: "convention; sectors of GICS",
			Inputs: "holdings files of both universes, carried to the base; split-adjusted closes of their lines", Window: strings.ToUpper(s.id), Warmup: 2,
			Edge: "every session; lines bought at the base and held, those without a price at both ends left out; a sector that one side lacks is left out and the other weights scaled up; coverage is the share of L whose sector has prices on both sides, known sectors only", Decimals: 2,
		})
	}
}
