package vendor

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library that reads Parquet believes the sizes that a file gives for its
// parts and makes room for them at once. Before it may read a column, the
// headers of the column's pages are held against these bounds, and packed pages
// against their own headers.
const (
	maxFooter      = 64 << 20
	maxPageHeader  = 1 << 20
	maxPageBytes   = 32 << 20 // unpacked; writers aim at 1 MB
	maxPageValues  = 8 << 20
	parquetTail    = 8 // length of the footer, magic
	parquetMagic   = "PAR1"
	minParquetSize = 4 + parquetTail
)

// readable are the encodings of pages whose values take room in proportion to
// the page's size and number of values. The lengths of the delta encodings are
// checked by checkDelta; the one left out shares prefixes between values, which
// has no such bound.
var readable = []format.Encoding{
	format.Plain, format.RLEDictionary, format.RLE, format.BitPacked, format.ByteStreamSplit,
	format.DeltaBinaryPacked, format.DeltaLengthByteArray,
	format.PlainDictionary, //nolint:staticcheck // new files should not have it; older ones do
}

// checkParquetFooter refuses what is no Parquet file, or cut off.
func checkParquetFooter(file io.ReaderAt, size int64) error {
	if size < minParquetSize {
		return fmt.Errorf("not a Parquet file: %d bytes", size)
	}
	var head [4]byte
	var tail [parquetTail]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if _, err := file.ReadAt(tail[:], size-parquetTail); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	switch {
	case string(head[:]) != parquetMagic:
		return fmt.Errorf("not a Parquet file: it begins with %q", head)
	case string(tail[4:]) != parquetMagic:
		return errors.New("the Parquet file is cut off: its end is missing")
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > maxFooter || n > size-minParquetSize {
		return fmt.Errorf("the Parquet file has a footer of %d bytes, more than there can be", n)
	}
	return nil
}

// checkChunk reads the headers of all pages of a column of a row group.
func checkChunk(file io.ReaderAt, size int64, chunk *format.ColumnChunk, rowsOfGroup int64, optional bool) error {
	meta := &chunk.MetaData
	from, length := meta.DataPageOffset, meta.TotalCompressedSize
	if meta.DictionaryPageOffset != 0 {
		from = meta.DictionaryPageOffset
	}
	if from < 4 || length < 0 || length > size || from > size-length {
		return fmt.Errorf("bytes %d to %d of a file of %d bytes", from, from+length, size)
	}
	if meta.NumValues != rowsOfGroup || rowsOfGroup < 0 {
		return fmt.Errorf("%d values in %d rows", meta.NumValues, rowsOfGroup)
	}
	var values int64
	var reader thrift.CompactProtocol
	buf := make([]byte, 0, 4<<10)
	for pos := int64(0); pos < length; {
		h, n, err := readPageHeader(&reader, &buf, io.NewSectionReader(file, from+pos, length-pos))
		if err != nil {
			return fmt.Errorf("page at byte %d: %w", from+pos, err)
		}
		pos += n
		if err := checkPage(h, length-pos); err != nil {
			return fmt.Errorf("page at byte %d: %w", from+pos, err)
		}
		if err := checkBody(h, meta.Codec, optional, io.NewSectionReader(file, from+pos, int64(h.CompressedPageSize))); err != nil {
			return fmt.Errorf("page at byte %d: %w", from+pos, err)
		}
		pos += int64(h.CompressedPageSize)
		if h.DataPageHeader.Valid {
			values += int64(h.DataPageHeader.V.NumValues)
		}
		if h.DataPageHeaderV2.Valid {
			values += int64(h.DataPageHeaderV2.V.NumValues)
		}
	}
	if values != meta.NumValues {
		return fmt.Errorf("its pages have %d values, not %d", values, meta.NumValues)
	}
	return nil
}

// readPageHeader decodes a page's header and returns its length. The header is
// decoded from memory: a length inside it cannot ask for more than is there.
func readPageHeader(protocol *thrift.CompactProtocol, buf *[]byte, r *io.SectionReader) (h *format.PageHeader, length int64, err error) {
	for window := int64(4 << 10); ; window *= 16 {
		n := min(window, r.Size())
		b := slices.Grow((*buf)[:0], int(n))[:n]
		*buf = b
		if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, fmt.Errorf("read the file: %w", err)
		}
		in := protocol.NewReaderFromBytes(b)
		h = new(format.PageHeader)
		if err = thrift.NewDecoder(in).Decode(h); err == nil {
			return h, int64(in.BytesRead()), nil
		}
		if n == r.Size() || window >= maxPageHeader {
			return nil, 0, fmt.Errorf("decode the header: %.300s", err.Error())
		}
	}
}

// checkPage holds a page's header against the bounds.
func checkPage(h *format.PageHeader, left int64) error {
	if h.CompressedPageSize < 0 || int64(h.CompressedPageSize) > left || h.UncompressedPageSize < 0 {
		return errors.New("it does not fit into its column")
	}
	// Packing can make a page larger, but not by much.
	if n := max(h.UncompressedPageSize, h.CompressedPageSize/2); n > maxPageBytes {
		return fmt.Errorf("it unpacks to %d bytes, more than %d; refused", n, maxPageBytes)
	}
	var n int32
	var encodings []format.Encoding
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		d := &h.DataPageHeader.V
		n, encodings = d.NumValues, []format.Encoding{d.Encoding, d.DefinitionLevelEncoding}
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		d := &h.DataPageHeaderV2.V
		n, encodings = d.NumValues, []format.Encoding{d.Encoding}
		if d.RepetitionLevelsByteLength != 0 || d.DefinitionLevelsByteLength < 0 || d.DefinitionLevelsByteLength > min(h.CompressedPageSize, h.UncompressedPageSize) {
			return errors.New("its levels do not fit into it")
		}
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		d := &h.DictionaryPageHeader.V
		n, encodings = d.NumValues, []format.Encoding{d.Encoding}
	default:
		return fmt.Errorf("a page of type %s", h.Type)
	}
	if n < 0 || n > maxPageValues {
		return fmt.Errorf("it has %d values, more than %d; refused", n, maxPageValues)
	}
	for _, e := range encodings {
		if !slices.Contains(readable, e) {
			return fmt.Errorf("its encoding %s is not read here; write the file with plain or dictionary encoding", e)
		}
	}
	return nil
}

// checkBody holds a page against what its header says: the size to which it
// unpacks, and the number of values where an encoding repeats that.
func checkBody(h *format.PageHeader, codec format.CompressionCodec, optional bool, body io.Reader) error {
	encoding, values := format.Plain, int32(0)
	size := int64(h.UncompressedPageSize)
	switch {
	case h.DataPageHeader.Valid:
		encoding, values = h.DataPageHeader.V.Encoding, h.DataPageHeader.V.NumValues
	case h.DataPageHeaderV2.Valid:
		// The levels stand unpacked before the values.
		v2 := &h.DataPageHeaderV2.V
		encoding, values = v2.Encoding, v2.NumValues
		levels := int64(v2.DefinitionLevelsByteLength)
		if _, err := io.CopyN(io.Discard, body, levels); err != nil {
			return fmt.Errorf("read its levels: %w", err)
		}
		size -= levels
		optional = false
		if v2.IsCompressed.Valid && !v2.IsCompressed.V {
			codec = format.Uncompressed
		}
	}
	unpacked, err := unpackPage(codec, body, size)
	if err != nil {
		return err
	}
	defer func() { _ = unpacked.Close() }() // it only frees memory
	if encoding != format.DeltaBinaryPacked && encoding != format.DeltaLengthByteArray {
		if codec == format.Uncompressed || codec == format.Snappy {
			return nil
		}
		return reads(unpacked, size)
	}
	page, err := io.ReadAll(io.LimitReader(unpacked, size+1))
	switch {
	case err != nil:
		return fmt.Errorf("unpack it: %w", err)
	case int64(len(page)) != size:
		return fmt.Errorf("it does not unpack to %d bytes as it says", size)
	}
	return checkDelta(page, values, optional)
}

// checkDelta checks the count that stands before values of a delta encoding.
// In pages of the first version the levels, with their length, come before it.
func checkDelta(page []byte, values int32, optional bool) error {
	if optional {
		if len(page) < 4 {
			return errors.New("its levels are cut off")
		}
		n := int64(binary.LittleEndian.Uint32(page))
		if n > int64(len(page)-4) {
			return errors.New("its levels do not fit into it")
		}
		page = page[4+n:]
	}
	var head [3]uint64 // size of blocks, parts of a block, number of values
	for i := range head {
		v, n := binary.Uvarint(page)
		if n <= 0 {
			if len(page) == 0 && i == 0 {
				return nil // no values
			}
			return errors.New("the beginning of its values is cut off")
		}
		head[i], page = v, page[n:]
	}
	if head[2] > uint64(values) {
		return fmt.Errorf("it has %d values, not %d as it says", head[2], values)
	}
	return nil
}

// unpackPage returns the unpacked page, which is to be read against its size.
// Of a snappy page the size is checked here, since the library makes room for
// what stands at its beginning.
func unpackPage(codec format.CompressionCodec, packed io.Reader, size int64) (io.ReadCloser, error) {
	switch codec {
	case format.Uncompressed:
		return io.NopCloser(packed), nil
	case format.Snappy:
		block, err := io.ReadAll(packed)
		if err != nil {
			return nil, fmt.Errorf("read it: %w", err)
		}
		if got, n := binary.Uvarint(block); got != uint64(size) || n <= 0 {
			return nil, fmt.Errorf("it unpacks to %d bytes, not %d as it says", got, size)
		}
		return io.NopCloser(&snappyBlock{packed: block}), nil
	case format.Gzip:
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		return z, nil
	case format.Zstd:
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxPageBytes))
		if err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		return z.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("it is packed with %s, which is not read here; write the file with snappy, gzip, zstd or none", codec)
	}
}

// snappyBlock unpacks a block when it is first read.
type snappyBlock struct {
	packed []byte
	rest   *bytes.Reader
}

func (s *snappyBlock) Read(b []byte) (int, error) {
	if s.rest == nil {
		unpacked, err := snappy.Decode(nil, s.packed)
		if err != nil {
			return 0, err
		}
		s.rest = bytes.NewReader(unpacked)
	}
	return s.rest.Read(b)
}

// reads reads to the end of an unpacked page and insists on its size.
func reads(r io.Reader, size int64) error {
	n, err := io.Copy(io.Discard, io.LimitReader(r, size+1))
	switch {
	case err != nil:
		return fmt.Errorf("unpack it: %w", err)
	case n != size:
		return fmt.Errorf("it does not unpack to %d bytes as it says", size)
	}
	return nil
}
