// Package opinion holds figures of the program against a second opinion: naive
// SQL over the raw tables, which shares nothing with the program but the
// definitions.
package opinion

import (
	"database/sql"
	"errors"
	"math"
	"testing"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/clickhouse"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// openWarehouse returns a warehouse with the tables of this version, and what
// connects to it: a connection takes any SQL and is one session, so that its
// temporary tables stay, and no other sees them.
func openWarehouse(t *testing.T) (*clickhouse.Warehouse, func(*testing.T) *sql.Conn) {
	t.Helper()
	a := enginetest.Start(t).Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, func(t *testing.T) *sql.Conn {
		t.Helper()
		// The client's own pool may dial once more while a connection is on its way
		// back; one that is taken out of database/sql's stays the same.
		db := ch.OpenDB(&ch.Options{Addr: []string{a.Addr}, Auth: ch.Auth{Username: a.User, Password: a.Password}})
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(conn.Close(), db.Close()); err != nil {
				t.Error(err)
			}
		})
		return conn
	}
}

// store puts rows into the windows that they belong to.
func store[T any](t *testing.T, w *clickhouse.Warehouse, table schemas.Table[T], rows []T) {
	t.Helper()
	windows := make(map[schemas.Window][]T)
	for i := range rows {
		win := table.WindowOf(&rows[i])
		windows[win] = append(windows[win], rows[i])
	}
	for win, rows := range windows {
		if _, err := clickhouse.Replace(t.Context(), w, table, clickhouse.Build{Window: win, RunID: "opinion"}, rows); err != nil {
			t.Fatal(err)
		}
	}
}

// figure is what a value is of.
type figure struct {
	name, of string // a metric or a column, and the security where it has one
	day      schemas.Date
}

// ask returns the figures of a query with the columns name, of, day and value.
func ask(t *testing.T, conn *sql.Conn, query string) map[figure]float64 {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "SELECT toString(name), toString(of), toInt32(toDate32(day)), toFloat64(assumeNotNull(value)) FROM ("+query+") WHERE value IS NOT NULL")
	if err != nil {
		t.Fatalf("%v in\n%s", err, query)
	}
	defer rows.Close()
	out := make(map[figure]float64)
	for rows.Next() {
		var f figure
		var day int32
		var v float64
		if err := rows.Scan(&f.name, &f.of, &day, &v); err != nil {
			t.Fatal(err)
		}
		f.day = schemas.Date(day)
		out[f] = v
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// agree holds that two sides have the same figures, to a relative 1e-9.
func agree(t *testing.T, program, opinion map[figure]float64) {
	t.Helper()
	const tolerance, nothing = 1e-9, 1e-15
	apart, worst := 0, 0.0
	for f, want := range opinion {
		got, ok := program[f]
		if !ok {
			if apart++; apart < 10 {
				t.Errorf("%s %s on %s: the program has none, the query %v", f.name, f.of, f.day, want)
			}
			continue
		}
		gap := math.Abs(got - want)
		if !(gap <= tolerance*math.Max(math.Abs(got), math.Abs(want))+nothing) {
			if apart++; apart < 10 {
				t.Errorf("%s %s on %s: the program has %v, the query %v", f.name, f.of, f.day, got, want)
			}
		}
		if want != 0 && gap > nothing {
			worst = math.Max(worst, gap/math.Abs(want))
		}
	}
	for f, got := range program {
		if _, ok := opinion[f]; !ok {
			if apart++; apart < 10 {
				t.Errorf("%s %s on %s: the program has %v, the query none", f.name, f.of, f.day, got)
			}
		}
	}
	if apart > 0 || len(opinion) == 0 {
		t.Errorf("%d of %d figures are apart", apart, len(opinion))
	}
	t.Logf("%d figures agree, the worst to %.1e", len(opinion)-apart, worst)
}
