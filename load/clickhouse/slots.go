package clickhouse

import (
	"context"

	"tidemark/schemas"
)

// Slots returns the newest line of each slot of a job or, without a name, of
// all jobs, newest slot first. A limit of 0 is none.
func (w *Warehouse) Slots(ctx context.Context, job string, limit int) ([]schemas.Slot, error) {
	q := Query{Order: "job, slot DESC, noted_at DESC, state != 'started' DESC", limitBy: "job, slot", Limit: limit}
	if job != "" {
		q.Where, q.Args = "job = {job:String}", []any{Named("job", job)}
	}
	return Read(ctx, w, schemas.Slots, q)
}
