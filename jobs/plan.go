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

	"tidemark/schemas"
)

// State is what is known of every window: its newest build, by table.
type State map[string]map[schemas.Window]schemas.Built

// Decision says what is to happen to a window, and why.
type Decision struct {
	Job    *Job
	Window schemas.Window
	Stale  bool
	Reason string // why it is stale, or why it is not
	// Inputs is the fingerprint of what the window would be built from, and
	// Uses lists it. Both are empty for fetched windows.
	Inputs string
	Uses   []schemas.Input
	// Missing names a required need of which nothing was ever built.
	Missing string
}

// Decide tells whether a window of the job is up to date. It is pure: a
// scheduled run, a catch-up, a backfill and `tidemark status` all ask it.
// With refresh, fetched windows that may still change are stale however young.
func Decide(j *Job, w schemas.Window, state State, now time.Time, refresh bool) Decision {
	d := Decision{Job: j, Window: w}
	built, ok := state[j.Dataset.String()][w]
	if !j.Fetched() {
		d.Uses, d.Missing = uses(j.Needs(w), state)
		d.Inputs = fingerprint(j.Method, d.Uses)
	}
	switch {
	case d.Missing != "":
		d.Reason = "needs " + d.Missing + ", which has no rows yet"
	case !ok:
		d.Stale, d.Reason = true, "never built"
	case built.Method != j.Method:
		d.Stale, d.Reason = true, fmt.Sprintf("method changed from %s to %s", cmp.Or(built.Method, "none"), j.Method)
	case !j.Fetched() && built.Inputs != d.Inputs:
		d.Stale, d.Reason = true, "an input changed"
	case j.Fetched() && refresh && mayChange(j, w, built.BuiltAt):
		d.Stale, d.Reason = true, "asked to refresh"
	case j.Fetched() && mayChange(j, w, built.BuiltAt) && !j.Schedule.Next(built.BuiltAt).After(now):
		d.Stale, d.Reason = true, "the publisher was due at "+j.Schedule.Next(built.BuiltAt).Format("2006-01-02 15:04 MST")
	default:
		d.Reason = "up to date"
	}
	return d
}

// mayChange reports whether a window built at the given time can have changed
// since: it was built before its last day was over and final.
func mayChange(j *Job, w schemas.Window, builtAt time.Time) bool {
	return builtAt.Before(w.To.Time().Add(j.Lag))
}

// uses lists the builds that the needs cover, in a fixed order, and names the
// first required need of which nothing was ever built.
func uses(needs []Need, state State) (inputs []schemas.Input, missing string) {
	for _, n := range needs {
		found := false
		for w, b := range state[n.Dataset.String()] {
			if w.Part != n.Part || w.To <= n.From || w.From >= n.To {
				continue
			}
			found = found || b.Rows > 0
			inputs = append(inputs, schemas.Input{Kind: schemas.InputWindow, Dataset: n.Dataset.String(), Window: w, Content: b.Content})
		}
		if n.Required && !found && missing == "" {
			missing = n.Dataset.String() + " " + n.Part
		}
	}
	slices.SortFunc(inputs, func(a, b schemas.Input) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Window.Part, b.Window.Part), cmp.Compare(a.Window.From, b.Window.From))
	})
	return slices.Compact(inputs), missing
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
