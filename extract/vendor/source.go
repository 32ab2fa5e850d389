package vendor

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// source adapts a function that returns all rows of a window. They are yielded
// at once: whoever wants them would have to copy them together.
type source[T any] struct {
	file  *File
	kind  string
	fetch func(ctx context.Context, w schemas.Window) ([]T, error)
}

// Fetch implements [extract.Source].
func (s source[T]) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		err := s.file.check(s.kind, w)
		var rows []T
		if err == nil {
			rows, err = s.fetch(ctx, w)
		}
		if err == nil && len(rows) == 0 {
			err = extract.ErrNoData
		}
		if err != nil {
			yield(nil, s.wrap(w, err))
			return
		}
		yield(rows, nil)
	}
}

func (s source[T]) wrap(w schemas.Window, err error) error {
	return fmt.Errorf("vendor: %s: %s of %s: %w", s.file.Name, s.kind, w, err)
}

var (
	_ extract.Source[schemas.Bar]         = source[schemas.Bar]{}
	_ extract.Source[schemas.Action]      = source[schemas.Action]{}
	_ extract.Source[schemas.Observation] = source[schemas.Observation]{}
	_ extract.Source[schemas.Rename]      = source[schemas.Rename]{}
)

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
	ids   map[string]uint32
	list  []string // by id, in the order in which they came
}

func newInterner(fixed string) *interner {
	return &interner{fixed: fixed, ids: make(map[string]uint32)}
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
	switch id, ok := n.ids[text]; {
	case ok:
		return n.list[id], nil
	case text == "":
		return "", errors.New("no symbol")
	case len(text) > maxSymbol || strings.TrimSpace(text) != text:
		return "", fmt.Errorf("%.40q is not a symbol", text)
	}
	s := strings.Clone(text)
	n.ids[s] = uint32(len(n.list))
	n.list = append(n.list, s)
	return s, nil
}
