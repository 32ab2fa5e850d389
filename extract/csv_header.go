package extract

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// HeaderError says how the columns of a file differ from those expected.
type HeaderError struct {
	Line                       int
	Missing, Unknown, Repeated []string
}

func (e *HeaderError) Error() string {
	var parts []string
	for _, p := range []struct {
		what  string
		names []string
	}{{"missing", e.Missing}, {"not expected", e.Unknown}, {"more than once", e.Repeated}} {
		if len(p.names) > 0 {
			parts = append(parts, p.what+": "+quoteList(p.names))
		}
	}
	return fmt.Sprintf("line %d: the columns have changed: %s", e.Line, strings.Join(parts, "; "))
}

// quoteList quotes the first few names; a hostile header has thousands.
func quoteList(names []string) string {
	const most = 8
	var b strings.Builder
	for i, n := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", printable(n, 60))
	}
	return b.String()
}

func (c *CSV) readHeader() error {
	for {
		text, err := c.readLine()
		if errors.Is(err, io.EOF) {
			if c.line == 0 {
				return ErrEmpty
			}
			if c.layout.HeaderCell == "" {
				return errors.New("the answer has no header line")
			}
			return fmt.Errorf("no header line: none of %d lines begins with the cell %q", c.line, c.layout.HeaderCell)
		}
		if err != nil {
			return err
		}
		if c.layout.HeaderCell == "" && blank(text) {
			return fmt.Errorf("line %d: blank where the header should be", c.line)
		}
		if err := c.split(text); err != nil {
			return err
		}
		if c.layout.HeaderCell == "" || strings.TrimSpace(c.cells[0]) == c.layout.HeaderCell {
			return c.takeHeader()
		}
		if len(c.preamble) == maxPreamble {
			return fmt.Errorf("no header line: none of the first %d lines begins with the cell %q", c.line, c.layout.HeaderCell)
		}
		c.preamble = append(c.preamble, slices.Clone(c.cells))
	}
}

func (c *CSV) takeHeader() error {
	c.width = len(c.cells)
	c.columns = make(map[string]int, c.width)
	known := make(map[string]bool, len(c.layout.Required)+len(c.layout.Optional))
	for _, name := range slices.Concat(c.layout.Required, c.layout.Optional) {
		known[name] = true
	}
	diff := HeaderError{Line: c.line}
	for i, cell := range c.cells {
		name := strings.TrimSpace(cell)
		_, repeated := c.columns[name]
		switch {
		case !known[name]:
			if !c.layout.Others {
				diff.Unknown = append(diff.Unknown, name)
			}
		case repeated:
			diff.Repeated = append(diff.Repeated, name)
		default:
			c.columns[name] = i
		}
	}
	for _, name := range c.layout.Required {
		if _, ok := c.columns[name]; !ok {
			diff.Missing = append(diff.Missing, name)
		}
	}
	if len(diff.Missing)+len(diff.Unknown)+len(diff.Repeated) > 0 {
		return &diff
	}
	for _, name := range c.layout.Optional {
		if _, ok := c.columns[name]; !ok {
			c.columns[name] = -1
		}
	}
	c.header, c.cells = c.cells, nil
	return nil
}

// Header returns the cells of the header line as they stand.
func (c *CSV) Header() []string { return c.header }

// Row returns the cells of the row last read, in the order of the header. They
// are valid until the next one is read; their text may be kept.
func (c *CSV) Row() []string { return c.cells }
