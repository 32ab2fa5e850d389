package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"tidemark/schemas"
)

// A file has, in little-endian order:
//
//	magic, and a number for the length and the checksum of the contents
//	contents: for each series its symbol, its adjustment, how many bars it has
//	and the checksum of its values
//	the sessions of all series, and their checksum
//	for each series: closes, highs, lows, volumes, and what of them is known
//
// The values of a series lie together, so that those of a few symbols are read
// without the others. What is read is held against its checksum: a file may have
// been cut short, or gone bad where it lies.
const magic = "tidemark bars 1\n"

// barBytes is what the values of a bar take, beside its session.
const barBytes = 4*8 + 1

const sessionBytes = 4

var checksums = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that a file is not what was written.
var errDamaged = errors.New("the snapshot is damaged")

// entry describes a series in the contents of a file.
type entry struct {
	symbol, adjustment string
	bars               int
	checksum           uint32
	first              int // of its bars among all
}

// encode writes the series of a window.
func encode(series []schemas.BarSeries) []byte {
	bars, names := 0, 0
	for i := range series {
		bars += series[i].Len()
		names += len(series[i].Symbol) + len(series[i].Adjustment) + 4*binary.MaxVarintLen32
	}
	values := make([]byte, 0, bars*barBytes)
	contents := make([]byte, 0, names)
	sessions := make([]byte, 0, bars*sessionBytes+4)
	for i := range series {
		s := &series[i]
		from := len(values)
		for _, column := range [][]float64{s.Close, s.High, s.Low, s.Volume} {
			for _, v := range column {
				values = binary.LittleEndian.AppendUint64(values, math.Float64bits(v))
			}
		}
		for _, k := range s.Known {
			values = append(values, byte(k))
		}
		for _, d := range s.Sessions {
			sessions = binary.LittleEndian.AppendUint32(sessions, uint32(d))
		}
		contents = appendText(appendText(contents, s.Symbol), s.Adjustment)
		contents = binary.AppendUvarint(contents, uint64(s.Len()))
		contents = binary.LittleEndian.AppendUint32(contents, crc32.Checksum(values[from:], checksums))
	}
	sessions = binary.LittleEndian.AppendUint32(sessions, crc32.Checksum(sessions, checksums))
	head := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(contents)))
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(contents, checksums))
	out := make([]byte, 0, len(head)+len(contents)+len(sessions)+len(values))
	return append(append(append(append(out, head...), contents...), sessions...), values...)
}

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

// decodeHead reads everything but the values: what a snapshot keeps in memory.
func decodeHead(r io.ReaderAt, size int64) (entries []entry, sessions []schemas.Date, values int64, err error) {
	fail := func(what string) ([]entry, []schemas.Date, int64, error) {
		return nil, nil, 0, fmt.Errorf("%w: %s", errDamaged, what)
	}
	head := make([]byte, len(magic)+8)
	if _, err := r.ReadAt(head, 0); err != nil || string(head[:len(magic)]) != magic {
		return fail("it does not begin as one")
	}
	length := int64(binary.LittleEndian.Uint32(head[len(magic):]))
	if length > size {
		return fail("it is too short")
	}
	contents := make([]byte, length)
	if _, err := r.ReadAt(contents, int64(len(head))); err != nil {
		return fail("it is too short")
	}
	if crc32.Checksum(contents, checksums) != binary.LittleEndian.Uint32(head[len(magic)+4:]) {
		return fail("its contents have another checksum")
	}
	c := cursor{rest: contents}
	bars := 0
	for len(c.rest) > 0 && !c.bad {
		e := entry{symbol: c.text(), adjustment: c.text(), bars: int(c.number()), checksum: c.uint32(), first: bars}
		bars += e.bars
		entries = append(entries, e)
	}
	at := int64(len(head)) + length
	values = at + int64(bars)*sessionBytes + 4
	if c.bad || size != values+int64(bars)*barBytes {
		return fail("its contents and its length differ")
	}
	days := make([]byte, bars*sessionBytes+4)
	if _, err := r.ReadAt(days, at); err != nil {
		return fail("it is too short")
	}
	sum := binary.LittleEndian.Uint32(days[len(days)-4:])
	if days = days[:len(days)-4]; crc32.Checksum(days, checksums) != sum {
		return fail("its sessions have another checksum")
	}
	sessions = make([]schemas.Date, bars)
	for i := range sessions {
		sessions[i] = schemas.Date(int32(binary.LittleEndian.Uint32(days[i*sessionBytes:])))
	}
	return entries, sessions, values, nil
}

// decodeValues reads the values of a series.
func decodeValues(e *entry, from []byte, into *schemas.BarSeries) error {
	if crc32.Checksum(from, checksums) != e.checksum {
		return fmt.Errorf("%w: the values of %s have another checksum", errDamaged, e.symbol)
	}
	n := e.bars
	all := make([]float64, 4*n)
	for i := range all {
		all[i] = math.Float64frombits(binary.LittleEndian.Uint64(from[i*8:]))
	}
	into.Close, into.High, into.Low, into.Volume = all[:n:n], all[n:2*n:2*n], all[2*n:3*n:3*n], all[3*n:]
	into.Known = make([]schemas.BarKnown, n)
	for i, k := range from[4*n*8:] {
		into.Known[i] = schemas.BarKnown(k)
	}
	return nil
}

// cursor reads the contents of a file. Whatever does not fit makes it bad.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) number() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 || v > math.MaxInt32 {
		c.bad = true
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) text() string { return string(c.take(int(c.number()))) }

func (c *cursor) uint32() uint32 {
	b := c.take(4)
	if c.bad {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.bad = true
		return nil
	}
	out := c.rest[:n]
	c.rest = c.rest[n:]
	return out
}
