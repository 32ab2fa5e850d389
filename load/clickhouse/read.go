package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

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
	// KnownAt asks for the rows as they stood at an instant; zero for those that
	// stand now.
	KnownAt time.Time

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
	// Rows gather block by block, so that a long result is copied once and not
	// each time that a slice has to grow.
	var full [][]T
	err := blocks(ctx, w, t, q, func() { full = nil }, func(n int, put func([]T)) {
		rows := make([]T, n)
		put(rows)
		full = append(full, rows)
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read %s: %w", t, err)
	}
	if len(full) == 1 {
		return full[0], nil
	}
	return slices.Concat(full...), nil
}

// Scan hands on the rows of one of the table's windows block by block, in the
// table's order, and returns the fingerprint of what it handed on, as Replace
// records it. The rows lack the columns that say where they came from, and are
// overwritten by the next block. After a broken connection they come again from
// the first one on: begin is called before each attempt.
func Scan[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], win schemas.Window, begin func(), take func(rows []T)) (content string, err error) {
	enc := newEncoder(t)
	q := InWindow(t.Dataset, win)
	for _, f := range enc.content {
		q.Columns = append(q.Columns, f.Name)
	}
	enc.origin, enc.date = nil, nil // the rows are measured as a whole
	var all fingerprint
	var refused error
	var rows []T
	err = blocks(ctx, w, t, q, func() { all, refused = fingerprint{}, nil; begin() }, func(n int, put func([]T)) {
		rows = slices.Grow(rows[:0], n)[:n]
		clear(rows) // where there is no value, none is put
		put(rows)
		some, err := enc.measureRows(rows, 0, n)
		refused = errors.Join(refused, err)
		all.join(some.content)
		take(rows)
	})
	if err = errors.Join(err, refused); err != nil {
		return "", fmt.Errorf("clickhouse: read %s, window %s: %w", t, win, err)
	}
	return all.String(), nil
}

// selectSQL asks for the columns as they are stored.
func selectSQL[T any](t schemas.Table[T], q Query) string {
	var names []string
	for _, f := range fieldsOf(t, q) {
		names = append(names, schemas.QuoteName(f.Name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM %s", strings.Join(names, ", "), TableAt(t.Dataset, q.KnownAt))
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
