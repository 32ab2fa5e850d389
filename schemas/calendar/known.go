package calendar

import (
	"time"

	"tidemark/schemas"
)

// The times of day, in New York, at which figures are published.
var (
	atH41        = clock{16, 30}
	atH8         = clock{16, 15}
	atSecured    = clock{8, 0}
	atUnsecured  = clock{9, 0}
	atCorrection = clock{14, 30}
	atDTS        = clock{16, 0}
	atHoldings   = clock{8, 0}
	atGDP        = clock{8, 30}
	atSetRate    = clock{9, 0}
)

// H41Release returns the instant at which the H.4.1 for a Wednesday is
// published: Thursday 16:30, or the next working day, or whatever day was
// observed.
func (c *Calendar) H41Release(wednesday schemas.Date) time.Time {
	if day, ok := c.releases[wednesday]; ok {
		return atH41.on(day)
	}
	return atH41.on(c.NextFedDay(wednesday))
}

// H41AsOf returns the newest Wednesday whose H.4.1 was public at t, or NoDate
// where that lies before [First].
func (c *Calendar) H41AsOf(t time.Time) schemas.Date {
	d := schemas.DateOf(t.In(newYork))
	d = d.AddDays(-((int(d.Weekday()) - int(time.Wednesday) + 7) % 7))
	for ; d >= First; d -= 7 {
		if !c.H41Release(d).After(t) {
			return d
		}
	}
	return schemas.NoDate
}

// H41AtClose returns the newest Wednesday whose H.4.1 was public at the close
// of session d, or at 16:00 where d is no session.
func (c *Calendar) H41AtClose(d schemas.Date) schemas.Date {
	if c.IsSession(d) {
		return c.H41AsOf(c.Close(d))
	}
	return c.H41AsOf(regularClose.on(d))
}

// H8Known returns the instant at which the H.8 with the figures of a Wednesday
// is published: 16:15 on the Friday of the week after, or the next working day.
func (c *Calendar) H8Known(wednesday schemas.Date) time.Time {
	return atH8.on(c.NextFedDay(wednesday.AddDays(8)))
}

// RateKnown returns the instant at which the reference rate for business day d
// is published: the next business day at 08:00 for secured rates and at 09:00
// for the others.
func (c *Calendar) RateKnown(d schemas.Date, secured bool) time.Time {
	if secured {
		return atSecured.on(c.NextSecuredDay(d))
	}
	return atUnsecured.on(c.fed.after(d))
}

// RateCorrected returns the instant at which a rate that was corrected on the
// day of its publication is public.
func (c *Calendar) RateCorrected(d schemas.Date, secured bool) time.Time {
	return atCorrection.on(schemas.DateOf(c.RateKnown(d, secured).In(newYork)))
}

// SetRateKnown returns the instant by which a rate that the Federal Reserve
// sets for day d, such as interest on reserves, is public: 09:00 on the day. It
// was announced before.
func (c *Calendar) SetRateKnown(d schemas.Date) time.Time { return atSetRate.on(d) }

// DTSKnown returns the instant at which the Daily Treasury Statement for
// business day d is published: the next business day at 16:00.
func (c *Calendar) DTSKnown(d schemas.Date) time.Time { return atDTS.on(c.NextFedDay(d)) }

// OperationKnown returns the instant at which the result of a repo or reverse
// repo operation is public: when it closes, on the day itself. A closing time
// that is not of the form 15:04 counts as 16:00.
func (c *Calendar) OperationKnown(d schemas.Date, closeTime string) time.Time {
	t, err := time.Parse("15:04", closeTime)
	if err != nil {
		return regularClose.on(d)
	}
	return clock{t.Hour(), t.Minute()}.on(d)
}

// HoldingsKnown returns the instant at which a fund's holdings of day d are
// taken to be public: the morning of the next session at 08:00.
func (c *Calendar) HoldingsKnown(d schemas.Date) time.Time { return atHoldings.on(c.NextSession(d)) }

// GDPKnown returns the instant at which the advance estimate of the quarter
// that begins on the given day is taken to be public: 08:30 on the last
// business day of the month after the quarter.
func (c *Calendar) GDPKnown(quarter schemas.Date) time.Time {
	return atGDP.on(c.PrevFedDay(schemas.NewDate(quarter.Year(), quarter.Month()+4, 1)))
}
