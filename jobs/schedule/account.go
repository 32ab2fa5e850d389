package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Span is a run of neighbouring slots: every slot of the schedule from First
// to Last. A single slot has First equal to Last.
type Span struct {
	First, Last time.Time
	Count       int
}

// Missed is a span whose slots did not fire, all for one reason.
type Missed struct {
	Span
	Reason string // in plain words, for the page
}

// Account is what became of the slots since the last look.
type Account struct {
	// Fire are the slots to run, oldest first. They are one piece of work: to
	// be run one after the other, with [OnOverlap] asked once for all.
	Fire []time.Time
	// Missed are the others, oldest first. Neighbours with one reason are one
	// entry, so there are never more than two.
	Missed []Missed
	// Last is what to pass as last the next time: the newest slot accounted
	// for, or the last that was passed.
	Last time.Time
	// Next is the first slot to come, zero if there is none. Until then an
	// account would be empty, so a loop need not ask for one.
	Next time.Time
}

// Account accounts for every slot in (last, now]: each is in Fire or in a span
// of Missed, and in no later account that begins at the returned Last.
//
// The caller passes as last what [Ledger.Last] said when the process started
// and what the previous account said from then on, has both Fire and Missed in
// the ledger before anything runs, and sees to a last that is [Void] first. A
// zero last is that of a job never seen before: it has missed nothing.
func (s Schedule) Account(p Policy, last, now time.Time) Account {
	p = p.Or(DefaultPolicy())
	last, now = plain(last), plain(now)
	if last.IsZero() {
		last = now
	}
	out := Account{Last: last}
	atOnce, crowded := 1, "a later slot runs in its place (latest)"
	if p.CatchUp == All {
		atOnce, crowded = p.Cap, fmt.Sprintf("more than %d at once (cap)", p.Cap)
	}
	for slot := range s.Between(last, now) {
		out.Last = slot
		switch age := now.Sub(slot); {
		case age < Grace:
			out.Fire = append(out.Fire, slot)
		case p.CatchUp == None:
			out.miss(slot, "catch-up is off")
		case age > p.Window:
			out.miss(slot, "older than the catch-up window of "+short(p.Window))
		default:
			out.Fire = append(out.Fire, slot)
		}
		if len(out.Fire) > atOnce && now.Sub(out.Fire[0]) >= Grace {
			out.miss(out.Fire[0], crowded)
			out.Fire = out.Fire[1:]
		}
	}
	out.Next, _ = s.Next(later(out.Last, now))
	return out
}

// miss adds a slot to the span before it, or begins a new one.
func (a *Account) miss(slot time.Time, reason string) {
	if n := len(a.Missed); n > 0 && a.Missed[n-1].Reason == reason {
		a.Missed[n-1].Last = slot
		a.Missed[n-1].Count++
		return
	}
	a.Missed = append(a.Missed, Missed{Span{slot, slot, 1}, reason})
}

// short writes 72h0m0s as 72h.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
