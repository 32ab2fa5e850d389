package clickhouse

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

func TestParseDSN(t *testing.T) {
	o, err := ParseDSN("clickhouse://loader:s3cret@db1:9440,db2:9440?secure=true&compress=lz4")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Addr, []string{"db1:9440", "db2:9440"}) || o.User != "loader" || o.Password != "s3cret" || o.TLS == nil || !o.Compress {
		t.Errorf("read as %+v", o)
	}
	if o, err = ParseDSN("clickhouse://loader@localhost:9000"); err != nil || o.TLS != nil || o.Compress {
		t.Errorf("read as %+v, %v", o, err)
	}
	for _, bad := range []string{"http://loader:s3cret@db1:8123", "clickhouse://loader:s3cret@", "clickhouse://loader:s3cret@db1:port", "clickhouse://loader:s3cret@db1:9000?dial_timeout=x", "%"} {
		_, err := ParseDSN(bad)
		if err == nil {
			t.Errorf("%s is read", bad)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q gives the password away", err)
		}
	}
}

func TestCompressedConnection(t *testing.T) {
	fresh(t)
	a := sharedEngine(t).Loader()
	w, err := Open(t.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password, Compress: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 1))
	holds(t, w, "IVV", 40, 1)
	if v, err := w.Version(t.Context()); err != nil || strings.Count(v, ".") < 2 {
		t.Errorf("version %q, %v", v, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestAnyPart replaces windows whose parts have quotes, line ends, NULs and
// whatever else a publisher may think of in their names.
func TestAnyPart(t *testing.T) {
	w := fresh(t)
	parts := []string{"it's", `back\slash`, "`tick`", "nul\x00nul", "{p:String}", "?", "株 ünï", " ", "a\tb\nc\r"}
	for seed := range 2 {
		parts = append(parts, rapid.StringN(1, 12, -1).Example(seed))
	}
	slices.Sort(parts)
	parts = slices.Compact(parts)
	change := func(part, symbol string) []schemas.Change {
		return []schemas.Change{{Index: part, Date: day2025, Symbol: symbol, Added: true}}
	}
	for _, part := range parts {
		replace(t, w, schemas.Changes, change(part, "A"))
		replace(t, w, schemas.Changes, change(part, "B"))
	}
	for _, part := range parts {
		got, err := Read(t.Context(), w, schemas.Changes, InWindow(schemas.Changes.Dataset, schemas.CutWhole.Window(part, 0)))
		if err != nil || !reflect.DeepEqual(got, change(part, "B")) {
			t.Errorf("part %q: %+v, %v", part, got, err)
		}
	}
	builds, err := w.Builds(t.Context(), schemas.Changes.String())
	if err != nil || len(builds) != len(parts) {
		t.Errorf("%d windows are recorded for %d parts: %v", len(builds), len(parts), err)
	}
	clean(t, w)
}

// TestInWindow reads parts of a table that are no windows of its own.
func TestInWindow(t *testing.T) {
	w := fresh(t)
	rows := make([]schemas.Observation, 4)
	for i, d := range []schemas.Date{schemas.NewDate(1972, 1, 2), schemas.NewDate(1999, 12, 31), schemas.NewDate(2000, 1, 1), schemas.NewDate(2025, 3, 3)} {
		rows[i] = schemas.Observation{Source: "v", Series: symbol(9 - i), Date: d, Value: schemas.Some(1.0)}
	}
	replace(t, w, schemas.Observations, rows)
	for _, c := range []struct {
		name string
		q    Query
		want []int // in the order of the answer
	}{
		{"the whole", InWindow(schemas.Observations.Dataset, schemas.CutWhole.Window("v", 0)), []int{3, 2, 1, 0}},
		{"days", InWindow(schemas.Observations.Dataset, schemas.Window{Part: "v", From: schemas.NewDate(1972, 1, 2), To: schemas.NewDate(2000, 1, 1)}), []int{1, 0}},
		{"another part", InWindow(schemas.Observations.Dataset, schemas.CutWhole.Window("w", 0)), nil},
		{"own condition", Query{Where: "obs_date >= {d:Date32} AND series IN {s:Array(String)}", Args: []any{Named("d", schemas.NewDate(2000, 1, 1)), Named("s", []string{symbol(7), symbol(8)})}}, []int{2}},
		{"a further condition", InWindow(schemas.Observations.Dataset, schemas.CutWhole.Window("v", 0)).And("series IN {s:Array(String)}", Named("s", []string{symbol(9), symbol(7)})), []int{2, 0}},
		{"order and limit", Query{Order: "obs_date DESC", Limit: 2}, []int{3, 2}},
	} {
		got, err := Read(t.Context(), w, schemas.Observations, c.q)
		if err != nil {
			t.Fatal(err)
		}
		var want []schemas.Observation
		for _, i := range c.want {
			want = append(want, rows[i])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
}

// TestReadColumns reads some columns only.
func TestReadColumns(t *testing.T) {
	w := fresh(t)
	rows := []schemas.Bar{
		{Publisher: "v", Symbol: "A", Session: day2025, High: schemas.Some(2.5), Close: 2, Adjustment: schemas.AdjustedNone, Payload: "p"},
		{Publisher: "v", Symbol: "B", Session: day2025 + 1, Open: schemas.Some(1.0), Close: 3, Adjustment: schemas.AdjustedNone, Payload: "p"},
	}
	replace(t, w, schemas.Bars, rows)
	got, err := Read(t.Context(), w, schemas.Bars, Query{Order: "symbol", Columns: []string{"symbol", "high", "close"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.Bar{{Symbol: "A", High: schemas.Some(2.5), Close: 2}, {Symbol: "B", Close: 3}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What is scanned has the fingerprint that was recorded, though it comes in
// blocks and without its origin.
func TestScan(t *testing.T) {
	w := fresh(t)
	rows := bars(100_000)
	rows[1].High = schemas.Opt[float64]{} // beside one that has a value, in memory that is used again
	res, err := Replace(t.Context(), w, schemas.Bars, build(benchWindow), rows)
	if err != nil {
		t.Fatal(err)
	}
	var got []schemas.Bar
	blocks := 0
	content, err := Scan(t.Context(), w, schemas.Bars, benchWindow, func() { got = nil }, func(block []schemas.Bar) {
		got = append(got, block...)
		blocks++
	})
	if err != nil || content != res.Content || blocks < 2 {
		t.Errorf("content %s in %d blocks, want %s in several: %v", content, blocks, res.Content, err)
	}
	for i := range rows {
		rows[i].Payload = ""
	}
	slices.SortFunc(rows, func(a, b schemas.Bar) int {
		return cmp.Or(cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Session, b.Session))
	})
	if !slices.Equal(got, rows) {
		t.Error("other rows were scanned than were stored")
	}
	if content, err = Scan(t.Context(), w, schemas.Bars, schemas.CutYear.Window("nobody", day2025), func() {}, func([]schemas.Bar) {}); err != nil || content != "0-"+strings.Repeat("0", 32) {
		t.Errorf("an empty window: %s, %v", content, err)
	}
}
