package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"tidemark/schemas"
)

const tiingoJSON = "application/json"

func tiingoError(status int, detail string) *answer {
	return refused(status, tiingoJSON, fmt.Sprintf(`{"detail":%q}`, detail))
}

// tiingoRow is one session of a symbol.
type tiingoRow struct {
	bar
	adjusted        float64 // of the close, for all that came later
	dividend, split float64
}

// tiingo answers for Tiingo's end-of-day prices: as traded, with the cash and the
// split of the day, and adjusted for both as of now. Symbols are those of today;
// of spin-offs it knows nothing.
func (w *world) tiingo(q *request) *answer {
	token, found := strings.CutPrefix(q.Header.Get("Authorization"), "Token ")
	if !found {
		token = q.query.Get("token")
	}
	if token == "" {
		return tiingoError(http.StatusUnauthorized, "Please supply a token")
	}
	ticker, rest, _ := strings.Cut(strings.TrimPrefix(q.path, "/tiingo/daily/"), "/")
	ticker = strings.ToUpper(ticker)
	rows := w.tiingoRows(ticker)
	if rest != "prices" || rows == nil {
		return tiingoError(http.StatusNotFound, fmt.Sprintf("Error: Ticker '%s' not found", ticker))
	}
	first, err := q.date("startDate", schemas.NoDate)
	if err != nil {
		return tiingoError(http.StatusBadRequest, "Error: startDate is no day")
	}
	last, err := q.date("endDate", schemas.MaxDate)
	if err != nil {
		return tiingoError(http.StatusBadRequest, "Error: endDate is no day")
	}
	layout := "T00:00:00.000Z"
	if first == schemas.NoDate { // the latest row alone
		layout = "T00:00:00+00:00"
		rows = rows[max(0, len(rows)-1):]
	}
	return &answer{kind: tiingoJSON, twist: tiingoTwist(), text: func(out io.Writer) error {
		var b strings.Builder
		b.WriteByte('[')
		for i := range rows {
			r := &rows[i]
			d := w.market.days[r.t]
			if d < first || d > last {
				continue
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			k := r.adjusted / r.close
			fmt.Fprintf(&b, `{"date":"%s%s","close":%s,"high":%s,"low":%s,"open":%s,"volume":%.0f,"adjClose":%s,"adjHigh":%s,"adjLow":%s,"adjOpen":%s,"adjVolume":%.0f,"divCash":%s,"splitFactor":%s}`,
				d, layout, plainFloat(r.close), plainFloat(r.high), plainFloat(r.low), plainFloat(r.open), r.volume,
				plainFloat(r.adjusted), plainFloat(r.high*k), plainFloat(r.low*k), plainFloat(r.open*k), r.volume, tenth(r.dividend), tenth(r.split))
		}
		b.WriteByte(']')
		_, err := io.WriteString(out, b.String())
		return err
	}}
}

// tenth writes a number with a point, as the service does.
func tenth(v float64) string {
	s := plainFloat(v)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func tiingoTwist() *textTwister {
	x := jsonKey("close", "date")
	x.day = regexp.MustCompile(`"date":"(\d{4}-\d{2}-\d{2})T`)
	return x
}

// tiingoRows returns the sessions of a symbol of today that are out, oldest first;
// nil where there is none of that name.
func (w *world) tiingoRows(ticker string) []tiingoRow {
	last := w.lastSession(vendorKnown)
	if _, funds := w.levels(); len(funds[ticker].price) > 0 {
		return fundRows(funds[ticker], last)
	}
	m := w.market
	for _, s := range m.lines {
		if end := min(s.gone, len(m.days)) - 1; s.listed > last || dashed(s.symbolAt(min(end, last))) != ticker {
			continue
		}
		return w.lineRows(s, last)
	}
	return nil
}

// fundRows makes the rows of a fund of its levels: what the total gains over the
// price was paid out.
func fundRows(l levels, last int) []tiingoRow {
	rows := make([]tiingoRow, last+1)
	for t := range rows {
		p := l.price[t]
		r := tiingoRow{bar: bar{t: t, open: p, high: p, low: p, close: p, volume: 1e6}, split: 1, adjusted: l.total[t] * l.price[last] / l.total[last]}
		if t > 0 {
			if paid := l.price[t-1]*l.total[t]/l.total[t-1] - p; paid > 1e-6*p {
				r.dividend = paid
			}
		}
		rows[t] = r
	}
	return rows
}

// lineRows makes the rows of a line of its bars and events.
func (w *world) lineRows(s *security, last int) []tiingoRow {
	m := w.market
	rows := []tiingoRow{}
	for y := range m.years {
		m.bars(s, y, func(x bar) {
			if x.t <= last {
				rows = append(rows, tiingoRow{bar: x, split: 1})
			}
		})
	}
	next := 0
	for i := range rows {
		for ; next < len(s.events) && s.events[next].at <= rows[i].t; next++ {
			switch e := &s.events[next]; {
			case !w.listed(e) || e.kind == schemas.ActionSpinOff:
			case e.kind == schemas.ActionSplit:
				rows[i].split *= e.ratio
			default:
				rows[i].dividend += s.amount(e)
			}
		}
	}
	k := 1.0
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		r.adjusted = r.close * k
		if i > 0 {
			k *= (1 - r.dividend*r.split/rows[i-1].close) / r.split // the cash is on the new shares
		}
	}
	return rows
}
