package transform

import (
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

// spxFile reads the closes of the S&P 500: newest first, thousands separated,
// months before days.
func spxFile(t *testing.T) []schemas.Observation {
	t.Helper()
	var out []schemas.Observation
	for _, row := range realTable(t, "market", "prices", "SPX_index_daily_2021-2026.csv")[1:] {
		d, err := schemas.ParseDateLayout("01/02/2006", row[0])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, schemas.Observation{
			Source: "index:L", Series: "SPX", Date: d, Value: schemas.Some(mustNumber(t, strings.ReplaceAll(row[1], ",", ""))), Unit: "index", Multiplier: 1,
		})
	}
	return out
}

// fundsFile reads total-return levels of funds: closes adjusted for splits and
// dividends.
func fundsFile(t *testing.T) []schemas.Observation {
	t.Helper()
	var out []schemas.Observation
	for _, row := range realTable(t, "market", "prices", "etf_adjclose_2021-2026.csv.gz")[1:] {
		out = append(out, schemas.Observation{
			Source: "fund:" + row[0], Series: row[0], Date: day(t, row[1]), Value: schemas.Some(mustNumber(t, row[2])), Unit: "USD", Multiplier: 1,
		})
	}
	return out
}

// Figures of the S&P 500 that were printed in 2024 and 2025.
func TestPublishedIndexFigures(t *testing.T) {
	t.Parallel()
	sharedtest.Dir(t)
	facts, findings := Compute(schemas.Size.String(), singleInputs(spxFile(t)))
	if len(findings) != 0 {
		t.Errorf("findings: %v", findings)
	}
	got := byMetric(facts)
	for _, tt := range []struct {
		what, metric, on string
		want, within     float64
	}{
		{"distance from the record, 7 Oct 2024", "dist_ath", "2024-10-07", -0.011547, 1e-6},
		{"distance from the record, year end 2025 (-1.25 %)", "dist_ath", "2025-12-31", -0.0125, 0.00005},
		{"distance from the record, 5 Dec 2025 (within 2 %)", "dist_ath", "2025-12-05", -0.01, 0.01},
		{"year to date, 31 Oct 2025 (+16.30 %)", "ret_ytd_pr", "2025-10-31", 0.1630, 0.00005},
		{"2025 (16.39 %)", "ret_ytd_pr", "2025-12-31", 0.1639, 0.00005},
	} {
		near(t, tt.what, valueOf(t, got, tt.metric, tt.on), tt.want, tt.within)
	}
	records := 0
	for d, f := range got["dist_ath"] {
		if d.Year() == 2025 && f.Value.OK && f.Value.V == 0 {
			records++
		}
	}
	if records != 39 {
		t.Errorf("2025 has %d record closes, want 39", records)
	}
	if f := factOf(t, got, "dist_52w", "2025-12-24"); !f.Value.OK || f.Value.V != 0 || f.KnownAt != time.Date(2025, 12, 24, 18, 0, 0, 0, time.UTC) {
		t.Errorf("record close of Christmas Eve 2025: %+v", f)
	}
}

// Fund proxies give the published index returns to within their fee plus
// 0.05 % and half of the last printed digit.
func TestPublishedReturnsFromFunds(t *testing.T) {
	t.Parallel()
	sharedtest.Dir(t)
	rows := fundsFile(t)
	const slack = 0.0005
	for _, tt := range []struct {
		what, fund, metric, on string
		want, fee, digit       float64
	}{
		{"S&P 500, 2024", "SPY", "ret_ytd_tr", "2024-12-31", 0.2500, 0.000945, 0.00005},
		{"S&P 400, 2024", "IJH", "ret_ytd_tr", "2024-12-31", 0.1389, 0.0005, 0.00005},
		{"S&P 600, 2024", "IJR", "ret_ytd_tr", "2024-12-31", 0.0864, 0.0006, 0.00005},
		{"Russell 2000, third quarter of 2025", "IWM", "ret_qtd_tr", "2025-09-30", 0.124, 0.0019, 0.0005},
		{"Russell 2000, nine months of 2025", "IWM", "ret_ytd_tr", "2025-09-30", 0.104, 0.0019, 0.0005},
		{"Russell 2000, 2025", "IWM", "ret_ytd_tr", "2025-12-31", 0.128, 0.0019, 0.0005},
	} {
		in := singleInputs(rows)
		in.Universe.Level, in.Universe.LevelTR, in.Universe.LevelTRBasis = "", "fund:"+tt.fund, "fund_tr"
		facts, _ := Compute(schemas.Size.String(), in)
		near(t, tt.what, valueOf(t, byMetric(facts), tt.metric, tt.on), tt.want, tt.fee+slack+tt.digit)
	}

	// The Russell 2000 lagged the S&P 500 by 5.1 points in 2025 (12.8 less
	// 17.88 %), the S&P 600 by more than 11.
	in := pairInputs(rows)
	in.Universe.Level, in.Universe.AgainstLevel = "", ""
	in.Universe.LevelTR, in.Universe.AgainstLevelTR, in.Universe.LevelTRBasis = "fund:IWM", "fund:SPY", "fund_tr"
	facts, _ := Compute(schemas.Size.String(), in)
	near(t, "Russell 2000 less S&P 500", valueOf(t, byMetric(facts), "size_gap_arith_ytd_tr", "2025-12-31"), -0.0508, 0.0019+slack)
	in.Universe.LevelTR = "fund:IJR"
	facts, _ = Compute(schemas.Size.String(), in)
	if gap := valueOf(t, byMetric(facts), "size_gap_arith_ytd_tr", "2025-12-31"); gap > -0.11 {
		t.Errorf("S&P 600 less S&P 500 in 2025: %g", gap)
	}
}
