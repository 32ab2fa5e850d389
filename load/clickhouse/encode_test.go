package clickhouse

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// everything has a column of each kind.
type everything struct {
	Part, Symbol     string
	Day              schemas.Date
	Long, OptDay     schemas.Date
	At, OptAt        time.Time
	Float            float64
	OptFloat         schemas.Opt[float64]
	Int              int64
	OptInt           schemas.Opt[int64]
	Flag             bool
	Text             string
	FromWhichPayload string
}

var everythingTable = schemas.NewTable(schemas.Dataset{
	Database: "raw", Name: "everything", Comment: "A column of each kind.",
	PartColumn: "part", DateColumn: "day", Cut: schemas.CutMonth, Order: []string{"symbol", "day", "flag", "int", "at", "float", "long"},
},
	schemas.Symbol("part", "Part.", func(r *everything) *string { return &r.Part }),
	schemas.Symbol("symbol", "Symbol.", func(r *everything) *string { return &r.Symbol }),
	schemas.Day("day", "Day.", func(r *everything) *schemas.Date { return &r.Day }),
	schemas.LongDay("long", "Long day.", func(r *everything) *schemas.Date { return &r.Long }),
	schemas.OptDay("opt_day", "Optional day.", func(r *everything) *schemas.Date { return &r.OptDay }),
	schemas.Instant("at", "Instant.", func(r *everything) *time.Time { return &r.At }),
	schemas.OptInstant("opt_at", "Optional instant.", func(r *everything) *time.Time { return &r.OptAt }),
	schemas.Float("float", "USD", "Float.", func(r *everything) *float64 { return &r.Float }),
	schemas.OptFloat("opt_float", "USD", "Optional float.", func(r *everything) *schemas.Opt[float64] { return &r.OptFloat }),
	schemas.Int("int", "shares", "Integer.", func(r *everything) *int64 { return &r.Int }),
	schemas.OptInt("opt_int", "shares", "Optional integer.", func(r *everything) *schemas.Opt[int64] { return &r.OptInt }),
	schemas.Flag("flag", "Flag.", func(r *everything) *bool { return &r.Flag }),
	schemas.Text("text", "Text.", func(r *everything) *string { return &r.Text }),
	schemas.Text("payload", "Payload.", func(r *everything) *string { return &r.FromWhichPayload }).AsOrigin(),
)

func sample(symbol string) everything {
	return everything{
		Part: "P", Symbol: symbol, Day: day2025, Long: -1, OptDay: schemas.NoDate,
		At: time.Date(2025, 3, 3, 21, 30, 0, 0, time.UTC), Float: 1.5, Text: "x",
	}
}

// TestRefusedRows holds what is refused before anything is sent, and that the
// error names table, row, key and column.
func TestRefusedRows(t *testing.T) {
	w := fresh(t)
	table := qualified(everythingTable.Database, everythingTable.Name)
	if err := w.exec(t.Context(), everythingTable.CreateStatement()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.exec(context.Background(), "DROP TABLE "+table+" SYNC"); err != nil {
			t.Error(err)
		}
	})
	win := schemas.CutMonth.Window("P", day2025)
	good := func() []everything { return []everything{sample("A"), sample("B"), sample("C")} }
	if _, err := Replace(t.Context(), w, everythingTable, build(win), good()); err != nil {
		t.Fatal(err)
	}
	_, before, err := w.TableHash(t.Context(), everythingTable.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name    string
		spoil   func(r *everything)
		column  string
		problem string
	}{
		{"no day", func(r *everything) { r.Day = schemas.NoDate }, "", "belongs in window"},
		{"another month", func(r *everything) { r.Day = day2025.AddDays(-3) }, "", "belongs in window P 2025-02"},
		{"another part", func(r *everything) { r.Part = "Q" }, "", "belongs in window Q 2025-03"},
		{"repeated key", func(r *everything) { r.Symbol = "A" }, "", "has the same key as row 0"},
		{"long day missing", func(r *everything) { r.Long = schemas.NoDate }, "long", "there is no day"},
		{"long day before 1900", func(r *everything) { r.Long = schemas.MinLongDate - 1 }, "long", "1899-12-31 is outside 1900-01-01 to 2299-12-31"},
		{"long day after 2299", func(r *everything) { r.Long = schemas.MaxLongDate + 1 }, "long", "2300-01-01 is outside"},
		{"optional day after 2299", func(r *everything) { r.OptDay = schemas.MaxLongDate + 1 }, "opt_day", "2300-01-01 is outside"},
		{"no instant", func(r *everything) { r.At = time.Time{} }, "at", "there is no time"},
		{"instant before 1900", func(r *everything) { r.At = year(1900).Add(-1) }, "at", "1899-12-31T23:59:59Z is outside 1900 to 2261"},
		{"instant that wraps in nanoseconds", func(r *everything) { r.At = year(2263) }, "at", "2263-01-01T00:00:00Z is outside"},
		{"optional instant after 2261", func(r *everything) { r.OptAt = year(2262) }, "opt_at", "2262-01-01T00:00:00Z is outside"},
		{"NaN", func(r *everything) { r.Float = math.NaN() }, "float", "NaN is not a value"},
		{"infinity", func(r *everything) { r.Float = math.Inf(-1) }, "float", "-Inf is not a value"},
		{"optional NaN", func(r *everything) { r.OptFloat = schemas.Some(math.NaN()) }, "opt_float", "NaN is not a value"},
		{"text that is not UTF-8", func(r *everything) { r.Text = "a\xff" }, "text", `"a\xff" is not UTF-8`},
		{"symbol that is not UTF-8", func(r *everything) { r.Symbol = "a\xff" }, "symbol", "is not UTF-8"},
		{"payload that is not UTF-8", func(r *everything) { r.FromWhichPayload = "\xff" }, "payload", "is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := good()
			c.spoil(&rows[1])
			_, err := Replace(t.Context(), w, everythingTable, build(win), rows)
			refused, ok := errors.AsType[*RowError](err)
			if !ok {
				t.Fatalf("got %v, want a RowError", err)
			}
			if refused.Table != "raw.everything" || refused.Row != 1 || refused.Column != c.column || !strings.Contains(refused.Problem, c.problem) {
				t.Errorf("refused as %+v, want column %q and %q", refused, c.column, c.problem)
			}
			for _, part := range []string{"raw.everything", "row 1", "symbol=" + strings.ToValidUTF8(rows[1].Symbol, "\uFFFD"), "day=" + rows[1].Day.String(), c.column, c.problem} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
	if _, after, err := w.TableHash(t.Context(), everythingTable.Dataset); err != nil || after != before {
		t.Errorf("refused rows changed the table: %s, %v, want %s", after, err, before)
	}
	if open := openSwaps(t, w); len(open) > 0 {
		t.Errorf("refused rows left swaps open: %v", open)
	}
}

// TestAcceptedRows holds that two rows may differ in any one column of the key.
func TestAcceptedRows(t *testing.T) {
	var rows []everything
	add := func(change func(r *everything)) {
		r := sample("A")
		change(&r)
		rows = append(rows, r)
	}
	add(func(*everything) {})
	add(func(r *everything) { r.Symbol = "B" })
	add(func(r *everything) { r.Day++ })
	add(func(r *everything) { r.Flag = true })
	add(func(r *everything) { r.Int = -1 })
	add(func(r *everything) { r.At = r.At.Add(time.Millisecond) })
	add(func(r *everything) { r.Float = -1 })
	add(func(r *everything) { r.Long++ })
	enc := newEncoder(everythingTable)
	win := schemas.CutMonth.Window("P", day2025)
	if err := enc.checkWindow(win, rows); err != nil {
		t.Error(err)
	}
	add(func(r *everything) { r.At = r.At.Add(time.Microsecond) }) // not stored, so it is the first row again
	if err := enc.checkWindow(win, rows); err == nil {
		t.Error("instants within one millisecond pass as two keys")
	}
}

func TestRefusedWindows(t *testing.T) {
	enc := newEncoder(schemas.Holdings)
	for _, c := range []struct {
		name string
		win  schemas.Window
		want string
	}{
		{"half a year", schemas.Window{Part: "IVV", From: schemas.NewDate(2025, 1, 1), To: schemas.NewDate(2025, 7, 1)}, "is not a window of this table; IVV 2025 is"},
		{"the whole of a table cut by years", schemas.CutWhole.Window("IVV", 0), "is not a window"},
		{"no part", schemas.CutYear.Window("", day2025), "no part"},
	} {
		if err := enc.checkWindow(c.win, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLogsAndWindowsAreKeptApart(t *testing.T) {
	w := &Warehouse{}
	if err := Append(t.Context(), w, schemas.Bars, []schemas.Bar{{}}); err == nil {
		t.Error("rows can be appended to a table with windows")
	}
	if _, err := Replace(t.Context(), w, schemas.Payloads, Build{}, nil); err == nil {
		t.Error("a log can be replaced")
	}
	if _, err := w.Days(t.Context(), schemas.Payloads.Dataset); err == nil {
		t.Error("a log has days")
	}
}
