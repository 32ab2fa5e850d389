package clickhouse

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"tidemark/schemas"
)

// The instants that can be stored. ClickHouse's DateTime64(3) begins with
// 1900 and ends with 2299, but the client counts nanoseconds on the way,
// which ends in the spring of 2262.
var (
	minTime = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2262, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// encoder checks the rows of one table and turns each into the bytes that its
// hash is taken of.
type encoder[T any] struct {
	t       schemas.Table[T]
	content []schemas.Field[T]     // the columns that say something
	origin  []schemas.Field[T]     // the columns that say where it came from
	key     []schemas.Field[T]     // the sort key
	part    func(*T) *string       // whose windows they are
	date    func(*T) *schemas.Date // what the windows are cut by; nil where days do not matter
}

func newEncoder[T any](t schemas.Table[T]) encoder[T] {
	e := encoder[T]{t: t}
	for _, f := range t.Fields {
		if f.Origin {
			e.origin = append(e.origin, f)
		} else {
			e.content = append(e.content, f)
		}
		switch f.Name {
		case t.PartColumn:
			e.part = f.Text
		case t.DateColumn:
			e.date = f.Date
		}
	}
	for _, name := range t.SortKey() {
		for _, f := range t.Fields {
			if f.Name == name {
				e.key = append(e.key, f)
			}
		}
	}
	return e
}

// measureBlock is how many rows are checked and hashed at a time. The hash of
// rows does not depend on their order, so that blocks can be taken side by side.
const measureBlock = 1 << 16

// digest stands for rows: for all their columns, and for those that say
// something.
type digest struct{ all, content fingerprint }

func (d *digest) join(o digest) {
	d.all.join(o.all)
	d.content.join(o.content)
}

// measured is what is known of rows before they are sent.
type measured struct {
	digest
	days map[schemas.Date]*digest // the same by day
}

func (m *measured) add(day schemas.Date, d digest) {
	m.join(d)
	if m.days[day] == nil {
		m.days[day] = new(digest)
	}
	m.days[day].join(d)
}

// measure checks and measures every row. Of several rows that cannot be stored
// it reports the first.
func (e encoder[T]) measure(rows []T) (measured, error) {
	blocks := make([]measured, (len(rows)+measureBlock-1)/measureBlock)
	errs := make([]error, len(blocks))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k := range blocks {
		group.Go(func() error {
			blocks[k], errs[k] = e.measureRows(rows, k*measureBlock, min(len(rows), (k+1)*measureBlock))
			return nil // the first by position is wanted, not by time
		})
	}
	_ = group.Wait() // see above
	m := measured{days: make(map[schemas.Date]*digest)}
	for k := range blocks {
		if errs[k] != nil {
			return m, errs[k]
		}
		for day, d := range blocks[k].days {
			m.add(day, *d)
		}
	}
	return m, nil
}

func (e encoder[T]) measureRows(rows []T, from, to int) (measured, error) {
	m := measured{days: make(map[schemas.Date]*digest)}
	var buf []byte
	for i := from; i < to; i++ {
		var d digest
		var err error
		if buf, err = e.append(buf[:0], e.content, rows, i); err != nil {
			return m, err
		}
		d.content.add(buf)
		if buf, err = e.append(buf, e.origin, rows, i); err != nil {
			return m, err
		}
		d.all.add(buf)
		m.add(e.day(&rows[i]), d)
	}
	return m, nil
}

// day returns the day a row belongs to, or NoDate where days do not matter.
func (e encoder[T]) day(row *T) schemas.Date {
	if e.date == nil {
		return schemas.NoDate
	}
	return *e.date(row)
}

// append adds the encoding of the given columns of row i to buf. The form is
// ClickHouse's RowBinary, in which rowHashSQL hashes rows in the server: integers,
// days and bits of floating-point numbers in little-endian order, text with its
// length before it, and before each nullable column a byte that tells NULL from a
// value.
func (e encoder[T]) append(buf []byte, fields []schemas.Field[T], rows []T, i int) ([]byte, error) {
	row := &rows[i]
	for k := range fields {
		f := &fields[k]
		if problem := checked(f, row); problem != "" {
			return buf, e.refuse(rows, i, f.Name, problem)
		}
		switch f.Kind {
		case schemas.KindText, schemas.KindSymbol:
			s := *f.Text(row)
			buf = binary.AppendUvarint(buf, uint64(len(s)))
			buf = append(buf, s...)
		case schemas.KindDate:
			buf = binary.LittleEndian.AppendUint16(buf, uint16(*f.Date(row)))
		case schemas.KindLongDate:
			buf = appendInt32(buf, int32(*f.Date(row)))
		case schemas.KindOptDate:
			d := *f.Date(row)
			if buf = appendFlag(buf, d == schemas.NoDate); d != schemas.NoDate {
				buf = appendInt32(buf, int32(d))
			}
		case schemas.KindTime:
			buf = appendInt64(buf, f.Time(row).UnixMilli())
		case schemas.KindOptTime:
			t := f.Time(row)
			if buf = appendFlag(buf, t.IsZero()); !t.IsZero() {
				buf = appendInt64(buf, t.UnixMilli())
			}
		case schemas.KindFloat:
			buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(*f.Float(row)))
		case schemas.KindOptFloat:
			v := f.OptFloat(row)
			if buf = appendFlag(buf, !v.OK); v.OK {
				buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v.V))
			}
		case schemas.KindInt:
			buf = appendInt64(buf, *f.Int(row))
		case schemas.KindOptInt:
			v := f.OptInt(row)
			if buf = appendFlag(buf, !v.OK); v.OK {
				buf = appendInt64(buf, v.V)
			}
		case schemas.KindBool:
			buf = appendFlag(buf, *f.Bool(row))
		}
	}
	return buf, nil
}

func appendFlag(buf []byte, set bool) []byte {
	if set {
		return append(buf, 1)
	}
	return append(buf, 0)
}

func appendInt32(buf []byte, v int32) []byte {
	return binary.LittleEndian.AppendUint32(buf, uint32(v))
}

func appendInt64(buf []byte, v int64) []byte {
	return binary.LittleEndian.AppendUint64(buf, uint64(v))
}

// checked says why the value of a column cannot be stored, or nothing.
func checked[T any](f *schemas.Field[T], row *T) string {
	switch f.Kind {
	case schemas.KindText, schemas.KindSymbol:
		if s := *f.Text(row); !utf8.ValidString(s) {
			return fmt.Sprintf("%.40q is not UTF-8", s)
		}
	case schemas.KindDate:
		return dayProblem(*f.Date(row), schemas.MinDate, schemas.MaxDate)
	case schemas.KindLongDate:
		return dayProblem(*f.Date(row), schemas.MinLongDate, schemas.MaxLongDate)
	case schemas.KindOptDate:
		if d := *f.Date(row); d != schemas.NoDate {
			return dayProblem(d, schemas.MinLongDate, schemas.MaxLongDate)
		}
	case schemas.KindTime:
		return timeProblem(*f.Time(row))
	case schemas.KindOptTime:
		if t := *f.Time(row); !t.IsZero() {
			return timeProblem(t)
		}
	case schemas.KindFloat:
		return floatProblem(*f.Float(row))
	case schemas.KindOptFloat:
		if v := *f.OptFloat(row); v.OK {
			return floatProblem(v.V)
		}
	case schemas.KindInt, schemas.KindOptInt, schemas.KindBool:
		// Every value has its place.
	}
	return ""
}

func dayProblem(d, low, high schemas.Date) string {
	switch {
	case d == schemas.NoDate:
		return "there is no day"
	case d < low || d > high:
		return fmt.Sprintf("%s is outside %s to %s", d, low, high)
	}
	return ""
}

func timeProblem(t time.Time) string {
	switch {
	case t.IsZero():
		return "there is no time"
	case t.Before(minTime) || !t.Before(maxTime):
		return fmt.Sprintf("%s is outside %d to %d", t.UTC().Format(time.RFC3339), minTime.Year(), maxTime.Year()-1)
	}
	return ""
}

func floatProblem(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64) + " is not a value"
	}
	return ""
}

// checkWindow refuses a window that is not one of the table's, rows that do
// not belong in it, and two rows with one key.
func (e encoder[T]) checkWindow(w schemas.Window, rows []T) error {
	if w.Part == "" {
		return errors.New("the window has no part")
	}
	if own := e.t.Cut.Window(w.Part, w.From); own != w {
		return fmt.Errorf("%s to %s is not a window of this table; %s is", w.From, w.To, own)
	}
	for i := range rows {
		if e.part != nil && e.date != nil && *e.part(&rows[i]) == w.Part && w.Contains(*e.date(&rows[i])) {
			continue
		}
		if in := e.t.WindowOf(&rows[i]); in != w { // of rows without an end, days may lie outside
			return e.refuse(rows, i, "", fmt.Sprintf("belongs in window %s, not in %s", in, w))
		}
	}
	return e.checkUnique(rows)
}

func (e encoder[T]) checkUnique(rows []T) error {
	sorted := true
	for i := 1; i < len(rows) && sorted; i++ {
		sorted = e.compareKeys(&rows[i-1], &rows[i]) < 0
	}
	if sorted {
		return nil
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return e.compareKeys(&rows[a], &rows[b]) })
	for k := 1; k < len(order); k++ {
		if a, b := order[k-1], order[k]; e.compareKeys(&rows[a], &rows[b]) == 0 {
			return e.refuse(rows, b, "", fmt.Sprintf("has the same key as row %d", a))
		}
	}
	return nil
}

func (e encoder[T]) compareKeys(a, b *T) int {
	for k := range e.key {
		f := &e.key[k]
		var c int
		switch f.Kind {
		case schemas.KindText, schemas.KindSymbol:
			c = strings.Compare(*f.Text(a), *f.Text(b))
		case schemas.KindDate, schemas.KindLongDate:
			c = cmp.Compare(*f.Date(a), *f.Date(b))
		case schemas.KindTime:
			c = cmp.Compare(f.Time(a).UnixMilli(), f.Time(b).UnixMilli())
		case schemas.KindFloat:
			c = cmp.Compare(*f.Float(a), *f.Float(b))
		case schemas.KindInt:
			c = cmp.Compare(*f.Int(a), *f.Int(b))
		case schemas.KindBool:
			c = strings.Compare(strconv.FormatBool(*f.Bool(a)), strconv.FormatBool(*f.Bool(b)))
		case schemas.KindOptDate, schemas.KindOptTime, schemas.KindOptFloat, schemas.KindOptInt:
			panic("clickhouse: " + e.t.String() + " is sorted by the nullable column " + f.Name) // the server refuses such a table
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (e encoder[T]) refuse(rows []T, i int, column, problem string) error {
	row := &rows[i]
	var key []string
	for k := range e.key {
		key = append(key, e.key[k].Name+"="+shown(&e.key[k], row))
	}
	return &RowError{Table: e.t.String(), Row: i, Key: strings.Join(key, " "), Column: column, Problem: problem}
}

// shown returns a column's value for people.
func shown[T any](f *schemas.Field[T], row *T) string {
	switch f.Kind {
	case schemas.KindText, schemas.KindSymbol:
		return fmt.Sprintf("%.60s", strings.ToValidUTF8(*f.Text(row), "\uFFFD"))
	case schemas.KindDate, schemas.KindLongDate, schemas.KindOptDate:
		return f.Date(row).String()
	case schemas.KindTime, schemas.KindOptTime:
		return f.Time(row).UTC().Format(time.RFC3339)
	case schemas.KindFloat:
		return strconv.FormatFloat(*f.Float(row), 'g', -1, 64)
	case schemas.KindOptFloat:
		return fmt.Sprint(f.OptFloat(row).V)
	case schemas.KindInt:
		return strconv.FormatInt(*f.Int(row), 10)
	case schemas.KindOptInt:
		return strconv.FormatInt(f.OptInt(row).V, 10)
	case schemas.KindBool:
		return strconv.FormatBool(*f.Bool(row))
	}
	return ""
}
