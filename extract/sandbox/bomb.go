package sandbox

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"hash/crc32"
)

// bombSize is the size to which bombs decompress.
const bombSize = 1 << 30

// bombPiece is compressed once and repeated.
const bombPiece = 1 << 20

// gzipBomb returns 1 GiB of zeros as gzip members of 1 MiB.
func gzipBomb() []byte {
	var b bytes.Buffer
	gz, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = gz.Write(make([]byte, bombPiece))
	}
	if err == nil {
		err = gz.Close()
	}
	if err != nil {
		panic("sandbox: gzip in memory failed: " + err.Error())
	}
	return bytes.Repeat(b.Bytes(), bombSize/bombPiece)
}

// zipBomb returns an archive with small members as they ought to be and one of
// 1 GiB of spaces after a beginning that looks right.
func zipBomb(small map[string]string, order []string, large, beginning string) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range order {
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(small[name])); err != nil {
			return nil, err
		}
	}
	head, err := deflated([]byte(beginning))
	if err != nil {
		return nil, err
	}
	spaces := bytes.Repeat([]byte{' '}, bombPiece)
	piece, err := deflated(spaces)
	if err != nil {
		return nil, err
	}
	const pieces = bombSize / bombPiece
	data := append(head, bytes.Repeat(piece, pieces)...)
	data = append(data, 3, 0) // an empty last block
	sum := crc32.ChecksumIEEE([]byte(beginning))
	for range pieces {
		sum = crc32.Update(sum, crc32.IEEETable, spaces)
	}
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: large, Method: zip.Deflate, CRC32: sum,
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(beginning) + bombSize),
	})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// deflated compresses b into blocks that end at a byte and refer to nothing
// before them, so that they can be joined.
func deflated(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
