package deliver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Verdict says what becomes of a delivery now.
type Verdict string

// The verdicts.
const (
	Due       Verdict = "due"       // it goes out
	Waits     Verdict = "waits"     // for figures, or for its time
	Delivered Verdict = "delivered" // it has arrived, and is never sent again
	Busy      Verdict = "busy"      // another process is at it
	Uncertain Verdict = "uncertain" // it may have arrived: a person decides
	Retries   Verdict = "retries"   // it failed and is tried again later
	GivenUp   Verdict = "given up"  // it failed too often
)

const (
	firstRetry   = time.Minute
	longestRetry = time.Hour
	mostTries    = 12
)

// stand is how the delivery of a session to a target stands.
type stand struct {
	verdict Verdict // Due where nothing stands in its way
	at      time.Time
	tries   int // that are known to have failed
	reason  string
}

// lost is why a delivery is uncertain whose process has ended.
const lost = "its process ended while the server was taking it"

// standing reads it from the newest line of each attempt. What was begun by a
// process that is gone had not left the house; what was handed over by one may
// have arrived.
func standing(lines []schemas.Delivery, alive func(owner string, seen time.Time) bool, once bool) stand {
	lines = slices.SortedFunc(slices.Values(lines), func(x, y schemas.Delivery) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	out := stand{verdict: Due}
	for _, l := range lines {
		switch l.State {
		case schemas.DeliveryDone:
			return stand{verdict: Delivered, at: l.At, reason: l.Error}
		case schemas.DeliveryUncertain:
			out = stand{verdict: Uncertain, at: l.At, reason: l.Error}
		case schemas.DeliveryFailed:
			if out.verdict == Due {
				out.tries, out.at, out.reason = out.tries+1, l.At, l.Error
			}
		case schemas.DeliveryBegun, schemas.DeliveryHanded:
			switch {
			case alive(l.Owner, l.At):
				out = stand{verdict: Busy, at: l.At, reason: l.Owner}
			case l.State == schemas.DeliveryHanded && once:
				out = stand{verdict: Uncertain, at: l.At, reason: lost}
			}
		case schemas.DeliveryWithdrawn:
		}
	}
	return out
}

// retry returns when a delivery that failed so often is tried again.
func (s stand) retry() time.Time {
	return s.at.Add(min(firstRetry<<min(s.tries-1, 10), longestRetry))
}

// state is all that a verdict depends on.
type state struct {
	stand
	now     time.Time
	session schemas.Date
	hours   hours
	missing []string // figures of the session that are not there
	begun   bool     // there are figures of the session
}

// order says what a person asks for beside what is due by itself.
type order struct {
	now   bool // what is missing, and the time, do not matter
	again bool // what has arrived, or may have, is sent once more
}

func (s state) verdict(o order) (Verdict, string) {
	switch s.stand.verdict {
	case Busy:
		return Busy, "another process is at it: " + s.reason
	case Delivered:
		if o.again {
			return Due, "asked for again"
		}
		return Delivered, strings.TrimSpace("at " + moment(s.at) + " " + s.reason)
	case Uncertain:
		if o.again {
			return Due, "asked for again"
		}
		return Uncertain, fmt.Sprintf("it may have arrived at %s (%s): ask a recipient, and send it once more with --again if it has not", moment(s.at), s.reason)
	default:
	}
	midnight := (s.session + 1).In(calendar.NewYork(), 0, 0)
	switch {
	case !s.begun:
		return Waits, "there are no figures of the session"
	case o.now || o.again:
		return Due, "asked for now"
	case s.hours.after > 0 && s.now.Before(midnight.Add(s.hours.after)):
		return Waits, "until " + moment(midnight.Add(s.hours.after))
	case len(s.missing) > 0 && s.now.Before(midnight.Add(s.hours.by)):
		return Waits, fmt.Sprintf("for %s, until %s", strings.Join(s.missing, "; "), moment(midnight.Add(s.hours.by)))
	case s.tries >= mostTries:
		return GivenUp, fmt.Sprintf("it failed %d times, the last time at %s: %s", s.tries, moment(s.at), s.reason)
	case s.tries > 0 && s.now.Before(s.retry()):
		return Retries, fmt.Sprintf("at %s, after it failed %d times: %s", moment(s.retry()), s.tries, s.reason)
	case len(s.missing) > 0:
		return Due, "without " + strings.Join(s.missing, "; ")
	}
	return Due, "all figures of the session are there"
}

func moment(t time.Time) string { return t.In(calendar.NewYork()).Format("2006-01-02 15:04 MST") }
