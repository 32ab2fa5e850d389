package schemas

import (
	"fmt"
	"strconv"
	"time"
)

// Window is the unit of every run, retry, backfill and load: one part of a
// table (a fund, a publisher, a universe) over the half-open days [From, To).
type Window struct {
	Part     string
	From, To Date
}

// Contains reports whether d lies in [w.From, w.To).
func (w Window) Contains(d Date) bool { return d >= w.From && d < w.To }

// Last returns the last day of the window.
func (w Window) Last() Date { return w.To - 1 }

// String names the window for people: "IVV 2025", "IVV 2025-03", "IVV all" or
// "IVV 2025-03-03..2025-03-07".
func (w Window) String() string { return w.Part + " " + w.Span() }

// Span names the days of the window, without its part.
func (w Window) Span() string {
	y, m, d := w.From.Time().Date()
	switch {
	case w == w.whole():
		return "all"
	case m == time.January && d == 1 && w.To == NewDate(y+1, time.January, 1):
		return strconv.Itoa(y)
	case d == 1 && w.To == NewDate(y, m+1, 1):
		return fmt.Sprintf("%d-%02d", y, m)
	}
	return w.From.String() + ".." + w.Last().String()
}

func (w Window) whole() Window { return Window{Part: w.Part, From: MinDate, To: MaxDate} }

// Cut says into which windows a table is cut along its date column.
type Cut uint8

// The ways to cut a table.
const (
	// CutWhole makes one window of each part: small tables, and series that
	// are rebuilt from their beginning.
	CutWhole Cut = iota
	// CutYear makes a window of each calendar year.
	CutYear
	// CutMonth makes a window of each calendar month.
	CutMonth
)

// Window returns the window of the cut in which d lies.
func (c Cut) Window(part string, d Date) Window {
	y, m, _ := d.Time().Date()
	switch c {
	case CutYear:
		return Window{part, NewDate(y, time.January, 1), NewDate(y+1, time.January, 1)}
	case CutMonth:
		return Window{part, NewDate(y, m, 1), NewDate(y, m+1, 1)}
	default:
		return Window{Part: part}.whole()
	}
}

// Windows returns, oldest first, the windows of the cut that share a day with
// [from, to).
func (c Cut) Windows(part string, from, to Date) []Window {
	var out []Window
	for d := from; d < to; {
		w := c.Window(part, d)
		out = append(out, w)
		d = w.To
	}
	return out
}
