package web

import (
	"context"
	"net/url"
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

// runsView is a page of runs under filters.
type runsView struct {
	Query    runsQuery
	Runs     []schemas.Run
	Jobs     []string
	Outcomes []jobs.Outcome
	Older    string // query of the next page; empty at the end
	Filtered bool
}

// runsShown is how many runs a page lists.
const runsShown = 50

func (s *Server) runsPage(ctx context.Context, q runsQuery) (view, error) {
	st, err := s.status(ctx)
	if err != nil {
		return view{}, err
	}
	q.Limit = runsShown
	runs, next, err := s.runs(ctx, q)
	if err != nil {
		return view{}, err
	}
	v := runsView{
		Query: q, Runs: runs, Jobs: each(st.Jobs, func(j jobs.JobStatus) string { return j.Name }),
		Outcomes: []jobs.Outcome{jobs.Running, jobs.OK, jobs.Unchanged, jobs.NoData, jobs.NotYet, jobs.Failed, jobs.Stopped},
	}
	kept := url.Values{}
	for key, value := range map[string]string{"job": q.Job, "dataset": q.Dataset, "part": q.Part, "outcome": q.Outcome, "cause": q.Cause} {
		if value != "" {
			kept.Set(key, value)
			v.Filtered = true
		}
	}
	if !next.IsZero() {
		kept.Set("before", next.UTC().Format(time.RFC3339Nano))
		v.Older = "?" + kept.Encode()
	}
	return view{Page: "runs", Title: "Runs", Nav: "runs", Body: v}, nil
}

func (s *Server) runPage(ctx context.Context, q runQuery) (view, error) {
	d, err := s.house.RunDetail(ctx, q.ID)
	if err != nil {
		return view{}, err
	}
	return view{Page: "run", Title: d.Run.Job + " " + d.Run.Window.Span(), Nav: "runs", Body: runView{RunDetail: d}}, nil
}

// runView is a run with everything that is known of it.
type runView struct{ *jobs.RunDetail }

// Ended reports whether the run is over.
func (v runView) Ended() bool { return !v.Run.FinishedAt.IsZero() }

// Took is how long the run was at work.
func (v runView) Took() time.Duration { return v.Run.FinishedAt.Sub(v.Run.StartedAt) }
