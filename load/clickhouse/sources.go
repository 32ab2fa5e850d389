package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// Sources returns which answers of publishers the raw rows were read from,
// ordered by table, part and day. It reads mart.source, which Views makes.
func (w *Warehouse) Sources(ctx context.Context) ([]schemas.SourceLine, error) {
	const sql = "SELECT dataset, part, publisher, request, toInt32(first_day), toInt32(last_day), ifNull(toUnixTimestamp64Milli(fetched_at), 0), payload" +
		" FROM mart.source ORDER BY dataset, part, first_day, last_day, payload"
	var out []schemas.SourceLine
	err := w.each(ctx, sql, nil, func() { out = nil }, func(rows driver.Rows) error {
		var s schemas.SourceLine
		var from, to int32
		var at int64
		if err := rows.Scan(&s.Dataset, &s.Part, &s.Publisher, &s.Request, &from, &to, &at, &s.Hash); err != nil {
			return err
		}
		s.From, s.To = schemas.Date(from), schemas.Date(to)
		if at != 0 {
			s.FetchedAt = time.UnixMilli(at).UTC()
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read mart.source: %w", err)
	}
	return out, nil
}
