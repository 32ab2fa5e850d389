package jobs

import (
	"slices"
	"time"

	"tidemark/schemas"
)

// Request says what to bring up to date.
type Request struct {
	Jobs    []string // names; empty means all
	Refresh bool     // ask publishers again for windows that may still change
	Force   bool     // rebuild even what is up to date
	// Follow also brings up to date what is built from the jobs' windows.
	Follow bool
	// From and To bound the windows, as half-open days; zero means no bound.
	From, To schemas.Date
	// Live is for what runs by itself: it leaves windows that failed a moment ago
	// alone for a while, and history that was never built to backfills.
	Live bool
	// Settled leaves publishers alone that are due to have news of windows which
	// were built: their slots see to that.
	Settled bool
	// Mode and Order are those of a backfill.
	Mode, Order string
	// Cause is what asked for it, for the run log; default the command.
	Cause string
	// Only chooses one window of a single job.
	Only *schemas.Window

	finished func(dataset string, w schemas.Window) bool // windows that the backfill is done with
}

// scope is the part of the catalogue that a request speaks of.
type scope struct {
	catalog *Catalog
	req     Request
	jobs    []*Job // in the order of dependence
	asked   map[*Job]bool
}

// scope looks up what a request asks for. It returns an [*UnknownJobError] for
// a name that is no job.
func (c *Catalog) scope(req Request) (*scope, error) {
	if err := c.Known(req.Jobs); err != nil {
		return nil, err
	}
	s := &scope{catalog: c, req: req, asked: map[*Job]bool{}}
	in := map[*Job]bool{}
	for _, j := range c.Jobs {
		s.asked[j] = len(req.Jobs) == 0 || slices.Contains(req.Jobs, j.Name)
		in[j] = s.asked[j]
		if req.Follow {
			in[j] = in[j] || slices.ContainsFunc(c.upstream[j], func(up *Job) bool { return in[up] })
		}
		if in[j] {
			s.jobs = append(s.jobs, j)
		}
	}
	return s, nil
}

// windows lists the windows of a job that the request speaks of.
func (s *scope) windows(j *Job, today schemas.Date) []schemas.Window {
	all := j.Windows(today)
	if s.req.Only != nil && s.asked[j] {
		return slices.DeleteFunc(all, func(w schemas.Window) bool { return w != *s.req.Only })
	}
	if s.req.From != 0 || s.req.To != 0 {
		all = slices.DeleteFunc(all, func(w schemas.Window) bool { return !s.touches(j, w) })
	}
	if s.req.Order == NewestFirst {
		slices.Reverse(all)
	}
	return all
}

// touches reports whether a window lies in the days of the request or, where
// the job only follows, is built from a window that does.
func (s *scope) touches(j *Job, w schemas.Window) bool {
	from, to := s.days()
	if s.asked[j] {
		return w.To > from.AddDays(-j.Reach) && w.From < to
	}
	for _, n := range j.Needs(w) {
		up := s.catalog.maker(n.Dataset.String(), n.Part)
		if up == nil || !slices.Contains(s.jobs, up) {
			continue
		}
		if s.asked[up] {
			if n.To > from.AddDays(-up.Reach) && n.From < to {
				return true
			}
			continue
		}
		for _, uw := range up.Dataset.Cut.Windows(n.Part, max(n.From, s.catalog.Config.History.From.AddDays(-up.Reach)), min(n.To, w.To)) {
			if s.touches(up, uw) {
				return true
			}
		}
	}
	return false
}

func (s *scope) days() (from, to schemas.Date) {
	from, to = s.req.From, s.req.To
	if from == 0 {
		from = schemas.MinDate
	}
	if to == 0 {
		to = schemas.MaxDate
	}
	return from, to
}

// decideOne decides on a window of a job.
func (s *scope) decideOne(j *Job, w schemas.Window, state State, now time.Time) Decision {
	req := s.req
	if !s.asked[j] {
		req.Force, req.Refresh = false, false // what only follows is built when it has become stale
	}
	d := Decide(j, w, state, now, req)
	if d.Verdict == Build && req.finished != nil && req.finished(j.Dataset.String(), w) {
		d.Verdict, d.Reason = UpToDate, "built by this backfill"
	}
	return d
}

// maker returns the job that makes a part of a table, or nil.
func (c *Catalog) maker(dataset, part string) *Job { return c.makers[dataset+" "+part] }

// link notes which job makes what and which jobs each needs, and puts the jobs
// into the order of dependence.
func (c *Catalog) link() {
	c.makers, c.upstream = map[string]*Job{}, map[*Job][]*Job{}
	for _, j := range c.Jobs {
		c.makers[j.Dataset.String()+" "+j.Part] = j
	}
	for _, j := range c.Jobs {
		if j.Fetched() {
			continue
		}
		for _, n := range j.Needs(j.Dataset.Cut.Window(j.Part, c.Config.History.From)) {
			if up := c.maker(n.Dataset.String(), n.Part); up != nil && up != j && !slices.Contains(c.upstream[j], up) {
				c.upstream[j] = append(c.upstream[j], up)
			}
		}
	}
	var sorted []*Job
	var visit func(j *Job)
	seen := map[*Job]bool{}
	visit = func(j *Job) {
		if seen[j] {
			return
		}
		seen[j] = true
		for _, up := range c.upstream[j] {
			visit(up)
		}
		sorted = append(sorted, j)
	}
	for _, j := range c.Jobs {
		visit(j)
	}
	c.Jobs = sorted
}
