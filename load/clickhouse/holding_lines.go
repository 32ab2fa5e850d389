package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// HoldingLines returns what the files of some funds over the half-open days
// [from, to) call their lines, each once: by fund, first day and place in the file.
func (w *Warehouse) HoldingLines(ctx context.Context, funds []string, from, to schemas.Date) ([]schemas.HoldingLine, error) {
	if len(funds) == 0 {
		return nil, nil
	}
	const of = "fund, ticker, name, sector, asset_class, cusip, isin, sedol"
	const sql = "SELECT " + of + ", toInt32(min(as_of)) AS first, toInt32(max(as_of)), min(line) AS place FROM raw.holding" +
		" WHERE fund IN {funds:Array(String)} AND as_of >= {from:Date} AND as_of < {to:Date} GROUP BY " + of + " ORDER BY fund, first, place"
	var out []schemas.HoldingLine
	err := w.each(ctx, sql, []any{Named("funds", funds), Named("from", from), Named("to", to)}, func() { out = nil }, func(rows driver.Rows) error {
		var l schemas.HoldingLine
		var first, last int32
		if err := rows.Scan(&l.Fund, &l.Ticker, &l.Name, &l.Sector, &l.AssetClass, &l.CUSIP, &l.ISIN, &l.SEDOL, &first, &last, &l.Line); err != nil {
			return err
		}
		l.First, l.Last = schemas.Date(first), schemas.Date(last)
		out = append(out, l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the lines of holdings: %w", err)
	}
	return out, nil
}
