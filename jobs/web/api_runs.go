package web

import (
	"context"
	"slices"
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

type runsQuery struct {
	Job     string    `query:"job" doc:"Only runs of a job."`
	Dataset string    `query:"dataset" doc:"Only runs that bring a table up to date."`
	Part    string    `query:"part" doc:"Only runs for a part of a table."`
	Outcome string    `query:"outcome" enum:"running ok unchanged no_data not_yet failed stopped held" doc:"Only runs that ended so."`
	Cause   string    `query:"cause" doc:"Only runs that were asked for by this."`
	Before  time.Time `query:"before" doc:"Only runs that started before."`
	Limit   int       `query:"limit" default:"100" min:"1" max:"500" doc:"How many."`
}

// runs returns a page of runs and, where there are older ones, what to give as
// before.
func (s *Server) runs(ctx context.Context, q runsQuery) (runs []schemas.Run, next time.Time, err error) {
	runs, err = s.house.Runs(ctx, jobs.RunQuery{
		Job: q.Job, Dataset: q.Dataset, Part: q.Part, Outcome: q.Outcome, Cause: q.Cause, Before: q.Before, Limit: q.Limit + 1,
	})
	if err == nil && len(runs) > q.Limit {
		runs = runs[:q.Limit]
		next = runs[q.Limit-1].StartedAt
	}
	return runs, next, err
}

func (s *Server) apiRuns(ctx context.Context, q runsQuery) (Runs, error) {
	runs, next, err := s.runs(ctx, q)
	return Runs{each(runs, runShape), instant(next)}, err
}

type runQuery struct {
	ID string `path:"id" doc:"Id of the run."`
}

func (s *Server) apiRun(ctx context.Context, q runQuery) (RunDetail, error) {
	d, err := s.house.RunDetail(ctx, q.ID)
	if err != nil {
		return RunDetail{}, err
	}
	return runDetailShape(d), nil
}

type windowsQuery struct {
	Dataset string `query:"dataset" doc:"Only the windows of a table."`
}

func (s *Server) apiWindows(ctx context.Context, q windowsQuery) (Grids, error) {
	grids, err := s.grids(ctx)
	out := Grids{Tables: []Grid{}}
	for _, g := range grids {
		if q.Dataset == "" || g.Dataset == q.Dataset {
			out.Tables = append(out.Tables, gridShape(g))
		}
	}
	return out, err
}

type rebuildBody struct {
	Job  string       `json:"job"`
	Part string       `json:"part"`
	From schemas.Date `json:"from"`
	To   schemas.Date `json:"to" doc:"The first day after it."`
}

type rebuildQuery struct{ Body rebuildBody }

func (s *Server) apiRebuild(ctx context.Context, q rebuildQuery) (Accepted, error) {
	b := q.Body
	err := s.rebuild(ctx, b.Job, schemas.Window{Part: b.Part, From: b.From, To: b.To}, byAPI(ctx))
	return Accepted{err == nil}, err
}

// rebuild asks for a window of the job's table that exists.
func (s *Server) rebuild(ctx context.Context, job string, w schemas.Window, by string) error {
	if _, err := s.job(ctx, job); err != nil {
		return err
	}
	grids, err := s.grids(ctx)
	if err != nil {
		return err
	}
	for _, g := range grids {
		for _, row := range g.Rows {
			if row.Job == job && slices.ContainsFunc(row.Cells, func(c jobs.GridCell) bool { return c.Window == w }) {
				defer s.forget()
				return s.house.Rebuild(ctx, job, w, by)
			}
		}
	}
	return usage("job %s has no window %s", job, w)
}

// trigger asks for jobs to be brought up to date.
func (s *Server) trigger(ctx context.Context, req jobs.Request, by string) error {
	defer s.forget()
	return s.house.Trigger(ctx, req, by)
}

// byAPI and byPage name the visitor in the logs of runs and backfills.
func byAPI(ctx context.Context) string { return visitorOf(ctx).Name + " (API)" }

func byPage(ctx context.Context) string { return visitorOf(ctx).Name + " (page)" }
