package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// On most evenings a window goes on where it ended: a session is added to a
// year of bars that stays as it was. Such a window is published by its new days
// alone; the rows before them are taken over from the table as they lie on the
// disk, which costs no reading and no writing. Nobody who reads can tell: the
// window is exchanged in one step all the same.

// growth says that a window has only changed at its end.
type growth struct {
	after   schemas.Date // the newest day that is kept
	added   fingerprint  // of all columns of the rows that are new
	content fingerprint  // of their content
	dropped fingerprint  // of all columns of the rows after the day, in whose place they come
}

const (
	// growFrom is the number of rows from which keeping them pays: it takes a
	// few statements more.
	growFrom = 1 << 16
	// growShare is how many rows must be kept for each that is new. A part
	// that is added again and again is merged with the others later.
	growShare = 8
)

// lookForGrowth finds out up to which day the rows are those of the window as it
// stands, of which the content is given, and whether keeping those pays.
func (r *replacement) lookForGrowth(ctx context.Context, stands string) error {
	held, ok := parseFingerprint(stands)
	if !ok {
		return nil
	}
	g := growth{after: schemas.NoDate}
	var kept fingerprint
	for _, day := range slices.Sorted(maps.Keys(r.rows.days)) {
		d := r.rows.days[day]
		if kept.rows < held.rows {
			kept.join(d.content)
			g.after = day
			continue
		}
		if g.added.rows == 0 {
			r.kept = day - 1
		}
		g.added.join(d.all)
	}
	switch {
	case g.after == schemas.NoDate:
		return nil
	case kept != held || g.added.rows == 0:
		return r.lookForChange(ctx, held)
	case held.rows < growFrom || g.added.rows > kept.rows/growShare:
		return nil
	}
	r.growBy(g, stands)
	return nil
}

// lookForChange asks the server for the first day on which the window as it
// stands differs from the rows, where asking costs next to nothing.
func (r *replacement) lookForChange(ctx context.Context, held fingerprint) error {
	r.kept = schemas.NoDate
	if held.rows >= growFrom || r.d.DateColumn == "" {
		return nil
	}
	stood, err := r.w.dayHashes(ctx, r.d, r.step.Window, schemas.MinLongDate)
	if err != nil {
		return fmt.Errorf("hash the days of the window: %w", err)
	}
	first := schemas.MaxLongDate
	for day, d := range r.rows.days {
		if stood[day] != d.content {
			first = min(first, day)
		}
	}
	for day := range stood {
		if r.rows.days[day] == nil {
			first = min(first, day)
		}
	}
	r.kept = first - 1
	return nil
}

// dayHashes returns the fingerprint of the content of each day of a window from
// one on.
func (w *Warehouse) dayHashes(ctx context.Context, d schemas.Dataset, win schemas.Window, first schemas.Date) (map[schemas.Date]fingerprint, error) {
	where, args := windowSQL(d, win)
	ask := w.each
	if first > schemas.MinLongDate {
		ask = w.lines // the last few days are few rows
		where += fmt.Sprintf(" AND %s >= {first:Date32}", schemas.QuoteName(d.DateColumn))
		args = append(args, Named("first", first))
	}
	sql := fmt.Sprintf("SELECT day, %s FROM (SELECT toInt32(%s) AS day, %s FROM %s WHERE %s) GROUP BY day",
		fingerprintSQL, schemas.QuoteName(d.DateColumn), rowHashSQL(d, false), qualified(d.Database, d.Name), where)
	out := make(map[schemas.Date]fingerprint)
	err := ask(ctx, sql, args, func() { clear(out) }, func(rows driver.Rows) error {
		var day int32
		var f fingerprint
		if err := rows.Scan(&day, &f.rows, &f.sum, &f.xor); err != nil {
			return err
		}
		out[schemas.Date(day)] = f
		return nil
	})
	return out, err
}

// growBy makes the replacement one that keeps the window as it stands, of which
// the content is given, and adds to it. Where it is not known which swap
// brought that, all is written anew.
func (r *replacement) growBy(g growth, stands string) {
	held, _ := parseFingerprint(stands)
	whole, ok := parseFingerprint(r.before.brought(stands).hash)
	if !ok || whole.rows != held.rows {
		return
	}
	whole.part(g.dropped)
	whole.join(g.added)
	r.grown, r.step.Hash = &g, whole.String()
}

// fillGrown stages the new rows and takes over the others from the table. It
// reports false where that came out otherwise than it must: another process has
// worked on the window meanwhile, or a statement whose answer was lost has been
// run twice.
func (r *replacement) fillGrown(ctx context.Context) (bool, error) {
	w, into := r.w, qualified("ops", r.step.Staging)
	if err := r.send(ctx, r.grown.after, r.grown.added); err != nil {
		return false, err
	}
	if err := r.takeOver(ctx, into); err != nil {
		return false, fmt.Errorf("take over %d rows of the window: %w", r.step.Rows-int64(r.grown.added.rows), err)
	}
	w.at("attached")
	var rows uint64
	if err := w.row(ctx, "SELECT count() FROM "+into, nil, &rows); err != nil {
		return false, fmt.Errorf("count the staged rows: %w", err)
	}
	// Each swap is in the journal before it changes the window. What was taken
	// over is what stood there before this one if there is no other.
	all, err := w.swapsOf(ctx, r.step.Dataset, r.step.Window)
	if err != nil {
		return false, err
	}
	delete(all, r.step.SwapID)
	return int64(rows) == r.step.Rows && maps.Equal(all, r.before), nil
}

// takeOver brings the rows that are kept into the staging table: as they lie on
// the disk where all of them are kept, and as a copy where some are not.
func (r *replacement) takeOver(ctx context.Context, into string) error {
	from := qualified(r.d.Database, r.d.Name)
	if r.grown.dropped.rows == 0 {
		return r.w.exec(ctx, fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s FROM %s", into, r.d.Partition(r.step.Window), from))
	}
	where, args := windowSQL(r.d, r.step.Window)
	return r.w.exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT * FROM %s WHERE %s AND %s <= {after:Date32}", into, from, where, schemas.QuoteName(r.d.DateColumn)),
		append(args, Named("after", r.grown.after))...)
}

// after returns the rows of the days after one, or all where that is NoDate.
func (e encoder[T]) after(rows []T, day schemas.Date) []T {
	if day == schemas.NoDate {
		return rows
	}
	var out []T
	for i := range rows {
		if e.day(&rows[i]) > day {
			out = append(out, rows[i])
		}
	}
	return out
}
