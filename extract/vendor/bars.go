package vendor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// batch is how many rows are yielded at once.
const batch = 1 << 16

// source adapts a function that returns all rows of a window.
type source[T any] struct {
	file  *File
	kind  string
	fetch func(ctx context.Context, w schemas.Window) ([]T, error)
}

// Fetch implements [extract.Source].
func (s source[T]) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		err := s.file.check(s.kind, w)
		var all []T
		if err == nil {
			all, err = s.fetch(ctx, w)
		}
		if err == nil && len(all) == 0 {
			err = extract.ErrNoData
		}
		if err != nil {
			yield(nil, fmt.Errorf("vendor: %s: %s of %s: %w", s.file.Name, s.kind, w, err))
			return
		}
		for part := range slices.Chunk(all, batch) {
			if !yield(part, nil) {
				return
			}
		}
	}
}

var (
	_ extract.Source[schemas.Bar]         = source[schemas.Bar]{}
	_ extract.Source[schemas.Action]      = source[schemas.Action]{}
	_ extract.Source[schemas.Observation] = source[schemas.Observation]{}
	_ extract.Source[schemas.Rename]      = source[schemas.Rename]{}
)

// The columns of bars, in the order of columns[KindBars].
const (
	barSymbol = iota
	barDate
	barClose
	barOpen
	barHigh
	barLow
	barVolume
)

// Bars returns the source of raw.bar for a file. The part of a window is the
// file's name. Files are read in a stream: what is held is the window's rows,
// which come sorted by symbol and session. A row without a close is a session
// without a price and gives no bar. What cannot be a price (zero, negative, not
// a number) is refused, and so is a second row of a symbol and session; whether
// the high lies above the low is for others to judge.
func Bars(g extract.Getter, file File) extract.Source[schemas.Bar] {
	return source[schemas.Bar]{file: &file, kind: KindBars, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Bar, error) {
		var bars []schemas.Bar
		symbols := newInterner(file.Defaults["symbol"])
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			day, err := required(r, barDate, "date")
			if err != nil || !w.Contains(day) {
				return err
			}
			bar, ok, err := readBar(r, symbols)
			if err != nil || !ok {
				return err
			}
			bar.Publisher, bar.Session, bar.Adjustment, bar.Payload = file.Name, day, file.Adjustment, payload
			bars = append(bars, bar)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(bars, func(a, b schemas.Bar) int {
			return cmp.Or(strings.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Session, b.Session))
		})
		for i := 1; i < len(bars); i++ {
			if a, b := &bars[i-1], &bars[i]; a.Symbol == b.Symbol && a.Session == b.Session {
				return nil, duplicate(w, b.Payload, "two rows of %s on %s", b.Symbol, b.Session)
			}
		}
		return bars, nil
	}}
}

func readBar(r rows, symbols *interner) (bar schemas.Bar, ok bool, err error) {
	if bar.Symbol, err = symbols.read(r, barSymbol); err != nil {
		return bar, false, err
	}
	last, err := r.Number(barClose)
	if err != nil {
		return bar, false, fmt.Errorf("close of %s: %w", bar.Symbol, err)
	}
	if !last.OK {
		return bar, false, nil
	}
	if last.V <= 0 {
		return bar, false, fmt.Errorf("close of %s: %v is not a price", bar.Symbol, last.V)
	}
	bar.Close = last.V
	for _, n := range []struct {
		column int
		name   string
		to     *schemas.Opt[float64]
	}{{barOpen, "open", &bar.Open}, {barHigh, "high", &bar.High}, {barLow, "low", &bar.Low}, {barVolume, "volume", &bar.Volume}} {
		v, err := r.Number(n.column)
		if err != nil {
			return bar, false, fmt.Errorf("%s of %s: %w", n.name, bar.Symbol, err)
		}
		if v.OK && (v.V < 0 || v.V == 0 && n.column != barVolume) {
			return bar, false, fmt.Errorf("%s of %s: %v cannot be", n.name, bar.Symbol, v.V)
		}
		*n.to = v
	}
	return bar, true, nil
}

// check holds the description against the source that was made from it and the
// window it is asked for.
func (f *File) check(kind string, w schemas.Window) error {
	if err := f.Check(); err != nil {
		return err
	}
	if f.Kind != kind {
		return fmt.Errorf("the file holds %s", f.Kind)
	}
	if kind != KindLevels && w.Part != f.Name {
		return fmt.Errorf("the file fills the part %q only", f.Name)
	}
	return nil
}

// duplicate is the error of two rows where there can be one.
func duplicate(w schemas.Window, payload, what string, args ...any) error {
	return extract.Contract(Publisher, w, payload, fmt.Errorf(what, args...))
}

// required returns a row's day.
func required(r rows, column int, name string) (schemas.Date, error) {
	day, err := r.Date(column)
	switch {
	case err != nil:
		return schemas.NoDate, fmt.Errorf("%s: %w", name, err)
	case day == schemas.NoDate:
		return schemas.NoDate, fmt.Errorf("no %s", name)
	case day < schemas.MinLongDate:
		return schemas.NoDate, fmt.Errorf("%s: day %s is outside what can be stored", name, day)
	}
	return day, nil
}

// interner keeps one copy of each symbol. The texts of a row are parts of its
// line, which would be kept whole otherwise.
type interner struct {
	fixed string // where no column holds the symbol
	seen  map[string]string
}

func newInterner(fixed string) *interner {
	return &interner{fixed: fixed, seen: make(map[string]string)}
}

const maxSymbol = 64

func (n *interner) read(r rows, column int) (string, error) {
	text, err := r.Text(column)
	if err != nil {
		return "", fmt.Errorf("symbol: %w", err)
	}
	if text == "" {
		text = n.fixed
	}
	switch s, ok := n.seen[text]; {
	case ok:
		return s, nil
	case text == "":
		return "", errors.New("no symbol")
	case len(text) > maxSymbol || strings.TrimSpace(text) != text:
		return "", fmt.Errorf("%.40q is not a symbol", text)
	}
	s := strings.Clone(text)
	n.seen[s] = s
	return s, nil
}
