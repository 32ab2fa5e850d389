package transform

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestCorrelation_WE5_1(t *testing.T) {
	t.Parallel()
	s, b := []float64{.010, -.020, .015, .005, -.010, .008}, []float64{-.002, .003, .001, -.001, .004, -.003}
	for _, x := range []struct {
		what     string
		from, to int
		want     float64
	}{{"six", 0, 6, -0.725034}, {"the last five", 1, 6, -0.688225}, {"the first five", 0, 5, -0.739940}} {
		got, status := correlationOf(s[x.from:x.to], b[x.from:x.to])
		if near(t, x.what, got, x.want, 5e-7); status != schemas.StatusOK {
			t.Errorf("%s: %s", x.what, status)
		}
	}
	if v, status := correlationOf(s, make([]float64, 6)); status != schemas.ZeroDenominator {
		t.Errorf("with what does not move: %v, %s", v, status)
	}
}

func TestRebalancing_WE5_2(t *testing.T) {
	t.Parallel()
	stock, bond, small := []float64{.05, -.04, .06}, []float64{-.01, .02, .01}, []float64{.08, -.07, .03}
	for _, x := range []struct {
		what     string
		target   []float64
		rule     string
		cost     float64
		values   []float64
		turnover float64
	}{
		{"60/40 monthly for nothing", []float64{.6, .4}, "monthly", 0, []float64{1.026, 1.009584, 1.04996736}, .0402077},
		{"60/40 monthly", []float64{.6, .4}, "monthly", .001, []float64{1.02597120, 1.00952611, 1.04988293}, .0402077},
		{"60/40 quarterly", []float64{.6, .4}, "quarterly", .001, []float64{1.026, 1.00872, 1.04902388}, .01111454},
		{"60/40 never", []float64{.6, .4}, "none", .001, []float64{1.026, 1.00872, 1.04904720}, 0},
		{"50/50 monthly", []float64{.5, .5}, "monthly", .001, []float64{1.01997, 1.00973970, 1.04505535}, .01470588 + .01515152 + .01207729},
		{"100/0", []float64{1, 0}, "monthly", .001, []float64{1.05, 1.008, 1.06848}, 0},
		{"50/10/40 monthly", []float64{.5, .1, .4}, "monthly", .001, []float64{1.02896880, 1.00938629, 1.04671037}, .0421522},
	} {
		p := newAccount(x.target, rebalancings[x.rule], x.cost)
		turnover := 0.0
		for m := range stock {
			returns := []float64{stock[m], bond[m]}
			if len(x.target) == 3 {
				returns = []float64{stock[m], small[m], bond[m]}
			}
			done := p.step(returns, m == 2)
			turnover += done.turnover
			near(t, x.what, p.value, x.values[m], 5e-9)
			near(t, x.what+": cost", done.cost, 2*done.turnover*x.cost, 1e-15)
		}
		near(t, x.what+": turnover", turnover, x.turnover, 5e-8)
	}
	never := newAccount([]float64{.6, .4}, rebalancing{}, 0)
	never.step([]float64{.05, -.01}, false)
	near(t, "drift", never.weight[0], .61403509, 5e-9)
}

func TestRebalancingBand_WE5_3(t *testing.T) {
	t.Parallel()
	p := newAccount([]float64{.6, .4}, rebalancing{monthly: true, band: 0.02}, .001)
	for i, x := range []struct {
		stock, bond, turnover, value float64
	}{{.05, -.01, 0, 1.026}, {.04, 0, .02328767, 1.05115104}, {-.08, .02, .025, 1.00905454}} {
		done := p.step([]float64{x.stock, x.bond}, false)
		near(t, "turnover", done.turnover, x.turnover, 5e-9)
		if near(t, "value", p.value, x.value, 5e-9); i == 0 {
			near(t, "drift", p.weight[0], .61403509, 5e-9)
		}
	}
	on := newAccount([]float64{.5, .5}, rebalancing{monthly: true, band: 0.05}, 0) // 0.55 is not further than 0.05 from 0.5
	if done := on.step([]float64{.1, -.1}, false); done.turnover != 0 {
		t.Errorf("on the band: %+v", done)
	}
}

func TestPortfolioStatistics_WE5_4(t *testing.T) {
	t.Parallel()
	values, months := []schemas.Opt[float64]{schemas.Some(1.0)}, []returnMonth(nil)
	for _, r := range []float64{.02, -.01, .03, -.04, .01, .02} {
		values = append(values, schemas.Some(values[len(values)-1].V*(1+r)))
		months = append(months, returnMonth{ret: r, ok: true, cash: schemas.Some(.003)})
	}
	near(t, "total", values[6].V-1, 0.02864465, 5e-9)
	f := fare(values, months, 6)
	near(t, "annualised", f.cagr, 0.05810981, 5e-9)
	near(t, "volatility", f.vol, 0.08966605, 5e-9)
	near(t, "Sharpe", f.sharpe, 0.267660, 5e-7)
	near(t, "maximum drawdown", f.drawdown, -0.04, 1e-12)
	near(t, "worst month", f.worst, -0.04, 1e-12)
	months[2].cash.OK = false
	if f := fare(values, months, 6); f.sharpeStatus != schemas.NotPublished {
		t.Errorf("without the cash of a month: %v, %s", f.sharpe, f.sharpeStatus)
	}
}

// twoAssets is the covariance of two assets of the given volatilities.
func twoAssets(a, b, rho float64) [][]float64 {
	return [][]float64{{a * a, rho * a * b}, {rho * a * b, b * b}}
}

func TestEqualRisk_WE5_5(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ rho, vol float64 }{{-.3, 0.051631}, {.5, 0.075580}} {
		cov := twoAssets(.16, .06, x.rho)
		w, status := equalRisk(cov)
		if status != schemas.StatusOK {
			t.Fatal(status)
		}
		near(t, "weight of stocks", w[0], .272727, 5e-7)
		near(t, "weight of bonds", w[1], .727273, 5e-7)
		shares, vol, _ := riskShares(w, cov)
		near(t, "risk of stocks", shares[0], .5, 1e-12)
		near(t, "volatility", vol, x.vol, 5e-7)
	}
	for _, x := range []struct{ stocks, rho, vol, share float64 }{{.6, .3, 0.105709, 0.886598}, {.6, -.3, 0.091704, 1.013699}, {.5, .3, 0.093488, 0.814645}} {
		shares, vol, _ := riskShares([]float64{x.stocks, 1 - x.stocks}, twoAssets(.16, .06, x.rho))
		near(t, "volatility", vol, x.vol, 5e-7)
		near(t, "risk of stocks", shares[0], x.share, 5e-7)
		near(t, "risk of all", shares[0]+shares[1], 1, 1e-12)
	}
	if w, status := equalRisk(twoAssets(.16, .06, -1)); status != schemas.ZeroDenominator {
		t.Errorf("two assets that cancel one another: %v, %s", w, status)
	}
	if w, status := equalRisk(twoAssets(.16, 0, 0)); status != schemas.ZeroDenominator {
		t.Errorf("an asset without risk: %v, %s", w, status)
	}
}

// Whatever the covariances, weights at equal risk are positive and add up to 1,
// and each asset bears the same.
func TestEqualRiskOfAnyAssets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "assets")
		series := make([][]float64, n)
		common := rapid.SliceOfN(rapid.Float64Range(-0.05, 0.05), 40, 40).Draw(t, "common")
		for i := range series {
			load := rapid.Float64Range(-1, 1).Draw(t, "load")
			scale := rapid.Float64Range(0.1, 2).Draw(t, "scale")
			for k, v := range rapid.SliceOfN(rapid.Float64Range(-0.05, 0.05), 40, 40).Draw(t, "own") {
				series[i] = append(series[i], scale*(load*common[k]+0.2*v+0.001*math.Sin(float64(k*(i+2)))))
			}
		}
		cov := covariance(series)
		w, status := equalRisk(cov)
		if !status.HasValue() {
			t.Fatalf("none: %s", status)
		}
		shares, _, _ := riskShares(w, cov)
		total := 0.0
		for i, v := range w {
			total += v
			if !(v > 0) || math.Abs(shares[i]-1/float64(n)) > 1e-8 {
				t.Errorf("weights %v bear %v", w, shares)
			}
		}
		near(t, "sum", total, 1, 1e-12)
	})
}

func TestCashCompoundsOverCalendarDays(t *testing.T) {
	t.Parallel()
	rate := func(d string, v float64) schemas.Rate {
		return schemas.Rate{Name: "EFFR", Date: day(t, d), Percent: schemas.Some(v)}
	}
	c := newCashRates([]schemas.Rate{
		rate("2025-07-07", 4.5), rate("2025-07-03", 4.2), rate("2025-07-02", 4.1), rate("2025-07-25", 4.6),
		{Name: "SOFR", Date: day(t, "2025-07-04"), Percent: schemas.Some(9.0)},
	}, "EFFR")
	// Thursday's rate holds over the holiday and the weekend.
	want := (1+.041/360)*(1+.042*4/360)*(1+.045*2/360) - 1
	nearOpt(t, "a week", c.over(day(t, "2025-07-02"), day(t, "2025-07-09")), want, 1e-15)
	nearOpt(t, "from a Saturday", c.over(day(t, "2025-07-05"), day(t, "2025-07-07")), .042*2/360, 1e-15)
	for _, x := range [][2]string{{"2025-07-01", "2025-07-03"}, {"2025-07-02", "2025-07-25"}, {"2025-07-08", "2025-07-14"}, {"2025-08-01", "2025-08-04"}} {
		if got := c.over(day(t, x[0]), day(t, x[1])); got.OK {
			t.Errorf("from %s to %s: %v, although no rate is known for long", x[0], x[1], got.V)
		}
	}
}

// mixed is an allocation of three assets over some years of random levels.
func mixed(t *rapid.T, days []schemas.Date) *Inputs {
	in := &Inputs{Calendar: calendar.US(), Window: schemas.CutWhole.Window("OWN_MIX", 0)}
	in.Universe = Universe{ID: "OWN_MIX", Assets: Assets{Large: "fund:L", Small: "fund:S", Bonds: "fund:B", Basis: "fund_tr", Cash: "EFFR", Cost: 0.001}}
	r := rapid.Uint64().Draw(t, "seed")
	next := func() float64 { // uniform in [-1, 1]
		r = r*6364136223846793005 + 1442695040888963407
		return float64(int64(r)>>11) / float64(1<<52)
	}
	gaps := rapid.IntRange(0, 40).Draw(t, "one missing in")
	for _, source := range []string{"fund:L", "fund:S", "fund:B"} {
		value := 100.0
		for i, d := range days {
			value *= 1 + 0.02*next()
			if gaps > 0 && i%(gaps*20+7) == int(source[5])%7 {
				continue
			}
			in.Levels = append(in.Levels, schemas.Observation{Source: source, Series: source, Date: d, Value: schemas.Some(value)})
		}
	}
	for d := days[0].AddDays(-10); d < days[len(days)-1]; d++ {
		if in.Calendar.IsFedDay(d) {
			in.Rates = append(in.Rates, schemas.Rate{Name: "EFFR", Date: d, Percent: schemas.Some(4 + next())})
		}
	}
	return in
}

// A portfolio knows nothing of the days to come, cost only takes away, and what
// bears risk bears all of it.
func TestAllocationInvariants(t *testing.T) {
	t.Parallel()
	days := calendar.US().Sessions(schemas.NewDate(2020, time.March, 10), schemas.NewDate(2024, time.March, 20))
	values, draws := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if draws++; draws > 25 {
			return // four years of three assets take a while
		}
		in := mixed(rt, days)
		facts, _ := Compute(schemas.Allocation.String(), in)
		all := newFactSet(t, facts, nil)

		free := *in
		free.Universe.Assets.Cost = 0
		other, _ := Compute(schemas.Allocation.String(), &free)
		without := newFactSet(t, other, nil)
		for k, f := range all.by {
			if strings.HasPrefix(k.metric, "pf_nav_") && f.Value.OK {
				values++
				if g := without.fact(k.metric, k.session); g.Value.V < f.Value.V-1e-15 {
					t.Errorf("%s on %s: %v with cost, %v without", k.metric, k.session, f.Value.V, g.Value.V)
				}
			}
			if k.metric == "erc_weight_large" && f.Value.OK {
				near(t, "weights at equal risk", f.Value.V+all.fact("erc_weight_small", k.session).Value.V+all.fact("erc_weight_bonds", k.session).Value.V, 1, 1e-12)
			}
			if k.metric == "risk_contrib_50_10_40_large" && f.Value.OK {
				near(t, "risk", f.Value.V+all.fact("risk_contrib_50_10_40_small", k.session).Value.V+all.fact("risk_contrib_50_10_40_bonds", k.session).Value.V, 1, 1e-9)
			}
		}

		last := days[rapid.IntRange(len(days)/2, len(days)-1).Draw(rt, "last day")]
		early := *in
		early.Levels = slices.DeleteFunc(slices.Clone(in.Levels), func(o schemas.Observation) bool { return o.Date > last })
		slices.Reverse(early.Levels)
		part, _ := Compute(schemas.Allocation.String(), &early)
		for _, f := range part {
			if g := all.fact(f.Metric, f.Session); g != f && f.Session < last {
				t.Fatalf("%+v, with later days %+v", f, g)
			}
		}
	})
	if values < 1000 {
		t.Errorf("%d values of portfolios", values)
	}
}

// A month without a level of an asset has no portfolio; the next one goes on
// from the last that had.
func TestPortfolioOverAMissingMonth(t *testing.T) {
	t.Parallel()
	in := &Inputs{Calendar: calendar.US(), Window: schemas.CutWhole.Window("OWN_MIX", 0)}
	in.Universe = Universe{ID: "OWN_MIX", Assets: Assets{Large: "fund:L", Bonds: "fund:B", Basis: "fund_tr"}}
	for i, d := range []string{"2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"} {
		in.Levels = append(in.Levels, levels(t, "fund:L", d, 100+10*float64(i))...)
		if d != "2025-03-31" {
			in.Levels = append(in.Levels, levels(t, "fund:B", d, 100.0)...)
		}
	}
	facts, findings := Compute(schemas.Allocation.String(), in)
	got := newFactSet(t, facts, findings)
	got.want("pf_nav_60_40_monthly", day(t, "2025-01-31"), 1, 0)
	got.want("pf_nav_60_40_monthly", day(t, "2025-02-28"), 1.06, 1e-12)
	got.wantNone("pf_nav_60_40_monthly", day(t, "2025-03-31"), schemas.NotPublished)
	got.want("pf_nav_60_40_monthly", day(t, "2025-04-30"), 1.06*(0.6*130/110+0.4), 1e-12)
	got.wantNone("pf_cagr_full_60_40_monthly", day(t, "2025-04-30"), schemas.InsufficientHistory)
	got.wantNone("sb_corr_36m", day(t, "2025-03-31"), schemas.NotPublished)
	if f, ok := got.by[factKey{"pf_nav_50_10_40_monthly", day(t, "2025-02-28")}]; ok {
		t.Errorf("a portfolio of small companies without any: %+v", f)
	}
}
