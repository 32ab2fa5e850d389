package sandbox

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// The days after the end of a quarter on which companies file their reports:
// from reportFirst on, over reportSpan days.
const (
	reportFirst = 25
	reportSpan  = 30
)

// filedKnown is when the vendor lists what was filed on a day: 18:00.
func filedKnown(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 18, 0) }

// fiscalQuarter is a quarter of the calendar, which all companies go by.
type fiscalQuarter struct {
	year, number int // number from 0
}

func (q fiscalQuarter) next() fiscalQuarter {
	if q.number == 3 {
		return fiscalQuarter{q.year + 1, 0}
	}
	return fiscalQuarter{q.year, q.number + 1}
}

func (q fiscalQuarter) first() schemas.Date {
	return schemas.NewDate(q.year, time.Month(1+3*q.number), 1)
}
func (q fiscalQuarter) last() schemas.Date { return q.next().first() - 1 }

// filed is the day on which an issuer reports a quarter, a business day.
func (m *market) filed(s *security, q fiscalQuarter) schemas.Date {
	return m.cal.NextFedDay(q.last().AddDays(reportFirst + int(reportSpan*m.seed.unit(streamFilings, s.id, 4*q.year+q.number))))
}

// filings calls visit for each report of a line's company that the vendor
// lists, oldest first. Reports of the year before the market's first session
// are among them.
func (w *world) filings(s *security, visit func(q fiscalQuarter, filed schemas.Date)) {
	m := w.market
	for q := (fiscalQuarter{m.days[0].Year() - 1, 0}); q.last() < m.to; q = q.next() {
		filed := m.filed(m.lines[s.issuer], q)
		t := m.sessionFrom(filed)
		if t >= s.gone || !w.published(filedKnown(filed)) {
			return
		}
		if t >= s.listed {
			visit(q, filed)
		}
	}
}

// sessionAtEnd is the last session of a quarter, or the first of the market.
func (m *market) sessionAtEnd(q fiscalQuarter) int { return max(m.sessionFrom(q.last()+1)-1, 0) }

// writeShares writes the shares outstanding that companies have filed, each
// line's under its own symbol.
func (w *world) writeShares(out io.Writer) error {
	b := bufio.NewWriterSize(out, 1<<16)
	_, _ = b.WriteString("company,date,as_of,shares\n") // bufio keeps the error for Flush
	for _, s := range w.market.lines {
		w.filings(s, func(q fiscalQuarter, filed schemas.Date) {
			t := max(w.market.sessionAtEnd(q), s.listed)
			_, _ = fmt.Fprintf(b, "%s,%s,%s,%.0f\n", dashed(s.symbolAt(w.market.sessionFrom(filed))), filed, q.last(), w.market.outstanding(s, t))
		})
	}
	return b.Flush()
}

// writeEarnings writes the net income that companies have filed under the symbol
// of their first line: of each of the first three quarters and of the year so
// far, and in the fourth of the year alone.
func (w *world) writeEarnings(out io.Writer) error {
	b := bufio.NewWriterSize(out, 1<<16)
	_, _ = b.WriteString("company,date,start,end,net_income\n") // bufio keeps the error for Flush
	lines := make(map[int][]*security)
	for _, s := range w.market.lines {
		lines[s.issuer] = append(lines[s.issuer], s)
	}
	for _, s := range w.market.lines {
		if s.class != 0 {
			continue
		}
		w.filings(s, func(q fiscalQuarter, filed schemas.Date) {
			year, income := 0.0, 0.0
			for n := range q.number + 1 {
				income = math.Round(w.market.income(lines[s.id], fiscalQuarter{q.year, n}))
				year += income
			}
			row := func(from schemas.Date, v float64) {
				_, _ = fmt.Fprintf(b, "%s,%s,%s,%s,%s\n", dashed(s.symbolAt(w.market.sessionFrom(filed))), filed, from, q.last(), strconv.FormatFloat(v, 'f', 0, 64))
			}
			if q.number > 0 {
				row(fiscalQuarter{q.year, 0}.first(), year)
			}
			if q.number < 3 {
				row(q.first(), income)
			}
		})
	}
	return b.Flush()
}

// income is what the issuer of some lines earns in a quarter, USD: a share of its market value
// that is its own, less for small companies, some of which lose money, with the
// luck of the quarter.
func (m *market) income(lines []*security, q fiscalQuarter) float64 {
	s, at := lines[0], m.quarter(m.sessionAtEnd(q))
	value := 0.0
	for _, line := range lines {
		if v := float64(m.caps[at][line.id]); v > 0 {
			value += v
		} else {
			value += line.first * line.shares
		}
	}
	yield := .048 - .022*s.small + (.012+.045*s.small)*m.seed.bell(streamFilings, -1, s.id)
	return value * (yield + .2*math.Abs(yield)*m.seed.bell(streamFilings, s.id, -1-4*q.year-q.number)) / 4
}
