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

// h41 is an observation of the H.4.1 in USD mn.
func h41(series string, d schemas.Date, v float64) schemas.Observation {
	return schemas.Observation{Source: "h41", Series: series, Date: d, Value: schemas.Some(v), Status: "A", Unit: "Currency", Multiplier: 1e6}
}

func fred(id, unit string, multiplier float64, d schemas.Date, v float64) schemas.Observation {
	return schemas.Observation{Source: "fred:" + id, Series: id, Date: d, Value: schemas.Some(v), Unit: unit, Multiplier: multiplier}
}

func operation(kind, id string, d schemas.Date, closes, term string, accepted int64) schemas.Operation {
	return schemas.Operation{
		Desk: "nyfed", ID: id, Date: d, Settlement: d, Maturity: calendar.US().NextSecuredDay(d), Type: kind, Status: "Results",
		Term: term, CloseTime: closes, TotalAccepted: schemas.Some(accepted),
	}
}

func cash(d schemas.Date, v int64) schemas.CashBalance {
	return schemas.CashBalance{Statement: "dts", Date: d, AccountType: "Treasury General Account (TGA) Closing Balance", Open: schemas.Some(v)}
}

// liquidity computes the facts and fails on findings of other checks than the
// ones named.
func liquidity(t *testing.T, in *Inputs, checks ...string) map[string]map[schemas.Date]schemas.Fact {
	t.Helper()
	facts, findings := Compute(schemas.Liquidity.String(), in)
	var got []string
	for _, f := range findings {
		got = append(got, f.Check)
	}
	slices.Sort(checks)
	if !slices.Equal(got, checks) {
		t.Errorf("findings %v, want checks %v", findings, checks)
	}
	return byMetric(facts)
}

func TestNetLiquidity_WE4_1(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-11-26")
	in := fedInputs()
	in.Observations = []schemas.Observation{
		fred("WALCL", millions, 1e6, d, 6535000), fred("WDTGAL", millions, 1e6, d, 850000), fred("RRPONTSYD", billions, 1e9, d, 7.8),
		// Total reverse repos and the foreign pool are there, and left alone.
		fred("WLRRAL", millions, 1e6, d, 335200+7800), fred("WLRRAFOIAL", millions, 1e6, d, 335200),
	}
	got := liquidity(t, in)
	near(t, "net liquidity", valueOf(t, got, "net_liq_weekly", "2025-11-26"), 5677.2, 1e-9)
	f := factOf(t, got, "net_liq_weekly", "2025-11-26")
	if f.Basis != "fred" || f.Members != 3 || !f.KnownAt.Equal(utc(t, "2025-11-28T21:30:00Z")) {
		t.Errorf("basis %s, %d inputs, known at %s", f.Basis, f.Members, f.KnownAt)
	}
	near(t, "foreign pool", valueOf(t, got, "foreign_rrp", "2025-11-26"), 335.2, 1e-9)
}

func TestNetLiquidityIsNotMixed(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-07-30")
	for name, drop := range map[string]string{"assets": "RESPPMA_N.WW", "cash": "RESPPLLDT_N.WW", "reverse repos": "RESPPLLRD_N.WW"} {
		in := fedInputs()
		for _, w := range []schemas.Date{d - 7, d, d + 7} {
			for _, o := range []schemas.Observation{
				h41("RESPPMA_N.WW", w, 6640000), h41("RESPPLLDT_N.WW", w, 400000), h41("RESPPLLDT_XAW_N.WW", w, 370510), h41("RESPPLLRD_N.WW", w, 200000),
			} {
				if w != d || o.Series != drop {
					in.Observations = append(in.Observations, o)
				}
			}
		}
		got := liquidity(t, in)
		if f := factOf(t, got, "net_liq_weekly", "2025-07-30"); f.Status != schemas.NotPublished || f.Value.OK {
			t.Errorf("without %s: %+v", name, f)
		}
		near(t, "the week after", valueOf(t, got, "net_liq_weekly", "2025-08-06"), 6040, 1e-9)
		near(t, "the change over one release", valueOf(t, got, "net_liq_chg_1w", "2025-08-06"), 0, 0)
	}
}

func TestNetLiquidityDailyCarriesAssets(t *testing.T) {
	t.Parallel()
	wednesday := day(t, "2025-12-24")
	in := fedInputs()
	in.Observations = []schemas.Observation{h41("RESPPMA_N.WW", wednesday-7, 6500000), h41("RESPPMA_N.WW", wednesday, 6540000)}
	for _, on := range []string{"2025-12-23", "2025-12-24", "2025-12-26", "2025-12-31", "2026-01-06", "2026-01-07"} {
		d := day(t, on)
		in.Cash = append(in.Cash, cash(d, 800000))
		in.Operations = append(in.Operations, operation(schemas.OperationReverseRepo, "RRP "+on, d, "13:15", "Overnight", 5_000_000_000))
	}
	got := liquidity(t, in)
	for on, want := range map[string]struct {
		value  float64
		detail string
		known  string
	}{
		"2025-12-23": {5695, "assets_of=2025-12-17; stale_days=6", "2025-12-24T21:00:00Z"},
		"2025-12-24": {5735, "assets_of=2025-12-24; stale_days=0", "2025-12-29T21:30:00Z"},
		"2025-12-26": {5735, "assets_of=2025-12-24; stale_days=2", "2025-12-29T21:30:00Z"},
		"2025-12-31": {5735, "assets_of=2025-12-24; stale_days=7", "2026-01-02T21:00:00Z"},
	} {
		f := factOf(t, got, "net_liq_daily", on)
		near(t, on, valueOf(t, got, "net_liq_daily", on), want.value, 1e-9)
		if f.Detail != want.detail || f.Basis != "dts+h41+nyfed" || !f.KnownAt.Equal(utc(t, want.known)) {
			t.Errorf("%s: detail %q, basis %s, known at %s", on, f.Detail, f.Basis, f.KnownAt)
		}
	}
	if f := factOf(t, got, "net_liq_daily", "2026-01-06"); f.Status != schemas.StatusOK {
		t.Errorf("after 13 days: %s", f.Status)
	}
	if f := factOf(t, got, "net_liq_daily", "2026-01-07"); f.Status != schemas.StaleInput || f.Value.OK {
		t.Errorf("after 14 days: %s", f.Status)
	}
	// A business day without cash or operations is a gap with a reason.
	if f := factOf(t, got, "net_liq_daily", "2025-12-29"); f.Status != schemas.NotPublished {
		t.Errorf("a day without figures: %s", f.Status)
	}
}

func TestWeekAverage_WE4_4(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	for _, v := range []struct {
		on       string
		accepted int64
	}{
		{"2025-12-24", 0}, {"2025-12-26", 0}, {"2025-12-29", 0}, {"2025-12-30", 0}, {"2025-12-31", 74_600_000_000}, // outstanding over 1 January
		{"2026-01-02", 22_806_000_000}, {"2026-01-05", 0}, {"2026-01-06", 0}, {"2026-01-07", 0}, {"2026-01-14", 0},
	} {
		in.Operations = append(in.Operations, operation(schemas.OperationRepo, "RP "+v.on, day(t, v.on), "13:45", "Overnight", v.accepted))
	}
	in.Observations = []schemas.Observation{h41("RESPPALGTRO_XAW_N.WW", day(t, "2026-01-07"), 20431), h41("RESPPALGTR_N.WW", day(t, "2026-01-07"), 0)}
	got := liquidity(t, in)
	near(t, "average of the published week", valueOf(t, got, "repo_srf_avg", "2026-01-07"), 20.431142857, 1e-9)
	near(t, "published Wednesday level", valueOf(t, got, "repo_wed", "2026-01-07"), 0, 0)
	near(t, "the week before: one day of seven", valueOf(t, got, "repo_srf_avg", "2025-12-31"), 74.6/7, 1e-9)
	if f := factOf(t, got, "repo_srf_avg", "2026-01-07"); f.Members != 7 || !f.KnownAt.Equal(utc(t, "2026-01-07T21:00:00Z")) {
		t.Errorf("%d days, known at %s", f.Members, f.KnownAt)
	}
	if f := factOf(t, got, "repo_srf_avg", "2026-01-14"); f.Status != schemas.NotPublished || f.Value.OK {
		t.Errorf("a week with days missing: %+v", f)
	}
	if _, have := got["repo_srf_avg"][day(t, "2025-12-24")]; have {
		t.Error("a week that began before the operations has an average")
	}
	in.Observations[0].Value.V = 20500
	_, findings := Compute(schemas.Liquidity.String(), in)
	if len(findings) != 1 || findings[0].Check != "week_average_agrees" || findings[0].Date != day(t, "2026-01-07") {
		t.Errorf("findings %v", findings)
	}
}

func TestRatios_WE4_5(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-11-26")
	in := fedInputs()
	in.Observations = []schemas.Observation{
		h41("RESH4R_N.WW", d, 2850000), fred("TLAACBW027SBOG", billions, 1e9, d, 25200),
		fred("GDP", "Billions of Dollars", 1e9, day(t, "2025-04-01"), 30485), fred("GDP", "Billions of Dollars", 1e9, day(t, "2025-07-01"), 31095),
		// Not public yet when the reserves were.
		fred("GDP", "Billions of Dollars", 1e9, day(t, "2025-10-01"), 99999),
	}
	got := liquidity(t, in)
	near(t, "to GDP", valueOf(t, got, "res_gdp", "2025-11-26"), 0.0916546, 1e-6)
	near(t, "to bank assets", valueOf(t, got, "res_bank_assets", "2025-11-26"), 0.1130952, 1e-6)
	if f := factOf(t, got, "res_gdp", "2025-11-26"); f.Detail != "gdp_of=2025-07-01" {
		t.Errorf("detail %q", f.Detail)
	}
	if f := factOf(t, got, "res_bank_assets", "2025-11-26"); !f.KnownAt.Equal(utc(t, "2025-12-05T21:15:00Z")) {
		t.Errorf("bank assets are known at %s", f.KnownAt)
	}
}

func TestChangesAndZScore_WE4_6(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	d := day(t, "2025-10-01")
	values := []float64{6560, 6555, 6548, 6552, 6541, 6535}
	for i, v := range values {
		in.Observations = append(in.Observations, h41("RESPPMA_N.WW", d+schemas.Date(7*i), v*1000))
	}
	got := liquidity(t, in)
	near(t, "one week", valueOf(t, got, "fed_assets_chg_1w", "2025-11-05"), -6, 1e-9)
	near(t, "four weeks", valueOf(t, got, "fed_assets_chg_4w", "2025-11-05"), -20, 1e-9)
	for metric, want := range map[string]schemas.Status{"fed_assets_chg_13w": schemas.InsufficientHistory, "fed_assets_z156": schemas.InsufficientHistory} {
		if f := factOf(t, got, metric, "2025-11-05"); f.Status != want {
			t.Errorf("%s has status %s", metric, f.Status)
		}
	}
	series := newReadings()
	for i, v := range values {
		series.put(d+schemas.Date(7*i), reading{value: v, status: schemas.StatusOK})
	}
	z := zOver(series, 6, 6)
	last := z.at[d+35]
	near(t, "z-score", last.value, -1.463420, tolerance)
	if last.status != schemas.StatusOK || z.at[d+28].status != schemas.InsufficientHistory {
		t.Errorf("z-score warms up wrongly: %s, %s", z.at[d+28].status, last.status)
	}
}

func TestChangesCountReleases(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-10-01")
	in := fedInputs()
	for i, v := range []float64{10, 11, 12, -1, 14, 15} {
		if v > 0 { // the fourth release is missing
			in.Observations = append(in.Observations, h41("RESPPMA_N.WW", d+schemas.Date(7*i), 6e6+v*1000))
		}
	}
	got := liquidity(t, in)
	near(t, "four releases back", valueOf(t, got, "fed_assets_chg_4w", "2025-11-05"), 5, 1e-9)
	if f := factOf(t, got, "fed_assets", "2025-10-22"); f.Status != schemas.NotPublished || f.KnownAt.IsZero() {
		t.Errorf("a missing release gives %+v", f)
	}
}

func TestZScoreOfConstantHasReason(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	for i := range zLeast {
		in.Observations = append(in.Observations, h41("RESPPMA_N.WW", day(t, "2023-01-04")+schemas.Date(7*i), 7e6))
	}
	last := (day(t, "2023-01-04") + schemas.Date(7*(zLeast-1))).String()
	if f := factOf(t, liquidity(t, in), "fed_assets_z156", last); f.Status != schemas.ZeroDenominator || f.Value.OK {
		t.Errorf("%+v", f)
	}
}

func TestDailyReverseRepoIgnoresExercises(t *testing.T) {
	t.Parallel()
	d := day(t, "2017-05-22")
	in := fedInputs()
	exercise := operation(schemas.OperationReverseRepo, "RP 052217 1", d, "10:00", "Overnight", 21_000_000)
	facility := operation(schemas.OperationReverseRepo, "RP 052217 2", d, "13:15", "Overnight", 185_031_000_000)
	term := operation(schemas.OperationReverseRepo, "RP 052217 3", d, "14:30", "Term", 10_000_000_000)
	term.Maturity = d + 7
	second := facility
	second.Line, second.SecurityType = 1, "Agency"
	overHoliday := operation(schemas.OperationReverseRepo, "RP 041714 1", day(t, "2014-04-17"), "13:15", "Term", 1_000_000_000)
	earlier := operation(schemas.OperationReverseRepo, "RP 092013 1", day(t, "2013-09-20"), "13:15", "Overnight", 3_000_000_000)
	announced := operation(schemas.OperationReverseRepo, "RP 052317 1", d+1, "13:15", "Overnight", 0)
	announced.Status = "Announcement"
	in.Operations = []schemas.Operation{facility, second, exercise, term, overHoliday, earlier, announced}
	in.Observations = []schemas.Observation{fred("RRPONTSYD", billions, 1e9, d, 999), fred("RRPONTSYD", billions, 1e9, d+1, 0)}
	got := liquidity(t, in, "sources_agree")
	near(t, "take-up", valueOf(t, got, "onrrp", "2017-05-22"), 185.031, 1e-9)
	near(t, "a day without results takes FRED's copy, and zero is a value", valueOf(t, got, "onrrp", "2017-05-23"), 0, 0)
	near(t, "overnight over a holiday", valueOf(t, got, "onrrp", "2014-04-17"), 1, 1e-9)
	if f := factOf(t, got, "onrrp", "2014-04-18"); f.Status != schemas.MarketClosed { // Good Friday
		t.Errorf("Good Friday has status %s", f.Status)
	}
	if f := factOf(t, got, "onrrp", "2017-05-19"); f.Status != schemas.NotPublished {
		t.Errorf("a day without an operation has status %s", f.Status)
	}
	if _, have := got["onrrp"][day(t, "2013-09-20")]; have {
		t.Error("a test before the facility counts")
	}
	if f := factOf(t, got, "onrrp", "2017-05-22"); !f.KnownAt.Equal(utc(t, "2017-05-22T17:15:00Z")) {
		t.Errorf("known at %s", f.KnownAt)
	}
}

func TestRepoOperationsOfADayAreSummed(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-12-31")
	in := fedInputs()
	in.Operations = []schemas.Operation{
		operation(schemas.OperationRepo, "RP 123125 1", d, "08:30", "Overnight", 31_500_000_000),
		operation(schemas.OperationRepo, "RP 123125 3", d, "13:45", "Overnight", 43_100_000_000),
		operation(schemas.OperationReverseRepo, "RP 123125 2", d, "13:15", "Overnight", 106_000_000_000),
		operation(schemas.OperationRepo, "RP 123025 1", d-1, "13:45", "Overnight", 1_000_000),
		operation(schemas.OperationRepo, "RP 122425 1", d-7, "13:45", "Overnight", 0),
	}
	got := liquidity(t, in)
	near(t, "sum", valueOf(t, got, "repo_srf", "2025-12-31"), 74.6, 1e-9)
	near(t, "reverse repo", valueOf(t, got, "onrrp", "2025-12-31"), 106, 1e-9)
	near(t, "nothing taken", valueOf(t, got, "repo_srf", "2025-12-24"), 0, 0)
	for on, want := range map[string]string{"2025-12-31": "", "2025-12-30": "below 0.1 bn: not usage", "2025-12-24": ""} {
		if f := factOf(t, got, "repo_srf", on); f.Detail != want {
			t.Errorf("%s: detail %q, want %q", on, f.Detail, want)
		}
	}
	if f := factOf(t, got, "repo_srf", "2025-12-31"); f.Members != 2 || !f.KnownAt.Equal(utc(t, "2025-12-31T18:45:00Z")) {
		t.Errorf("%d operations, known at %s", f.Members, f.KnownAt)
	}
	if f := factOf(t, got, "repo_srf", "2025-12-26"); f.Status != schemas.NotPublished {
		t.Errorf("a day without operations has status %s", f.Status)
	}
}

func TestDiscountWindowNeedsAllThree(t *testing.T) {
	t.Parallel()
	d := day(t, "2023-03-22")
	in := fedInputs()
	in.Observations = []schemas.Observation{h41("RESPPALDP_N.WW", d, 110248), h41("RESPPALDQ_N.WW", d, 0), h41("RESPPALDS_N.WW", d, 4)}
	near(t, "sum", valueOf(t, liquidity(t, in), "discount_window", "2023-03-22"), 110.252, 1e-9)
	in.Observations = in.Observations[:2]
	if got := liquidity(t, in)["discount_window"]; len(got) != 0 {
		t.Errorf("without seasonal credit there is still %v", got)
	}
}

func TestTreasuryCashCannotBeNegativeOrTwofold(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-03-05")
	in := fedInputs()
	in.Cash = []schemas.CashBalance{cash(d, 500000), cash(d+1, -1), cash(d+2, 1), cash(d+2, 2), cash(d+5, 400000)}
	in.Observations = []schemas.Observation{h41("RESPPLLDT_N.WW", d, -5), h41("RESPPLLDT_N.WW", d+7, 5)}
	got := liquidity(t, in, "one_row", "sign", "sign")
	for _, on := range []string{"2025-03-06", "2025-03-07"} {
		if f := factOf(t, got, "tga_daily", on); f.Status != schemas.BadInput || f.Value.OK {
			t.Errorf("%s: %+v", on, f)
		}
	}
	near(t, "before", valueOf(t, got, "tga_daily", "2025-03-05"), 500, 0)
	if f := factOf(t, got, "tga_daily", "2025-03-10"); !f.KnownAt.Equal(utc(t, "2025-03-11T20:00:00Z")) {
		t.Errorf("known at %s", f.KnownAt)
	}
}

func TestUnitsAreAsserted(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]schemas.Observation{
		"unit contradicts multiplier": fred("WRESBAL", "Billions of U.S. Dollars", 1e6, 0, 3347.41),
		"no multiplier":               fred("WRESBAL", "Millions of U.S. Dollars", 0, 0, 3347410),
		"not an amount":               fred("WRESBAL", "Percent", 1, 0, 3.3),
		"bare currency":               {Source: "fred:WRESBAL", Series: "WRESBAL", Value: schemas.Some(1.0), Unit: "Currency", Multiplier: 1},
	} {
		o.Date = day(t, "2025-07-30")
		in := fedInputs()
		in.Observations = []schemas.Observation{o}
		facts, findings := Compute(schemas.Liquidity.String(), in)
		if len(facts) != 0 || len(findings) != 1 || findings[0].Check != "unit" || findings[0].Severity != schemas.SeverityError {
			t.Errorf("%s: facts %v, findings %v", name, facts, findings)
		}
	}
	// The same figure in either unit is the same fact.
	for _, o := range []schemas.Observation{
		fred("WRESBAL", billions, 1e9, day(t, "2025-07-30"), 3347.41), fred("WRESBAL", millions, 1e6, day(t, "2025-07-30"), 3347410),
	} {
		in := fedInputs()
		in.Observations = []schemas.Observation{o}
		near(t, o.Unit, valueOf(t, liquidity(t, in), "reserves_avg", "2025-07-30"), 3347.41, 1e-9)
	}
	// A thousand times too small, though unit and multiplier agree.
	in := fedInputs()
	in.Observations = []schemas.Observation{
		fred("WRESBAL", millions, 1e6, day(t, "2025-07-23"), 3347410), fred("WRESBAL", millions, 1e6, day(t, "2025-07-30"), 3347.41),
		fred("WRESBAL", millions, 1e6, day(t, "2025-08-06"), 3347410),
	}
	if f := factOf(t, liquidity(t, in, "magnitude"), "reserves_avg", "2025-07-30"); f.Status != schemas.BadInput || f.Value.OK {
		t.Errorf("%+v", f)
	}
}

func TestStatementWinsOverCopy(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-07-30")
	in := fedInputs()
	in.Observations = []schemas.Observation{
		h41("RESPPMA_N.WW", d, 6640000), fred("WALCL", millions, 1e6, d, 6640001), // rounding
		h41("RESPPMA_N.WW", d+7, 6650000), fred("WALCL", millions, 1e6, d+7, 6650500),
		fred("WALCL", millions, 1e6, d-7, 6630000), fred("WALCL", millions, 1e6, d+14, 6660000), fred("WALCL", millions, 1e6, d+15, 1),
	}
	in.Observations = append(in.Observations, schemas.Observation{Source: "h41", Series: "RESPPMA_N.WW", Date: d + 14, Status: "NA", Unit: "Currency", Multiplier: 1e6})
	got := liquidity(t, in, "sources_agree", "weekday")
	for on, want := range map[string]struct {
		value float64
		basis string
	}{"2025-07-23": {6630, "fred"}, "2025-07-30": {6640, "h41"}, "2025-08-06": {6650, "h41"}, "2025-08-13": {6660, "fred"}} {
		near(t, on, valueOf(t, got, "fed_assets", on), want.value, 0)
		if f := factOf(t, got, "fed_assets", on); f.Basis != want.basis {
			t.Errorf("%s: basis %s", on, f.Basis)
		}
	}
}

func TestDailyCashIsHeldAgainstStatement(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-07-30")
	in := fedInputs()
	in.Observations = []schemas.Observation{h41("RESPPLLDT_N.WW", d, 400000), h41("RESPPLLDT_N.WW", d+7, 410000)}
	in.Cash = []schemas.CashBalance{cash(d, 400001), cash(d+7, 410100)}
	_, findings := Compute(schemas.Liquidity.String(), in)
	if len(findings) != 1 || findings[0].Check != "tga_agrees" || findings[0].Date != d+7 || !strings.Contains(findings[0].Message, "differ on 1 days, by up to 100;") {
		t.Errorf("findings %v", findings)
	}
}

// Appendix B 12: net liquidity is what stands on the other side of the
// condition statement.
func TestNetLiquidityIsTheOtherSideOfTheStatement(t *testing.T) {
	t.Parallel()
	d := schemas.NewDate(2025, time.July, 30)
	rapid.Check(t, func(rt *rapid.T) {
		millions := func(name string, low, high int) float64 { return float64(rapid.IntRange(low, high).Draw(rt, name)) }
		tga, others := millions("tga", 0, 1e6), millions("others", 0, 2.5e6)
		rest := []float64{
			millions("notes", 1e6, 3e6), millions("deposits of banks", 1e6, 4e6), millions("foreign reverse repos", 0, 5e5),
			millions("other deposits", 0, 5e5), millions("other liabilities", -3e5, 5e4), millions("capital", 2e4, 6e4),
		}
		var sum float64
		for _, v := range rest {
			sum += v
		}
		in := fedInputs()
		in.Observations = []schemas.Observation{
			h41("RESPPMA_N.WW", d, sum+tga+others+millions("rounding", -3, 3)), h41("RESPPLLDT_N.WW", d, tga), h41("RESPPLLRD_N.WW", d, others),
		}
		facts, _ := Compute(schemas.Liquidity.String(), in)
		f := byMetric(facts)["net_liq_weekly"][d]
		if !f.Value.OK || math.Abs(f.Value.V*1000-sum) > 3+1e-6 {
			rt.Fatalf("net liquidity %+v, other side %g mn", f, sum)
		}
	})
}
