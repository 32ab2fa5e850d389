package clickhouse

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidemark/schemas"
)

// TestRoundTrip stores generated rows of every kind of column, the extremes
// among them, and reads back the same.
func TestRoundTrip(t *testing.T) {
	w := fresh(t)
	t.Run("bar", func(t *testing.T) { roundTrip(t, w, schemas.Bars) })
	t.Run("action", func(t *testing.T) { roundTrip(t, w, schemas.Actions) })
	t.Run("holding", func(t *testing.T) { roundTrip(t, w, schemas.Holdings) })
	t.Run("member_spell", func(t *testing.T) { roundTrip(t, w, schemas.Spells) })
	t.Run("member_change", func(t *testing.T) { roundTrip(t, w, schemas.Changes) })
	t.Run("constituent", func(t *testing.T) { roundTrip(t, w, schemas.Constituents) })
	t.Run("rename", func(t *testing.T) { roundTrip(t, w, schemas.Renames) })
	t.Run("observation", func(t *testing.T) { roundTrip(t, w, schemas.Observations) })
	t.Run("reference_rate", func(t *testing.T) { roundTrip(t, w, schemas.Rates) })
	t.Run("repo_operation", func(t *testing.T) { roundTrip(t, w, schemas.Operations) })
	t.Run("treasury_cash", func(t *testing.T) { roundTrip(t, w, schemas.CashBalances) })
	for _, f := range schemas.FactTables {
		t.Run(f.Name, func(t *testing.T) { roundTrip(t, w, f) })
	}
	t.Run("run", func(t *testing.T) { roundTripLog(t, w, schemas.Runs) })
	t.Run("input", func(t *testing.T) { roundTripLog(t, w, schemas.Inputs) })
	t.Run("payload", func(t *testing.T) { roundTripLog(t, w, schemas.Payloads) })
	t.Run("check", func(t *testing.T) { roundTripLog(t, w, schemas.CheckResults) })
}

const roundTripChecks = 2

func roundTrip[T any](t *testing.T, w *Warehouse, table schemas.Table[T]) {
	t.Helper()
	enc := newEncoder(table)
	for seed := range roundTripChecks {
		win := table.Cut.Window("O'Neill \\ part\t\n", schemas.NewDate(2024+seed, 7, 1))
		rows := rapid.Custom(func(rt *rapid.T) []T { return genRows(rt, table, win) }).Example(seed)
		rows = unique(enc, rows)
		res, err := Replace(t.Context(), w, table, build(win), rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(t.Context(), w, table, InWindow(table.Dataset, win))
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, func(a, b T) int { return enc.compareKeys(&a, &b) })
		for i := range rows {
			stored(table, &rows[i])
		}
		if diff := gocmp.Diff(rows, got); diff != "" {
			t.Fatalf("stored and read rows differ (-stored +read):\n%s", diff)
		}
		if res.Rows != int64(len(rows)) {
			t.Fatalf("Replace says %d rows, want %d", res.Rows, len(rows))
		}
	}
}

func roundTripLog[T any](t *testing.T, w *Warehouse, table schemas.Table[T]) {
	t.Helper()
	enc := newEncoder(table)
	rows := rapid.Custom(func(rt *rapid.T) []T { return genRows(rt, table, schemas.Window{}) }).Example(1)
	rows = unique(enc, rows)
	if err := Append(t.Context(), w, table, rows); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), w, table, Query{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b T) int { return enc.compareKeys(&a, &b) })
	for i := range rows {
		stored(table, &rows[i])
	}
	if diff := gocmp.Diff(rows, got); diff != "" {
		t.Fatalf("stored and read rows differ (-stored +read):\n%s", diff)
	}
}

// unique sorts rows by key and leaves one of each.
func unique[T any](enc encoder[T], rows []T) []T {
	slices.SortStableFunc(rows, func(a, b T) int { return enc.compareKeys(&a, &b) })
	return slices.CompactFunc(rows, func(a, b T) bool { return enc.compareKeys(&a, &b) == 0 })
}

// stored gives a row the form it has after it was stored: instants end with
// their millisecond.
func stored[T any](table schemas.Table[T], row *T) {
	for _, f := range table.Fields {
		if f.Time != nil && !f.Time(row).IsZero() {
			*f.Time(row) = milli(*f.Time(row))
		}
	}
}

// genRows draws rows that belong in win. Every kind has its extremes among
// what can be drawn.
func genRows[T any](rt *rapid.T, table schemas.Table[T], win schemas.Window) []T {
	texts := rapid.OneOf(rapid.SampledFrom([]string{"", "A", "BRK.B", "Ünïcode 株", "a\x00b", "tab\tnew\nline", "'quoted' \\"}), rapid.String())
	floats := rapid.OneOf(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 1e-300}))
	ints := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, math.MaxInt64, math.MinInt64}))
	times := rapid.OneOf(rapid.Int64Range(minTime.UnixNano(), maxTime.UnixNano()-1),
		rapid.SampledFrom([]int64{0, minTime.UnixNano(), maxTime.UnixNano() - 1, -1}))
	days := func(low, high schemas.Date) *rapid.Generator[schemas.Date] {
		return rapid.Custom(func(rt *rapid.T) schemas.Date {
			return schemas.Date(rapid.OneOf(rapid.Int32Range(int32(low), int32(high)), rapid.SampledFrom([]int32{int32(low), int32(high)})).Draw(rt, "day"))
		})
	}
	rows := make([]T, rapid.IntRange(20, 60).Draw(rt, "rows"))
	for i := range rows {
		row := &rows[i]
		for _, f := range table.Fields {
			switch {
			case f.Name == table.PartColumn && !table.Log():
				*f.Text(row) = win.Part
				continue
			case f.Name == table.DateColumn && !table.Log() && win != schemas.CutWhole.Window(win.Part, 0):
				*f.Date(row) = days(win.From, win.Last()).Draw(rt, f.Name)
				continue
			}
			known := rapid.Bool().Draw(rt, "known")
			switch f.Kind {
			case schemas.KindText, schemas.KindSymbol:
				*f.Text(row) = texts.Draw(rt, f.Name)
			case schemas.KindDate:
				*f.Date(row) = days(schemas.MinDate, schemas.MaxDate).Draw(rt, f.Name)
			case schemas.KindLongDate:
				*f.Date(row) = days(schemas.MinLongDate, schemas.MaxLongDate).Draw(rt, f.Name)
			case schemas.KindOptDate:
				*f.Date(row) = schemas.NoDate
				if known {
					*f.Date(row) = days(schemas.MinLongDate, schemas.MaxLongDate).Draw(rt, f.Name)
				}
			case schemas.KindTime:
				*f.Time(row) = time.Unix(0, times.Draw(rt, f.Name)).UTC()
			case schemas.KindOptTime:
				if known {
					*f.Time(row) = time.Unix(0, times.Draw(rt, f.Name)).UTC()
				}
			case schemas.KindFloat:
				*f.Float(row) = floats.Draw(rt, f.Name)
			case schemas.KindOptFloat:
				if known {
					*f.OptFloat(row) = schemas.Some(floats.Draw(rt, f.Name))
				}
			case schemas.KindInt:
				*f.Int(row) = ints.Draw(rt, f.Name)
			case schemas.KindOptInt:
				if known {
					*f.OptInt(row) = schemas.Some(ints.Draw(rt, f.Name))
				}
			case schemas.KindBool:
				*f.Bool(row) = known
			}
		}
	}
	return rows
}

// TestStream reads a result of several batches once and completely, and stops
// when its consumer does.
func TestStream(t *testing.T) {
	w := fresh(t)
	const n = 3*readBatch - 7
	rows := make([]schemas.Bar, n)
	for i := range rows {
		rows[i] = schemas.Bar{Publisher: "v", Symbol: symbol(i / 200), Session: schemas.NewDate(2025, 1, 1).AddDays(i % 200), Close: float64(i), Adjustment: "raw"}
	}
	if _, err := Replace(t.Context(), w, schemas.Bars, build(schemas.CutYear.Window("v", day2025)), rows); err != nil {
		t.Fatal(err)
	}
	var got []float64
	for batch, err := range Stream(t.Context(), w, schemas.Bars, Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			got = append(got, r.Close)
		}
	}
	slices.SortFunc(got, cmp.Compare)
	if len(got) != n || got[0] != 0 || got[n-1] != n-1 {
		t.Fatalf("streamed %d rows, want %d", len(got), n)
	}
	for batch, err := range Stream(t.Context(), w, schemas.Bars, Query{Order: "symbol, session"}) {
		if err != nil || len(batch) != readBatch {
			t.Fatalf("first batch has %d rows, error %v", len(batch), err)
		}
		break
	}
	if err := w.Ping(t.Context()); err != nil {
		t.Fatalf("after a stream that was left early: %v", err)
	}
	for _, err := range Stream(t.Context(), w, schemas.Bars, Query{Where: "nonsense = 1"}) {
		if err == nil {
			t.Fatal("a query with an unknown column succeeds")
		}
	}
}

// symbol makes a ticker of a number.
func symbol(i int) string {
	return string([]byte{byte('A' + i/676%26), byte('A' + i/26%26), byte('A' + i%26)})
}
