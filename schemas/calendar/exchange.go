package calendar

import (
	"time"

	"tidemark/schemas"
)

type holiday struct {
	date schemas.Date
	name string
}

const firstJuneteenth = 2022

// exchangeHolidays lists the closures that NYSE Rule 7.2 gives for a year.
func exchangeHolidays(year int) []holiday {
	out := []holiday{
		{nth(year, time.February, time.Monday, 3), "Washington's Birthday"},
		{easter(year).AddDays(-2), "Good Friday"},
		{last(year, time.May, time.Monday), "Memorial Day"},
		{shifted(year, time.July, 4), "Independence Day"},
		{nth(year, time.September, time.Monday, 1), "Labor Day"},
		{nth(year, time.November, time.Thursday, 4), "Thanksgiving Day"},
		{shifted(year, time.December, 25), "Christmas Day"},
	}
	// New Year's Day on a Saturday is not made up for: the Friday before
	// belongs to the year's last accounting period.
	if d := schemas.NewDate(year, time.January, 1); d.Weekday() != time.Saturday {
		out = append(out, holiday{sundayToMonday(d), "New Year's Day"})
	}
	if year >= 1998 {
		out = append(out, holiday{nth(year, time.January, time.Monday, 3), "Martin Luther King Jr. Day"})
	}
	if year >= firstJuneteenth {
		out = append(out, holiday{shifted(year, time.June, 19), "Juneteenth"})
	}
	return out
}

// unscheduledClosures are the full days on which the exchange did not open
// though the rules say it would.
var unscheduledClosures = []holiday{
	{schemas.NewDate(1994, time.April, 27), "Day of mourning for President Nixon"},
	{schemas.NewDate(2001, time.September, 11), "Attacks of 11 September"},
	{schemas.NewDate(2001, time.September, 12), "Attacks of 11 September"},
	{schemas.NewDate(2001, time.September, 13), "Attacks of 11 September"},
	{schemas.NewDate(2001, time.September, 14), "Attacks of 11 September"},
	{schemas.NewDate(2004, time.June, 11), "Day of mourning for President Reagan"},
	{schemas.NewDate(2007, time.January, 2), "Day of mourning for President Ford"},
	{schemas.NewDate(2012, time.October, 29), "Hurricane Sandy"},
	{schemas.NewDate(2012, time.October, 30), "Hurricane Sandy"},
	{schemas.NewDate(2018, time.December, 5), "Day of mourning for President G. H. W. Bush"},
	{schemas.NewDate(2025, time.January, 9), "Day of mourning for President Carter"},
}

// earlyCloses adds the shortened sessions that a year's pattern gives.
func earlyCloses(year int, to map[schemas.Date]clock) {
	one, two := clock{13, 0}, clock{14, 0}

	afterThanksgiving := nth(year, time.November, time.Thursday, 4).AddDays(1)
	switch {
	case year >= 1993:
		to[afterThanksgiving] = one
	case year == 1992:
		to[afterThanksgiving] = two
	}

	christmasEve := schemas.NewDate(year, time.December, 24)
	if wd := christmasEve.Weekday(); wd >= time.Monday && wd <= time.Thursday {
		switch {
		case year >= 1996:
			to[christmasEve] = one
		case year <= 1992:
			to[christmasEve] = two
		}
	}

	third := schemas.NewDate(year, time.July, 3)
	switch third.Weekday() {
	case time.Monday, time.Tuesday, time.Thursday:
		if year >= 1995 {
			to[third] = one
		}
	case time.Wednesday:
		if year >= 2013 {
			to[third] = one
		}
	case time.Friday, time.Saturday, time.Sunday:
		// The holiday itself, or a weekend.
	}
}

// unscheduledEarlyCloses are shortened sessions outside the pattern, and the
// Fridays after a holiday that were shortened in some years only.
var unscheduledEarlyCloses = map[schemas.Date]clock{
	schemas.NewDate(1994, time.February, 11): {14, 30}, // snow
	schemas.NewDate(1996, time.January, 8):   {14, 0},  // snow
	schemas.NewDate(1996, time.July, 5):      {13, 0},
	schemas.NewDate(1997, time.October, 27):  {15, 30}, // circuit breaker
	schemas.NewDate(1997, time.December, 26): {13, 0},
	schemas.NewDate(2002, time.July, 5):      {13, 0},
	schemas.NewDate(2003, time.December, 26): {13, 0},
	schemas.NewDate(2005, time.June, 1):      {15, 56}, // systems
}

// nth returns the n-th given weekday of a month.
func nth(year int, month time.Month, wd time.Weekday, n int) schemas.Date {
	first := schemas.NewDate(year, month, 1)
	return first.AddDays((int(wd)-int(first.Weekday())+7)%7 + 7*(n-1))
}

// last returns the last given weekday of a month.
func last(year int, month time.Month, wd time.Weekday) schemas.Date {
	end := schemas.NewDate(year, month+1, 1).AddDays(-1)
	return end.AddDays(-((int(end.Weekday()) - int(wd) + 7) % 7))
}

// shifted returns a fixed date, moved to the Friday before a Saturday and to
// the Monday after a Sunday.
func shifted(year int, month time.Month, day int) schemas.Date {
	d := schemas.NewDate(year, month, day)
	if d.Weekday() == time.Saturday {
		return d.AddDays(-1)
	}
	return sundayToMonday(d)
}

func sundayToMonday(d schemas.Date) schemas.Date {
	if d.Weekday() == time.Sunday {
		return d.AddDays(1)
	}
	return d
}

// easter returns Western Easter Sunday by Gauss's method in the form that
// Meeus gives for the Gregorian calendar (Astronomical Algorithms, chapter 8).
func easter(year int) schemas.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return schemas.NewDate(year, time.Month(month), day)
}
