package opinion

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

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
func sandboxYears(t *testing.T) (transform.Universe, *clickhouse.Warehouse, driver.Conn) {
	t.Helper()
	w, conn := openWarehouse(t)
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
	levels.Parts, levels.Columns, levels.Ignore = []string{"index:SP600"}, map[string]string{"value": "close"}, []string{"total_return"}
	const universe, fund = "SP600_MEMBERS", "IJR"
	cfg := jobs.Config{
		History:    jobs.History{From: schemas.NewDate(2023, time.July, 1)},
		Publishers: jobs.Publishers{IShares: &jobs.IShares{Funds: []string{fund}, Days: jobs.DaysWeekEnds}},
		Files:      []jobs.File{bars, file("actions", jobs.KindActions, "/actions.csv"), file("renames", jobs.KindRenames, "/renames.csv"), levels},
		Universes:  []jobs.Universe{{ID: universe, Funds: []string{fund}, Prices: []string{"vendor"}, Level: "index:SP600", LevelBasis: "index_pr"}},
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
	return transform.Universe{ID: universe, Funds: []string{fund}, Prices: []string{"vendor"}}, w, conn
}
