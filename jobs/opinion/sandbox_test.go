package opinion

import (
	"database/sql"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/sandbox"
	"tidemark/extract/vendor"
	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/load/snapshot"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform"
)

// sandboxYears runs every job over two simulated years of a small index, whose
// members are the lines of its fund, and returns the warehouse.
func sandboxYears(t *testing.T) (transform.Universe, *clickhouse.Warehouse, func(*testing.T) *sql.Conn) {
	t.Helper()
	w, connect := openWarehouse(t)
	now := func() time.Time { return time.Date(2025, time.December, 6, 17, 0, 0, 0, time.UTC) }
	box, err := sandbox.New(sandbox.Config{
		Seed: 11, Securities: 90, From: schemas.NewDate(2023, time.June, 1), To: schemas.NewDate(2025, time.December, 5), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	store, err := archive.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := extract.NewClient(extract.Options{
		Archive: store, Now: now, Timeout: 20 * time.Second, Local: map[string]string{"sandbox.localhost": strings.TrimPrefix(box.URL(), "http://")},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, kind, path string) jobs.File {
		return jobs.File{File: vendor.File{Name: name, Kind: kind, Paths: []string{jobs.SandboxPath + path}}}
	}
	bars := file("vendor", jobs.KindBars, "/bars/{year}.csv.gz")
	bars.Adjustment = schemas.AdjustedNone
	levels := file("levels", jobs.KindLevels, "/levels.csv")
	levels.Parts, levels.Columns, levels.Ignore = []string{"index:SP600", "index:SPX"}, map[string]string{"value": "close"}, []string{"total_return"}
	funds := file("funds", jobs.KindLevels, "/levels.csv")
	funds.Parts, funds.Columns, funds.Ignore = []string{"fund:IJR", "fund:AGG"}, map[string]string{"value": "total_return"}, []string{"close"}
	const universe, fund = "SP600_MEMBERS", "IJR"
	cfg := jobs.Config{
		History: jobs.History{From: schemas.NewDate(2023, time.July, 1)},
		Publishers: jobs.Publishers{
			IShares: &jobs.IShares{Funds: []string{fund}, Days: jobs.DaysWeekEnds}, SP500: &jobs.Membership{},
			NYFed: &jobs.NYFed{Rates: []string{"SOFR", "EFFR"}, Holdings: jobs.DaysWeekEnds}, H41: &jobs.H41{}, FRED: &jobs.FRED{Series: []string{"IORB"}},
		},
		Files: []jobs.File{
			bars, file("actions", jobs.KindActions, "/actions.csv"), file("renames", jobs.KindRenames, "/renames.csv"), levels, funds,
			file("shares", jobs.KindShares, "/shares.csv"), file("earnings", jobs.KindEarnings, "/earnings.csv"),
		},
		Universes: []jobs.Universe{
			{ID: universe, Funds: []string{fund}, Prices: []string{"vendor"}, Level: "index:SP600", LevelBasis: "index_pr", Against: "SPX_MEMBERS"},
			{ID: "SPX_MEMBERS", Index: "SP500", Level: "index:SPX", LevelBasis: "index_pr"},
		},
		Allocations: []jobs.Allocation{{ID: "MIX", Large: "fund:IJR", Bonds: "fund:AGG"}},
	}
	cfg.UseBases(func(p string) string { return "http://sandbox.localhost/" + p })
	catalog, err := jobs.NewCatalog(cfg, calendar.US())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	runner := &jobs.Runner{
		Catalog: catalog, Warehouse: w, Snapshots: snapshot.Open(filepath.Join(t.TempDir(), "snapshots"), log), Client: client, Now: now, Log: log, Command: "test",
	}
	report, err := runner.Run(t.Context(), jobs.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return transform.Universe{ID: universe, Funds: []string{fund}, Prices: []string{"vendor"}}, w, connect
}

// TestSandbox holds what every job has made of the sandbox against queries over
// the raw tables.
func TestSandbox(t *testing.T) {
	t.Parallel()
	of, w, connect := sandboxYears(t)
	year := schemas.Window{Part: of.ID, From: schemas.NewDate(2025, time.January, 1), To: schemas.NewDate(2026, time.January, 1)}
	in := func(t *testing.T, table schemas.Table[schemas.Fact]) []schemas.Fact {
		t.Helper()
		facts, err := clickhouse.Read(t.Context(), w, table, clickhouse.InWindow(table.Dataset, year))
		if err != nil {
			t.Fatal(err)
		}
		return facts
	}
	factsOf := func(t *testing.T, table schemas.Table[schemas.Fact], universe string) []schemas.Fact {
		t.Helper()
		facts, err := clickhouse.Read(t.Context(), w, table, clickhouse.Query{Where: "universe = {of:String}", Args: []any{clickhouse.Named("of", universe)}})
		if err != nil {
			t.Fatal(err)
		}
		return facts
	}
	t.Run("concentration", func(t *testing.T) {
		secondOpinionOfConcentration(t, connect(t), of, year, in(t, schemas.Concentration))
	})
	t.Run("contributions", func(t *testing.T) {
		rows, err := clickhouse.Read(t.Context(), w, schemas.Contributions, clickhouse.InWindow(schemas.Contributions.Dataset, year))
		if err != nil {
			t.Fatal(err)
		}
		secondOpinion(t, connect(t), of, year, rows, in(t, schemas.ContributionSummary))
		residuals(t, factsOf(t, schemas.ContributionLevel, of.ID))
	})
	t.Run("dispersion", func(t *testing.T) { secondOpinionOfDispersion(t, connect(t), of, year, in(t, schemas.Dispersion)) })
	t.Run("breadth", func(t *testing.T) {
		conn := connect(t)
		secondOpinionOfBreadth(t, conn, of, year, in(t, schemas.Breadth), year.From)
		secondOpinionOfTrend(t, conn, year, factsOf(t, schemas.BreadthTrend, of.ID))
	})
	t.Run("valuation", func(t *testing.T) {
		secondOpinionOfValuation(t, connect(t), of, year, in(t, schemas.Valuation))
	})
	t.Run("size", func(t *testing.T) {
		secondOpinionOfFacts(t, factsOf(t, schemas.Size, of.ID+"~SPX_MEMBERS"), levelFigures(t, connect(t), "index:SP600", "index:SPX"))
		secondOpinionOfFacts(t, factsOf(t, schemas.Size, of.ID), depthFigures(t, connect(t), "index:SP600"))
	})
	t.Run("liquidity", func(t *testing.T) {
		want := liquidityFigures(t, connect(t))
		maps.DeleteFunc(want, func(f figure, _ float64) bool { return f.day < schemas.NewDate(2023, time.July, 1) }) // the raw tables begin earlier
		secondOpinionOfFacts(t, factsOf(t, schemas.Liquidity, jobs.FedUniverse), want)
	})
	t.Run("maturity", func(t *testing.T) {
		want := maturityFigures(t, connect(t))
		if len(want) < 500 {
			t.Errorf("%d figures", len(want))
		}
		secondOpinionOfFacts(t, factsOf(t, schemas.Maturity, jobs.FedUniverse), want)
	})
	t.Run("allocation", func(t *testing.T) {
		secondOpinionOfFacts(t, factsOf(t, schemas.Allocation, "MIX"), allocationFigures(t, connect(t), "fund:IJR", "fund:AGG"))
	})
}
