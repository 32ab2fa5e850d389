package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
)

// Shares of members above their averages against those that are published
// daily for the same index, in points of percent.
func (h *realHouse) testPercentAboveAverage(t *testing.T) {
	for _, y := range []struct {
		year            int
		median, largest float64
		sessions        int
	}{
		{2025, 0.25, 1.0, 170},
		{2024, 0.85, 2.5, 250}, // more members that left later have no prices
	} {
		for file, metric := range map[string]string{"S5TH": "pct_above_sma_200", "S5OH": "pct_above_sma_100", "S5FI": "pct_above_sma_50"} {
			ours := h.history(t, "SPX_MEMBERS", metric)
			var distances []float64
			for _, row := range h.table(t, "market/published/"+file+"_2022-2026.csv")[1:] {
				d, err := schemas.ParseDateLayout("01/02/2006", row[0])
				if err != nil {
					t.Fatal(err)
				}
				f, ok := ours[d]
				if d.Year() != y.year || !ok || !f.value.OK {
					continue
				}
				theirs := realNumber(t, row[1]).V
				distance := math.Abs(100*f.value.V - theirs)
				if distances = append(distances, distance); distance > y.largest {
					t.Errorf("%s on %s: %.2f, published %.2f", metric, d, 100*f.value.V, theirs)
				}
			}
			if len(distances) < y.sessions {
				t.Fatalf("%d: %d sessions of %s can be compared, want %d", y.year, len(distances), metric, y.sessions)
			}
			slices.Sort(distances)
			median := distances[len(distances)/2]
			t.Logf("%d %s: %d sessions, median distance %.3f, largest %.3f points", y.year, file, len(distances), median, distances[len(distances)-1])
			if median > y.median {
				t.Errorf("%d %s: median distance %.3f points, want at most %.2f", y.year, file, median, y.median)
			}
		}
	}
	h.hold(t, []published{
		{"SPX_MEMBERS", "pct_above_sma_200", "2024-12-18", 0.5387, 0.0085},
		{"SPX_MEMBERS", "pct_above_sma_50", "2024-12-18", 0.19, 0.0085},
		{"SPX_MEMBERS", "pct_above_sma_200", "2025-07-24", 0.63, 0.01},
	})
}

// The prices lack two members of the day and most of those that left later.
// Every figure says how many it lacks, and the checks say whom.
func (h *realHouse) testCoverage(t *testing.T) {
	for d, f := range h.history(t, "SPX_MEMBERS", "breadth_members") {
		want := 503.0
		if d == realDay(t, "2024-09-30") {
			want = 504 // Amentum was spun off into the index a day before another left
		}
		if d.Year() >= 2023 && f.value.V != want {
			t.Errorf("%s: %v members, want %v", d, f.value.V, want)
		}
	}
	withPrices := map[int][]int{}
	for d, f := range h.history(t, "SPX_MEMBERS", "pct_above_sma_20") {
		if !f.value.OK {
			continue
		}
		withPrices[d.Year()] = append(withPrices[d.Year()], f.members-f.excluded)
		if lacking := f.coverage.V < 0.95; lacking != (f.status == schemas.StatusPartial) {
			t.Errorf("%s: coverage %.4f has status %s", d, f.coverage.V, f.status)
		}
	}
	for year, want := range map[int]int{2022: 444, 2023: 462, 2024: 483, 2025: 495} {
		got := withPrices[year]
		slices.Sort(got)
		median := got[len(got)/2]
		t.Logf("%d: median %d members with prices, least %d", year, median, got[0])
		if median < want-12 || median > want+12 {
			t.Errorf("%d: median %d members with prices, want about %d", year, median, want)
		}
	}
	f := h.figure(t, "SPX_MEMBERS", "pct_above_sma_200", "2025-09-09")
	if f.members != 503 || f.excluded != 2 {
		t.Errorf("2025-09-09: %d of %d members left out, want 2 of 503", f.excluded, f.members)
	}
	var missing []string
	for _, row := range h.ask(t, "SELECT message FROM mart.quality WHERE dataset = 'facts.breadth' AND check_name = 'prices_missing' AND from_date = '2025-01-01' AND NOT passed") {
		_, rest, _ := strings.Cut(row[0], " ")
		symbol, _, _ := strings.Cut(rest, ":")
		missing = append(missing, symbol)
	}
	slices.Sort(missing)
	t.Logf("members of 2025 without prices: %s", strings.Join(missing, ", "))
	for _, want := range []string{"BRK.B", "BF.B", "ANSS", "HES", "WBA", "DFS", "JNPR"} {
		if !slices.Contains(missing, want) {
			t.Errorf("the checks do not report that %s has no prices", want)
		}
	}
}

// The defects that the files of prices are known to have, each named by a check with
// the security and the day.
func (h *realHouse) testDefects(t *testing.T) {
	found := func(check string) []string {
		var out []string
		for _, row := range h.ask(t, "SELECT DISTINCT splitByChar(':', message)[1] FROM mart.quality WHERE check_name = '"+check+"' AND NOT passed ORDER BY 1") {
			out = append(out, row[0])
		}
		return out
	}
	for check, want := range map[string][]string{
		// Spin-offs that the prices do not take into account.
		"actions_not_applied": {"2023-01-04 GE", "2023-10-02 DHR", "2023-10-02 K", "2024-04-01 MMM", "2024-09-30 J"},
		"prices_gap":          {"2023-06-09 BIIB", "2025-08-07 PSKY"},
	} {
		if got := found(check); !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", check, got, want)
		}
	}
	// Closes that are adjusted for dividends among others that are not. Those of WST are
	// too, whose dividends make two thousandths.
	got := found("prices_of_fund")
	t.Logf("at other prices than a fund's: %s", strings.Join(got, ", "))
	for _, symbol := range []string{"AAPL", "MSFT", "GOOGL", "V", "UNH", "MRK", "BLK", "F", "FITB", "J", "LEN", "TAP", "PAYC"} {
		if !slices.Contains(got, "2023-04-06 "+symbol) {
			t.Errorf("the checks do not tell that the prices of %s are adjusted for dividends", symbol)
		}
	}
}

// What the files of two funds say of the S&P 500, counted apart from this
// program.
func (h *realHouse) testConcentration(t *testing.T) {
	const u = "SPX_MEMBERS"
	for _, want := range []struct {
		fund, on        string
		lines           float64
		top10, hhi, mag float64
	}{
		{"IVV", "2023-04-06", 503, 27.48, 144.7, 24.44},
		{"SPY", "2024-05-10", 503, 33.07, 172.6, 29.71},
		{"IVV", "2024-12-06", 503, 36.15, 201.8, 32.86},
		{"SPY", "2025-02-07", 504, 35.80, 189.6, 32.05},
		{"SPY", "2025-09-05", 503, 38.40, 212.9, 33.87},
	} {
		h.hold(t, []published{
			{u, "conc_members", want.on, want.lines, 0},
			{u, "conc_top10_sec", want.on, want.top10 / 100, 0.00005 + 1e-9},
			{u, "conc_hhi10k_sec", want.on, want.hhi, 0.05 + 1e-9},
			{u, "conc_mag7", want.on, want.mag / 100, 0.00005 + 1e-9},
		})
		if f := h.figure(t, u, "conc_top10_sec", want.on); f.basis != "file" || f.detail != "fund="+want.fund+" file="+want.on {
			t.Errorf("%s: basis %s, %s; want the file of %s", want.on, f.basis, f.detail, want.fund)
		}
		if issuers := h.value(t, u, "conc_issuers", want.on); want.lines-issuers != 3 { // Alphabet, Fox, News Corp
			t.Errorf("%s: %v lines of %v issuers", want.on, want.lines, issuers)
		}
	}
}

// The HHI that was published for the end of May 2024, from the file of three
// weeks before and the prices since.
func (h *realHouse) testRolledConcentration(t *testing.T) {
	h.hold(t, []published{
		{"SPX_MEMBERS", "conc_hhi10k_sec", "2024-05-31", 184, 1},
		{"SPX_MEMBERS", "conc_hhi10k_iss", "2024-05-31", 192.7, 1},
	})
	f := h.figure(t, "SPX_MEMBERS", "conc_hhi10k_sec", "2024-05-31")
	if f.basis != "rolled" || f.detail != "fund=SPY file=2024-05-10" {
		t.Errorf("basis %s, %s; want the file of 2024-05-10 carried forward", f.basis, f.detail)
	}
	if f.coverage.V < 0.97 || f.coverage.V >= 1 {
		t.Errorf("coverage %v, want a little less than 1: Berkshire Hathaway has no prices", f.coverage.V)
	}
	if f := h.figure(t, "SPX_MEMBERS", "conc_hhi10k_sec", "2024-06-17"); f.value.OK || f.status != schemas.StaleInput {
		t.Errorf("more than 35 days after the file: %v (%s), want no value any more", f.value, f.status)
	}
}

// Files of iShares of two generations: without the lines above the table, with
// tickers on two lines, and with futures and cash.
func (h *realHouse) testSmallCompanies(t *testing.T) {
	h.hold(t, []published{
		{"SP600_MEMBERS", "conc_members", "2021-03-10", 602, 0},
		{"R2000_MEMBERS", "conc_members", "2025-05-13", 1938, 0},
		{"R2000_MEMBERS", "residual_weight", "2025-05-13", 0.0039, 0.0005},
		{"R2000_MEMBERS", "conc_mag7", "2025-05-13", 0, 0},
		{"SP400_MEMBERS", "conc_members", "2025-01-31", 401, 0}, // Under Armour has two lines
		{"SP400_MEMBERS", "conc_mag7", "2025-01-31", 0, 0},
	})
}

// Returns and distances from records that were printed. Funds lag their index
// by about their fee.
func (h *realHouse) testReturns(t *testing.T) {
	const slack = 0.0005
	h.hold(t, []published{
		{"SPX_MEMBERS", "dist_ath", "2024-10-07", -0.011547, 1e-6},
		{"SPX_MEMBERS", "dist_ath", "2025-12-31", -0.0125, 0.00005},
		{"SPX_MEMBERS", "ret_ytd_pr", "2025-10-31", 0.1630, 0.00005},
		{"SPX_MEMBERS", "ret_ytd_pr", "2025-12-31", 0.1639, 0.00005},
		{"SPX_MEMBERS", "ret_ytd_tr", "2024-12-31", 0.2500, 0.000945 + slack + 0.00005},
		{"SP400_MEMBERS", "ret_ytd_tr", "2024-12-31", 0.1389, 0.0005 + slack + 0.00005},
		{"SP600_MEMBERS", "ret_ytd_tr", "2024-12-31", 0.0864, 0.0006 + slack + 0.00005},
		{"R2000_MEMBERS", "ret_qtd_tr", "2025-09-30", 0.124, 0.0019 + slack + 0.0005},
		{"R2000_MEMBERS", "ret_ytd_tr", "2025-09-30", 0.104, 0.0019 + slack + 0.0005},
		{"R2000_MEMBERS", "ret_ytd_tr", "2025-12-31", 0.128, 0.0019 + slack + 0.0005},
		{"R2000_MEMBERS~SPX_MEMBERS", "size_gap_arith_ytd_tr", "2025-12-31", -0.0508, 0.0019 + slack},
	})
	if gap := h.value(t, "SP600_MEMBERS~SPX_MEMBERS", "size_gap_arith_ytd_tr", "2025-12-31"); gap > -0.11 {
		t.Errorf("the S&P 600 lagged the S&P 500 by %.1f points in 2025, want more than 11", -100*gap)
	}
	records := 0
	for d, f := range h.history(t, "SPX_MEMBERS", "dist_ath") {
		if d.Year() == 2025 && f.value.OK && f.value.V == 0 {
			records++
		}
	}
	if records != 39 {
		t.Errorf("the S&P 500 has %d record closes in 2025, published 39", records)
	}
}
