package excel

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"
)

// archive is a zip file whose members stand in a fixed order, whatever the
// order in which they come: excelize hands over streamed sheets in the order
// of a map. Members are compressed as they come, piece by piece and several
// pieces at a time, so that but for those only compressed bytes are in memory.
type archive struct {
	w       io.Writer
	members []*member
	work    errgroup.Group
}

type member struct {
	a      *archive
	name   string
	size   uint64
	sum    uint32
	piece  []byte // not compressed yet
	before []byte // what stands before it, to which it may refer
	pieces []*bytes.Buffer
}

const (
	pieceSize = 1 << 20
	farthest  = 1 << 15 // how far back the compressed form can refer
)

func newArchive(w io.Writer) excelize.ZipWriter {
	a := &archive{w: w}
	a.work.SetLimit(runtime.GOMAXPROCS(0))
	return a
}

// Create begins a member. The ones before it are complete.
func (a *archive) Create(name string) (io.Writer, error) {
	a.complete()
	m := &member{a: a, name: name}
	a.members = append(a.members, m)
	return m, nil
}

// complete ends the newest member.
func (a *archive) complete() {
	if n := len(a.members); n > 0 {
		a.members[n-1].compress(true)
	}
}

func (m *member) Write(p []byte) (int, error) {
	m.size += uint64(len(p))
	m.sum = crc32.Update(m.sum, crc32.IEEETable, p)
	for rest := p; len(rest) > 0; {
		n := min(len(rest), pieceSize-len(m.piece))
		m.piece = append(m.piece, rest[:n]...)
		rest = rest[n:]
		if len(m.piece) == pieceSize {
			m.compress(false)
		}
	}
	return len(p), nil
}

// compress takes the piece at hand off to be compressed. The pieces of a member
// stand behind one another as if they had been compressed in one go.
func (m *member) compress(last bool) {
	piece, before, to := m.piece, m.before, new(bytes.Buffer)
	m.pieces = append(m.pieces, to)
	m.piece, m.before = nil, piece[max(len(piece)-farthest, 0):]
	m.a.work.Go(func() error {
		z, err := flate.NewWriterDict(to, 5, before)
		if err == nil {
			_, err = z.Write(piece)
		}
		switch {
		case err != nil:
		case last:
			err = z.Close()
		default:
			err = z.Flush()
		}
		if err != nil {
			return fmt.Errorf("compress %s: %w", m.name, err)
		}
		return nil
	})
}

// AddFS is not needed for workbooks.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the file.
func (a *archive) Close() error {
	a.complete()
	if err := a.work.Wait(); err != nil {
		return err
	}
	slices.SortFunc(a.members, func(x, y *member) int {
		// Readers that look at the first bytes only expect this one first.
		const first = "[Content_Types].xml"
		switch {
		case x.name == first:
			return -1
		case y.name == first:
			return 1
		}
		return strings.Compare(x.name, y.name)
	})
	z := zip.NewWriter(a.w)
	for _, m := range a.members {
		compressed := uint64(0)
		for _, piece := range m.pieces {
			compressed += uint64(piece.Len())
		}
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: m.name, Method: zip.Deflate, CRC32: m.sum, CompressedSize64: compressed, UncompressedSize64: m.size,
		})
		if err != nil {
			return fmt.Errorf("add %s: %w", m.name, err)
		}
		for _, piece := range m.pieces {
			if _, err := piece.WriteTo(w); err != nil {
				return fmt.Errorf("add %s: %w", m.name, err)
			}
		}
	}
	return z.Close()
}
