package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// reach notes what the newest record of the window says, and how far the window
// will have reached by the end of the replacement. No day of it falls out again:
// a row of a day that the window had reached before is looked for among the
// witnesses, and one of a later day is not.
func (r *replacement) reach(ctx context.Context, last standing, known bool) error {
	if known && last.Reach == schemas.NoDate {
		// Recorded before the reach was.
		where, args := windowSQL(r.d, r.step.Window)
		var rows uint64
		var newest int32
		err := r.w.row(ctx, fmt.Sprintf("SELECT count(), toInt32(max(%s)) FROM %s WHERE %s", schemas.QuoteName(r.d.DateColumn), qualified(r.d.Database, r.d.Name), where), args, &rows, &newest)
		if err != nil {
			return fmt.Errorf("look for the newest day of the window: %w", err)
		}
		if rows > 0 {
			last.Reach = schemas.Date(newest)
		}
	}
	r.last = last
	if !known {
		r.last.Reach = schemas.NoDate
	}
	r.step.Reach = r.last.Reach
	if r.part {
		r.step.Reach = max(r.step.Reach, r.kept)
	}
	for day := range r.rows.days {
		r.step.Reach = max(r.step.Reach, day)
	}
	return nil
}

// witness puts into the table's history what a verified swap is about to change
// of a window: the rows that go, and the places, up to the window's reach, in
// which there is nothing yet. Of a window that only goes on where it ended that is
// nothing. It may be repeated.
func (w *Warehouse) witness(ctx context.Context, d schemas.Dataset, s schemas.SwapStep, last standing, kept schemas.Date) error {
	if last.Reach == schemas.NoDate || kept != schemas.NoDate && kept >= last.Reach {
		return nil
	}
	names := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		names[i] = schemas.QuoteName(c.Name)
	}
	columns, key, date := strings.Join(names, ", "), keySQL(d), schemas.QuoteName(d.DateColumn)
	old, args := windowSQL(d, s.Window)
	old = qualified(d.Database, d.Name) + " WHERE " + old
	fresh := qualified("ops", s.Staging) + " WHERE true"
	if kept != schemas.NoDate {
		args = append(args, Named("kept", kept))
		old, fresh = old+" AND "+date+" > {kept:Date32}", fresh+" AND "+date+" > {kept:Date32}"
	}
	seen := milli(w.now())
	if next := last.BuiltAt.Add(time.Millisecond); seen.Before(next) {
		seen = next
	}
	args = append(args, Named("seen", seen))
	gone := "SELECT " + columns + ", true, {seen:DateTime64(3, 'UTC')} FROM " + old
	if s.Rows > 0 {
		hash := rowHash(d, false)
		gone += fmt.Sprintf(" AND %s NOT IN (SELECT %[1]s FROM %s)", hash, fresh)
		args = append(args, Named("reach", last.Reach))
		gone += fmt.Sprintf(" UNION ALL SELECT %s, false, {seen:DateTime64(3, 'UTC')} FROM %s AND %s <= {reach:Date32} AND %s NOT IN (SELECT %[4]s FROM %s)", columns, fresh, date, key, old)
	}
	h := d.History()
	return w.exec(ctx, fmt.Sprintf("INSERT INTO %s (%s, %s, %s) %s", qualified(h.Database, h.Name), columns, schemas.WitnessStood, schemas.WitnessAt, gone), args...)
}

// keySQL is the columns that no two rows of a table have in common.
func keySQL(d schemas.Dataset) string {
	names := make([]string, 0, len(d.Order)+1)
	for _, name := range d.SortKey() {
		names = append(names, schemas.QuoteName(name))
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// Version is what a fact was for a while.
type Version struct {
	Value    schemas.Opt[float64]
	Status   schemas.Status
	Run      string    // that built it
	From, To time.Time // when it stood; To is zero while it does
}

// Versions returns what the fact of a metric and universe on a day has been, oldest
// first.
func (w *Warehouse) Versions(ctx context.Context, metric, universe string, day schemas.Date) ([]Version, error) {
	t, err := tableOf(metric)
	if err != nil {
		return nil, err
	}
	sql := "SELECT value, CAST(status, 'String'), CAST(run_id, 'String'), toUnixTimestamp64Milli(known_from), toUnixTimestamp64Milli(known_to), known_to = " + forEver +
		" FROM (" + versionsSQL([]schemas.Dataset{t.Dataset}, factColumns) + ") WHERE metric = {metric:String} AND universe = {universe:String} AND session = {day:Date} ORDER BY known_from, known_to"
	var out []Version
	err = w.each(ctx, sql, []any{Named("metric", metric), Named("universe", universe), Named("day", day)}, func() { out = nil }, func(rows driver.Rows) error {
		var v Version
		var value *float64
		var from, to int64
		var stands bool
		if err := rows.Scan(&value, (*string)(&v.Status), &v.Run, &from, &to, &stands); err != nil {
			return err
		}
		if value != nil {
			v.Value = schemas.Some(*value)
		}
		v.From = time.UnixMilli(from).UTC()
		if !stands {
			v.To = time.UnixMilli(to).UTC()
		}
		out = append(out, v)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: versions of %s of %s on %s: %w", metric, universe, day, err)
	}
	return out, nil
}

// Superseded returns the figures of days up to one that were replaced after an
// instant and up to another, as they were before the first time: by metric,
// universe and session. What they are now is left open.
func (w *Warehouse) Superseded(ctx context.Context, last schemas.Date, since, until time.Time) ([]schemas.Revision, error) {
	var from []string
	for _, t := range schemas.FactTables {
		h := t.History()
		from = append(from, fmt.Sprintf("SELECT metric, universe, session, value, %s FROM %s WHERE %s AND value IS NOT NULL AND session <= {last:Date} AND %[1]s > {since:DateTime64(3)} AND %[1]s <= {until:DateTime64(3)}",
			schemas.WitnessAt, qualified(h.Database, h.Name), schemas.WitnessStood))
	}
	sql := fmt.Sprintf("SELECT CAST(metric, 'String') AS m, CAST(universe, 'String') AS u, toInt32(session) AS s, argMin(assumeNotNull(value), %s), toUnixTimestamp64Milli(max(%[1]s)) FROM (%s) GROUP BY m, u, s ORDER BY m, u, s",
		schemas.WitnessAt, strings.Join(from, " UNION ALL "))
	var out []schemas.Revision
	err := w.each(ctx, sql, []any{Named("last", last), Named("since", since), Named("until", until)}, func() { out = nil }, func(rows driver.Rows) error {
		var r schemas.Revision
		var day int32
		var at int64
		if err := rows.Scan(&r.Metric, &r.Universe, &day, &r.Was, &at); err != nil {
			return err
		}
		r.Session, r.At = schemas.Date(day), time.UnixMilli(at).UTC()
		out = append(out, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read what was replaced: %w", err)
	}
	return out, nil
}

// TableAt is what comes after FROM to read a table as it stood at an instant, or
// as it stands now where the instant is zero.
func TableAt(d schemas.Dataset, at time.Time) string {
	if at.IsZero() {
		return qualified(d.Database, d.Name)
	}
	columns := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		columns[i] = c.Name
	}
	return fmt.Sprintf("(SELECT * EXCEPT (known_from, known_to) FROM (%s) WHERE known_from <= fromUnixTimestamp64Milli(%d, 'UTC') AND known_to > fromUnixTimestamp64Milli(%[2]d, 'UTC'))",
		versionsSQL([]schemas.Dataset{d}, columns), at.UnixMilli())
}
