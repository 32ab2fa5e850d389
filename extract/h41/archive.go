package h41

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"

	"tidemark/extract"
	"tidemark/schemas"
)

// dataMember is the member of the archive that holds the figures.
const dataMember = "H41_data.xml"

// members lists what the archive may hold: the figures, their code lists and
// their schemas.
var members = map[string]bool{dataMember: true, "H41_struct.xml": true, "H41_H41.xsd": true, "frb_common.xsd": true}

// encryptedFlag is the bit of a member's flags that says it is encrypted.
const encryptedFlag = 1

// slack lets a member that is small in itself inflate beyond maxRatio.
const slack = 1 << 20

// ParseArchive reads the figures out of the release archive, a zip of size
// bytes. Only the series that keep wants are returned, series by series as they stand;
// Source and Payload are left empty. The XML is read as a stream. An archive
// with unknown, doubled or encrypted members, or one that inflates beyond 25
// to 1, is refused.
func ParseArchive(r io.ReaderAt, size int64, keep func(name string) bool) (rows []schemas.Observation, err error) {
	if err := checkMagic(r); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("not a whole zip archive: %w", err)
	}
	var data *zip.File
	for _, f := range z.File {
		switch {
		case !members[f.Name]:
			return nil, fmt.Errorf("the archive has an unknown member %.60q", f.Name)
		case f.Flags&encryptedFlag != 0:
			return nil, fmt.Errorf("%s is encrypted", f.Name)
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, fmt.Errorf("%s is packed by the unknown method %d", f.Name, f.Method)
		case f.UncompressedSize64 > limitOf(f):
			return nil, fmt.Errorf("%s inflates from %d to %d bytes; refused", f.Name, f.CompressedSize64, f.UncompressedSize64)
		case f.Name == dataMember && data != nil:
			return nil, fmt.Errorf("the archive has two members %s", dataMember)
		case f.Name == dataMember:
			data = f
		}
	}
	if data == nil {
		return nil, fmt.Errorf("the archive has no member %s", dataMember)
	}
	body, err := data.Open()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dataMember, err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	rows, err = ParseXML(&capped{r: body, left: limitOf(data)}, keep)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dataMember, err)
	}
	return rows, nil
}

// checkMagic tells a web page or an empty answer from an archive, so that the
// error does not speak of zip directories.
func checkMagic(r io.ReaderAt) error {
	head := make([]byte, 1024)
	n, err := r.ReadAt(head, 0)
	head = head[:n]
	switch {
	case n == 0:
		return errors.New("the answer is empty")
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("read the beginning of the archive: %w", err)
	case extract.LooksHTML(head):
		return errors.New("the answer is a web page, not a zip archive")
	case !bytes.HasPrefix(head, []byte("PK")):
		return fmt.Errorf("not a zip archive: it begins with %q", head[:min(n, 4)])
	}
	return nil
}

// limitOf returns how many bytes a member may inflate to.
func limitOf(f *zip.File) uint64 {
	return min(f.CompressedSize64*maxRatio+slack, maxXML)
}

// capped ends with an error where a member inflates further than allowed,
// whatever the archive's directory says.
type capped struct {
	r    io.Reader
	left uint64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if uint64(n) > c.left {
		return 0, errors.New("inflates further than the archive says; refused")
	}
	c.left -= uint64(n)
	return n, err
}
