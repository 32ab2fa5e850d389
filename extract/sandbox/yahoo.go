package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

const yahooJSON = "application/json"

func yahooError(status int, code, description string) *answer {
	return refused(status, yahooJSON, fmt.Sprintf(`{"chart":{"result":null,"error":{"code":%q,"description":%q}}}`, code, description))
}

// yahooPrices are the lists of an answer.
type yahooPrices struct {
	Close  []float64 `json:"close"`
	Low    []float64 `json:"low"`
	Open   []float64 `json:"open"`
	Volume []float64 `json:"volume"`
	High   []float64 `json:"high"`
}

// yahoo answers for the charts of Yahoo Finance: adjusted for splits as of now, with
// the closes adjusted for dividends too, and the events of the range. Symbols are
// those of today; of spin-offs it knows nothing.
func (w *world) yahoo(q *request) *answer {
	if !strings.HasPrefix(q.Header.Get("User-Agent"), "Mozilla/") {
		return refused(429, "text/html", "Too Many Requests\r\n")
	}
	ticker := strings.TrimPrefix(q.path, "/v8/finance/chart/")
	rows := w.quotedRows(ticker)
	if ticker == "^GSPC" {
		rows = w.indexRows()
	}
	if rows == nil {
		return yahooError(404, "Not Found", "No data found, symbol may be delisted")
	}
	first, err := strconv.ParseInt(q.query.Get("period1"), 10, 64)
	if err != nil {
		return yahooError(400, "Bad Request", "period1 is no number")
	}
	last, err := strconv.ParseInt(q.query.Get("period2"), 10, 64)
	if err != nil || q.query.Get("interval") != "1d" {
		return yahooError(400, "Bad Request", "Invalid input")
	}
	opens := func(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 9, 30) }
	newest := w.market.days[w.lastSession(vendorKnown)]
	return &answer{kind: yahooJSON, twist: yahooTwist(), text: func(out io.Writer) error {
		times := []int64{}
		dividends, splits := map[string]any{}, map[string]any{}
		var prices yahooPrices
		var adjusted []float64
		k := 1.0
		scale := make([]float64, len(rows)) // what a share of the day has become
		for i := len(rows) - 1; i >= 0; i-- {
			scale[i] = k
			k *= rows[i].split
		}
		for i := range rows {
			r := &rows[i]
			at := opens(w.market.days[r.t]).Unix()
			if at < first || at > last {
				continue
			}
			k := 1 / scale[i]
			bits := func(v float64) float64 { return float64(float32(v)) }
			times = append(times, at)
			prices.Open, prices.High = append(prices.Open, bits(r.open*k)), append(prices.High, bits(r.high*k))
			prices.Low, prices.Close = append(prices.Low, bits(r.low*k)), append(prices.Close, bits(r.close*k))
			prices.Volume, adjusted = append(prices.Volume, r.volume/k), append(adjusted, bits(r.adjusted))
			key := strconv.FormatInt(at, 10)
			if r.dividend > 0 {
				dividends[key] = map[string]any{"amount": r.dividend * k, "date": at}
			}
			if r.split != 1 {
				above, below := fraction(r.split)
				splits[key] = map[string]any{"date": at, "numerator": above, "denominator": below, "splitRatio": fmt.Sprintf("%d:%d", above, below)}
			}
		}
		result := map[string]any{"meta": map[string]any{
			"currency": "USD", "symbol": ticker, "exchangeTimezoneName": "America/New_York", "dataGranularity": "1d",
			"regularMarketTime":    opens(newest).Add(390*time.Minute + time.Second).Unix(),
			"currentTradingPeriod": map[string]any{"regular": map[string]any{"start": opens(newest).Unix(), "end": opens(newest).Add(390 * time.Minute).Unix()}},
			"validRanges":          []string{"1d", "max"},
		}, "indicators": map[string]any{"quote": []any{map[string]any{}}}}
		if len(times) > 0 {
			result["timestamp"] = times
			result["indicators"] = map[string]any{"quote": []any{prices}, "adjclose": []any{map[string]any{"adjclose": adjusted}}}
		}
		if len(dividends)+len(splits) > 0 {
			result["events"] = map[string]any{"dividends": dividends, "splits": splits}
		}
		return json.NewEncoder(out).Encode(map[string]any{"chart": map[string]any{"result": []any{result}, "error": nil}})
	}}
}

// fraction writes a split's ratio as whole numbers.
func fraction(ratio float64) (above, below int) {
	for below = 1; below < 1000; below++ {
		if v := ratio * float64(below); v > 0.5 && v == float64(int(v)) {
			return int(v), below
		}
	}
	return int(ratio*1e6 + 0.5), 1e6
}

// indexRows makes the rows of the index of large companies of its levels.
func (w *world) indexRows() []quotedRow {
	last := w.lastSession(vendorKnown)
	indices, _ := w.levels()
	rows := make([]quotedRow, last+1)
	for t := range rows {
		v := indices[indexLarge].price[t] * indexScale
		rows[t] = quotedRow{bar: bar{t: t, open: v, high: v, low: v, close: v, volume: 1e9}, split: 1, adjusted: v}
	}
	return rows
}

func yahooTwist() *textTwister {
	x := jsonKey("close", "date")
	x.figure = regexp.MustCompile(`"close":\[([0-9][0-9.]*)`)
	x.day, x.layout = regexp.MustCompile(`"timestamp":\[([0-9]+)`), seconds
	return x
}
