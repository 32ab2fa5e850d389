package jobs

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/ishares"
	"tidemark/extract/ssga"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

// TestWeightSum holds the two bands, and that only the newest day is an error.
func TestWeightSum(t *testing.T) {
	t.Parallel()
	file := func(day schemas.Date, weights ...float64) []schemas.Holding {
		var out []schemas.Holding
		for i, w := range weights {
			out = append(out, schemas.Holding{Fund: "F", AsOf: day, Ticker: fmt.Sprint("T", i), Weight: schemas.Some(w)})
		}
		return out
	}
	noWeight := append(file(20001, 40), schemas.Holding{Fund: "F", AsOf: 20001, Ticker: "X", MarketValue: schemas.Some(60.0)})
	for _, test := range []struct {
		name string
		rows []schemas.Holding
		want string
	}{
		{"rounding and payables", file(20001, 60.5, 39.9, -0.3), ""},
		{"a point and a half short", file(20001, 60, 38.5), "mild 2024-10-05 F: the weights of 2 lines add up to 98.50 %"},
		{"lines are missing on the newest day", file(20001, 60, 30), "2024-10-05 F: the weights of 2 lines add up to 90.00 %"},
		{"fractions in place of percent", file(20001, 0.6, 0.4), "2024-10-05 F: the weights of 2 lines add up to 1.00 %"},
		{"lines are missing on an older day", append(file(20001, 60, 30), file(20002, 60, 40)...), "mild 2024-10-05 F: the weights of 2 lines add up to 90.00 %"},
		{"a line without a weight", noWeight, ""},
	} {
		if got := found(weightSum, arrival[schemas.Holding]{fresh: test.rows}); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWeightSumOfRealFiles holds that real files of three funds pass, and says
// what they add up to.
func TestWeightSumOfRealFiles(t *testing.T) {
	t.Parallel()
	holdings := filepath.Join(sharedtest.Dir(t), "market", "holdings")
	store, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	clk := &clock{schemas.NewDate(2025, 12, 6).Time()}
	client, err := extract.NewClient(extract.Options{Archive: store, Now: clk.now})
	if err != nil {
		t.Fatal(err)
	}
	matching := func(pattern string) []string {
		files, err := client.Expand(t.Context(), "test", []string{filepath.Join(holdings, pattern)})
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files match %s: %v", len(files), pattern, err)
		}
		return files
	}
	for fund, source := range map[string]extract.Source[schemas.Holding]{
		"IVV": ishares.Holdings(client, ishares.Config{Fund: "IVV", Files: matching("IVV_*.csv")}),
		"IWM": ishares.Holdings(client, ishares.Config{Fund: "IWM", Files: matching("IWM_*.csv")}),
		"IJR": ishares.Holdings(client, ishares.Config{Fund: "IJR", Files: matching("IJR_*.csv"), AsOf: schemas.NewDate(2021, 3, 10)}),
		"SPY": ssga.Holdings(client, ssga.Config{Files: matching("SPY_*.xlsx")}),
	} {
		var rows []schemas.Holding
		for year := 2021; year <= 2025; year++ {
			for batch, err := range source.Fetch(t.Context(), schemas.Holdings.Cut.Window(fund, schemas.NewDate(year, 1, 1))) {
				if err != nil && !errors.Is(err, extract.ErrNoData) {
					t.Fatal(err)
				}
				rows = append(rows, batch...)
			}
		}
		if len(rows) < 500 {
			t.Fatalf("%s: %d lines", fund, len(rows))
		}
		if got := found(weightSum, arrival[schemas.Holding]{fresh: rows}); got != "" {
			t.Errorf("%s: %s", fund, got)
		}
		if got := found(distance(weighed, nil), arrival[schemas.Holding]{fresh: rows}); got != "" {
			t.Errorf("%s: %s", fund, got)
		}
	}
}
