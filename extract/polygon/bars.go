package polygon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

type barSource struct {
	g   extract.Getter
	cfg Config
}

var _ extract.Source[schemas.Bar] = barSource{}

// Bars returns the source of raw.bar: the bars of every security that traded, as
// traded, in USD per share and shares, off-exchange securities left out. Fetch
// yields the bars of one session at a time, oldest first, once all answers have
// been read. A session without results has no rows; a window without any is
// [extract.ErrNoData].
func Bars(g extract.Getter, cfg Config) extract.Source[schemas.Bar] { return barSource{g, cfg} }

// Fetch implements [extract.Source].
func (s barSource) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.Bar, error] {
	return func(yield func([]schemas.Bar, error) bool) {
		days, err := s.fetch(ctx, w)
		if err == nil && len(days) == 0 {
			err = noData(w)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, bars := range days {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("polygon: %s: %w", w, err))
				return
			}
			if !yield(bars, nil) {
				return
			}
		}
	}
}

func (s barSource) fetch(ctx context.Context, w schemas.Window) ([][]schemas.Bar, error) {
	if w.Part != Publisher {
		return nil, fmt.Errorf("polygon: there is no part %q; the only one is %q", w.Part, Publisher)
	}
	if s.cfg.Days == nil {
		return nil, errors.New("polygon: the configuration does not say which sessions to ask for")
	}
	var out [][]schemas.Bar
	days := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(s.cfg.Days(w)))), func(d schemas.Date) bool { return !w.Contains(d) })
	err := extract.AskDays(days, func(d schemas.Date) error {
		bars, err := s.ask(ctx, w, d)
		if err != nil {
			return fmt.Errorf("polygon: the market of %s: %w", d, err)
		}
		if len(bars) > 0 {
			out = append(out, bars)
		}
		return nil
	})
	return out, err
}

// ask gets the bars of one session; none where the publisher has none.
func (s barSource) ask(ctx context.Context, w schemas.Window, d schemas.Date) ([]schemas.Bar, error) {
	r, err := s.cfg.request("/v2/aggs/grouped/locale/us/market/stocks/"+d.String(), url.Values{"adjusted": {"false"}, "include_otc": {"false"}})
	if err != nil {
		return nil, err
	}
	r.ReuseAfter = d.AddDays(Settled).Time()
	bars, hash, err := reading(ctx, s.g, r, w, func(body io.Reader) ([]schemas.Bar, error) { return ParseGrouped(body, d) })
	for i := range bars {
		bars[i].Payload = hash
	}
	return bars, err
}

// groupedBar is the wire format of a bar. Volumes are written with an exponent or a
// fraction now and then; the average price and the number of trades may be absent.
type groupedBar struct {
	Ticker  string       `json:"T"`
	Open    *json.Number `json:"o"`
	High    *json.Number `json:"h"`
	Low     *json.Number `json:"l"`
	Close   *json.Number `json:"c"`
	Volume  *json.Number `json:"v"`
	Average *json.Number `json:"vw"`
	Trades  *json.Number `json:"n"`
	At      *int64       `json:"t"` // milliseconds; of a bar of the whole market the close of the session
	OTC     bool         `json:"otc"`
}

// ParseGrouped reads the bars of the market on a day, sorted by ticker. Payload is
// left empty. A day without trading has none. Any departure from the documented
// form is an error that says what was found: adjusted prices, a bar of another day,
// a close outside of the day's range, a ticker twice.
func ParseGrouped(r io.Reader, day schemas.Date) ([]schemas.Bar, error) {
	var body struct {
		head
		QueryCount   *int         `json:"queryCount"`
		ResultsCount *int         `json:"resultsCount"`
		Adjusted     *bool        `json:"adjusted"`
		Results      []groupedBar `json:"results"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	switch {
	case body.Adjusted == nil:
		return nil, errors.New("the answer does not say whether prices are adjusted")
	case *body.Adjusted:
		return nil, errors.New("prices are adjusted, though asked for as traded")
	case body.ResultsCount == nil:
		return nil, errors.New("resultsCount is missing")
	case *body.ResultsCount != len(body.Results):
		return nil, fmt.Errorf("%d bars where resultsCount is %d", len(body.Results), *body.ResultsCount)
	}
	bars := make([]schemas.Bar, 0, len(body.Results))
	for i := range body.Results {
		x := &body.Results[i]
		if x.OTC {
			continue
		}
		b, err := x.read(day)
		if err != nil {
			return nil, fmt.Errorf("bar %d, %.20q: %w", i+1, x.Ticker, err)
		}
		bars = append(bars, b)
	}
	slices.SortFunc(bars, func(a, b schemas.Bar) int { return strings.Compare(a.Symbol, b.Symbol) })
	for i := 1; i < len(bars); i++ {
		if bars[i].Symbol == bars[i-1].Symbol {
			return nil, fmt.Errorf("two bars of %s", bars[i].Symbol)
		}
	}
	return bars, nil
}

func (x *groupedBar) read(day schemas.Date) (schemas.Bar, error) {
	b := schemas.Bar{Publisher: Publisher, Symbol: x.Ticker, Session: day, Adjustment: schemas.AdjustedNone}
	if !symbol(x.Ticker) {
		return b, errors.New("the key T has no ticker")
	}
	if x.At == nil {
		return b, errors.New("t is missing")
	}
	if at := schemas.DateOf(time.UnixMilli(*x.At).In(calendar.NewYork())); at != day {
		return b, fmt.Errorf("it is of %s", at)
	}
	var high, low float64
	for _, price := range []struct {
		name string
		from *json.Number
		to   *float64
	}{{"o", x.Open, &b.Open.V}, {"h", x.High, &high}, {"l", x.Low, &low}, {"c", x.Close, &b.Close}} {
		if price.from == nil {
			return b, fmt.Errorf("%s is missing", price.name)
		}
		v, err := extract.ParseFloat(price.from.String())
		if err != nil {
			return b, fmt.Errorf("%s: %w", price.name, err)
		}
		if v <= 0 {
			return b, fmt.Errorf("%s: a price of %v cannot be", price.name, v)
		}
		*price.to = v
	}
	if b.Close > high || b.Close < low || b.Open.V > high || b.Open.V < low {
		return b, fmt.Errorf("open %v and close %v are not between low %v and high %v", b.Open.V, b.Close, low, high)
	}
	b.Open.OK, b.High, b.Low = true, schemas.Some(high), schemas.Some(low)
	if x.Volume != nil {
		v, err := extract.ParseFloat(x.Volume.String())
		if err != nil {
			return b, fmt.Errorf("v: %w", err)
		}
		if v < 0 {
			return b, fmt.Errorf("v: a volume of %v cannot be", v)
		}
		b.Volume = schemas.Some(v)
	}
	return b, nil
}
