package clickhouse

import (
	"testing"
	"time"

	"tidemark/schemas"
)

func TestReplaceTwiceEqualsOnce(t *testing.T) {
	w := fresh(t)
	rows := holdings("IVV", day2025, 5, 1)
	first, err := Replace(t.Context(), w, schemas.Holdings, build(year2025), rows)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Changed || first.Rows != 5 || first.SwapID == "" {
		t.Fatalf("first replace: %+v", first)
	}
	again := build(year2025)
	again.RunID, again.Inputs = "run-2", "in-2"
	for i := range rows {
		rows[i].Payload = "another file" // origin, not content
	}
	second, err := Replace(t.Context(), w, schemas.Holdings, again, rows)
	if err != nil {
		t.Fatal(err)
	}
	if second.Changed || second.Content != first.Content || second.SwapID != "" {
		t.Fatalf("second replace: %+v", second)
	}
	got, err := Read(t.Context(), w, schemas.Holdings, InWindow(schemas.Holdings.Dataset, year2025))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got[0].Payload != "p" {
		t.Fatalf("unchanged content was swapped: %d rows, first %+v", len(got), got[0])
	}
	builds, err := w.Builds(t.Context(), "raw.holding")
	if err != nil {
		t.Fatal(err)
	}
	if b := builds[year2025]; len(builds) != 1 || b.RunID != "run-2" || b.Inputs != "in-2" || b.Content != first.Content || b.Rows != 5 {
		t.Fatalf("builds: %+v", builds)
	}
	if left, open := stagings(t, w), openSwaps(t, w); len(left)+len(open) > 0 {
		t.Fatalf("left behind: tables %v, open swaps %v", left, open)
	}
}

// TestReplaceChangesOnlyItsWindow holds neighbours in part and time still.
func TestReplaceChangesOnlyItsWindow(t *testing.T) {
	w := fresh(t)
	put := func(fund string, day schemas.Date, n int, seed float64) {
		t.Helper()
		win := schemas.CutYear.Window(fund, day)
		if _, err := Replace(t.Context(), w, schemas.Holdings, build(win), holdings(fund, day, n, seed)); err != nil {
			t.Fatal(err)
		}
	}
	put("IVV", day2025, 3, 1)
	put("SPY", day2025, 4, 1)
	put("IVV", day2025.AddYears(-1), 5, 1)
	put("IVV", day2025, 2, 2) // fewer rows, other figures
	put("IVV", day2025.AddYears(1), 6, 1)
	days, err := w.Days(t.Context(), schemas.Holdings.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Span{
		"IVV": {Oldest: day2025.AddYears(-1), Newest: day2025.AddYears(1), Rows: 5 + 2 + 6},
		"SPY": {Oldest: day2025, Newest: day2025, Rows: 4},
	}
	if len(days) != 2 || days["IVV"] != want["IVV"] || days["SPY"] != want["SPY"] {
		t.Fatalf("days: got %v, want %v", days, want)
	}
}

func TestReplaceByNothingLeavesAnEmptyWindow(t *testing.T) {
	w := fresh(t)
	for range 2 { // the second time there is a window to empty, and the first content comes back
		if _, err := Replace(t.Context(), w, schemas.Holdings, build(year2025), holdings("IVV", day2025, 3, 1)); err != nil {
			t.Fatal(err)
		}
		res, err := Replace(t.Context(), w, schemas.Holdings, build(year2025), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !res.Changed || res.Rows != 0 {
			t.Fatalf("result %+v", res)
		}
		if rows, _, err := w.TableHash(t.Context(), schemas.Holdings.Dataset); err != nil || rows != 0 {
			t.Fatalf("the emptied window has %d rows, error %v", rows, err)
		}
	}
	// A window that never had rows is empty too, and known to be.
	spy := schemas.CutYear.Window("SPY", day2025)
	if _, err := Replace(t.Context(), w, schemas.Holdings, build(spy), nil); err != nil {
		t.Fatal(err)
	}
	builds, err := w.Builds(t.Context(), "raw.holding")
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := builds[spy]; !ok || b.Rows != 0 {
		t.Fatalf("the empty window is recorded as %+v, %v", b, ok)
	}
}

// TestTableHashIsOfTheContent compares tables that were filled in other
// orders, by other runs and in another number of steps.
func TestTableHashIsOfTheContent(t *testing.T) {
	w := fresh(t)
	hash := func() string {
		t.Helper()
		_, h, err := w.TableHash(t.Context(), schemas.Holdings.Dataset)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	rows := holdings("IVV", day2025, 50, 1)
	replace(t, w, schemas.Holdings, rows)
	first := hash()
	w = fresh(t)
	back := make([]schemas.Holding, len(rows))
	for i, r := range rows {
		r.Payload = "replayed"
		back[len(rows)-1-i] = r
	}
	replace(t, w, schemas.Holdings, back[:10])
	if hash() == first {
		t.Fatal("ten rows have the hash of fifty")
	}
	replace(t, w, schemas.Holdings, back)
	if again := hash(); again != first {
		t.Fatalf("the same rows hash to %s and %s", first, again)
	}
	back[7].Weight.V = 1.0000000000000002
	replace(t, w, schemas.Holdings, back)
	if hash() == first {
		t.Fatal("a changed digit does not change the hash")
	}
}

// TestRecordsOutrankTheClock replaces a window with a clock that is behind the
// one of the build before.
func TestRecordsOutrankTheClock(t *testing.T) {
	w := fresh(t)
	now := time.Date(2025, time.March, 3, 12, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 3, 1))
	now = now.Add(-time.Hour)
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 4, 2))
	holds(t, w, "IVV", 4, 2)
}
