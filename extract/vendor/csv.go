package vendor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/readahead"

	"tidemark/extract"
	"tidemark/schemas"
)

// csvRows reads delimited text, gzipped or not.
type csvRows struct {
	style style
	csv   *extract.CSV
	at    []int // of the plan's columns in the file; -1 where the file has none
	close []io.Closer
}

var _ rows = (*csvRows)(nil)

func openCSV(p *extract.Payload, f *File, plan *plan) (_ rows, err error) {
	body, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("open the answer: %w", err)
	}
	r := &csvRows{style: f.style(), close: []io.Closer{body}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	text, err := r.unpack(body)
	if err != nil {
		return nil, err
	}
	if text, err = extract.Text(text); err != nil {
		return nil, err
	}
	layout := extract.CSVLayout{Others: f.IgnoreOthers, MaxRows: maxRows}
	layout.Required, layout.Optional = plan.layout()
	if f.Separator != "" {
		layout.Comma = f.Separator[0]
	}
	if r.csv, err = extract.NewCSV(text, layout); err != nil {
		return nil, err
	}
	r.at = make([]int, len(plan.headers))
	for i, h := range plan.headers {
		r.at[i] = -1
		if h != "" {
			r.at[i] = r.csv.Column(h)
		}
	}
	return r, nil
}

// unpack looks for gzip by its first bytes: a web server may have unpacked a
// .gz file on the way, and a file may be packed without saying so.
func (r *csvRows) unpack(body io.Reader) (io.Reader, error) {
	in := &counter{r: body}
	b := bufio.NewReaderSize(in, 64<<10)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("not a gzip file: %w", err)
	}
	// A year of a market is unpacked on one processor while it is read on another.
	ahead := readahead.NewReader(&unpacked{r: z, packed: in})
	r.close = append(r.close, z, ahead)
	return ahead, nil
}

func (r *csvRows) Next() bool    { return r.csv.Next() }
func (r *csvRows) Err() error    { return r.csv.Err() }
func (r *csvRows) Where() string { return fmt.Sprintf("line %d", r.csv.Line()) }

func (r *csvRows) Has(column int) bool { return r.at[column] >= 0 }

func (r *csvRows) Text(column int) (string, error) {
	return r.style.text(r.cell(column)), nil
}

func (r *csvRows) Number(column int) (schemas.Opt[float64], error) {
	return r.style.number(r.cell(column))
}

func (r *csvRows) Date(column int) (schemas.Date, error) { return r.style.date(r.cell(column)) }

func (r *csvRows) cell(column int) string {
	if r.at[column] < 0 {
		return ""
	}
	return r.csv.At(r.at[column])
}

func (r *csvRows) Close() error {
	var err error
	for _, c := range slices.Backward(r.close) {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Bounds of unpacking. Text of prices shrinks by three to ten; whatever shrinks
// by hundreds is no such text.
const (
	maxUnpackRatio = 200
	minUnpackBytes = 64 << 20
)

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// unpacked stops a packed file that grows without end.
type unpacked struct {
	r      io.Reader
	packed *counter
	n      int64
}

func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	u.n += int64(n)
	if u.n > minUnpackBytes && u.n/maxUnpackRatio > u.packed.n {
		return 0, fmt.Errorf("the file unpacks to more than %d times its size; refused", maxUnpackRatio)
	}
	return n, err
}
