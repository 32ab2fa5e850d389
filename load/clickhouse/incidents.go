package clickhouse

import (
	"context"

	"tidemark/schemas"
)

// Incidents returns the newest line of every incident.
func (w *Warehouse) Incidents(ctx context.Context) ([]schemas.Incident, error) {
	return Read(ctx, w, schemas.Incidents, Query{Order: "incident_id, at DESC", limitBy: "incident_id"})
}
