package ishares

import (
	"errors"
	"fmt"
	"io"

	"tidemark/extract"
	"tidemark/schemas"
)

// asOfLayout is how the CSV writes its day.
const asOfLayout = "Jan 02, 2006"

// layout holds the columns of all years. Which of Quantity and Shares names
// the share count changed over time and between hosts; files of 2021 also had
// a type and identifiers.
var layout = extract.CSVLayout{
	Required: []string{"Ticker", "Name", "Sector", "Asset Class", "Market Value", "Weight (%)", "Price", "Currency"},
	Optional: []string{
		"Quantity", "Shares", "CUSIP", "ISIN", "SEDOL", "Type", "Notional Value", "Location", "Exchange",
		"FX Rate", "Market Currency", "Accrual Date",
	},
	HeaderCell: "Ticker",
	// The legal text after the table has quotes that open and never close.
	EndAtBlank: true,
	MaxRows:    100_000,
}

func parseCSV(r io.Reader) (answer, error) {
	c, err := extract.NewCSV(r, layout)
	if err != nil {
		return answer{}, err
	}
	quantity := "Quantity"
	switch {
	case c.Has("Quantity") == c.Has("Shares"):
		return answer{}, errors.New(`the columns have changed: expected one of "Quantity" and "Shares"`)
	case c.Has("Shares"):
		quantity = "Shares"
	}
	a := answer{asOf: schemas.NoDate}
	template, err := a.readPreamble(c.Preamble())
	if err != nil {
		return answer{}, err
	}
	for c.Next() {
		row, err := readLine(c, quantity)
		if err != nil {
			return answer{}, err
		}
		a.rows = append(a.rows, row)
	}
	switch {
	case c.Err() != nil:
		return answer{}, c.Err()
	case template && len(a.rows) > 0:
		return answer{}, fmt.Errorf("%d holdings although it names no day", len(a.rows))
	case !template && len(a.rows) == 0:
		return answer{}, errors.New("it lists no holdings, and is not the template of a day without any")
	}
	return a, nil
}

// readPreamble takes the fund's name and the day from the lines before the
// table. It reports whether this is the template that the publisher sends for
// a day without holdings: a preamble with "-" in place of the day.
func (a *answer) readPreamble(lines [][]string) (template bool, err error) {
	for i, cells := range lines {
		switch {
		case cells[0] == "Fund Holdings as of" && len(cells) > 1:
			if cells[1] == "-" {
				template = true
				continue
			}
			if a.asOf, err = schemas.ParseDateLayout(asOfLayout, cells[1]); err != nil {
				return false, fmt.Errorf("line %d: %w", i+1, err)
			}
		case i == 0:
			a.name = cells[0]
		}
	}
	return template, nil
}

func readLine(c *extract.CSV, quantity string) (schemas.Holding, error) {
	h := schemas.Holding{
		Ticker: none(c.Cell("Ticker")), Name: none(c.Cell("Name")), Sector: none(c.Cell("Sector")),
		AssetClass: none(c.Cell("Asset Class")), Currency: none(c.Cell("Currency")),
		CUSIP: none(c.Cell("CUSIP")), ISIN: none(c.Cell("ISIN")), SEDOL: none(c.Cell("SEDOL")),
	}
	for _, n := range []struct {
		column string
		to     *schemas.Opt[float64]
	}{
		{"Market Value", &h.MarketValue}, {"Weight (%)", &h.Weight}, {quantity, &h.Quantity}, {"Price", &h.Price},
	} {
		if c.Cell(n.column) == "-" {
			continue
		}
		v, err := c.Grouped(n.column)
		if err != nil {
			return schemas.Holding{}, err
		}
		*n.to = schemas.Some(v)
	}
	return h, nil
}
