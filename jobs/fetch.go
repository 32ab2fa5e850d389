package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/extract"
	"tidemark/jobs/schedule"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// fetched describes a family of jobs that bring one table from one publisher.
type fetched[T any] struct {
	table    schemas.Table[T]
	schedule schedule.Schedule
	lag      time.Duration
	calm     time.Duration
	reach    int          // days
	from     schemas.Date // first day of tables that are cut into years
	source   func(ctx context.Context, g *extract.Client) (extract.Source[T], error)
	checks   []check[arrival[T]]
	method   string
	money    bool // what the liquidity facts are built from
	due      due
	requests func(w schemas.Window, now time.Time) int64
	kept     *kept[T] // nil where the warehouse alone has the rows
}

// job makes the job that fetches one part of the table.
func (f fetched[T]) job(name, part string) *Job {
	return &Job{
		Name: name, Dataset: f.table.Dataset, Part: part, Money: f.money, Method: f.method, Schedule: f.schedule, Lag: f.lag, Calm: f.calm, Reach: f.reach, due: f.due, requests: f.requests,
		Windows: func(today schemas.Date) []schemas.Window { return f.table.Cut.Windows(part, f.start(), today+1) },
		Checks:  append([]CheckInfo{contract}, infos(f.checks)...),
		examine: func(ctx context.Context, t *Task) ([]schemas.CheckResult, error) {
			old, err := f.stored(ctx, t)
			if err != nil {
				return nil, err
			}
			rows := make([]T, 0, old.n)
			for row := range old.all() {
				rows = append(rows, *row)
			}
			a, err := f.against(ctx, t, old, rows)
			if err != nil {
				return nil, err
			}
			return examine(f.checks, a), nil
		},
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
	// What stands is read while the answer comes in. Where one fails the other
	// ends too.
	var old standing[T]
	var rows []T
	var empty error
	side, sideCtx := errgroup.WithContext(ctx)
	side.Go(func() (err error) {
		old, err = f.stored(sideCtx, t)
		return err
	})
	side.Go(func() (err error) {
		rows, empty, err = fetchRows(sideCtx, t, f.table.Dataset, source)
		return err
	})
	if err := side.Wait(); err != nil {
		return Stats{}, err
	}
	t.Log.DebugContext(ctx, "rows fetched", "rows", len(rows))
	if len(rows) == 0 && old.n > 0 {
		return Stats{}, fmt.Errorf("%s: the publisher has nothing for %s, where there were %d rows before; the old window stays", t.Job.Name, t.Window.Span(), old.n)
	}
	a, err := f.against(ctx, t, old, rows)
	if err != nil {
		return Stats{}, err
	}
	keep := make(chan func(*Task), 1)
	if f.kept != nil {
		go func() { keep <- f.kept.pack(rows) }()
	}
	stats, err := publish(ctx, t, f.table, rows, append(contract.results(nil, ""), examine(f.checks, a)...))
	if err == nil && len(rows) == 0 && empty != nil {
		return stats, empty
	}
	if err == nil && f.kept != nil {
		(<-keep)(t)
	}
	if err == nil {
		_, newest := firstAndLast(f.table, stands(rows))
		err = t.late(f.table.Dataset, newest)
	}
	return stats, err
}

// kept says how a table is kept beside the warehouse, from where it comes back
// faster.
type kept[T any] struct {
	pack func(rows []T) (keep func(*Task))                       // keep is called once they have been published
	rows func(ctx context.Context, t *Task) (standing[T], error) // what stands, as far as checks look at it
}

// stored returns the rows of the task's window as they stand.
func (f fetched[T]) stored(ctx context.Context, t *Task) (standing[T], error) {
	if f.kept != nil && t.Stands.Rows > 0 {
		return f.kept.rows(ctx, t)
	}
	rows, err := readWindow(ctx, t.Warehouse, f.table, t.Window)
	return stands(rows), err
}

// fetchRows asks a source for the rows of the task's window. Where the
// publisher says that it has none, empty repeats its word.
func fetchRows[T any](ctx context.Context, t *Task, d schemas.Dataset, source extract.Source[T]) (rows []T, empty, err error) {
	ctx, span := startStep(ctx, "fetch", d)
	defer func() { endStep(span, int64(len(rows)), err) }()
	for {
		batches, err := collect(ctx, t, source)
		switch e, broke := errors.AsType[*extract.ContractError](err); {
		case errors.Is(err, extract.ErrNoData):
			empty = err
		case broke && t.otherAnswer(ctx, e):
			continue
		case err != nil:
			if _, unrecorded := t.recordChecks(ctx, broken(err)); unrecorded != nil {
				err = errors.Join(err, unrecorded)
			}
			return nil, nil, err
		}
		if len(batches) == 1 {
			return batches[0], empty, nil
		}
		return slices.Concat(batches...), empty, nil
	}
}

// collect asks a source for the rows of the task's window, as far as they come.
func collect[T any](ctx context.Context, t *Task, source extract.Source[T]) (batches [][]T, err error) {
	for batch, err := range source.Fetch(ctx, t.Window) {
		if err != nil {
			return batches, err
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

// otherAnswer refuses an answer that broke its contract, and reports whether there
// may be another at once. One that the publisher has just sent is all that there is.
// One from the archive is not: the publisher may have a whole one by now, and offline
// there may be an earlier one.
func (t *Task) otherAnswer(ctx context.Context, e *extract.ContractError) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if news := t.Getter.Refuse(ctx, e.Payload); !news || t.sent[e.Payload] {
		return false
	}
	t.payloads = slices.DeleteFunc(t.payloads, func(p schemas.Payload) bool { return p.Hash == e.Payload })
	t.Log.WarnContext(ctx, "an archived answer breaks the contract, looking for another", "err", e)
	return true
}

// longestLate is how far behind a publisher may be and still count as late.
// What is older has ended, or is a file that was saved once.
const longestLate = 10

// late returns a NotYetError when the newest day that the publisher should have
// by now is missing, and has been due for hours and not for days.
func (t *Task) late(d schemas.Dataset, newest schemas.Date) error {
	if t.Job.due == nil || newest == schemas.NoDate {
		return nil
	}
	expected, ok := t.Job.due(t.Now)
	if !ok || newest >= expected || !t.Window.Contains(expected) || int(expected-newest) > longestLate {
		return nil
	}
	if before, ok := t.Job.due(t.Now.Add(-lateFor)); ok && before == expected {
		return nil // it does not come today; how far behind it is, freshness tells
	}
	return &extract.NotYetError{Publisher: t.Job.Publisher, What: d.String() + " " + t.Job.Part + " of " + expected.String(), Until: t.Now.Add(lateEvery)}
}

// against returns what the checks look at: the rows that arrived, those of the
// task's window as they stand and, where the days that are new could be compared
// with any of them, those of the days before the window.
func (f fetched[T]) against(ctx context.Context, t *Task, old standing[T], fresh []T) (arrival[T], error) {
	a := arrival[T]{old: old, fresh: fresh}
	var back schemas.Date
	for _, c := range f.checks {
		if c.Severity != Off {
			back = max(back, schemas.Date(c.back))
		}
	}
	if back == 0 || f.table.Cut == schemas.CutWhole {
		return a, nil
	}
	_, known := firstAndLast(f.table, old)
	if first, last := firstAndLast(f.table, stands(fresh)); old.n > 0 && len(fresh) > 0 && first <= min(known, last)-back {
		return a, nil // the days before those that are new are in the window
	}
	var err error
	a.before, err = readSpan(ctx, t.Warehouse, f.table, t.Window.Part, t.Window.From-back, t.Window.From)
	return a, err
}

// readSpan reads the rows of a part over the half-open days [from, to), in the
// table's order.
func readSpan[T any](ctx context.Context, w *clickhouse.Warehouse, table schemas.Table[T], part string, from, to schemas.Date) ([]T, error) {
	return readWindow(ctx, w, table, schemas.Window{Part: part, From: from, To: to})
}

// readWindow reads the columns of a window's rows, all where none are named, in
// the table's order.
func readWindow[T any](ctx context.Context, w *clickhouse.Warehouse, table schemas.Table[T], win schemas.Window, columns ...string) (rows []T, err error) {
	ctx, span := startStep(ctx, "read", table.Dataset)
	defer func() { endStep(span, int64(len(rows)), err) }()
	q := clickhouse.InWindow(table.Dataset, win)
	q.Columns = columns
	rows, err = clickhouse.Read(ctx, w, table, q)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", table, win.Part, err)
	}
	return rows, nil
}
