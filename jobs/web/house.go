package web

import (
	"context"
	"errors"
	"io"

	"tidemark/jobs"
	"tidemark/schemas"
)

// House is what the page and the API look at and act upon. An error that is
// the asker's own is a [*jobs.UnknownJobError], wraps [ErrNotFound], or has a
// method Usage that returns true: its text is shown. Of every other error
// people see only the id of their request; the text goes to the log.
type House interface {
	Status(ctx context.Context) (*jobs.Status, error)
	Plan(ctx context.Context, req jobs.Request) (*jobs.Plan, error)
	Runs(ctx context.Context, q jobs.RunQuery) ([]schemas.Run, error) // newest first, one line for each run
	RunDetail(ctx context.Context, id string) (*jobs.RunDetail, error)
	Grids(ctx context.Context) ([]jobs.Grid, error)                           // one for each table with windows
	Slots(ctx context.Context, job string, limit int) ([]schemas.Slot, error) // newest first
	Leases(ctx context.Context) ([]schemas.Lease, error)                      // living processes; the first one with role serve schedules
	Series(ctx context.Context, metric, universe string, from, to schemas.Date) ([]jobs.Point, error)
	Universes(ctx context.Context) ([]Universe, error)                    // in the order in which people should meet them
	Incidents(ctx context.Context, limit int) ([]schemas.Incident, error) // open ones first, then newest first
	// Workbook names the newest workbook and opens it. Without one it returns
	// an error that wraps [ErrNotFound].
	Workbook(ctx context.Context) (name string, open func() (io.ReadSeekCloser, error), err error)
	Ready(ctx context.Context) error // whether the warehouse answers

	// Trigger and Rebuild start work and do not wait for it.
	Trigger(ctx context.Context, req jobs.Request, by string) error
	Rebuild(ctx context.Context, job string, w schemas.Window, by string) error

	Backfills(ctx context.Context) ([]jobs.BackfillStatus, error) // newest first
	BackfillStatus(ctx context.Context, id string) (*jobs.BackfillStatus, error)
	PlanBackfill(ctx context.Context, spec jobs.BackfillSpec) (*jobs.Plan, error)
	StartBackfill(ctx context.Context, spec jobs.BackfillSpec, by string) (id string, err error)
	ControlBackfill(ctx context.Context, id string, a jobs.Action, by string) error
}

// Universe is whose facts there are: an index universe, a pair of them, or the
// Federal Reserve.
type Universe struct{ ID, Name string }

// ErrNotFound is wrapped by what a [House] returns for a run, a backfill or a
// workbook that there is not.
var ErrNotFound = errors.New("not found")
