package fiscaldata

import (
	"context"
	"errors"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// Probe asks the publisher for the newest rows of the table, holds the answer
// against the contract, and says in one line what came back. It asks the
// publisher even where cfg names files.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	w := schemas.Window{Part: Statement, From: since, To: schemas.MaxDate}
	rows, _, hash, err := source{g, cfg}.one(ctx, w, cfg.page(w, "-record_date", 1, 20))
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", extract.Contract(Publisher, w, hash, errors.New("no row at all of a table that is published every business day"))
	}
	if err := checkClosing(rows); err != nil {
		return "", extract.Contract(Publisher, w, hash, err)
	}
	newest := rows[0]
	for _, row := range rows {
		if _, ok := row.Closing(); ok && row.Date >= newest.Date {
			newest = row
		}
	}
	closing, _ := newest.Closing()
	return fmt.Sprintf("Treasury cash of USD %d mn at the close of %s", closing, newest.Date), nil
}
