package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// fetched describes a family of jobs that bring one table from one publisher.
type fetched[T any] struct {
	table    schemas.Table[T]
	schedule Schedule
	lag      time.Duration
	from     schemas.Date // first day of tables that are cut into years
	source   func(ctx context.Context, g *extract.Client) (extract.Source[T], error)
	checks   []check[T]
	method   string
	money    bool // what the liquidity facts are built from
	due      due
}

// check looks at a window's new rows beside its old ones.
type check[T any] struct {
	name     string
	severity schemas.Severity
	// finds returns what is wrong, or nothing.
	finds func(fresh, old []T) string
}

// job makes the job that fetches one part of the table.
func (f fetched[T]) job(name, part string) *Job {
	return &Job{
		Name: name, Dataset: f.table.Dataset, Part: part, Money: f.money, Method: f.method, Schedule: f.schedule, Lag: f.lag, due: f.due,
		Windows: func(today schemas.Date) []schemas.Window { return f.table.Cut.Windows(part, f.start(), today+1) },
		Run: func(ctx context.Context, t *Task) (Stats, error) {
			source, err := f.source(ctx, t.Getter)
			if err != nil {
				return Stats{}, err
			}
			return fetchWindow(ctx, t, f, source)
		},
	}
}

func (f fetched[T]) start() schemas.Date {
	if f.table.Cut == schemas.CutWhole {
		return schemas.MinDate
	}
	return f.from
}

func fetchWindow[T any](ctx context.Context, t *Task, f fetched[T], source extract.Source[T]) (Stats, error) {
	var batches [][]T
	var empty error
	for batch, err := range source.Fetch(ctx, t.Window) {
		if errors.Is(err, extract.ErrNoData) {
			empty = err
			break
		}
		if err != nil {
			return Stats{}, err
		}
		batches = append(batches, batch)
	}
	rows := slices.Concat(batches...)
	t.Log.Debug("rows fetched", "rows", len(rows))
	old, err := readWindow(ctx, t.Warehouse, f.table, t.Window)
	if err != nil {
		return Stats{}, err
	}
	if len(rows) == 0 && len(old) > 0 {
		return Stats{}, fmt.Errorf("%s: the publisher has nothing for %s, where there were %d rows before; the old window stays", t.Job.Name, t.Window.Span(), len(old))
	}
	t.Log.Debug("old rows read", "rows", len(old))
	checks := make([]schemas.CheckResult, 0, len(f.checks))
	for _, c := range f.checks {
		found := c.finds(rows, old)
		checks = append(checks, schemas.CheckResult{Check: c.name, Severity: c.severity, Passed: found == "", Message: found})
	}
	stats, err := publish(ctx, t, f.table, rows, checks)
	if err == nil && len(rows) == 0 && empty != nil {
		return stats, empty
	}
	return stats, err
}

func readWindow[T any](ctx context.Context, w *clickhouse.Warehouse, table schemas.Table[T], win schemas.Window) ([]T, error) {
	return readSpan(ctx, w, table, win.Part, win.From, win.To)
}

// readSpan reads the rows of a part over the half-open days [from, to), in the
// table's order.
func readSpan[T any](ctx context.Context, w *clickhouse.Warehouse, table schemas.Table[T], part string, from, to schemas.Date) ([]T, error) {
	q := clickhouse.InWindow(table.Dataset, schemas.Window{Part: part, From: from, To: to})
	rows, err := clickhouse.Read(ctx, w, table, q)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", table, part, err)
	}
	return rows, nil
}
