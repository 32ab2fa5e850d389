package schedule

import (
	"time"

	"tidemark/schemas/calendar"
)

// Verdict says what is to happen to a slot that fires.
type Verdict string

// The verdicts.
const (
	Start   Verdict = "start"   // run it
	Wait    Verdict = "wait"    // run it when the running one has ended
	Drop    Verdict = "drop"    // it was missed, for the reason given
	Replace Verdict = "replace" // stop the running one, then run it
)

// OnOverlap decides about a slot that fires. running is the slot whose run is
// still going, waiting the one that waits for it to end; either is zero if
// there is none. A waiting slot is to become the running one as soon as that
// has ended, before the next is asked about.
//
// The reason is empty for Start, that of the wait or the miss for Wait and
// Drop. For Replace it is that of the run that is stopped; when yet another
// slot comes before that run has ended, the newest takes its place.
func OnOverlap(o Overlap, running, waiting time.Time) (v Verdict, reason string) {
	switch {
	case running.IsZero():
		return Start, ""
	case o == Cancel:
		return Replace, "stopped for a later slot (cancel)"
	case o == Queue && waiting.IsZero():
		return Wait, "the run of the slot " + onPage(running) + " is still going"
	case o == Queue:
		return Drop, "the slot " + onPage(waiting) + " already waits for its turn (queue)"
	default:
		return Drop, "the run of the slot " + onPage(running) + " is still going"
	}
}

// onPage writes an instant in New York time, as the page does.
func onPage(t time.Time) string {
	return t.In(calendar.NewYork()).Format("2006-01-02 15:04 MST")
}
