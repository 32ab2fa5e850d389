package clickhouse

import (
	"context"
	"slices"

	"tidemark/schemas"
)

// Backfills returns the newest line of every backfill, the newest backfill
// first.
func (w *Warehouse) Backfills(ctx context.Context) ([]schemas.Backfill, error) {
	lines, err := Read(ctx, w, schemas.Backfills, Query{Order: "backfill_id, at DESC", limitBy: "backfill_id"})
	slices.Reverse(lines) // ids are in the order of time
	return lines, err
}
