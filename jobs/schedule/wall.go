package schedule

import "time"

// Wall-clock readings are kept as times in UTC that show what the clocks of a
// zone show. Over them a day has 24 hours, whatever the zone, which is why the
// fields of a line are matched there.

// lookBack is longer than any clock can lie behind a reading that its zone has
// shown before: no zone was ever 16 hours or more from UTC.
const lookBack = 36 * time.Hour

// period returns the offset of the zone from UTC at t, and an instant after t
// up to which it does not change; the zero time means for ever.
func period(zone *time.Location, t time.Time) (end time.Time, offset time.Duration) {
	local := t.In(zone)
	_, seconds := local.Zone()
	_, end = local.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		// Past the zone's table of transitions a year ends after 365 days, so
		// on the last day of a leap year the end lies before t.
		end = t.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	return end.UTC(), time.Duration(seconds) * time.Second
}

// reached returns the latest reading that the clocks of the zone have shown up
// to t. While an hour comes for the second time it stays at the hour's end.
func reached(zone *time.Location, t time.Time) time.Time {
	var newest time.Time
	for from := t.Add(-lookBack); ; {
		end, offset := period(zone, from)
		if end.IsZero() || end.After(t) {
			return later(newest, t.Add(offset))
		}
		// The clocks are set at the end and never show its reading.
		newest = later(newest, end.Add(offset-1))
		from = end
	}
}

// instant returns when the clocks of the zone first show the reading or a
// later one: the end of the gap for a reading that they skip.
func instant(zone *time.Location, reading time.Time) time.Time {
	for from := reading.Add(-lookBack); ; {
		end, offset := period(zone, from)
		if t := later(from, reading.Add(-offset)); end.IsZero() || t.Before(end) {
			return t
		}
		from = end
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
