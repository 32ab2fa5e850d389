package jobs

import (
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// pace estimates how long a backfill still takes, from its own runs and from
// what is left of its plan.
type pace struct {
	runs []schemas.Run // that have ended
	open []schemas.Run // that are at work
	left []Planned     // to build or to follow, without those at work
	now  time.Time
	// planned gives the windows at work as the plan has them, by run; one that
	// became up to date since it began is absent.
	planned map[string]Planned
	workers int                      // of the backfill
	limits  map[string]extract.Limit // of the publishers
}

// worked returns how long at least one run was at work, and how many were on
// average. Pauses and nights between two processes do not count.
func (p pace) worked() (span time.Duration, parallel float64) {
	type interval struct{ from, to time.Time }
	var all []interval
	var busy time.Duration
	for _, r := range p.runs {
		all = append(all, interval{r.StartedAt, r.FinishedAt})
	}
	for _, r := range p.open {
		all = append(all, interval{r.StartedAt, p.now})
	}
	slices.SortFunc(all, func(a, b interval) int { return a.from.Compare(b.from) })
	var end time.Time
	for _, i := range all {
		busy += i.to.Sub(i.from)
		if i.from.After(end) {
			end = i.from
		}
		if i.to.After(end) {
			span += i.to.Sub(end)
			end = i.to
		}
	}
	if span <= 0 {
		return 0, 0
	}
	return span, busy.Seconds() / span.Seconds()
}

// timeLeft returns how long the backfill still takes, and false while nothing
// can be told: before a first run has ended.
//
// A window left takes what windows of the same job took, here or, where none has
// ended yet, before. The whole is no less than what the publishers' rate limits
// ask for.
func (p pace) timeLeft() (time.Duration, bool) {
	_, parallel := p.worked()
	if len(p.runs) == 0 || parallel <= 0 {
		return 0, false
	}
	cost := p.costs()
	changed := p.changed()
	var work workload
	requests := map[string]int64{}
	for _, r := range p.open {
		w := p.planned[r.ID]
		work.add(w, max(0, cost(r.Job, r.Dataset, w.Cost.Seconds)-p.now.Sub(r.StartedAt).Seconds()))
	}
	for _, w := range p.left {
		takes := cost(w.Job, w.Dataset, w.Cost.Seconds)
		if w.Perhaps {
			takes *= changed
		}
		work.add(w, takes)
		requests[w.Publisher] += w.Cost.Requests
	}
	left := work.takes(parallel, p.workers)
	for publisher, n := range requests {
		left = max(left, float64(n)*p.limits[publisher].Every.Seconds())
	}
	return time.Duration(left * float64(time.Second)), true
}

// changed is the share of the runs whose window changed, and with it what
// follows.
func (p pace) changed() float64 {
	ok, all := 0, 0
	for _, r := range p.runs {
		switch Outcome(r.Outcome) {
		case OK:
			ok, all = ok+1, all+1
		case Unchanged:
			all++
		default: // says nothing about what follows
		}
	}
	if all == 0 {
		return 1
	}
	return float64(ok) / float64(all)
}

// costs returns what a window of a job takes in seconds: the mean of the job's
// runs here, pulled a little towards that of its table's while they are few;
// what the plan says by the runs before; or the mean of its table's, its kind's
// or all runs here.
func (p pace) costs() func(job, dataset string, planned float64) float64 {
	var means [4]map[string]*mean
	for i := range means {
		means[i] = map[string]*mean{}
	}
	kind := func(dataset string) string {
		database, _, _ := strings.Cut(dataset, ".")
		return database
	}
	for _, r := range p.runs {
		if Outcome(r.Outcome) == Stopped || Outcome(r.Outcome) == Died {
			continue
		}
		seconds := r.FinishedAt.Sub(r.StartedAt).Seconds()
		for i, key := range []string{r.Job, r.Dataset, kind(r.Dataset), ""} {
			if means[i][key] == nil {
				means[i][key] = &mean{}
			}
			means[i][key].add(seconds)
		}
	}
	return func(job, dataset string, planned float64) float64 {
		if m := means[0][job]; m != nil {
			with := *m
			with.add(means[1][dataset].value())
			return with.value()
		}
		if planned > 0 {
			return planned
		}
		for i, key := range []string{dataset, kind(dataset), ""} {
			if m := means[i+1][key]; m != nil {
				return m.value()
			}
		}
		return 0
	}
}

type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64)  { m.sum, m.n = m.sum+v, m.n+1 }
func (m *mean) value() float64 { return m.sum / float64(m.n) }
