package clickhouse

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// shared is the engine of most tests: starting one takes as long as several
// of them. They empty it first, and so do not run beside one another.
var shared struct {
	once sync.Once
	e    *engine.Engine
	err  error
	dir  string
}

func TestMain(m *testing.M) {
	engine.Child()
	if order := os.Getenv(swapChildEnv); order != "" {
		swapChild(order)
	}
	code := m.Run()
	if shared.e != nil {
		if err := shared.e.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the engine:", err)
			code = 1
		}
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir) // a leftover in the temporary folder
	}
	os.Exit(code)
}

// sharedEngine returns the engine that tests share, as the test before left it.
func sharedEngine(tb testing.TB) *engine.Engine {
	tb.Helper()
	enginetest.Require(tb)
	shared.once.Do(func() {
		shared.dir, shared.err = os.MkdirTemp("", "tidemark-clickhouse-") //nolint:usetesting // outlives the test
		if shared.err == nil {
			shared.e, shared.err = engine.Open(context.Background(), engine.Config{Dir: shared.dir, MaxMemory: 4 << 30})
		}
	})
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.e
}

// blank returns a Warehouse on the shared engine without any database.
func blank(tb testing.TB) *Warehouse {
	tb.Helper()
	w := open(tb, sharedEngine(tb))
	for _, db := range []string{"mart", "facts", "raw", "ops", "history"} {
		if err := w.exec(tb.Context(), "DROP DATABASE IF EXISTS "+db+" SYNC"); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// open returns a Warehouse of an engine, closed with the test.
func open(tb testing.TB, e *engine.Engine) *Warehouse {
	tb.Helper()
	a := e.Loader()
	w, err := Open(tb.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w
}

// fresh returns a migrated Warehouse on the shared engine, without any rows.
func fresh(tb testing.TB) *Warehouse {
	tb.Helper()
	w := open(tb, sharedEngine(tb))
	if _, err := w.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	var filled []string
	if err := w.row(tb.Context(), "SELECT groupUniqArray(concat('`', database, '`.`', table, '`')) FROM system.parts WHERE active AND rows > 0 AND table != 'migration'", nil, &filled); err != nil {
		tb.Fatal(err)
	}
	for _, table := range filled {
		if err := w.exec(tb.Context(), "TRUNCATE TABLE "+table+" SYNC"); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// stagings returns the staging tables that exist.
func stagings(tb testing.TB, w *Warehouse) []string {
	tb.Helper()
	var names []string
	if err := w.row(context.Background(), "SELECT groupArray(name) FROM system.tables WHERE database = 'ops' AND startsWith(name, 'stage_')", nil, &names); err != nil {
		tb.Fatal(err)
	}
	return names
}

// openSwaps returns the steps of the swaps that are not over.
func openSwaps(tb testing.TB, w *Warehouse) []string {
	tb.Helper()
	all, err := w.readJournal(context.Background(), Query{})
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, s := range all {
		if !over(s.Step) {
			out = append(out, s.Step)
		}
	}
	slices.Sort(out)
	return out
}

// holdings makes n lines of a fund's file of one day. The same arguments make
// the same rows; another seed other figures.
func holdings(fund string, day schemas.Date, n int, seed float64) []schemas.Holding {
	rows := make([]schemas.Holding, n)
	for i := range rows {
		rows[i] = schemas.Holding{
			Fund: fund, AsOf: day, Line: int64(i + 1), Ticker: "T" + string(rune('A'+i%26)), Name: "Name",
			AssetClass: "Equity", Weight: schemas.Some(seed), MarketValue: schemas.Some(seed * float64(i+1)), Currency: "USD",
			Payload: "p",
		}
	}
	return rows
}

var (
	day2025  = schemas.NewDate(2025, 3, 3)
	year2025 = schemas.CutYear.Window("IVV", day2025)
)

func build(w schemas.Window) Build {
	return Build{Window: w, RunID: "run-1", Inputs: "in-1", Method: "1"}
}
