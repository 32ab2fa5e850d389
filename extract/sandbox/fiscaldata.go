package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
)

// cashRow is one row of the operating cash balance table, in USD mn; the text
// "null" stands for a missing figure.
type cashRow struct {
	day               schemas.Date
	account           string
	closing, opening  string
	month, fiscalYear string
}

// The days on which the Treasury renamed the rows of the table.
func cashRenamed() schemas.Date    { return schemas.NewDate(2021, time.October, 1) }
func cashRearranged() schemas.Date { return schemas.NewDate(2022, time.April, 18) }

// cashRows lists the rows of one statement.
func (w *world) cashRows(d schemas.Date) []cashRow {
	const null = "null"
	money := func(v int64) string { return strconv.FormatInt(v, 10) }
	opening, closing := w.fed.at(w.cal.PrevFedDay(d)).tga, w.fed.at(d).tga
	row := func(account, closing, opening string) cashRow {
		return cashRow{d, account, closing, opening, opening, opening}
	}
	if d < cashRearranged() {
		account, other := "Federal Reserve Account", "Short-Term Cash Investments (Table V)"
		if d >= cashRenamed() {
			account = "Treasury General Account (TGA)"
		}
		return []cashRow{
			row(account, money(closing), money(opening)),
			row("Supplementary Financing Program Account", "0", "0"),
			row(other, "0", "0"),
		}
	}
	// What came in is drawn; what went out is the rest, now and then off by
	// one as rounded figures are.
	deposits := 14000 + int64(16000*w.fed.seed.unit(streamFed, 3, int(d)))
	withdrawals := opening + deposits - closing
	if withdrawals < 0 {
		deposits, withdrawals = deposits-withdrawals+9000, 9000
	}
	if w.fed.seed.unit(streamFed, 4, int(d)) < .2 {
		withdrawals++
	}
	return []cashRow{
		row("Treasury General Account (TGA) Opening Balance", null, money(opening)),
		row("Total TGA Deposits (Table II)", null, money(deposits)),
		row("Total TGA Withdrawals (Table II) (-)", null, money(withdrawals)),
		row("Treasury General Account (TGA) Closing Balance", null, money(closing)),
	}
}

// cashColumn is a column of the table, in the order in which it is served.
type cashColumn struct {
	name, label, kind, format string
	of                        func(w *world, r *cashRow, line int) string
}

func cashColumns() []cashColumn {
	const table = "Operating Cash Balance"
	return []cashColumn{
		{"record_date", "Record Date", "DATE", "YYYY-MM-DD", func(_ *world, r *cashRow, _ int) string { return r.day.String() }},
		{"account_type", "Type of Account", "STRING", "String", func(_ *world, r *cashRow, _ int) string { return r.account }},
		{"close_today_bal", "Closing Balance Today", "CURRENCY0", "$1,000,000", func(_ *world, r *cashRow, _ int) string { return r.closing }},
		{"open_today_bal", "Opening Balance Today", "CURRENCY0", "$1,000,000", func(_ *world, r *cashRow, _ int) string { return r.opening }},
		{"open_month_bal", "Opening Balance This Month", "CURRENCY0", "$1,000,000", func(_ *world, r *cashRow, _ int) string { return r.month }},
		{"open_fiscal_year_bal", "Opening Balance This Fiscal Year", "CURRENCY0", "$1,000,000", func(_ *world, r *cashRow, _ int) string { return r.fiscalYear }},
		{"table_nbr", "Table Number", "STRING", "String", func(*world, *cashRow, int) string { return "I" }},
		{"table_nm", "Table Name", "STRING", "String", func(*world, *cashRow, int) string { return table }},
		{"src_line_nbr", "Source Line Number", "NUMBER", "10", func(_ *world, _ *cashRow, line int) string { return strconv.Itoa(line) }},
		{"record_calendar_year", "Calendar Year", "YEAR", "YYYY", func(_ *world, r *cashRow, _ int) string { return strconv.Itoa(r.day.Year()) }},
	}
}

// fiscaldata answers for the operating cash balance of the Daily Treasury
// Statement.
func (w *world) fiscaldata(q *request) *answer {
	if !strings.HasSuffix(q.path, "/v1/accounting/dts/operating_cash_balance") {
		return refused(http.StatusNotFound, fiscalJSON, fiscalError("Invalid URL", "There is no such table in the sandbox."))
	}
	if f := q.query.Get("format"); f != "" && f != "json" {
		return fiscalBad("Only format=json is simulated.")
	}
	from, to, err := filterDays(q.query.Get("filter"))
	if err != nil {
		return fiscalBad(err.Error())
	}
	columns, err := chosenColumns(q.query.Get("fields"))
	if err != nil {
		return fiscalBad(err.Error())
	}
	number, size := 1, 100
	for name, v := range map[string]*int{"page[number]": &number, "page[size]": &size} {
		if text := q.query.Get(name); text != "" {
			if *v, err = strconv.Atoi(text); err != nil || *v < 1 || *v > 10000 {
				return fiscalBad(name + " is not between 1 and 10000.")
			}
		}
	}
	rows := w.publishedCash(max(from, w.market.from), min(to, w.market.to))
	if err := sortCash(rows, q.query.Get("sort")); err != nil {
		return fiscalBad(err.Error())
	}
	pages := (len(rows) + size - 1) / size
	total := len(rows)
	rows = rows[min((number-1)*size, total):min(number*size, total)]
	return &answer{
		kind:  fiscalJSON,
		twist: jsonKey("open_today_bal", "record_date"),
		text: func(out io.Writer) error {
			return w.writeCash(out, rows, columns, page{number, size, total, pages})
		},
	}
}

const fiscalJSON = "application/json; charset=utf-8"

func fiscalError(kind, text string) string {
	b, err := json.Marshal(map[string]string{"error": kind, "message": text})
	if err != nil {
		panic("sandbox: a text does not become JSON: " + err.Error())
	}
	return string(b)
}

func fiscalBad(text string) *answer {
	return refused(http.StatusBadRequest, fiscalJSON, fiscalError("Invalid Query Param", text))
}

// filterDays reads a filter such as record_date:gte:2026-01-01. Labels with
// parentheses cannot be expressed in it, so only days can be filtered here.
func filterDays(filter string) (from, to schemas.Date, err error) {
	from, to = schemas.MinDate, schemas.MaxDate
	if filter == "" {
		return from, to, nil
	}
	for part := range strings.SplitSeq(filter, ",") {
		field, rest, _ := strings.Cut(part, ":")
		op, text, _ := strings.Cut(rest, ":")
		if field != "record_date" {
			return 0, 0, fmt.Errorf("the field %q cannot be filtered", field)
		}
		d, err := schemas.ParseDate(text)
		if err != nil {
			return 0, 0, err
		}
		switch op {
		case "gte":
			from = max(from, d)
		case "gt":
			from = max(from, d+1)
		case "lte":
			to = min(to, d)
		case "lt":
			to = min(to, d-1)
		case "eq":
			from, to = max(from, d), min(to, d)
		default:
			return 0, 0, fmt.Errorf("the operator %q is not known", op)
		}
	}
	return from, to, nil
}

func chosenColumns(fields string) ([]cashColumn, error) {
	all := cashColumns()
	if fields == "" {
		return all, nil
	}
	var out []cashColumn
	for name := range strings.SplitSeq(fields, ",") {
		i := slices.IndexFunc(all, func(c cashColumn) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("the field %q does not exist", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

func (w *world) publishedCash(from, to schemas.Date) []cashRow {
	var out []cashRow
	for d := from; d <= to; d++ {
		if w.cal.IsFedDay(d) && d >= schemas.NewDate(2005, time.October, 3) && w.published(w.cal.DTSKnown(d)) {
			out = append(out, w.cashRows(d)...)
		}
	}
	return out
}

func sortCash(rows []cashRow, by string) error {
	if by == "" {
		return nil
	}
	var compare []func(a, b cashRow) int
	for name := range strings.SplitSeq(by, ",") {
		field, down := strings.CutPrefix(name, "-")
		sign := 1
		if down {
			sign = -1
		}
		switch field {
		case "record_date":
			compare = append(compare, func(a, b cashRow) int { return sign * int(a.day-b.day) })
		case "account_type":
			compare = append(compare, func(a, b cashRow) int { return sign * strings.Compare(a.account, b.account) })
		default:
			return fmt.Errorf("the table cannot be sorted by %q", field)
		}
	}
	slices.SortStableFunc(rows, func(a, b cashRow) int {
		for _, c := range compare {
			if v := c(a, b); v != 0 {
				return v
			}
		}
		return 0
	})
	return nil
}

type page struct{ number, size, total, pages int }

// link is the query fragment of another page, null where there is none.
func (p page) link(number int) any {
	if number < 1 || number > p.pages {
		return nil
	}
	return "&" + url.QueryEscape("page[number]") + "=" + strconv.Itoa(number) + "&" + url.QueryEscape("page[size]") + "=" + strconv.Itoa(p.size)
}

func (w *world) writeCash(out io.Writer, rows []cashRow, columns []cashColumn, p page) error {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		for j, c := range columns {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%q", c.name, c.of(w, &rows[i], i%4+1))
		}
		b.WriteByte('}')
	}
	labels, kinds, formats := map[string]string{}, map[string]string{}, map[string]string{}
	for _, c := range columns {
		labels[c.name], kinds[c.name], formats[c.name] = c.label, c.kind, c.format
	}
	tail, err := json.Marshal(struct {
		Count   int               `json:"count"`
		Labels  map[string]string `json:"labels"`
		Types   map[string]string `json:"dataTypes"`
		Formats map[string]string `json:"dataFormats"`
		Total   int               `json:"total-count"`
		Pages   int               `json:"total-pages"`
	}{len(rows), labels, kinds, formats, p.total, p.pages})
	if err != nil {
		return err
	}
	links, err := json.Marshal(struct {
		Self  any `json:"self"`
		First any `json:"first"`
		Prev  any `json:"prev"`
		Next  any `json:"next"`
		Last  any `json:"last"`
	}{p.link(p.number), p.link(1), p.link(p.number - 1), p.link(p.number + 1), p.link(p.pages)})
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, `],"meta":%s,"links":%s}`, unescaped(tail), unescaped(links))
	_, err = io.WriteString(out, b.String())
	return err
}

// unescaped undoes what package json does to & for the sake of web pages; the
// publisher does not.
func unescaped(b []byte) string { return strings.ReplaceAll(string(b), `\u0026`, "&") }
