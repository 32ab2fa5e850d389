package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

const polygonJSON = "application/json"

// polygonYears is for how many years before the newest session the plan has prices; what
// is older is refused.
const polygonYears = 5

// polygon answers for Massive, once Polygon: bars of the whole market, splits and
// dividends, with a key in the header or in the query. Spin-offs it does not list.
func (w *world) polygon(q *request) *answer {
	bearer, found := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if !found {
		bearer = q.query.Get("apiKey")
	}
	if bearer == "" {
		return refused(http.StatusUnauthorized, polygonJSON, `{"status":"ERROR","request_id":"sandbox","error":"API Key was not provided"}`)
	}
	const grouped = "/v2/aggs/grouped/locale/us/market/stocks/"
	switch {
	case strings.HasPrefix(q.path, grouped):
		return w.groupedBars(q, q.path[len(grouped):])
	case q.path == "/v3/reference/splits":
		return w.actionList(q, "execution_date", "split_to", func(e *event) bool { return e.kind == schemas.ActionSplit }, w.splitRecord)
	case q.path == "/v3/reference/dividends":
		return w.actionList(q, "ex_dividend_date", "cash_amount", func(e *event) bool { return e.ratio == 0 }, w.dividendRecord)
	case q.path == "/v1/marketstatus/upcoming":
		return w.upcoming()
	}
	return refused(http.StatusNotFound, polygonJSON, `{"status":"NOT_FOUND","request_id":"sandbox","message":"There is no such list in the sandbox."}`)
}

// upcoming answers with the days of the coming year on which the exchange is closed,
// or closes early.
func (w *world) upcoming() *answer {
	var days []string
	today := w.today()
	for d := today; d < today+366 && d <= calendar.Last; d++ {
		open, early := w.cal.IsSession(d), w.cal.EarlyClose(d)
		if open && !early || !open && (d.Weekday() == time.Saturday || d.Weekday() == time.Sunday) {
			continue
		}
		status, hours := "closed", ""
		if early {
			status, hours = "early-close", fmt.Sprintf(`,"close":%q`, w.cal.Close(d).UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		for _, exchange := range []string{"NYSE", "NASDAQ"} {
			days = append(days, fmt.Sprintf(`{"exchange":%q,"name":"Holiday","date":"%s","status":%q%s}`, exchange, d, status, hours))
		}
	}
	return plain(polygonJSON, "["+strings.Join(days, ",")+"]")
}

func polygonBad(what string) *answer {
	b, err := json.Marshal(what)
	if err != nil {
		panic("sandbox: a text does not become JSON: " + err.Error())
	}
	return refused(http.StatusBadRequest, polygonJSON, `{"status":"ERROR","request_id":"sandbox","error":`+string(b)+`}`)
}

// groupedBars answers with the bars of a day.
func (w *world) groupedBars(q *request, text string) *answer {
	day, err := schemas.ParseDate(text)
	if err != nil {
		return polygonBad("Could not parse the time parameter: 'date'.")
	}
	m := w.market
	t, open := m.session(day)
	last := w.lastSession(vendorKnown)
	if last >= 0 && day < m.days[last].AddYears(-polygonYears) {
		return refused(http.StatusForbidden, polygonJSON,
			`{"status":"NOT_AUTHORIZED","request_id":"sandbox","message":"Your plan doesn't include this data timeframe. Please upgrade your plan at https://polygon.io/pricing"}`)
	}
	adjusted := q.query.Get("adjusted") != "false"
	if !open || t > last {
		return plain(polygonJSON, fmt.Sprintf(`{"queryCount":0,"resultsCount":0,"adjusted":%t,"status":"OK","request_id":"sandbox","count":0}`, adjusted))
	}
	return &answer{
		kind: polygonJSON,
		twist: &textTwister{
			key: `"c"`, to: `"c` + renamedSuffix + `"`, extra: strconv.Quote(extraName) + ":1,",
			figure: regexp.MustCompile(`"c":(-?[0-9][0-9.]*)`), day: regexp.MustCompile(`"t":([0-9]+)`), layout: millis,
		},
		text: func(out io.Writer) error { return w.writeGrouped(out, t, adjusted) },
	}
}

func (w *world) writeGrouped(out io.Writer, t int, adjusted bool) error {
	m := w.market
	bars := w.dayBars(t)
	closing := m.cal.Close(m.days[t]).UnixMilli()
	var b strings.Builder
	fmt.Fprintf(&b, `{"queryCount":%d,"resultsCount":%d,"adjusted":%t,"results":[`, len(bars), len(bars), adjusted)
	for i, x := range bars {
		if i > 0 {
			b.WriteByte(',')
		}
		factor := 1.0
		if adjusted {
			factor = x.line.factorAt(len(m.days)) / x.line.factorAt(t)
		}
		volume := strconv.FormatFloat(x.volume*factor, 'f', -1, 64)
		if i%7 == 0 { // as the service writes them, now and then
			volume = strconv.FormatFloat(x.volume*factor, 'e', -1, 64)
		}
		fmt.Fprintf(&b, `{"T":%q,"v":%s,"o":%s,"c":%s,"h":%s,"l":%s,"t":%d`, dotted(x.line.symbolAt(t)), volume,
			plainFloat(x.open/factor), plainFloat(x.close/factor), plainFloat(x.high/factor), plainFloat(x.low/factor), closing)
		if i%11 != 0 { // thin names lack them
			fmt.Fprintf(&b, `,"vw":%s,"n":%d`, plainFloat((x.open+x.close)/2/factor), 1+int(x.volume)/100)
		}
		b.WriteByte('}')
	}
	fmt.Fprintf(&b, `],"status":"OK","request_id":"sandbox","count":%d}`, len(bars))
	_, err := io.WriteString(out, b.String())
	return err
}

func plainFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// dayBar is the bar of a line on a session.
type dayBar struct {
	line *security
	bar
}

// dayBars returns the bars of a session, by line. Those of its year are kept: they
// are worked out together.
func (w *world) dayBars(t int) []dayBar {
	c := w.memory
	y := w.market.yearOf(t)
	c.barsMu.Lock()
	defer c.barsMu.Unlock()
	if c.bars == nil || c.barsYear != y {
		from := w.market.edges[y]
		c.bars, c.barsYear = make([][]dayBar, w.market.edges[y+1]-from), y
		for _, s := range w.market.lines {
			w.market.bars(s, y, func(x bar) { c.bars[x.t-from] = append(c.bars[x.t-from], dayBar{s, x}) })
		}
	}
	return c.bars[t-w.market.edges[y]]
}

// actionRecord is one line of a list of actions.
type actionRecord struct {
	day    schemas.Date
	symbol string
	text   string
}

// actionList answers with a page of a list of actions, and leads to the next one
// under the publisher's other name.
func (w *world) actionList(q *request, date, figure string, in func(*event) bool, record func(*security, *event) string) *answer {
	ask, size, from := q.query, 10, 0
	if cursor := ask.Get("cursor"); cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return polygonBad("The cursor is not one of ours.")
		}
		values, err := url.ParseQuery(string(raw))
		if err != nil {
			return polygonBad("The cursor is not one of ours.")
		}
		ask = values
		if from, err = strconv.Atoi(ask.Get("from")); err != nil || from < 0 {
			return polygonBad("The cursor is not one of ours.")
		}
	}
	if text := ask.Get("limit"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size > 1000 {
			return polygonBad("limit is not between 1 and 1000.")
		}
	}
	first, last := schemas.MinDate, schemas.MaxDate
	for name, to := range map[string]*schemas.Date{date + ".gte": &first, date + ".lt": &last} {
		if text := ask.Get(name); text != "" {
			d, err := schemas.ParseDate(text)
			if err != nil {
				return polygonBad(name + " is no day.")
			}
			*to = d
		}
	}
	size = min(size, 100) // more than one page for a small market too
	records := w.actionRecords(first, last, in, record)
	end := min(from+size, len(records))
	from = min(from, end)
	next := ""
	if end < len(records) {
		ask.Set("from", strconv.Itoa(end))
		next = fmt.Sprintf(`,"next_url":"https://api.massive.com%s?cursor=%s"`, q.path, base64.RawURLEncoding.EncodeToString([]byte(ask.Encode())))
	}
	texts := make([]string, 0, end-from)
	for _, r := range records[from:end] {
		texts = append(texts, r.text)
	}
	text := `{"results":[` + strings.Join(texts, ",") + `],"status":"OK","request_id":"sandbox"` + next + `}`
	a := plain(polygonJSON, text)
	a.twist = jsonKey(figure, date)
	return a
}

// actionRecords lists the actions that are known of ex-dates in [first, last), by
// day and symbol.
func (w *world) actionRecords(first, last schemas.Date, in func(*event) bool, record func(*security, *event) string) []actionRecord {
	var out []actionRecord
	for _, s := range w.market.lines {
		for i := range s.events {
			e := &s.events[i]
			if d := w.market.days[e.at]; d >= first && d < last && in(e) && w.listed(e) {
				out = append(out, actionRecord{d, s.symbolAt(e.at), record(s, e)})
			}
		}
	}
	slices.SortFunc(out, func(a, b actionRecord) int {
		if a.day != b.day {
			return int(a.day - b.day)
		}
		return strings.Compare(a.symbol, b.symbol)
	})
	return out
}

// splitRecord writes a split. Of spin-offs the service knows nothing.
func (w *world) splitRecord(s *security, e *event) string {
	from, to := 1.0, e.ratio
	for from < 1000 && to != float64(int64(to)) { // whole numbers, as 3 for 2
		from++
		to = e.ratio * from
	}
	if to != float64(int64(to)) {
		from, to = 1, e.ratio
	}
	return fmt.Sprintf(`{"execution_date":"%s","split_from":%s,"split_to":%s,"ticker":%q}`, w.market.days[e.at], plainFloat(from), plainFloat(to), s.symbolAt(e.at))
}

// dividendRecord writes a dividend.
func (w *world) dividendRecord(s *security, e *event) string {
	kind := "CD"
	if e.kind == schemas.ActionSpecial {
		kind = "SC"
	}
	d := w.market.days[e.at]
	return fmt.Sprintf(`{"cash_amount":%s,"declaration_date":"%s","dividend_type":"%s","ex_dividend_date":"%s","frequency":4,"pay_date":"%s","record_date":"%s","ticker":%q}`,
		plainFloat(s.amount(e)), d-20, kind, d, d+14, d+1, s.symbolAt(e.at))
}
