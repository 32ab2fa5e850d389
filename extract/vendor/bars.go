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
// file's name. Files are read in a stream: what is held is the window's rows, in
// some sixty bytes each, which come sorted by symbol and session. A row without a
// close is a session without a price and gives no bar. What cannot be a price
// (zero, negative, not a number) is refused, and so is a second row of a symbol
// and session; whether the high lies above the low is for others to judge.
func Bars(g extract.Getter, file File) extract.Source[schemas.Bar] {
	return source[schemas.Bar]{file: &file, kind: KindBars, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Bar, error) {
		t := tape{file: &file, symbols: newInterner(file.Defaults["symbol"])}
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			day, err := required(r, barDate, "date")
			if err != nil || !w.Contains(day) {
				return err
			}
			return t.read(r, day, payload)
		})
		if err != nil {
			return nil, err
		}
		if err := t.sort(w); err != nil {
			return nil, err
		}
		return t.rows(), nil
	}}
}

// batch is how many bars are added to what is held at once.
const batch = 1 << 16

// tape holds the bars of a window in little room. The broad market of a year
// has two million, and a [schemas.Bar] is mostly texts that repeat.
type tape struct {
	file     *File
	symbols  *interner
	payloads []string
	full     [][]packedBar // in the order of the files, batch by batch: nothing is copied as it grows
	last     []packedBar
	bars     []packedBar // all of them, once they are sorted
}

// packedBar is a bar without its texts.
type packedBar struct {
	symbol  uint32 // among the symbols
	session schemas.Date
	payload uint32 // among the payloads
	known   uint8  // a bit for each of the values that may be missing
	values  [1 + optionalValues]float64
}

// The values of a packedBar after the close.
const optionalValues = barVolume - barClose

var valueNames = [1 + optionalValues]string{"close", "open", "high", "low", "volume"}

// read adds the bar of a row, if it has one.
func (t *tape) read(r rows, day schemas.Date, payload string) error {
	symbol, err := t.symbols.read(r, barSymbol)
	if err != nil {
		return err
	}
	b := packedBar{symbol: t.symbols.ids[symbol], session: day}
	for i, name := range valueNames {
		column := barClose + i
		v, err := r.Number(column)
		switch {
		case err != nil:
			return fmt.Errorf("%s of %s: %w", name, symbol, err)
		case !v.OK && column == barClose:
			return nil
		case v.OK && (v.V < 0 || v.V == 0 && column != barVolume):
			return fmt.Errorf("%s of %s: %v cannot be", name, symbol, v.V)
		case v.OK:
			b.values[i] = v.V
			b.known |= 1 << i
		}
	}
	if n := len(t.payloads); n == 0 || t.payloads[n-1] != payload {
		t.payloads = append(t.payloads, payload)
	}
	b.payload = uint32(len(t.payloads) - 1)
	if len(t.last) == batch {
		t.full, t.last = append(t.full, t.last), nil
	}
	if t.last == nil {
		t.last = make([]packedBar, 0, batch)
	}
	t.last = append(t.last, b)
	return nil
}

// sort puts the bars in the order of the table and refuses two in one place.
// Symbols are numbered as they come. Laid out by their place in the alphabet,
// the bars of most files are in order, for files are written by symbol or by
// session.
func (t *tape) sort(w schemas.Window) error {
	parts := append(t.full, t.last)
	ends := make([]int, len(t.symbols.list)) // of the symbol's bars among all
	for _, part := range parts {
		for i := range part {
			ends[part[i].symbol]++
		}
	}
	alphabet := make([]uint32, len(ends))
	for i := range alphabet {
		alphabet[i] = uint32(i)
	}
	slices.SortFunc(alphabet, func(a, b uint32) int { return strings.Compare(t.symbols.list[a], t.symbols.list[b]) })
	next, total := make([]int, len(ends)), 0
	for _, symbol := range alphabet {
		next[symbol] = total
		total += ends[symbol]
		ends[symbol] = total
	}
	t.bars = make([]packedBar, total)
	for k, part := range parts {
		for i := range part {
			b := &part[i]
			t.bars[next[b.symbol]] = *b
			next[b.symbol]++
		}
		parts[k] = nil
	}
	t.full, t.last = nil, nil
	from := 0
	for _, symbol := range alphabet {
		bars := t.bars[from:ends[symbol]]
		if bySession := func(a, b packedBar) int { return cmp.Compare(a.session, b.session) }; !slices.IsSortedFunc(bars, bySession) {
			slices.SortStableFunc(bars, bySession)
		}
		from = ends[symbol]
	}
	for i := 1; i < len(t.bars); i++ {
		if a, b := &t.bars[i-1], &t.bars[i]; a.symbol == b.symbol && a.session == b.session {
			return duplicate(w, t.payloads[b.payload], "two rows of %s on %s", t.symbols.list[b.symbol], b.session)
		}
	}
	return nil
}

// rows gives the bars with their texts.
func (t *tape) rows() []schemas.Bar {
	bars := make([]schemas.Bar, len(t.bars))
	for i := range t.bars {
		b := &t.bars[i]
		bars[i] = schemas.Bar{
			Publisher: t.file.Name, Symbol: t.symbols.list[b.symbol], Session: b.session,
			Open: b.optional(1), High: b.optional(2), Low: b.optional(3), Close: b.values[0], Volume: b.optional(4),
			Adjustment: t.file.Adjustment, Payload: t.payloads[b.payload],
		}
	}
	return bars
}

func (b *packedBar) optional(i int) schemas.Opt[float64] {
	return schemas.Opt[float64]{V: b.values[i], OK: b.known&(1<<i) != 0}
}
