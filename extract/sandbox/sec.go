package sandbox

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

const secJSON = "application/json"

// sec answers for the Securities and Exchange Commission: the list of companies,
// and what each has filed under two tags. It refuses who does not say who asks.
func (w *world) sec(q *request) *answer {
	if !strings.Contains(q.Header.Get("User-Agent"), "@") {
		return refused(http.StatusForbidden, "text/html", errorPage("SEC.gov | Your Request Originates from an Undeclared Automated Tool"))
	}
	if q.path == "/files/company_tickers.json" {
		return &answer{kind: secJSON, twist: jsonKey("cik_str", "-"), text: w.writeCompanies}
	}
	m := regexp.MustCompile(`^/api/xbrl/companyconcept/CIK(\d{10})/([a-z-]+)/([A-Za-z]+)\.json$`).FindStringSubmatch(q.path)
	if m == nil {
		return secMissing()
	}
	cik, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return secMissing()
	}
	lines := w.linesOf(cik)
	if len(lines) == 0 {
		return secMissing()
	}
	var unit string
	var facts []string
	switch m[2] + "/" + m[3] {
	case "dei/EntityCommonStockSharesOutstanding":
		if len(lines) > 1 {
			return secMissing() // counts by class are left out
		}
		unit, facts = "shares", w.shareFacts(lines[0])
	case "us-gaap/NetIncomeLoss":
		unit, facts = "USD", w.incomeFacts(lines)
	}
	if len(facts) == 0 {
		return secMissing()
	}
	a := plain(secJSON, fmt.Sprintf(`{"cik":%d,"taxonomy":%q,"tag":%q,"label":"Simulated","description":"Simulated","entityName":%q,"units":{%q:[%s]}}`,
		cik, m[2], m[3], lines[0].name, unit, strings.Join(facts, ",")))
	x := jsonKey("val", "filed")
	a.twist = x
	return a
}

func secMissing() *answer {
	return refused(http.StatusNotFound, "application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`)
}

// linesOf returns the lines of a company, the first class first.
func (w *world) linesOf(cik int64) []*security {
	var out []*security
	for _, s := range w.market.lines {
		if s.cik == cik {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b *security) int { return a.class - b.class })
	return out
}

// writeCompanies writes the list of companies, the largest first.
func (w *world) writeCompanies(out io.Writer) error {
	m := w.market
	last := max(w.lastSession(vendorKnown), 0)
	type line struct {
		s     *security
		value float64
	}
	var lines []line
	for _, s := range m.lines {
		if s.trades(last) {
			lines = append(lines, line{s, w.closeAt(s.id, last) * m.outstanding(s, last)})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case a.value > b.value:
			return -1
		case a.value < b.value:
			return 1
		}
		return 0
	})
	var b strings.Builder
	b.WriteByte('{')
	for i, l := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":{"cik_str":%d,"ticker":%q,"title":%q}`, i, l.s.cik, dashed(l.s.symbolAt(last)), l.s.name)
	}
	b.WriteByte('}')
	_, err := io.WriteString(out, b.String())
	return err
}

func form(q fiscalQuarter) string {
	if q.number == 3 {
		return "10-K"
	}
	return "10-Q"
}

// shareFacts lists the counts on the covers of a line's reports.
func (w *world) shareFacts(s *security) []string {
	var out []string
	w.filings(s, func(q fiscalQuarter, filed schemas.Date) {
		t := max(w.market.sessionAtEnd(q), s.listed)
		out = append(out, fmt.Sprintf(`{"end":"%s","val":%.0f,"accn":"%010d-%02d-000001","fy":%d,"fp":"Q%d","form":"%s","filed":"%s","frame":"CY%dQ%dI"}`,
			q.last(), w.market.outstanding(s, t), s.cik, filed.Year()%100, q.year, q.number+1, form(q), filed, q.year, q.number+1))
	})
	return out
}

// incomeFacts lists the net income of a company's reports: of the quarter, which
// the fourth has none of, and of the year so far.
func (w *world) incomeFacts(lines []*security) []string {
	var out []string
	s := lines[0]
	w.filings(s, func(q fiscalQuarter, filed schemas.Date) {
		year, income := 0.0, 0.0
		for n := range q.number + 1 {
			income = math.Round(w.market.income(lines, fiscalQuarter{q.year, n}))
			year += income
		}
		row := func(from schemas.Date, v float64) {
			out = append(out, fmt.Sprintf(`{"start":"%s","end":"%s","val":%s,"accn":"%010d-%02d-000001","fy":%d,"fp":"Q%d","form":"%s","filed":"%s"}`,
				from, q.last(), strconv.FormatFloat(v, 'f', 0, 64), s.cik, filed.Year()%100, q.year, q.number+1, form(q), filed))
		}
		if q.number > 0 {
			row(fiscalQuarter{q.year, 0}.first(), year)
		}
		if q.number < 3 {
			row(q.first(), income)
		}
	})
	return out
}
