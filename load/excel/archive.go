package excel

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// archive is a zip file whose members stand in a fixed order, whatever the
// order in which they come: excelize hands over streamed sheets in the order
// of a map. Members are compressed as they come, so that only compressed bytes
// are held in memory.
type archive struct {
	w       io.Writer
	members []*member
}

type member struct {
	name string
	data bytes.Buffer // compressed
	size uint64
	sum  uint32
	z    *flate.Writer
}

func newArchive(w io.Writer) excelize.ZipWriter { return &archive{w: w} }

// Create begins a member. The ones before it are complete.
func (a *archive) Create(name string) (io.Writer, error) {
	m := &member{name: name}
	z, err := flate.NewWriter(&m.data, 5)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	m.z = z
	a.members = append(a.members, m)
	return m, nil
}

func (m *member) Write(p []byte) (int, error) {
	m.size += uint64(len(p))
	m.sum = crc32.Update(m.sum, crc32.IEEETable, p)
	return m.z.Write(p)
}

// AddFS is not needed for workbooks.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the file.
func (a *archive) Close() error {
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
		if err := m.z.Close(); err != nil {
			return fmt.Errorf("compress %s: %w", m.name, err)
		}
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: m.name, Method: zip.Deflate, CRC32: m.sum,
			CompressedSize64: uint64(m.data.Len()), UncompressedSize64: m.size,
		})
		if err != nil {
			return fmt.Errorf("add %s: %w", m.name, err)
		}
		if _, err := m.data.WriteTo(w); err != nil {
			return fmt.Errorf("add %s: %w", m.name, err)
		}
	}
	return z.Close()
}
