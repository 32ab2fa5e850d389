package excel

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tidemark/schemas"
)

// family is the facts of one family: a row for each day, newest first, and a
// column for each metric of each universe.
type family struct {
	id, sheet string
	accent    string
	days      []schemas.Date // newest first
	columns   []*column
	silent    []*column // columns without a single value; they are not shown
	facts     int
	index     map[pair]*column
}

type pair struct{ metric, universe string }

// column is one metric of one universe. Its facts stand in the order of the
// family's days; nil where there is none.
type column struct {
	metric   schemas.Metric
	universe string
	order    int // of the metric in the register
	facts    []*schemas.Fact
	cell     int // 1-based number of the sheet's column
}

type familyLook struct{ id, sheet, accent string }

// The families in the order of the register, with the colour of each.
var familyLooks = []familyLook{
	{"concentration", "Concentration", "2B5C8A"},
	{"contribution_summary", "Contribution", "8A2B4A"},
	{"breadth", "Breadth", "2C7A5A"},
	{"dispersion", "Dispersion", "7A6A1F"},
	{"size", "Size", "B2601A"},
	{"valuation", "Valuation", "8A5A2B"},
	{"liquidity", "Liquidity", "6A4A9C"},
	{"allocation", "Allocation", "2F6F73"},
}

// accentOf is the colour of a family.
func accentOf(id string) string {
	for _, l := range familyLooks {
		if l.id == id {
			return l.accent
		}
	}
	return ruleGrey
}

// gather arranges the facts by family. Facts may come in any order. Where two
// speak of the same metric, universe and day, the one known later counts.
func gather(b schemas.Book) ([]*family, error) {
	order := map[string]int{}
	metrics := schemas.Register()
	for i, m := range metrics {
		order[m.ID] = i
	}
	byID := map[string]*family{}
	families := make([]*family, 0, len(familyLooks))
	for _, l := range familyLooks {
		f := &family{id: l.id, sheet: l.sheet, accent: l.accent, index: map[pair]*column{}}
		families, byID[l.id] = append(families, f), f
	}
	days := map[string]map[schemas.Date]int{}
	var at pair
	var c *column
	var seen map[schemas.Date]int
	place := func(f *schemas.Fact) error {
		if p := (pair{f.Metric, f.Universe}); c == nil || p != at {
			i, ok := order[f.Metric]
			if !ok {
				return fmt.Errorf("excel: metric %q is not in the register", f.Metric)
			}
			of, ok := byID[metrics[i].Family]
			if !ok {
				return fmt.Errorf("excel: metric %s is of family %q, which has no sheet", f.Metric, metrics[i].Family)
			}
			if c = of.index[p]; c == nil {
				c = &column{metric: metrics[i], universe: f.Universe, order: i}
				of.index[p] = c
				of.columns = append(of.columns, c)
			}
			if seen = days[of.id]; seen == nil {
				seen = map[schemas.Date]int{}
				days[of.id] = seen
			}
			at = p
		}
		if f.Value.OK && (math.IsNaN(f.Value.V) || math.IsInf(f.Value.V, 0)) {
			return fmt.Errorf("excel: %s of %s on %s is not a number", f.Metric, f.Universe, f.Session)
		}
		seen[f.Session] = 0
		return nil
	}
	for i := range b.Facts {
		if err := place(&b.Facts[i]); err != nil {
			return nil, err
		}
	}
	for _, f := range families {
		f.arrange(days[f.id])
	}
	at, c = pair{}, nil
	for i := range b.Facts {
		f := &b.Facts[i]
		if p := (pair{f.Metric, f.Universe}); c == nil || p != at {
			of := byID[metrics[order[f.Metric]].Family]
			c, seen, at = of.index[p], days[of.id], p
		}
		row := seen[f.Session]
		if old := c.facts[row]; old == nil || compareFacts(old, f) < 0 {
			c.facts[row] = f
		}
	}
	for _, f := range families {
		f.hideSilent()
	}
	return families, nil
}

// arrange numbers the days and orders the columns: universe by universe, and
// within each as in the register.
func (f *family) arrange(days map[schemas.Date]int) {
	for d := range days {
		f.days = append(f.days, d)
	}
	slices.SortFunc(f.days, func(x, y schemas.Date) int { return cmp.Compare(y, x) })
	for i, d := range f.days {
		days[d] = i
	}
	slices.SortFunc(f.columns, func(x, y *column) int {
		return cmp.Or(compareUniverses(x.universe, y.universe), cmp.Compare(x.order, y.order))
	})
	for _, c := range f.columns {
		c.facts = make([]*schemas.Fact, len(f.days))
	}
}

// hideSilent sets aside the columns without a value, such as a return over ten
// years in a book of three, and numbers the others.
func (f *family) hideSilent() {
	all := f.columns
	f.columns = nil
	for _, c := range all {
		for _, x := range c.facts {
			if x != nil {
				f.facts++
			}
		}
		if slices.ContainsFunc(c.facts, hasValue) {
			f.columns = append(f.columns, c)
			c.cell = len(f.columns) + 1
		} else {
			f.silent = append(f.silent, c)
		}
	}
}

// hasValue reports whether there is a fact and it has a value.
func hasValue(f *schemas.Fact) bool { return f != nil && f.Value.OK && f.Status.HasValue() }

// compareFacts orders facts of one metric, universe and day: the one to show
// comes last. Beyond the knowledge time the order has no meaning, but must be
// one, so that the same facts in another order give the same workbook.
func compareFacts(x, y *schemas.Fact) int {
	return cmp.Or(
		x.KnownAt.Compare(y.KnownAt), cmp.Compare(x.Method, y.Method), cmp.Compare(x.Run, y.Run),
		cmp.Compare(x.Status, y.Status), cmp.Compare(x.Value.V, y.Value.V), cmp.Compare(x.Detail, y.Detail),
	)
}

// universeRank puts the large before the small, and indices before others.
var universeRank = map[string]int{
	"SPX_MEMBERS": -9, "SP400_MEMBERS": -8, "SP600_MEMBERS": -7, "R1000_MEMBERS": -6, "R2000_MEMBERS": -5, "RMICRO_MEMBERS": -4,
}

// compareUniverses orders universes by rank and name; pairs come after what
// they are pairs of.
func compareUniverses(x, y string) int {
	xs, xl, xPair := strings.Cut(x, "~")
	ys, yl, yPair := strings.Cut(y, "~")
	switch {
	case xPair && !yPair:
		return 1
	case yPair && !xPair:
		return -1
	}
	return cmp.Or(
		cmp.Compare(universeRank[xl], universeRank[yl]), cmp.Compare(universeRank[xs], universeRank[ys]),
		strings.Compare(x, y),
	)
}

// universeName is what people call a universe.
func (x *workbook) universeName(u string) string {
	if n := clean(x.book.Names[u]); n != "" {
		return n
	}
	if small, large, ok := strings.Cut(u, "~"); ok {
		return x.universeName(small) + " against " + x.universeName(large)
	}
	return clean(u)
}

// newest returns the row of the newest fact, and of the newest with a value;
// -1 where there is none.
func (c *column) newest() (fact, value int) {
	return slices.IndexFunc(c.facts, func(f *schemas.Fact) bool { return f != nil }), slices.IndexFunc(c.facts, hasValue)
}

// pace is how often a figure comes.
type pace struct {
	every            string // day, week or month
	day, week, month int    // observations in one; 0 where that is less than one
	enough           int    // observations in about a year
}

var (
	daily   = pace{"day", 1, 5, 21, 250}
	weekly  = pace{"week", 0, 1, 4, 50}
	monthly = pace{"month", 0, 0, 1, 12}
)

// pace goes by the distance of the two newest facts.
func (c *column) pace() pace {
	newest := schemas.NoDate
	for _, f := range c.facts {
		switch {
		case f == nil:
		case newest == schemas.NoDate:
			newest = f.Session
		case newest-f.Session > 20:
			return monthly
		case newest-f.Session > 5:
			return weekly
		default:
			return daily
		}
	}
	return daily
}

// change is how much the value in the row differs from the one that many
// observations before it; none where either is missing.
func (c *column) change(row, observations int) schemas.Opt[float64] {
	for i, f := range c.facts[row+1:] {
		if f == nil {
			continue
		}
		if observations--; observations > 0 {
			continue
		}
		if !hasValue(f) {
			break
		}
		return schemas.Some(c.facts[row].Value.V - c.facts[row+1+i].Value.V)
	}
	return schemas.None[float64]()
}

// changeOfYear is the change since the last value of the year before.
func (c *column) changeOfYear(row int) schemas.Opt[float64] {
	year := c.facts[row].Session.Year()
	for _, f := range c.facts[row+1:] {
		if f == nil || f.Session.Year() == year {
			continue
		}
		if !hasValue(f) || f.Session.Year() != year-1 {
			break
		}
		return schemas.Some(c.facts[row].Value.V - f.Value.V)
	}
	return schemas.None[float64]()
}

// rank says where the value in the row stands among all values up to it: as a
// percentile rank, (count below + half of the ties)/n, this one included, and
// as the shares of the values below and above it.
type rank struct {
	percentile   float64
	below, above float64
	n            int
	since        schemas.Date
}

func (c *column) rank(row int) rank {
	var r rank
	v := c.facts[row].Value.V
	below, above, ties := 0, 0, 0
	for _, f := range c.facts[row:] {
		if !hasValue(f) {
			continue
		}
		r.since = f.Session
		switch {
		case f.Value.V < v:
			below++
		case f.Value.V > v:
			above++
		default:
			ties++
		}
	}
	r.n = below + above + ties
	n := float64(r.n)
	r.percentile = (float64(below) + 0.5*float64(ties)) / n
	r.below, r.above = float64(below)/n, float64(above)/n
	return r
}
