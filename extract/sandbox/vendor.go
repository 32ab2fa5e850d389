package sandbox

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// vendorKnown is when the vendor has the prices of session d: 18:00.
func vendorKnown(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 18, 0) }

// actionKnown is when the vendor lists an action of ex-date d: 06:00 that day.
func actionKnown(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 6, 0) }

// vendor answers for a seller of price files. Prices are as traded; symbols are
// those of the day, with a dash before the class.
//
//	/bars/{year}.csv.gz and .parquet   symbol,date,open,high,low,close,volume
//	/actions.csv                       symbol,date,kind,ratio,amount
//	/levels.csv                        symbol,date,close,total_return
//	/renames.csv                       date,old,new
//	/shares.csv                        company,date,as_of,shares
//	/earnings.csv                      company,date,start,end,net_income
func (w *world) vendor(q *request) *answer {
	switch q.path {
	case "/actions.csv":
		return tableAnswer("text/csv", "ratio", w.writeActions)
	case "/levels.csv":
		return tableAnswer("text/csv", "close", w.writeLevels)
	case "/renames.csv":
		return tableAnswer("text/csv", "date", w.writeRenames)
	case "/shares.csv":
		return tableAnswer("text/csv", "shares", w.writeShares)
	case "/earnings.csv":
		return tableAnswer("text/csv", "net_income", w.writeEarnings)
	}
	m := regexp.MustCompile(`^/bars/(\d{4})\.(csv\.gz|parquet)$`).FindStringSubmatch(q.path)
	if m == nil {
		return notFound()
	}
	year, err := strconv.Atoi(m[1])
	if err != nil {
		return notFound()
	}
	y, known := w.market.yearIndex(year)
	last := w.lastSession(vendorKnown)
	if !known || last < w.market.edges[y] {
		return notFound()
	}
	a := tableAnswer("application/gzip", "close", func(out io.Writer) error { return w.writeBars(out, y, last) })
	a.long = true
	a.pack = gzipTo
	a.bomb = func() ([]byte, error) { return gzipBomb(), nil }
	if m[2] == "parquet" {
		a.kind = "application/vnd.apache.parquet"
		a.pack = packParquet
		a.bomb = nil
	}
	return a
}

func tableAnswer(kind, column string, text func(io.Writer) error) *answer {
	return &answer{kind: kind, text: text, twist: &tableTwister{column: column}}
}

const barsHeader = "symbol,date,open,high,low,close,volume\n"

// writeBars writes the bars of a year up to a session, by line and session.
func (w *world) writeBars(out io.Writer, y, last int) error {
	m := w.market
	b := bufio.NewWriterSize(out, 1<<16)
	if _, err := b.WriteString(barsHeader); err != nil {
		return err
	}
	days := make([]string, m.edges[y+1]-m.edges[y])
	for i := range days {
		days[i] = m.days[m.edges[y]+i].String()
	}
	buf := make([]byte, 0, 128)
	for _, s := range m.lines {
		m.bars(s, y, func(x bar) {
			if x.t > last {
				return
			}
			buf = append(buf[:0], dashed(s.symbolAt(x.t))...)
			buf = append(buf, ',')
			buf = append(buf, days[x.t-m.edges[y]]...)
			for _, price := range [...]float64{x.open, x.high, x.low, x.close} {
				buf = append(buf, ',')
				buf = strconv.AppendFloat(buf, price, 'f', -1, 64)
			}
			buf = append(buf, ',')
			buf = strconv.AppendFloat(buf, x.volume, 'f', 0, 64)
			buf = append(buf, '\n')
			_, _ = b.Write(buf) // bufio keeps the error for Flush
		})
		if err := b.Flush(); err != nil { // the reader may be gone
			return err
		}
	}
	return nil
}

// listed reports whether the vendor lists an action.
func (w *world) listed(e *event) bool {
	return !e.hidden && w.published(actionKnown(w.market.days[e.at]))
}

func (w *world) writeActions(out io.Writer) error {
	m := w.market
	var b strings.Builder
	fmt.Fprintln(&b, "symbol,date,kind,ratio,amount")
	for _, s := range m.lines {
		for i := range s.events {
			e := &s.events[i]
			if !w.listed(e) {
				continue
			}
			ratio, amount := "", ""
			if e.ratio > 0 {
				ratio = strconv.FormatFloat(e.ratio, 'f', -1, 64)
			} else {
				amount = strconv.FormatFloat(s.amount(e), 'f', -1, 64)
			}
			fmt.Fprintf(&b, "%s,%s,%s,%s,%s\n", dashed(s.symbolAt(e.at)), m.days[e.at], e.kind, ratio, amount)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// amount is what is paid on a share of the ex-date, USD.
func (s *security) amount(e *event) float64 {
	return math.Round(e.amount/s.factorAt(e.at)*1e6) / 1e6
}

// levelSymbols lists the symbols of the levels file: indices, then funds.
func levelSymbols() (indices, funds []string) {
	return []string{indexLarge, indexMid, indexSmall, indexBroad}, []string{"SPY", "IVV", "IJR", "IWM", "AGG"}
}

func (w *world) writeLevels(out io.Writer) error {
	last := w.lastSession(vendorKnown)
	indices, funds := w.levels()
	var b strings.Builder
	fmt.Fprintln(&b, "symbol,date,close,total_return")
	write := func(symbol string, l levels, scale float64) {
		for t := 0; t <= last; t++ {
			fmt.Fprintf(&b, "%s,%s,%.2f,%.4f\n", symbol, w.market.days[t], l.price[t]*scale, l.total[t]*scale)
		}
	}
	names, tickers := levelSymbols()
	for _, name := range names {
		write(name, indices[name], indexScale)
	}
	for _, ticker := range tickers {
		write(ticker, funds[ticker], 1)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (w *world) writeRenames(out io.Writer) error {
	type row struct {
		day      schemas.Date
		old, new string
	}
	var rows []row
	for _, s := range w.market.lines {
		for _, r := range s.names {
			if d := w.market.days[r.at]; s.trades(r.at) && w.published(actionKnown(d)) {
				rows = append(rows, row{d, dashed(r.old), dashed(s.symbolAt(r.at))})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.day != b.day {
			return int(a.day - b.day)
		}
		return strings.Compare(a.old, b.old)
	})
	var b strings.Builder
	fmt.Fprintln(&b, "date,old,new")
	for _, r := range rows {
		fmt.Fprintf(&b, "%s,%s,%s\n", r.day, r.old, r.new)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
