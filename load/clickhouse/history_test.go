package clickhouse

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// ticking gives a warehouse a clock that goes on by an hour with each look at it.
func ticking(w *Warehouse) (now func() time.Time) {
	t := time.Date(2026, time.January, 5, 12, 0, 0, 0, time.UTC)
	w.now = func() time.Time {
		t = t.Add(time.Hour)
		return t
	}
	return w.now
}

// known reads a table as it stood at an instant.
func known[T any](tb testing.TB, w *Warehouse, t schemas.Table[T], at time.Time) []T {
	tb.Helper()
	rows, err := Read(tb.Context(), w, t, Query{KnownAt: at, Order: keySQL(t.Dataset)})
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// TestEveryInstantIsAnswerable replaces windows by other rows again and again,
// and reads the table as it stood after each replacement.
func TestEveryInstantIsAnswerable(t *testing.T) {
	w := fresh(t)
	now := ticking(w)
	r := rand.New(rand.NewPCG(1, 2))
	type state struct {
		at   time.Time
		rows []schemas.Holding
	}
	windows := []schemas.Window{year2025, schemas.CutYear.Window("IVV", day2025.AddYears(1)), schemas.CutYear.Window("SPY", day2025)}
	holds := make(map[schemas.Window][]schemas.Holding)
	var states []state
	for range 40 {
		win := windows[r.IntN(len(windows))]
		rows := slices.Clone(holds[win])
		switch r.IntN(6) {
		case 0: // some go
			rows = slices.DeleteFunc(rows, func(schemas.Holding) bool { return r.IntN(4) == 0 })
		case 1: // some are corrected
			for i := range rows {
				if r.IntN(3) == 0 {
					rows[i].Weight = schemas.Some(float64(r.IntN(3)))
				}
			}
		case 2: // some come late
			rows = append(rows, holdings(win.Part, win.From.AddDays(40+r.IntN(20)), 3, 1)...)
		case 3: // the end is otherwise
			rows = slices.DeleteFunc(rows, func(h schemas.Holding) bool { return h.AsOf > win.From.AddDays(60) })
		default: // days are added
			last := win.From.AddDays(50)
			for _, h := range rows {
				last = max(last, h.AsOf)
			}
			rows = append(rows, holdings(win.Part, min(last+schemas.Date(r.IntN(3)), win.Last()), 2+r.IntN(3), float64(r.IntN(2)))...)
		}
		slices.SortStableFunc(rows, func(a, b schemas.Holding) int {
			return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.Line, b.Line))
		})
		rows = slices.CompactFunc(rows, func(a, b schemas.Holding) bool { return a.AsOf == b.AsOf && a.Line == b.Line })
		if _, err := Replace(t.Context(), w, schemas.Holdings, build(win), rows); err != nil {
			t.Fatal(err)
		}
		holds[win] = rows
		var all []schemas.Holding
		for _, win := range windows {
			all = append(all, holds[win]...)
		}
		slices.SortFunc(all, func(a, b schemas.Holding) int {
			return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.Line, b.Line))
		})
		states = append(states, state{now(), all})
	}
	for i, s := range states {
		if diff := gocmp.Diff(s.rows, known(t, w, schemas.Holdings, s.at)); diff != "" {
			t.Fatalf("after replacement %d of %d (-stood +answered):\n%s", i+1, len(states), diff)
		}
	}
	if got := known(t, w, schemas.Holdings, states[0].at.Add(-100*time.Hour)); len(got) > 0 {
		t.Errorf("%d rows were known before the first", len(got))
	}
}

// TestOnlyWhatChangesIsKept counts the rows of a history: a window that goes on
// where it ended leaves none.
func TestOnlyWhatChangesIsKept(t *testing.T) {
	w := fresh(t)
	ticking(w)
	rows := holdings("IVV", day2025, 500, 1)
	for i := range 5 {
		replace(t, w, schemas.Holdings, rows)
		rows = append(rows, holdings("IVV", day2025+schemas.Date(i+1), 500, 1)...)
	}
	count := func() string {
		return lines(t, w, "SELECT count(), countIf(stood) FROM history.raw_holding")[0]
	}
	if got := count(); got != "0|0" {
		t.Fatalf("days that were added left %s rows", got)
	}
	rows[700].Weight = schemas.Some(9.0)                                                                       // corrected
	rows = append(rows, holdings("IVV", day2025, 501, 1)[500])                                                 // came late
	rows = slices.DeleteFunc(rows, func(h schemas.Holding) bool { return h.AsOf == day2025+2 && h.Line == 7 }) // went
	replace(t, w, schemas.Holdings, rows)
	if got := count(); got != "3|2" {
		t.Errorf("three changes left %s rows, want 3|2", got)
	}
}

// TestFactsAsTheyWereKnown asks as BI tools do.
func TestFactsAsTheyWereKnown(t *testing.T) {
	w := stocked(t)
	now := ticking(w)
	adv := func(values ...float64) {
		rows := facts("adv", "SPX_MEMBERS", schemas.NewDate(2026, 1, 2), values...)
		replace(t, w, schemas.Breadth, rows)
	}
	adv(10, 20, 30)
	first := now()
	adv(10, 21, 30, 40)
	second := now()
	ask := func(where string) []string {
		return lines(t, w, "SELECT session, value FROM mart.as_known WHERE metric = 'adv' AND universe = 'SPX_MEMBERS' AND session >= '2026-01-01' AND "+where+" ORDER BY session, known_from")
	}
	at := func(t time.Time) string {
		s := t.Format("'2006-01-02 15:04:05.000'")
		return "known_from <= " + s + " AND known_to > " + s
	}
	for _, c := range []struct {
		where string
		want  []string
	}{
		{at(first), []string{"2026-01-02|10", "2026-01-03|20", "2026-01-04|30"}},
		{at(second), []string{"2026-01-02|10", "2026-01-03|21", "2026-01-04|30", "2026-01-05|40"}},
		{"true", []string{"2026-01-02|10", "2026-01-03|20", "2026-01-03|21", "2026-01-04|30", "2026-01-05|40"}},
		{"known_to < '2200-01-01'", []string{"2026-01-03|20"}},
	} {
		if diff := gocmp.Diff(c.want, ask(c.where)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.where, diff)
		}
	}
}

// TestUnfinishedSwapsWitnessTheTruth kills a swap when its witnesses are written,
// before and after the exchange.
func TestUnfinishedSwapsWitnessTheTruth(t *testing.T) {
	for _, step := range []string{"witnessed", "exchanged"} {
		t.Run(step, func(t *testing.T) {
			w := fresh(t)
			replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 1))
			before := known(t, w, schemas.Holdings, time.Time{})
			stood, _, err := w.newest(t.Context(), schemas.Holdings.String(), year2025)
			if err != nil {
				t.Fatal(err)
			}
			at := stood.BuiltAt // what is seen afterwards is seen later
			kill(t, stopSwap(t, swapOrder{Fund: "IVV", Rows: 40, Seed: 2, StopAt: step}))
			if _, err := w.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := known(t, w, schemas.Holdings, time.Time{})
			if after[0].Weight.V != 2 {
				t.Fatalf("the swap was not finished: %+v", after[0])
			}
			if diff := gocmp.Diff(before, known(t, w, schemas.Holdings, at)); diff != "" {
				t.Errorf("as it was known before (-want +got):\n%s", diff)
			}
			if diff := gocmp.Diff(after, known(t, w, schemas.Holdings, time.Now())); diff != "" {
				t.Errorf("as it is known now (-want +got):\n%s", diff)
			}
		})
	}
}
