package ssga

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

const (
	sheet = "holdings"
	// asOfLayout is how the workbook writes its day, after "As of".
	asOfLayout = "02-Jan-2006"
	// maxRows bounds the sheet; the largest fund has some 1,500 lines.
	maxRows = 20_000
	// headerWithin is by which row the table's header must have come; it
	// stands in row 5.
	headerWithin = 30
	// weightTolerance is how far from 100 the weights of a whole workbook may
	// sum, in percentage points; recorded ones stay within 0.2.
	weightTolerance = 1.0
)

// header is the table's header. A column more, less or renamed is refused.
var header = []string{"Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"}

// book is what one workbook says.
type book struct {
	fund string
	asOf schemas.Date
	rows []schemas.Holding // without AsOf and Payload
}

func read(p *extract.Payload) (_ *book, err error) {
	body, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("open the answer: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	file, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return parse(file)
}

func parse(file []byte) (*book, error) {
	b := &book{asOf: schemas.NoDate}
	line := 0
	inTable := false
	for cells, err := range extract.WorkbookRows(file, sheet) {
		if err != nil {
			return nil, err
		}
		line++
		switch {
		case line > maxRows:
			return nil, fmt.Errorf("the sheet has more than %d rows", maxRows)
		case inTable:
			done, err := b.readLine(cells)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", line, err)
			}
			if done {
				return b, b.complete()
			}
		case cell(cells, 0) == header[0] && cell(cells, 1) == header[1]:
			if err := checkHeader(cells); err != nil {
				return nil, fmt.Errorf("row %d: %w", line, err)
			}
			inTable = true
		case line == headerWithin:
			return nil, fmt.Errorf("no header: none of the first %d rows begins with the cells %q and %q", line, header[0], header[1])
		default:
			if err := b.readPreamble(cells); err != nil {
				return nil, fmt.Errorf("row %d: %w", line, err)
			}
		}
	}
	if !inTable {
		return nil, fmt.Errorf("no header: none of its %d rows begins with the cells %q and %q", line, header[0], header[1])
	}
	return b, b.complete()
}

// checkHeader insists on the columns and their order.
func checkHeader(cells []string) error {
	got := make([]string, len(cells))
	for i, c := range cells {
		got[i] = strings.TrimSpace(c)
	}
	for len(got) > 0 && got[len(got)-1] == "" {
		got = got[:len(got)-1]
	}
	if slices.Equal(got, header) {
		return nil
	}
	return fmt.Errorf("the columns have changed: expected %q, found %.400q", header, got)
}

// readPreamble takes fund and day from the rows above the table.
func (b *book) readPreamble(cells []string) error {
	switch cell(cells, 0) {
	case "Ticker Symbol:":
		b.fund = cell(cells, 1)
	case "Holdings:":
		day, ok := strings.CutPrefix(cell(cells, 1), "As of ")
		if !ok {
			return fmt.Errorf("expected a day as in \"As of 05-Sep-2025\", found %.60q", cell(cells, 1))
		}
		var err error
		if b.asOf, err = schemas.ParseDateLayout(asOfLayout, day); err != nil {
			return err
		}
	}
	return nil
}

// readLine adds a line of the table. It reports the end of the table: the first
// row without identifier. What follows is legal text.
func (b *book) readLine(cells []string) (done bool, err error) {
	h := schemas.Holding{
		Fund: b.fund, Line: int64(len(b.rows) + 1), Name: none(cell(cells, 0)), Ticker: none(cell(cells, 1)),
		CUSIP: none(cell(cells, 2)), SEDOL: none(cell(cells, 3)), Sector: none(cell(cells, 5)), Currency: none(cell(cells, 7)),
	}
	if h.CUSIP == "" {
		if cell(cells, 4) != "" {
			return false, fmt.Errorf("a weight without an identifier (%.60q)", h.Name)
		}
		return true, nil
	}
	if len(cells) > len(header) {
		return false, fmt.Errorf("%d cells where the header has %d", len(cells), len(header))
	}
	if h.Weight, err = number(cells, 4); err != nil {
		return false, err
	}
	if !h.Weight.OK {
		return false, fmt.Errorf("no weight for %.60q", h.Name)
	}
	if h.Quantity, err = number(cells, 6); err != nil {
		return false, err
	}
	h.AssetClass = assetClass(&h)
	b.rows = append(b.rows, h)
	return false, nil
}

// complete refuses a workbook that says too little or has lost lines.
func (b *book) complete() error {
	switch {
	case b.fund == "":
		return errors.New(`no row "Ticker Symbol:" above the table`)
	case b.asOf == schemas.NoDate:
		return errors.New(`no row "Holdings:" above the table`)
	case len(b.rows) == 0:
		return errors.New("the table has no lines")
	}
	if sum := b.weights(); math.Abs(sum-100) > weightTolerance {
		return fmt.Errorf("the weights of its %d lines sum to %.2f %%, not 100: lines are missing, or the unit has changed", len(b.rows), sum)
	}
	return nil
}

// weights sums the weights of all lines, in percent.
func (b *book) weights() float64 {
	sum := 0.0
	for i := range b.rows {
		sum += b.rows[i].Weight.V
	}
	return sum
}

// finish completes the rows with what they share.
func (b *book) finish(payload string) []schemas.Holding {
	for i := range b.rows {
		b.rows[i].AsOf, b.rows[i].Payload = b.asOf, payload
	}
	return b.rows
}

// The classes of lines. The workbook has no such column; its lines imply them.
const (
	classEquity = "Equity" // also when-issued lines: they trade and are held
	classCash   = "Cash"   // currency lines, under internal identifiers 999…
	classContra = "Contra" // what stands in for a security in a merger
	classEscrow = "Escrow" // claims held back
	classRights = "Rights" // rights and contingent value
	classOther  = "Other"  // anything else without a ticker of the exchange
)

// assetClass says what a line is. Contra, escrow and rights lines carry a name
// that says so and an internal code, which begins with a digit, for a ticker.
func assetClass(h *schemas.Holding) string {
	name := " " + strings.ToUpper(h.Name) + " "
	switch {
	case h.Ticker == "" && strings.HasPrefix(h.CUSIP, "999"):
		return classCash
	case strings.HasPrefix(name, " CONTRA "):
		return classContra
	case strings.Contains(name, " ESCROW "):
		return classEscrow
	case strings.Contains(name, " CVR ") || strings.Contains(name, " RIGHTS ") || strings.Contains(name, " CONTINGENT VALUE "):
		return classRights
	case h.Ticker == "" || h.Ticker[0] >= '0' && h.Ticker[0] <= '9':
		return classOther
	}
	return classEquity
}

// cell returns a cell without surrounding space; rows are as long as their last
// filled cell.
func cell(cells []string, i int) string {
	if i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}

func number(cells []string, i int) (schemas.Opt[float64], error) {
	text := cell(cells, i)
	if none(text) == "" {
		return schemas.None[float64](), nil
	}
	v, err := extract.ParseFloat(text)
	if err != nil {
		return schemas.None[float64](), fmt.Errorf("column %q: %w", header[i], err)
	}
	return schemas.Some(v), nil
}

// none turns the publisher's mark for "there is none" into an empty text.
func none(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
