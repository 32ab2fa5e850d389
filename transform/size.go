package transform

import (
	"slices"

	"tidemark/schemas"
)

var sizeFamilies = []Family{
	{Name: "size", Dataset: schemas.Size.String(), Metrics: sizePairMetrics(), Compute: computeSize},
	{Name: "level", Dataset: schemas.Size.String(), Metrics: levelMetrics(), Compute: computeLevel},
	{Name: "sectors", Dataset: schemas.Size.String(), Metrics: sectorMetrics(), Compute: computeSectors},
}

// level is a price or total-return level of one universe, by session.
type level struct {
	days   []schemas.Date // ascending; only sessions
	value  []float64      // positive
	suffix string         // of the metrics computed from it: "pr" or "tr"
	basis  string         // index_pr, fund_tr, …
}

// levelOf returns the level that one observation source publishes. Days that
// are no sessions and values that cannot be a level are left out and found.
func levelOf(in *Inputs, source, suffix, basis string) (level, []Finding) {
	l := level{suffix: suffix, basis: basis}
	if source == "" {
		return l, nil
	}
	var found []Finding
	rows := make([]schemas.Observation, 0, len(in.Levels))
	for _, o := range in.Levels {
		if o.Source == source && o.Value.OK {
			rows = append(rows, o)
		}
	}
	slices.SortStableFunc(rows, func(a, b schemas.Observation) int { return int(a.Date) - int(b.Date) })
	closed, firstClosed := 0, schemas.NoDate
	for _, o := range rows {
		switch {
		case !in.Calendar.IsSession(o.Date):
			if closed++; closed == 1 {
				firstClosed = o.Date
			}
		case o.Value.V <= 0:
			found = append(found, Finding{
				Check: "level_positive", Severity: schemas.SeverityWarning, Universe: in.Universe.ID, Date: o.Date,
				Message: source + ": a level must be positive; the day is left out",
			})
		case len(l.days) > 0 && l.days[len(l.days)-1] == o.Date:
			found = append(found, Finding{
				Check: "level_once", Severity: schemas.SeverityWarning, Universe: in.Universe.ID, Date: o.Date,
				Message: source + ": two levels for one day; the first is used",
			})
		default:
			l.days, l.value = append(l.days, o.Date), append(l.value, o.Value.V)
		}
	}
	if closed > 0 {
		found = append(found, Finding{
			Check: "level_session", Severity: schemas.SeverityWarning, Universe: in.Universe.ID, Date: firstClosed,
			Message: source + ": levels on days that are no sessions are left out; the first is dated",
		})
	}
	return l, found
}

// at returns the index of the last day at or before d, or -1.
func (l *level) at(d schemas.Date) int {
	i, exact := slices.BinarySearch(l.days, d)
	if exact {
		return i
	}
	return i - 1
}

// pairOf keeps the days on which both levels have a value.
func pairOf(a, b level) (level, level) {
	x, y := level{suffix: a.suffix, basis: a.basis}, level{suffix: b.suffix, basis: b.basis}
	for i, j := 0, 0; i < len(a.days) && j < len(b.days); {
		switch {
		case a.days[i] < b.days[j]:
			i++
		case a.days[i] > b.days[j]:
			j++
		default:
			x.days, x.value = append(x.days, a.days[i]), append(x.value, a.value[i])
			y.days, y.value = append(y.days, b.days[j]), append(y.value, b.value[j])
			i, j = i+1, j+1
		}
	}
	return x, y
}

// levelFacts collects facts of levels: one a session from the first to the last
// day of a level, with a reason where the level has a gap.
type levelFacts struct {
	in    *Inputs
	facts []schemas.Fact
}

// each adds a fact of the metric for every session from the first to the last
// day of l; compute gives the i-th day's.
func (s *levelFacts) each(metric string, l *level, members int64, compute func(i int) (float64, schemas.Status, string)) {
	s.ahead(metric, l, members, 0, compute)
}

// ahead is each for what is known of a day only a number of the level's days
// later.
func (s *levelFacts) ahead(metric string, l *level, members int64, later int, compute func(i int) (float64, schemas.Status, string)) {
	if len(l.days) == 0 {
		return
	}
	next := 0
	for _, d := range s.in.Calendar.Sessions(l.days[0], l.days[len(l.days)-1]+1) {
		f := schemas.Fact{
			Metric: metric, Session: d, Status: schemas.NotPublished, Members: members, Basis: l.basis, KnownAt: s.in.Calendar.Close(d),
		}
		i := next
		if d == l.days[next] {
			next++
		} else {
			i = -1
		}
		if !s.in.Window.Contains(d) {
			continue
		}
		if i >= 0 && i+later >= len(l.days) {
			f.Status = schemas.NotElapsed
		} else if i >= 0 {
			f.KnownAt = s.in.Calendar.Close(l.days[i+later])
			var v float64
			v, f.Status, f.Detail = compute(i)
			if f.Status.HasValue() {
				f.Value = schemas.Some(v)
			}
		}
		s.facts = append(s.facts, f)
	}
}
