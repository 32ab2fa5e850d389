package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func parse(tb testing.TB, lines ...string) Schedule {
	tb.Helper()
	s, err := Parse(calendar.US(), calendar.NewYork(), lines...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// at reads an instant written as 2025-03-09T07:00Z, with seconds or without,
// or a date, which is its midnight in UTC.
func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339, time.DateOnly} {
		if v, err := time.Parse(layout, text); err == nil {
			return v.UTC()
		}
	}
	tb.Fatalf("%q is no instant", text)
	return time.Time{}
}

// slots lists the slots in (after, upTo], written in UTC.
func slots(t *testing.T, s Schedule, after, upTo string) []string {
	t.Helper()
	var out []string
	for slot := range s.Between(at(t, after), at(t, upTo)) {
		if slot.Location() != time.UTC {
			t.Errorf("slot %s is not in UTC", slot)
		}
		out = append(out, slot.Format("2006-01-02T15:04Z07:00"))
	}
	return out
}

func TestSlots(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines       []string
		after, upTo string
		want        []string
	}{
		"the start is not in, the end is": {
			[]string{"*/30 * * * *"},
			"2025-06-02T12:00Z", "2025-06-02T13:00Z",
			[]string{"2025-06-02T12:30Z", "2025-06-02T13:00Z"},
		},
		"lines that coincide have one slot": {
			[]string{"30 7 * * 1-5", "30 7,8 * * 1", "TZ=UTC 30 11 * * *"},
			"2025-06-01T12:00Z", "2025-06-03T12:00Z",
			[]string{"2025-06-02T11:30Z", "2025-06-02T12:30Z", "2025-06-03T11:30Z"},
		},
		"a day of the month and of the week are alternatives": {
			[]string{"0 12 13 * 5"},
			"2025-06-01", "2025-06-21",
			[]string{"2025-06-06T16:00Z", "2025-06-13T16:00Z", "2025-06-20T16:00Z"},
		},
		"29 February across 2100, which has none": {
			[]string{"TZ=UTC 0 0 29 2 *"},
			"2092-03-01", "2105-01-01",
			[]string{"2096-02-29T00:00Z", "2104-02-29T00:00Z"},
		},
		"29 February from a year of which the library sees five ahead": {
			[]string{"TZ=UTC 0 0 29 2 *"},
			"2097-06-01", "2105-01-01",
			[]string{"2104-02-29T00:00Z"},
		},
		"the last days of a leap year past the table of transitions": {
			[]string{"0 12 * * *"},
			"2040-12-30", "2041-01-02",
			[]string{"2040-12-30T17:00Z", "2040-12-31T17:00Z", "2041-01-01T17:00Z"},
		},
		"half days": {
			[]string{"30 13 * * * on half_days"},
			"2024-01-01", "2026-01-01",
			[]string{
				"2024-07-03T17:30Z", "2024-11-29T18:30Z", "2024-12-24T18:30Z",
				"2025-07-03T17:30Z", "2025-11-28T18:30Z", "2025-12-24T18:30Z",
			},
		},
		"full days around Thanksgiving": {
			[]string{"30 16 * * * on full_days"},
			"2025-11-25", "2025-12-03",
			[]string{"2025-11-25T21:30Z", "2025-11-26T21:30Z", "2025-12-01T21:30Z", "2025-12-02T21:30Z"},
		},
		"sessions around Good Friday, on which the Reserve Banks are open": {
			[]string{"0 9 * * * on sessions"},
			"2025-04-17", "2025-04-22",
			[]string{"2025-04-17T13:00Z", "2025-04-21T13:00Z"},
		},
		"business days of the Reserve Banks around Good Friday": {
			[]string{"0 9 * * * on fed_days"},
			"2025-04-17", "2025-04-22",
			[]string{"2025-04-17T13:00Z", "2025-04-18T13:00Z", "2025-04-21T13:00Z"},
		},
		"days with secured rates around Good Friday": {
			[]string{"0 9 * * * on secured_days"},
			"2025-04-17", "2025-04-22",
			[]string{"2025-04-17T13:00Z", "2025-04-21T13:00Z"},
		},
		"releases of the H.4.1: Fridays after Thanksgiving and New Year, and the Monday after Christmas 2025": {
			[]string{"35 16 * * * on h41_days"},
			"2025-11-14", "2026-01-10",
			[]string{
				"2025-11-20T21:35Z", "2025-11-28T21:35Z", "2025-12-04T21:35Z", "2025-12-11T21:35Z", "2025-12-18T21:35Z",
				"2025-12-29T21:35Z", "2026-01-02T21:35Z", "2026-01-08T21:35Z",
			},
		},
		"a release on Friday only": {
			[]string{"35 16 * * 5 on h41_days"},
			"2024-11-01", "2025-02-01",
			[]string{"2024-11-29T21:35Z"},
		},
		"the condition is asked of the date in New York": {
			// Tuesday to Saturday mornings in Tokyo are the evenings before.
			[]string{"TZ=Asia/Tokyo 0 8 * * * on sessions"},
			"2025-07-02T12:00Z", "2025-07-08T12:00Z",
			[]string{"2025-07-02T23:00Z", "2025-07-03T23:00Z", "2025-07-07T23:00Z"},
		},
		"names of times": {
			[]string{"@weekly", "CRON_TZ=UTC @monthly"},
			"2025-06-28", "2025-07-07",
			[]string{"2025-06-29T04:00Z", "2025-07-01T00:00Z", "2025-07-06T04:00Z"},
		},
	}
	for name, tt := range tests {
		if got := slots(t, parse(t, tt.lines...), tt.after, tt.upTo); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
	}
}

// TestCorrectedCalendar holds that conditions follow the calendar given, and
// not the one built in.
func TestCorrectedCalendar(t *testing.T) {
	t.Parallel()
	christmas := schemas.NewDate(2025, time.December, 24)
	cal, err := calendar.US().With(calendar.Overrides{H41Releases: map[schemas.Date]schemas.Date{christmas: christmas + 2}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(cal, calendar.NewYork(), "35 16 * * * on h41_days")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slots(t, s, "2025-12-20", "2026-01-01"), []string{"2025-12-26T21:35Z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEveryReleaseHasItsDay holds h41_days against the releases themselves.
func TestEveryReleaseHasItsDay(t *testing.T) {
	t.Parallel()
	cal := calendar.US()
	released := map[schemas.Date]bool{}
	first, last := schemas.NewDate(1996, time.January, 3), schemas.NewDate(2040, time.December, 26)
	for w := first; w <= last; w += 7 {
		released[dateInNewYork(cal.H41Release(w))] = true
	}
	for d := first + 7; d <= last; d++ {
		if isH41Day(cal, d) != released[d] {
			t.Errorf("%s counts as a day of release: %v", d, !released[d])
		}
	}
}

func TestZeroScheduleNeverComes(t *testing.T) {
	t.Parallel()
	s := parse(t)
	if slot, ok := s.Next(at(t, "2025-01-01")); ok {
		t.Errorf("comes at %s", slot)
	}
	if got := slots(t, s, "2025-01-01", "2035-01-01"); got != nil {
		t.Errorf("has the slots %q", got)
	}
	if got := s.String(); got != "" {
		t.Errorf("prints as %q", got)
	}
	if a := s.Account(Policy{}, at(t, "2025-01-01"), at(t, "2026-01-01")); !a.Next.IsZero() || a.Fire != nil || a.Missed != nil {
		t.Errorf("accounts as %+v", a)
	}
}

// TestNothingAfterTheCalendar holds that the search for a day that the
// calendar no longer covers ends.
func TestNothingAfterTheCalendar(t *testing.T) {
	t.Parallel()
	if slot, ok := parse(t, "* * * * * on sessions").Next(calendar.Last.Time().AddDate(0, 0, 2)); ok {
		t.Errorf("comes at %s", slot)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	s := parse(t, "  30  7 *\t* 1-5 ", "CRON_TZ=Europe/London 0 9 * * MON on   sessions", "@daily")
	if got, want := s.String(), "30 7 * * 1-5; TZ=Europe/London 0 9 * * MON on sessions; @daily"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestParseRefuses holds that a line that cannot work is quoted, and that the
// error says what is wrong and what to write.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                `empty; write five fields such as 30 7 * * 1-5`,
		" \t":                             `empty; write five fields such as 30 7 * * 1-5`,
		"TZ=":                             `the zone "" names no place; write one such as TZ=America/New_York`,
		"TZ= 0 7 * * *":                   `the zone "" names no place; write one such as TZ=America/New_York`,
		"TZ=Local 0 7 * * *":              `the zone "Local" names no place; write one such as TZ=America/New_York`,
		"TZ=Europe/London":                `fields are missing after the zone; write five such as TZ=Europe/London 30 7 * * 1-5`,
		"CRON_TZ=Europe/Lundon 0 7 * * *": `the zone "Europe/Lundon" is unknown; write one such as TZ=America/New_York`,
		"TZ=UTC TZ=UTC 0 7 * * *":         `it has six fields, and there are no seconds; write five: minute, hour, day of the month, month, day of the week`,
		"@every 1h":                       `the slots of @every would move with each restart; write fields such as */15 * * * *`,
		"@reboot":                         `@reboot is no time, and what a restart missed is caught up anyway; write fields such as 30 7 * * 1-5`,
		"@noon":                           `@noon is no name for a time; write @hourly, @daily, @weekly, @monthly, @yearly or five fields`,
		"@daily 7":                        `@daily 7 is no name for a time; write @hourly, @daily, @weekly, @monthly, @yearly or five fields`,
		"0 0 7 * * *":                     `it has six fields, and there are no seconds; write five: minute, hour, day of the month, month, day of the week`,
		"0 7 * *":                         `it has 4 of five fields; write minute, hour, day of the month, month, day of the week`,
		"60 7 * * *":                      `"60" is no minute; write 0-59, * for all, */2 for every second, or a list with commas`,
		"0 24 * * *":                      `"24" is no hour; write 0-23, * for all, */2 for every second, or a list with commas`,
		"0 7 0 * *":                       `"0" is no day of the month; write 1-31, * for all, */2 for every second, or a list with commas`,
		"0 7 * foo *":                     `"foo" is no month; write 1-12 or jan-dec, * for all, */2 for every second, or a list with commas`,
		"0 7 * * 7":                       `"7" is no day of the week; write 0-6, where Sunday is 0, or sun-sat, * for all, */2 for every second, or a list with commas`,
		"0 7 , * *":                       `"," is no day of the month; write 1-31, * for all, */2 for every second, or a list with commas`,
		"0 *-5 * * *":                     `"*-5" is no hour; write 0-23, * for all, */2 for every second, or a list with commas`,
		"0 0 30 2 *":                      `no year has such a date; write a day that the month has`,
		"0 0 31 4,6 *":                    `no year has such a date; write a day that the month has`,
		"0 7 * * * on":                    `"" is no condition; write one of sessions, half_days, full_days, fed_days, h41_days, secured_days after on`,
		"0 7 * * * on holidays":           `"holidays" is no condition; write one of sessions, half_days, full_days, fed_days, h41_days, secured_days after on`,
		"0 7 * * * on sessions fed_days":  `"sessions fed_days" is no condition; write one of sessions, half_days, full_days, fed_days, h41_days, secured_days after on`,
		"on sessions":                     `fields are missing; write five such as 30 7 * * 1-5`,
		"0 7 * * 0 on sessions":           `none of its days is one of the sessions; change the days or leave the condition out`,
		"0 7 25 12 * on fed_days":         `none of its days is one of the fed_days; change the days or leave the condition out`,
		"0 7 * 3 * on half_days":          `none of its days is one of the half_days; change the days or leave the condition out`,
	} {
		_, err := Parse(calendar.US(), calendar.NewYork(), "0 7 * * *", text)
		if err == nil {
			t.Errorf("%q is accepted", text)
			continue
		}
		if want := fmt.Sprintf("schedule %q: %s", text, want); err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}
