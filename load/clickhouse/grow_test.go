package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"tidemark/schemas"
)

// newSession is the day that is added to a year of bars in the tests of growth.
var newSession = schemas.NewDate(2025, 1, 1).AddDays(20)

// evenings returns the bars of a year's first twenty sessions and those of
// twenty-one, each from an answer of its own.
func evenings() (before, after []schemas.Bar) {
	for _, b := range bars(250 * (growFrom/20 + 1)) {
		if b.Payload = "first"; b.Session < newSession {
			before = append(before, b)
		}
		if b.Payload = "second"; b.Session <= newSession {
			after = append(after, b)
		}
	}
	return before, after
}

// payloads returns how many rows of the bench window came from each answer, and
// fails the test where the window holds other rows than the given ones.
func payloads(t *testing.T, w *Warehouse, want []schemas.Bar) map[string]int {
	t.Helper()
	got, err := Read(t.Context(), w, schemas.Bars, InWindow(schemas.Bars.Dataset, benchWindow))
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	for i := range got {
		of[got[i].Payload]++
		if got[i].Payload = want[min(i, len(want)-1)].Payload; i >= len(want) || got[i] != want[i] {
			t.Fatalf("row %d of %d is %+v", i, len(got), got[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("the window holds %d rows, want %d", len(got), len(want))
	}
	recorded(t, w, schemas.Bars, benchWindow, want)
	clean(t, w)
	return of
}

// TestWindowGrows adds sessions to a window, and then changes it before its end:
// only what is new is written, unless something old has changed.
func TestWindowGrows(t *testing.T) {
	w := fresh(t)
	before, after := evenings()
	replace(t, w, schemas.Bars, before)
	replace(t, w, schemas.Bars, after)
	of := payloads(t, w, after)
	if want := map[string]int{"first": len(before), "second": len(after) - len(before)}; !maps.Equal(of, want) {
		t.Errorf("rows by answer: %v, want %v", of, want)
	}

	var third []schemas.Bar
	for _, b := range after {
		b.Payload = "third"
		third = append(third, b)
		if b.Session == newSession {
			b.Session++
			third = append(third, b)
		}
	}
	replace(t, w, schemas.Bars, third)
	of = payloads(t, w, third)
	if want := map[string]int{"first": len(before), "second": len(after) - len(before), "third": len(third) - len(after)}; !maps.Equal(of, want) {
		t.Errorf("rows by answer: %v, want %v", of, want)
	}

	before[7].Close++
	replace(t, w, schemas.Bars, before) // shorter again
	after[7].Close += 2
	replace(t, w, schemas.Bars, after)
	if of := payloads(t, w, after); of["second"] != len(after) {
		t.Errorf("an old bar has changed, and there are still %v rows by answer", of)
	}
}

// TestGrowthDisturbed has the window change, or a statement run twice, while
// its rows are taken over. The swap then brings all rows.
func TestGrowthDisturbed(t *testing.T) {
	before, after := evenings()
	for _, c := range []struct {
		name, at string
		disturb  func(t *testing.T, w *Warehouse, into string)
	}{
		{"by_another_writer", "inserted", func(t *testing.T, _ *Warehouse, _ string) {
			t.Helper()
			other := open(t, sharedEngine(t))
			changed := append([]schemas.Bar(nil), before...)
			changed[0].Close++
			replace(t, other, schemas.Bars, changed)
		}},
		{"by_a_statement_run_twice", "attached", func(t *testing.T, w *Warehouse, into string) {
			t.Helper()
			if err := w.exec(t.Context(), fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s FROM raw.bar", qualified("ops", into), schemas.Bars.Partition(benchWindow))); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := fresh(t)
			replace(t, w, schemas.Bars, before)
			done := false
			w.at = func(step string) {
				if step == c.at && !done {
					done = true
					c.disturb(t, w, stagings(t, w)[0])
				}
			}
			replace(t, w, schemas.Bars, after)
			w.at = func(string) {}
			if of := payloads(t, w, after); !done || of["second"] != len(after) {
				t.Errorf("rows by answer: %v, want %d of the second", of, len(after))
			}
		})
	}
}

// TestGrowthStopped ends the caller's context while rows are taken over, and
// after.
func TestGrowthStopped(t *testing.T) {
	before, after := evenings()
	for _, step := range []string{"attached", "verified"} {
		w := fresh(t)
		replace(t, w, schemas.Bars, before)
		ctx, cancel := context.WithCancel(t.Context())
		w.at = func(s string) {
			if s == step {
				cancel()
			}
		}
		_, err := Replace(ctx, w, schemas.Bars, build(benchWindow), after)
		w.at = func(string) {}
		cancel()
		switch {
		case step == "verified" && err == nil:
			payloads(t, w, after)
		case step == "attached" && errors.Is(err, context.Canceled):
			payloads(t, w, before)
		default:
			t.Errorf("stopped at %s: %v", step, err)
		}
	}
}

// BenchmarkGrowBars adds a session to a window of a million bars.
func BenchmarkGrowBars(b *testing.B) {
	w := fresh(b)
	rows := bars(benchRows)
	var old []schemas.Bar
	for _, r := range rows {
		if r.Session < schemas.NewDate(2025, 1, 1).AddDays(249) {
			old = append(old, r)
		}
	}
	for b.Loop() {
		b.StopTimer()
		old[0].Close++
		rows[0].Close = old[0].Close
		replace(b, w, schemas.Bars, old)
		b.StartTimer()
		replace(b, w, schemas.Bars, rows)
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
