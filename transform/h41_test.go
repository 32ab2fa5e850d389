package transform

import (
	"slices"
	"testing"

	"tidemark/schemas"
)

// statement makes the Wednesday levels of one release.
func statement(d schemas.Date, items map[string]float64) []schemas.Observation {
	var out []schemas.Observation
	for name, v := range items {
		out = append(out, h41(name+"_N.WW", d, v))
	}
	return out
}

func TestIdentities_WE4_2(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	in.Observations = statement(day(t, "2018-01-24"), map[string]float64{
		"RESPPALG": 4222454, "RESPPALSP": 157925, "RESPPALSD": -14082, "RESPPALGTR": 0, "RESPPALD": 54, "RESPPAAML1H": 1714,
		"RESH4SCF": -218, "RESH4SCS": 72, "RESH4SO": 32868, "RESH4SC": 4400787,
		"RESPPAOF": 22071, "RESTBMG": 11041, "RESPPAS": 5200, "RESTBMT": 49424, "RESH4S": 4488523,
	})
	in.Observations = append(in.Observations, statement(day(t, "2025-12-24"), map[string]float64{
		"RESPPALGUOB": 233592, "RESPPALGUOMN": 3570029, "RESPPALGUOMI": 309716, "RESPPALGUOMC": 114244, "RESPPALGUO": 4227581,
		"RESPPALGAO": 2347, "RESPPALGASMO": 2050575, "RESPPALG": 6280502,
	})...)
	got := liquidity(t, in)
	near(t, "Reserve Bank credit", valueOf(t, got, "h41_identity_1", "2018-01-24"), 0, 0)
	// Before November 2021 holdings may be missing from the series.
	for i, o := range in.Observations {
		if o.Series == "RESPPAAML1H_N.WW" {
			in.Observations = slices.Delete(in.Observations, i, i+1)
			break
		}
	}
	without := liquidity(t, in)
	if f := factOf(t, without, "h41_identity_1", "2018-01-24"); f.Status != schemas.NotPublished || f.Value.OK {
		t.Errorf("Reserve Bank credit without the holdings of a vehicle: %+v", f)
	}
	near(t, "total supplying", valueOf(t, got, "h41_identity_2", "2018-01-24"), 0, 0)
	near(t, "securities", valueOf(t, got, "h41_identity_4", "2025-12-24"), -1, 0)
	if f := factOf(t, got, "soma_outright", "2025-12-24"); f.Status != schemas.StatusOK {
		t.Errorf("a difference of rounding quarantines the week: %s", f.Status)
	}
}

func TestQuarantine_WE4_3(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	good, bad := day(t, "2025-11-19"), day(t, "2025-11-26")
	in.Observations = append(
		statement(good, map[string]float64{"RESH4S": 6700000, "RESH4A": 3850310, "RESH4R": 2849689, "RESPPMA": 6535000}),
		statement(bad, map[string]float64{"RESH4S": 6700000, "RESH4A": 3850310, "RESH4R": 2844690, "RESPPMA": 6535000})...)
	// A copy at FRED does not stand in for a week that is in doubt.
	in.Observations = append(in.Observations, fred("WALCL", millions, 1e6, bad, 6535000))
	facts, findings := Compute(schemas.Liquidity.String(), in)
	got := byMetric(facts)
	near(t, "rounding", valueOf(t, got, "h41_identity_3", "2025-11-19"), 1, 0)
	near(t, "failure", valueOf(t, got, "h41_identity_3", "2025-11-26"), 5000, 0)
	near(t, "reserves of the good week", valueOf(t, got, "reserves", "2025-11-19"), 2849.689, 1e-9)
	if len(findings) != 1 || findings[0].Check != "h41_identity_3" || findings[0].Severity != schemas.SeverityError || findings[0].Date != bad {
		t.Errorf("findings %v", findings)
	}
	if f := factOf(t, got, "reserves", "2025-11-26"); f.Status != schemas.BadInput || f.Value.OK {
		t.Errorf("reserves of the newest, quarantined week: %+v", f)
	}
	in.Observations = append(in.Observations, statement(bad+7, map[string]float64{"RESH4S": 6700000, "RESH4A": 3850310, "RESH4R": 2849690, "RESPPMA": 6535000})...)
	facts, _ = Compute(schemas.Liquidity.String(), in)
	got = byMetric(facts)
	for _, metric := range []string{"reserves", "fed_assets", "reserves_chg_1w"} {
		if f := factOf(t, got, metric, "2025-11-26"); f.Status != schemas.BadInput || f.Value.OK || f.Detail == "" && metric != "reserves_chg_1w" {
			t.Errorf("%s of the quarantined week: %+v", metric, f)
		}
	}
	near(t, "change over the quarantined week", valueOf(t, got, "reserves_chg_1w", "2025-12-03"), 0.001, 1e-9)
}

func TestRevisionIsNoticed(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	d := day(t, "2025-11-26")
	in.Observations = []schemas.Observation{
		h41("RESPPMA_N.WW", d-7, 6555000), h41("RESPPMA_N.WW", d, 6552000), h41("RESPPMA_XCH1_N.WW", d, -3000),
		h41("RESPPMA_N.WW", d+7, 6541000), h41("RESPPMA_XCH1_N.WW", d+7, -12000),
		h41("RESPPLLDT_N.WW", d, 850000), h41("RESPPLLDT_N.WW", d+7, 850010), h41("RESPPLLDT_XCH1_N.WW", d+7, 10),
	}
	got := liquidity(t, in, "h41_identity_5")
	near(t, "no revision", valueOf(t, got, "h41_identity_5", "2025-11-26"), 0, 0)
	near(t, "revision", valueOf(t, got, "h41_identity_5", "2025-12-03"), 1000, 0)
	f := factOf(t, got, "h41_identity_5", "2025-12-03")
	if f.Detail != "RESPPMA" || f.Members != 2 {
		t.Errorf("detail %q of %d series", f.Detail, f.Members)
	}
	// A revision is shown; it withholds nothing.
	near(t, "assets", valueOf(t, got, "fed_assets", "2025-12-03"), 6541, 0)
}
