package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidemark/jobs"
	"tidemark/schemas"
)

// overview is the state of the house on one page.
type overview struct {
	Tone      string // good, busy or bad
	Headline  string
	Rest      string         // what the headline has no room for
	Scheduler *schemas.Lease // nil when nobody schedules
	Workbook  string         // name of the newest; empty for none
	Figures   []figure
	Failing   []finding
	Incidents []schemas.Incident
	Backfills []jobs.BackfillStatus // that have not ended
	Groups    []jobGroup
}

// jobGroup is a kind of jobs.
type jobGroup struct {
	Name string
	Jobs []jobs.JobStatus
}

// finding is a failing check of a table, with how many windows it fails for.
type finding struct {
	schemas.CheckResult
	More int
}

func (s *Server) overviewPage(ctx context.Context, _ struct{}) (view, error) {
	st, err := s.status(ctx)
	if err != nil {
		return view{}, err
	}
	o := overview{Failing: findings(st.Checks), Groups: grouping(st.Jobs)}
	incidents, err := s.house.Incidents(ctx, maxIncidents)
	if err != nil {
		return view{}, err
	}
	o.Incidents = openOnly(incidents)
	leases, err := s.house.Leases(ctx)
	if err != nil {
		return view{}, err
	}
	if i := slices.IndexFunc(leases, func(l schemas.Lease) bool { return l.Role == "serve" }); i >= 0 {
		o.Scheduler = &leases[i]
	}
	backfills, err := s.house.Backfills(ctx)
	if err != nil {
		return view{}, err
	}
	for _, b := range backfills {
		if !b.State.Ended() {
			o.Backfills = append(o.Backfills, b)
		}
	}
	if o.Workbook, _, err = s.house.Workbook(ctx); err != nil && !errors.Is(err, ErrNotFound) {
		return view{}, err
	}
	if o.Figures, err = s.figures.get(ctx, s.now, figureTime, s.keyFigures); err != nil {
		return view{}, err
	}
	o.Tone, o.Headline, o.Rest = headline(st, &o)
	return view{Page: "overview", Title: "Overview", Nav: "overview", Body: o}, nil
}

// headline says in one line how the house stands, the worst first, and what
// that line has no room for.
func headline(st *jobs.Status, o *overview) (tone, text, rest string) {
	var failed, never, stale, late, running int
	for _, j := range st.Jobs {
		switch jobs.Outcome(j.Outcome) {
		case jobs.Failed:
			failed++
		case jobs.Running:
			running++
		case "":
			never++
		default: // it ended, one way or another, and does not fail
		}
		stale += j.Stale
		if j.Behind > 0 {
			late++
		}
	}
	var parts []string
	add := func(n int, noun, rest string) {
		if n > 0 {
			parts = append(parts, plural(n, noun)+rest)
		}
	}
	tone = "good"
	add(failed, "job", " failing")
	add(st.FailedErrors(), "check", " blocking a window")
	if len(parts) > 0 || len(o.Incidents) > 0 {
		tone = "bad"
	}
	add(late, "part", " late")
	if never == len(st.Jobs) && never > 0 {
		return tone, "Nothing has run yet", ""
	}
	add(stale, "window", " stale")
	add(len(o.Backfills), "backfill", " at work")
	add(running, "job", " running")
	switch {
	case len(parts) == 0 && tone == "bad":
		return tone, plural(len(o.Incidents), "incident") + " open", ""
	case len(parts) == 0:
		return tone, "Everything is up to date", ""
	case tone == "good":
		tone = "busy"
	}
	room := min(len(parts), 2)
	return tone, strings.Join(parts[:room], ", "), strings.Join(parts[room:], ", ")
}

// grouping parts the jobs that ask publishers from those that follow them.
func grouping(all []jobs.JobStatus) []jobGroup {
	groups := []jobGroup{{Name: "Publishers"}, {Name: "Facts"}}
	for _, j := range all {
		i := 0
		if j.Schedule == "" {
			i = 1
		}
		groups[i].Jobs = append(groups[i].Jobs, j)
	}
	return slices.DeleteFunc(groups, func(g jobGroup) bool { return len(g.Jobs) == 0 })
}

// findings gathers failing checks: each check of a table once, errors first.
func findings(checks []schemas.CheckResult) []finding {
	var out []finding
	at := map[string]int{}
	for _, c := range failing(checks) {
		key := fmt.Sprintf("%s %s %s", c.Severity, c.Check, c.Dataset)
		if i, ok := at[key]; ok {
			out[i].More++
			continue
		}
		at[key] = len(out)
		out = append(out, finding{CheckResult: c})
	}
	return out
}

type runAllForm struct {
	Refresh bool `query:"refresh"`
}

func (s *Server) runAll(ctx context.Context, in runAllForm) (string, error) {
	return "/?done=run", s.trigger(ctx, jobs.Request{Refresh: in.Refresh}, byPage(ctx))
}
