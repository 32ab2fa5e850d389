// Package calendar knows the days and the clocks that market facts depend on:
// sessions of the New York Stock Exchange, business days of the Federal
// Reserve, the days for which secured rates exist, and the moments at which
// each kind of figure becomes public.
//
// The rules are arithmetic, what happened once is a table, and either can be
// corrected by the configuration; see [Calendar.With].
package calendar

import (
	"maps"
	"sync"
	"time"
	_ "time/tzdata"

	"tidemark/schemas"
)

// Calendar answers questions about days. It is immutable and safe for
// concurrent use. It covers the days from [First] to [Last]; others are
// neither sessions nor business days.
type Calendar struct {
	sessions days // of the exchange
	fed      days // business days of the Federal Reserve
	secured  days // days for which secured rates are published

	closed   map[schemas.Date]string // exchange closures by name, rules and table together
	early    map[schemas.Date]clock
	releases map[schemas.Date]schemas.Date // H.4.1: Wednesday to observed release day

	corrections []correction // what With has added so far
}

// The days covered. The rules of the exchange before 1990 were others.
var (
	First = schemas.NewDate(1990, time.January, 1)
	Last  = schemas.MaxDate
)

// clock is a time of day in New York.
type clock struct{ hour, minute int }

var regularClose = clock{16, 0}

// The zone data is compiled in: machines and containers without zone files are
// common.
var newYork = func() *time.Location {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic("calendar: zone data is compiled in but does not load: " + err.Error())
	}
	return loc
}()

// NewYork is the zone of all clocks in this package.
func NewYork() *time.Location { return newYork }

func (c clock) on(d schemas.Date) time.Time { return d.In(newYork, c.hour, c.minute).UTC() }

// US returns the calendar of the rules and the table built in.
func US() *Calendar { return builtIn() }

var builtIn = sync.OnceValue(func() *Calendar { return build(nil) })

func build(corrections []correction) *Calendar {
	c := &Calendar{
		corrections: corrections,
		closed:      make(map[schemas.Date]string),
		early:       make(map[schemas.Date]clock),
		releases:    make(map[schemas.Date]schemas.Date),
	}
	bankHoliday := make(map[schemas.Date]bool)
	securedClosed := make(map[schemas.Date]bool)
	for year := First.Year(); year <= Last.Year(); year++ {
		for _, h := range exchangeHolidays(year) {
			c.closed[h.date] = h.name
			securedClosed[h.date] = true
		}
		for _, d := range fedHolidays(year) {
			bankHoliday[d], securedClosed[d] = true, true
		}
		earlyCloses(year, c.early)
	}
	for _, h := range unscheduledClosures {
		c.closed[h.date] = h.name
	}
	maps.Copy(c.early, unscheduledEarlyCloses)
	maps.Copy(c.releases, observedH41)
	for _, d := range securedClosures {
		securedClosed[d] = true
	}
	for _, o := range corrections {
		o.apply(c, bankHoliday, securedClosed)
	}
	c.sessions = newDays(func(d schemas.Date) bool { return c.closed[d] == "" })
	c.fed = newDays(func(d schemas.Date) bool { return !bankHoliday[d] })
	c.secured = newDays(func(d schemas.Date) bool { return !securedClosed[d] })
	return c
}

// IsSession reports whether the exchange trades on d.
func (c *Calendar) IsSession(d schemas.Date) bool { return c.sessions.has(d) }

// Sessions returns the sessions in [from, to). The result is not to be changed.
func (c *Calendar) Sessions(from, to schemas.Date) []schemas.Date {
	return c.sessions.between(from, to)
}

// SessionsBetween counts the sessions in [from, to).
func (c *Calendar) SessionsBetween(from, to schemas.Date) int {
	return len(c.sessions.between(from, to))
}

// NextSession returns the first session after d, or NoDate after [Last].
func (c *Calendar) NextSession(d schemas.Date) schemas.Date { return c.sessions.after(d) }

// PrevSession returns the last session before d, or NoDate before [First].
func (c *Calendar) PrevSession(d schemas.Date) schemas.Date { return c.sessions.before(d) }

// Close returns the instant, in UTC, at which session d ends: 16:00 in New
// York, or earlier on a shortened day. A day that is no session has none: the
// zero time.
func (c *Calendar) Close(d schemas.Date) time.Time {
	if !c.IsSession(d) {
		return time.Time{}
	}
	if t, ok := c.early[d]; ok {
		return t.on(d)
	}
	return regularClose.on(d)
}

// EarlyClose reports whether d is a session that ends before 16:00.
func (c *Calendar) EarlyClose(d schemas.Date) bool {
	_, ok := c.early[d]
	return ok && c.IsSession(d)
}

// HolidayName says why the exchange is closed on weekday d; it is empty for
// sessions and weekends.
func (c *Calendar) HolidayName(d schemas.Date) string {
	if !isWeekday(d) {
		return ""
	}
	return c.closed[d]
}

// IsFedDay reports whether d is a business day of the Federal Reserve.
func (c *Calendar) IsFedDay(d schemas.Date) bool { return c.fed.has(d) }

// FedDays returns the Federal Reserve's business days in [from, to). The
// result is not to be changed.
func (c *Calendar) FedDays(from, to schemas.Date) []schemas.Date { return c.fed.between(from, to) }

// NextFedDay returns the first business day of the Federal Reserve after d, or
// NoDate after [Last].
func (c *Calendar) NextFedDay(d schemas.Date) schemas.Date { return c.fed.after(d) }

// PrevFedDay returns the last business day of the Federal Reserve before d, or
// NoDate before [First].
func (c *Calendar) PrevFedDay(d schemas.Date) schemas.Date { return c.fed.before(d) }

// IsSIFMAClose reports whether d is a weekday for which no secured rate (SOFR,
// BGCR, TGCR) is published, because the market for Treasury repo is closed.
//
// The days are those of the rates' own record since 2018: bank holidays, every
// Good Friday (also those on which bonds traded until noon), the Fridays
// before an Independence or Christmas Day on a Saturday, and 5 December 2018.
func (c *Calendar) IsSIFMAClose(d schemas.Date) bool { return isWeekday(d) && !c.secured.has(d) }

// NextSecuredDay returns the first day after d for which secured rates are
// published, or NoDate after [Last]. Overnight repo of d matures on it.
func (c *Calendar) NextSecuredDay(d schemas.Date) schemas.Date { return c.secured.after(d) }

// PrevSecuredDay returns the last day before d for which secured rates are
// published, or NoDate before [First].
func (c *Calendar) PrevSecuredDay(d schemas.Date) schemas.Date { return c.secured.before(d) }

func isWeekday(d schemas.Date) bool {
	wd := d.Weekday()
	return wd != time.Saturday && wd != time.Sunday
}
