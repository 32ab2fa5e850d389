package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"tidemark/schemas"
)

// fewBars are three sessions of a few securities: too few rows to be worth
// taking over when a window is replaced.
func fewBars() []schemas.Bar {
	rows := slices.DeleteFunc(bars(5000), func(b schemas.Bar) bool { return b.Session >= schemas.NewDate(2025, 1, 4) })
	for i := range rows {
		rows[i].Payload = "first"
	}
	return rows
}

// nextBars are the last of the sessions of some rows once more, and one after it.
func nextBars(rows []schemas.Bar) (more []schemas.Bar, kept schemas.Date) {
	for _, b := range rows {
		kept = max(kept, b.Session)
	}
	for _, b := range rows {
		if b.Session == kept {
			b.Payload = "second"
			more = append(more, b)
			b.Session++
			more = append(more, b)
		}
	}
	return more, kept
}

// extended is the whole that comes of rows and what was added to them.
func extended(rows, more []schemas.Bar, kept schemas.Date) []schemas.Bar {
	all := append(slices.DeleteFunc(slices.Clone(rows), func(b schemas.Bar) bool { return b.Session > kept }), slices.DeleteFunc(slices.Clone(more), func(b schemas.Bar) bool { return b.Session <= kept })...)
	slices.SortStableFunc(all, func(a, b schemas.Bar) int {
		if a.Symbol != b.Symbol {
			if a.Symbol < b.Symbol {
				return -1
			}
			return 1
		}
		return int(a.Session - b.Session)
	})
	return all
}

// TestExtend adds sessions of which alone the rows are at hand, twice. What is
// recorded is what replacing the whole would have recorded, so that replacing it
// changes nothing.
func TestExtend(t *testing.T) {
	w := fresh(t)
	rows := fewBars()
	stood, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), rows)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		more, kept := nextBars(rows)
		res, err := Extend(t.Context(), w, schemas.Bars, build(benchWindow), agreeing(t, w, stood.Content, kept, more))
		if err != nil {
			t.Fatal(err)
		}
		rows = extended(rows, more, kept)
		if !res.Changed || res.Rows != int64(len(rows)) || res.Before != stood.Content || res.Kept != kept {
			t.Errorf("result %+v; want %d rows, from %s, kept to %s", res, len(rows), stood.Content, kept)
		}
		stood = res
		payloads(t, w, rows)
	}
	again, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), rows)
	if err != nil || again.Changed || again.Content != stood.Content {
		t.Errorf("replaced by the same: %+v, %v", again, err)
	}
	if of := payloads(t, w, rows); !maps.Equal(of, map[string]int{"first": len(fewBars()), "second": len(rows) - len(fewBars())}) {
		t.Errorf("rows by answer: %v", of)
	}

	// The last session comes otherwise, and one more.
	more, kept := nextBars(rows)
	more[0].Close++
	kept--
	for _, b := range rows {
		if b.Session == kept {
			more = append(more, b)
		}
	}
	x := agreeing(t, w, stood.Content, kept, more)
	rows = extended(rows, more, kept)
	if stood, err = Extend(t.Context(), w, schemas.Bars, build(benchWindow), x); err != nil || !stood.Changed || stood.Rows != int64(len(rows)) || stood.Kept != kept {
		t.Errorf("with another last session: %+v, %v", stood, err)
	}
	payloads(t, w, rows)
	if again, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), rows); err != nil || again.Changed {
		t.Errorf("replaced by the same: %+v, %v", again, err)
	}

	// The last session goes.
	rows = slices.DeleteFunc(rows, func(b schemas.Bar) bool { return b.Session > kept })
	last := slices.DeleteFunc(slices.Clone(rows), func(b schemas.Bar) bool { return b.Session < kept })
	if stood, err = Extend(t.Context(), w, schemas.Bars, build(benchWindow), agreeing(t, w, stood.Content, kept, last)); err != nil || stood.Rows != int64(len(rows)) {
		t.Errorf("with a session less: %+v, %v", stood, err)
	}
	payloads(t, w, rows)

	// Nothing new is recorded as such, under the new inputs.
	res, err := Extend(t.Context(), w, schemas.Bars, build(benchWindow), agreeing(t, w, stood.Content, kept, last))
	if err != nil || res.Changed || res.Content != stood.Content {
		t.Errorf("extended by nothing: %+v, %v", res, err)
	}
	payloads(t, w, rows)
}

// agreeing returns an extension that agrees with the window.
func agreeing(t *testing.T, w *Warehouse, stands string, kept schemas.Date, rows []schemas.Bar) Extension[schemas.Bar] {
	t.Helper()
	x := Extension[schemas.Bar]{Stands: stands, Kept: kept, Rows: rows}
	if agrees, err := x.Agrees(t.Context(), w, schemas.Bars, benchWindow); err != nil || !agrees {
		t.Fatalf("agrees: %v, %v", agrees, err)
	}
	return x
}

// TestExtendDisagrees has a window that holds something else than what is to be
// extended.
func TestExtendDisagrees(t *testing.T) {
	w := fresh(t)
	rows := fewBars()
	replace(t, w, schemas.Bars, rows)
	last, _, err := w.newest(t.Context(), schemas.Bars.String(), benchWindow)
	if err != nil {
		t.Fatal(err)
	}
	more, kept := nextBars(rows)
	for name, spoil := range map[string]func(x *Extension[schemas.Bar]){
		"a_changed_row":     func(x *Extension[schemas.Bar]) { x.Rows[0].Close++ },
		"a_row_less":        func(x *Extension[schemas.Bar]) { x.Rows = x.Rows[2:] },
		"nothing_once_more": func(x *Extension[schemas.Bar]) { x.Kept -= 9 },
	} {
		x := Extension[schemas.Bar]{Stands: last.Content, Kept: kept, Rows: slices.Clone(more)}
		spoil(&x)
		if agrees, err := x.Agrees(t.Context(), w, schemas.Bars, benchWindow); err != nil || agrees {
			t.Errorf("%s: agrees %v, %v", name, agrees, err)
		}
		if _, err := Extend(t.Context(), w, schemas.Bars, build(benchWindow), x); !errors.Is(err, ErrStandsOtherwise) {
			t.Errorf("%s: extended all the same: %v", name, err)
		}
	}
	if _, err := Extend(t.Context(), w, schemas.Bars, build(benchWindow), agreeing(t, w, "3-00", kept, more)); !errors.Is(err, ErrStandsOtherwise) {
		t.Errorf("extended what is not there: %v", err)
	}
	payloads(t, w, rows)
}

// TestExtendDisturbed has another writer change the window, and the caller's
// context end, while rows are taken over.
func TestExtendDisturbed(t *testing.T) {
	rows := fewBars()
	more, kept := nextBars(rows)
	for name, at := range map[string]string{"by_another_writer": "inserted", "stopped": "attached"} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			stood, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), rows)
			if err != nil {
				t.Fatal(err)
			}
			x := agreeing(t, w, stood.Content, kept, more)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			changed := slices.Clone(rows)
			w.at = func(step string) {
				if step != at {
					return
				}
				if w.at = func(string) {}; name == "stopped" {
					cancel()
					return
				}
				changed[0].Close++
				replace(t, open(t, sharedEngine(t)), schemas.Bars, changed)
			}
			_, err = Extend(ctx, w, schemas.Bars, build(benchWindow), x)
			if want := map[string]error{"by_another_writer": ErrStandsOtherwise, "stopped": context.Canceled}[name]; !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
			payloads(t, w, changed)
		})
	}
}

// TestExtendKilled kills the process that extends a window, by a day that is new
// and by another in place of one that stands.
func TestExtendKilled(t *testing.T) {
	w := fresh(t)
	for i, step := range []string{"journalled", "attached", "verified", "exchanged", "recorded"} {
		for k, stood := range [][]schemas.Holding{nil, holdings(fmt.Sprintf("F%d1", i), day2025+1, 7, 5)} {
			fund := fmt.Sprintf("F%d%d", i, k)
			old := onto(fund)
			res, err := Replace(t.Context(), w, schemas.Holdings, build(schemas.CutYear.Window(fund, day2025)), append(slices.Clone(old), stood...))
			if err != nil {
				t.Fatal(err)
			}
			kill(t, stopSwap(t, swapOrder{Fund: fund, Rows: 30, Seed: 2, StopAt: step, Onto: res.Content}))
			if _, err := w.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := append(slices.Clone(old), stood...)
			if step != "attached" && newAfter(step) {
				want = append(slices.Clone(old), holdings(fund, day2025+1, 30, 2)...)
			}
			recorded(t, w, schemas.Holdings, schemas.CutYear.Window(fund, day2025), want)
			if got, err := w.windowHash(t.Context(), schemas.Holdings.Dataset, schemas.CutYear.Window(fund, day2025), false); err != nil || got.rows != uint64(len(want)) {
				t.Errorf("stopped at %s, the window holds %s, want %d rows: %v", step, got, len(want), err)
			}
			clean(t, w)
		}
	}
}

// TestReplaceTellsWhatIsKept changes a window in several ways.
func TestReplaceTellsWhatIsKept(t *testing.T) {
	w := fresh(t)
	rows := fewBars()
	first := schemas.NewDate(2025, 1, 1)
	more, last := nextBars(rows)
	grown := extended(rows, more, last)
	change := func(rows []schemas.Bar, day schemas.Date) []schemas.Bar {
		rows = slices.Clone(rows)
		rows[slices.IndexFunc(rows, func(b schemas.Bar) bool { return b.Session == day })].Close++
		return rows
	}
	stood := ""
	for _, c := range []struct {
		name string
		rows []schemas.Bar
		kept schemas.Date
	}{
		{"the first rows", rows, schemas.NoDate},
		{"the same again", rows, schemas.NoDate},
		{"a session more", grown, last},
		{"one changed", change(grown, first+1), first},
		{"and as it was", grown, first},
		{"a session less", rows, last},
		{"a day in the middle gone", slices.DeleteFunc(slices.Clone(rows), func(b schemas.Bar) bool { return b.Session == first+1 }), first},
		{"the first changed", change(rows, first), first - 1},
	} {
		res, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), c.rows)
		if err != nil {
			t.Fatal(err)
		}
		if res.Kept != c.kept || res.Before != stood {
			t.Errorf("%s: from %q, kept to %s; want %q, %s", c.name, res.Before, res.Kept, stood, c.kept)
		}
		stood = res.Content
	}
}
