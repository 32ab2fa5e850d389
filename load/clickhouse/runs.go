package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// How far back the run log is looked through: for runs that have not ended,
// and for attempts that failed.
const (
	longestRun  = 48 * time.Hour
	attemptsFor = 60 * 24 * time.Hour
)

// attemptsKept is how many of a window's newest runs are looked at.
const attemptsKept = 8

// OpenRuns returns the runs that have begun and not ended, oldest first. Whether
// their processes still live, Living tells.
func (w *Warehouse) OpenRuns(ctx context.Context) ([]schemas.Run, error) {
	return w.openRuns(ctx, Query{})
}

// OpenRunsBeside returns the open runs of a window other than one.
func (w *Warehouse) OpenRunsBeside(ctx context.Context, run, dataset string, win schemas.Window) ([]schemas.Run, error) {
	return w.openRuns(ctx, oneWindow(dataset, win).And("run_id != {run:String}", Named("run", run)))
}

func (w *Warehouse) openRuns(ctx context.Context, q Query) ([]schemas.Run, error) {
	// Mostly nobody is at work, which two columns tell.
	ids, err := w.openRunIDs(ctx, q)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return Read(ctx, w, schemas.Runs, Query{
		Where: "started_at > {since:DateTime64(3)} AND run_id IN {ids:Array(String)} AND outcome = 'running'",
		Args:  []any{Named("since", w.now().Add(-longestRun)), Named("ids", ids)}, Order: "started_at, run_id", limitBy: "run_id",
	})
}

// OpenRunIDs returns the names of the runs that have begun and not ended.
func (w *Warehouse) OpenRunIDs(ctx context.Context) ([]string, error) {
	return w.openRunIDs(ctx, Query{})
}

// openRunIDs puts the lines of the runs together here: to tell the server how
// costs it more than the lines do.
func (w *Warehouse) openRunIDs(ctx context.Context, q Query) ([]string, error) {
	q = q.And("started_at > {since:DateTime64(3)}", Named("since", w.now().Add(-longestRun)))
	ended := make(map[string]bool)
	err := w.lines(ctx, "SELECT run_id, outcome != 'running' FROM ops.run WHERE "+q.Where, q.Args, func() { clear(ended) }, func(rows driver.Rows) error {
		var id string
		var end uint8
		err := rows.Scan(&id, &end)
		ended[id] = ended[id] || end == 1
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look for open runs: %w", err)
	}
	maps.DeleteFunc(ended, func(_ string, end bool) bool { return end })
	return slices.Sorted(maps.Keys(ended)), nil
}

// Attempts returns the newest runs of every window that came to an end of
// themselves, newest first, a few of each: one that was stopped or whose process
// died tells nothing of the window.
func (w *Warehouse) Attempts(ctx context.Context) ([]schemas.Run, error) {
	return Read(ctx, w, schemas.Runs, Query{
		Where:   "outcome NOT IN ('running', 'stopped', 'died') AND started_at > {since:DateTime64(3)}",
		Args:    []any{Named("since", w.now().Add(-attemptsFor))},
		Order:   "dataset, part, from_date, to_date, started_at DESC, finished_at DESC",
		limitBy: "dataset, part, from_date, to_date", perKey: attemptsKept,
	})
}

// NewestRuns returns the newest run of each job, as it ended or, where it has
// not, as it began.
func (w *Warehouse) NewestRuns(ctx context.Context) ([]schemas.Run, error) {
	return Read(ctx, w, schemas.Runs, Query{Order: "job, started_at DESC, run_id DESC, outcome = 'running'", limitBy: "job"})
}

// RunFilter chooses runs of the log. Empty fields choose all.
type RunFilter struct {
	ID, Job, Dataset, Part, Outcome, Cause string
	Before                                 time.Time
	Limit                                  int // 0 means no limit
}

// FindRuns returns each chosen run once, as it ended or, where it has not, as
// it began; newest first.
func (w *Warehouse) FindRuns(ctx context.Context, f RunFilter) ([]schemas.Run, error) {
	where, args := "1", []any{}
	add := func(column, value string) {
		if value != "" {
			where += " AND " + column + " = {" + column + ":String}"
			args = append(args, Named(column, value))
		}
	}
	add("run_id", f.ID)
	add("job", f.Job)
	add("dataset", f.Dataset)
	add("part", f.Part)
	add("cause", f.Cause)
	if !f.Before.IsZero() {
		where += " AND started_at < {before:DateTime64(3)}"
		args = append(args, Named("before", f.Before))
	}
	// A run that ended is not also one that is running.
	if f.Outcome == "running" {
		where += " AND outcome = 'running' AND run_id NOT IN (SELECT run_id FROM ops.run WHERE outcome != 'running')"
	} else {
		add("outcome", f.Outcome)
	}
	return Read(ctx, w, schemas.Runs, Query{
		Where: where, Args: args, Order: "started_at DESC, run_id DESC, outcome = 'running'", Limit: f.Limit, limitBy: "run_id",
	})
}

// RunCost is what the runs of a job took on average, those that built something.
type RunCost struct {
	Job, Dataset string
	Runs         int64
	Rows         float64
	Requests     float64
	Seconds      float64
	Inputs       float64 // windows that a run was built from
}

// RunCosts returns the cost of each job's runs so far.
func (w *Warehouse) RunCosts(ctx context.Context) ([]RunCost, error) {
	const sql = "SELECT job, any(dataset), toInt64(count()), avg(rows), avg(requests)," +
		" avg((toUnixTimestamp64Milli(assumeNotNull(finished_at)) - toUnixTimestamp64Milli(started_at)) / 1000), avg(windows)" +
		" FROM ops.run LEFT JOIN (SELECT run_id, count() AS windows FROM ops.input WHERE kind = 'window' GROUP BY run_id) AS i USING (run_id)" +
		" WHERE outcome IN ('ok', 'unchanged') AND isNotNull(finished_at) AND rows > 0 GROUP BY job ORDER BY job"
	var out []RunCost
	err := w.each(ctx, sql, nil, func() { out = nil }, func(rows driver.Rows) error {
		var c RunCost
		if err := rows.Scan(&c.Job, &c.Dataset, &c.Runs, &c.Rows, &c.Requests, &c.Seconds, &c.Inputs); err != nil {
			return err
		}
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read what runs took: %w", err)
	}
	return out, nil
}

// BytesPerRow returns how much a row of each table takes on the server's disk;
// tables without rows are absent.
func (w *Warehouse) BytesPerRow(ctx context.Context) (map[string]float64, error) {
	const sql = "SELECT concat(database, '.', table), sum(bytes_on_disk) / sum(rows) FROM system.parts" +
		" WHERE active AND rows > 0 AND database IN ('raw', 'facts') GROUP BY 1"
	out := map[string]float64{}
	err := w.each(ctx, sql, nil, func() { clear(out) }, func(rows driver.Rows) error {
		var table string
		var bytes float64
		if err := rows.Scan(&table, &bytes); err != nil {
			return err
		}
		out[table] = bytes
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: measure the tables: %w", err)
	}
	return out, nil
}
