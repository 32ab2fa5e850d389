package vendor

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// xlsxRows reads a sheet of a workbook whose first row is the header.
type xlsxRows struct {
	style style
	next  func() ([]string, error, bool)
	stop  func()
	at    []int
	width int
	cells []string
	line  int
	err   error
}

var _ rows = (*xlsxRows)(nil)

func openXLSX(p *extract.Payload, f *File, plan *plan) (_ rows, err error) {
	body, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("open the answer: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	file, err := io.ReadAll(io.LimitReader(body, maxWorkbook+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(file) > maxWorkbook {
		return nil, fmt.Errorf("the workbook is larger than %d bytes; refused", maxWorkbook)
	}
	r := &xlsxRows{style: f.style()}
	r.next, r.stop = iter.Pull2(extract.WorkbookRows(file, f.Sheet))
	defer func() {
		if err != nil {
			r.stop()
		}
	}()
	header, err, ok := r.next()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, extract.ErrEmpty
	}
	r.line, r.width = 1, len(header)
	if r.at, err = plan.match(1, header); err != nil {
		return nil, err
	}
	return r, nil
}

// maxWorkbook bounds a workbook as it is stored: it is held in memory. Larger
// histories belong into a text or Parquet file.
const maxWorkbook = 32 << 20

func (r *xlsxRows) Next() bool {
	for r.err == nil {
		cells, err, ok := r.next()
		if err != nil {
			r.err = err
		}
		if err != nil || !ok {
			return false
		}
		r.line++
		if len(cells) > r.width {
			r.err = fmt.Errorf("row %d: %d cells where the header has %d", r.line, len(cells), r.width)
			return false
		}
		// Rows without any value stand between and after tables.
		if slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			r.cells = cells
			return true
		}
	}
	return false
}

func (r *xlsxRows) Err() error    { return r.err }
func (r *xlsxRows) Where() string { return fmt.Sprintf("row %d", r.line) }

func (r *xlsxRows) Has(column int) bool { return r.at[column] >= 0 }

func (r *xlsxRows) cell(column int) string {
	i := r.at[column]
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

func (r *xlsxRows) Text(column int) (string, error) { return r.style.text(r.cell(column)), nil }

// Number reads a cell that holds a number, whatever its format shows, or a text
// in the file's style.
func (r *xlsxRows) Number(column int) (schemas.Opt[float64], error) {
	s := r.cell(column)
	if v, err := extract.ParseFloat(s); err == nil {
		return schemas.Some(v), nil
	}
	return r.style.number(s)
}

// excelEpoch is day 0 of a workbook's dates; 1 is 1900-01-01, and since 1900 is
// counted as a leap year, days from March 1900 on are one further.
var excelEpoch = schemas.NewDate(1899, 12, 30)

// Date reads a cell that holds a day as Excel does, or a text in the file's
// layout.
func (r *xlsxRows) Date(column int) (schemas.Date, error) {
	s := r.cell(column)
	if serial, err := extract.ParseFloat(s); err == nil && len(s) < 8 {
		if serial != math.Trunc(serial) || serial < 61 {
			return schemas.NoDate, fmt.Errorf("%q is not a day", s)
		}
		return excelEpoch.AddDays(int(serial)), nil
	}
	return r.style.date(s)
}

func (r *xlsxRows) Close() error {
	r.stop()
	return nil
}
