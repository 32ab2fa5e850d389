package schemas

import (
	"fmt"
	"strconv"
)

const (
	board      = "Board of Governors, H.4.1"
	newYorkFed = "Federal Reserve Bank of New York"
	treasury   = "US Treasury, Daily Treasury Statement"
)

var liquidityMetrics = liquidityRegister()

func liquidityRegister() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method = "liquidity", Liquidity.String(), 1
		if m.Warmup == 0 {
			m.Warmup = 1
		}
		out = append(out, m)
	}
	netLiquidityRegister(add)
	balanceSheetRegister(add)
	dailyMoneyRegister(add)
	rateRegister(add)
	dayRegister(add)
	for _, v := range []struct{ id, name string }{{"fed_assets", "Total assets"}, {"reserves", "Reserve balances"}, {"net_liq", "Net liquidity"}} {
		for _, n := range []int{1, 4, 13, 52} {
			weeks := strconv.Itoa(n)
			add(Metric{
				ID: v.id + "_chg_" + weeks + "w", Name: fmt.Sprintf("%s, change over %d releases", v.name, n), Unit: "USD bn",
				Formula: "figure minus the figure " + weeks + " releases before", Source: board, Inputs: "Wednesday levels", Window: weeks, Warmup: n + 1,
				Edge: "releases are counted, not days", Decimals: 1,
			})
		}
		add(Metric{
			ID: v.id + "_z156", Name: v.name + ", z-score over three years", Unit: "sd", Formula: "(x - mean)/sample SD of the last 156 releases, this one included",
			Source: board, Inputs: "Wednesday levels", Window: "156", Warmup: 104, Edge: "constant: none", Decimals: 2,
		})
	}
	identityRegister(add)
	return out
}

func netLiquidityRegister(add func(Metric)) {
	add(Metric{
		ID: "net_liq_weekly", Name: "Net liquidity", Unit: "USD bn", Formula: "total assets - Treasury General Account - overnight reverse repos",
		Source: "market commentary; not a concept of the Federal Reserve", Inputs: "Wednesday levels of one week", Window: "week",
		Edge: "any leg missing: none; reverse repos with foreign official accounts are not subtracted", Decimals: 1,
	})
	add(Metric{
		ID: "net_liq_daily", Name: "Net liquidity, daily", Unit: "USD bn", Formula: "total assets of the last Wednesday - daily Treasury cash - daily overnight reverse repos",
		Source: "market commentary; not a concept of the Federal Reserve", Inputs: "H.4.1, Daily Treasury Statement, reverse repo operations", Window: "day",
		Edge: "detail says how old the assets are; more than 13 days: none; repo operations between Wednesdays do not show", Decimals: 1,
	})
}

func balanceSheetRegister(add func(Metric)) {
	const level, average = "Wednesday level", "average of the seven days that end on Wednesday"
	for _, v := range []struct{ id, name, series, measure, edge string }{
		{"fed_assets", "Total assets of the Federal Reserve", "RESPPMA_N.WW; WALCL", level, "consolidated; differs from total factors supplying reserves"},
		{"soma_outright", "Securities held outright", "RESPPALG_N.WW; WSHOSHO", level, "face value"},
		{"soma_treasuries", "Treasuries held outright", "RESPPALGUO_N.WW; TREAST", level, "with inflation compensation"},
		{"soma_mbs", "Mortgage-backed securities held outright", "RESPPALGASMO_N.WW; WSHOMCB", level, "remaining principal"},
		{"reserves", "Reserve balances", "RESH4R_N.WW; WRBWFRBL", level, "a residual of the statement; not the deposits of depository institutions"},
		{"reserves_avg", "Reserve balances, week average", "RESH4R_XAW_N.WW; WRESBAL", average, "closed days carry the last balance"},
		{"tga", "Treasury General Account", "RESPPLLDT_N.WW; WDTGAL", level, "negative: refused"},
		{"tga_avg", "Treasury General Account, week average", "RESPPLLDT_XAW_N.WW; WTREGEN", average, "not to be mixed with Wednesday levels"},
		{"onrrp_wed", "Reverse repos with others than foreign official accounts", "RESPPLLRD_N.WW; WLRRAOL", level, "0 is a value"},
		{"foreign_rrp", "Reverse repos with foreign official accounts", "RESPPLLRF_N.WW; WLRRAFOIAL", level, "0 is a value"},
		{"repo_wed", "Repurchase agreements", "RESPPALGTR_N.WW; WORAL", level, "0 is a value; use between Wednesdays does not show"},
		{"currency", "Currency in circulation", "RESTBC_N.WW", level, "H.4.1 only"},
	} {
		add(Metric{
			ID: v.id, Name: v.name, Unit: "USD bn", Formula: v.measure + " of " + v.series, Source: board, Inputs: "H.4.1, or FRED's copy of it",
			Window: "week", Edge: v.edge, Decimals: 1,
		})
	}
	add(Metric{
		ID: "discount_window", Name: "Discount window", Unit: "USD bn", Formula: "primary + secondary + seasonal credit, Wednesday level", Source: board,
		Inputs: "RESPPALDP_N.WW, RESPPALDQ_N.WW, RESPPALDS_N.WW", Window: "week", Edge: "any of the three missing: none; H.4.1 only", Decimals: 1,
	})
	add(Metric{
		ID: "res_gdp", Name: "Reserves to GDP", Unit: "fraction", Formula: "reserve balances / nominal GDP at an annual rate", Source: board + "; Bureau of Economic Analysis",
		Inputs: "Wednesday level; the newest quarter public at the time, in its latest revision", Window: "week", Edge: "detail names the quarter; older than a year: none", Decimals: 2,
	})
	add(Metric{
		ID: "res_bank_assets", Name: "Reserves to bank assets", Unit: "fraction", Formula: "reserve balances / total assets of commercial banks", Source: board + " and H.8",
		Inputs: "Wednesday levels of one week", Window: "week", Edge: "H.8 in its latest revision", Decimals: 2,
	})
}

func dailyMoneyRegister(add func(Metric)) {
	add(Metric{
		ID: "onrrp", Name: "Overnight reverse repos", Unit: "USD bn", Formula: "amount accepted in the overnight reverse repo operation that closes last", Source: newYorkFed,
		Inputs: "operation results; RRPONTSYD where there are none", Window: "day", Edge: "from 2013-09-23; small-value exercises and term operations left out; 0 is a value", Decimals: 1,
	})
	add(Metric{
		ID: "repo_srf", Name: "Repo operations", Unit: "USD bn", Formula: "sum of the amounts accepted in the day's repo operations", Source: newYorkFed,
		Inputs: "operation results", Window: "day", Edge: "all collateral; below 0.1 bn is a test, as detail says", Decimals: 2,
	})
	for _, v := range []struct{ id, name, of, from string }{
		{"onrrp_avg", "Overnight reverse repos, week average", "overnight reverse repos", "2013-09-23"},
		{"repo_srf_avg", "Repo operations, week average", "repo operations", "2021-07-29, the start of the standing facility"},
	} {
		add(Metric{
			ID: v.id, Name: v.name, Unit: "USD bn", Formula: "mean of the daily " + v.of + " over the seven days that end on Wednesday", Source: board,
			Inputs: "operation results", Window: "week", Edge: "from " + v.from + "; closed days carry the last balance; an open day without a figure: none", Decimals: 2,
		})
	}
	add(Metric{
		ID: "tga_daily", Name: "Treasury cash, daily close", Unit: "USD bn", Formula: "closing balance of the Treasury General Account", Source: treasury,
		Inputs: "operating cash balance", Window: "day", Edge: "label and column changed in 2021 and 2022; negative: refused", Decimals: 1,
	})
}

func rateRegister(add func(Metric)) {
	for _, v := range []struct{ id, name, formula, inputs, edge string }{
		{"sofr", "SOFR", "volume-weighted median of overnight Treasury repo", "reference rates; FRED's copy for other days", "no rate when the repo market is closed"},
		{"effr", "Effective federal funds rate", "volume-weighted median of overnight federal funds", "reference rates; FRED's copy for other days", "none"},
		{"iorb", "Interest on reserve balances", "rate set by the Board", "IORB; IOER before 2021-07-29", "business days only"},
		{"onrrp_rate", "Overnight reverse repo rate", "award rate, or the offering rate where nothing was awarded", "operation results; RRPONTSYAWARD", "none"},
		{"target_lower", "Target range, lower limit", "limit in force on the day", "EFFR rows; DFEDTARL", "no range before 2008-12-16"},
		{"target_upper", "Target range, upper limit", "limit in force on the day", "EFFR rows; DFEDTARU", "no range before 2008-12-16"},
	} {
		add(Metric{
			ID: v.id, Name: v.name, Unit: "percent", Formula: v.formula, Source: newYorkFed, Inputs: v.inputs, Window: "day", Edge: v.edge, Decimals: 2,
		})
	}
	const bothLegs = "both legs of the same day; no forward filling"
	for _, v := range []struct{ id, name, formula, edge string }{
		{"spread_sofr_iorb", "SOFR less interest on reserves", "SOFR - IORB", bothLegs},
		{"spread_effr_iorb", "EFFR less interest on reserves", "EFFR - IORB", bothLegs},
		{"spread_sofr_rrp", "SOFR less overnight reverse repo rate", "SOFR - ON RRP rate", bothLegs},
		{"spread_sofr_upper", "SOFR less upper limit", "SOFR - upper limit of the target range", bothLegs},
		{"sofr_p99_p25", "SOFR dispersion, 99th to 25th percentile", "p99 - p25", "rates reprinted from the day before carry a footnote, as detail says"},
		{"sofr_p75_p25", "SOFR dispersion, 75th to 25th percentile", "p75 - p25", "as above"},
		{"sofr_p99_p1", "SOFR dispersion, 99th to 1st percentile", "p99 - p1", "as above"},
	} {
		add(Metric{
			ID: v.id, Name: v.name, Unit: "bp", Formula: v.formula, Source: newYorkFed, Inputs: "rates in percent", Window: "day", Edge: v.edge,
		})
	}
	add(Metric{
		ID: "sofr_volume", Name: "SOFR volume", Unit: "USD bn", Formula: "volume behind the rate", Source: newYorkFed, Inputs: "reference rates", Window: "day", Edge: "none",
	})
	add(Metric{
		ID: "sofr_iorb_abnormal", Name: "Abnormal funding day", Unit: "flag", Formula: "1 if SOFR - IORB exceeds the 95th percentile of its 252 observations before the day",
		Source: "Tidemark", Inputs: "SOFR, IORB, calendar", Window: "252", Warmup: 253,
		Edge: "days at month, quarter and year ends with their neighbours, tax and settlement dates are not among the 252; detail names the day's own flags",
	})
}

// CalendarFlags are the things that make a day special for money markets.
var CalendarFlags = []struct{ ID, Name string }{
	{"month_end", "Month end"},
	{"month_end_m1", "Day before a month end"},
	{"month_end_p1", "Day after a month end"},
	{"quarter_end", "Quarter end"},
	{"quarter_end_m1", "Day before a quarter end"},
	{"quarter_end_p1", "Day after a quarter end"},
	{"year_end", "Year end"},
	{"year_end_m1", "Day before a year end"},
	{"year_end_p1", "Day after a year end"},
	{"tax_date", "Tax date"},
	{"coupon_settlement", "Treasury coupon settlement"},
}

func dayRegister(add func(Metric)) {
	add(Metric{
		ID: "target_change", Name: "Change of the target range", Unit: "bp", Formula: "upper limit - upper limit of the business day before", Source: "Federal Open Market Committee",
		Inputs: "EFFR rows; DFEDTARU", Window: "day", Warmup: 2, Edge: "dated on the day from which on it holds; it is decided at 14:00 on the day before, as a rule; detail gives the new range",
	})
	for _, f := range CalendarFlags {
		edge := "the last business day of the Federal Reserve in the period, whether the exchange is open or not"
		switch f.ID {
		case "tax_date":
			edge = "15 April, June, September and December, or the business day after"
		case "coupon_settlement":
			edge = "the 15th and the last day of a month, or the business day after"
		}
		add(Metric{
			ID: "cal_" + f.ID, Name: f.Name, Unit: "flag", Formula: "1 on such a day", Source: "Federal Reserve Banks' holidays", Inputs: "calendar", Window: "day", Edge: edge,
		})
	}
}

func identityRegister(add func(Metric)) {
	for i, v := range []struct{ name, formula, edge string }{
		{"Reserve Bank credit and its parts", "Reserve Bank credit - (securities + premiums + discounts + repos + loans + facilities + float + swaps + other assets)", "before 2021-11-24 parts are missing from the series: none unless it holds"},
		{"Factors supplying reserves and their parts", "total supplying - (Reserve Bank credit + foreign currency + gold + SDR + Treasury currency)", "none"},
		{"Factors supplying and absorbing reserves", "total supplying - (total absorbing + reserve balances)", "none"},
		{"Securities and their parts", "larger of: Treasuries - (bills + nominal + indexed + compensation); outright - (Treasuries + agency debt + MBS)", "none"},
		{"Printed change and difference of two releases", "largest of: this week - the week before - printed change, over all series with a change", "above 3 mn: the older figure was revised"},
	} {
		warmup, failing := 1, "; beyond 3 mn the week's figures are withheld"
		if i == 4 {
			warmup, failing = 2, ""
		}
		add(Metric{
			ID: "h41_identity_" + strconv.Itoa(i+1), Name: "H.4.1 check " + strconv.Itoa(i+1) + ": " + v.name, Unit: "USD mn", Formula: v.formula, Source: board,
			Inputs: "Wednesday levels as published", Window: "week", Warmup: warmup, Edge: v.edge + failing,
		})
	}
}
