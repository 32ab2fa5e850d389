package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

func (s *Server) backfillsPage(ctx context.Context, _ struct{}) (view, error) {
	all, err := s.house.Backfills(ctx)
	if err != nil {
		return view{}, err
	}
	return view{Page: "backfills", Title: "Backfills", Nav: "backfills", Body: each(all, func(b jobs.BackfillStatus) backfillView { return backfillView{b} })}, nil
}

// backfillCause, before its id, is what the run log says of a backfill's runs.
const backfillCause = "backfill "

// backfillView is a backfill as the page shows it.
type backfillView struct{ jobs.BackfillStatus }

// Names are the jobs that were asked for.
func (b backfillView) Names() []string { return jobNames(b.Jobs) }

// DoneShare, FailedShare and RunningShare are shares of the planned windows in
// thousandths, for the bar.
func (b backfillView) DoneShare() int64    { return b.share(b.Done) }
func (b backfillView) FailedShare() int64  { return b.share(b.Failed) }
func (b backfillView) RunningShare() int64 { return b.share(b.Running) }

func (b backfillView) share(n int) int64 { return 1000 * int64(n) / max(b.Windows, 1) }

// FailedAt and RunningAt are where these parts of the bar begin.
func (b backfillView) FailedAt() int64  { return b.DoneShare() }
func (b backfillView) RunningAt() int64 { return b.DoneShare() + b.FailedShare() }

// Percent is how much is over.
func (b backfillView) Percent() int64 { return 100 * int64(b.Done+b.Failed) / max(b.Windows, 1) }

// Paused, Active and Over say which buttons there are.
func (b backfillView) Paused() bool { return b.State == schemas.BackfillPaused }

// Active reports whether the backfill can be paused.
func (b backfillView) Active() bool { return b.State == schemas.BackfillRunning }

// Over reports whether nothing more happens to it.
func (b backfillView) Over() bool { return b.State.Ended() }

// Told reports whether the time left can be told.
func (b backfillView) Told() bool { return b.TimeLeft >= 0 && !b.Over() }

// LastDay is the last day of the backfill.
func (b backfillView) LastDay() schemas.Date { return b.To - 1 }

func (s *Server) backfillPage(ctx context.Context, q backfillQuery) (view, error) {
	b, err := s.house.BackfillStatus(ctx, q.ID)
	if err != nil {
		return view{}, err
	}
	runs, err := s.house.Runs(ctx, jobs.RunQuery{Cause: backfillCause + q.ID, Limit: 20})
	if err != nil {
		return view{}, err
	}
	return view{Page: "backfill", Title: "Backfill " + short(q.ID, 8), Nav: "backfills", Body: struct {
		backfillView
		Runs []schemas.Run
	}{backfillView{*b}, runs}}, nil
}

// backfillForm is the form of a backfill, filled in or not.
type backfillForm struct {
	Jobs    []string     `query:"job"`
	From    schemas.Date `query:"from"`
	Last    schemas.Date `query:"last"` // people give the last day, not the day after it
	Mode    string       `query:"mode" enum:"missing missing_failed all" default:"missing"`
	Order   string       `query:"order" enum:"newest oldest" default:"newest"`
	Workers int          `query:"workers" min:"1" max:"16" default:"2"`
	Follow  bool         `query:"follow"`
}

func (f backfillForm) spec() BackfillSpec {
	to := f.Last
	if to != schemas.NoDate {
		to++
	}
	return BackfillSpec{Jobs: f.Jobs, From: f.From, To: to, Mode: f.Mode, Order: f.Order, Workers: f.Workers, Follow: f.Follow}
}

// newBackfillView is the form with, once days are given, what it would do.
type newBackfillView struct {
	Form   backfillForm
	Groups []choiceGroup
	Plan   *planView
	Spec   jobs.BackfillSpec
	Error  string // what is wrong with the form
}

type choiceGroup struct {
	Name    string
	Choices []choice
}

type choice struct {
	Name   string
	Chosen bool
}

func (s *Server) newBackfillPage(ctx context.Context, in backfillForm) (view, error) {
	st, err := s.status(ctx)
	if err != nil {
		return view{}, err
	}
	v := newBackfillView{Form: in}
	for _, g := range grouping(st.Jobs) {
		v.Groups = append(v.Groups, choiceGroup{g.Name, each(g.Jobs, func(j jobs.JobStatus) choice {
			return choice{j.Name, slices.Contains(in.Jobs, j.Name)}
		})})
	}
	if in.From != schemas.NoDate || in.Last != schemas.NoDate {
		if err := s.dryRun(ctx, &v); err != nil {
			return view{}, err
		}
	} else {
		today := schemas.DateOf(st.At.In(newYork))
		v.Form.From, v.Form.Last, v.Form.Follow = schemas.NewDate(today.Year(), time.January, 1), today, true
	}
	return view{Page: "newbackfill", Title: "New backfill", Nav: "backfills", Body: v}, nil
}

// dryRun plans what the form asks for. What is wrong with it is shown there.
func (s *Server) dryRun(ctx context.Context, v *newBackfillView) error {
	spec, err := s.specOf(ctx, v.Form.spec())
	if err == nil {
		v.Spec = spec
		var p *jobs.Plan
		if p, err = s.house.PlanBackfill(ctx, spec); err == nil {
			v.Plan = planOf(p)
			return nil
		}
	}
	status, text := statusOf(err)
	if status >= http.StatusInternalServerError {
		return err
	}
	v.Error = text
	return nil
}

func (s *Server) startBackfill(ctx context.Context, in backfillForm) (string, error) {
	spec, err := s.specOf(ctx, in.spec())
	if err != nil {
		return "", err
	}
	defer s.forget()
	id, err := s.house.StartBackfill(ctx, spec, byPage(ctx))
	return "/backfills/" + url.PathEscape(id) + "?done=start", err
}

type controlForm struct {
	ID     string `path:"id"`
	Action string `path:"action" enum:"pause resume cancel"`
}

func (s *Server) controlBackfill(ctx context.Context, in controlForm) (string, error) {
	defer s.forget()
	return "/backfills/" + url.PathEscape(in.ID) + "?done=" + in.Action, s.house.ControlBackfill(ctx, in.ID, jobs.Action(in.Action), byPage(ctx))
}
