package sandbox

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// former is a world that a correction has replaced, and the day on which it did.
type former struct {
	world *world
	until schemas.Date
}

// vintage is a row of a series, and when it was the one that was published.
type vintage struct {
	fredRow
	from schemas.Date
	to   schemas.Date // schemas.NoDate while it still is
}

// worldOn returns the world of a day, as it was at the end of the day.
func (w *world) worldOn(d schemas.Date) *world {
	was := w
	for i := len(w.former) - 1; i >= 0 && d < w.former[i].until; i-- {
		was = w.former[i].world
	}
	then := *was
	if end := d.In(calendar.NewYork(), 23, 59); w.now == nil || end.Before(w.now()) {
		then.now = func() time.Time { return end }
	} else {
		then.now = w.now
	}
	return &then
}

// fredVintages returns everything that was published of a series, by day and time.
func (w *world) fredVintages(s fredSeries) []vintage {
	// How long before a day the rows that come out on it may lie.
	reach := schemas.Date(15)
	if s.frequency == "Quarterly" {
		reach = 150
	}
	known := map[schemas.Date]int{} // where the newest vintage of a day stands
	var out []vintage
	note := func(on schemas.Date, r fredRow) {
		i, seen := known[r.day]
		if seen && out[i].value == r.value {
			return
		}
		if seen {
			out[i].to = on - 1
		}
		known[r.day] = len(out)
		out = append(out, vintage{r, on, schemas.NoDate})
	}
	revised := map[schemas.Date]bool{}
	for _, f := range w.former {
		revised[f.until] = true
	}
	for d := w.market.from; d <= w.today(); d++ {
		from := d - reach
		if revised[d] {
			from = schemas.MinDate
		}
		for _, r := range w.worldOn(d).fredRows(s, from, schemas.MaxDate) {
			note(d, r)
		}
	}
	return out
}

// fredPeriod reads the real-time period of a request, and reports whether it is
// another than the present day.
func fredPeriod(q *request) (from, to string, asked bool) {
	from, to = q.query.Get("realtime_start"), q.query.Get("realtime_end")
	return from, to, from != "" || to != ""
}

// alfredObservations answers with what was published of a series within a period.
func (w *world) alfredObservations(q *request, s fredSeries, from, to string) *answer {
	limit, offset, bad := fredPage(q)
	if bad != nil {
		return bad
	}
	all := w.fredVintages(s)
	days := map[string]bool{}
	var lines []string
	for _, v := range all {
		start, end := v.from.String(), "9999-12-31"
		if v.to != schemas.NoDate {
			end = v.to.String()
		}
		if start = max(start, from); start > min(end, to) {
			continue
		}
		days[start] = true
		value := v.value
		if value == "" {
			value = "."
		}
		lines = append(lines, fmt.Sprintf(`{"realtime_start":"%s","realtime_end":"%s","date":"%s","value":"%s"}`, start, min(end, to), v.day, value))
	}
	if len(days) > vintagesAtOnce {
		return fredBad(fmt.Sprintf("There are %d vintage dates for this series in the specified real-time period. This exceeds the maximum number of vintage dates allowed (%d).", len(days), vintagesAtOnce))
	}
	count := len(lines)
	lines = lines[min(offset, count):min(offset+limit, count)]
	return &answer{kind: fredJSON, twist: observationTwist(), text: func(out io.Writer) error {
		_, err := fmt.Fprintf(out, `{"realtime_start":"%s","realtime_end":"%s","observation_start":"1776-07-04","observation_end":"9999-12-31","units":"lin","output_type":1,"file_type":"json","order_by":"observation_date","sort_order":"asc","count":%d,"offset":%d,"limit":%d,"observations":[%s]}`,
			from, to, count, offset, limit, strings.Join(lines, ","))
		return err
	}}
}

// vintagesAtOnce is how many vintages the API takes into one answer.
const vintagesAtOnce = 2000
