package ishares

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"tidemark/schemas"
)

// page is the product page's JSON, as far as it is read. Each data point is a
// column of the table; one that nobody has heard of is refused like a new
// column of a file: what it means may change what the others mean.
type page struct {
	ProductID  int    `json:"productId"`
	FundName   string `json:"fundName"`
	Components map[string]struct {
		Containers map[string]struct {
			Points map[string]struct {
				Value json.RawMessage `json:"value"`
			} `json:"dataPointsByNameMap"`
		} `json:"containersByNameMap"`
	} `json:"componentsByNameMap"`
}

// knownPoints are the data points of a fund of stocks.
var knownPoints = []string{
	"accrualDate", "asOfDate", "assetClass", "countryOfRisk", "currencyCode", "cusip", "dateList", "exchange", "holdingPercent", "isin",
	"issueName", "localFxRate", "marketValue", "notionalValue", "sectorName", "sedol", "ticker", "unitPrice", "unitsHeld",
}

func parseJSON(r io.Reader) (answer, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	var doc page
	if err := json.Unmarshal(body, &doc); err != nil {
		return answer{}, fmt.Errorf("not the JSON expected: %w", err)
	}
	points := doc.Components["holdings"].Containers["all"].Points
	if points == nil {
		return answer{}, errors.New("the answer has no component holdings.all")
	}
	if doc.ProductID == 0 {
		return answer{}, errors.New("the answer does not say of which product it is")
	}
	for name := range points {
		if !slices.Contains(knownPoints, name) {
			return answer{}, fmt.Errorf("unknown data point %q: the layout has changed", name)
		}
	}
	t := table{values: func(name string) json.RawMessage { return points[name].Value }}
	a := answer{id: doc.ProductID, name: doc.FundName, asOf: t.day("asOfDate")}
	t.rows = -1
	// A day without holdings has null in place of the columns. The answer then
	// names the newest day it has, not the one asked for.
	if string(t.values("ticker")) == "null" {
		if string(t.values("marketValue")) != "null" {
			return answer{}, errors.New("market values without tickers")
		}
		return a, t.err
	}
	ticker, name, sector, class := t.texts("ticker"), t.texts("issueName"), t.texts("sectorName"), t.texts("assetClass")
	currency, cusip, isin, sedol := t.texts("currencyCode"), t.texts("cusip"), t.texts("isin"), t.texts("sedol")
	value, weight, units, price := t.numbers("marketValue"), t.numbers("holdingPercent"), t.numbers("unitsHeld"), t.numbers("unitPrice")
	if t.err != nil {
		return answer{}, t.err
	}
	if t.rows == 0 {
		return answer{}, errors.New("it lists no holdings, and is not the template of a day without any")
	}
	a.rows = make([]schemas.Holding, t.rows)
	for i := range a.rows {
		a.rows[i] = schemas.Holding{
			Ticker: ticker[i], Name: name[i], Sector: sector[i], AssetClass: class[i],
			MarketValue: value[i], Weight: weight[i], Quantity: units[i], Price: price[i],
			CUSIP: cusip[i], ISIN: isin[i], SEDOL: sedol[i], Currency: currency[i],
		}
	}
	return a, nil
}

// table reads parallel arrays. The first error stays.
type table struct {
	values func(name string) json.RawMessage
	rows   int // length of the arrays, -1 until the first is read
	err    error
}

func (t *table) day(name string) schemas.Date {
	var n int
	if !t.decode(name, &n) {
		return schemas.NoDate
	}
	d, err := schemas.ParseDateLayout("20060102", strconv.Itoa(n))
	if err != nil {
		t.err = fmt.Errorf("data point %q: %w", name, err)
	}
	return d
}

func (t *table) texts(name string) []string {
	return column(t, name, func(v *string) string {
		if v == nil {
			return ""
		}
		return none(*v)
	})
}

// numbers needs no check for NaN or Inf: JSON has neither, and a number that a
// float64 cannot hold is an error of its decoder.
func (t *table) numbers(name string) []schemas.Opt[float64] {
	return column(t, name, func(v *float64) schemas.Opt[float64] {
		if v == nil {
			return schemas.None[float64]()
		}
		return schemas.Some(*v)
	})
}

func column[V, R any](t *table, name string, convert func(*V) R) []R {
	var values []*V
	if !t.decode(name, &values) {
		return nil
	}
	if t.rows < 0 {
		t.rows = len(values)
	}
	if len(values) != t.rows {
		t.err = fmt.Errorf("data point %q has %d values where others have %d", name, len(values), t.rows)
		return nil
	}
	out := make([]R, len(values))
	for i, v := range values {
		out[i] = convert(v)
	}
	return out
}

func (t *table) decode(name string, into any) bool {
	if t.err != nil {
		return false
	}
	raw := t.values(name)
	switch {
	case raw == nil:
		t.err = fmt.Errorf("the columns have changed: no data point %q", name)
	case string(raw) == "null":
		t.err = fmt.Errorf("data point %q is null", name)
	default:
		if err := json.Unmarshal(raw, into); err != nil {
			t.err = fmt.Errorf("data point %q: %w", name, err)
		}
	}
	return t.err == nil
}
