package jobs

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/load/clickhouse"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// answers is a source that gives its rows, or ErrNoData when it has none.
type answers struct{ rows *[]schemas.Rename }

func (a answers) Fetch(context.Context, schemas.Window) iter.Seq2[[]schemas.Rename, error] {
	return func(yield func([]schemas.Rename, error) bool) {
		if len(*a.rows) == 0 {
			yield(nil, extract.ErrNoData)
			return
		}
		yield(*a.rows, nil)
	}
}

// TestNothingWhereThereWasSomething holds that a publisher who has nothing
// where there were rows is a failure, that the rows stay, and that what
// depends on them is left alone.
func TestNothingWhereThereWasSomething(t *testing.T) {
	access := enginetest.Start(t).Loader()
	clk := &clock{time.Date(2025, time.December, 6, 17, 0, 0, 0, time.UTC)}
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password, Now: clk.now})
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
	store, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := extract.NewClient(extract.Options{Archive: store, Now: clk.now})
	if err != nil {
		t.Fatal(err)
	}
	published := []schemas.Rename{{Source: "names", Date: schemas.NewDate(2025, time.January, 21), Old: "SQ", New: "XYZ"}}
	c := &Catalog{Calendar: calendar.US()}
	if err := addFetched(c, "names", "names", nil, fetched[schemas.Rename]{
		table: schemas.Renames, schedule: slotsPrices, method: "1",
		source: func(context.Context, *extract.Client) (extract.Source[schemas.Rename], error) {
			return answers{&published}, nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	dependent := 0
	c.Jobs = append(c.fetchJobs, &Job{
		Name: "dependent", Dataset: schemas.Size.Dataset, Part: "X", Method: "1",
		Windows: func(schemas.Date) []schemas.Window { return schemas.Size.Cut.Windows("X", 0, 1) },
		Needs:   func(schemas.Window) []Need { return []Need{whole(schemas.Renames.Dataset, "names", true)} },
		Run: func(ctx context.Context, task *Task) (Stats, error) {
			dependent++
			return publish(ctx, task, schemas.Size, nil, nil)
		},
	})
	c.link()
	r := &Runner{Catalog: c, Warehouse: w, Client: client, Now: clk.now, Log: slog.New(slog.DiscardHandler), Command: "test"}
	if _, err := r.Run(t.Context(), Request{}); err != nil || dependent != 1 {
		t.Fatalf("first pass: %v, dependent built %d times", err, dependent)
	}

	published = nil
	clk.at = clk.at.Add(time.Minute)
	report, err := r.Run(t.Context(), Request{Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	if report.Count(Failed) != 1 || !strings.Contains(report.Err().Error(), "1 rows before") {
		t.Errorf("got %+v, want one failure that says how many rows there were", report.Results)
	}
	if dependent != 1 || report.Count(Held) != 0 {
		t.Errorf("what depends on the rows was touched: built %d times, %d held", dependent, report.Count(Held))
	}
	if n := rows(t, r, schemas.Renames.Dataset); n != 1 {
		t.Errorf("%d rows are left of 1", n)
	}
}
