package vendor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// rows walks a file. Columns are addressed by their position in the plan.
type rows interface {
	// Next goes to the next row; false means the end, or an error that Err has.
	Next() bool
	Err() error
	// Where names the current row for people.
	Where() string
	// Text, Number and Date return the row's value in a column. No value is an
	// empty text, an unknown number, NoDate. A text may be kept only if cloned.
	Text(column int) (string, error)
	Number(column int) (schemas.Opt[float64], error)
	Date(column int) (schemas.Date, error)
	// Has reports whether the file has the column.
	Has(column int) bool
	Close() error
}

// plan says which columns of a file are wanted: for each of our names, in a
// fixed order, the header of the file's column.
type plan struct {
	names   []string
	headers []string // empty where the column is not to be read
	must    []bool
	ignore  []string
	others  bool
}

// plan makes the plan for the names of a kind.
func (f *File) plan(required, optional []string) *plan {
	p := &plan{ignore: f.Ignore, others: f.IgnoreOthers}
	for i, name := range slices.Concat(required, optional) {
		header, given := f.Columns[name]
		_, fixed := f.Defaults[name]
		must := given || i < len(required)
		switch {
		case given:
		case fixed:
			must = false
		default:
			header = name
		}
		p.add(name, header, must)
	}
	return p
}

func (p *plan) add(name, header string, must bool) {
	p.names, p.headers, p.must = append(p.names, name), append(p.headers, header), append(p.must, must)
}

// layout splits the plan's headers into those that must and those that may be
// there.
func (p *plan) layout() (required, optional []string) {
	for i, h := range p.headers {
		switch {
		case h == "" || slices.Contains(required, h):
		case p.must[i]:
			required = append(required, h)
		default:
			optional = append(optional, h)
		}
	}
	for _, h := range p.ignore {
		if !slices.Contains(required, h) && !slices.Contains(optional, h) {
			optional = append(optional, h)
		}
	}
	return required, optional
}

// match finds the plan's columns in a header and returns the position of each,
// -1 where it is absent. Differences are an [extract.HeaderError].
func (p *plan) match(line int, header []string) ([]int, error) {
	required, optional := p.layout()
	at := make(map[string]int, len(header))
	diff := &extract.HeaderError{Line: line}
	for i, h := range header {
		h = strings.TrimSpace(h)
		known := slices.Contains(required, h) || slices.Contains(optional, h)
		_, repeated := at[h]
		switch {
		case known && repeated:
			diff.Repeated = append(diff.Repeated, h)
		case known:
			at[h] = i
		case !p.others:
			diff.Unknown = append(diff.Unknown, h)
		}
	}
	for _, h := range required {
		if _, ok := at[h]; !ok {
			diff.Missing = append(diff.Missing, h)
		}
	}
	if len(diff.Missing)+len(diff.Unknown)+len(diff.Repeated) > 0 {
		return nil, diff
	}
	positions := make([]int, len(p.headers))
	for i, h := range p.headers {
		positions[i] = -1
		if j, ok := at[h]; ok && h != "" {
			positions[i] = j
		}
	}
	return positions, nil
}

// style is how a file writes its values.
type style struct {
	dateLayout         string
	decimal, thousands string
	missing            map[string]bool
	// days has what days of the file mean: the sessions of a year stand in it
	// once for each security.
	days map[string]schemas.Date
}

// maxDays bounds what is remembered of the days of a file: they are texts of
// the file's own choice.
const maxDays = 20_000

// none reports whether the cell stands for no value.
func (s *style) none(cell string) bool {
	return cell == "" || len(s.missing) > 0 && s.missing[cell]
}

func (f *File) style() style {
	m := make(map[string]bool, len(f.Missing))
	for _, s := range f.Missing {
		m[s] = true
	}
	layout := f.DateLayout
	if layout == "" {
		layout = time.DateOnly
	}
	return style{dateLayout: layout, decimal: f.decimal(), thousands: f.Thousands, missing: m, days: make(map[string]schemas.Date)}
}

func (s *style) text(cell string) string {
	if s.none(cell) {
		return ""
	}
	return cell
}

func (s *style) number(cell string) (schemas.Opt[float64], error) {
	if s.none(cell) {
		return schemas.None[float64](), nil
	}
	var v float64
	var err error
	switch {
	case s.decimal == "." && s.thousands == "":
		v, err = extract.ParseFloat(cell)
	default:
		if v, err = extract.ParseGrouped(s.plain(cell)); err != nil {
			err = fmt.Errorf("%.40q is not a number with decimal mark %q and thousands separator %q", cell, s.decimal, s.thousands)
		}
	}
	if err != nil {
		return schemas.None[float64](), err
	}
	return schemas.Some(v), nil
}

// plain rewrites a number in the file's style with comma and point. A point or
// comma that has no meaning in that style stays an error.
func (s *style) plain(cell string) string {
	return strings.Map(func(r rune) rune {
		switch string(r) {
		case s.thousands:
			return ','
		case s.decimal:
			return '.'
		case ".", ",":
			return '?'
		}
		return r
	}, cell)
}

func (s *style) date(cell string) (schemas.Date, error) {
	if s.none(cell) {
		return schemas.NoDate, nil
	}
	if d, ok := s.days[cell]; ok {
		return d, nil
	}
	d, err := schemas.ParseDateLayout(s.dateLayout, cell)
	if err == nil && len(s.days) < maxDays {
		s.days[strings.Clone(cell)] = d
	}
	return d, err
}

// finite refuses what a file of binary numbers can hold and text cannot say.
func (s *style) finite(v float64) (schemas.Opt[float64], error) {
	switch {
	case math.IsNaN(v) && s.missing["NaN"]:
		return schemas.None[float64](), nil
	case math.IsNaN(v):
		return schemas.None[float64](), errors.New("NaN is not a number; where it stands for no value, list it under missing")
	case math.IsInf(v, 0):
		return schemas.None[float64](), errors.New("infinite")
	}
	return schemas.Some(v), nil
}
