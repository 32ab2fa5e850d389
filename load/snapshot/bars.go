package snapshot

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"tidemark/schemas"
)

// Bars are the bars of one window. They are closed after use.
type Bars struct {
	part     string
	entries  []entry
	sessions []schemas.Date
	values   int64 // where in data they begin
	data     io.ReaderAt
	// renew gets the same bars anew where what is in the file is not what was
	// written; nil for bars in memory.
	renew func() (*Bars, error)
}

func open(part string, data io.ReaderAt, size int64) (*Bars, error) {
	b := &Bars{part: part, data: data}
	var err error
	b.entries, b.sessions, b.values, err = decodeHead(data, size)
	return b, err
}

// Close lets go of the file.
func (b *Bars) Close() error {
	if c, ok := b.data.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Extent says that there are bars of a symbol, and which days are the first and
// the last of them.
type Extent struct {
	Symbol      string
	First, Last schemas.Date
}

// Extents lists what there is in the half-open days [from, to), by symbol.
func (b *Bars) Extents(from, to schemas.Date) []Extent {
	out := make([]Extent, 0, len(b.entries))
	for i := range b.entries {
		e := &b.entries[i]
		days := b.days(e)
		if lo, hi := schemas.Within(days, from, to); lo < hi {
			out = append(out, Extent{e.symbol, days[lo], days[hi-1]})
		}
	}
	return out
}

func (b *Bars) days(e *entry) []schemas.Date { return b.sessions[e.first : e.first+e.bars] }

// All returns all bars, in the order of the window.
func (b *Bars) All() ([]schemas.BarSeries, error) {
	return b.whole(func(string) bool { return true }, schemas.MinLongDate, schemas.MaxLongDate)
}

// Of returns the bars of some symbols in the half-open days [from, to), in the
// order of the window.
func (b *Bars) Of(symbols []string, from, to schemas.Date) ([]schemas.BarSeries, error) {
	wanted := make(map[string]bool, len(symbols))
	for _, s := range symbols {
		wanted[s] = true
	}
	return b.whole(func(symbol string) bool { return wanted[symbol] }, from, to)
}

// whole reads values and, where they are damaged, those that were made anew.
func (b *Bars) whole(wanted func(symbol string) bool, from, to schemas.Date) ([]schemas.BarSeries, error) {
	out, err := b.read(wanted, from, to)
	if !errors.Is(err, errDamaged) || b.renew == nil {
		return out, err
	}
	anew, err := b.renew()
	if err != nil {
		return nil, err
	}
	if err := b.Close(); err != nil {
		return nil, err
	}
	*b = *anew
	b.renew = nil
	return b.read(wanted, from, to)
}

func (b *Bars) read(wanted func(symbol string) bool, from, to schemas.Date) ([]schemas.BarSeries, error) {
	var out []schemas.BarSeries
	var buf []byte
	for i := range b.entries {
		e := &b.entries[i]
		if !wanted(e.symbol) {
			continue
		}
		lo, hi := schemas.Within(b.days(e), from, to)
		if lo == hi {
			continue
		}
		buf = slices.Grow(buf[:0], e.bars*barBytes)[:e.bars*barBytes]
		if _, err := b.data.ReadAt(buf, b.values+int64(e.first)*barBytes); err != nil {
			return nil, fmt.Errorf("read the bars of %s in a snapshot: %w", e.symbol, err)
		}
		s := schemas.BarSeries{Publisher: b.part, Symbol: e.symbol, Adjustment: e.adjustment, Sessions: b.days(e)}
		if err := decodeValues(e, buf, &s); err != nil {
			return nil, err
		}
		out = append(out, s.Slice(lo, hi))
	}
	return out, nil
}
