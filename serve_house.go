package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"tidemark/jobs"
	"tidemark/jobs/web"
	"tidemark/schemas"
)

// servedHouse is what the page and the API see: the scheduler and its
// warehouse, and the folder of the workbooks.
type servedHouse struct {
	*jobs.Scheduler
	workbooks string
}

var _ web.House = servedHouse{}

// RunDetail returns everything that is known of a run.
func (h servedHouse) RunDetail(ctx context.Context, id string) (*jobs.RunDetail, error) {
	d, err := h.Scheduler.RunDetail(ctx, id)
	if err == nil && d == nil {
		err = fmt.Errorf("run %q: %w", id, web.ErrNotFound)
	}
	return d, err
}

// Slots returns the ledger of a job, newest slot first.
func (h servedHouse) Slots(ctx context.Context, job string, limit int) ([]schemas.Slot, error) {
	return h.Warehouse.Slots(ctx, job, limit)
}

// Leases returns the living processes, those that came first first.
func (h servedHouse) Leases(ctx context.Context) ([]schemas.Lease, error) {
	return h.Warehouse.Leases(ctx)
}

// Universes lists whose facts there are, in the order of the configuration.
func (h servedHouse) Universes(context.Context) ([]web.Universe, error) {
	names := h.Catalog.Config.Names()
	var out []web.Universe
	add := func(id string) {
		if name, ok := names[id]; ok {
			out = append(out, web.Universe{ID: id, Name: name})
		}
	}
	for _, u := range h.Catalog.Config.Universes {
		add(u.ID)
	}
	for _, u := range h.Catalog.Config.Universes {
		if u.Against != "" {
			add(u.ID + "~" + u.Against)
		}
	}
	for _, a := range h.Catalog.Config.Allocations {
		add(a.ID)
	}
	add(jobs.FedUniverse)
	return out, nil
}

// Incidents returns open incidents and then the newest others.
func (h servedHouse) Incidents(ctx context.Context, limit int) ([]schemas.Incident, error) {
	all, err := h.Warehouse.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	// What passed before it counted was never told to anybody.
	all = slices.DeleteFunc(all, func(i schemas.Incident) bool {
		return i.State != schemas.IncidentOpen && i.State != schemas.IncidentResolved
	})
	slices.SortStableFunc(all, func(a, b schemas.Incident) int {
		open := func(i schemas.Incident) int {
			if i.State == schemas.IncidentOpen {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(open(a), open(b)), b.Opened.Compare(a.Opened))
	})
	return all[:min(limit, len(all))], nil
}

// Workbook opens the newest workbook.
func (h servedHouse) Workbook(context.Context) (name string, open func() (io.ReadSeekCloser, error), err error) {
	files, err := filepath.Glob(filepath.Join(h.workbooks, "tidemark-*.xlsx"))
	if err != nil || len(files) == 0 {
		return "", nil, fmt.Errorf("a workbook: %w", web.ErrNotFound)
	}
	newest := slices.Max(files)                                                                     // their names end in the day
	return filepath.Base(newest), func() (io.ReadSeekCloser, error) { return os.Open(newest) }, nil //nolint:gosec // a file of the configured folder
}

// Ready reports whether the warehouse answers.
func (h servedHouse) Ready(ctx context.Context) error { return h.Warehouse.Ping(ctx) }

// Trigger brings jobs up to date now.
func (h servedHouse) Trigger(_ context.Context, req jobs.Request, by string) error {
	req.Cause, req.Follow = "asked for by "+by, true
	return h.Scheduler.Trigger(req)
}

// Rebuild builds a window anew.
func (h servedHouse) Rebuild(_ context.Context, job string, w schemas.Window, by string) error {
	return h.Scheduler.Rebuild(job, w, by)
}

// StartBackfill notes a backfill, which a scheduler takes up.
func (h servedHouse) StartBackfill(ctx context.Context, spec jobs.BackfillSpec, by string) (string, error) {
	return h.Scheduler.StartBackfill(ctx, spec, by, false)
}

// ControlBackfill pauses, resumes or cancels a backfill.
func (h servedHouse) ControlBackfill(ctx context.Context, id string, a jobs.Action, by string) error {
	return h.Scheduler.ControlBackfill(ctx, id, a, by)
}
