package fred

import (
	"context"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// Probe asks the publisher for the history of WALCL (some 30 kB), through the
// API where there is a key and else as keyless CSV, holds the answer against
// the contract, and says in one line what came back. It asks the publisher
// even where cfg names files.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	cfg.Files = nil
	rows, err := source{g, cfg}.fetch(ctx, schemas.CutWhole.Window(Part("WALCL"), schemas.MinDate))
	if err != nil {
		return "", err
	}
	how := "keyless CSV"
	if cfg.Key != "" {
		how = "API"
	}
	newest := rows[len(rows)-1]
	return fmt.Sprintf("WALCL %.0f (%s) for %s, by %s", newest.Value.V, newest.Unit, newest.Date, how), nil
}
