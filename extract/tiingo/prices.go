package tiingo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// Row is one session of a symbol, prices in USD per share as traded.
type Row struct {
	Date                   schemas.Date
	Open, High, Low, Close float64
	Volume                 float64 // shares
	AdjClose               float64 // for all splits and dividends up to the moment of the answer
	Dividend               float64 // USD per share that went ex on the day; 0 for none
	Split                  float64 // new shares per old one on the day; 1 for none
}

// wireRow is the wire format. Its keys come in any order.
type wireRow struct {
	Date      string       `json:"date"`
	Close     *json.Number `json:"close"`
	High      *json.Number `json:"high"`
	Low       *json.Number `json:"low"`
	Open      *json.Number `json:"open"`
	Volume    *json.Number `json:"volume"`
	AdjClose  *json.Number `json:"adjClose"`
	AdjHigh   *json.Number `json:"adjHigh"`
	AdjLow    *json.Number `json:"adjLow"`
	AdjOpen   *json.Number `json:"adjOpen"`
	AdjVolume *json.Number `json:"adjVolume"`
	Dividend  *json.Number `json:"divCash"`
	Split     *json.Number `json:"splitFactor"`
}

// ParsePrices reads the rows of a symbol, oldest first. No rows are none. Any
// departure from the documented form is an error that says what was found.
func ParsePrices(r io.Reader) ([]Row, error) {
	var body []wireRow
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	if body == nil {
		return nil, errors.New("the answer is null, not a list of rows")
	}
	rows := make([]Row, 0, len(body))
	for i := range body {
		row, err := body[i].read()
		if err != nil {
			return nil, fmt.Errorf("row %d, %.40q: %w", i+1, body[i].Date, err)
		}
		if n := len(rows); n > 0 && row.Date <= rows[n-1].Date {
			return nil, fmt.Errorf("row %d is of %s, after one of %s", i+1, row.Date, rows[n-1].Date)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (x *wireRow) read() (Row, error) {
	var row Row
	// A day is written as an instant, in two ways: midnight UTC.
	day, clock, _ := strings.Cut(x.Date, "T")
	if clock != "" && clock != "00:00:00.000Z" && clock != "00:00:00+00:00" {
		return row, errors.New("the date is no midnight UTC")
	}
	var err error
	if row.Date, err = schemas.ParseDate(day); err != nil {
		return row, err
	}
	for _, v := range []struct {
		name string
		from *json.Number
		to   *float64
		zero bool // whether it may be
	}{
		{"close", x.Close, &row.Close, false},
		{"high", x.High, &row.High, false},
		{"low", x.Low, &row.Low, false},
		{"open", x.Open, &row.Open, false},
		{"adjClose", x.AdjClose, &row.AdjClose, false},
		{"volume", x.Volume, &row.Volume, true},
		{"divCash", x.Dividend, &row.Dividend, true},
		{"splitFactor", x.Split, &row.Split, false},
	} {
		if v.from == nil {
			return row, fmt.Errorf("%s is missing", v.name)
		}
		if *v.to, err = extract.ParseFloat(v.from.String()); err != nil {
			return row, fmt.Errorf("%s: %w", v.name, err)
		}
		if *v.to < 0 || *v.to == 0 && !v.zero {
			return row, fmt.Errorf("%s: %v cannot be", v.name, *v.to)
		}
	}
	if row.Close > row.High || row.Close < row.Low || row.Open > row.High || row.Open < row.Low {
		return row, fmt.Errorf("open %v and close %v are not between low %v and high %v", row.Open, row.Close, row.Low, row.High)
	}
	return row, nil
}
