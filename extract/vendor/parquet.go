package vendor

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"tidemark/extract"
	"tidemark/schemas"
)

// batchRows is how many values of a column are decoded at once.
const batchRows = 4096

// parquetRows reads flat columns of a Parquet file side by side. A column is
// decoded only from the first row on that asks for it: rows of other years cost
// no more than their dates.
type parquetRows struct {
	style   style
	file    *os.File
	groups  []parquet.RowGroup
	leaves  []leaf
	columns []*cursor // of the current row group; nil where the file has none
	group   int       // index of the next row group
	left    int64     // rows left in the current one
	row     int64     // position in it
	total   int64     // rows read of the file
	err     error
}

var _ rows = (*parquetRows)(nil)

// leaf is a column of the plan as the file has it.
type leaf struct {
	index    int // among the leaf columns, -1 where absent
	kind     parquet.Kind
	optional bool
	// logical type: how whole numbers are to be read
	date  bool
	unit  time.Duration // of a timestamp, 0 if it is none
	scale float64       // of a decimal: 10 to the power of its digits; 0 if it is none
}

func openParquet(p *extract.Payload, f *File, plan *plan) (_ rows, err error) {
	file, size, err := spool(p)
	if err != nil {
		return nil, err
	}
	r := &parquetRows{style: f.style(), file: file}
	defer func() {
		if panicked := recover(); panicked != nil {
			err = unreadable(panicked)
		}
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if err := checkParquetFooter(file, size); err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, unreadable(err)
	}
	if r.leaves, err = findLeaves(pf, plan); err != nil {
		return nil, err
	}
	for i := range pf.Metadata().RowGroups {
		group := &pf.Metadata().RowGroups[i]
		for c, leaf := range r.leaves {
			if leaf.index < 0 {
				continue
			}
			if leaf.index >= len(group.Columns) {
				return nil, fmt.Errorf("row group %d has %d columns, fewer than the file", i, len(group.Columns))
			}
			if err := checkChunk(file, size, &group.Columns[leaf.index], group.NumRows, leaf.optional); err != nil {
				return nil, fmt.Errorf("row group %d, column %q: %w", i, plan.headers[c], err)
			}
		}
	}
	r.groups = pf.RowGroups()
	return r, nil
}

// spool copies an answer to a temporary file, since Parquet is read from its
// end.
func spool(p *extract.Payload) (_ *os.File, size int64, err error) {
	body, err := p.Open()
	if err != nil {
		return nil, 0, fmt.Errorf("open the answer: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	file, err := os.CreateTemp("", "tidemark-*.parquet")
	if err != nil {
		return nil, 0, fmt.Errorf("make a temporary file: %w", err)
	}
	if size, err = io.Copy(file, body); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("read the answer: %w", err), file.Close(), os.Remove(file.Name()))
	}
	return file, size, nil
}

// findLeaves finds the plan's columns among the file's.
func findLeaves(pf *parquet.File, plan *plan) ([]leaf, error) {
	fields := pf.Root().Columns()
	header := make([]string, len(fields))
	for i, c := range fields {
		header[i] = c.Name()
	}
	at, err := plan.match(1, header)
	if err != nil {
		return nil, err
	}
	leaves := make([]leaf, len(at))
	for i, j := range at {
		leaves[i] = leaf{index: -1}
		if j < 0 {
			continue
		}
		c := fields[j]
		if !c.Leaf() || c.Repeated() {
			return nil, fmt.Errorf("column %q is not a plain column", header[j])
		}
		if leaves[i], err = newLeaf(c); err != nil {
			return nil, fmt.Errorf("column %q: %w", header[j], err)
		}
	}
	return leaves, nil
}

func newLeaf(c *parquet.Column) (leaf, error) {
	l := leaf{index: c.Index(), kind: c.Type().Kind(), optional: c.Optional()}
	logical := c.Type().LogicalType()
	if logical == nil {
		return l, nil
	}
	switch v := logical.Value.(type) {
	case *format.DateType:
		l.date = true
	case *format.TimestampType:
		switch v.Unit.Value.(type) {
		case *format.MilliSeconds:
			l.unit = time.Millisecond
		case *format.MicroSeconds:
			l.unit = time.Microsecond
		case *format.NanoSeconds:
			l.unit = time.Nanosecond
		default:
			return l, errors.New("a timestamp of an unknown unit")
		}
	case *format.DecimalType:
		l.scale = math.Pow10(int(v.Scale))
	}
	return l, nil
}

// cursor reads the values of one column of one row group, forward.
type cursor struct {
	pages  parquet.Pages
	values parquet.ValueReader // of the current page
	inPage int64               // values left in it
	pos    int64               // values passed so far
	buf    []parquet.Value     // values from start on
	start  int64
}

// at returns the value of a row, which may not lie before one already passed
// by.
func (c *cursor) at(row int64) (parquet.Value, error) {
	if row < c.start+int64(len(c.buf)) && row >= c.start && len(c.buf) > 0 {
		return c.buf[row-c.start], nil
	}
	for {
		if c.inPage == 0 {
			if err := c.nextPage(row); err != nil {
				return parquet.Value{}, err
			}
			continue
		}
		if c.pos+c.inPage <= row {
			c.pos += c.inPage
			c.inPage = 0
			continue
		}
		if cap(c.buf) == 0 {
			c.buf = make([]parquet.Value, batchRows)
		}
		n, err := c.values.ReadValues(c.buf[:min(batchRows, c.inPage)])
		if err != nil && !errors.Is(err, io.EOF) {
			return parquet.Value{}, err
		}
		if n == 0 {
			return parquet.Value{}, errors.New("a page has fewer values than it says")
		}
		c.buf, c.start = c.buf[:n], c.pos
		c.pos += int64(n)
		c.inPage -= int64(n)
		if row < c.pos {
			return c.buf[row-c.start], nil
		}
	}
}

// nextPage goes to the page in which row lies.
func (c *cursor) nextPage(row int64) error {
	for {
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return errors.New("the column has fewer values than the file has rows")
		}
		if err != nil {
			return err
		}
		n := page.NumValues()
		if c.pos+n <= row {
			c.pos += n
			continue
		}
		c.values, c.inPage = page.Values(), n
		return nil
	}
}

func (r *parquetRows) Next() bool {
	if r.err != nil {
		return false
	}
	if r.left > 0 {
		r.left--
		r.row++
		r.total++
		return true
	}
	for r.group < len(r.groups) {
		r.closeGroup()
		g := r.groups[r.group]
		r.group++
		chunks := g.ColumnChunks()
		r.columns = make([]*cursor, len(r.leaves))
		for i, l := range r.leaves {
			if l.index >= 0 {
				r.columns[i] = &cursor{pages: chunks[l.index].Pages()}
			}
		}
		if n := g.NumRows(); n > 0 {
			r.left, r.row = n-1, 0
			r.total++
			return true
		}
	}
	return false
}

func (r *parquetRows) Err() error    { return r.err }
func (r *parquetRows) Where() string { return fmt.Sprintf("row %d", r.total) }

func (r *parquetRows) Has(column int) bool { return r.leaves[column].index >= 0 }

// value returns the current row's value in a column, null where the file has no
// such column. The library answers some damage with a panic.
func (r *parquetRows) value(column int) (v parquet.Value, err error) {
	c := r.columns[column]
	if c == nil {
		return parquet.Value{}, nil
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			err = unreadable(panicked)
		}
	}()
	if v, err = c.at(r.row); err != nil {
		err = unreadable(err)
	}
	return v, err
}

// unreadable reports what the library found wrong, which can be a text of any
// length out of the file.
func unreadable(cause any) error {
	return fmt.Errorf("not a readable Parquet file: %.300v", cause)
}

func (r *parquetRows) Text(column int) (string, error) {
	v, err := r.value(column)
	if err != nil || v.IsNull() {
		return "", err
	}
	switch r.leaves[column].kind {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return r.style.text(string(v.ByteArray())), nil
	case parquet.Int32, parquet.Int64:
		return strconv.FormatInt(whole(v), 10), nil
	default:
		return "", fmt.Errorf("%s is not text", v.Kind())
	}
}

func (r *parquetRows) Number(column int) (schemas.Opt[float64], error) {
	v, err := r.value(column)
	if err != nil || v.IsNull() {
		return schemas.None[float64](), err
	}
	l := &r.leaves[column]
	switch l.kind {
	case parquet.Double:
		return r.style.finite(v.Double())
	case parquet.Float:
		return r.style.finite(float64(v.Float()))
	case parquet.Int32, parquet.Int64:
		n := float64(whole(v))
		switch {
		case l.date || l.unit != 0:
			return schemas.None[float64](), errors.New("a day is not a number")
		case l.scale != 0:
			n /= l.scale
		}
		return schemas.Some(n), nil
	case parquet.ByteArray:
		if l.scale == 0 {
			return r.style.number(string(v.ByteArray()))
		}
	default:
	}
	return schemas.None[float64](), fmt.Errorf("%s is not read as a number", v.Kind())
}

// julianEpoch is 1970-01-01 in the day count of the old timestamps of 96 bits.
const julianEpoch = 2440588

// Date reads a day, a timestamp at midnight, a text or a number such as
// 20250909 in the file's layout. A timestamp with a time of day is refused:
// which day it is depends on a zone.
func (r *parquetRows) Date(column int) (schemas.Date, error) {
	v, err := r.value(column)
	if err != nil || v.IsNull() {
		return schemas.NoDate, err
	}
	l := &r.leaves[column]
	switch {
	case l.date:
		return long(int64(v.Int32()))
	case l.unit != 0:
		perDay := int64(24 * time.Hour / l.unit)
		n := v.Int64()
		if n%perDay != 0 {
			return schemas.NoDate, fmt.Errorf("%s has a time of day", time.Unix(0, 0).UTC().Add(time.Duration(n%perDay)*l.unit).Format(time.TimeOnly))
		}
		return long(n / perDay)
	case l.kind == parquet.Int96:
		n := v.Int96()
		if n[0] != 0 || n[1] != 0 {
			return schemas.NoDate, errors.New("a timestamp with a time of day")
		}
		return long(int64(n[2]) - julianEpoch)
	}
	text, err := r.Text(column)
	if err != nil {
		return schemas.NoDate, err
	}
	return r.style.date(text)
}

// long refuses days that no table can hold.
func long(days int64) (schemas.Date, error) {
	if days < int64(schemas.MinLongDate) || days > int64(schemas.MaxLongDate) {
		return schemas.NoDate, fmt.Errorf("day %d since 1970-01-01 is outside %s to %s", days, schemas.MinLongDate, schemas.MaxLongDate)
	}
	return schemas.Date(days), nil
}

func whole(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func (r *parquetRows) closeGroup() {
	for _, c := range r.columns {
		if c != nil {
			// Closing gives back buffers; there is nothing to lose.
			_ = c.pages.Close()
		}
	}
	r.columns = nil
}

func (r *parquetRows) Close() error {
	r.closeGroup()
	return errors.Join(r.file.Close(), os.Remove(r.file.Name()))
}
