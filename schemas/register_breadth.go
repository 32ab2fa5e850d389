package schemas

import "strconv"

// MovingAverages are the windows, in sessions, of the shares of members above
// their simple moving average.
var MovingAverages = []int{20, 50, 100, 200}

var breadthMetrics = append(dailyBreadthRegister(), breadthTrendRegister()...)

const arms = "Arms 1967"

func dailyBreadthRegister() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method = "breadth", Breadth.String(), 1
		if m.Window == "" {
			m.Window, m.Warmup = "day", 2
		}
		if m.Inputs == "" {
			m.Inputs = "split-adjusted closes, members of the day"
		}
		if m.Source == "" {
			m.Source = "exchange convention"
		}
		out = append(out, m)
	}
	add(Metric{
		ID: "adv", Name: "Advances", Unit: "count", Formula: "members that close above their previous close",
		Edge: "a member without a trade is not counted; exact comparison in millionths of a dollar",
	})
	add(Metric{
		ID: "dec", Name: "Declines", Unit: "count", Formula: "members that close below their previous close",
		Edge: "as for advances",
	})
	add(Metric{
		ID: "unch", Name: "Unchanged", Unit: "count", Formula: "members that close at their previous close",
		Edge: "as for advances",
	})
	add(Metric{
		ID: "no_print", Name: "Members without a trade", Unit: "count", Formula: "members with no trade on the session",
		Edge: "halted, or without prices altogether; detail says how many lack prices",
	})
	add(Metric{
		ID: "no_prev", Name: "Members on their first day", Unit: "count", Formula: "members that trade but have no previous close",
		Edge: "an offering price is not a previous close",
	})
	add(Metric{
		ID: "breadth_members", Name: "Members", Unit: "count", Formula: "members in force at the open", Inputs: "membership", Source: "membership",
		Edge: "advances + declines + unchanged + no trade + first day",
	})
	add(Metric{ID: "net_adv", Name: "Net advances", Unit: "count", Formula: "A - D", Edge: "none"})
	add(Metric{ID: "adv_share", Name: "Share of advances", Unit: "fraction", Formula: "A/(A + D + U)", Edge: "nothing traded: none", Decimals: 1})
	add(Metric{ID: "adr", Name: "Advance-decline ratio", Unit: "ratio", Formula: "A/D", Edge: "no declines: none", Decimals: 2})
	add(Metric{
		ID: "rana", Name: "Ratio-adjusted net advances", Unit: "points", Formula: "1000 (A - D)/(A + D)", Source: "McClellan",
		Edge: "A + D = 0: none", Decimals: 1,
	})
	volume := "closes and volume, members of the day"
	add(Metric{
		ID: "up_vol", Name: "Up volume", Unit: "shares", Formula: "volume of advancing members", Inputs: volume,
		Edge: "shares as traded where prices are published unadjusted",
	})
	add(Metric{ID: "down_vol", Name: "Down volume", Unit: "shares", Formula: "volume of declining members", Inputs: volume, Edge: "as for up volume"})
	add(Metric{ID: "up_vol_share", Name: "Share of up volume", Unit: "fraction", Formula: "UV/(UV + DV)", Inputs: volume, Edge: "both 0: none", Decimals: 1})
	add(Metric{
		ID: "trin", Name: "Arms index (TRIN)", Unit: "ratio", Formula: "(A x DV)/(D x UV)", Source: arms, Inputs: volume,
		Edge: "any of A, D, UV, DV zero: none, detail says which", Decimals: 2,
	})
	for _, n := range MovingAverages {
		text := strconv.Itoa(n)
		add(Metric{
			ID: "pct_above_sma_" + text, Name: "Members above their " + text + "-day average", Unit: "fraction",
			Formula: "share of members whose close is above the mean of their last " + text + " closes", Window: text, Warmup: n,
			Edge: "equal is not above; members with fewer closes are left out; a halt carries the close for 5 sessions", Decimals: 1,
		})
	}
	for _, v := range []struct{ suffix, name, high, low, in string }{
		{"close", "closes", "close above the highest of the previous 251 closes", "close below the lowest of the previous 251 closes", "split-adjusted closes"},
		{"intraday", "intraday prices", "high above the previous 251 highs", "low below the previous 251 lows", "split-adjusted highs and lows"},
		{"cal52w", "intraday prices, calendar weeks", "high above all highs of the 52 weeks before", "low below all lows of the 52 weeks before", "split-adjusted highs and lows"},
	} {
		edge := "a tie is not new; members without the full window are left out"
		add(Metric{
			ID: "new_high_" + v.suffix, Name: "New highs, " + v.name, Unit: "count", Formula: "members with " + v.high,
			Inputs: v.in, Window: "252", Warmup: 252, Edge: edge,
		})
		add(Metric{
			ID: "new_low_" + v.suffix, Name: "New lows, " + v.name, Unit: "count", Formula: "members with " + v.low,
			Inputs: v.in, Window: "252", Warmup: 252, Edge: edge,
		})
	}
	add(Metric{
		ID: "rec_high_pct", Name: "Record-high percent", Unit: "fraction", Formula: "NH/(NH + NL) on closes", Source: "StockCharts",
		Window: "252", Warmup: 252, Edge: "0/0: none", Decimals: 1,
	})
	add(Metric{
		ID: "rec_high_pct_intraday", Name: "Record-high percent, intraday", Unit: "fraction", Formula: "NH/(NH + NL) on highs and lows",
		Source: "StockCharts", Inputs: "split-adjusted highs and lows", Window: "252", Warmup: 252, Edge: "0/0: none", Decimals: 1,
	})
	for _, v := range []struct{ id, name, formula string }{
		{"dist_52w_median", "Median distance of members from their 52-week high", "median of close/(highest of 252 closes) - 1"},
		{"dist_52w_within_2", "Members within 2 % of their 52-week high", "share of members with close/(highest of 252 closes) - 1 >= -0.02"},
		{"dist_52w_within_10", "Members within 10 % of their 52-week high", "share of members with close/(highest of 252 closes) - 1 >= -0.10"},
		{"dist_52w_below_20", "Members more than 20 % below their 52-week high", "share of members with close/(highest of 252 closes) - 1 < -0.20"},
	} {
		add(Metric{
			ID: v.id, Name: v.name, Unit: "fraction", Formula: v.formula, Source: "market convention",
			Window: "252", Warmup: 252, Edge: "members without 252 closes are left out; the day's own close counts", Decimals: 1,
		})
	}
	return out
}

func breadthTrendRegister() []Metric {
	var out []Metric
	add := func(m Metric) {
		m.Family, m.Dataset, m.Method = "breadth", BreadthTrend.String(), 1
		if m.Inputs == "" {
			m.Inputs = "advances, declines"
		}
		out = append(out, m)
	}
	add(Metric{
		ID: "ad_line", Name: "Advance-decline line", Unit: "count", Formula: "L_t = L_(t-1) + (A - D), 0 at the base", Source: "Ayres",
		Window: "cumulative", Warmup: 1, Edge: "only differences carry meaning; detail names the base date; a day without data leaves it",
	})
	add(Metric{
		ID: "ad_line_ratio", Name: "Advance-decline line, ratio form", Unit: "ratio", Formula: "running sum of (A - D)/(A + D + U)", Source: "Ayres",
		Inputs: "advances, declines, unchanged", Window: "cumulative", Warmup: 1, Edge: "as for the line", Decimals: 3,
	})
	volume := "advances, declines, up and down volume"
	add(Metric{
		ID: "trin_sma10", Name: "Arms index, mean of 10 days", Unit: "ratio", Formula: "mean of the last 10 daily TRIN", Source: arms,
		Inputs: volume, Window: "10", Warmup: 11, Edge: "any of the 10 without a value: none", Decimals: 2,
	})
	add(Metric{
		ID: "trin_open10", Name: "Open Arms index, 10 days", Unit: "ratio", Formula: "(sum A/sum D)/(sum UV/sum DV) over 10 sessions", Source: "Arms, Eakle",
		Inputs: volume, Window: "10", Warmup: 11, Edge: "any sum zero: none, detail says which", Decimals: 2,
	})
	for _, v := range []struct{ suffix, name, x, si string }{
		{"_raw", "raw", "A - D", "1000 + 19 T5 - 9 T10"},
		{"_ratio", "ratio-adjusted", "1000 (A - D)/(A + D)", "19 T5 - 9 T10"},
	} {
		mcc := func(id, name, formula string) {
			add(Metric{
				ID: id + v.suffix, Name: name + ", " + v.name, Unit: "points", Formula: formula,
				Source: "S. and M. McClellan 1969; Miekka", Window: "recursive", Warmup: 1,
				Edge: "warm-up for 135 sessions; a day without data leaves the state and has no value", Decimals: 1,
			})
		}
		mcc("mcc_t10", "McClellan 10 % trend", "T10 += 0.10 (x - T10), x = "+v.x)
		mcc("mcc_t5", "McClellan 5 % trend", "T5 += 0.05 (x - T5), x = "+v.x)
		mcc("mcc_osc", "McClellan oscillator", "T10 - T5, x = "+v.x)
		mcc("mcc_sum", "McClellan summation index", v.si+", x = "+v.x)
	}
	add(Metric{
		ID: "high_low_index", Name: "High-Low index", Unit: "percent", Formula: "mean of the last 10 valid record-high percents x 100", Source: "StockCharts",
		Inputs: "new highs and lows on closes", Window: "10", Warmup: 261, Edge: "days of 0/0 are passed over", Decimals: 1,
	})
	add(Metric{
		ID: "high_low_index_intraday", Name: "High-Low index, intraday", Unit: "percent", Formula: "mean of the last 10 valid record-high percents x 100",
		Source: "StockCharts", Inputs: "new highs and lows, intraday", Window: "10", Warmup: 261, Edge: "days of 0/0 are passed over", Decimals: 1,
	})
	const zweig = "Zweig 1986"
	add(Metric{
		ID: "zbt_ema10", Name: "Zweig breadth, exponential mean", Unit: "fraction", Formula: "EMA10 of A/(A + D), alpha 2/11", Source: zweig,
		Window: "10", Warmup: 1, Edge: "warm-up for 35 sessions; a day without data leaves it", Decimals: 1,
	})
	add(Metric{
		ID: "zbt_sma10", Name: "Zweig breadth, simple mean", Unit: "fraction", Formula: "mean of the last 10 A/(A + D)", Source: zweig,
		Window: "10", Warmup: 10, Edge: "full window of sessions with data", Decimals: 1,
	})
	for _, v := range []string{"ema10", "sma10"} {
		add(Metric{
			ID: "zbt_signal_" + v, Name: "Zweig breadth thrust, " + v, Unit: "flag",
			Formula: "1 when zbt_" + v + " > 0.615 within 10 sessions of having been < 0.40", Source: zweig, Window: "10", Warmup: 10,
			Edge: "strict thresholds, exact; one signal per excursion; calibrated on all NYSE issues: index members fire several times more often",
		})
	}
	for _, v := range []struct{ id, share string }{{"hindenburg_k22", "2.2"}, {"hindenburg_k28", "2.8"}} {
		add(Metric{
			ID: v.id, Name: "Hindenburg omen at " + v.share + " %", Unit: "flag",
			Formula: "1 when NH > " + v.share + " % and NL > " + v.share + " % of A + D + U, the 50-session average of the level rises, MO < 0 and NH <= 2 NL",
			Source:  "Miekka", Inputs: "breadth counts, new highs and lows on closes, McClellan oscillator, index level", Window: "day", Warmup: 252,
			Edge: "any input without a value: none; the average rises where the level is above that of 50 sessions before; detail names the omen of the 36 days before that it confirms; " +
				"calibrated on all NYSE issues; many false alarms",
		})
	}
	return out
}
