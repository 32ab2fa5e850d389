package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
)

// fred answers for the API and for the keyless CSV of the graphs.
func (w *world) fred(q *request) *answer {
	switch {
	case strings.HasSuffix(q.path, "/graph/fredgraph.csv"):
		return w.fredGraph(q)
	case strings.HasSuffix(q.path, "/series/observations"):
		return w.fredAPI(q, w.fredObservations)
	case strings.HasSuffix(q.path, "/series"):
		return w.fredAPI(q, w.fredMetadata)
	}
	return notFound()
}

const fredJSON = "application/json; charset=UTF-8"

func fredBad(text string) *answer {
	b, err := json.Marshal(map[string]any{"error_code": 400, "error_message": "Bad Request.  " + text})
	if err != nil {
		panic("sandbox: a text does not become JSON: " + err.Error())
	}
	return refused(http.StatusBadRequest, fredJSON, string(b))
}

func (w *world) fredAPI(q *request, then func(*request, fredSeries) *answer) *answer {
	switch key := q.query.Get("api_key"); {
	case key == "":
		return fredBad("The value for variable api_key is not registered.  Variable api_key is not set.")
	case !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(key):
		return fredBad("The value for variable api_key is not a 32 character alpha-numeric lower-case string.")
	case q.query.Get("file_type") != "json":
		return fredBad("The sandbox only speaks file_type=json.")
	}
	for _, name := range []string{"vintage_dates", "units", "frequency", "output_type"} {
		if q.query.Has(name) {
			return fredBad("The sandbox does not simulate the variable " + name + ".")
		}
	}
	if q.query.Has("realtime_start") != q.query.Has("realtime_end") {
		return fredBad("The sandbox wants realtime_start and realtime_end together.")
	}
	s, known := fredByID(q.query.Get("series_id"))
	if !known {
		return fredBad("The series does not exist.")
	}
	return then(q, s)
}

func fredByID(id string) (fredSeries, bool) {
	all := fredCatalogue()
	i := slices.IndexFunc(all, func(s fredSeries) bool { return s.id == id })
	if i < 0 {
		return fredSeries{}, false
	}
	return all[i], true
}

type fredRow struct {
	day   schemas.Date
	value string // empty where there is none
}

// fredRows returns the published rows of a series in [from, to].
func (w *world) fredRows(s fredSeries, from, to schemas.Date) []fredRow {
	var out []fredRow
	// Quarters are dated by their first day, which may lie before the market.
	s.rows(w, max(from, w.market.from-92), min(to, w.market.to), func(d schemas.Date, value float64, missing bool) {
		if d < w.market.from && s.frequency != "Quarterly" {
			return
		}
		text := ""
		if !missing {
			text = strconv.FormatFloat(value, 'f', s.decimals, 64)
		}
		out = append(out, fredRow{d, text})
	})
	return out
}

func (w *world) fredMetadata(q *request, s fredSeries) *answer {
	rows := w.fredRows(s, schemas.MinDate, schemas.MaxDate)
	start, end := w.market.from, w.market.from
	if len(rows) > 0 {
		start, end = rows[0].day, rows[len(rows)-1].day
	}
	since, until := w.today().String(), w.today().String()
	if from, to, asked := fredPeriod(q); asked {
		since, until = from, to
	}
	b, err := json.Marshal(map[string]any{
		"realtime_start": since, "realtime_end": until,
		"seriess": []map[string]any{{
			"id": s.id, "realtime_start": since, "realtime_end": until, "title": s.title + simulated,
			"observation_start": start, "observation_end": end,
			"frequency": s.frequency, "frequency_short": s.frequency[:1],
			"units": s.units, "units_short": shortUnits(s.units),
			"seasonal_adjustment": "Not Seasonally Adjusted", "seasonal_adjustment_short": "NSA",
			"last_updated": end.Time().Format("2006-01-02") + " 16:31:02-05",
			"popularity":   50, "notes": "Simulated. Nothing here is real.",
		}},
	})
	if err != nil {
		return refused(http.StatusInternalServerError, "text/plain", err.Error())
	}
	a := plain(fredJSON, string(b))
	a.twist = &textTwister{
		key: `"units"`, to: `"units_new"`, extra: `"sandbox_extra":1,`,
		figure: regexp.MustCompile(`"popularity":(\d+)`),
		day:    regexp.MustCompile(`"observation_start":"(\d{4}-\d{2}-\d{2})"`), layout: time.DateOnly,
	}
	return a
}

func shortUnits(units string) string {
	switch units {
	case unitMillions:
		return "Mil. of U.S. $"
	case unitBillions:
		return "Bil. of U.S. $"
	case unitPercent:
		return "%"
	}
	return units
}

// fredPage reads how many rows are asked for, and from where on.
func fredPage(q *request) (limit, offset int, bad *answer) {
	const most = 100000
	limit = most
	for name, v := range map[string]*int{"limit": &limit, "offset": &offset} {
		if text := q.query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > most && name == "limit" {
				return 0, 0, fredBad("The value for variable " + name + " is not between 0 and 100000.")
			}
			*v = n
		}
	}
	return limit, offset, nil
}

func observationTwist() *textTwister {
	return &textTwister{
		key: `"value"`, to: `"value_new"`, extra: `"sandbox_extra":1,`,
		figure: regexp.MustCompile(`"value":"(-?[0-9.]*[0-9][0-9.]*)"`),
		day:    regexp.MustCompile(`"date":"(\d{4}-\d{2}-\d{2})"`), layout: time.DateOnly,
	}
}

func (w *world) fredObservations(q *request, s fredSeries) *answer {
	from, err := q.date("observation_start", schemas.NewDate(1776, time.July, 4))
	if err != nil {
		return fredBad(err.Error())
	}
	to, err := q.date("observation_end", schemas.NewDate(9999, time.December, 31))
	if err != nil {
		return fredBad(err.Error())
	}
	if start, end, asked := fredPeriod(q); asked {
		return w.alfredObservations(q, s, start, end)
	}
	limit, offset, bad := fredPage(q)
	if bad != nil {
		return bad
	}
	rows := w.fredRows(s, from, to)
	count := len(rows)
	order := "asc"
	if q.query.Get("sort_order") == "desc" {
		order = "desc"
		slices.Reverse(rows)
	}
	rows = rows[min(offset, count):min(offset+limit, count)]
	today := w.today()
	return &answer{
		kind:  fredJSON,
		twist: observationTwist(),
		text: func(out io.Writer) error {
			var b strings.Builder
			fmt.Fprintf(&b, `{"realtime_start":"%s","realtime_end":"%s","observation_start":"%s","observation_end":"%s","units":"lin","output_type":1,"file_type":"json","order_by":"observation_date","sort_order":"%s","count":%d,"offset":%d,"limit":%d,"observations":[`,
				today, today, from, to, order, count, offset, limit)
			for i, r := range rows {
				if i > 0 {
					b.WriteByte(',')
				}
				value := r.value
				if value == "" {
					value = "."
				}
				fmt.Fprintf(&b, `{"realtime_start":"%s","realtime_end":"%s","date":"%s","value":"%s"}`, today, today, r.day, value)
			}
			b.WriteString("]}")
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}

// fredGraph merges the series asked for on their days. What it does not know
// gives a web page.
func (w *world) fredGraph(q *request) *answer {
	ids := strings.Split(q.query.Get("id"), ",")
	from, err := q.date("cosd", schemas.MinDate)
	to, err2 := q.date("coed", schemas.MaxDate)
	if err != nil || err2 != nil {
		return notFound()
	}
	values := make([]map[schemas.Date]string, len(ids))
	var days []schemas.Date
	for i, id := range ids {
		s, known := fredByID(id)
		if !known {
			return notFound()
		}
		values[i] = map[schemas.Date]string{}
		for _, r := range w.fredRows(s, from, to) {
			values[i][r.day] = r.value
			days = append(days, r.day)
		}
	}
	slices.Sort(days)
	days = slices.Compact(days)
	return &answer{
		kind:   "application/csv",
		header: map[string]string{"Content-Disposition": `attachment; filename="fredgraph.csv"`},
		twist:  &tableTwister{column: ids[0]},
		text: func(out io.Writer) error {
			var b strings.Builder
			fmt.Fprintf(&b, "observation_date,%s\n", strings.Join(ids, ","))
			for _, d := range days {
				b.WriteString(d.String())
				for i := range ids {
					b.WriteString("," + values[i][d])
				}
				b.WriteByte('\n')
			}
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}
