package yahoo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Chart is the history of a symbol: prices adjusted for every split in Splits.
type Chart struct {
	Symbol    string
	Rows      []Row   // by day
	Dividends []Event // USD per share, adjusted as the prices are; by day
	Splits    []Event // new shares per old one; by day
}

// Row is one session, in USD per share or points. What has no value was not there.
type Row struct {
	Date            schemas.Date
	Open, High, Low schemas.Opt[float64]
	Close           float64
	Volume          schemas.Opt[float64] // shares
	Adjusted        float64              // the close, for all dividends too
}

// Event is what went ex on a day.
type Event struct {
	Date  schemas.Date
	Value float64
}

// splitAfter returns how many shares one of the day has become since.
func (c *Chart) splitAfter(d schemas.Date) float64 {
	k := 1.0
	for _, e := range c.Splits {
		if e.Date > d {
			k *= e.Value
		}
	}
	return k
}

// AsTraded returns the rows with the adjustment for splits taken back.
func (c *Chart) AsTraded() []Row {
	out := slices.Clone(c.Rows)
	k, next := 1.0, len(c.Splits)-1
	for i := len(out) - 1; i >= 0; i-- {
		r := &out[i]
		for ; next >= 0 && c.Splits[next].Date > r.Date; next-- {
			k *= c.Splits[next].Value
		}
		r.Close = digits(r.Close * k)
		for _, v := range []*schemas.Opt[float64]{&r.Open, &r.High, &r.Low} {
			v.V = digits(v.V * k)
		}
		r.Volume.V = math.Round(r.Volume.V / k)
	}
	return out
}

// digits leaves as many of a price's digits as there are: the service keeps prices
// in 32 bits, which hold seven.
func digits(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 7, 64), 64)
	return v
}

// wire is the form of an answer. What describes the symbol has ever new keys, of
// which those that matter are read by [meta].
type wire struct {
	Chart *struct {
		Result []struct {
			Meta      json.RawMessage `json:"meta"`
			Timestamp []int64         `json:"timestamp"`
			Events    struct {
				Dividends map[string]wireDividend `json:"dividends"`
				Splits    map[string]wireSplit    `json:"splits"`
			} `json:"events"`
			Indicators struct {
				Quote []struct {
					Open   []*json.Number `json:"open"`
					High   []*json.Number `json:"high"`
					Low    []*json.Number `json:"low"`
					Close  []*json.Number `json:"close"`
					Volume []*json.Number `json:"volume"`
				} `json:"quote"`
				Adjusted []struct {
					Close []*json.Number `json:"adjclose"`
				} `json:"adjclose"`
			} `json:"indicators"`
		} `json:"result"`
		Error *struct {
			Code        string `json:"code"`
			Description string `json:"description"`
		} `json:"error"`
	} `json:"chart"`
}

type wireDividend struct {
	Amount json.Number `json:"amount"`
	Date   int64       `json:"date"`
}

type wireSplit struct {
	Date        int64       `json:"date"`
	Numerator   json.Number `json:"numerator"`
	Denominator json.Number `json:"denominator"`
	Ratio       string      `json:"splitRatio"`
}

type meta struct {
	Currency    string `json:"currency"`
	Symbol      string `json:"symbol"`
	Zone        string `json:"exchangeTimezoneName"`
	Granularity string `json:"dataGranularity"`
	MarketTime  int64  `json:"regularMarketTime"`
	Period      struct {
		Regular struct {
			Start int64 `json:"start"`
			End   int64 `json:"end"`
		} `json:"regular"`
	} `json:"currentTradingPeriod"`
}

// ParseChart reads the history of a symbol. A session that is still running is left
// out, as is a day without any price. Any other departure from the known form is an
// error that says what was found.
func ParseChart(r io.Reader) (Chart, error) {
	var body wire
	if err := extract.DecodeJSON(r, &body); err != nil {
		return Chart{}, err
	}
	switch c := body.Chart; {
	case c == nil:
		return Chart{}, errors.New("the answer holds no chart")
	case c.Error != nil:
		return Chart{}, fmt.Errorf("the service answers with the error %.40q: %.200s", c.Error.Code, c.Error.Description)
	case len(c.Result) != 1:
		return Chart{}, fmt.Errorf("%d charts where one was asked for", len(c.Result))
	}
	result := &body.Chart.Result[0]
	var m meta
	if err := json.Unmarshal(result.Meta, &m); err != nil {
		return Chart{}, fmt.Errorf("the description of the symbol: %w", err)
	}
	switch {
	case m.Symbol == "":
		return Chart{}, errors.New("the answer does not say of which symbol it is")
	case m.Currency != "USD":
		return Chart{}, fmt.Errorf("prices are in %.10q, not in USD", m.Currency)
	case m.Zone != "America/New_York":
		return Chart{}, fmt.Errorf("the exchange is in the zone %.40q, not in New York", m.Zone)
	case m.Granularity != "1d":
		return Chart{}, fmt.Errorf("an element is of %.10q, not of a day", m.Granularity)
	case len(result.Indicators.Quote) != 1:
		return Chart{}, fmt.Errorf("%d lists of prices where there is one", len(result.Indicators.Quote))
	}
	quote, adjusted := &result.Indicators.Quote[0], []*json.Number(nil)
	if len(result.Indicators.Adjusted) > 0 {
		adjusted = result.Indicators.Adjusted[0].Close
	}
	c := Chart{Symbol: m.Symbol}
	n := len(result.Timestamp)
	for name, have := range map[string]int{"open": len(quote.Open), "high": len(quote.High), "low": len(quote.Low), "close": len(quote.Close), "volume": len(quote.Volume), "adjclose": len(adjusted)} {
		if have != n {
			return Chart{}, fmt.Errorf("%d elements of %s where there are %d days", have, name, n)
		}
	}
	running := schemas.NoDate
	if p := m.Period.Regular; p.Start <= m.MarketTime && m.MarketTime < p.End {
		running = day(p.Start)
	}
	for i, at := range result.Timestamp {
		row := Row{Date: day(at)}
		if row.Date == running {
			continue
		}
		if k := len(c.Rows); k > 0 && row.Date <= c.Rows[k-1].Date {
			return Chart{}, fmt.Errorf("element %d is of %s, after one of %s", i+1, row.Date, c.Rows[k-1].Date)
		}
		known, err := row.read(quote.Open[i], quote.High[i], quote.Low[i], quote.Close[i], quote.Volume[i], adjusted[i])
		if err != nil {
			return Chart{}, fmt.Errorf("%s: %w", row.Date, err)
		}
		if known {
			c.Rows = append(c.Rows, row)
		}
	}
	for _, e := range result.Events.Dividends {
		v, err := positive("dividend", &e.Amount)
		if err != nil {
			return Chart{}, fmt.Errorf("%s: %w", day(e.Date), err)
		}
		c.Dividends = append(c.Dividends, Event{day(e.Date), v.V})
	}
	for _, e := range result.Events.Splits {
		above, err := positive("numerator of a split", &e.Numerator)
		if err != nil {
			return Chart{}, fmt.Errorf("%s: %w", day(e.Date), err)
		}
		below, err := positive("denominator of a split", &e.Denominator)
		if err != nil {
			return Chart{}, fmt.Errorf("%s: %w", day(e.Date), err)
		}
		c.Splits = append(c.Splits, Event{day(e.Date), above.V / below.V})
	}
	for what, list := range map[string][]Event{"dividends": c.Dividends, "splits": c.Splits} {
		slices.SortFunc(list, func(a, b Event) int { return cmp.Compare(a.Date, b.Date) })
		for i := range list {
			if i > 0 && list[i].Date == list[i-1].Date {
				return Chart{}, fmt.Errorf("two %s on %s", what, list[i].Date)
			}
		}
	}
	return c, nil
}

// rounding is how far adjusted prices, each rounded by itself, may cross.
const rounding = 1e-3

// check finds a close that was not traded.
func (r *Row) check() error {
	if r.High.OK && r.Close > r.High.V*(1+rounding) || r.Low.OK && r.Close < r.Low.V*(1-rounding) {
		return fmt.Errorf("%s: the close %v is not between low %v and high %v", r.Date, r.Close, r.Low.V, r.High.V)
	}
	return nil
}

// read fills the row, and reports whether the day has prices.
func (r *Row) read(opened, high, low, closed, volume, adjusted *json.Number) (known bool, err error) {
	if closed == nil {
		if opened != nil || high != nil || low != nil || adjusted != nil {
			return false, errors.New("the close is missing where other prices are there")
		}
		return false, nil
	}
	var price, all schemas.Opt[float64]
	for _, v := range []struct {
		name string
		from *json.Number
		to   *schemas.Opt[float64]
	}{
		{"open", opened, &r.Open},
		{"high", high, &r.High},
		{"low", low, &r.Low},
		{"close", closed, &price},
		{"adjclose", adjusted, &all},
	} {
		if *v.to, err = positive(v.name, v.from); err != nil {
			return false, err
		}
	}
	if !all.OK {
		return false, errors.New("adjclose is missing where the close is there")
	}
	r.Close, r.Adjusted = price.V, all.V
	if volume != nil {
		v, err := extract.ParseFloat(volume.String())
		if err != nil || v < 0 {
			return false, fmt.Errorf("volume: %.30q cannot be", volume.String())
		}
		r.Volume = schemas.Some(v)
	}
	return true, nil
}

// positive reads a number above zero, of the digits that 32 bits hold.
func positive(name string, from *json.Number) (schemas.Opt[float64], error) {
	if from == nil {
		return schemas.None[float64](), nil
	}
	v, err := extract.ParseFloat(from.String())
	if err != nil {
		return schemas.None[float64](), fmt.Errorf("%s: %w", name, err)
	}
	if v = digits(v); v <= 0 {
		return schemas.None[float64](), fmt.Errorf("%s: %v cannot be", name, v)
	}
	return schemas.Some(v), nil
}

// day is the session at whose open an element stands.
func day(at int64) schemas.Date { return schemas.DateOf(time.Unix(at, 0).In(calendar.NewYork())) }
