package schedule

import "time"

// Drift is how far ahead of the clock a slot may lie and still count as
// accounted for. Clocks are corrected by less every day; by more only when
// they were wrong.
const Drift = time.Hour

// Void reports whether a slot in the ledger, or the time at which a job was
// first seen, lies more than [Drift] after now. Then the clock was ahead when
// it was written, and the ledger is to be reviewed at once: in a while the
// slot would no longer look void, and never fire.
func Void(t, now time.Time) bool { return plain(t).After(plain(now).Add(Drift)) }

// Ledger is what is remembered of the slots of a job.
type Ledger struct {
	Since time.Time // when the job was first seen; it has missed nothing before
	Spans []Span    // accounted for, fired or missed, in any order
}

// Last returns the newest slot accounted for, or Since when there is none: the
// last to begin an [Account] with. The newest spans are all that it needs.
func (l Ledger) Last() time.Time {
	last := l.Since
	for _, s := range l.Spans {
		last = later(last, s.Last)
	}
	return last
}

// Review takes out of the ledger what is [Void], to be marked as such where
// the ledger is stored. A span that is void in part is divided, and the slots
// of the schedule say how many each part has. A job that was first seen at a
// void time is first seen now.
func (l Ledger) Review(s Schedule, now time.Time) (kept Ledger, void []Span) {
	kept.Since = l.Since
	if Void(l.Since, now) {
		kept.Since = plain(now)
	}
	for _, span := range l.Spans {
		switch {
		case Void(span.First, now):
			void = append(void, span)
		case Void(span.Last, now):
			before, after := span.divide(s, plain(now).Add(Drift))
			kept.Spans, void = append(kept.Spans, before), append(void, after)
		default:
			kept.Spans = append(kept.Spans, span)
		}
	}
	return kept, void
}

// divide parts a span into the slots up to an instant in it and those after.
// If the schedule is no longer the one that made the span, the ends and the
// sum of the counts hold still.
func (s Span) divide(by Schedule, at time.Time) (before, after Span) {
	before, after = Span{First: s.First, Last: s.First, Count: 1}, s
	for slot := range by.Between(s.First, at) {
		before.Last = slot
		before.Count++
	}
	if next, ok := by.Next(at); ok && next.Before(s.Last) {
		after.First = next
	} else {
		after.First = s.Last
	}
	before.Count = min(before.Count, s.Count-1)
	after.Count = s.Count - before.Count
	return before, after
}
