package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"tidemark/schemas"
)

// Reconcile compares what is known with what is wrong now and returns the new
// lines of the incidents that change. known holds the newest line of every
// incident that is not long over; everything that a decision needs stands in
// these lines, so that it makes no difference whether the process was
// restarted in between. Clocks that step do no lasting harm: what lies in the
// future counts as now.
func Reconcile(now time.Time, known []schemas.Incident, conditions []Condition, r Rules) []schemas.Incident {
	now = now.UTC().Truncate(time.Millisecond) // as it is stored
	wrong := map[string]Condition{}
	for _, c := range conditions {
		if rank(c.Severity) < rank(r.MinSeverity) {
			continue
		}
		if was, ok := wrong[c.Key]; !ok || was.Unsure || (!c.Unsure && rank(c.Severity) > rank(was.Severity)) {
			wrong[c.Key] = c
		}
	}
	var changed []schemas.Incident
	note := func(was, is schemas.Incident) {
		if was == is {
			return
		}
		// Of two lines of an incident the later one counts, whatever the clock says.
		is.At = now
		if !now.After(was.At) {
			is.At = was.At.Add(time.Millisecond)
		}
		changed = append(changed, is)
	}
	current, doubles := byKey(known)
	for _, d := range doubles {
		closed := over(now, d, Rules{})
		closed.Told = "" // nobody is told that it is over, for the other one goes on
		note(d, closed)
	}
	for _, key := range slices.Sorted(maps.Keys(current)) {
		if _, ok := wrong[key]; !ok {
			note(current[key], over(now, current[key], r))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(wrong)) {
		if c := wrong[key]; !c.Unsure {
			was := current[key]
			note(was, goesOn(now, was, c, r))
		}
	}
	return changed
}

// byKey returns the incident that counts for each key, and the other live ones:
// two processes may have seen the same thing begin. One that somebody was told
// of is kept before one that nobody knows.
func byKey(known []schemas.Incident) (current map[string]schemas.Incident, doubles []schemas.Incident) {
	known = slices.SortedFunc(slices.Values(known), func(x, y schemas.Incident) int {
		return cmp.Or(ordered(!live(x), !live(y)), ordered(x.Told == "", y.Told == ""), y.At.Compare(x.At), cmp.Compare(x.ID, y.ID))
	})
	current = map[string]schemas.Incident{}
	for _, i := range known {
		if _, ok := current[i.Key]; !ok {
			current[i.Key] = i
		} else if live(i) {
			doubles = append(doubles, i)
		}
	}
	return current, doubles
}

// ordered compares two conditions: false comes before true.
func ordered(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// live reports whether an incident is not over.
func live(i schemas.Incident) bool {
	return i.State == schemas.IncidentOpen || i.State == schemas.IncidentPending
}

// goesOn returns the incident of a condition that holds now. was is the zero
// Incident where there is none yet.
func goesOn(now time.Time, was schemas.Incident, c Condition, r Rules) schemas.Incident {
	from := c.From.UTC().Truncate(time.Millisecond)
	if c.From.IsZero() {
		from = now
	}
	is := was
	switch {
	case was.State == schemas.IncidentOpen:
		is.Resolved = time.Time{}
	case was.State == schemas.IncidentPending:
		if from.Before(is.Opened) {
			is.Opened = from // the clock was put back
		}
	case was.State == schemas.IncidentResolved && now.Sub(was.Resolved) < r.Again:
		is.State, is.Resolved = schemas.IncidentOpen, time.Time{}
		if rank(c.Severity) > rank(was.Severity) {
			is.Told = renewed(is) // this is news to everybody
		}
	default:
		is = schemas.Incident{
			ID:  uuid.NewSHA1(uuid.NameSpaceOID, []byte(c.Key+" "+now.Format(time.RFC3339Nano))).String(),
			Key: c.Key, Kind: string(c.Kind), Job: c.Job, State: schemas.IncidentPending, Opened: from,
		}
	}
	// A text that changes all the time, as counts do, is not written down all the time.
	if is.State != was.State || c.Severity != was.Severity || now.Sub(was.At) >= r.Every || now.Before(was.At) {
		is.Message = c.Message
	}
	is.Severity = c.Severity
	if is.State == schemas.IncidentPending && now.Sub(is.Opened) >= r.After[c.Kind] {
		is.State = schemas.IncidentOpen
	}
	return is
}

// over returns an incident whose condition does not hold now.
func over(now time.Time, is schemas.Incident, r Rules) schemas.Incident {
	switch is.State {
	case schemas.IncidentPending:
		is.State, is.Resolved = schemas.IncidentPassed, now
	case schemas.IncidentOpen:
		if is.Resolved.IsZero() || is.Resolved.After(now) {
			is.Resolved = now
		}
		if now.Sub(is.Resolved) >= r.Calm {
			is.State = schemas.IncidentResolved
		}
	case schemas.IncidentPassed, schemas.IncidentResolved:
	}
	return is
}
