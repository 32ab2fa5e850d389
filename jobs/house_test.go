package jobs

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/sandbox"
	"tidemark/extract/vendor"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/load/snapshot"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestMain(m *testing.M) {
	if servesSandbox() {
		return
	}
	enginetest.Main(m)
}

// asTheProgram manages memory as the program does, unless the environment says
// otherwise, until the returned function is called.
func asTheProgram() (back func()) {
	percent, limit := debug.SetGCPercent(GCPercent), int64(0)
	if os.Getenv("GOMEMLIMIT") == "" {
		limit = debug.SetMemoryLimit(MemoryLimit)
	}
	return func() {
		debug.SetGCPercent(percent)
		if limit > 0 {
			debug.SetMemoryLimit(limit)
		}
	}
}

// house is a warehouse, the simulated publishers and what is wired to them.
type house struct {
	*Runner
	box     *sandbox.Sandbox
	engine  *engine.Engine
	addr    string // of the engine, where it is reached in another way
	archive string
	clock   *clock
	config  Config
}

// clock is a clock that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// newHouse opens a small simulated market that ends on Friday 5 December 2025,
// on the Saturday after it.
func newHouse(t *testing.T, from schemas.Date) *house {
	t.Helper()
	return openHouse(t, testConfig(from), sandbox.Config{
		Seed: 7, Securities: 70, From: schemas.NewDate(2023, time.June, 1), To: schemas.NewDate(2025, time.December, 5),
	})
}

// openHouse opens a house over a market of the caller's, on Saturday 6
// December 2025.
func openHouse(tb testing.TB, cfg Config, market sandbox.Config) *house {
	tb.Helper()
	h := &house{config: cfg, engine: enginetest.Start(tb), archive: filepath.Join(tb.TempDir(), "archive")}
	h.clock = &clock{time.Date(2025, time.December, 6, 17, 0, 0, 0, time.UTC)}
	market.Now = h.clock.now
	var err error
	h.box, err = sandbox.New(market)
	if err != nil {
		tb.Fatal(err)
	}
	if err := h.box.Start("127.0.0.1:0"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.box.Close(); err != nil {
			tb.Error(err)
		}
	})
	h.Runner = h.open(tb, h.engine, false)
	return h
}

// open wires a runner to an engine; offline, it has the archive alone.
func (h *house) open(tb testing.TB, e *engine.Engine, offline bool) *Runner {
	tb.Helper()
	access := e.Loader()
	w, err := clickhouse.Open(tb.Context(), clickhouse.Options{Addr: []string{cmp.Or(h.addr, access.Addr)}, User: access.User, Password: access.Password, Now: h.clock.now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	if _, err := w.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if err := w.Views(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	cfg := h.config
	cfg.UseBases(func(p string) string { return "http://sandbox.localhost/" + p })
	catalog, err := NewCatalog(cfg, calendar.US())
	if err != nil {
		tb.Fatal(err)
	}
	return &Runner{
		Catalog: catalog, Warehouse: w, Snapshots: snapshot.Open(filepath.Join(filepath.Dir(h.archive), "snapshots"), slog.New(slog.DiscardHandler)), Client: h.client(tb, h.archive, offline), Now: h.clock.now, Log: slog.New(slog.DiscardHandler), Command: "test",
	}
}

func (h *house) client(tb testing.TB, dir string, offline bool) *extract.Client {
	tb.Helper()
	store, err := archive.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	client, err := extract.NewClient(extract.Options{
		Archive: store, Offline: offline, AsOf: h.clock.at.Add(time.Hour), Now: h.clock.now, Attempts: 2, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond,
		Timeout: 20 * time.Second, MaxRetryAfter: time.Millisecond,
		Local: map[string]string{"sandbox.localhost": strings.TrimPrefix(h.box.URL(), "http://")},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func testConfig(from schemas.Date) Config {
	file := func(name, kind, path string) File {
		return File{File: vendor.File{Name: name, Kind: kind, Paths: []string{SandboxPath + path}}}
	}
	bars := file("vendor", KindBars, "/bars/{year}.csv.gz")
	bars.Adjustment = schemas.AdjustedNone
	levels := file("levels", KindLevels, "/levels.csv")
	levels.Parts, levels.Columns, levels.Ignore = []string{"index:SPX", "index:SP600"}, map[string]string{"value": "close"}, []string{"total_return"}
	funds := file("funds", KindLevels, "/levels.csv")
	funds.Parts, funds.Columns, funds.Ignore = []string{"fund:IVV", "fund:AGG"}, map[string]string{"value": "total_return"}, []string{"close"}
	return Config{
		History: History{From: from},
		Publishers: Publishers{
			NYFed: &NYFed{Rates: []string{"SOFR", "EFFR"}, Holdings: DaysMonthEnds}, H41: &H41{}, FRED: &FRED{Series: []string{"IORB", "RRPONTSYAWARD"}},
			FiscalData: &FiscalData{}, IShares: &IShares{Funds: []string{"IVV", "IJR"}, Days: DaysMonthEnds}, SSGA: &SSGA{Funds: []string{"SPY"}}, SP500: &Membership{},
		},
		Files: []File{
			bars, file("actions", KindActions, "/actions.csv"), file("renames", KindRenames, "/renames.csv"), levels, funds,
			file("shares", KindShares, "/shares.csv"), file("earnings", KindEarnings, "/earnings.csv"),
		},
		Allocations: []Allocation{{ID: "MIX", Large: "fund:IVV", Bonds: "fund:AGG", Cash: "EFFR"}},
		Universes: []Universe{
			{ID: "SPX_MEMBERS", Index: "SP500", Funds: []string{"IVV", "SPY"}, Prices: []string{"vendor"}, Level: "index:SPX", LevelBasis: "index_pr"},
			{ID: "SP600_MEMBERS", Funds: []string{"IJR"}, Prices: []string{"vendor"}, Level: "index:SP600", LevelBasis: "index_pr", Against: "SPX_MEMBERS"},
		},
	}
}

// testCatalog makes the jobs of the test configuration with the given
// severities.
func testCatalog(t *testing.T, severities map[string]schemas.Severity) *Catalog {
	t.Helper()
	cfg := testConfig(schemas.NewDate(2025, time.January, 1))
	cfg.Checks = severities
	c, err := NewCatalog(cfg, calendar.US())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *house) run(tb testing.TB, req Request) *Report {
	tb.Helper()
	report, err := h.Run(tb.Context(), req)
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

func (h *house) mustRun(tb testing.TB, req Request) *Report {
	tb.Helper()
	report := h.run(tb, req)
	if err := report.Err(); err != nil {
		tb.Fatal(err)
	}
	return report
}

// touched lists the windows that a pass built anew, as "job window".
func touched(r *Report) []string {
	var out []string
	for _, res := range r.Results {
		if res.Outcome == OK {
			out = append(out, res.Job+" "+strings.TrimPrefix(res.Window.String(), res.Window.Part+" "))
		}
	}
	slices.Sort(out)
	return out
}

func hashes(tb testing.TB, r *Runner) map[string]string {
	tb.Helper()
	out := map[string]string{}
	for _, d := range schemas.Datasets() {
		if d.Log() {
			continue
		}
		_, content, err := r.Warehouse.TableHash(tb.Context(), d)
		if err != nil {
			tb.Fatal(err)
		}
		out[d.String()] = content
	}
	return out
}
