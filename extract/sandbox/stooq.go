package sandbox

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"tidemark/schemas"
)

// stooq answers for Stooq's daily prices of funds, adjusted for dividends as of now,
// and of indices. What is wrong with a request it says in words, under HTTP 200.
func (w *world) stooq(q *request) *answer {
	const kind = "text/csv"
	if q.path != "/q/d/l/" {
		return notFound()
	}
	if q.query.Get("apikey") == "" {
		return plain(kind, "Get your apikey:\r\n\r\n1. Open https://stooq.com/q/d/?s="+q.query.Get("s")+"&get_apikey\r\n")
	}
	first, last, err := stooqDays(q)
	if err != nil {
		return plain(kind, "No data")
	}
	newest := w.lastSession(vendorKnown)
	indices, funds := w.levels()
	var level func(t int) float64
	symbol := strings.ToUpper(strings.TrimSuffix(q.query.Get("s"), ".us"))
	switch l, isFund := funds[symbol]; {
	case newest < 0:
	case isFund:
		level = func(t int) float64 { return l.total[t] * l.price[newest] / l.total[newest] }
	case symbol == "^SPX":
		level = func(t int) float64 { return indices[indexLarge].price[t] * indexScale }
	}
	if level == nil {
		return plain(kind, "No data")
	}
	return &answer{kind: kind, twist: &tableTwister{column: "Close", day: regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})$`), layout: "2006-01-02"}, text: func(out io.Writer) error {
		var b strings.Builder
		b.WriteString("Date,Open,High,Low,Close,Volume\r\n")
		for t := 0; t <= newest; t++ {
			d := w.market.days[t]
			if d < first || d > last {
				continue
			}
			v := level(t)
			fmt.Fprintf(&b, "%s,%.6g,%.6g,%.6g,%.6g,%d\r\n", d, v, v, v, v, 1000000)
		}
		_, err := io.WriteString(out, b.String())
		return err
	}}
}

// stooqDays reads the days of a request, which are written without dashes.
func stooqDays(q *request) (first, last schemas.Date, err error) {
	first, last = schemas.MinDate, schemas.MaxDate
	for name, to := range map[string]*schemas.Date{"d1": &first, "d2": &last} {
		if text := q.query.Get(name); text != "" {
			if *to, err = schemas.ParseDateLayout("20060102", text); err != nil {
				return first, last, err
			}
		}
	}
	return first, last, nil
}
