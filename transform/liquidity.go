package transform

import (
	"cmp"
	"slices"
	"strconv"

	"tidemark/schemas"
)

var liquidityFamilies = []Family{{
	Name: "liquidity", Dataset: schemas.Liquidity.String(), Metrics: liquidityMetrics(), Compute: computeLiquidity,
}}

// How many units of a reading make one of a fact.
const (
	millionsPerBillion = 1e3
	asIs               = 1
)

// liquidityChanges are the spans, in releases, over which changes are given.
var liquidityChanges = []int{1, 4, 13, 52}

const (
	zWindow = 156
	zLeast  = 104
)

// computeLiquidity gives the facts of the Federal Reserve's balance sheet, of
// daily cash and operations, and of money-market rates.
func computeLiquidity(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	p := newPublished(in)
	var facts []schemas.Fact
	add := func(metric string, per float64, r readings) {
		facts = append(facts, r.facts(metric, per, in.Window)...)
	}
	billions := func(metric string, r readings) { add(metric, millionsPerBillion, r) }

	for i, r := range p.h41Differences() {
		add(h41Metric(i+1), asIs, r)
	}
	add(h41Metric(5), asIs, p.h41Revision())

	items := make(map[string]readings, len(weeklyItems))
	for _, c := range weeklyItems {
		items[c.metric] = p.weekly(c)
		billions(c.metric, items[c.metric])
	}
	billions("discount_window", combine(total, p.weekly(primaryCredit), p.weekly(secondary), p.weekly(seasonal)))

	results := operationResults(in)
	overnight := p.overnightReverseRepo(results)
	onRRP, tgaClose := p.onRRPDaily(overnight), p.tgaDaily(in)
	p.agree("tga_agrees", "daily Treasury cash", "the H.4.1", tgaClose, items["tga"], roundingMillions)
	repo := p.repoDaily(results)
	onRRPAvg, repoAvg := p.weekAverage(onRRP, onRRPStart), p.weekAverage(repo, standingRepoStart)
	p.agree("week_average_agrees", "reverse repo operations", "the H.4.1's "+onRRPOthersAvg.h41, onRRPAvg, p.weekly(onRRPOthersAvg), roundingMillions)
	p.agree("week_average_agrees", "repo operations", "the H.4.1's "+repoOthersAvg.h41, repoAvg, p.weekly(repoOthersAvg), roundingMillions)
	billions("onrrp", onRRP)
	billions("onrrp_avg", onRRPAvg)
	billions("repo_srf", repo)
	billions("repo_srf_avg", repoAvg)
	billions("tga_daily", tgaClose)

	weekly := netLiquidityWeekly(items["fed_assets"], items["tga"], items["onrrp_wed"], onRRP)
	billions("net_liq_weekly", weekly)
	billions("net_liq_daily", netLiquidityDaily(items["fed_assets"], tgaClose, onRRP))
	for _, v := range []struct {
		name string
		of   readings
	}{{"fed_assets", items["fed_assets"]}, {"reserves", items["reserves"]}, {"net_liq", weekly}} {
		for _, n := range liquidityChanges {
			billions(changeMetric(v.name, n), changeOver(v.of, n))
		}
		add(v.name+"_z156", asIs, zOver(v.of, zWindow, zLeast))
	}
	add("res_gdp", asIs, reservesToGDP(items["reserves"], p.gdp()))
	add("res_bank_assets", asIs, combine(ratio, items["reserves"], p.bankAssets()))

	rateFacts(p.rates(in, overnight), p, add)
	return facts, sortedFindings(p.findings)
}

func rateFacts(r rates, p *published, add func(string, float64, readings)) {
	add("sofr", asIs, r.sofr)
	add("effr", asIs, r.effr)
	add("iorb", asIs, r.iorb)
	add("onrrp_rate", asIs, r.onRRP)
	add("target_lower", asIs, r.lower)
	add("target_upper", asIs, r.upper)
	sofrIORB := combine(basisPoints, r.sofr, r.iorb)
	add("spread_sofr_iorb", asIs, sofrIORB)
	add("spread_effr_iorb", asIs, combine(basisPoints, r.effr, r.iorb))
	add("spread_sofr_rrp", asIs, combine(basisPoints, r.sofr, r.onRRP))
	add("spread_sofr_upper", asIs, combine(basisPoints, r.sofr, r.upper))
	add("sofr_iorb_abnormal", asIs, abnormalDays(sofrIORB, p.calendar))
	add("sofr_p99_p25", asIs, combine(basisPoints, r.p99, r.p25))
	add("sofr_p75_p25", asIs, combine(basisPoints, r.p75, r.p25))
	add("sofr_p99_p1", asIs, combine(basisPoints, r.p99, r.p1))
	add("sofr_volume", asIs, r.volume)
	add("target_change", asIs, targetChange(r.lower, r.upper))
	for flag, days := range calendarFlags(p.calendar, r.effr) {
		add(calendarMetric(flag), asIs, days)
	}
}

func h41Metric(n int) string { return "h41_identity_" + strconv.Itoa(n) }

func changeMetric(name string, releases int) string {
	return name + "_chg_" + strconv.Itoa(releases) + "w"
}

func liquidityMetrics() []string {
	var out []string
	for n := range len(h41Sums) + 1 {
		out = append(out, h41Metric(n+1))
	}
	for _, c := range weeklyItems {
		out = append(out, c.metric)
	}
	out = append(out, "discount_window", "onrrp", "onrrp_avg", "repo_srf", "repo_srf_avg", "tga_daily", "net_liq_weekly", "net_liq_daily", "res_gdp", "res_bank_assets")
	for _, name := range []string{"fed_assets", "reserves", "net_liq"} {
		for _, n := range liquidityChanges {
			out = append(out, changeMetric(name, n))
		}
		out = append(out, name+"_z156")
	}
	out = append(out, "sofr", "effr", "iorb", "onrrp_rate", "target_lower", "target_upper",
		"spread_sofr_iorb", "spread_effr_iorb", "spread_sofr_rrp", "spread_sofr_upper", "sofr_iorb_abnormal",
		"sofr_p99_p25", "sofr_p75_p25", "sofr_p99_p1", "sofr_volume", "target_change")
	for flag := range schemas.CalendarFlags {
		out = append(out, calendarMetric(flag))
	}
	return out
}

// sortedFindings orders findings and says each thing once.
func sortedFindings(found []Finding) []Finding {
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Date, b.Date), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(found)
}
