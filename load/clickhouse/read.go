package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// Query says which rows to read. Values go into Where by name, with their
// ClickHouse type: Where: "symbol = {s:String} AND session >= {from:Date}".
// The zero Query reads the whole table.
type Query struct {
	Where string
	Args  []any  // made with Named
	Order string // for example "session, symbol"; empty for no order
	Limit int    // 0 for no limit
	// Columns names the columns to read; the fields of the others stay zero. Nil
	// reads all of them.
	Columns []string

	limitBy string // columns of which only the first row in Order is wanted
	perKey  int    // how many first rows limitBy keeps; 0 means 1
}

// Named gives a value to a name in Query.Where. Values are schemas.Date,
// time.Time, strings, numbers and slices of them.
func Named(name string, value any) any {
	if t, ok := value.(time.Time); ok {
		value = milli(t)
	}
	return clickhouse.Named(name, value)
}

// InWindow returns the Query for the rows of a window in the table's order.
// The window need not be one of the table's own: any part and days will do.
func InWindow(d schemas.Dataset, w schemas.Window) Query {
	order := make([]string, len(d.Order))
	for i, name := range d.Order {
		order[i] = schemas.QuoteName(name)
	}
	where, args := windowSQL(d, w)
	return Query{Where: where, Args: args, Order: strings.Join(order, ", ")}
}

// And returns the Query with a further condition and the values it names.
func (q Query) And(where string, args ...any) Query {
	if q.Where != "" {
		where = "(" + q.Where + ") AND (" + where + ")"
	}
	q.Where, q.Args = where, slices.Concat(q.Args, args)
	return q
}

// fieldsOf returns the fields that a query reads.
func fieldsOf[T any](t schemas.Table[T], q Query) []schemas.Field[T] {
	if q.Columns == nil {
		return t.Fields
	}
	return slices.DeleteFunc(slices.Clone(t.Fields), func(f schemas.Field[T]) bool { return !slices.Contains(q.Columns, f.Name) })
}

// windowSQL returns the condition that selects the rows of w.
func windowSQL(d schemas.Dataset, w schemas.Window) (string, []any) {
	where := schemas.QuoteName(d.PartColumn) + " = {window_part:String}"
	args := []any{Named("window_part", w.Part)}
	if w == schemas.CutWhole.Window(w.Part, w.From) {
		return where, args // days before 1970 included
	}
	date := schemas.QuoteName(d.DateColumn)
	return fmt.Sprintf("%s AND %s >= {window_from:Date32} AND %[2]s < {window_to:Date32}", where, date),
		append(args, Named("window_from", w.From), Named("window_to", w.To))
}

// Read returns the rows of a query.
func Read[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], q Query) ([]T, error) {
	// Rows gather in chunks, so that a long result is copied once and not each
	// time that a slice has to grow.
	var full [][]T
	var chunk []T
	begin := func() { full, chunk = nil, nil }
	r := newReader(t, q)
	err := w.each(ctx, selectSQL(t, q), q.Args, begin, func(rows driver.Rows) error {
		if len(chunk) == cap(chunk) {
			if len(chunk) > 0 {
				full = append(full, chunk)
			}
			chunk = make([]T, 0, min(max(64, 2*len(chunk)), readBatch))
		}
		chunk = chunk[:len(chunk)+1]
		return r.scan(rows, &chunk[len(chunk)-1])
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read %s: %w", t, err)
	}
	if len(full) == 0 {
		return chunk, nil
	}
	return slices.Concat(append(full, chunk)...), nil
}

// readBatch is the number of rows that Stream yields at once.
const readBatch = 1 << 16

// Stream yields the rows of a query in batches, for results that need not be
// held at once. A batch is the consumer's until it asks for the next one;
// then its memory is used again. After an error nothing more is yielded.
func Stream[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], q Query) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		fail := func(err error) { yield(nil, fmt.Errorf("clickhouse: read %s: %w", t, err)) }
		// A consumer that stops early ends the query, instead of having the
		// rest of it sent and thrown away.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var rows driver.Rows
		if err := w.retry(ctx, func() (err error) {
			rows, err = w.conn.Query(ctx, selectSQL(t, q), q.Args...)
			return err
		}); err != nil {
			fail(err)
			return
		}
		defer func() {
			cancel()
			_ = rows.Close() // what went wrong is in rows.Err
		}()
		r := newReader(t, q)
		batch := make([]T, 0, readBatch)
		for rows.Next() {
			batch = append(batch, *new(T))
			if err := r.scan(rows, &batch[len(batch)-1]); err != nil {
				fail(err)
				return
			}
			if len(batch) == readBatch {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
			return
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// selectSQL asks for the columns in forms that the client reads without
// allocating: days and instants as integers, and nullable columns as a flag
// and a value; or, for numbers with a point, as NaN, which is never stored. The
// expressions have no names of their own, so that Where
// speaks of the stored columns.
func selectSQL[T any](t schemas.Table[T], q Query) string {
	var exprs []string
	for _, f := range fieldsOf(t, q) {
		name := schemas.QuoteName(f.Name)
		switch f.Kind {
		case schemas.KindText, schemas.KindSymbol, schemas.KindFloat, schemas.KindInt, schemas.KindBool:
			exprs = append(exprs, name)
		case schemas.KindDate, schemas.KindLongDate:
			exprs = append(exprs, "toInt32("+name+")")
		case schemas.KindOptDate:
			exprs = append(exprs, "isNotNull("+name+")", "toInt32(assumeNotNull("+name+"))")
		case schemas.KindTime:
			exprs = append(exprs, "toUnixTimestamp64Milli("+name+")")
		case schemas.KindOptTime:
			exprs = append(exprs, "isNotNull("+name+")", "toUnixTimestamp64Milli(assumeNotNull("+name+"))")
		case schemas.KindOptFloat:
			exprs = append(exprs, "ifNull("+name+", nan)")
		case schemas.KindOptInt:
			exprs = append(exprs, "isNotNull("+name+")", "assumeNotNull("+name+")")
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM %s", strings.Join(exprs, ", "), qualified(t.Database, t.Name))
	if q.Where != "" {
		b.WriteString(" WHERE " + q.Where)
	}
	if q.Order != "" {
		b.WriteString(" ORDER BY " + q.Order)
	}
	if q.limitBy != "" {
		fmt.Fprintf(&b, " LIMIT %d BY %s", max(1, q.perKey), q.limitBy)
	}
	if q.Limit > 0 {
		fmt.Fprintf(&b, " LIMIT %d", q.Limit)
	}
	return b.String()
}

// reader takes the rows of selectSQL apart.
type reader[T any] struct {
	fields []schemas.Field[T]
	cells  []cell // one for each field
	dest   []any
}

// cell holds what a column delivers until it is put into the row.
type cell struct {
	known uint8 // of a nullable column
	day   int32
	milli int64
	f     float64
	i     int64
	last  string
	seen  map[string]string // one copy of each symbol
}

func newReader[T any](t schemas.Table[T], q Query) *reader[T] {
	fields := fieldsOf(t, q)
	return &reader[T]{fields: fields, cells: make([]cell, len(fields))}
}

func (r *reader[T]) scan(rows driver.Rows, row *T) error {
	r.dest = r.dest[:0]
	for i := range r.fields {
		f, c := &r.fields[i], &r.cells[i]
		switch f.Kind {
		case schemas.KindText, schemas.KindSymbol:
			r.dest = append(r.dest, f.Text(row))
		case schemas.KindFloat:
			r.dest = append(r.dest, f.Float(row))
		case schemas.KindInt:
			r.dest = append(r.dest, f.Int(row))
		case schemas.KindBool:
			r.dest = append(r.dest, f.Bool(row))
		case schemas.KindDate, schemas.KindLongDate:
			r.dest = append(r.dest, &c.day)
		case schemas.KindOptDate:
			r.dest = append(r.dest, &c.known, &c.day)
		case schemas.KindTime:
			r.dest = append(r.dest, &c.milli)
		case schemas.KindOptTime:
			r.dest = append(r.dest, &c.known, &c.milli)
		case schemas.KindOptFloat:
			r.dest = append(r.dest, &c.f)
		case schemas.KindOptInt:
			r.dest = append(r.dest, &c.known, &c.i)
		}
	}
	if err := rows.Scan(r.dest...); err != nil {
		return err
	}
	for i := range r.fields {
		f, c := &r.fields[i], &r.cells[i]
		known := c.known == 1
		switch f.Kind {
		case schemas.KindSymbol:
			s := f.Text(row)
			*s = c.intern(*s)
		case schemas.KindDate, schemas.KindLongDate:
			*f.Date(row) = schemas.Date(c.day)
		case schemas.KindOptDate:
			*f.Date(row) = schemas.NoDate
			if known {
				*f.Date(row) = schemas.Date(c.day)
			}
		case schemas.KindTime:
			*f.Time(row) = time.UnixMilli(c.milli).UTC()
		case schemas.KindOptTime:
			if known {
				*f.Time(row) = time.UnixMilli(c.milli).UTC()
			}
		case schemas.KindOptFloat:
			if !math.IsNaN(c.f) {
				*f.OptFloat(row) = schemas.Some(c.f)
			}
		case schemas.KindOptInt:
			if known {
				*f.OptInt(row) = schemas.Some(c.i)
			}
		case schemas.KindText, schemas.KindFloat, schemas.KindInt, schemas.KindBool:
			// Scanned in place.
		}
	}
	return nil
}

// intern returns s in the copy that earlier rows share.
func (c *cell) intern(s string) string {
	if s == c.last {
		return c.last
	}
	if c.seen == nil {
		c.seen = make(map[string]string)
	}
	one, ok := c.seen[s]
	if !ok {
		one = s
		c.seen[s] = s
	}
	c.last = one
	return one
}
