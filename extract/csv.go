package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"tidemark/schemas"
)

// CSVLayout says what a delimited text file must look like. Columns are known
// by the names in the header line, never by position.
type CSVLayout struct {
	// Required columns must be there.
	Required []string
	// Optional columns may be there. A column that is neither required nor
	// optional is refused: it means that the publisher has changed something.
	Optional []string
	// Others lets unknown columns pass unread.
	Others bool
	// HeaderCell is the first cell of the header line. The lines before it
	// are the preamble. Empty means that the first line is the header.
	HeaderCell string
	// EndAtBlank ends the data at the first line without any visible
	// character; what follows is not read as data, nor checked. Otherwise
	// such lines may only stand at the end of the file.
	EndAtBlank bool
	// Comma separates the cells; 0 means ','.
	Comma byte
	// MaxRows, MaxColumns and MaxLine (bytes) bound the file; 0 means
	// 5,000,000 rows, 4,096 columns and 1 MiB.
	MaxRows, MaxColumns, MaxLine int
}

// Bounds of a file whose layout does not say otherwise, and of a preamble.
const (
	defaultMaxRows    = 5_000_000
	defaultMaxColumns = 4096
	defaultMaxLine    = 1 << 20
	maxPreamble       = 100
)

// CSV reads the rows of a delimited text file strictly: every row is as wide
// as the header, quotes are closed on the line on which they open, text is
// UTF-8. Its errors name the line, counted from 1 at the top of the file.
//
//	for c.Next() {
//		close, err := c.Float("Close")
//	}
//	err := c.Err()
type CSV struct {
	layout   CSVLayout
	in       *bufio.Reader
	line     int // of the file, from 1
	rows     int
	columns  map[string]int
	header   []string
	width    int
	cells    []string
	scratch  []byte
	preamble [][]string
	err      error
	done     bool
}

// NewCSV reads the preamble and the header of r, which should come from
// [Text], and holds the header against the layout. Differences are a
// [*HeaderError].
func NewCSV(r io.Reader, layout CSVLayout) (*CSV, error) {
	if layout.Comma == 0 {
		layout.Comma = ','
	}
	if layout.MaxRows == 0 {
		layout.MaxRows = defaultMaxRows
	}
	if layout.MaxColumns == 0 {
		layout.MaxColumns = defaultMaxColumns
	}
	if layout.MaxLine == 0 {
		layout.MaxLine = defaultMaxLine
	}
	c := &CSV{layout: layout, in: bufio.NewReaderSize(r, 64<<10)}
	if err := c.readHeader(); err != nil {
		return nil, err
	}
	return c, nil
}

// Preamble returns the lines before the header, cell by cell.
func (c *CSV) Preamble() [][]string { return c.preamble }

// Has reports whether the file has the column.
func (c *CSV) Has(column string) bool { return c.index(column) >= 0 }

// Next reads the next row. It returns false at the end of the data or at an
// error, which Err then returns.
func (c *CSV) Next() bool {
	if c.err != nil || c.done {
		return false
	}
	text, err := c.readLine()
	if err == nil && blank(text) {
		c.done = true
		if !c.layout.EndAtBlank {
			c.err = c.expectBlank()
		}
		return false
	}
	if err == nil {
		err = c.split(text)
	}
	switch {
	case errors.Is(err, io.EOF):
		c.done = true
		return false
	case err != nil:
		c.err = err
		return false
	case len(c.cells) != c.width:
		c.err = fmt.Errorf("line %d: %d cells where the header has %d; cut off or not of this file", c.line, len(c.cells), c.width)
		return false
	case c.rows == c.layout.MaxRows:
		c.err = fmt.Errorf("line %d: more than %d rows", c.line, c.layout.MaxRows)
		return false
	}
	c.rows++
	return true
}

// expectBlank reads to the end of the file and insists on blank lines.
func (c *CSV) expectBlank() error {
	for {
		text, err := c.readLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !blank(text):
			return fmt.Errorf("line %d: text after a blank line", c.line)
		}
	}
}

// Err returns the error that ended the rows, if one did.
func (c *CSV) Err() error { return c.err }

// Line returns the number of the line last read, from 1.
func (c *CSV) Line() int { return c.line }

// Rows returns the number of rows read so far.
func (c *CSV) Rows() int { return c.rows }

// Cell returns the row's text in a column, unquoted and otherwise untouched;
// it is empty for an optional column that the file does not have. It panics on
// a column that the layout does not name. The text may be kept.
func (c *CSV) Cell(column string) string {
	i := c.index(column)
	if i < 0 {
		return ""
	}
	return c.cells[i]
}

// Column returns where a column stands in the rows, for [CSV.At]; -1 for an
// optional column that the file does not have. Files of millions of rows are
// read by position, which spares looking the name up for each cell.
func (c *CSV) Column(column string) int { return c.index(column) }

// At returns the row's text in the i-th column as Cell does.
func (c *CSV) At(i int) string { return c.cells[i] }

// Float reads a cell with [ParseFloat].
func (c *CSV) Float(column string) (float64, error) {
	v, err := ParseFloat(c.Cell(column))
	if err != nil {
		return 0, c.Errorf(column, "%w", err)
	}
	return v, nil
}

// Grouped reads a cell with [ParseGrouped].
func (c *CSV) Grouped(column string) (float64, error) {
	v, err := ParseGrouped(c.Cell(column))
	if err != nil {
		return 0, c.Errorf(column, "%w", err)
	}
	return v, nil
}

// Date reads a cell with [schemas.ParseDateLayout].
func (c *CSV) Date(column, layout string) (schemas.Date, error) {
	d, err := schemas.ParseDateLayout(layout, c.Cell(column))
	if err != nil {
		return schemas.NoDate, c.Errorf(column, "%w", err)
	}
	return d, nil
}

// Errorf makes an error that names the row's line and the column.
func (c *CSV) Errorf(column, format string, args ...any) error {
	return fmt.Errorf("line %d, column %q: %w", c.line, column, fmt.Errorf(format, args...))
}

func (c *CSV) index(column string) int {
	i, ok := c.columns[column]
	if !ok {
		panic("extract: column " + column + " is not in the layout")
	}
	return i
}

// readLine returns the next line without its ending. The bytes are valid until
// the next call. At the end of the file the error is io.EOF.
func (c *CSV) readLine() ([]byte, error) {
	c.scratch = c.scratch[:0]
	for {
		part, err := c.in.ReadSlice('\n')
		if len(c.scratch)+len(part) > c.layout.MaxLine {
			return nil, fmt.Errorf("line %d: longer than %d bytes", c.line+1, c.layout.MaxLine)
		}
		if err == nil && len(c.scratch) == 0 {
			c.line++
			return trimEnding(part), nil
		}
		c.scratch = append(c.scratch, part...)
		switch {
		case err == nil:
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if len(c.scratch) == 0 {
				return nil, io.EOF
			}
		default:
			return nil, fmt.Errorf("after line %d: %w", c.line, err)
		}
		c.line++
		return trimEnding(c.scratch), nil
	}
}

func trimEnding(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// blank reports whether a line shows nothing: white space, no-break spaces.
func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// split cuts a line into c.cells.
func (c *CSV) split(line []byte) error {
	if !utf8.Valid(line) {
		return fmt.Errorf("line %d: not UTF-8", c.line)
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return fmt.Errorf("line %d: contains a zero byte", c.line)
	}
	rest := string(line)
	c.cells = c.cells[:0]
	for {
		if len(c.cells) == c.layout.MaxColumns {
			return fmt.Errorf("line %d: more than %d columns", c.line, c.layout.MaxColumns)
		}
		if !strings.HasPrefix(rest, `"`) {
			i := strings.IndexByte(rest, c.layout.Comma)
			cell := rest
			if i >= 0 {
				cell = rest[:i]
			}
			if strings.IndexByte(cell, '"') >= 0 {
				return fmt.Errorf("line %d: a quote inside the unquoted cell %d", c.line, len(c.cells)+1)
			}
			c.cells = append(c.cells, cell)
			if i < 0 {
				return nil
			}
			rest = rest[i+1:]
			continue
		}
		cell, after, ok := cutQuoted(rest[1:])
		if !ok {
			return fmt.Errorf("line %d: the quote that opens cell %d is not closed", c.line, len(c.cells)+1)
		}
		c.cells = append(c.cells, cell)
		if after == "" {
			return nil
		}
		if after[0] != c.layout.Comma {
			return fmt.Errorf("line %d: text after the closing quote of cell %d", c.line, len(c.cells))
		}
		rest = after[1:]
	}
}

// cutQuoted returns the text up to the closing quote, with doubled quotes made
// single, and what follows the quote.
func cutQuoted(s string) (cell, after string, ok bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteString(s[:i+1])
			s = s[i+2:]
			continue
		}
		if b.Len() == 0 {
			return s[:i], s[i+1:], true
		}
		b.WriteString(s[:i])
		return b.String(), s[i+1:], true
	}
}
