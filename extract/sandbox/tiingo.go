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
	rows := w.quotedRows(ticker)
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
