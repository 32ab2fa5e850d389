package web

import (
	"cmp"
	"context"
	"slices"

	"tidemark/jobs"
	"tidemark/schemas"
)

// checksView is every failing check, a count of the others, and how up to
// date each part of each table is.
type checksView struct {
	Failing []schemas.CheckResult
	Hidden  int
	Passing []checkCount
	Total   int
	Fresh   []jobs.JobStatus // the latest first
}

// checkCount says for how many windows of a table a check passes.
type checkCount struct {
	Dataset, Check string
	N              int
}

// checksShown is how many failing checks are listed; the API has all.
const checksShown = 200

func (s *Server) checksPage(ctx context.Context, _ struct{}) (view, error) {
	st, err := s.status(ctx)
	if err != nil {
		return view{}, err
	}
	v := checksView{Failing: failing(st.Checks), Total: len(st.Checks)}
	if len(v.Failing) > checksShown {
		v.Failing, v.Hidden = v.Failing[:checksShown], len(v.Failing)-checksShown
	}
	n := map[checkCount]int{}
	for _, c := range st.Checks {
		if c.Passed {
			n[checkCount{Dataset: c.Dataset, Check: c.Check}]++
		}
	}
	for k, count := range n {
		k.N = count
		v.Passing = append(v.Passing, k)
	}
	slices.SortFunc(v.Passing, func(a, b checkCount) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Check, b.Check))
	})
	v.Fresh = slices.Clone(st.Jobs)
	slices.SortStableFunc(v.Fresh, func(a, b jobs.JobStatus) int {
		return cmp.Or(cmp.Compare(b.Behind, a.Behind), cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Part, b.Part))
	})
	return view{Page: "checks", Title: "Checks and freshness", Nav: "checks", Body: v}, nil
}

// incidentsView parts what goes on from what is over.
type incidentsView struct {
	Open, Resolved []schemas.Incident
}

func (s *Server) incidentsPage(ctx context.Context, _ struct{}) (view, error) {
	all, err := s.house.Incidents(ctx, maxIncidents)
	if err != nil {
		return view{}, err
	}
	v := incidentsView{Open: openOnly(all)}
	for _, i := range all {
		if i.State != schemas.IncidentOpen {
			v.Resolved = append(v.Resolved, i)
		}
	}
	return view{Page: "incidents", Title: "Incidents", Nav: "incidents", Body: v}, nil
}
