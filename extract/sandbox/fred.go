package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// fredSeries is a series as FRED carries it.
type fredSeries struct {
	id, title, units, frequency string
	// rows calls visit for each day of the series in [from, to], oldest first,
	// that is published; missing says that the row has no value.
	rows func(w *world, from, to schemas.Date, visit func(d schemas.Date, value float64, missing bool))
	// decimals printed
	decimals int
}

const (
	unitMillions = "Millions of U.S. Dollars"
	unitBillions = "Billions of U.S. Dollars"
	unitPercent  = "Percent"
	weeklyAsOf   = "Weekly, As of Wednesday"
	weeklyEnding = "Weekly, Ending Wednesday"
)

// fredCatalogue lists the series that are simulated.
func fredCatalogue() []fredSeries {
	level := func(id, item, title string) fredSeries {
		return fredSeries{id: id, title: title + ": Wednesday Level", units: unitMillions, frequency: weeklyAsOf, rows: weekly(item + "_N.WW")}
	}
	average := func(id, item, title string) fredSeries {
		return fredSeries{id: id, title: title + ": Week Average", units: unitMillions, frequency: weeklyEnding, rows: weekly(item + "_XAW_N.WW")}
	}
	const (
		assets      = "Assets: "
		liabilities = "Liabilities and Capital: "
	)
	return []fredSeries{
		level("WALCL", "RESPPMA", assets+"Total Assets: Total Assets (Less Eliminations from Consolidation)"),
		level("WSHOSHO", "RESPPALG", assets+"Securities Held Outright: Securities Held Outright"),
		level("TREAST", "RESPPALGUO", assets+"Securities Held Outright: U.S. Treasury Securities: All"),
		level("WSHOMCB", "RESPPALGASMO", assets+"Securities Held Outright: Mortgage-Backed Securities"),
		level("WRBWFRBL", "RESH4R", liabilities+"Other Factors Draining Reserve Balances: Reserve Balances with Federal Reserve Banks"),
		average("WRESBAL", "RESH4R", liabilities+"Other Factors Draining Reserve Balances: Reserve Balances with Federal Reserve Banks"),
		level("WDTGAL", "RESPPLLDT", liabilities+"Deposits with F.R. Banks: U.S. Treasury, General Account"),
		average("WTREGEN", "RESPPLLDT", liabilities+"Deposits with F.R. Banks: U.S. Treasury, General Account"),
		level("WLRRAL", "RESPPLLR", liabilities+"Liabilities: Reverse Repurchase Agreements"),
		level("WLRRAFOIAL", "RESPPLLRF", liabilities+"Liabilities: Reverse Repurchase Agreements: Foreign Official and International Accounts"),
		level("WLRRAOL", "RESPPLLRD", liabilities+"Liabilities: Reverse Repurchase Agreements: Others"),
		level("WORAL", "RESPPALGTR", assets+"Other: Repurchase Agreements"),
		level("WLCFLPCL", "RESPPALDP", assets+"Liquidity and Credit Facilities: Loans: Primary Credit"),
		average("WCURCIR", "RESTBC", liabilities+"Other Factors Draining Reserve Balances: Currency in Circulation"),
		{
			id: "RRPONTSYD", title: "Overnight Reverse Repurchase Agreements: Treasury Securities Sold by the Federal Reserve in the Temporary Open Market Operations",
			units: unitBillions, frequency: "Daily", rows: rowsOvernight, decimals: 3,
		},
		{id: "SOFR", title: "Secured Overnight Financing Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("SOFR"), decimals: 2},
		{id: "TGCRRATE", title: "Tri-Party General Collateral Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("TGCR"), decimals: 2},
		{id: "EFFR", title: "Effective Federal Funds Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("EFFR"), decimals: 2},
		{id: "IORB", title: "Interest Rate on Reserve Balances (IORB Rate)", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(reserveFrom(), 0, (*fed).reserveRate), decimals: 2},
		{id: "IOER", title: "Interest Rate on Excess Reserves (DISCONTINUED)", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(schemas.NewDate(2008, time.October, 9), reserveFrom()-1, (*fed).reserveRate), decimals: 2},
		{id: "DFEDTARL", title: "Federal Funds Target Range - Lower Limit", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(targetRangeFrom(), 0, func(f *fed, d schemas.Date) float64 { return f.target(d).lower }), decimals: 2},
		{id: "DFEDTARU", title: "Federal Funds Target Range - Upper Limit", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(targetRangeFrom(), 0, func(f *fed, d schemas.Date) float64 { return f.target(d).upper }), decimals: 2},
		{id: "RRPONTSYAWARD", title: "Overnight Reverse Repurchase Agreements Award Rate: Treasury Securities Sold by the Federal Reserve", units: unitPercent, frequency: "Daily", rows: rowsAward, decimals: 2},
		{id: "GDP", title: "Gross Domestic Product", units: "Billions of Dollars", frequency: "Quarterly", rows: rowsProduct, decimals: 3},
		{id: "TLAACBW027SBOG", title: "Total Assets, All Commercial Banks", units: unitBillions, frequency: weeklyEnding, rows: rowsBanks, decimals: 4},
		{id: "SP500", title: "S&P 500", units: "Index", frequency: "Daily, Close", rows: rowsLarge, decimals: 2},
	}
}

// reserveFrom is the day from which interest is paid on all reserve balances.
func reserveFrom() schemas.Date { return schemas.NewDate(2021, time.July, 29) }

func isWeekday(d schemas.Date) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

type rowVisitor = func(d schemas.Date, value float64, missing bool)

func weekly(name string) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		v, known := w.variant(name)
		if !known {
			return
		}
		for _, d := range w.wednesdays() {
			if d >= from && d <= to {
				p := v.at(d)
				visit(d, float64(p.value), p.status != "A")
			}
		}
	}
}

func rowsOvernight(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := max(from, overnightFrom()); d <= to && w.published(w.cal.OperationKnown(d, "13:15")); d++ {
		if !isWeekday(d) {
			continue
		}
		if !w.cal.IsFedDay(d) {
			visit(d, 0, true)
			continue
		}
		for i, o := range w.fed.operations(d) {
			if o.reverse && !o.exercise {
				accepted, _, _ := w.settled(&numbered{o, i + 1})
				visit(d, float64(accepted)/1e9, false)
			}
		}
	}
}

func rowsRate(name string) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		x, _ := referenceByName(name)
		for d := max(from, x.since); d <= to && w.published(w.cal.RateKnown(d, x.secured)); d++ {
			switch {
			case w.fed.open(x, d):
				r := w.fed.rate(x, d)
				percent, _ := w.quoted(x, &r)
				visit(d, percent, false)
			case isWeekday(d):
				visit(d, 0, true)
			}
		}
	}
}

// rowsPolicy are rates that hold on every day of the week; until is 0 for
// those still published.
func rowsPolicy(since, until schemas.Date, of func(*fed, schemas.Date) float64) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		to = min(to, w.today())
		if until != 0 {
			to = min(to, until)
		}
		for d := max(from, since); d <= to; d++ {
			visit(d, of(w.fed, d), false)
		}
	}
}

func rowsAward(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := max(from, overnightFrom()); d <= to && w.published(w.cal.OperationKnown(d, "13:15")); d++ {
		if isWeekday(d) {
			visit(d, w.fed.reverseRate(d), !w.cal.IsFedDay(d))
		}
	}
}

// rowsProduct is nominal product at an annual rate, USD bn, dated by the first
// day of the quarter.
func rowsProduct(w *world, from, to schemas.Date, visit rowVisitor) {
	for y := w.market.from.Year() - 1; y <= w.market.to.Year(); y++ {
		for _, month := range []time.Month{time.January, time.April, time.July, time.October} {
			d := schemas.NewDate(y, month, 1)
			if d < from || d > to || !w.published(w.cal.GDPKnown(d)) {
				continue
			}
			noise := 1 + .004*w.fed.seed.bell(streamFed, 1, int(d))
			visit(d, math.Round(31000e3*math.Exp(-.045*w.fed.tau(d))*noise)/1e3, false)
		}
	}
}

// rowsBanks are the total assets of commercial banks, USD bn.
func rowsBanks(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := from; d <= to; d++ {
		if d.Weekday() == time.Wednesday && w.published(w.cal.H8Known(d)) {
			noise := 1 + .001*w.fed.seed.bell(streamFed, 2, int(d))
			visit(d, math.Round(25000e4*math.Exp(-.035*w.fed.tau(d))*noise)/1e4, false)
		}
	}
}

// indexScale makes the level of the large index look like the real one's.
const indexScale = 4.2

func rowsLarge(w *world, from, to schemas.Date, visit rowVisitor) {
	indices, _ := w.levels()
	for d := from; d <= to && w.published(fredKnown(d)); d++ {
		t, open := w.market.session(d)
		switch {
		case open:
			visit(d, indices[indexLarge].price[t]*indexScale, false)
		case isWeekday(d):
			visit(d, 0, true)
		}
	}
}

// fredKnown is when FRED has the closes of day d: 20:00.
func fredKnown(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 20, 0) }

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
	for _, name := range []string{"realtime_start", "realtime_end", "vintage_dates", "units", "frequency", "output_type"} {
		if q.query.Has(name) {
			return fredBad("The sandbox does not simulate the variable " + name + ".")
		}
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

func (w *world) fredMetadata(_ *request, s fredSeries) *answer {
	rows := w.fredRows(s, schemas.MinDate, schemas.MaxDate)
	start, end := w.market.from, w.market.from
	if len(rows) > 0 {
		start, end = rows[0].day, rows[len(rows)-1].day
	}
	today := w.today()
	b, err := json.Marshal(map[string]any{
		"realtime_start": today, "realtime_end": today,
		"seriess": []map[string]any{{
			"id": s.id, "realtime_start": today, "realtime_end": today, "title": s.title + simulated,
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

func (w *world) fredObservations(q *request, s fredSeries) *answer {
	from, err := q.date("observation_start", schemas.NewDate(1776, time.July, 4))
	if err != nil {
		return fredBad(err.Error())
	}
	to, err := q.date("observation_end", schemas.NewDate(9999, time.December, 31))
	if err != nil {
		return fredBad(err.Error())
	}
	const most = 100000
	limit, offset := most, 0
	for name, v := range map[string]*int{"limit": &limit, "offset": &offset} {
		if text := q.query.Get(name); text != "" {
			if *v, err = strconv.Atoi(text); err != nil || *v < 0 || *v > most {
				return fredBad("The value for variable " + name + " is not between 0 and 100000.")
			}
		}
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
		kind: fredJSON,
		twist: &textTwister{
			key: `"value"`, to: `"value_new"`, extra: `"sandbox_extra":1,`,
			figure: regexp.MustCompile(`"value":"(-?[0-9.]*[0-9][0-9.]*)"`),
			day:    regexp.MustCompile(`"date":"(\d{4}-\d{2}-\d{2})"`), layout: time.DateOnly,
		},
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
