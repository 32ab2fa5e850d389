package web

import (
	"context"
	"slices"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Bounds of what may be asked for.
const (
	maxWorkers = 16
	maxYears   = 200
)

func (s *Server) apiBackfills(ctx context.Context, _ struct{}) (Backfills, error) {
	all, err := s.house.Backfills(ctx)
	return Backfills{each(all, backfillShape)}, err
}

type backfillQuery struct {
	ID string `path:"id" doc:"Id of the backfill."`
}

func (s *Server) apiBackfill(ctx context.Context, q backfillQuery) (Backfill, error) {
	b, err := s.house.BackfillStatus(ctx, q.ID)
	if err != nil {
		return Backfill{}, err
	}
	return backfillShape(*b), nil
}

type backfillSpecQuery struct{ Body BackfillSpec }

func (s *Server) apiPlanBackfill(ctx context.Context, q backfillSpecQuery) (Plan, error) {
	spec, err := s.specOf(ctx, q.Body)
	if err != nil {
		return Plan{}, err
	}
	p, err := s.house.PlanBackfill(ctx, spec)
	if err != nil {
		return Plan{}, err
	}
	return planShape(p), nil
}

func (s *Server) apiStartBackfill(ctx context.Context, q backfillSpecQuery) (Started, error) {
	spec, err := s.specOf(ctx, q.Body)
	if err != nil {
		return Started{}, err
	}
	defer s.forget()
	id, err := s.house.StartBackfill(ctx, spec, byAPI(ctx))
	return Started{id}, err
}

// specOf checks what a backfill is asked to do and fills in the defaults.
func (s *Server) specOf(ctx context.Context, b BackfillSpec) (jobs.BackfillSpec, error) {
	spec := jobs.BackfillSpec{Jobs: b.Jobs, From: b.From, To: b.To, Mode: b.Mode, Order: b.Order, Workers: b.Workers, Follow: b.Follow}
	if spec.Mode == "" {
		spec.Mode = jobs.ModeMissing
	}
	if spec.Order == "" {
		spec.Order = jobs.NewestFirst
	}
	if spec.Workers == 0 {
		spec.Workers = 2
	}
	switch {
	case !slices.Contains([]string{jobs.ModeMissing, jobs.ModeMissingFailed, jobs.ModeAll}, spec.Mode):
		return spec, usage("mode: give one of missing, missing_failed, all")
	case !slices.Contains([]string{jobs.NewestFirst, jobs.OldestFirst}, spec.Order):
		return spec, usage("order: give newest or oldest")
	case spec.Workers < 1 || spec.Workers > maxWorkers:
		return spec, usage("workers: give a number from 1 to %d", maxWorkers)
	}
	if err := checkRange(spec.From, spec.To); err != nil {
		return spec, err
	}
	for _, name := range spec.Jobs {
		if _, err := s.job(ctx, name); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

// checkRange holds the days [from, to) to what a table can hold.
func checkRange(from, to schemas.Date) error {
	switch {
	case from < schemas.MinDate || to > schemas.MaxDate || to == schemas.NoDate:
		return usage("from, to: give days from %s to %s", schemas.MinDate, schemas.MaxDate)
	case from >= to:
		return usage("from %s is not before to %s", from, to)
	case from.AddYears(maxYears) < to:
		return usage("from %s to %s is more than %d years", from, to, maxYears)
	}
	return nil
}

// control makes the handler of an action upon a backfill.
func control(a jobs.Action) func(*Server, context.Context, controlQuery) (Backfill, error) {
	return func(s *Server, ctx context.Context, q controlQuery) (Backfill, error) {
		if err := s.house.ControlBackfill(ctx, q.ID, a, byAPI(ctx)); err != nil {
			return Backfill{}, err
		}
		s.forget()
		return s.apiBackfill(ctx, backfillQuery(q))
	}
}

type controlQuery struct {
	ID string `path:"id" doc:"Id of the backfill."`
}
