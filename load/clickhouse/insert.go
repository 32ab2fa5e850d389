package clickhouse

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"tidemark/schemas"
)

// insertBlock is the number of rows that go over the wire at once: as many as
// stay near the processor while they are put into columns, and few enough that
// the server reads some while others are written.
const insertBlock = 1 << 14

// insertSettings make one insert one part and one part only: the server
// collects every block before it writes (the bounds are far above any window)
// and remembers the token of the insert, so that a repetition whose first try
// did arrive adds nothing.
func insertSettings(token string) []ch.Setting {
	return []ch.Setting{
		ch.SettingInt("async_insert", 0),
		ch.SettingInt("insert_deduplicate", 1),
		{Key: "insert_deduplication_token", Value: token, Important: true},
		ch.SettingInt("max_insert_threads", 1),
		ch.SettingInt("min_insert_block_size_rows", 1<<40),
		ch.SettingInt("min_insert_block_size_bytes", 1<<50),
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
	if _, err := newEncoder(t).measure(rows); err != nil {
		return fmt.Errorf("clickhouse: append to %s: %w", t, err)
	}
	if err := insert(ctx, w, t, qualified(t.Database, t.Name), rand.Text(), rows); err != nil {
		return fmt.Errorf("clickhouse: append to %s: %w", t, err)
	}
	return nil
}

// insert sends checked rows into a table with the columns of t, in blocks of
// columns. It may be called again with the same token.
func insert[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], into, token string, rows []T) error {
	names := make([]string, len(t.Fields))
	columns := make([]blockColumn[T], len(t.Fields))
	input := make(proto.Input, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = schemas.QuoteName(f.Name)
		columns[i] = newColumn(f)
		input[i] = proto.InputColumn{Name: f.Name, Data: columns[i].data}
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES", into, strings.Join(names, ", "))
	return w.retry(ctx, func() error {
		next, stop := iter.Pull(slices.Chunk(rows, insertBlock))
		defer stop()
		for _, c := range columns {
			c.take(nil) // what an attempt before has left
		}
		return w.columns.do(ctx, ch.Query{
			Body: sql, Input: input, Settings: insertSettings(token),
			OnInput: func(context.Context) error {
				block, ok := next()
				for _, c := range columns {
					c.take(block)
				}
				if !ok {
					return io.EOF
				}
				return nil
			},
		})
	})
}

// milli cuts t to the milliseconds that are stored, towards the past.
func milli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// qualified returns a table's full name for SQL.
func qualified(database, name string) string {
	return schemas.QuoteName(database) + "." + schemas.QuoteName(name)
}
