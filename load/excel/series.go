package excel

import (
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"

	"tidemark/schemas"
)

// The rows of a family's sheet. The first rows stay in sight; below them lies
// a band of charts, and then the table, whose own header carries the filters.
const (
	titleRow    = 1
	legendRow   = 2
	universeRow = 3
	metricRow   = 4
	unitRow     = 5
	idRow       = 6
	whoseRow    = 7
	bandRows    = 17 // of the default height
	filterRow   = whoseRow + bandRows + 1
	pageColumns = 11 // on a printed page, besides the day
	pageCharts  = 3
	chartWidth  = 470
	chartHeight = bandRows*rowPixels - 10
	seriesWidth = 16.5
	printedDays = 63
)

// firstRow and lastRow are the rows of the newest and the oldest day.
func (f *family) firstRow() int { return filterRow + 1 }
func (f *family) lastRow() int  { return filterRow + len(f.days) }

// choose returns the columns of the first of the metrics, apart by |, that has
// any, in the order of the universes.
func (f *family) choose(metrics string) []*column {
	for id := range strings.SplitSeq(metrics, "|") {
		var out []*column
		for _, c := range f.columns {
			if c.metric.ID == id {
				out = append(out, c)
			}
		}
		if out != nil {
			return out
		}
	}
	return nil
}

// writeFamilies writes the sheets of the families. What belongs to the whole
// workbook, such as the numbers of styles, is settled family by family, so that
// the bytes are always the same; the tables below, which are nearly all of the
// work, are then written several at a time.
func (x *workbook) writeFamilies() error {
	var tables []*seriesTable
	for _, f := range x.families {
		if len(f.columns) == 0 {
			if err := x.writeEmptyFamily(f); err != nil {
				return fmt.Errorf("sheet %s: %w", f.sheet, err)
			}
			continue
		}
		t, err := x.beginFamily(f)
		if err != nil {
			return fmt.Errorf("sheet %s: %w", f.sheet, err)
		}
		tables = append(tables, t)
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, t := range tables {
		group.Go(func() error {
			t.writeRows()
			return nil // the sheet keeps its error for close
		})
	}
	_ = group.Wait() // of functions that return none
	for _, t := range tables {
		if err := t.rows.close(); err != nil {
			return fmt.Errorf("sheet %s: %w", t.sheet, err)
		}
	}
	return nil
}

// beginFamily sets up the sheet of a family and writes its header. What is left
// to write is the table.
func (x *workbook) beginFamily(f *family) (*seriesTable, error) {
	widths := []float64{11.5}
	for _, c := range f.columns {
		widths = append(widths, max(seriesWidth, c.width()))
	}
	corner, err := excelize.CoordinatesToCellName(len(f.columns)+1, f.lastRow())
	if err != nil {
		return nil, err
	}
	if err := x.prepare(f.sheet, layout{
		widths: widths, tab: f.accent, frozenRows: whoseRow, frozenCols: 1, filter: fmt.Sprintf("A%d:%s", filterRow, corner),
		titleFrom: universeRow, titleRows: whoseRow, scale: 55,
	}); err != nil {
		return nil, err
	}
	if err := x.drawBand(f, widths); err != nil {
		return nil, err
	}
	// All of the history would be hundreds of pages.
	if err := x.printArea(f.sheet, len(f.columns)+1, filterRow+min(len(f.days), printedDays)); err != nil {
		return nil, err
	}
	s, err := x.open(f.sheet)
	if err != nil {
		return nil, err
	}
	s.seriesHeader(f)
	return x.seriesTable(f, s)
}

func (x *workbook) writeEmptyFamily(f *family) error {
	if err := x.prepare(f.sheet, layout{widths: []float64{90}, tab: f.accent}); err != nil {
		return err
	}
	s, err := x.open(f.sheet)
	if err != nil {
		return err
	}
	s.add(26, text(f.sheet, style{size: 16, bold: true, color: f.accent}))
	message := "There are no figures of this family in this book."
	if f.facts > 0 {
		message = "No figure of this family has a value in this book; the reasons are counted under " + qualitySheet + "."
	}
	s.add(0, text(message, style{color: dimColor}))
	return s.close()
}

// drawBand puts the charts of the family side by side above its table, as many
// to a printed page as fit, so that no chart is cut in two on paper.
func (x *workbook) drawBand(f *family, widths []float64) error {
	for first := 1 + pageColumns; first < len(widths); first += pageColumns {
		col, err := excelize.ColumnNumberToName(first + 1)
		if err != nil {
			return err
		}
		if err := x.file.InsertPageBreak(f.sheet, col+"1"); err != nil {
			return err
		}
	}
	drawn := 0
	for _, p := range chartPlans[f.id] {
		left := drawn%pageCharts*(chartWidth+12) + 8
		for _, w := range widths[1:min(1+drawn/pageCharts*pageColumns, len(widths))] {
			left += pixels(w)
		}
		at, offset := cellAt(widths, left, whoseRow+1)
		ok, err := x.chart(f, p, f.sheet, at, offset, chartWidth, chartHeight)
		if err != nil {
			return err
		}
		if ok {
			drawn++
		}
	}
	return nil
}

// width is how many characters wide the column must be for its values.
func (c *column) width() float64 {
	widest := 0
	for _, f := range c.facts {
		if hasValue(f) && math.Abs(f.Value.V) >= 1e6 {
			widest = max(widest, len(number(f.Value.V, c.metric.Decimals)))
		}
	}
	const most = 40
	return min(float64(widest)+2, most)
}

func (s *sheet) seriesHeader(f *family) {
	s.add(26, text(f.sheet, style{size: 16, bold: true, color: f.accent}))
	said := fmt.Sprintf("%s to %s, newest first. Grey cells have no value; %s counts the reasons. Italic: partial coverage or warming up.",
		longDate(f.days[len(f.days)-1]), longDate(f.days[0]), qualitySheet)
	if len(f.days) > printedDays {
		said += fmt.Sprintf(" On paper: the newest %d days.", printedDays)
	}
	s.add(15, text(said, style{size: 9, color: dimColor}))
	rows := [5][]cell{}
	labels := [5]string{"", "Date", "", "tidemark trace", "--universe"}
	for i, l := range labels {
		rows[i] = []cell{text(l, headerStyle(f, i, false))}
	}
	who, metric, id, whose := 1, 1, 1, 1
	for i, c := range f.columns {
		first := i == 0 || f.columns[i-1].universe != c.universe
		name := s.x.universeName(c.universe)
		for j, t := range [5]string{name, c.metric.Name, unitText(c.metric), c.metric.ID, c.universe} {
			rows[j] = append(rows[j], text(t, headerStyle(f, j, first)))
		}
		who, metric = max(who, lineCount(name, 15)), max(metric, lineCount(c.metric.Name, 15))
		id, whose = max(id, lineCount(c.metric.ID, 19)), max(whose, lineCount(c.universe, 19))
	}
	for i, height := range [5]float64{float64(who)*13 + 3, float64(metric)*13 + 3, 14, float64(id)*11 + 3, float64(whose)*11 + 5} {
		s.add(height, rows[i]...)
	}
	s.band(bandRows)
	names := []cell{text("date", headerStyle(f, 5, false))}
	for i, c := range f.columns {
		first := i == 0 || f.columns[i-1].universe != c.universe
		names = append(names, text(c.universe+"\n"+c.metric.ID, headerStyle(f, 5, first)))
	}
	s.add(float64(id+whose)*11+8, names...)
}

// headerStyle is the style of the n-th row of a family's header.
func headerStyle(f *family, n int, start bool) style {
	st := style{wrap: true, start: start}
	switch n {
	case 0:
		st.bold, st.color, st.top = true, f.accent, true
	case 1:
		st.bold, st.bottom = true, true
	case 2:
		st.color, st.size = dimColor, 9
	case 3:
		st.color, st.size, st.top = dimColor, 8, true
	case 4:
		st.color, st.size, st.top, st.rule = dimColor, 8, true, f.accent
	default:
		st.color, st.size, st.rule = dimColor, 8, f.accent
	}
	return st
}

// lineCount is how many lines a text takes in a column of so many characters.
func lineCount(t string, width int) int {
	lines, used := 1, 0
	for word := range strings.FieldsSeq(t) {
		n := len(word)
		if used > 0 && used+1+n > width {
			lines, used = lines+1, 0
		} else if used > 0 {
			used++
		}
		for used+n > width {
			n -= width - used
			lines, used = lines+1, 0
		}
		used += n
	}
	return lines
}

// seriesTable is the table of a family with the numbers of its styles, which are
// looked up once for each column, because there may be a million cells.
type seriesTable struct {
	*family
	rows  *sheet
	date  int
	looks []seriesLooks // by column
}

type seriesLooks struct{ plain, soft, gap, none int }

func (x *workbook) seriesTable(f *family, rows *sheet) (*seriesTable, error) {
	date, err := x.styleID(style{format: dateFormat, line: true, left: true})
	if err != nil {
		return nil, err
	}
	t := &seriesTable{f, rows, date, make([]seriesLooks, len(f.columns))}
	for i, c := range f.columns {
		plain := style{format: formatOf(c.metric), line: true, start: i == 0 || f.columns[i-1].universe != c.universe}
		soft, gap, none := plain, plain, plain
		soft.italic, soft.color = true, dimColor
		gap.fill = gapFill
		for _, l := range []struct {
			id *int
			style
		}{{&t.looks[i].plain, plain}, {&t.looks[i].soft, soft}, {&t.looks[i].gap, gap}, {&t.looks[i].none, none}} {
			if *l.id, err = x.styleID(l.style); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// writeRows writes the table. It touches nothing that other sheets share.
func (t *seriesTable) writeRows() {
	s := t.rows
	values := make([]any, len(t.columns)+1)
	cells := make([]excelize.Cell, len(t.columns)+1)
	for i := range values {
		values[i] = &cells[i]
	}
	for row, day := range t.days {
		if s.err != nil {
			return
		}
		cells[0] = excelize.Cell{StyleID: t.date, Value: serial(day)}
		for i, c := range t.columns {
			l := t.looks[i]
			switch x := c.facts[row]; {
			case x == nil:
				cells[i+1] = excelize.Cell{StyleID: l.none}
			case !hasValue(x):
				cells[i+1] = excelize.Cell{StyleID: l.gap}
			case x.Status == schemas.StatusOK:
				cells[i+1] = excelize.Cell{StyleID: l.plain, Value: x.Value.V}
			default:
				cells[i+1] = excelize.Cell{StyleID: l.soft, Value: x.Value.V}
			}
		}
		s.row++
		s.set(values, 0)
	}
}
