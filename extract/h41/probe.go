package h41

import (
	"context"
	"errors"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// Probe asks the publisher for the archive, holds it against the contract, and
// says in one line what came back. The Board offers nothing smaller that is
// not about to be retired, so this is a download of some 9 MB. It asks the
// publisher even where cfg names files.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	cfg.Files = nil
	w := schemas.CutWhole.Window(Release, schemas.MinDate)
	rows, err := source{g, cfg, Select()}.fetch(ctx, w)
	if err != nil {
		return "", err
	}
	var newest schemas.Observation
	for _, row := range rows {
		if row.Series == totalAssets && row.Value.OK {
			newest = row // rows are in order of days
		}
	}
	if !newest.Value.OK {
		return "", extract.Contract(Publisher, w, rows[0].Payload, errors.New("total assets have no value at all"))
	}
	return fmt.Sprintf("total assets of USD %.0f mn on Wednesday %s", newest.Value.V, newest.Date), nil
}
