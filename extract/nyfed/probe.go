package nyfed

import (
	"context"
	"errors"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// Probe asks the publisher for the five newest rows of SOFR, holds the answer
// against the contract, and says in one line what came back. It asks the
// publisher even where cfg names files.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	w := schemas.CutWhole.Window("SOFR", schemas.MinDate)
	rows, hash, err := answer(ctx, g, w, cfg.base()+"/api/rates/secured/sofr/last/5.json", ParseRates)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", breach(w, hash, errors.New("no row at all of a rate that is published every business day"))
	}
	newest := rows[0]
	for _, r := range rows {
		if r.Name != "SOFR" {
			return "", breach(w, hash, fmt.Errorf("asked for SOFR and got a row of %s", r.Name))
		}
		if r.Date > newest.Date {
			newest = r
		}
	}
	return fmt.Sprintf("SOFR %.2f %% for %s", newest.Percent.V, newest.Date), nil
}
