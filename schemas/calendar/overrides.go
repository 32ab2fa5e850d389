package calendar

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tidemark/schemas"
)

// Overrides are corrections from the configuration: what the rules and the
// table built in do not know, or know wrongly.
type Overrides struct {
	// Closures are days on which the exchange does not open, with the reason.
	Closures map[schemas.Date]string
	// Sessions are weekdays on which it opens though the rules say otherwise.
	Sessions []schemas.Date
	// EarlyCloses are shortened sessions and their last minute in New York,
	// written as 13:00; 16:00 makes a day a full one again.
	EarlyCloses map[schemas.Date]string
	// FedClosures and FedDays change the business days of the Reserve Banks.
	FedClosures, FedDays []schemas.Date
	// SecuredClosures and SecuredDays change the days with secured rates.
	SecuredClosures, SecuredDays []schemas.Date
	// H41Releases maps Wednesdays to the day on which their H.4.1 appeared.
	H41Releases map[schemas.Date]schemas.Date
}

// With returns the calendar corrected by o; the receiver stays as it is.
func (c *Calendar) With(o Overrides) (*Calendar, error) {
	more, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	return build(append(slices.Clip(c.corrections), more)), nil
}

// correction is a set of overrides that has been checked.
type correction struct {
	Overrides
	early map[schemas.Date]clock
}

func (o Overrides) check() (correction, error) {
	out := correction{Overrides: o, early: make(map[schemas.Date]clock, len(o.EarlyCloses))}
	for d, name := range o.Closures {
		if name == "" {
			return out, fmt.Errorf("closure on %s has no reason", d)
		}
	}
	for d, text := range o.EarlyCloses {
		t, err := time.Parse("15:04", text)
		if err != nil {
			return out, fmt.Errorf("early close on %s: %q is not a time such as 13:00", d, text)
		}
		out.early[d] = clock{t.Hour(), t.Minute()}
	}
	for wednesday, day := range o.H41Releases {
		if wednesday.Weekday() != time.Wednesday {
			return out, fmt.Errorf("release of the H.4.1: %s is a %s, not a Wednesday", wednesday, wednesday.Weekday())
		}
		if day <= wednesday {
			return out, fmt.Errorf("release of the H.4.1: that for %s cannot have appeared on %s", wednesday, day)
		}
	}
	return out, nil
}

// apply changes a calendar under construction.
func (o correction) apply(c *Calendar, bankHoliday, securedClosed map[schemas.Date]bool) {
	maps.Copy(c.closed, o.Closures)
	for _, d := range o.Sessions {
		delete(c.closed, d)
	}
	for d, at := range o.early {
		if at == regularClose {
			delete(c.early, d)
		} else {
			c.early[d] = at
		}
	}
	for _, d := range o.FedClosures {
		bankHoliday[d], securedClosed[d] = true, true
	}
	for _, d := range o.FedDays {
		delete(bankHoliday, d)
	}
	for _, d := range o.SecuredClosures {
		securedClosed[d] = true
	}
	for _, d := range o.SecuredDays {
		delete(securedClosed, d)
	}
	maps.Copy(c.releases, o.H41Releases)
}
