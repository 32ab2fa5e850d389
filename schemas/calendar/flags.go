package calendar

import (
	"strings"
	"time"

	"tidemark/schemas"
)

// Flags is a set of things that make a day special for money markets.
type Flags uint16

// The flags, in the order of [schemas.CalendarFlags]. Ends are the last Federal Reserve business day of the period; M1
// marks the business day before, P1 the one after.
const (
	MonthEnd Flags = 1 << iota
	MonthEndM1
	MonthEndP1
	QuarterEnd
	QuarterEndM1
	QuarterEndP1
	YearEnd
	YearEndM1
	YearEndP1
	TaxDate          // 15 April, June, September or December, or the next business day
	CouponSettlement // Treasury notes and bonds are paid for: the 15th and the month's last day, or the next business day
)

// Has reports whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// String lists the names of the flags with commas: "month_end,tax_date".
func (f Flags) String() string {
	var names []string
	for i, flag := range schemas.CalendarFlags {
		if f&(1<<i) != 0 {
			names = append(names, flag.ID)
		}
	}
	return strings.Join(names, ",")
}

// Flags returns what is special about d; a day on which the Federal Reserve
// is closed has no flags.
func (c *Calendar) Flags(d schemas.Date) Flags {
	if !c.IsFedDay(d) {
		return 0
	}
	before, after := c.PrevFedDay(d), c.NextFedDay(d)
	var f Flags
	// d is the last day of a period if the next business day is in another,
	// and so on for its neighbours.
	f |= ends(d, after)
	f |= ends(after, c.NextFedDay(after)) << 1
	f |= ends(before, d) << 2

	for _, month := range []time.Month{time.April, time.June, time.September, time.December} {
		if c.onOrAfter(schemas.NewDate(d.Year(), month, 15)) == d {
			f |= TaxDate
		}
	}
	y, m, _ := d.Time().Date()
	lastOfMonth, lastOfPrevious := schemas.NewDate(y, m+1, 0), schemas.NewDate(y, m, 0)
	if d == c.onOrAfter(schemas.NewDate(y, m, 15)) || d == lastOfMonth || d == c.onOrAfter(lastOfPrevious) {
		f |= CouponSettlement
	}
	return f
}

// ends says which periods end with business day d if after is the next.
func ends(d, after schemas.Date) Flags {
	var f Flags
	if d == schemas.NoDate || after == schemas.NoDate || d.Month() == after.Month() {
		return f
	}
	f |= MonthEnd
	if d.Month()%3 == 0 {
		f |= QuarterEnd
	}
	if d.Month() == time.December {
		f |= YearEnd
	}
	return f
}

// onOrAfter returns the first Federal Reserve business day from d on.
func (c *Calendar) onOrAfter(d schemas.Date) schemas.Date { return c.NextFedDay(d - 1) }
