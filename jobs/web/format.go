package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
)

// newYork is the zone of the page.
var newYork = func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err) // the zone database is part of the program
	}
	return zone
}()

// thin is a narrow space that does not break: it groups digits and parts a
// number from its unit.
const thin = "\u202f"

// when writes a time in New York, as short as it can be told from now, with
// UTC for those who point at it.
func when(now, t time.Time) template.HTML {
	if t.IsZero() || t.Year() > 2200 {
		return `<span class="none">&ndash;</span>`
	}
	here, today := t.In(newYork), now.In(newYork)
	days := int(schemas.DateOf(here) - schemas.DateOf(today))
	layout := "2006-01-02 15:04"
	switch {
	case days == 0:
		layout = "15:04"
	case days > -7 && days < 7:
		layout = "Mon 15:04"
	case here.Year() == today.Year():
		layout = "Jan 2, 15:04"
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + t.UTC().Format("2006-01-02 15:04:05 MST") + `">` + //nolint:gosec // digits and names of months, days and zones
		here.Format(layout) + ` <span class="zone">` + here.Format("MST") + `</span></time>`)
}

// ago says how long ago a time was, or in how long it comes.
func ago(now, t time.Time) string {
	switch {
	case t.IsZero() || t.Year() > 2200:
		return ""
	case t.After(now):
		return "in " + human(t.Sub(now))
	case now.Sub(t) < time.Second:
		return "now"
	default:
		return human(now.Sub(t)) + " ago"
	}
}

// human writes a duration with its two largest units at most.
func human(d time.Duration) string {
	type unit struct {
		size time.Duration
		name string
	}
	units := []unit{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	switch {
	case d < 0:
		return "unknown"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + thin + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + thin + "s"
	}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := strconv.FormatInt(int64(d/u.size), 10) + thin + u.name
		if i+1 < len(units) && d < 10*u.size {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += " " + strconv.FormatInt(int64(rest), 10) + thin + units[i+1].name
			}
		}
		return text
	}
	return ""
}

// minutes is human for a number of minutes.
func minutes(m float64) string {
	if m <= 0 {
		return "moments"
	}
	return human(time.Duration(m * float64(time.Minute)))
}

// number groups digits by threes.
func number(n int64) string {
	sign := ""
	text := strconv.FormatInt(n, 10)
	if n < 0 {
		sign, text = "\u2212", text[1:]
	}
	return sign + grouped(text)
}

func grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(thin)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// size writes a number of bytes.
func size(n int64) string {
	if n < 1000 {
		return number(n) + thin + "B"
	}
	v, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB", "PB"}
	for v >= 999.5 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	digits := 1
	if v >= 100 {
		digits = 0
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + thin + units[0]
}

// amount writes a figure of a metric as its register entry asks.
func amount(m schemas.Metric, v float64) string {
	unit := m.Unit
	if unit == "fraction" {
		v, unit = v*100, "%"
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', m.Decimals, 64)
	whole, part, _ := strings.Cut(text, ".")
	text = grouped(whole)
	if part != "" {
		text += "." + part
	}
	if v < 0 && strings.Trim(text, "0."+thin) != "" {
		text = "\u2212" + text
	}
	switch unit {
	case "%":
		return text + thin + unit
	case "bp", "USD bn", "USD mn":
		return text + "\u00a0" + unit
	case "percent":
		return text + thin + "%"
	}
	return text
}

// change writes the difference of two figures of a metric. That of two
// percentages is in percentage points.
func change(m schemas.Metric, v float64) string {
	text := strings.TrimSuffix(amount(m, v), thin+"%")
	if m.Unit == "fraction" || m.Unit == "percent" {
		text += "\u00a0pp"
	}
	if !strings.HasPrefix(text, "\u2212") {
		text = "+" + text
	}
	return text
}

// dayText writes a day, or a dash for none.
func dayText(d schemas.Date) template.HTML {
	if d == schemas.NoDate {
		return `<span class="none">&ndash;</span>`
	}
	return template.HTML(d.String()) //nolint:gosec // digits and hyphens
}

// short is the beginning of a hash or an id.
func short(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:n]
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(int64(n)) + " " + noun
}

// words writes a name of the program for people: no_data as "no data".
func words(name any) string { return strings.ReplaceAll(fmt.Sprint(name), "_", " ") }

// secondsText is human for a number of seconds that may be zero for unknown.
func secondsText(s float64) string {
	if s == 0 {
		return "\u2013"
	}
	return human(time.Duration(s * float64(time.Second)))
}
