package excel

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// moversShown is how many lines stand on either side.
const moversShown = 10

// movers are the lines that gave most to the return of an index over a window,
// and those that took most from it, in order.
type movers struct {
	universe string
	session  schemas.Date
	window   int // of schemas.ContributionWindows
	lines    int // with a contribution
	total    float64
	given    []mover
	taken    []mover
}

// mover is what one line did over the window.
type mover struct {
	security     string
	contribution float64
	ret, weight  schemas.Opt[float64]
}

// moversOf arranges the contributions of a book by universe and window.
func moversOf(contributions []schemas.Contribution) []movers {
	byUniverse := make(map[string][]schemas.Contribution)
	var universes []string
	for _, c := range contributions {
		if byUniverse[c.Universe] == nil {
			universes = append(universes, c.Universe)
		}
		byUniverse[c.Universe] = append(byUniverse[c.Universe], c)
	}
	slices.SortFunc(universes, compareUniverses)
	var out []movers
	for _, u := range universes {
		for w := range schemas.ContributionWindows {
			m := movers{universe: u, window: w, session: byUniverse[u][0].Session}
			var all []mover
			for _, c := range byUniverse[u] {
				if held := c.Windows[w].BuyHold; held.OK {
					all = append(all, mover{c.Security, held.V, c.Windows[w].Return, c.Weight})
				}
			}
			if len(all) == 0 {
				continue
			}
			slices.SortFunc(all, func(a, b mover) int {
				return cmp.Or(-cmp.Compare(a.contribution, b.contribution), cmp.Compare(a.security, b.security))
			})
			m.lines = len(all)
			for _, line := range all {
				m.total += line.contribution
				if line.contribution > 0 && len(m.given) < moversShown {
					m.given = append(m.given, line)
				}
			}
			for _, line := range slices.Backward(all) {
				if line.contribution < 0 && len(m.taken) < moversShown {
					m.taken = append(m.taken, line)
				}
			}
			out = append(out, m)
		}
	}
	return out
}

func sumOf(lines []mover) float64 {
	total := 0.0
	for _, l := range lines {
		total += l.contribution
	}
	return total
}

// windowText names a window of contributions.
func windowText(window string) string {
	if window == "ytd" {
		return "year to date"
	}
	return window + " sessions"
}

// The columns of the sheet: those that gave, a gap, those that took, a gap, and
// a chart.
var moverWidths = []float64{16, 14, 12, 12, 3, 16, 14, 12, 12, 3, 70}

const (
	moverHeads = 4  // rows of a section before its lines: an empty one, title, note, names of the columns
	moverChart = 11 // the chart's column
)

// writeContributors writes who moved each index.
func (x *workbook) writeContributors() error {
	all := moversOf(x.book.Contributions)
	if err := x.prepare(contributorSheet, layout{widths: moverWidths, tab: accentOf("contribution_summary")}); err != nil {
		return err
	}
	row := 2 // of the title and what it says
	for _, m := range all {
		if schemas.ContributionWindows[m.window] == "ytd" {
			if err := x.moverChart(m, row+moverHeads); err != nil {
				return err
			}
		}
		row += moverHeads + max(len(m.given), len(m.taken))
	}
	s, err := x.open(contributorSheet)
	if err != nil {
		return err
	}
	s.add(30, text(contributorSheet, style{size: 16, bold: true}))
	s.add(15, text("Who moved each index: weight times return, day by day, bought and held. The return is that of a line which was in throughout; the weight is that of the last session's open, 0 for a line that has left.", style{color: dimColor}))
	if len(all) == 0 {
		s.add(18, text("No contributions are in this book.", style{bold: true}))
	}
	for _, m := range all {
		s.movers(m)
	}
	return s.close()
}

func (s *sheet) movers(m movers) {
	percent := func(v float64) string { return fmt.Sprintf("%+.2f %%", 100*v) }
	note := fmt.Sprintf("%s lines together %s. Those that gave most %s, those that took most %s.",
		number(float64(m.lines), 0), percent(m.total), percent(sumOf(m.given)), percent(sumOf(m.taken)))
	title := fmt.Sprintf("%s, %s to %s", s.x.universeName(m.universe), windowText(schemas.ContributionWindows[m.window]), longDate(m.session))
	s.section(title, note, "Gave most", ">Contribution", ">Return", ">Weight", " ", "Took most", ">Contribution", ">Return", ">Weight")
	cells := func(lines []mover, i int) []cell {
		if i >= len(lines) {
			return make([]cell, 4)
		}
		l := lines[i]
		share := style{line: true, format: "+0.00 %;-0.00 %;0.00 %"}
		return []cell{text(l.security, lined), {l.contribution, share}, optCell(l.ret, share), optCell(l.weight, style{line: true, format: "0.00 %"})}
	}
	for i := range max(len(m.given), len(m.taken)) {
		s.add(bandHeight, slices.Concat(cells(m.given, i), []cell{{}}, cells(m.taken, i))...)
	}
}

// moverChart draws the contributions of the lines that gave most, of which the
// names of the columns stand in a row.
func (x *workbook) moverChart(m movers, heads int) error {
	if len(m.given) == 0 {
		return nil
	}
	first, last := heads+1, heads+len(m.given)
	title := "What gave most to the " + x.universeName(m.universe) + ", " + windowText(schemas.ContributionWindows[m.window])
	small := excelize.Font{Family: fontName, Size: 8, Color: dimColor}
	gap, oneColor := uint(40), false
	x.charts++
	column, err := excelize.ColumnNumberToName(moverChart)
	if err != nil {
		return err
	}
	err = x.file.AddChart(contributorSheet, fmt.Sprintf("%s%d", column, heads-2), &excelize.Chart{
		Type: excelize.Bar, GapWidth: &gap, VaryColors: &oneColor,
		Series: []excelize.ChartSeries{{
			Name:       fmt.Sprintf("'%s'!$B$%d", contributorSheet, heads),
			Categories: fmt.Sprintf("'%s'!$A$%d:$A$%d", contributorSheet, first, last),
			Values:     fmt.Sprintf("'%s'!$B$%d:$B$%d", contributorSheet, first, last),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{accentOf("contribution_summary")}},
		}},
		Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{
			Text: title, Font: &excelize.Font{Family: fontName, Size: 10, Bold: true, Color: inkColor},
		}}},
		Legend:    excelize.ChartLegend{Position: "none"},
		Dimension: excelize.ChartDimension{Width: uint(pixels(moverWidths[moverChart-1]) - 10), Height: 13 * rowPixels},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: small, TickLabelPosition: excelize.ChartTickLabelLow},
		YAxis:     excelize.ChartAxis{Font: small, MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0.0%"}},
		Border:    excelize.LineOptions{Type: excelize.LineNone},
		Format: excelize.GraphicOptions{
			Name: fmt.Sprintf("Chart %d", x.charts), OffsetY: 4, Positioning: "twoCell",
			AltText: fmt.Sprintf("Bar chart: %s, to %s", title, longDate(m.session)),
		},
	})
	if err != nil {
		return fmt.Errorf("chart %s: %w", title, err)
	}
	return x.editChart(chartEdit{1, `<smooth val="0"></smooth>`, ``}) // bars have no such thing
}
