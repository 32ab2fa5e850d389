package vendor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// The columns of levels, in the order of columns[KindLevels].
const (
	levelSymbol = iota
	levelDate
	levelValue
)

// Levels returns the source of raw.observation for a file of index or fund
// levels. The part of a window names the series, such as index:SPX or fund:SPY;
// see [File.Series]. Three layouts are read: a row for each symbol and day; a row
// for each day with a column for each symbol; and a file of a single series,
// whose symbol stands in Defaults. Rows come sorted by day. An empty cell gives
// no row; a level that is not positive is refused, and so are two of one day.
func Levels(g extract.Getter, file File) extract.Source[schemas.Observation] {
	return source[schemas.Observation]{file: &file, kind: KindLevels, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
		symbol := file.symbol(w.Part)
		unit := file.Unit
		switch {
		case unit != "":
		case strings.HasPrefix(w.Part, "index:"):
			unit = "Index"
		default:
			unit = "USD per share"
		}
		var levels []schemas.Observation
		symbols := newInterner(file.Defaults["symbol"])
		seen := file.Wide
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			day, err := required(r, levelDate, "date")
			if err != nil {
				return err
			}
			if !file.Wide {
				of, err := symbols.read(r, levelSymbol)
				if err != nil || of != symbol {
					return err
				}
				seen = true
			}
			if !w.Contains(day) {
				return nil
			}
			v, err := r.Number(levelValue)
			switch {
			case err != nil:
				return fmt.Errorf("%s on %s: %w", symbol, day, err)
			case v.OK && v.V <= 0:
				return fmt.Errorf("%s on %s: %v is not a level", symbol, day, v.V)
			case v.OK:
				levels = append(levels, schemas.Observation{
					Source: w.Part, Series: symbol, Date: day, Value: v, Unit: unit, Multiplier: cmp.Or(file.Multiplier, 1), Payload: payload,
				})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if !seen && len(levels) == 0 && !file.byYear() {
			return nil, fmt.Errorf("no row of %q", symbol)
		}
		slices.SortFunc(levels, func(a, b schemas.Observation) int { return cmp.Compare(a.Date, b.Date) })
		for i := 1; i < len(levels); i++ {
			if levels[i].Date == levels[i-1].Date {
				return nil, duplicate(w, levels[i].Payload, "two rows of %s on %s", symbol, levels[i].Date)
			}
		}
		return levels, nil
	}}
}

// symbol returns what a part of the levels is called in the file.
func (f *File) symbol(part string) string {
	if s, ok := f.Series[part]; ok {
		return s
	}
	if _, s, ok := strings.Cut(part, ":"); ok {
		return s
	}
	return part
}

// levelPlan is the plan for one series. In a wide file the other series'
// columns are known.
func (f *File) levelPlan(symbol string) *plan {
	if !f.Wide {
		return f.plan(columns[KindLevels].required, nil)
	}
	p := &plan{ignore: slices.Clone(f.Ignore), others: f.IgnoreOthers}
	for _, part := range f.Parts() {
		p.ignore = append(p.ignore, f.Series[part])
	}
	p.add("symbol", "", false)
	p.add("date", cmp.Or(f.Columns["date"], "date"), true)
	p.add("value", symbol, true)
	return p
}
