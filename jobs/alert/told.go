package alert

import (
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// told is what a channel was told last of an incident: its severity while it
// was open, or that it is over. Nothing stands for what is no longer worth
// anything, so that only the time counts.
type told struct {
	channel string
	what    string
	at      time.Time
}

// isOver is what a channel is told of an incident that was resolved.
const isOver = string(schemas.IncidentResolved)

// toldOf reads the marks of an incident. What cannot be read was not told.
func toldOf(i schemas.Incident) []told {
	var out []told
	for mark := range strings.SplitSeq(i.Told, ",") {
		channel, rest, _ := strings.Cut(mark, "=")
		what, at, _ := strings.Cut(rest, "@")
		if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
			out = append(out, told{channel, what, t})
		}
	}
	return out
}

// last returns the mark of one channel.
func last(i schemas.Incident, channel string) (told, bool) {
	for _, t := range toldOf(i) {
		if t.channel == channel {
			return t, true
		}
	}
	return told{}, false
}

// mark returns the incident with what a channel was told.
func mark(i schemas.Incident, t told) schemas.Incident {
	marks := slices.DeleteFunc(toldOf(i), func(was told) bool { return was.channel == t.channel })
	i.Told = written(append(marks, t))
	return i
}

// renewed returns the marks of an incident such that every channel that was
// told that it is over is told of it again, and none more often than the rules
// allow. A channel that was not told so still knows that it is open.
func renewed(i schemas.Incident) string {
	marks := toldOf(i)
	for n := range marks {
		if marks[n].what == isOver {
			marks[n].what = ""
		}
	}
	return written(marks)
}

func written(marks []told) string {
	parts := make([]string, len(marks))
	for n, m := range marks {
		parts[n] = m.channel + "=" + m.what + "@" + m.at.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	}
	return strings.Join(parts, ",")
}

// news says what a channel is to be told of an incident, if anything: that it
// is open, where the channel does not know or knows of less; that it is over,
// where the channel was told of it. Of what seems to be over, a channel is
// told when that is certain, or never.
func news(now time.Time, i schemas.Incident, channel string, r Rules) (what string, ok bool) {
	was, knows := last(i, channel)
	switch {
	case i.State == schemas.IncidentResolved:
		return isOver, knows && rank(schemas.Severity(was.what)) > 0
	case i.State != schemas.IncidentOpen || !i.Resolved.IsZero():
		return "", false
	case !knows:
		return string(i.Severity), true
	case was.what == isOver:
		return string(i.Severity), !within(now, was.at, r.Again)
	}
	return string(i.Severity), rank(i.Severity) > rank(schemas.Severity(was.what))
}

// within reports whether less than d has passed since t. A time in the future
// is the mark of a clock that was put back, and holds nothing up.
func within(now, t time.Time, d time.Duration) bool {
	return !t.After(now) && now.Sub(t) < d
}
