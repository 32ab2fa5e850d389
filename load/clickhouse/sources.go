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
	return w.sources(ctx, sql, nil)
}

// SourcesAt returns the same of an instant: of each window of a raw table as it
// stood then, the answers that went into it, with the days that the window had
// reached.
func (w *Warehouse) SourcesAt(ctx context.Context, at time.Time) ([]schemas.SourceLine, error) {
	const sql = "SELECT dataset, part, publisher, request, toInt32(first_day), toInt32(last_day), fetched, payload FROM (\n" +
		"    SELECT dataset, part, from_date AS first_day, max(least(reach, to_date - 1)) OVER (PARTITION BY dataset, part, from_date) AS last_day, run_id, built_at, swap_id\n" +
		"    FROM ops.window WHERE startsWith(dataset, 'raw.') AND built_at <= {at:DateTime64(3)} AND rows > 0\n" +
		"    ORDER BY swap_id = '', built_at DESC LIMIT 1 BY dataset, part, from_date\n) AS b\n" +
		"INNER JOIN (SELECT DISTINCT run_id, content AS payload FROM ops.input WHERE kind = 'payload') AS i USING (run_id)\n" +
		"INNER JOIN (SELECT payload, argMin(publisher, fetched_at) AS publisher, argMin(request, fetched_at) AS request, toUnixTimestamp64Milli(min(fetched_at)) AS fetched FROM ops.payload GROUP BY payload) AS p USING (payload)\n" +
		"ORDER BY dataset, part, first_day, last_day, payload"
	return w.sources(ctx, sql, []any{Named("at", at)})
}

func (w *Warehouse) sources(ctx context.Context, sql string, args []any) ([]schemas.SourceLine, error) {
	var out []schemas.SourceLine
	err := w.each(ctx, sql, args, func() { out = nil }, func(rows driver.Rows) error {
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
		return nil, fmt.Errorf("clickhouse: read the sources: %w", err)
	}
	return out, nil
}
