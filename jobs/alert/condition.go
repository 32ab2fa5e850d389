// Package alert tells people what is wrong with the house: once when it
// begins, once when it is over, gathered, and never more often than the rules
// allow. What is an incident and what is told are pure functions of the
// conditions of the moment and of the lines of ops.incident, so that a restart
// forgets nothing; the Alerter around them reads, writes and delivers.
package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Kind says what sort of thing is wrong.
type Kind string

// The kinds of conditions.
const (
	Failing        Kind = "failing"  // a job whose newest run failed
	CheckFailing   Kind = "check"    // a check that does not pass
	Late           Kind = "late"     // a table that has not what it should have
	Missed         Kind = "missed"   // slots that came while nobody was there
	BackfillFailed Kind = "backfill" // a backfill that ended with windows that failed
	Undelivered    Kind = "delivery" // a workbook that did not arrive, or may not have
)

// Condition is something that is wrong now.
type Condition struct {
	Key      string // what it is about; the same thing has the same key every time
	Kind     Kind
	Job      string
	Severity schemas.Severity
	Message  string
	// From is when it counts from: when it began, where that is known, or the
	// slot at which it may still end by itself. Zero stands for now.
	From time.Time
	// Unsure marks what cannot be judged at the moment, such as the failure of
	// a job that is being run again. It begins no incident and ends none.
	Unsure bool
}

// Facts are what conditions are derived from beside the status.
type Facts struct {
	Missed    []schemas.Slot     // lines of slots that were missed
	Backfills []schemas.Backfill // newest lines of backfills
	// Deliveries are the newest lines of attempts; of each subscription and target
	// the newest attempt counts.
	Deliveries []schemas.Delivery
}

// farSlot is how far ahead a slot may be that lateness waits for. A job whose
// next slot is further away has no schedule, and is never late.
const farSlot = 31 * 24 * time.Hour

// Conditions lists what is wrong, in the order of the keys. A table is late by
// the sessions that it is behind; only what is fetched can be, because what is
// built from it follows or fails. Missed slots are wrong until their job has
// run again, and a failed backfill until a later one covers what it asked for
// or somebody cancels it.
func Conditions(st *jobs.Status, more Facts, r Rules) []Condition {
	var out []Condition
	for _, j := range st.Jobs {
		out = append(out, ofJob(st.At, j, r)...)
	}
	out = slices.Concat(out, ofChecks(st), ofSlots(st, more.Missed), ofBackfills(more.Backfills), ofDeliveries(more.Deliveries))
	slices.SortStableFunc(out, func(x, y Condition) int { return cmp.Compare(x.Key, y.Key) })
	return out
}

func ofJob(now time.Time, j jobs.JobStatus, r Rules) []Condition {
	var out []Condition
	failing := Condition{Key: "failing " + j.Name, Kind: Failing, Job: j.Name, Severity: schemas.SeverityError, From: j.LastRun}
	switch jobs.Outcome(j.Outcome) {
	case jobs.Failed:
		failing.Message = oneLine(fmt.Sprintf("%s failed: %s", j.Name, cmp.Or(j.Error, "it did not say why")))
		out = append(out, failing)
	case jobs.Running, jobs.Stopped:
		failing.Unsure = true
		out = append(out, failing)
	default:
	}
	wait := j.Next.Sub(now)
	if j.Behind >= int64(r.AfterSessions) && j.Behind > 0 && !j.Next.IsZero() && wait < farSlot {
		out = append(out, Condition{
			Key: strings.TrimSpace("late " + j.Dataset + " " + j.Part), Kind: Late, Job: j.Name, Severity: schemas.SeverityError, From: j.Next,
			Message: oneLine(fmt.Sprintf("%s is %s behind: it has %s and should have %s",
				strings.TrimSpace(j.Dataset+" "+j.Part), count(int(j.Behind), "session"), j.Newest, j.Expected)),
		})
	}
	return out
}

// ofChecks makes one condition of all windows in which a check of a table's
// part fails.
func ofChecks(st *jobs.Status) []Condition {
	var out []Condition
	at := map[string]int{}
	windows := map[string]map[schemas.Window]bool{}
	for _, c := range st.Checks {
		if c.Passed {
			continue
		}
		subject := strings.TrimSpace(c.Dataset + " " + c.Window.Part)
		key := "check " + c.Check + " of " + subject
		i, seen := at[key]
		if !seen {
			i, at[key], windows[key] = len(out), len(out), map[schemas.Window]bool{}
			out = append(out, Condition{Key: key, Kind: CheckFailing, Job: maker(st, c), From: c.At, Severity: c.Severity})
		}
		windows[key][c.Window] = true
		one := &out[i]
		if rank(c.Severity) > rank(one.Severity) {
			one.Severity = c.Severity
		}
		if c.At.Before(one.From) {
			one.From = c.At
		}
		if one.Message == "" {
			one.Message = oneLine(fmt.Sprintf("%s fails the check %s: %s", subject, c.Check, c.Message))
		}
	}
	for key, i := range at {
		if n := len(windows[key]); n > 1 {
			out[i].Message = oneLine(fmt.Sprintf("%s (in %d windows)", out[i].Message, n))
		}
	}
	return out
}

// maker names the job that makes what was checked.
func maker(st *jobs.Status, c schemas.CheckResult) string {
	for _, j := range st.Jobs {
		if j.Dataset == c.Dataset && j.Part == c.Window.Part {
			return j.Name
		}
	}
	return ""
}

func ofSlots(st *jobs.Status, missed []schemas.Slot) []Condition {
	var out []Condition
	for _, j := range st.Jobs {
		var n int64
		c := Condition{Key: "missed " + j.Name, Kind: Missed, Job: j.Name, Severity: schemas.SeverityError}
		var last time.Time
		for _, s := range missed {
			if s.Job != j.Name || s.State != schemas.SlotMissed || j.LastRun.After(s.At) {
				continue
			}
			n += max(1, s.Count)
			if c.From.IsZero() || s.First.Before(c.From) {
				c.From = s.First
			}
			if s.At.After(last) {
				last = s.At
			}
		}
		if n == 0 {
			continue
		}
		c.Message = fmt.Sprintf("%s missed %s, the last of %s", j.Name, count(int(n), "slot"), clock(last))
		out = append(out, c)
	}
	return out
}

func ofBackfills(all []schemas.Backfill) []Condition {
	var out []Condition
	for _, b := range all {
		if b.State != schemas.BackfillFailed || slices.ContainsFunc(all, func(later schemas.Backfill) bool { return covers(later, b) }) {
			continue
		}
		out = append(out, Condition{
			Key: "backfill " + b.ID, Kind: BackfillFailed, Job: b.Jobs, Severity: schemas.SeverityError, From: b.At,
			Message: oneLine(fmt.Sprintf("the backfill of %s from %s to %s failed: %s",
				cmp.Or(b.Jobs, "all jobs"), b.From, b.To, cmp.Or(b.Note, "`tidemark status` says what"))),
		})
	}
	return out
}

// ofDeliveries makes a condition of each subscription and target whose newest
// attempt failed, or had an end that nobody knows.
func ofDeliveries(all []schemas.Delivery) []Condition {
	var out []Condition
	newest := map[string]schemas.Delivery{}
	for _, d := range all {
		key := "delivery " + d.Subscription + " " + d.Target
		if was, seen := newest[key]; !seen || was.At.Before(d.At) {
			newest[key] = d
		}
	}
	for key, d := range newest {
		c := Condition{Key: key, Kind: Undelivered, Job: d.Subscription, Severity: schemas.SeverityError, From: d.At}
		switch d.State {
		case schemas.DeliveryFailed:
			c.Message = oneLine(fmt.Sprintf("the workbook of %s did not get to %s (%s of %s): %s", d.Session, d.Where, d.Target, d.Subscription, d.Error))
		case schemas.DeliveryUncertain:
			c.Message = oneLine(fmt.Sprintf("the workbook of %s may not have got to %s (%s of %s): %s; ask a recipient, and run `tidemark deliver %s --date %s --again` if it has not",
				d.Session, d.Where, d.Target, d.Subscription, d.Error, d.Subscription, d.Session))
		case schemas.DeliveryBegun, schemas.DeliveryHanded:
			c.Unsure = true
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}

// covers reports whether a later backfill took over what b asked for.
func covers(later, b schemas.Backfill) bool {
	return later.ID != b.ID && later.Started.After(b.Started) && later.State != schemas.BackfillCancelled &&
		(later.Jobs == b.Jobs || later.Jobs == "") && later.From <= b.From && later.To >= b.To
}

// rank orders severities; what is none is below all.
func rank(s schemas.Severity) int {
	switch s {
	case schemas.SeverityError:
		return 2
	case schemas.SeverityWarning:
		return 1
	}
	return 0
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// oneLine makes a message fit for a subject and a list.
func oneLine(text string) string {
	const most = 400
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }), " ")
	return short(text, most)
}

// short cuts a text to so many characters.
func short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}
