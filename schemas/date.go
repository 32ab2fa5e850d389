package schemas

import (
	"fmt"
	"time"
)

// Date is a calendar day, counted in days since 1970-01-01. It has no clock
// and no zone: a session, a Wednesday of the H.4.1, an ex-date.
type Date int32

const (
	// MinDate and MaxDate bound what ClickHouse's Date type can hold. Sinks
	// refuse a day outside them, because the client would wrap it silently.
	MinDate Date = 0
	// MaxDate is 2149-06-06.
	MaxDate Date = 65535
	// MinLongDate and MaxLongDate, 1900-01-01 and 2299-12-31, bound what
	// ClickHouse's Date32 type can hold. Few columns reach back that far:
	// ex-dates and the days on which members joined an index.
	MinLongDate Date = -25567
	// MaxLongDate is 2299-12-31.
	MaxLongDate Date = 120529
	// NoDate stands in an optional date field for "there is none", such as
	// the end of a membership that still lasts. It is stored as NULL.
	NoDate Date = -1 << 31
)

// NewDate returns the given day. Like [time.Date] it normalises, so
// NewDate(2025, 13, 1) is 2026-01-01.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DateOf returns the calendar day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return NewDate(y, m, d)
}

// ParseDate reads a day written as 2006-01-02 and nothing else. Days that do
// not exist and days outside [MinLongDate, MaxLongDate] are errors.
func ParseDate(s string) (Date, error) { return ParseDateLayout(time.DateOnly, s) }

// ParseDateLayout is ParseDate for another layout of package time.
func ParseDateLayout(layout, s string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil {
		return NoDate, fmt.Errorf("date %q is not of the form %s", s, layout)
	}
	d := DateOf(t)
	if d < MinLongDate || d > MaxLongDate {
		return NoDate, fmt.Errorf("date %q is outside %s to %s", s, MinLongDate, MaxLongDate)
	}
	return d, nil
}

// Time returns midnight UTC at the start of d.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// In returns the instant at which the clocks of zone show hour:minute on d.
func (d Date) In(zone *time.Location, hour, minute int) time.Time {
	y, m, day := d.Time().Date()
	return time.Date(y, m, day, hour, minute, 0, 0, zone)
}

// Year returns the year in which d lies.
func (d Date) Year() int { return d.Time().Year() }

// Month returns the month in which d lies.
func (d Date) Month() time.Month { return d.Time().Month() }

// Day returns the day of the month.
func (d Date) Day() int { return d.Time().Day() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// AddDays returns the day n days after d.
func (d Date) AddDays(n int) Date { return d + Date(n) }

// AddYears returns the same calendar date n years later; 29 February becomes
// 28 February where the year has none.
func (d Date) AddYears(n int) Date {
	y, m, day := d.Time().Date()
	if m == time.February && day == 29 {
		if last := NewDate(y+n, time.March, 1).AddDays(-1); last.Day() == 28 {
			return last
		}
	}
	return NewDate(y+n, m, day)
}

// String returns d as 2006-01-02, or "none" for NoDate.
func (d Date) String() string {
	if d == NoDate {
		return "none"
	}
	return d.Time().Format(time.DateOnly)
}

// MarshalText writes d as 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if string(b) == "none" {
		*d = NoDate
		return nil
	}
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
