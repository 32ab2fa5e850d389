package deliver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

var (
	friday  = schemas.NewDate(2025, time.December, 5)
	evening = friday.In(calendar.NewYork(), 19, 0)
)

func living(owners ...string) func(string, time.Time) bool {
	return func(owner string, _ time.Time) bool { return slices.Contains(owners, owner) }
}

func line(id string, s schemas.DeliveryState, minutes int) schemas.Delivery {
	return schemas.Delivery{ID: id, State: s, Owner: "process " + id, At: evening.Add(time.Duration(minutes) * time.Minute), Error: "because"}
}

func TestStanding(t *testing.T) {
	begun, handed, done, failed, uncertain, withdrawn := schemas.DeliveryBegun, schemas.DeliveryHanded, schemas.DeliveryDone, schemas.DeliveryFailed, schemas.DeliveryUncertain, schemas.DeliveryWithdrawn
	for _, tc := range []struct {
		name  string
		lines []schemas.Delivery
		once  bool
		want  Verdict
		tries int
	}{
		{"nothing yet", nil, true, Due, 0},
		{"arrived", []schemas.Delivery{line("a", done, 0)}, true, Delivered, 0},
		{"arrived after failures", []schemas.Delivery{line("a", failed, 0), line("b", uncertain, 1), line("c", done, 2)}, true, Delivered, 0},
		{"failed twice", []schemas.Delivery{line("a", failed, 0), line("b", failed, 3)}, true, Due, 2},
		{"at work", []schemas.Delivery{line("living", begun, 0)}, true, Busy, 0},
		{"handing over", []schemas.Delivery{line("living", handed, 0)}, true, Busy, 0},
		{"begun by one who is gone", []schemas.Delivery{line("dead", begun, 0)}, true, Due, 0},
		{"handed over by one who is gone", []schemas.Delivery{line("dead", handed, 0)}, true, Uncertain, 0},
		{"put into a folder by one who is gone", []schemas.Delivery{line("dead", handed, 0)}, false, Due, 0},
		{"uncertain, then another begins", []schemas.Delivery{line("a", uncertain, 0), line("living", begun, 1)}, true, Busy, 0},
		{"uncertain, then a failure", []schemas.Delivery{line("a", uncertain, 0), line("b", failed, 1)}, true, Uncertain, 0},
		{"withdrawn", []schemas.Delivery{line("a", withdrawn, 0)}, true, Due, 0},
	} {
		got := standing(tc.lines, living("process living"), tc.once)
		if got.verdict != tc.want || got.tries != tc.tries {
			t.Errorf("%s: %s after %d tries, want %s after %d", tc.name, got.verdict, got.tries, tc.want, tc.tries)
		}
	}
}

func TestVerdict(t *testing.T) {
	morning := func(hour, minute int) time.Time { return (friday + 1).In(calendar.NewYork(), hour, minute) }
	early := hours{after: 7*time.Hour + 30*time.Minute, by: 9 * time.Hour}
	lacks := []string{"breadth of the S&P 500 (up to 2025-12-04)"}
	for _, tc := range []struct {
		name   string
		s      state
		o      order
		want   Verdict
		reason string
	}{
		{"all is there", state{now: evening, begun: true, hours: hours{by: early.by}}, order{}, Due, "all figures"},
		{"not before its time", state{now: evening, begun: true, hours: early}, order{}, Waits, "until 2025-12-06 07:30 EST"},
		{"at its time", state{now: morning(7, 30), begun: true, hours: early}, order{}, Due, "all figures"},
		{"something is missing", state{now: morning(8, 59), begun: true, hours: early, missing: lacks}, order{}, Waits, "for breadth of the S&P 500"},
		{"something is missing at the end", state{now: morning(9, 0), begun: true, hours: early, missing: lacks}, order{}, Due, "without breadth"},
		{"something is missing, asked for", state{now: evening, begun: true, hours: early, missing: lacks}, order{now: true}, Due, "asked for"},
		{"there is nothing", state{now: morning(12, 0), hours: early}, order{}, Waits, "no figures"},
		{"there is nothing, asked for", state{now: morning(12, 0), hours: early}, order{now: true}, Waits, "no figures"},
		{"failed a moment ago", state{now: evening.Add(30 * time.Second), begun: true, stand: stand{verdict: Due, at: evening, tries: 1}}, order{}, Retries, "19:01 EST"},
		{"failed a minute ago", state{now: evening.Add(time.Minute), begun: true, stand: stand{verdict: Due, at: evening, tries: 1}}, order{}, Due, "all figures"},
		{"failed for hours", state{now: evening.Add(time.Hour), begun: true, stand: stand{verdict: Due, at: evening, tries: 11}}, order{}, Due, "all figures"},
		{"failed too often", state{now: evening.Add(9 * time.Hour), begun: true, stand: stand{verdict: Due, at: evening, tries: 12}}, order{}, GivenUp, "12 times"},
		{"failed too often, asked for", state{now: evening, begun: true, stand: stand{verdict: Due, at: evening, tries: 12}}, order{now: true}, Due, "asked for"},
		{"arrived", state{now: evening, begun: true, stand: stand{verdict: Delivered, at: evening}}, order{now: true}, Delivered, "19:00 EST"},
		{"arrived, asked for again", state{now: evening, begun: true, stand: stand{verdict: Delivered, at: evening}}, order{again: true}, Due, "again"},
		{"nobody knows", state{now: evening, begun: true, stand: stand{verdict: Uncertain, at: evening, reason: lost}}, order{now: true}, Uncertain, "--again"},
		{"another is at it, asked for again", state{now: evening, begun: true, stand: stand{verdict: Busy}}, order{again: true}, Busy, "another process"},
	} {
		tc.s.session = friday
		if tc.s.stand.verdict == "" {
			tc.s.stand.verdict = Due
		}
		got, reason := tc.s.verdict(tc.o)
		if got != tc.want || !strings.Contains(reason, tc.reason) {
			t.Errorf("%s: %s, %q; want %s, %q", tc.name, got, reason, tc.want, tc.reason)
		}
	}
}

// TestNothingIsSentTwice draws attempts with any ends in any order. What has
// arrived, or may have, is not due unless a person asks for it.
func TestNothingIsSentTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := []schemas.DeliveryState{
			schemas.DeliveryBegun, schemas.DeliveryHanded, schemas.DeliveryDone, schemas.DeliveryFailed, schemas.DeliveryUncertain, schemas.DeliveryWithdrawn,
		}
		var lines []schemas.Delivery
		reached := false
		for i := range rapid.IntRange(0, 6).Draw(t, "attempts") {
			l := line(fmt.Sprint(i), rapid.SampledFrom(states).Draw(t, "state"), rapid.IntRange(0, 9).Draw(t, "minute"))
			if rapid.Bool().Draw(t, "living") {
				l.Owner = "living"
			}
			reached = reached || l.State == schemas.DeliveryDone || l.State == schemas.DeliveryUncertain || l.State == schemas.DeliveryHanded
			lines = append(lines, l)
		}
		s := state{stand: standing(lines, living("living"), true), now: evening.Add(48 * time.Hour), session: friday, begun: true}
		verdict, _ := s.verdict(order{now: rapid.Bool().Draw(t, "now")})
		if reached && verdict == Due {
			t.Fatalf("due, though it may have arrived: %+v", lines)
		}
	})
}
