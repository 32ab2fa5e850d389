package web

import (
	"context"
	"slices"

	"tidemark/jobs"
	"tidemark/schemas"
)

// The most that one request may ask for.
const (
	maxIncidents = 500
)

func (s *Server) apiStatus(ctx context.Context, _ struct{}) (Status, error) {
	st, err := s.status(ctx)
	if err != nil {
		return Status{}, err
	}
	incidents, err := s.house.Incidents(ctx, maxIncidents)
	if err != nil {
		return Status{}, err
	}
	leases, err := s.house.Leases(ctx)
	if err != nil {
		return Status{}, err
	}
	return Status{
		At: st.At.UTC(), Jobs: each(st.Jobs, jobShape), Failing: each(failing(st.Checks), checkShape),
		Incidents: each(openOnly(incidents), incidentShape), Leases: each(leases, leaseShape),
	}, nil
}

func (s *Server) apiJobs(ctx context.Context, _ struct{}) (Jobs, error) {
	st, err := s.status(ctx)
	if err != nil {
		return Jobs{}, err
	}
	return Jobs{each(st.Jobs, jobShape)}, nil
}

type jobQuery struct {
	Job string `path:"job" doc:"Name of the job."`
}

func (s *Server) apiJob(ctx context.Context, q jobQuery) (Job, error) {
	j, err := s.job(ctx, q.Job)
	return jobShape(j), err
}

// job returns how a job stands, or a [*jobs.UnknownJobError].
func (s *Server) job(ctx context.Context, name string) (jobs.JobStatus, error) {
	st, err := s.status(ctx)
	if err != nil {
		return jobs.JobStatus{}, err
	}
	i := slices.IndexFunc(st.Jobs, func(j jobs.JobStatus) bool { return j.Name == name })
	if i < 0 {
		return jobs.JobStatus{}, &jobs.UnknownJobError{Name: name}
	}
	return st.Jobs[i], nil
}

type runJobBody struct {
	Refresh bool `json:"refresh,omitempty" doc:"Ask publishers again for windows that may still change."`
	Force   bool `json:"force,omitempty" doc:"Rebuild even what is up to date."`
}

type runJobQuery struct {
	Job  string `path:"job" doc:"Name of the job."`
	Body runJobBody
}

func (s *Server) apiRunJob(ctx context.Context, q runJobQuery) (Accepted, error) {
	if _, err := s.job(ctx, q.Job); err != nil {
		return Accepted{}, err
	}
	err := s.trigger(ctx, jobs.Request{Jobs: []string{q.Job}, Refresh: q.Body.Refresh, Force: q.Body.Force}, byAPI(ctx))
	return Accepted{err == nil}, err
}

type planQuery struct {
	Jobs    []string `query:"job" doc:"Names of jobs; all when there is none."`
	Refresh bool     `query:"refresh" doc:"As if publishers were asked again for windows that may still change."`
	Force   bool     `query:"force" doc:"As if everything were rebuilt."`
}

func (s *Server) apiPlan(ctx context.Context, q planQuery) (Plan, error) {
	p, err := s.house.Plan(ctx, jobs.Request{Jobs: q.Jobs, Refresh: q.Refresh, Force: q.Force})
	if err != nil {
		return Plan{}, err
	}
	return planShape(p), nil
}

type slotsQuery struct {
	Job   string `query:"job" required:"true" doc:"Name of the job."`
	Limit int    `query:"limit" default:"100" min:"1" max:"500" doc:"How many."`
}

func (s *Server) apiSlots(ctx context.Context, q slotsQuery) (Slots, error) {
	if _, err := s.job(ctx, q.Job); err != nil {
		return Slots{}, err
	}
	slots, err := s.house.Slots(ctx, q.Job, q.Limit)
	return Slots{each(slots, slotShape)}, err
}

func (s *Server) apiLeases(ctx context.Context, _ struct{}) (Leases, error) {
	leases, err := s.house.Leases(ctx)
	return Leases{each(leases, leaseShape)}, err
}

type checksQuery struct {
	Failing bool   `query:"failing" doc:"Only those that fail."`
	Dataset string `query:"dataset" doc:"Only those of a table."`
}

func (s *Server) apiChecks(ctx context.Context, q checksQuery) (Checks, error) {
	st, err := s.status(ctx)
	if err != nil {
		return Checks{}, err
	}
	out := Checks{Checks: []Check{}}
	for _, c := range st.Checks {
		if (q.Dataset == "" || c.Dataset == q.Dataset) && (!q.Failing || !c.Passed) {
			out.Checks = append(out.Checks, checkShape(c))
		}
	}
	return out, nil
}

func (s *Server) apiFreshness(ctx context.Context, _ struct{}) (Freshnesses, error) {
	st, err := s.status(ctx)
	if err != nil {
		return Freshnesses{}, err
	}
	return Freshnesses{each(st.Jobs, func(j jobs.JobStatus) Freshness {
		return Freshness{j.Dataset, j.Part, j.Name, day(j.Newest), day(j.Expected), j.Behind}
	})}, nil
}

type incidentsQuery struct {
	Limit int    `query:"limit" default:"100" min:"1" max:"500" doc:"How many."`
	State string `query:"state" enum:"open resolved" doc:"Only those in the state."`
}

func (s *Server) apiIncidents(ctx context.Context, q incidentsQuery) (Incidents, error) {
	incidents, err := s.house.Incidents(ctx, q.Limit)
	out := Incidents{Incidents: []Incident{}}
	for _, i := range incidents {
		if q.State == "" || string(i.State) == q.State {
			out.Incidents = append(out.Incidents, incidentShape(i))
		}
	}
	return out, err
}

// failing returns the checks that fail, errors before warnings.
func failing(checks []schemas.CheckResult) []schemas.CheckResult {
	var out []schemas.CheckResult
	for _, severity := range []schemas.Severity{schemas.SeverityError, schemas.SeverityWarning} {
		for _, c := range checks {
			if !c.Passed && c.Severity == severity {
				out = append(out, c)
			}
		}
	}
	return out
}

func openOnly(incidents []schemas.Incident) []schemas.Incident {
	return slices.DeleteFunc(slices.Clone(incidents), func(i schemas.Incident) bool { return i.State != schemas.IncidentOpen })
}
