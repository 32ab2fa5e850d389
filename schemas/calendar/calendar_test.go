package calendar

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func day(t *testing.T, text string) schemas.Date {
	t.Helper()
	d, err := schemas.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSessionsPerYear_WE6_1(t *testing.T) {
	t.Parallel()
	c := US()
	for year, want := range map[int]int{
		1990: 253, 1992: 254, 1994: 252, 1996: 254, 1998: 252, 2000: 252, 2002: 252, 2004: 252, 2006: 251, 2008: 253,
		2010: 252, 2012: 250, 2014: 252, 2016: 252, 2018: 251, 2020: 253, 2022: 251, 2024: 252, 2026: 251,
	} {
		if got := c.SessionsBetween(schemas.NewDate(year, 1, 1), schemas.NewDate(year+1, 1, 1)); got != want {
			t.Errorf("%d has %d sessions, want %d", year, got, want)
		}
	}
	if got := c.SessionsBetween(schemas.NewDate(1990, 1, 1), schemas.NewDate(2026, 1, 1)); got != 9067 {
		t.Errorf("1990-2025 has %d sessions, want 9067", got)
	}
	if got := c.SessionsBetween(day(t, "2024-12-31")+1, day(t, "2025-12-05")+1); got != 233 {
		t.Errorf("2024-12-31 (exclusive) to 2025-12-05 has %d sessions, want 233", got)
	}
}

func TestExchangeAndFedDiffer_WE6_2(t *testing.T) {
	t.Parallel()
	c := US()
	for _, tt := range []struct {
		date            string
		session, fedDay bool
		holiday         string
	}{
		{"2026-04-03", false, true, "Good Friday"},
		{"2026-07-03", false, true, "Independence Day"},
		{"2025-10-13", true, false, ""},
		{"2025-11-11", true, false, ""},
		{"2025-01-09", false, true, "Day of mourning for President Carter"},
		{"2027-06-18", false, true, "Juneteenth"},
		{"2027-12-24", false, true, "Christmas Day"},
		{"2022-06-20", false, false, "Juneteenth"},
	} {
		d := day(t, tt.date)
		if got := c.IsSession(d); got != tt.session {
			t.Errorf("IsSession(%s) = %t, want %t", d, got, tt.session)
		}
		if got := c.IsFedDay(d); got != tt.fedDay {
			t.Errorf("IsFedDay(%s) = %t, want %t", d, got, tt.fedDay)
		}
		if got := c.HolidayName(d); got != tt.holiday {
			t.Errorf("HolidayName(%s) = %q, want %q", d, got, tt.holiday)
		}
	}
}

func TestClocks_WE6_3(t *testing.T) {
	t.Parallel()
	c := US()
	for _, tt := range []struct {
		name string
		got  time.Time
		want string
	}{
		{"close before daylight saving", c.Close(day(t, "2025-03-07")), "2025-03-07T21:00Z"},
		{"close after daylight saving", c.Close(day(t, "2025-03-10")), "2025-03-10T20:00Z"},
		{"early close", c.Close(day(t, "2025-11-28")), "2025-11-28T18:00Z"},
		{"H.4.1 after Juneteenth", c.H41Release(day(t, "2025-06-18")), "2025-06-20T20:30Z"},
		{"H.4.1 after Christmas 2025", c.H41Release(day(t, "2025-12-24")), "2025-12-29T21:30Z"},
	} {
		if want := instant(t, tt.want); !tt.got.Equal(want) || tt.got.Location() != time.UTC {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, want)
		}
	}
	if !c.Close(day(t, "2025-01-09")).IsZero() {
		t.Error("a closed day has a close")
	}
}

func TestH41Releases_WE6_4(t *testing.T) {
	t.Parallel()
	c := US()
	for wednesday, release := range map[string]string{
		"2025-11-26": "2025-11-28",
		"2025-12-31": "2026-01-02",
		"2024-07-03": "2024-07-05",
		"2024-12-25": "2024-12-26",
		"2001-11-21": "2001-11-23", // observed
		"2025-06-18": "2025-06-20", // observed
	} {
		if got := schemas.DateOf(c.H41Release(day(t, wednesday)).In(NewYork())); got != day(t, release) {
			t.Errorf("H.4.1 for %s is released on %s, want %s", wednesday, got, release)
		}
	}
}

func TestH41AtClose_WE4_10(t *testing.T) {
	t.Parallel()
	c := US()
	for session, wednesday := range map[string]string{
		"2025-12-18": "2025-12-10",
		"2025-12-19": "2025-12-17",
		"2025-12-24": "2025-12-17",
		"2025-12-26": "2025-12-17",
		"2025-12-29": "2025-12-17",
		"2025-12-30": "2025-12-24",
	} {
		if got := c.H41AtClose(day(t, session)); got != day(t, wednesday) {
			t.Errorf("newest H.4.1 at the close of %s is %s, want %s", session, got, wednesday)
		}
	}
	// The rule alone would say 26 December.
	rule, err := US().With(Overrides{H41Releases: map[schemas.Date]schemas.Date{day(t, "2025-12-24"): day(t, "2025-12-26")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := rule.H41AtClose(day(t, "2025-12-29")); got != day(t, "2025-12-24") {
		t.Errorf("an override of the release day has no effect: %s", got)
	}
}

func TestFlags_WE4_9(t *testing.T) {
	t.Parallel()
	c := US()
	for date, want := range map[string]string{
		"2022-12-30": "month_end,quarter_end,year_end",
		"2023-12-29": "month_end,quarter_end,year_end",
		"2024-03-29": "month_end,quarter_end", // Good Friday: the Fed is open
		"2024-03-28": "month_end_m1,quarter_end_m1",
		"2024-04-01": "month_end_p1,quarter_end_p1,coupon_settlement", // 31 March is a Sunday
		"2025-10-31": "month_end,coupon_settlement",                   // not a quarter end
		"2025-11-03": "month_end_p1",
		"2025-12-31": "month_end,quarter_end,year_end,coupon_settlement",
		"2026-01-02": "month_end_p1,quarter_end_p1,year_end_p1",
		"2025-12-30": "month_end_m1,quarter_end_m1,year_end_m1",
		"2025-06-16": "tax_date,coupon_settlement", // the 15th is a Sunday
		"2025-04-15": "tax_date,coupon_settlement",
		"2025-07-15": "coupon_settlement",
		"2025-10-13": "", // Columbus Day
	} {
		if got := c.Flags(day(t, date)).String(); got != want {
			t.Errorf("Flags(%s) = %q, want %q", date, got, want)
		}
	}
	if f := c.Flags(day(t, "2025-10-31")); f.Has(QuarterEnd) || !f.Has(MonthEnd|CouponSettlement) {
		t.Errorf("Has is wrong on %s", f)
	}
	if got := c.PrevSession(day(t, "2024-04-01")); got != day(t, "2024-03-28") {
		t.Errorf("the last session of March 2024 is %s", got)
	}
}

func TestEarlyCloses(t *testing.T) {
	t.Parallel()
	c := US()
	for date, want := range map[string]string{
		"1990-12-24": "14:00", "1992-11-27": "14:00", "1993-11-26": "13:00", "1995-12-22": "16:00", "1996-12-24": "13:00",
		"1995-07-03": "13:00", "2012-07-03": "13:00", "2002-07-03": "16:00", "2013-07-03": "13:00", "2002-07-05": "13:00",
		"2026-07-02": "16:00", "1997-10-27": "15:30", "2005-06-01": "15:56", "1994-02-11": "14:30", "1996-01-08": "14:00",
		"1997-12-26": "13:00", "2003-12-26": "13:00", "2025-12-24": "13:00", "2025-12-26": "16:00",
	} {
		d := day(t, date)
		if got := c.Close(d).In(NewYork()).Format("15:04"); got != want {
			t.Errorf("%s closes at %s, want %s", date, got, want)
		}
		if got := c.EarlyClose(d); got != (want != "16:00") {
			t.Errorf("EarlyClose(%s) = %t", date, got)
		}
	}
	if c.EarlyClose(day(t, "2021-12-24")) {
		t.Error("a closed day closes early")
	}
}

func TestKnowledgeTimes(t *testing.T) {
	t.Parallel()
	c := US()
	for _, tt := range []struct {
		name string
		got  time.Time
		want string
	}{
		{"SOFR", c.RateKnown(day(t, "2025-09-30"), true), "2025-10-01T12:00Z"},
		{"EFFR", c.RateKnown(day(t, "2025-09-30"), false), "2025-10-01T13:00Z"},
		{"SOFR over Independence Day 2020", c.RateKnown(day(t, "2020-07-02"), true), "2020-07-06T12:00Z"},
		{"EFFR over Independence Day 2020", c.RateKnown(day(t, "2020-07-02"), false), "2020-07-03T13:00Z"},
		{"SOFR corrected", c.RateCorrected(day(t, "2025-09-30"), true), "2025-10-01T18:30Z"},
		{"Treasury statement", c.DTSKnown(day(t, "2025-10-10")), "2025-10-14T20:00Z"},
		{"ON RRP", c.OperationKnown(day(t, "2025-12-31"), "13:15"), "2025-12-31T18:15Z"},
		{"operation without a time", c.OperationKnown(day(t, "2025-12-31"), ""), "2025-12-31T21:00Z"},
		{"holdings", c.HoldingsKnown(day(t, "2025-09-05")), "2025-09-08T12:00Z"},
		{"H.8", c.H8Known(day(t, "2025-07-30")), "2025-08-08T20:15Z"},
		{"GDP", c.GDPKnown(day(t, "2025-04-01")), "2025-07-31T12:30Z"},
		{"GDP of the fourth quarter", c.GDPKnown(day(t, "2024-10-01")), "2025-01-31T13:30Z"},
	} {
		if want := instant(t, tt.want); !tt.got.Equal(want) {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, want)
		}
	}
}

func TestSecuredDays(t *testing.T) {
	t.Parallel()
	c := US()
	for _, tt := range [][2]string{{"2023-04-06", "2023-04-10"}, {"2020-07-02", "2020-07-06"}, {"2025-01-08", "2025-01-09"}, {"2021-12-30", "2021-12-31"}} {
		d, next := day(t, tt[0]), day(t, tt[1])
		if got := c.NextSecuredDay(d); got != next {
			t.Errorf("NextSecuredDay(%s) = %s, want %s", d, got, next)
		}
		if got := c.PrevSecuredDay(next); got != d {
			t.Errorf("PrevSecuredDay(%s) = %s, want %s", next, got, d)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	closed, opened := day(t, "2030-03-05"), day(t, "2030-12-25")
	first, err := US().With(Overrides{
		Closures:        map[schemas.Date]string{closed: "Flood"},
		Sessions:        []schemas.Date{opened},
		EarlyCloses:     map[schemas.Date]string{closed + 1: "12:30", day(t, "2030-11-29"): "16:00"},
		FedClosures:     []schemas.Date{closed},
		SecuredClosures: []schemas.Date{closed + 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := first.With(Overrides{FedDays: []schemas.Date{opened}, SecuredDays: []schemas.Date{closed}})
	if err != nil {
		t.Fatal(err)
	}
	if c.IsSession(closed) || c.HolidayName(closed) != "Flood" || !c.IsSession(opened) || c.HolidayName(opened) != "" {
		t.Error("closures or sessions were not corrected")
	}
	if !c.EarlyClose(closed+1) || c.Close(closed+1).In(NewYork()).Format("15:04") != "12:30" || c.EarlyClose(day(t, "2030-11-29")) {
		t.Error("early closes were not corrected")
	}
	if c.IsFedDay(closed) || !c.IsFedDay(opened) || c.IsSIFMAClose(closed) || !c.IsSIFMAClose(closed+2) {
		t.Error("bank days were not corrected")
	}
	if !US().IsSession(closed) || !first.IsSIFMAClose(closed) {
		t.Error("a correction changed the calendar it was applied to")
	}
	for name, o := range map[string]Overrides{
		"has no reason":        {Closures: map[schemas.Date]string{closed: ""}},
		"not a time":           {EarlyCloses: map[schemas.Date]string{closed: "1pm"}},
		"not a Wednesday":      {H41Releases: map[schemas.Date]schemas.Date{closed: closed + 1}},
		"cannot have appeared": {H41Releases: map[schemas.Date]schemas.Date{closed + 1: closed}},
	} {
		if _, err := US().With(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error that says %q, got %v", name, err)
		}
	}
}

// Appendix B 15: why the closures of the exchange and the holidays of the
// Reserve Banks differ, and nothing else.
func TestClosuresDifferForKnownReasonsOnly(t *testing.T) {
	t.Parallel()
	c := US()
	unscheduled := make(map[schemas.Date]bool)
	for _, h := range unscheduledClosures {
		unscheduled[h.date] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		d := schemas.Date(rapid.IntRange(int(First), int(Last)).Draw(t, "day"))
		if !isWeekday(d) || c.IsSession(d) == c.IsFedDay(d) {
			return
		}
		y, m, dom := d.Time().Date()
		switch {
		case unscheduled[d], easter(y).AddDays(-2) == d:
		case m == time.October && d.Weekday() == time.Monday && dom > 7 && dom <= 14:
		case m == time.November && (dom == 11 || dom == 12 && d.Weekday() == time.Monday):
		case d.Weekday() == time.Friday && (m == time.June && dom == 18 || m == time.July && dom == 3 || m == time.December && dom == 24):
		case y < 1998 && m == time.January && d.Weekday() == time.Monday && dom > 14 && dom <= 21:
		default:
			t.Fatalf("%s: session %t, Fed day %t", d, c.IsSession(d), c.IsFedDay(d))
		}
	})
}

func TestWalkingSessions(t *testing.T) {
	t.Parallel()
	c := US()
	rapid.Check(t, func(t *rapid.T) {
		d := schemas.Date(rapid.IntRange(int(First)-10, int(Last)+10).Draw(t, "day"))
		next, prev := c.NextSession(d), c.PrevSession(d)
		if next != schemas.NoDate && (next <= d || !c.IsSession(next) || c.SessionsBetween(d+1, next) != 0) {
			t.Fatalf("NextSession(%s) = %s", d, next)
		}
		if prev != schemas.NoDate && (prev >= d || !c.IsSession(prev) || c.SessionsBetween(prev+1, d) != 0) {
			t.Fatalf("PrevSession(%s) = %s", d, prev)
		}
		to := d.AddDays(rapid.IntRange(-5, 400).Draw(t, "length"))
		var want []schemas.Date
		for x := d; x < to; x++ {
			if c.IsSession(x) {
				want = append(want, x)
			}
		}
		if got := c.Sessions(d, to); !slices.Equal(got, want) {
			t.Fatalf("Sessions(%s, %s) = %v, want %v", d, to, got, want)
		}
	})
	if c.NextSession(Last) != schemas.NoDate || c.PrevSession(First) != schemas.NoDate {
		t.Error("there are sessions outside the calendar")
	}
}

// Appendix B 13, for every kind of figure.
func TestKnownAfterItsDay(t *testing.T) {
	t.Parallel()
	c := US()
	rapid.Check(t, func(t *rapid.T) {
		d := schemas.Date(rapid.IntRange(int(First)+30, int(Last)-400).Draw(t, "day"))
		wednesday := d.AddDays(-((int(d.Weekday()) + 4) % 7))
		for name, at := range map[string]time.Time{
			"SOFR": c.RateKnown(d, true), "EFFR": c.RateKnown(d, false), "DTS": c.DTSKnown(d), "ON RRP": c.OperationKnown(d, "13:15"),
			"holdings": c.HoldingsKnown(d), "H.4.1": c.H41Release(wednesday), "H.8": c.H8Known(wednesday), "GDP": c.GDPKnown(d),
		} {
			if !at.After(d.Time()) && name != "H.4.1" && name != "H.8" || !at.After(wednesday.Time()) {
				t.Fatalf("%s of %s is known at %s", name, d, at)
			}
		}
		if w := c.H41AtClose(d); w.Weekday() != time.Wednesday || c.H41Release(w).After(regularClose.on(d)) || !c.H41Release(w+7).After(c.H41Release(w)) {
			t.Fatalf("newest H.4.1 at the close of %s is %s", d, w)
		}
	})
}

// The days of published series are the days of the calendar.
func TestRecordedDays(t *testing.T) {
	t.Parallel()
	c := US()
	for _, tt := range []struct {
		file, from string
		want       func(schemas.Date) bool
	}{
		{"SP500.csv", "2016-07-22", c.IsSession},
		{"EFFR.csv", "2007-01-01", c.IsFedDay}, // the copy has gaps in 2003 and 2006
		{"SOFR.csv", "2018-04-03", func(d schemas.Date) bool { return isWeekday(d) && !c.IsSIFMAClose(d) }},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, err := os.Open(sharedtest.File(t, "market", "macro", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			rows, err := csv.NewReader(f).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			have := make(map[schemas.Date]bool)
			for _, row := range rows[1:] {
				if row[1] != "" && row[1] != "." {
					have[day(t, row[0])] = true
				}
			}
			last := day(t, rows[len(rows)-1][0])
			for d := day(t, tt.from); d <= last; d++ {
				if have[d] != tt.want(d) {
					t.Errorf("%s: published %t, expected %t", d, have[d], tt.want(d))
				}
			}
		})
	}
}
