package excel

import (
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

// Brief is what the summary of a workbook says, for a letter that goes with it:
// the same sentences, figures and curves.
type Brief struct {
	Title    string
	AsOf     string // such as 5 December 2025
	KnownBy  string // when the newest of it was known
	Families []BriefFamily
}

// BriefFamily is a family of figures.
type BriefFamily struct {
	ID       string
	Name     string // of its sheet
	Accent   string // colour, as rrggbb
	Headline string
	Figures  []BriefFigure
	Chart    Curves // without lines where there is nothing to draw
}

// BriefFigure is a key figure as people read it. What is unknown is empty.
type BriefFigure struct {
	Name, Universe, Latest string
	Week, Year             string // changes; of shares in percentage points
	Percentile             string
	Missing                bool // of the newest day there is no value
}

// Curves is a chart.
type Curves struct {
	Title string
	Share bool // values are fractions, to be shown as percent
	Lines []Curve
}

// Curve is one line of a chart, oldest day first. Days without a value are left
// out.
type Curve struct {
	Name   string
	Color  string // rrggbb
	Days   []schemas.Date
	Values []float64
}

// NewBrief returns what the summary of a book says. It fails as Write does.
func NewBrief(b schemas.Book) (Brief, error) {
	families, err := shownFamilies(b)
	if err != nil {
		return Brief{}, err
	}
	x := &workbook{book: b, families: families}
	out := Brief{Title: x.title(), AsOf: longDate(b.AsOf), KnownBy: moment(b.KnownAt)}
	for _, f := range families {
		if len(f.columns) == 0 {
			continue
		}
		part := BriefFamily{ID: f.id, Name: f.sheet, Accent: f.accent, Headline: x.headline(f), Chart: x.curves(f, chartPlans[f.id][0])}
		for _, metrics := range keyFigures[f.id] {
			for _, c := range f.choose(metrics) {
				if !c.flat() {
					part.Figures = append(part.Figures, x.briefFigure(c.figure()))
				}
			}
		}
		out.Families = append(out.Families, part)
	}
	return out, nil
}

func (x *workbook) briefFigure(f figure) BriefFigure {
	m := f.metric
	move := func(v schemas.Opt[float64]) string {
		if !v.OK {
			return ""
		}
		said := number(v.V, m.Decimals)
		if v.V >= 0.5*math.Pow10(-m.Decimals) {
			said = "+" + said
		}
		if m.Unit == "fraction" {
			said += " pp"
		}
		return said
	}
	out := BriefFigure{
		Name: clean(m.Name), Universe: x.universeName(f.universe), Latest: shown(m, f.facts[f.row].Value.V),
		Week: move(f.week), Year: move(f.year), Missing: f.silent,
	}
	if f.rank.n >= f.pace().enough {
		out.Percentile = fmt.Sprintf("%.0f %%", 100*f.rank.percentile)
	}
	return out
}

// curves are the lines that the chart of a plan shows.
func (x *workbook) curves(f *family, p chartPlan) Curves {
	out := Curves{Title: p.title}
	shades := shadesOf(f.accent)
	for i, c := range p.lines(f) {
		out.Share = c.metric.Unit == "fraction"
		line := Curve{Name: x.universeName(c.universe), Color: shades[i]}
		if len(p.metrics) > 1 {
			line.Name = clean(c.metric.Name)
		}
		for row, fact := range slices.Backward(c.facts) {
			if hasValue(fact) {
				line.Days, line.Values = append(line.Days, f.days[row]), append(line.Values, fact.Value.V)
			}
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}
