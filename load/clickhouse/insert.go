package clickhouse

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// insertBlock is the number of rows that go over the wire at once. It bounds
// what the client holds beside the rows themselves.
const insertBlock = 1 << 17

// insertSettings make one insert one part and one part only: the server
// collects every block before it writes (the bounds are far above any window)
// and remembers the token of the insert, so that a repetition whose first try
// did arrive adds nothing. Symbols travel as plain strings, of which the server
// makes dictionaries: that spares the client a third of its work.
func insertSettings(token string) clickhouse.Settings {
	return clickhouse.Settings{
		"async_insert":                           0,
		"insert_deduplicate":                     1,
		"insert_deduplication_token":             token,
		"max_insert_threads":                     1,
		"min_insert_block_size_rows":             1 << 40,
		"min_insert_block_size_bytes":            1 << 50,
		"low_cardinality_allow_in_native_format": 0,
	}
}

// Append adds rows to one of the logs of ops. It returns once they are
// stored. A line whose acknowledgement was lost is sent again and is stored
// once.
func Append[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], rows []T) error {
	if !t.Log() {
		return fmt.Errorf("clickhouse: append to %s: the table has windows, which are replaced and never appended to", t)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, _, err := newEncoder(t).measure(rows); err != nil {
		return fmt.Errorf("clickhouse: append to %s: %w", t, err)
	}
	if err := insert(ctx, w, t, qualified(t.Database, t.Name), rand.Text(), rows); err != nil {
		return fmt.Errorf("clickhouse: append to %s: %w", t, err)
	}
	return nil
}

// insert sends checked rows into a table with the columns of t. It may be
// called again with the same token.
func insert[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], into, token string, rows []T) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings(token)))
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = schemas.QuoteName(f.Name)
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s)", into, strings.Join(names, ", "))
	return w.retry(ctx, func() error {
		b, err := w.conn.PrepareBatch(ctx, sql)
		if err != nil {
			return err
		}
		if err := send(b, t, rows); err != nil {
			_ = b.Abort() // err says what happened
			return err
		}
		return b.Send()
	})
}

// send appends rows column by column, in blocks.
func send[T any](b driver.Batch, t schemas.Table[T], rows []T) error {
	cols := make([]column[T], len(t.Fields))
	for i := range t.Fields {
		cols[i].Field = &t.Fields[i]
	}
	for from := 0; from < len(rows); from += insertBlock {
		block := rows[from:min(from+insertBlock, len(rows))]
		for i := range cols {
			if err := b.Column(i).Append(cols[i].values(block)); err != nil {
				return fmt.Errorf("column %s: %w", cols[i].Field.Name, err)
			}
		}
		if from+insertBlock < len(rows) {
			if err := b.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// column gathers the values of one field of many rows into the slice type
// that the client takes for the field's kind. The slices are used again for
// the next block.
type column[T any] struct {
	Field  *schemas.Field[T]
	texts  []string
	times  []time.Time
	opts   []*time.Time
	floats []float64
	optF   []*float64
	ints   []int64
	optI   []*int64
	bools  []bool
}

func (c *column[T]) values(rows []T) any {
	f := c.Field
	switch f.Kind {
	case schemas.KindText, schemas.KindSymbol:
		c.texts = c.texts[:0]
		for i := range rows {
			c.texts = append(c.texts, *f.Text(&rows[i]))
		}
		return c.texts
	case schemas.KindDate, schemas.KindLongDate:
		c.times = c.times[:0]
		for i := range rows {
			c.times = append(c.times, f.Date(&rows[i]).Time())
		}
		return c.times
	case schemas.KindTime:
		c.times = c.times[:0]
		for i := range rows {
			c.times = append(c.times, milli(*f.Time(&rows[i])))
		}
		return c.times
	case schemas.KindOptDate:
		return c.optional(rows, func(r *T) (time.Time, bool) {
			d := *f.Date(r)
			return d.Time(), d != schemas.NoDate
		})
	case schemas.KindOptTime:
		return c.optional(rows, func(r *T) (time.Time, bool) {
			t := *f.Time(r)
			return milli(t), !t.IsZero()
		})
	case schemas.KindFloat:
		c.floats = c.floats[:0]
		for i := range rows {
			c.floats = append(c.floats, *f.Float(&rows[i]))
		}
		return c.floats
	case schemas.KindOptFloat:
		c.optF = c.optF[:0]
		for i := range rows {
			c.optF = append(c.optF, pointer(f.OptFloat(&rows[i])))
		}
		return c.optF
	case schemas.KindInt:
		c.ints = c.ints[:0]
		for i := range rows {
			c.ints = append(c.ints, *f.Int(&rows[i]))
		}
		return c.ints
	case schemas.KindOptInt:
		c.optI = c.optI[:0]
		for i := range rows {
			c.optI = append(c.optI, pointer(f.OptInt(&rows[i])))
		}
		return c.optI
	case schemas.KindBool:
		c.bools = c.bools[:0]
		for i := range rows {
			c.bools = append(c.bools, *f.Bool(&rows[i]))
		}
		return c.bools
	}
	panic(fmt.Sprintf("clickhouse: column %s has an unknown kind", f.Name))
}

// optional fills opts with pointers into times, nil where get reports false.
func (c *column[T]) optional(rows []T, get func(*T) (time.Time, bool)) []*time.Time {
	c.times = append(c.times[:0], make([]time.Time, len(rows))...)
	c.opts = c.opts[:0]
	for i := range rows {
		t, ok := get(&rows[i])
		if !ok {
			c.opts = append(c.opts, nil)
			continue
		}
		c.times[i] = t
		c.opts = append(c.opts, &c.times[i])
	}
	return c.opts
}

func pointer[V any](o *schemas.Opt[V]) *V {
	if !o.OK {
		return nil
	}
	return &o.V
}

// milli cuts t to the milliseconds that are stored, towards the past.
func milli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// qualified returns a table's full name for SQL.
func qualified(database, name string) string {
	return schemas.QuoteName(database) + "." + schemas.QuoteName(name)
}
