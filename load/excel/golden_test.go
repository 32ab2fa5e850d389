package excel_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestGoldenCells holds all cells of a small book, as they are shown, against
// testdata/cells.txt. The register is left out: it grows.
func TestGoldenCells(t *testing.T) {
	t.Parallel()
	b := goldenBook()
	f := open(t, b)
	var s strings.Builder
	for _, sheet := range sheetNames {
		if sheet == "Definitions" {
			continue
		}
		fmt.Fprintf(&s, "== %s\n", sheet)
		all, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range all {
			for j, v := range r {
				if v != "" {
					fmt.Fprintf(&s, "%s\t%s\n", at(j+1, i+1), strings.ReplaceAll(v, "\n", `\n`))
				}
			}
		}
	}
	path := filepath.Join("testdata", "cells.txt")
	if *update {
		if err := os.WriteFile(path, []byte(s.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), s.String()); diff != "" {
		t.Errorf("cells (-want +got); run the test with -update if this is meant:\n%s", diff)
	}
}

// goldenBook has one figure of each family and one of each oddity: a value
// that is missing, one of partial coverage, a failed check, a table behind.
func goldenBook() schemas.Book {
	partial := fact("trin", "SPX_MEMBERS", "2025-12-03", 0.87)
	partial.Status, partial.Coverage = schemas.StatusPartial, schemas.Some(0.91)
	none := fact("trin", "SPX_MEMBERS", "2025-12-04", math.NaN())
	none.Coverage = schemas.Some(1.0)
	long := fact("ret_10y_tr", "SPX_MEMBERS", "2025-12-05", math.NaN())
	long.Status = schemas.InsufficientHistory
	b := bookOf(
		fact("conc_top10_sec", "SPX_MEMBERS", "2025-12-04", 0.3801), fact("conc_top10_sec", "SPX_MEMBERS", "2025-12-05", 0.384),
		partial, none, fact("trin", "SPX_MEMBERS", "2025-12-05", 1.12),
		fact("pct_above_sma_200", "SPX_MEMBERS", "2025-12-05", 0.6314),
		fact("size_gap_arith_ytd_pr", "SP600_MEMBERS~SPX_MEMBERS", "2025-12-05", -0.1117), long,
		fact("net_liq_weekly", "FED", "2025-11-26", 5810), fact("net_liq_weekly", "FED", "2025-12-03", 5789.3),
		fact("spread_sofr_iorb", "FED", "2025-12-04", -2),
	)
	b.Title = "Market structure"
	b.KnownAt = time.Date(2025, 12, 5, 21, 15, 0, 0, time.UTC)
	b.Names["SP600_MEMBERS"], b.Names["FED"] = "S&P 600", "Federal Reserve"
	b.Contributions = contributionsOf(b.AsOf, "SPX_MEMBERS", map[string]float64{"AAA": 0.031, "BBB": -0.004, "CCC": 0.012, "DDD": 0})
	b.Episodes = []schemas.Episode{
		{Universe: "SP600_MEMBERS~SPX_MEMBERS", Basis: "pr", First: b.AsOf.AddDays(-400), Last: b.AsOf.AddDays(-390), Flags: 3, EndKnown: b.KnownAt.AddDate(0, 0, -350)},
		{Universe: "SP600_MEMBERS~SPX_MEMBERS", Basis: "pr", First: b.AsOf.AddDays(-30), Last: b.AsOf, Flags: 1},
	}
	b.Episodes[0].After[0] = schemas.Followed{Large: schemas.Some(0.021), Small: schemas.Some(-0.004), Gap: schemas.Some(-0.025), AnyGap: schemas.Some(0.002), Independent: 31}
	b.Episodes[1].After[0] = schemas.Followed{AnyGap: schemas.Some(0.002), Independent: 31}
	b.Fresh = []schemas.Freshness{
		{Dataset: "facts.size", Part: "SPX_MEMBERS", Newest: b.AsOf, Expected: b.AsOf, Rows: 12345},
		{Dataset: "facts.breadth", Part: "SPX_MEMBERS", Newest: b.AsOf.AddDays(-1), Expected: b.AsOf, Rows: 678, Behind: 1},
	}
	b.Checks = []schemas.CheckResult{
		{Check: "rows", Dataset: "raw.bar", Severity: schemas.SeverityError, Passed: true},
		{
			Check: "prices_missing", Dataset: "facts.breadth", Severity: schemas.SeverityWarning, At: b.KnownAt, Message: "no prices of ABC",
			Window: schemas.Window{Part: "SPX_MEMBERS", From: schemas.NewDate(2025, 1, 1), To: schemas.NewDate(2026, 1, 1)},
		},
	}
	b.Revised = []schemas.Revision{
		{Metric: "trin", Universe: "SPX_MEMBERS", Session: b.AsOf.AddDays(-2), Was: 0.89, Is: schemas.Some(0.87), At: b.KnownAt.Add(-time.Hour)},
		{Metric: "conc_top10_sec", Universe: "SPX_MEMBERS", Session: b.AsOf.AddDays(-4), Was: 0.38, At: b.KnownAt.Add(-2 * time.Hour)},
	}
	b.Sources = []schemas.SourceLine{{
		Dataset: "raw.holding", Part: "IVV", Publisher: "ishares", Request: "GET https://publisher.example/holdings", From: b.AsOf, To: b.AsOf,
		FetchedAt: b.KnownAt, Hash: strings.Repeat("0f", 32),
	}}
	return b
}

// contributionsOf are what securities gave to the return of an index over the
// year; of the longest window nothing is known.
func contributionsOf(session schemas.Date, universe string, given map[string]float64) []schemas.Contribution {
	var out []schemas.Contribution
	for _, security := range slices.Sorted(maps.Keys(given)) {
		c := schemas.Contribution{Universe: universe, Session: session, Security: security, Weight: schemas.Some(0.25)}
		for w := range len(schemas.ContributionWindows) - 1 {
			c.Windows[w].BuyHold = schemas.Some(given[security] / float64(w+1))
			c.Windows[w].Return = schemas.Some(4 * given[security] / float64(w+1))
		}
		out = append(out, c)
	}
	return out
}
