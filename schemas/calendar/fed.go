package calendar

import (
	"time"

	"tidemark/schemas"
)

// fedHolidays lists a year's holidays of the Reserve Banks. One that falls on
// a Saturday is not moved: the Banks open on the Friday before.
func fedHolidays(year int) []schemas.Date {
	fixed := func(month time.Month, day int) schemas.Date {
		return sundayToMonday(schemas.NewDate(year, month, day))
	}
	out := []schemas.Date{
		fixed(time.January, 1),
		nth(year, time.January, time.Monday, 3), // Martin Luther King Jr. Day
		nth(year, time.February, time.Monday, 3),
		last(year, time.May, time.Monday),
		fixed(time.July, 4),
		nth(year, time.September, time.Monday, 1),
		nth(year, time.October, time.Monday, 2), // Columbus Day
		fixed(time.November, 11),                // Veterans Day
		nth(year, time.November, time.Thursday, 4),
		fixed(time.December, 25),
	}
	if year >= firstJuneteenth {
		out = append(out, fixed(time.June, 19))
	}
	return out
}

// securedClosures are weekdays without secured rates that follow neither from
// a bank holiday nor from a holiday of the exchange.
var securedClosures = []schemas.Date{
	schemas.NewDate(2018, time.December, 5), // mourning for President G. H. W. Bush
}

// observedH41 maps Wednesdays of the H.4.1 to the day of their release where
// it was not the one that the rule gives.
var observedH41 = map[schemas.Date]schemas.Date{
	// Federal offices were closed on 26 December 2025 by executive order.
	schemas.NewDate(2025, time.December, 24): schemas.NewDate(2025, time.December, 29),
}
