package excel

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"tidemark/schemas"
)

// maxCell is how many UTF-16 units a cell can hold.
const maxCell = 32767

// clean makes s fit for a cell: valid UTF-8 without control characters, which
// XML cannot carry, and without the marks that turn the direction of what
// follows, which can make a name read as another one. What is too long for a
// cell is cut, and says so. Text is stored as text by its type, so that a
// leading = or + never makes a formula of it.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= maxCell {
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > maxCell {
			// A unit takes up to three bytes, and the mark needs some.
			const mark, bytesOfUnit = " … (cut)", 3
			return strings.TrimRightFunc(s[:back(s, i, bytesOfUnit*len(mark))], unicode.IsSpace) + mark
		}
	}
	return s
}

// back returns the start of a character at least n bytes before i.
func back(s string, i, n int) int {
	i = max(i-n, 0)
	for i > 0 && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// longDate writes a day as people do: 5 December 2025.
func longDate(d schemas.Date) string {
	if d == schemas.NoDate {
		return "an unknown day"
	}
	return d.Time().Format("2 January 2006")
}

// moment writes an instant in UTC, to the minute.
func moment(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// number writes v with the given digits after the point and a comma between
// thousands.
func number(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	sign := ""
	if strings.HasPrefix(s, "-") {
		s = s[1:]
		if strings.Trim(s, "0.") != "" {
			sign = "-"
		}
	}
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return sign + whole
}

// shown writes a value of the metric as its cells show it, with its unit.
func shown(m schemas.Metric, v float64) string {
	switch m.Unit {
	case "fraction":
		return number(100*v, m.Decimals) + " %"
	case "percent":
		return number(v, m.Decimals) + " %"
	case "ratio", "points", "flag", "ln", "sd", "":
		return number(v, m.Decimals)
	}
	return number(v, m.Decimals) + " " + m.Unit
}

// statusText is a status in words.
func statusText(s schemas.Status) string {
	switch s {
	case schemas.StatusOK:
		return "ok"
	case schemas.StatusPartial:
		return "partial coverage"
	case schemas.StatusWarmup:
		return "warming up"
	default:
		return strings.ReplaceAll(string(s), "_", " ")
	}
}

// unitText is how a column shows its unit.
func unitText(m schemas.Metric) string {
	switch m.Unit {
	case "fraction", "percent":
		return "%"
	case "flag":
		return "1 = yes"
	}
	return m.Unit
}
