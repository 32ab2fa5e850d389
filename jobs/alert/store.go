package alert

import (
	"context"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Store keeps the lines of incidents.
type Store interface {
	// Incidents returns the newest line of every incident that is not over, and
	// of those whose newest line was written at the given time or later.
	Incidents(ctx context.Context, since time.Time) ([]schemas.Incident, error)
	// Append adds lines. It returns once they are stored.
	Append(ctx context.Context, lines []schemas.Incident) error
}

// NewStore keeps incidents in a warehouse, in ops.incident.
func NewStore(w *clickhouse.Warehouse) Store { return warehouse{w} }

type warehouse struct{ *clickhouse.Warehouse }

func (w warehouse) Incidents(ctx context.Context, since time.Time) ([]schemas.Incident, error) {
	return clickhouse.Read(ctx, w.Warehouse, schemas.Incidents, clickhouse.Query{
		Where: "(incident_id, at) IN (SELECT incident_id, max(at) FROM ops.incident GROUP BY incident_id) AND (state IN ('pending', 'open') OR at >= {since:DateTime64(3)})",
		Args:  []any{clickhouse.Named("since", since)}, Order: "incident_id, at",
	})
}

func (w warehouse) Append(ctx context.Context, lines []schemas.Incident) error {
	return clickhouse.Append(ctx, w.Warehouse, schemas.Incidents, lines)
}
