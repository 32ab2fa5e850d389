package excel

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// sheet writes the rows of one sheet, from the top.
type sheet struct {
	x    *workbook
	name string
	w    *excelize.StreamWriter
	row  int // number of the last row written
	err  error
}

// cell is a value and how it looks. A nil value leaves the cell empty.
type cell struct {
	value any
	style style
}

// text is a text made fit for a cell; no text leaves the cell empty.
func text(s string, st style) cell {
	if s = clean(s); s == "" {
		return cell{nil, st}
	}
	return cell{s, st}
}

// dayCell is a real date; empty for NoDate.
func dayCell(d schemas.Date, st style) cell {
	st.format = dateFormat
	if d == schemas.NoDate {
		return cell{nil, st}
	}
	return cell{serial(d), st}
}

// momentCell is a real date with a time, in UTC; empty for the zero time.
func momentCell(t time.Time, st style) cell {
	st.format = momentFormat
	if t.IsZero() {
		return cell{nil, st}
	}
	t = t.UTC()
	d := schemas.DateOf(t)
	return cell{float64(serial(d)) + t.Sub(d.Time()).Hours()/24, st}
}

// optCell is a number; empty where it is unknown.
func optCell(v schemas.Opt[float64], st style) cell {
	if !v.OK {
		return cell{nil, st}
	}
	return cell{v.V, st}
}

// serial is how spreadsheets count days: 25569 is 1970-01-01.
func serial(d schemas.Date) int { return int(d) + 25569 }

// open begins to write the rows of a sheet. What is not rows (charts, widths,
// page set-up) must have been given to the workbook before.
func (x *workbook) open(name string) (*sheet, error) {
	w, err := x.file.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	return &sheet{x: x, name: name, w: w}, nil
}

// add writes the next row, which begins in the first column. Height 0, in
// points, leaves it to the reader's program. The first error is kept for close.
func (s *sheet) add(height float64, cells ...cell) {
	if s.err != nil {
		return
	}
	s.row++
	values := make([]any, len(cells))
	for i, c := range cells {
		id, err := s.x.styleID(c.style)
		if err != nil {
			s.err = err
			return
		}
		if c.value != nil || c.style != (style{}) {
			values[i] = excelize.Cell{StyleID: id, Value: c.value}
		}
	}
	s.set(values, height)
}

func (s *sheet) set(values []any, height float64) {
	at, err := excelize.CoordinatesToCellName(1, s.row)
	if err == nil {
		err = s.w.SetRow(at, values, excelize.RowOpts{Height: min(height, excelize.MaxRowHeight)})
	}
	if err != nil {
		s.err = fmt.Errorf("row %d: %w", s.row, err)
	}
}

// skip leaves a row empty.
func (s *sheet) skip() { s.row++ }

// band leaves rows of the default height empty for charts, and says their
// height, so that charts cover the same rows in every program.
func (s *sheet) band(rows int) {
	for range rows {
		s.add(bandHeight)
	}
}

const (
	bandHeight = 15 // points, the height that rows have by default
	rowPixels  = 18 // as excelize counts the height of such a row
)

// tall is the height of a row in which the texts are wrapped to columns of the
// given widths. Programs disagree on fitting rows by themselves.
func tall(widths []float64, cells []cell) float64 {
	lines := 1
	for i, c := range cells {
		t, ok := c.value.(string)
		if !ok || !c.style.wrap {
			continue
		}
		n := 0
		for part := range strings.SplitSeq(t, "\n") {
			n += lineCount(part, int(widths[i]*0.9))
		}
		lines = max(lines, n)
	}
	return float64(lines)*13 + 3
}

// close ends the sheet and returns the first error.
func (s *sheet) close() error {
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

// layout is what a sheet has besides its rows.
type layout struct {
	filter     string    // range of a table whose header carries filters
	widths     []float64 // of the columns from the first
	tab        string    // colour
	gridlines  bool
	frozenRows int
	frozenCols int
	titleRows  int  // rows repeated on each printed page
	titleFrom  int  // first of them; 1 when zero
	scale      uint // percent on paper; 0 fits the sheet to the width of a page
}

// prepare sets a sheet up for screen and paper.
func (x *workbook) prepare(name string, l layout) error {
	for i, width := range l.widths {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := x.file.SetColWidth(name, col, col, width); err != nil {
			return err
		}
	}
	if l.filter != "" {
		// First, because it resets the properties of the sheet.
		if err := x.file.AutoFilter(name, l.filter, nil); err != nil {
			return err
		}
	}
	// With the alpha that the schema asks for.
	fit, tab := l.scale == 0, "FF"+cmp.Or(l.tab, ruleGrey)
	if err := x.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit, TabColorRGB: &tab}); err != nil {
		return err
	}
	if err := x.file.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &l.gridlines}); err != nil {
		return err
	}
	if l.frozenRows > 0 || l.frozenCols > 0 {
		corner, err := excelize.CoordinatesToCellName(l.frozenCols+1, l.frozenRows+1)
		if err != nil {
			return err
		}
		pane := "bottomRight"
		if l.frozenCols == 0 {
			pane = "bottomLeft"
		}
		if err := x.file.SetPanes(name, &excelize.Panes{
			Freeze: true, XSplit: l.frozenCols, YSplit: l.frozenRows, TopLeftCell: corner, ActivePane: pane,
			Selection: []excelize.Selection{{SQRef: corner, ActiveCell: corner, Pane: pane}},
		}); err != nil {
			return err
		}
	}
	return x.paper(name, l)
}

// paper sets up printing: A4 landscape, fitted to the width of a page or scaled
// as the layout says, with headers repeated and pages numbered.
func (x *workbook) paper(name string, l layout) error {
	a4, landscape, wide, high := 9, "landscape", 1, 0
	options := &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}
	if l.scale > 0 {
		options = &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, AdjustTo: &l.scale}
	}
	if err := x.file.SetPageLayout(name, options); err != nil {
		return err
	}
	side, end, edge := 0.4, 0.55, 0.25
	if err := x.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &edge, Footer: &edge,
	}); err != nil {
		return err
	}
	if err := x.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddFooter: "&L&8Tidemark, as of " + longDate(x.book.AsOf) + "&C&8&A&R&8Page &P of &N",
	}); err != nil {
		return err
	}
	if l.titleRows == 0 {
		return nil
	}
	titles := fmt.Sprintf("'%s'!$%d:$%d", name, max(l.titleFrom, 1), l.titleRows)
	if l.frozenCols > 0 {
		col, err := excelize.ColumnNumberToName(l.frozenCols)
		if err != nil {
			return err
		}
		titles = fmt.Sprintf("'%s'!$A:$%s,%s", name, col, titles)
	}
	return x.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: name})
}

// printArea bounds what of a sheet is printed.
func (x *workbook) printArea(name string, columns, rows int) error {
	corner, err := excelize.CoordinatesToCellName(columns, rows, true)
	if err != nil {
		return err
	}
	return x.file.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$A$1:%s", name, corner), Scope: name,
	})
}
