package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas/calendar"
)

// clockChanges are days around which clocks were set, in zones that do it in
// their own ways.
var clockChanges = []struct{ zone, day string }{
	{"America/New_York", "2025-03-09"},
	{"America/New_York", "2025-11-02"},
	{"America/New_York", "2040-03-11"}, // by the rule, not by the table
	{"Europe/London", "2025-03-30"},
	{"Europe/London", "2025-10-26"},
	{"Australia/Lord_Howe", "2025-04-06"}, // half an hour
	{"Australia/Lord_Howe", "2025-10-05"},
	{"Pacific/Apia", "2011-12-30"}, // a day left out
	{"Pacific/Apia", "2012-04-01"},
	{"Pacific/Kwajalein", "1993-08-21"}, // a day left out
	{"Pacific/Kwajalein", "1969-10-01"}, // a day almost twice
	{"America/Sao_Paulo", "2018-02-18"}, // at midnight
	{"America/Sao_Paulo", "2018-11-04"},
	{"Asia/Beirut", "2023-03-26"}, // twice within days
	{"Asia/Beirut", "2023-03-30"},
	{"Asia/Beirut", "2022-10-30"},
	{"Africa/Cairo", "2023-04-28"},
	{"Africa/Cairo", "2023-10-27"},
	{"Africa/Cairo", "2010-09-10"},
	{"Africa/Casablanca", "2024-03-10"},
	{"Antarctica/Troll", "2025-03-30"}, // two hours
	{"Antarctica/Troll", "2025-10-26"},
	{"America/Caracas", "2016-05-01"}, // half an hour, for good
	{"Asia/Pyongyang", "2018-05-04"},
	{"UTC", "2025-06-01"},
}

// drawn is a line as sets of values, so that the reference need not parse.
type drawn struct {
	values [5][]int // nil is a star
}

func (d drawn) String() string {
	words := make([]string, len(d.values))
	for i, values := range d.values {
		words[i] = "*"
		if values != nil {
			texts := make([]string, len(values))
			for j, v := range values {
				texts[j] = strconv.Itoa(v)
			}
			words[i] = strings.Join(texts, ",")
		}
	}
	return strings.Join(words, " ")
}

func (d drawn) matches(wall time.Time) bool {
	in := func(field, value int) bool { return d.values[field] == nil || slices.Contains(d.values[field], value) }
	day, weekday := in(2, wall.Day()), in(4, int(wall.Weekday()))
	onDay := day && weekday
	if d.values[2] != nil && d.values[4] != nil {
		onDay = day || weekday
	}
	return in(0, wall.Minute()) && in(1, wall.Hour()) && in(3, int(wall.Month())) && onDay
}

func drawLine(t *rapid.T, around time.Time) drawn {
	values := func(label string, low, high int, likely ...int) []int {
		if rapid.Bool().Draw(t, label+" is a star") {
			return nil
		}
		v := rapid.SliceOfNDistinct(rapid.OneOf(rapid.SampledFrom(likely), rapid.IntRange(low, high)), 1, 4, rapid.ID).Draw(t, label)
		slices.Sort(v)
		return v
	}
	return drawn{[5][]int{
		values("minutes", 0, 59, 0, 1, 29, 30, 59),
		values("hours", 0, 23, 0, 1, 2, 3, 23),
		values("days", 1, 31, around.Day(), around.AddDate(0, 0, 1).Day()),
		values("months", 1, 12, int(around.Month())),
		values("weekdays", 0, 6, int(around.Weekday())),
	}}
}

// slowSlots goes through every minute and looks at the clock on the wall. The
// minutes that the clock has not shown before are due, and so are those that it
// left out.
func slowSlots(lines []drawn, zone *time.Location, after, upTo time.Time) []time.Time {
	var out []time.Time
	var shown time.Time // the newest reading
	for now := after.Add(-48 * time.Hour).Truncate(time.Minute); !now.After(upTo); now = now.Add(time.Minute) {
		local := now.In(zone)
		wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if shown.IsZero() {
			shown = wall.Add(-time.Minute)
		}
		due := false
		for ; shown.Before(wall); shown = shown.Add(time.Minute) {
			due = due || slices.ContainsFunc(lines, func(d drawn) bool { return d.matches(shown.Add(time.Minute)) })
		}
		if due && now.After(after) {
			out = append(out, now)
		}
	}
	return out
}

// TestSlotsAgainstEveryMinute holds the arithmetic against slowSlots.
func TestSlotsAgainstEveryMinute(t *testing.T) {
	t.Parallel()
	zones := map[string]*time.Location{}
	for _, c := range clockChanges {
		zones[c.zone] = zone(t, c.zone)
	}
	rapid.Check(t, func(t *rapid.T) {
		change := rapid.SampledFrom(clockChanges).Draw(t, "change")
		day, err := time.Parse(time.DateOnly, change.day)
		if err != nil {
			t.Fatal(err)
		}
		lines := make([]drawn, rapid.IntRange(1, 2).Draw(t, "lines"))
		texts := make([]string, len(lines))
		for i := range lines {
			lines[i] = drawLine(t, day)
			texts[i] = lines[i].String()
		}
		s, err := Parse(calendar.US(), zones[change.zone], texts...)
		if err != nil {
			t.Skip(err) // a date such as 30 February
		}
		after := day.Add(time.Duration(rapid.IntRange(-36*3600, 36*3600).Draw(t, "seconds")) * time.Second)
		upTo := after.Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes")) * time.Minute)
		got, want := slices.Collect(s.Between(after, upTo)), slowSlots(lines, zones[change.zone], after, upTo)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%q in %s, (%s, %s]:\n got %v\nwant %v", texts, change.zone, after, upTo, got, want)
		}
	})
}

// TestClockChanges lists what a line has on the days on which clocks are set.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		zone, line, after, upTo string
		want                    []string
	}{
		// 02:00 EST becomes 03:00 EDT at 07:00 UTC.
		{"America/New_York", "30 2 * * *", "2025-03-08", "2025-03-11", []string{"2025-03-08T07:30Z", "2025-03-09T07:00Z", "2025-03-10T06:30Z"}},
		{"America/New_York", "*/20 1-3 * * *", "2025-03-09T06:30Z", "2025-03-09T07:30Z", []string{"2025-03-09T06:40Z", "2025-03-09T07:00Z", "2025-03-09T07:20Z"}},
		// 02:00 EDT becomes 01:00 EST at 06:00 UTC.
		{"America/New_York", "30 1 * * *", "2025-11-01", "2025-11-04", []string{"2025-11-01T05:30Z", "2025-11-02T05:30Z", "2025-11-03T06:30Z"}},
		{"America/New_York", "@hourly", "2025-11-02T03:30Z", "2025-11-02T08:30Z", []string{"2025-11-02T04:00Z", "2025-11-02T05:00Z", "2025-11-02T07:00Z", "2025-11-02T08:00Z"}},
		{"Europe/London", "15 1 * * *", "2025-03-29", "2025-04-01", []string{"2025-03-29T01:15Z", "2025-03-30T01:00Z", "2025-03-31T00:15Z"}},
		{"Europe/London", "15 1 * * *", "2025-10-25", "2025-10-28", []string{"2025-10-25T00:15Z", "2025-10-26T00:15Z", "2025-10-27T01:15Z"}},
		// 02:00 at +10:30 becomes 02:30 at +11 at 15:30 UTC.
		{"Australia/Lord_Howe", "*/15 2 * * *", "2025-10-04T12:00Z", "2025-10-05T12:00Z", []string{"2025-10-04T15:30Z", "2025-10-04T15:45Z"}},
		// 02:00 at +11 becomes 01:30 at +10:30 at 15:00 UTC.
		{"Australia/Lord_Howe", "*/15 1,2 * * *", "2025-04-05T13:30Z", "2025-04-05T16:30Z", []string{
			"2025-04-05T14:00Z", "2025-04-05T14:15Z", "2025-04-05T14:30Z", "2025-04-05T14:45Z",
			"2025-04-05T15:30Z", "2025-04-05T15:45Z", "2025-04-05T16:00Z", "2025-04-05T16:15Z",
		}},
		// The end of 29 December at -10 is the start of the 31st at +14.
		{"Pacific/Apia", "0 7 * * *", "2011-12-28", "2012-01-01", []string{"2011-12-28T17:00Z", "2011-12-29T17:00Z", "2011-12-30T10:00Z", "2011-12-30T17:00Z", "2011-12-31T17:00Z"}},
		{"Pacific/Apia", "@daily", "2011-12-28T12:00Z", "2012-01-01", []string{"2011-12-29T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"}},
		// Midnight becomes 01:00.
		{"America/Sao_Paulo", "@daily", "2018-11-03", "2018-11-06", []string{"2018-11-03T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"}},
		// Midnight becomes 23:00 the day before; the midnight of 18 February comes an hour later.
		{"America/Sao_Paulo", "0 0,23 * * *", "2018-02-17T12:00Z", "2018-02-18T12:00Z", []string{"2018-02-18T01:00Z", "2018-02-18T03:00Z"}},
		{"Asia/Beirut", "30 0 * * *", "2022-03-26", "2022-03-28", []string{"2022-03-26T22:00Z", "2022-03-27T21:30Z"}},
		{"Africa/Cairo", "30 0 * * *", "2023-04-27", "2023-04-29", []string{"2023-04-27T22:00Z", "2023-04-28T21:30Z"}},
	}
	for _, tt := range tests {
		s := parse(t, fmt.Sprintf("TZ=%s %s", tt.zone, tt.line))
		if got := slots(t, s, tt.after, tt.upTo); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", s, got, tt.want)
		}
	}
}
