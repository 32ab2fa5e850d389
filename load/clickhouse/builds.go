package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// Builds returns the newest build of each window of a table, named in full
// such as raw.bar.
func (w *Warehouse) Builds(ctx context.Context, dataset string) (map[schemas.Window]schemas.Built, error) {
	lines, err := Read(ctx, w, schemas.Builds, Query{
		Where:   "dataset = {dataset:String}",
		Args:    []any{Named("dataset", dataset)},
		Order:   "part, from_date, to_date, built_at DESC",
		limitBy: "part, from_date, to_date",
	})
	if err != nil {
		return nil, err
	}
	out := make(map[schemas.Window]schemas.Built, len(lines))
	for _, b := range lines {
		out[b.Window] = b
	}
	return out, nil
}

// AllBuilds returns the newest build of each window of every table.
func (w *Warehouse) AllBuilds(ctx context.Context) ([]schemas.Built, error) {
	return Read(ctx, w, schemas.Builds, Query{
		Order:   "dataset, part, from_date, to_date, built_at DESC",
		limitBy: "dataset, part, from_date, to_date",
	})
}

// standing is what a build brought, and when.
type standing struct {
	Content string
	BuiltAt time.Time
	Reach   schemas.Date
	Tied    bool // with the record of another content, of the same millisecond
}

// newest returns what the newest build of one window brought and when, and false
// when there is none. Of the window's lines it reads just that, and compares
// them here: to let the server sort them costs it more than to send them all.
func (w *Warehouse) newest(ctx context.Context, dataset string, win schemas.Window) (last standing, known bool, err error) {
	q := oneWindow(dataset, win)
	err = w.lines(ctx, "SELECT content, built_at, toInt32(ifNull(reach, {none:Int32})) FROM ops.window WHERE "+q.Where, append(q.Args, Named("none", int32(schemas.NoDate))), func() { known = false }, func(rows driver.Rows) error {
		var line standing
		var reach int32
		if err := rows.Scan(&line.Content, &line.BuiltAt, &reach); err != nil {
			return err
		}
		line.Reach = schemas.Date(reach)
		switch {
		case !known || line.BuiltAt.After(last.BuiltAt):
			last, known = line, true
		case line.BuiltAt.Equal(last.BuiltAt) && line.Content != last.Content:
			last.Tied = true
		}
		return nil
	})
	if err != nil {
		return standing{}, false, fmt.Errorf("read the record of the window: %w", err)
	}
	return last, known, nil
}

// record writes a line about a window that is newer than the last one, whatever
// the clocks of the hosts say.
func (w *Warehouse) record(ctx context.Context, b schemas.Built, last time.Time) error {
	b.BuiltAt = milli(w.now())
	if next := last.Add(time.Millisecond).UTC(); b.BuiltAt.Before(next) {
		b.BuiltAt = next
	}
	return Append(ctx, w, schemas.Builds, []schemas.Built{b})
}

// oneWindow selects the lines of an ops log that speak of a window.
func oneWindow(dataset string, win schemas.Window) Query {
	return Query{
		Where: "dataset = {dataset:String} AND part = {part:String} AND from_date = {from:Date} AND to_date = {to:Date}",
		Args: []any{
			Named("dataset", dataset), Named("part", win.Part), Named("from", win.From), Named("to", win.To),
		},
	}
}

// TableHash returns the number of rows of a table and the fingerprint of their
// content. Two tables with the same rows in any order have the same one, in
// whatever warehouse they are; columns that say where a row came from do not
// count.
func (w *Warehouse) TableHash(ctx context.Context, d schemas.Dataset) (rows int64, content string, err error) {
	f, err := w.hash(ctx, qualified(d.Database, d.Name), rowHashSQL(d, false), Query{})
	if err != nil {
		return 0, "", fmt.Errorf("clickhouse: hash %s: %w", d, err)
	}
	return int64(f.rows), f.String(), nil
}

// windowHash returns the fingerprint of all columns of a window as it is
// stored now.
func (w *Warehouse) windowHash(ctx context.Context, d schemas.Dataset, win schemas.Window, all bool) (fingerprint, error) {
	where, args := windowSQL(d, win)
	return w.hash(ctx, qualified(d.Database, d.Name), rowHashSQL(d, all), Query{Where: where, Args: args})
}

func (w *Warehouse) hash(ctx context.Context, table, rowHash string, q Query) (fingerprint, error) {
	hashes := "SELECT " + rowHash + " FROM " + table
	if q.Where != "" {
		hashes += " WHERE " + q.Where
	}
	var f fingerprint
	err := w.row(ctx, "SELECT "+fingerprintSQL+" FROM ("+hashes+")", q.Args, &f.rows, &f.sum, &f.xor)
	return f, err
}

// Span is how far the rows of one part of a table reach.
type Span struct {
	Oldest, Newest schemas.Date
	Rows           int64
}

// DaysAt returns what Days does of an instant, as the builds of the table's windows
// tell it. What a window's first day of rows was they do not: Oldest is NoDate.
func (w *Warehouse) DaysAt(ctx context.Context, d schemas.Dataset, at time.Time) (map[string]Span, error) {
	const sql = "SELECT CAST(part, 'String'), toInt32(max(newest)), sum(held) FROM (" +
		"SELECT part, from_date, max(reach) AS newest, argMax(rows, built_at) AS held FROM ops.window WHERE dataset = {dataset:String} AND built_at <= {at:DateTime64(3)} GROUP BY part, from_date" +
		") WHERE held > 0 AND newest IS NOT NULL GROUP BY part"
	out := make(map[string]Span)
	err := w.each(ctx, sql, []any{Named("dataset", d.String()), Named("at", at)}, func() { clear(out) }, func(rows driver.Rows) error {
		var part string
		var newest int32
		s := Span{Oldest: schemas.NoDate}
		if err := rows.Scan(&part, &newest, &s.Rows); err != nil {
			return err
		}
		s.Newest = schemas.Date(newest)
		out[part] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: days of %s at %s: %w", d, at.UTC().Format(time.RFC3339), err)
	}
	return out, nil
}

// Days returns, for each part of a table that has rows, its first and last day
// and the number of rows. The days are those of the data, not of the builds.
func (w *Warehouse) Days(ctx context.Context, d schemas.Dataset) (map[string]Span, error) {
	if d.Log() {
		return nil, fmt.Errorf("clickhouse: days of %s: the table has no windows", d)
	}
	sql := fmt.Sprintf("SELECT CAST(%s, 'String'), toInt32(min(%s)), toInt32(max(%[2]s)), toInt64(count()) FROM %s GROUP BY %[1]s",
		schemas.QuoteName(d.PartColumn), schemas.QuoteName(d.DateColumn), qualified(d.Database, d.Name))
	out := make(map[string]Span)
	err := w.each(ctx, sql, nil, func() { clear(out) }, func(rows driver.Rows) error {
		var part string
		var oldest, newest int32
		var n int64
		if err := rows.Scan(&part, &oldest, &newest, &n); err != nil {
			return err
		}
		out[part] = Span{Oldest: schemas.Date(oldest), Newest: schemas.Date(newest), Rows: n}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: days of %s: %w", d, err)
	}
	return out, nil
}
