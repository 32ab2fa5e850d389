package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// house runs the loop of a scheduler over a clock that the test moves: it
// looks, writes its ledger, and remembers when to look next.
type house struct {
	t        *testing.T
	schedule Schedule
	policy   Policy
	ledger   Ledger
	now      time.Time
	last     time.Time
	next     time.Time
	story    []string
}

func newHouse(t *testing.T, p Policy, start string, lines ...string) *house {
	t.Helper()
	h := &house{t: t, schedule: parse(t, lines...), policy: p, now: at(t, start)}
	h.ledger.Since = h.now
	h.last = h.ledger.Last()
	h.look()
	return h
}

func (h *house) tell(format string, args ...any) {
	h.story = append(h.story, fmt.Sprintf(format, args...))
}

func stamp(t time.Time) string {
	text := t.UTC().Format("01-02T15:04:05")
	if t.Second() == 0 {
		text = strings.TrimSuffix(text, ":00")
	}
	return text
}

func (s Span) tell() string {
	if s.First.Equal(s.Last) && s.Count == 1 {
		return stamp(s.First)
	}
	return fmt.Sprintf("%s..%s x%d", stamp(s.First), stamp(s.Last), s.Count)
}

// look is one turn of the loop.
func (h *house) look() {
	if Void(h.last, h.now) {
		var void []Span
		h.ledger, void = h.ledger.Review(h.schedule, h.now)
		for _, s := range void {
			h.tell("%s void %s", stamp(h.now), s.tell())
		}
		h.last, h.next = h.ledger.Last(), time.Time{}
	}
	if h.now.Before(h.next) {
		return
	}
	a := h.schedule.Account(h.policy, h.last, h.now)
	for _, m := range a.Missed {
		h.tell("%s missed %s: %s", stamp(h.now), m.tell(), m.Reason)
		h.ledger.Spans = append(h.ledger.Spans, m.Span)
	}
	for _, slot := range a.Fire {
		h.tell("%s fire %s", stamp(h.now), stamp(slot))
		h.ledger.Spans = append(h.ledger.Spans, Span{slot, slot, 1})
	}
	h.last, h.next = a.Last, a.Next
}

// run moves the clock to the given instant and looks every ten seconds.
func (h *house) run(until string) *house {
	h.t.Helper()
	end := at(h.t, until)
	for h.now.Before(end) {
		h.now = h.now.Add(10 * time.Second)
		h.look()
	}
	return h
}

// set moves the clock at once: someone set it, or the machine slept.
func (h *house) set(to string) *house {
	h.t.Helper()
	h.now = at(h.t, to)
	h.look()
	return h
}

// restart forgets what only the process knew.
func (h *house) restart() *house {
	h.last, h.next = h.ledger.Last(), time.Time{}
	return h
}

func (h *house) want(story ...string) {
	h.t.Helper()
	if !slices.Equal(h.story, story) {
		h.t.Errorf("%s:\n got %s\nwant %s", h.schedule, strings.Join(h.story, "\n     "), strings.Join(story, "\n     "))
	}
}

func TestClockDaylightSaving(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-03-09T04:00Z", "30 1,2,3 * * *").run("2025-03-10T06:00Z").want(
		"03-09T06:30 fire 03-09T06:30",
		"03-09T07:00 fire 03-09T07:00",
		"03-09T07:30 fire 03-09T07:30",
		"03-10T05:30 fire 03-10T05:30",
	)
	newHouse(t, Policy{}, "2025-11-02T04:00Z", "30 1,2 * * *").run("2025-11-03T07:00Z").want(
		"11-02T05:30 fire 11-02T05:30",
		"11-02T07:30 fire 11-02T07:30",
		"11-03T06:30 fire 11-03T06:30",
	)
	newHouse(t, Policy{}, "2025-03-29T20:00Z", "TZ=Europe/London 30 0,1,2 * * *").run("2025-03-30T03:00Z").want(
		"03-30T00:30 fire 03-30T00:30",
		"03-30T01:00 fire 03-30T01:00",
		"03-30T01:30 fire 03-30T01:30",
	)
	newHouse(t, Policy{}, "2025-10-25T20:00Z", "TZ=Europe/London 30 0,1,2 * * *").run("2025-10-26T03:00Z").want(
		"10-25T23:30 fire 10-25T23:30",
		"10-26T00:30 fire 10-26T00:30",
		"10-26T02:30 fire 10-26T02:30",
	)
	newHouse(t, Policy{}, "2025-04-05T13:30Z", "TZ=Australia/Lord_Howe 45 1 * * *", "TZ=Australia/Lord_Howe 10 2 * * *").run("2025-04-06T16:00Z").want(
		"04-05T14:45 fire 04-05T14:45",
		"04-05T15:40 fire 04-05T15:40",
		"04-06T15:15 fire 04-06T15:15",
		"04-06T15:40 fire 04-06T15:40",
	)
	newHouse(t, Policy{}, "2025-10-04T12:00Z", "TZ=Australia/Lord_Howe 45 1 * * *", "TZ=Australia/Lord_Howe 10 2 * * *").run("2025-10-05T15:30Z").want(
		"10-04T15:15 fire 10-04T15:15",
		"10-04T15:30 fire 10-04T15:30",
		"10-05T14:45 fire 10-05T14:45",
		"10-05T15:10 fire 10-05T15:10",
	)
}

func TestClockDayThatDidNotExist(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2011-12-28T18:00Z", "TZ=Pacific/Apia 0 7,19 * * *").run("2011-12-31T18:00Z").want(
		"12-29T05:00 fire 12-29T05:00",
		"12-29T17:00 fire 12-29T17:00",
		"12-30T05:00 fire 12-30T05:00",
		"12-30T10:00 fire 12-30T10:00",
		"12-30T17:00 fire 12-30T17:00",
		"12-31T05:00 fire 12-31T05:00",
		"12-31T17:00 fire 12-31T17:00",
	)
}

// TestClockSetForwardAndBack: three days ahead for a minute. The slots of the
// days that had not come fire again when they do.
func TestClockSetForwardAndBack(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-06-02T10:00Z", "30 7 * * *").
		run("2025-06-02T12:00Z").set("2025-06-05T12:00Z").run("2025-06-05T12:01Z").
		set("2025-06-02T12:01Z").run("2025-06-05T12:00Z").want(
		"06-02T11:30 fire 06-02T11:30",
		"06-05T12:00 missed 06-03T11:30..06-04T11:30 x2: a later slot runs in its place (latest)",
		"06-05T12:00 fire 06-05T11:30",
		"06-02T12:01 void 06-03T11:30..06-04T11:30 x2",
		"06-02T12:01 void 06-05T11:30",
		"06-03T11:30 fire 06-03T11:30",
		"06-04T11:30 fire 06-04T11:30",
		"06-05T11:30 fire 06-05T11:30",
	)
}

// TestClockSetBackIntoASpan: what is void is only the part of the span that
// lies more than an hour ahead, and stays void in the hour before its time.
func TestClockSetBackIntoASpan(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-06-02T11:50Z", "0,30 * * * *").
		set("2025-06-05T12:10Z").set("2025-06-02T12:10Z").restart().run("2025-06-02T14:10Z").want(
		"06-05T12:10 missed 06-02T12:00: older than the catch-up window of 72h",
		"06-05T12:10 missed 06-02T12:30..06-05T11:30 x143: a later slot runs in its place (latest)",
		"06-05T12:10 fire 06-05T12:00",
		"06-02T12:10 void 06-02T13:30..06-05T11:30 x141",
		"06-02T12:10 void 06-05T12:00",
		"06-02T13:30 fire 06-02T13:30",
		"06-02T14:00 fire 06-02T14:00",
	)
}

// TestClockFirstSeenAhead: a job first seen while the clock was ahead begins
// when the clock is right again.
func TestClockFirstSeenAhead(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2031-06-02T12:00Z", "30 7 * * *").
		set("2025-06-02T12:00Z").restart().run("2025-06-03T12:00Z").want(
		"06-03T11:30 fire 06-03T11:30",
	)
}

// TestClockSmallSteps: minutes back and forth never fire a slot twice, nor
// leave one out.
func TestClockSmallSteps(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-06-02T11:00Z", "0,30 * * * *").
		run("2025-06-02T11:31Z").set("2025-06-02T11:20Z").restart().run("2025-06-02T11:50Z").
		set("2025-06-02T12:05Z").set("2025-06-02T11:25Z").run("2025-06-02T12:10Z").
		set("2025-06-02T12:31Z").set("2025-06-02T11:30Z").run("2025-06-02T13:00Z").want(
		"06-02T11:30 fire 06-02T11:30",
		"06-02T12:05 fire 06-02T12:00",
		"06-02T12:31 fire 06-02T12:30",
		"06-02T13:00 fire 06-02T13:00",
	)
}

// TestClockNightAsleep: eight hours without a look, under each policy, with a
// slot that is due at the moment of waking.
func TestClockNightAsleep(t *testing.T) {
	t.Parallel()
	night := func(p Policy) *house {
		return newHouse(t, p, "2025-06-02T01:30Z", "0 * * * *").set("2025-06-02T10:00Z").run("2025-06-02T11:00Z")
	}
	night(Policy{CatchUp: Latest}).want(
		"06-02T10:00 missed 06-02T02:00..06-02T09:00 x8: a later slot runs in its place (latest)",
		"06-02T10:00 fire 06-02T10:00",
		"06-02T11:00 fire 06-02T11:00",
	)
	night(Policy{CatchUp: Latest, Window: 4 * time.Hour}).want(
		"06-02T10:00 missed 06-02T02:00..06-02T05:00 x4: older than the catch-up window of 4h",
		"06-02T10:00 missed 06-02T06:00..06-02T09:00 x4: a later slot runs in its place (latest)",
		"06-02T10:00 fire 06-02T10:00",
		"06-02T11:00 fire 06-02T11:00",
	)
	night(Policy{CatchUp: All}).want(
		"06-02T10:00 fire 06-02T02:00",
		"06-02T10:00 fire 06-02T03:00",
		"06-02T10:00 fire 06-02T04:00",
		"06-02T10:00 fire 06-02T05:00",
		"06-02T10:00 fire 06-02T06:00",
		"06-02T10:00 fire 06-02T07:00",
		"06-02T10:00 fire 06-02T08:00",
		"06-02T10:00 fire 06-02T09:00",
		"06-02T10:00 fire 06-02T10:00",
		"06-02T11:00 fire 06-02T11:00",
	)
	night(Policy{CatchUp: All, Window: 390 * time.Minute, Cap: 3}).want(
		"06-02T10:00 missed 06-02T02:00..06-02T03:00 x2: older than the catch-up window of 6h30m",
		"06-02T10:00 missed 06-02T04:00..06-02T07:00 x4: more than 3 at once (cap)",
		"06-02T10:00 fire 06-02T08:00",
		"06-02T10:00 fire 06-02T09:00",
		"06-02T10:00 fire 06-02T10:00",
		"06-02T11:00 fire 06-02T11:00",
	)
	night(Policy{CatchUp: None}).want(
		"06-02T10:00 missed 06-02T02:00..06-02T09:00 x8: catch-up is off",
		"06-02T10:00 fire 06-02T10:00",
		"06-02T11:00 fire 06-02T11:00",
	)
}

// TestClockNightAcrossMarch: the slots of the hour that did not exist are one.
func TestClockNightAcrossMarch(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{CatchUp: All}, "2025-03-09T03:10Z", "*/30 0-4 * * *").set("2025-03-09T08:10Z").want(
		"03-09T08:10 fire 03-09T05:00",
		"03-09T08:10 fire 03-09T05:30",
		"03-09T08:10 fire 03-09T06:00",
		"03-09T08:10 fire 03-09T06:30",
		"03-09T08:10 fire 03-09T07:00",
		"03-09T08:10 fire 03-09T07:30",
		"03-09T08:10 fire 03-09T08:00",
	)
}

// TestClockGrace: a slot is on time until it is a minute old.
func TestClockGrace(t *testing.T) {
	t.Parallel()
	off := Policy{CatchUp: None}
	newHouse(t, off, "2025-06-02T11:00Z", "30 7 * * *").set("2025-06-02T11:29:59Z").set("2025-06-02T11:30Z").want("06-02T11:30 fire 06-02T11:30")
	newHouse(t, off, "2025-06-02T11:00Z", "30 7 * * *").set("2025-06-02T11:30:59Z").want("06-02T11:30:59 fire 06-02T11:30")
	newHouse(t, off, "2025-06-02T11:00Z", "30 7 * * *").set("2025-06-02T11:31Z").want("06-02T11:31 missed 06-02T11:30: catch-up is off")
	// First seen at a slot: that one is not the job's.
	newHouse(t, off, "2025-06-02T11:30Z", "30 7 * * *").run("2025-06-03T11:30Z").want("06-03T11:30 fire 06-03T11:30")
}

// TestClockEdgeOfWindow: a slot exactly as old as the window is worth running.
func TestClockEdgeOfWindow(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{CatchUp: All}, "2025-06-02T11:00Z", "30 7 * * *").set("2025-06-05T11:30Z").want(
		"06-05T11:30 fire 06-02T11:30",
		"06-05T11:30 fire 06-03T11:30",
		"06-05T11:30 fire 06-04T11:30",
		"06-05T11:30 fire 06-05T11:30",
	)
	newHouse(t, Policy{}, "2025-06-02T11:00Z", "30 7 * * 1").set("2025-06-05T11:30:01Z").want(
		"06-05T11:30:01 missed 06-02T11:30: older than the catch-up window of 72h",
	)
}

func TestClockLinesThatCoincide(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-06-02T10:00Z", "30 7 * * 1-5", "*/30 7 * * *", "TZ=Europe/London 30 12 * * *").run("2025-06-02T12:00Z").want(
		"06-02T11:00 fire 06-02T11:00",
		"06-02T11:30 fire 06-02T11:30",
	)
}

// TestClockCalendarDays: the week of Thanksgiving and the one of Christmas
// 2025, whose H.4.1 came on the Monday after.
func TestClockCalendarDays(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-11-24", "5 13 * * * on half_days", "5 16 * * * on full_days", "35 16 * * * on h41_days").run("2025-12-02").want(
		"11-24T21:05 fire 11-24T21:05",
		"11-25T21:05 fire 11-25T21:05",
		"11-26T21:05 fire 11-26T21:05",
		"11-28T18:05 fire 11-28T18:05",
		"11-28T21:35 fire 11-28T21:35",
		"12-01T21:05 fire 12-01T21:05",
	)
	newHouse(t, Policy{}, "2025-12-20", "5 13 * * * on half_days", "35 16 * * * on h41_days").run("2026-01-03").want(
		"12-24T18:05 fire 12-24T18:05",
		"12-29T21:35 fire 12-29T21:35",
		"01-02T21:35 fire 01-02T21:35",
	)
}

// TestClockMonthOfMinutes: a month is three lines, not forty thousand.
func TestClockMonthOfMinutes(t *testing.T) {
	t.Parallel()
	newHouse(t, Policy{}, "2025-12-01", "TZ=UTC * * * * *").set("2026-01-01").want(
		"01-01T00:00 missed 12-01T00:01..12-28T23:59 x40319: older than the catch-up window of 72h",
		"01-01T00:00 missed 12-29T00:00..12-31T23:59 x4320: a later slot runs in its place (latest)",
		"01-01T00:00 fire 01-01T00:00",
	)
}
