package schedule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEverySlotIsAccounted holds that looks at any times, and restarts in
// between, leave out no slot and have none twice, and that between a look and
// its Next there is nothing to find.
func TestEverySlotIsAccounted(t *testing.T) {
	t.Parallel()
	schedules := []Schedule{
		parse(t, "*/20 * * * *"),
		parse(t, "30 7 * * 1-5", "10 8,9 * * *"),
		parse(t, "0,30 1,2 * * *", "TZ=Australia/Lord_Howe */15 2 * * *"),
		parse(t, "5 13 * * * on half_days", "35 16 * * * on h41_days"),
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(schedules).Draw(t, "schedule")
		p := Policy{
			CatchUp: rapid.SampledFrom([]CatchUp{All, Latest, None}).Draw(t, "catch-up"),
			Window:  time.Duration(rapid.IntRange(1, 100).Draw(t, "window hours")) * time.Hour,
			Cap:     rapid.IntRange(1, 5).Draw(t, "cap"),
		}
		start := time.Date(2025, time.Month(rapid.SampledFrom([]int{3, 10, 11, 12}).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		now, ledger := start, Ledger{Since: start}
		for range rapid.IntRange(1, 8).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.OneOf(rapid.IntRange(0, 90), rapid.IntRange(0, 200*3600)).Draw(t, "seconds")) * time.Second)
			last := ledger.Last()
			a := s.Account(p, last, now)
			want := slices.Collect(s.Between(last, now))
			var got int
			for _, m := range a.Missed {
				span := slices.Collect(s.Between(m.First.Add(-1), m.Last))
				if m.Count != len(span) || !span[0].Equal(m.First) || !span[len(span)-1].Equal(m.Last) || !want[got].Equal(m.First) {
					t.Fatalf("the span %+v holds %v", m, span)
				}
				got += m.Count
				ledger.Spans = append(ledger.Spans, m.Span)
			}
			if !slices.EqualFunc(a.Fire, want[got:], time.Time.Equal) {
				t.Fatalf("fires %v, where %v are left", a.Fire, want[got:])
			}
			onTime := slices.ContainsFunc(want, func(slot time.Time) bool { return now.Sub(slot) < Grace })
			if (onTime && len(a.Fire) == 0) || (p.CatchUp == All && len(a.Fire) > p.Cap) || (p.CatchUp != All && len(a.Fire) > 1) || len(a.Missed) > 2 {
				t.Fatalf("%+v under %+v at %s", a, p, now)
			}
			for _, slot := range a.Fire {
				ledger.Spans = append(ledger.Spans, Span{slot, slot, 1})
			}
			if !a.Last.Equal(ledger.Last()) {
				t.Fatalf("last is %s, in the ledger %s", a.Last, ledger.Last())
			}
			if next, ok := s.Next(now); !ok || !a.Next.Equal(next) {
				t.Fatalf("next is %s, want %s", a.Next, next)
			}
		}
	})
}

// TestAccountOfAJobNeverSeen holds that it has missed nothing, and begins now.
func TestAccountOfAJobNeverSeen(t *testing.T) {
	t.Parallel()
	now := at(t, "2025-06-02T11:30Z")
	a := parse(t, "30 7 * * *").Account(Policy{CatchUp: All}, time.Time{}, now)
	if len(a.Fire) > 0 || len(a.Missed) > 0 || !a.Last.Equal(now) || !a.Next.Equal(now.Add(24*time.Hour)) {
		t.Errorf("got %+v", a)
	}
}

// TestAccountWhileLastIsAhead holds that after a small step back nothing is
// due before the slots that are accounted for have passed.
func TestAccountWhileLastIsAhead(t *testing.T) {
	t.Parallel()
	a := parse(t, "*/10 * * * *").Account(Policy{}, at(t, "2025-06-02T11:30Z"), at(t, "2025-06-02T11:05Z"))
	if len(a.Fire) > 0 || len(a.Missed) > 0 || !a.Last.Equal(at(t, "2025-06-02T11:30Z")) || !a.Next.Equal(at(t, "2025-06-02T11:40Z")) {
		t.Errorf("got %+v", a)
	}
}

// TestAccountOfTwoSlotsOnTime: Monrovia was 44 and a half minutes behind UTC
// until 1972, so its minutes and those of UTC lie half a minute apart.
func TestAccountOfTwoSlotsOnTime(t *testing.T) {
	t.Parallel()
	s := parse(t, "TZ=Africa/Monrovia * * * * *", "TZ=UTC * * * * *")
	a := s.Account(Policy{}, at(t, "1971-06-02T11:30:10Z"), at(t, "1971-06-02T11:32:10Z"))
	want := []time.Time{at(t, "1971-06-02T11:31:30Z"), at(t, "1971-06-02T11:32Z")}
	if !slices.Equal(a.Fire, want) || len(a.Missed) != 1 || a.Missed[0].Count != 2 {
		t.Errorf("got %+v", a)
	}
}

// TestAccountOfAReadingOfTheClock holds that what goes with a reading of the
// process's clock, its zone and the monotonic time, does not come out again.
func TestAccountOfAReadingOfTheClock(t *testing.T) {
	t.Parallel()
	now := time.Now().In(zone(t, "Asia/Tokyo"))
	a := Schedule{}.Account(Policy{}, now, now)
	if a.Last != now.Round(0).UTC() {
		t.Errorf("last is %v, want %v", a.Last, now.Round(0).UTC())
	}
	kept, _ := Ledger{Since: now.Add(2 * Drift)}.Review(Schedule{}, now)
	if kept.Since != now.Round(0).UTC() {
		t.Errorf("first seen at %v, want %v", kept.Since, now.Round(0).UTC())
	}
}

func TestVoid(t *testing.T) {
	t.Parallel()
	now := at(t, "2025-06-02T11:30Z")
	for slot, want := range map[string]bool{
		"2025-06-01T00:00Z": false, "2025-06-02T11:30Z": false, "2025-06-02T12:30Z": false, "2025-06-02T12:30:01Z": true, "2031-01-01T00:00Z": true,
	} {
		if got := Void(at(t, slot), now); got != want {
			t.Errorf("%s is void at %s: %v", slot, now, got)
		}
	}
}

// TestReviewAfterAnotherSchedule: a span that was written under another
// schedule is divided without losing its ends or its count.
func TestReviewAfterAnotherSchedule(t *testing.T) {
	t.Parallel()
	ledger := Ledger{Since: at(t, "2025-01-01"), Spans: []Span{{at(t, "2025-06-02T11:30Z"), at(t, "2025-06-04T11:30Z"), 3}}}
	now := at(t, "2025-06-02T12:00Z")
	for line, want := range map[string][2]string{
		"30 7 * * *":   {"06-02T11:30", "06-03T11:30..06-04T11:30 x2"},
		"* * * * *":    {"06-02T11:30..06-02T13:00 x2", "06-02T13:01..06-04T11:30 x1"},
		"0 12 15 * *":  {"06-02T11:30", "06-04T11:30..06-04T11:30 x2"},
		"0 16 * * 1-5": {"06-02T11:30", "06-02T20:00..06-04T11:30 x2"},
	} {
		kept, void := ledger.Review(parse(t, line), now)
		if len(kept.Spans) != 1 || len(void) != 1 || kept.Spans[0].tell() != want[0] || void[0].tell() != want[1] {
			t.Errorf("%s: kept %s, void %s, want %q", line, kept.Spans[0].tell(), void[0].tell(), want)
		}
		if !kept.Since.Equal(ledger.Since) {
			t.Errorf("%s: first seen at %s", line, kept.Since)
		}
	}
}
