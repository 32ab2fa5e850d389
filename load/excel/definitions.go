package excel

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// writeDefinitions writes the metric register.
func (x *workbook) writeDefinitions() error {
	heads := []struct {
		name  string
		width float64
	}{
		{"Family", 14},
		{"Figure", 34},
		{"Id", 28},
		{"Unit", 13},
		{"Formula", 48},
		{"Window", 11},
		{"Warm-up", 10},
		{"Inputs", 34},
		{"Source of the definition", 26},
		{"Edge cases", 48},
		{"Version", 9},
		{"Table", 22},
		{"In this book", 44},
	}
	var widths []float64
	var names []string
	for _, h := range heads {
		widths, names = append(widths, h.width), append(names, h.name)
	}
	const headRow = 4
	metrics := schemas.Register()
	filter, err := filterRange(headRow, len(heads), len(metrics))
	if err != nil {
		return err
	}
	if err := x.prepare(definitionSheet, layout{
		widths: widths, filter: filter, frozenRows: headRow, frozenCols: 2, titleFrom: headRow, titleRows: headRow,
	}); err != nil {
		return err
	}
	s, err := x.open(definitionSheet)
	if err != nil {
		return err
	}
	s.add(30, text(definitionSheet, style{size: 16, bold: true}))
	s.add(15, text("Fractions are stored as such and shown as percentages. Warm-up: observations needed before the first value.", style{size: 9, color: dimColor}))
	s.skip()
	s.heads(names)
	accents := map[string]string{}
	universes := map[string][]string{}
	for _, f := range x.families {
		accents[f.id] = f.accent
		for _, c := range slices.Concat(f.columns, f.silent) {
			universes[c.metric.ID] = append(universes[c.metric.ID], c.universe)
		}
	}
	body := style{line: true, top: true, wrap: true}
	dim := style{line: true, top: true, wrap: true, color: dimColor}
	for _, m := range metrics {
		in := strings.Join(slices.Compact(slices.SortedFunc(slices.Values(universes[m.ID]), compareUniverses)), ", ")
		cells := []cell{
			text(m.Family, style{line: true, top: true, bold: true, color: accents[m.Family]}), text(m.Name, style{line: true, top: true, wrap: true, bold: true}),
			text(m.ID, body), text(m.Unit, body), text(m.Formula, body), windowCell(m.Window, body),
			{m.Warmup, style{line: true, top: true, left: true, format: countFormat}},
			text(m.Inputs, body), text(m.Source, body), text(m.Edge, body),
			{m.Method, style{line: true, top: true, left: true, format: countFormat}},
			text(m.Dataset, dim), text(in, dim),
		}
		s.add(tall(widths, cells), cells...)
	}
	return s.close()
}

// windowCell is a number where the window is one, so that no number is stored
// as text.
func windowCell(window string, st style) cell {
	if n, err := strconv.Atoi(window); err == nil {
		st.left = true
		return cell{n, st}
	}
	return text(window, st)
}

// heads writes the header of a table that fills a sheet.
func (s *sheet) heads(names []string) {
	cells := make([]cell, len(names))
	for i, n := range names {
		cells[i] = text(n, style{bold: true, rule: ruleGrey, wrap: true})
	}
	s.add(18, cells...)
}

// filterRange is the range of a table of so many rows below its header.
func filterRange(headRow, columns, rows int) (string, error) {
	corner, err := excelize.CoordinatesToCellName(columns, headRow+max(rows, 1))
	return fmt.Sprintf("A%d:%s", headRow, corner), err
}

// writeSources writes which answer of which publisher went into which table,
// and how to follow a figure down to it.
func (x *workbook) writeSources() error {
	names := []string{"Table", "Part", "Publisher", "First day", "Last day", "Fetched at (UTC)", "SHA-256 of the answer", "Request"}
	const headRow = 8
	filter, err := filterRange(headRow, len(names), len(x.book.Sources))
	if err != nil {
		return err
	}
	if err := x.prepare(sourceSheet, layout{
		widths: []float64{26, 32, 14, 11.5, 11.5, 16.5, 62, 80}, filter: filter, frozenRows: headRow, titleFrom: headRow, titleRows: headRow,
	}); err != nil {
		return err
	}
	// Requests may run on beyond the last column on the screen, not on paper.
	if err := x.printArea(sourceSheet, len(names), headRow+max(len(x.book.Sources), 1)); err != nil {
		return err
	}
	s, err := x.open(sourceSheet)
	if err != nil {
		return err
	}
	s.add(30, text(sourceSheet, style{size: 16, bold: true}))
	s.add(15, text("Which answer of which publisher went into which table. Answers are kept as they came, under the hash of their bytes.", style{color: dimColor}))
	s.skip()
	s.add(15, text("To follow a figure down to the bytes it came from:", style{}))
	s.add(15, text("tidemark trace "+x.example(), style{mono: true}))
	s.add(15, text("Ids of figures and universes stand above each column of the families' sheets and at the end of each row of the summary.", style{color: dimColor}))
	s.skip()
	s.heads(names)
	sources := slices.SortedFunc(slices.Values(x.book.Sources), compareSources)
	for _, l := range sources {
		s.add(0, text(l.Dataset, lined), text(l.Part, lined), text(l.Publisher, lined), dayCell(l.From, style{line: true, left: true}), dayCell(l.To, style{line: true, left: true}),
			momentCell(l.FetchedAt, style{line: true, left: true, color: dimColor}), text(l.Hash, style{line: true, mono: true, size: 9}), text(l.Request, faded))
	}
	if len(sources) == 0 {
		s.add(0, text("No sources are in this book.", faded))
	}
	return s.close()
}

func compareSources(x, y schemas.SourceLine) int {
	return cmp.Or(cmp.Compare(x.Dataset, y.Dataset), cmp.Compare(x.Part, y.Part), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To),
		cmp.Compare(x.Publisher, y.Publisher), cmp.Compare(x.Request, y.Request), x.FetchedAt.Compare(y.FetchedAt), cmp.Compare(x.Hash, y.Hash))
}

// example is the newest value of the first figure, as the command line wants it.
func (x *workbook) example() string {
	for _, f := range x.families {
		for _, c := range f.columns {
			_, row := c.newest()
			return c.metric.ID + " " + c.facts[row].Session.String() + " --universe " + c.universe
		}
	}
	return "METRIC DATE --universe UNIVERSE"
}
