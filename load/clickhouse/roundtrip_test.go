package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
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

// TestReadBlocks reads a result of several blocks once and completely, with
// symbols that are new in each block.
func TestReadBlocks(t *testing.T) {
	w := fresh(t)
	const n = 200_003
	rows := make([]schemas.Bar, n)
	for i := range rows {
		rows[i] = schemas.Bar{
			Publisher: "v", Symbol: "S" + strconv.Itoa(i/20), Session: schemas.NewDate(2025, 1, 1).AddDays(i % 20), Close: float64(i), Adjustment: "raw",
			Payload: strconv.Itoa(i),
		}
		if i%3 == 0 {
			rows[i].Volume = schemas.Some(float64(i))
		}
	}
	if _, err := Replace(t.Context(), w, schemas.Bars, build(schemas.CutYear.Window("v", day2025)), rows); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), w, schemas.Bars, Query{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b schemas.Bar) int { return cmp.Compare(a.Close, b.Close) })
	if !slices.Equal(got, rows) {
		t.Errorf("read %d rows, which are not the %d that were written", len(got), n)
	}
	few, err := Read(t.Context(), w, schemas.Bars, Query{Columns: []string{"close"}, Order: "close", Limit: 2})
	if err != nil || !slices.Equal(few, []schemas.Bar{{Close: 0}, {Close: 1}}) {
		t.Errorf("one column of two rows reads as %v, %v", few, err)
	}
	if _, err := Read(t.Context(), w, schemas.Bars, Query{Where: "nonsense = 1"}); err == nil {
		t.Error("a query with an unknown column succeeds")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, w, schemas.Bars, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a query that is over before it begins says %v", err)
	}
}

// TestValuesOfQueries looks rows up by values that no text format likes.
func TestValuesOfQueries(t *testing.T) {
	w := fresh(t)
	names := []string{"", "plain", `it's`, `back\slash`, `\N`, "tab\tand\nline\r", "zero\x00byte", `['a','b']`, "NULL", `\'`, "ä€😀", "{x:String}", "a,b"}
	at := time.Date(2025, 3, 4, 5, 6, 7, 89e6, time.UTC)
	var lines []schemas.Incident
	for i, name := range names {
		lines = append(lines, schemas.Incident{ID: name, Key: strconv.Itoa(i), Opened: at, At: at.Add(time.Duration(i) * time.Millisecond)})
	}
	if err := Append(t.Context(), w, schemas.Incidents, lines); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		got, err := Read(t.Context(), w, schemas.Incidents, Query{
			Where: "incident_id = {id:String} AND incident_id IN {ids:Array(String)} AND at = {at:DateTime64(3)}",
			Args:  []any{Named("id", name), Named("ids", []string{"other", name}), Named("at", lines[i].At)},
		})
		if err != nil || len(got) != 1 || got[0].Key != strconv.Itoa(i) {
			t.Errorf("%q is found as %v, %v", name, got, err)
		}
	}
}

// symbol makes a ticker of a number.
func symbol(i int) string {
	return string([]byte{byte('A' + i/676%26), byte('A' + i/26%26), byte('A' + i%26)})
}
