package jobs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/schemas"
)

// Decision says what is to happen to a window, and why.
type Decision struct {
	Job     *Job
	Window  schemas.Window
	Verdict Verdict
	Reason  string    // why it is stale, or why it is not
	Until   time.Time // of a window that waits
	// Stands is the record of what the window holds; zero where nothing was built.
	Stands schemas.Built
	// Inputs is the fingerprint of what the window would be built from, and
	// Uses lists it. Both are empty for fetched windows.
	Inputs string
	Uses   []schemas.Input
	// Missing names a required need of which nothing was ever built.
	Missing string
}

// Decide tells whether a window of the job is up to date. It is pure: a
// scheduled run, a catch-up, a backfill, `tidemark plan` and `tidemark status`
// all ask it. Of the request it heeds Refresh, Force, Live, Settled and Mode.
func Decide(j *Job, w schemas.Window, state State, now time.Time, req Request) Decision {
	d := Decision{Job: j, Window: w, Verdict: Build}
	d.Stands, _ = state.Built(j.Dataset.String(), w)
	var failing string
	if !j.Fetched() {
		d.Uses, d.Missing, failing = uses(j.Needs(w), state)
		d.Inputs = fingerprint(j.Method, d.Uses)
	}
	d.Reason = staleness(j, d, state, now, req)
	attempts := state.Attempts[j.Dataset.String()][w]
	switch until := attempts.nextTry(); {
	case d.Missing != "":
		d.Verdict, d.Reason = HeldBack, "needs "+d.Missing+", which has no rows yet"
	case req.Live && j.history(w, state, now):
		d.Verdict, d.Reason = UpToDate, "history that was never built is left to backfills"
	case d.Reason == "":
		d.Verdict, d.Reason = UpToDate, "up to date"
		if j.Fetched() && Outcome(attempts.Last.Outcome) == NotYet {
			d.Verdict, d.Until, d.Reason = Waits, until, "the publication is late"
		}
	case failing != "" && !req.Force:
		d.Verdict, d.Reason = HeldBack, "needs "+failing+", whose newest run failed"
	case attempts.Failed > 0 && req.Mode == ModeMissing:
		d.Verdict, d.Reason = HeldBack, "it failed when it was last tried: the mode missing_failed tries it again"
	case attempts.Failed > 0 && req.Live:
		if until.IsZero() {
			until = j.afterFailures(attempts.Last.StartedAt)
		}
		if until.After(now) {
			d.Verdict, d.Until = Waits, until
			d.Reason = fmt.Sprintf("failed %d times in a row", attempts.Failed)
		}
	}
	return d
}

// historyAfter is how long after its last day a window that was never built
// counts as history.
const historyAfter = 45 * 24 * time.Hour

// history reports whether a window that was never built lies in the past.
func (j *Job) history(w schemas.Window, state State, now time.Time) bool {
	_, built := state.Built(j.Dataset.String(), w)
	return !built && now.After(w.To.Time().Add(max(j.Lag, historyAfter)))
}

// staleness says why a window is stale; it is empty for one that is up to date.
func staleness(j *Job, d Decision, state State, now time.Time, req Request) string {
	built, ok := state.Built(j.Dataset.String(), d.Window)
	switch {
	case !ok:
		return "never built"
	case built.Method != j.Method:
		return fmt.Sprintf("method changed from %s to %s", cmp.Or(built.Method, "none"), j.Method)
	case !j.Fetched() && built.Inputs != d.Inputs:
		return "an input changed"
	case j.Fetched() && !req.Settled && mayChange(j, d.Window, built.BuiltAt):
		attempts := state.Attempts[j.Dataset.String()][d.Window]
		if req.Refresh {
			return "asked to refresh"
		}
		if due := j.nextSlot(j.calmUntil(d.Window, built.BuiltAt)); !due.After(now) {
			return "the publisher was due at " + due.In(newYork).Format("2006-01-02 15:04 MST")
		}
		if schedule.Void(built.BuiltAt, now) {
			return "it was built while the clock was ahead"
		}
		if Outcome(attempts.Last.Outcome) == NotYet && !attempts.nextTry().After(now) {
			return "the publication was late at " + attempts.Last.FinishedAt.In(newYork).Format("2006-01-02 15:04 MST")
		}
	}
	if req.Force {
		return "asked to rebuild"
	}
	return ""
}

// mayChange reports whether a window built at the given time can have changed
// since: it was built before its last day was over and final.
func mayChange(j *Job, w schemas.Window, builtAt time.Time) bool {
	return builtAt.Before(w.To.Time().Add(j.Lag))
}

// calmUntil returns the time after which the slots of the job count for a window
// that was built at the given time.
func (j *Job) calmUntil(w schemas.Window, builtAt time.Time) time.Time {
	if builtAt.Before(w.To.Time().Add(j.Calm)) {
		return builtAt
	}
	return builtAt.Add(j.Calm)
}

// longestPause is how long a window without a schedule that failed again and
// again is left alone.
const longestPause = 6 * time.Hour

// afterFailures is when a window is tried again after its last short pause.
func (j *Job) afterFailures(last time.Time) time.Time {
	if next := j.nextSlot(last); j.Fetched() && next.Before(last.Add(7*24*time.Hour)) {
		return next
	}
	return last.Add(longestPause)
}

// uses lists the builds that the needs cover, in a fixed order, and names the
// first required need of which nothing was ever built and the first whose
// newest run failed.
func uses(needs []Need, state State) (inputs []schemas.Input, missing, failing string) {
	for _, n := range needs {
		found := false
		for w, b := range state.Builds[n.Dataset.String()] {
			if !n.covers(w) {
				continue
			}
			found = found || b.Rows > 0
			inputs = append(inputs, schemas.Input{Kind: schemas.InputWindow, Dataset: n.Dataset.String(), Window: w, Content: b.Content})
		}
		if n.Required && !found && missing == "" {
			missing = n.Dataset.String() + " " + n.Part
		}
		if !n.Required {
			continue
		}
		for w, a := range state.Attempts[n.Dataset.String()] {
			if name := n.Dataset.String() + " " + w.String(); a.Failed > 0 && n.covers(w) && (failing == "" || name < failing) {
				failing = name
			}
		}
	}
	slices.SortFunc(inputs, func(a, b schemas.Input) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Window.Part, b.Window.Part), cmp.Compare(a.Window.From, b.Window.From))
	})
	return slices.Compact(inputs), missing, failing
}

// covers reports whether a window of the need's table is among what it asks for.
func (n Need) covers(w schemas.Window) bool {
	return w.Part == n.Part && w.To > n.From && w.From < n.To
}

func fingerprint(method string, inputs []schemas.Input) string {
	h := sha256.New()
	line(h, method)
	for _, in := range inputs {
		line(h, in.Dataset, in.Window.Part, in.Window.From.String(), in.Window.To.String(), in.Content)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func line(h hash.Hash, fields ...string) {
	_, _ = h.Write([]byte(strings.Join(fields, "\x1f") + "\n")) // a hash never fails to take bytes
}
