package clickhouse

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

var update = flag.Bool("update", false, "write golden files anew")

// register is a small one, so that these tests hold the shape of the views and
// not what the metrics of the day are.
var register = []schemas.Metric{
	{ID: "adv", Name: "Advances", Family: "breadth", Dataset: "facts.breadth", Unit: "count", Formula: "members that rise"},
	{ID: "mcc_osc", Name: "McClellan's oscillator", Family: "breadth", Dataset: "facts.breadth_trend", Unit: "points", Formula: "EMA19 - EMA39", Method: 2, Warmup: 135},
	{ID: "net_liq", Name: "Net liquidity", Family: "liquidity", Dataset: "facts.liquidity", Unit: "USD bn", Decimals: 1},
}

func facts(metric, universe string, from schemas.Date, values ...float64) []schemas.Fact {
	var out []schemas.Fact
	for i, v := range values {
		d := from.AddDays(i)
		out = append(out, schemas.Fact{
			Metric: metric, Universe: universe, Session: d, Value: schemas.Some(v), Status: schemas.StatusOK,
			Members: 500, Coverage: schemas.Some(1.0), Method: 1, KnownAt: d.Time().Add(22 * time.Hour), Run: "run-f",
		})
	}
	return out
}

// replace stores the rows of one window.
func replace[T any](tb testing.TB, w *Warehouse, table schemas.Table[T], rows []T) {
	tb.Helper()
	if _, err := Replace(tb.Context(), w, table, build(table.WindowOf(&rows[0])), rows); err != nil {
		tb.Fatal(err)
	}
}

// stocked returns a warehouse that has a few rows of everything and
// the views of the small register.
func stocked(t *testing.T) *Warehouse {
	t.Helper()
	w := fresh(t)
	if err := w.exec(t.Context(), "DROP DATABASE mart SYNC"); err != nil {
		t.Fatal(err)
	}
	if err := w.exec(t.Context(), "CREATE DATABASE mart"); err != nil {
		t.Fatal(err)
	}
	breadth := facts("adv", "SPX_MEMBERS", day2025, 310, 190)
	breadth[1].Value, breadth[1].Status = schemas.None[float64](), schemas.LowCoverage
	replace(t, w, schemas.Breadth, breadth)
	replace(t, w, schemas.Breadth, facts("adv", "SP600_MEMBERS", day2025, 400))
	replace(t, w, schemas.Breadth, facts("adv", "SPX_MEMBERS", day2025.AddYears(-1), 100))
	replace(t, w, schemas.BreadthTrend, facts("mcc_osc", "SPX_MEMBERS", day2025, -12.5))
	replace(t, w, schemas.Liquidity, facts("net_liq", "FED", day2025, 6123.4))
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 3, 1))
	if err := Append(t.Context(), w, schemas.Payloads, []schemas.Payload{
		{Hash: "p", Publisher: "ishares", Request: "GET https://example.invalid/IVV", Status: 200, FetchedAt: day2025.Time()},
		{Hash: "p", Publisher: "ishares", Request: "GET https://example.invalid/IVV?again", Status: 200, FetchedAt: day2025.Time().Add(time.Hour)},
	}); err != nil {
		t.Fatal(err)
	}
	check := schemas.CheckResult{RunID: "r1", Check: "weights_sum", Dataset: "raw.holding", Window: year2025, Severity: schemas.SeverityWarning, Message: "97.1", At: day2025.Time()}
	passed := check
	passed.Passed, passed.Message, passed.At = true, "100.0", check.At.Add(time.Minute)
	if err := Append(t.Context(), w, schemas.CheckResults, []schemas.CheckResult{check, passed}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // made, and made anew
		if err := w.makeViews(t.Context(), views(register, schemas.Datasets())); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// lines returns a query's rows as text, columns separated by bars.
func lines(tb testing.TB, w *Warehouse, sql string) []string {
	tb.Helper()
	var out []string
	err := w.each(tb.Context(), "SELECT arrayStringConcat(arrayMap(x -> ifNull(x, 'NULL'), [*]), '|') FROM (SELECT * APPLY toString FROM ("+sql+"))", nil, func() { out = nil },
		func(rows driver.Rows) error {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			out = append(out, s)
			return nil
		})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestViewsServeBI reads everything that BI tools are offered with the rights
// they have, which end at database mart.
func TestViewsServeBI(t *testing.T) {
	stocked(t)
	a := sharedEngine(t).BI()
	bi, err := Open(t.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer bi.Close()
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"SELECT universe, session, adv, mcc_osc, known_at FROM mart.breadth ORDER BY universe, session", []string{
			"SP600_MEMBERS|2025-03-03|400|NULL|2025-03-03 22:00:00.000",
			"SPX_MEMBERS|2024-03-03|100|NULL|2024-03-03 22:00:00.000",
			"SPX_MEMBERS|2025-03-03|310|-12.5|2025-03-03 22:00:00.000",
			"SPX_MEMBERS|2025-03-04|NULL|NULL|2025-03-04 22:00:00.000",
		}},
		{"SELECT * FROM mart.liquidity", []string{"FED|2025-03-03|2025-03-03 22:00:00.000|6123.4"}},
		{"SELECT * FROM mart.size", nil},
		{"SELECT universe, session, metric, name, family, unit, value, status FROM mart.fact WHERE session = '2025-03-04' OR family = 'liquidity' ORDER BY metric", []string{
			"SPX_MEMBERS|2025-03-04|adv|Advances|breadth|count|NULL|low_coverage",
			"FED|2025-03-03|net_liq|Net liquidity|liquidity|USD bn|6123.4|ok",
		}},
		{"SELECT metric, name, unit, position, warmup, method FROM mart.metric ORDER BY position", []string{
			"adv|Advances|count|1|0|0", "mcc_osc|McClellan's oscillator|points|2|135|2", "net_liq|Net liquidity|USD bn|3|0|0",
		}},
		{"SELECT dataset, part, oldest, newest, rows, built_at > '2025-01-01' FROM mart.freshness WHERE dataset IN ('raw.holding', 'facts.breadth') ORDER BY dataset, part", []string{
			"facts.breadth|SP600_MEMBERS|2025-03-03|2025-03-03|1|1",
			"facts.breadth|SPX_MEMBERS|2024-03-03|2025-03-04|3|1",
			"raw.holding|IVV|2025-03-03|2025-03-03|3|1",
		}},
		{"SELECT dataset, part, check_name, severity, passed, message FROM mart.quality", []string{"raw.holding|IVV|weights_sum|warning|true|100.0"}},
		{"SELECT dataset, part, publisher, request, first_day, last_day, rows, fetched_at, payload FROM mart.source", []string{
			"raw.holding|IVV|ishares|GET https://example.invalid/IVV|2025-03-03|2025-03-03|3|2025-03-03 00:00:00.000|p",
		}},
	} {
		if diff := gocmp.Diff(c.want, lines(t, bi, c.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sql, diff)
		}
	}
	for _, sql := range []string{"SELECT count() FROM facts.breadth", "SELECT count() FROM raw.holding", "SELECT count() FROM ops.window"} {
		var n uint64
		if err := bi.row(t.Context(), sql, nil, &n); err == nil {
			t.Errorf("bi may run %s", sql)
		}
	}
}

// TestViewColumnsAreDocumented holds names, types and comments of every view,
// as the server tells them, against a golden file.
func TestViewColumnsAreDocumented(t *testing.T) {
	w := stocked(t)
	var b strings.Builder
	for _, line := range lines(t, w, "SELECT table, name, type, comment FROM system.columns WHERE database = 'mart' ORDER BY table, position") {
		b.WriteString(line + "\n")
		if f := strings.Split(line, "|"); f[3] == "" || strings.Contains(f[2], "LowCardinality") {
			t.Errorf("mart.%s.%s has type %s and comment %q", f[0], f[1], f[2], f[3])
		}
	}
	for _, line := range lines(t, w, "SELECT name, engine, comment FROM system.tables WHERE database = 'mart'") {
		if f := strings.Split(line, "|"); f[1] != "View" || f[2] == "" {
			t.Errorf("mart.%s is a %s with comment %q", f[0], f[1], f[2])
		}
	}
	golden(t, "testdata/views.golden", b.String())
}

// TestViewsOfTheRegister makes the views of the register as it is.
func TestViewsOfTheRegister(t *testing.T) {
	w := fresh(t)
	if err := w.Views(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range schemas.Register() {
		var comment string
		err := w.row(context.Background(), "SELECT comment FROM system.columns WHERE database = 'mart' AND table = {table:String} AND name = {name:String}",
			[]any{Named("table", m.Family), Named("name", m.ID)}, &comment)
		if err != nil || !strings.Contains(comment, m.Name) || !strings.Contains(comment, "unit: "+m.Unit) {
			t.Errorf("mart.%s.%s has the comment %q, error %v", m.Family, m.ID, comment, err)
		}
	}
}

// TestViewReadsOnlyWhatIsAsked shows that a condition on a view reaches the
// partitions of the table behind it.
func TestViewReadsOnlyWhatIsAsked(t *testing.T) {
	w := stocked(t)
	parts := func(where string) (n uint64) {
		t.Helper()
		for _, line := range lines(t, w, "SELECT * FROM (EXPLAIN ESTIMATE SELECT universe, session, adv FROM mart.breadth WHERE "+where+") WHERE table = 'breadth'") {
			n += uint64(strings.Split(line, "|")[2][0] - '0')
		}
		return n
	}
	if all, one := parts("1"), parts("universe = 'SPX_MEMBERS' AND session >= '2025-01-01'"); all != 3 || one != 1 {
		t.Fatalf("a query of one universe and year reads %d of %d parts, want 1 of 3", one, all)
	}
}

// TestSourcesAreKept shows that mart.source is answered from what the raw tables
// keep beside their rows, and not from the rows.
func TestSourcesAreKept(t *testing.T) {
	w := stocked(t)
	plan := strings.Join(lines(t, w, "SELECT * FROM (EXPLAIN SELECT * FROM mart.source)"), "\n")
	if !strings.Contains(plan, "ReadFromMergeTree (stretches)") || strings.Contains(plan, "(raw.") {
		t.Errorf("the rows are read:\n%s", plan)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
