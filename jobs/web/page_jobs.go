package web

import (
	"context"
	"net/url"

	"tidemark/jobs"
	"tidemark/schemas"
)

// jobView is a job with its ledger of slots and its newest runs.
type jobView struct {
	Job   jobs.JobStatus
	Runs  []schemas.Run
	Slots []schemas.Slot
	Shown int // slots asked for; with as many there may be more
}

type jobPageQuery struct {
	Job   string `path:"job"`
	Slots int    `query:"slots" default:"60" min:"1" max:"500"`
}

func (s *Server) jobPage(ctx context.Context, q jobPageQuery) (view, error) {
	j, err := s.job(ctx, q.Job)
	if err != nil {
		return view{}, err
	}
	runs, err := s.house.Runs(ctx, jobs.RunQuery{Job: q.Job, Limit: 10})
	if err != nil {
		return view{}, err
	}
	slots, err := s.house.Slots(ctx, q.Job, q.Slots)
	if err != nil {
		return view{}, err
	}
	return view{Page: "job", Title: q.Job, Nav: "overview", Body: jobView{Job: j, Runs: runs, Slots: slots, Shown: q.Slots}}, nil
}

type runJobForm struct {
	Job     string `path:"job"`
	Refresh bool   `query:"refresh"`
}

func (s *Server) runJob(ctx context.Context, in runJobForm) (string, error) {
	if _, err := s.job(ctx, in.Job); err != nil {
		return "", err
	}
	return "/jobs/" + url.PathEscape(in.Job) + "?done=run", s.trigger(ctx, jobs.Request{Jobs: []string{in.Job}, Refresh: in.Refresh}, byPage(ctx))
}

type planPageQuery struct {
	Refresh bool `query:"refresh"`
}

func (s *Server) planPage(ctx context.Context, q planPageQuery) (view, error) {
	p, err := s.house.Plan(ctx, jobs.Request{Refresh: q.Refresh})
	if err != nil {
		return view{}, err
	}
	return view{Page: "plan", Title: "Plan", Nav: "overview", Body: planOf(p)}, nil
}

// planView is a plan as the page shows it.
type planView struct {
	*jobs.Plan
	Shown  []jobs.Planned
	Hidden int
	Counts []verdictCount
}

type verdictCount struct {
	Verdict jobs.Verdict
	N       int
}

// planRows is how many windows of a plan are shown; the API has all.
const planRows = 400

func planOf(p *jobs.Plan) *planView {
	v := &planView{Plan: p, Shown: p.Windows}
	if len(v.Shown) > planRows {
		v.Shown, v.Hidden = v.Shown[:planRows], len(v.Shown)-planRows
	}
	n := map[jobs.Verdict]int{jobs.UpToDate: p.UpToDate}
	for _, w := range p.Windows {
		n[w.Verdict]++
	}
	for _, verdict := range []jobs.Verdict{jobs.Build, jobs.Follows, jobs.Waits, jobs.HeldBack, jobs.UpToDate} {
		v.Counts = append(v.Counts, verdictCount{verdict, n[verdict]})
	}
	return v
}
