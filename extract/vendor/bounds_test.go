package vendor

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

// repeated returns a gzip file of head and n MiB of unit, over and over. After
// the first MiB every further one is packed into the same bytes.
func repeated(tb testing.TB, head, unit string, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	b.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.WriteString(w, head); err != nil {
		tb.Fatal(err)
	}
	mib := []byte(strings.Repeat(unit, (1<<20)/len(unit)))
	var ends []int
	for range 3 {
		if _, err := w.Write(mib); err != nil {
			tb.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
		ends = append(ends, b.Len())
	}
	packed := slices.Clone(b.Bytes()[:ends[1]])
	again := b.Bytes()[ends[1]:ends[2]]
	for range n - 2 {
		packed = append(packed, again...)
	}
	packed = append(packed, 1, 0, 0, 0xff, 0xff)
	packed = binary.LittleEndian.AppendUint32(packed, crc32.ChecksumIEEE(nil))
	return binary.LittleEndian.AppendUint32(packed, uint32(n)<<20)
}

// payload is an answer that is not in any archive.
func payload(content []byte) *extract.Payload {
	return &extract.Payload{
		Payload: schemas.Payload{Hash: strings.Repeat("0", 64)},
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// walk reads all values of a file that can be read, and returns the first
// error.
func walk(file *File, name string, content []byte) (n int, err error) {
	plan, _ := file.planOf(allOf("x"))
	r, err := file.open(payload(content), "file:///"+name, plan)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for ; r.Next(); n++ {
		for i := range plan.names {
			switch i {
			case barDate:
				_, err = r.Date(i)
			case barSymbol:
				_, err = r.Text(i)
			default:
				_, err = r.Number(i)
			}
			if err != nil {
				return n, err
			}
		}
	}
	return n, r.Err()
}

func TestBombs(t *testing.T) {
	type text struct {
		Symbol string `parquet:"symbol"`
		Date   int32  `parquet:"date,date"`
		Close  string `parquet:"close,plain"`
	}
	huge := make([]text, 4*1024)
	for i := range huge {
		huge[i] = text{Symbol: "A", Date: day32("2025-01-02"), Close: strings.Repeat("1", maxPageBytes/2048)}
	}
	for _, test := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"zeros.csv.gz", repeated(t, "", "\x00", 1024), "longer than 1048576 bytes"},
		{"blank lines.csv.gz", repeated(t, "symbol,date,close\n", "\n", 1024), "unpacks to more than 200 times"},
		{"one row for ever.csv.gz", repeated(t, "symbol,date,close\n", "A,1999-01-04,1\n", 1024), "unpacks to more than 200 times"},
		{"one cell for ever.csv.gz", repeated(t, "symbol,date,close\n\"", "A", 1024), "longer than 1048576 bytes"},
		{"columns for ever.csv.gz", repeated(t, "symbol,date,close", ",", 1024), "longer than 1048576 bytes"},
		{"page.parquet", writeParquet(t, huge, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(2*maxPageBytes)), "it unpacks to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := barsFile(write(t, test.name, test.content))
			client := extracttest.Client(t)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := extracttest.All(t, Bars(client, file), year("x", 2025))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "x 2025") {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 64<<20 {
				t.Errorf("the heap grew by %d bytes", grown)
			}
		})
	}
}

// A footer, a chunk or a page that claims what cannot be is refused before the
// library reads it.
func TestClaimsOfParquetFiles(t *testing.T) {
	t.Parallel()
	good := smallParquet(t, parquet.Compression(&parquet.Zstd))
	change := func(f func(b []byte)) []byte {
		b := slices.Clone(good)
		f(b)
		return b
	}
	meta := func(f func(m *format.FileMetaData)) []byte {
		n := binary.LittleEndian.Uint32(good[len(good)-8:])
		footer := good[len(good)-8-int(n) : len(good)-8]
		var m format.FileMetaData
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), footer, &m); err != nil {
			t.Fatal(err)
		}
		f(&m)
		changed, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
		if err != nil {
			t.Fatal(err)
		}
		b := append(slices.Clone(good[:len(good)-8-int(n)]), changed...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(changed)))
		return append(b, "PAR1"...)
	}
	if n, err := walk(&File{Name: "x", Kind: KindBars}, "a.parquet", meta(func(*format.FileMetaData) {})); n != 4 || err != nil {
		t.Fatalf("the unchanged file: %d rows, %v", n, err)
	}
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"footer longer than the file": {change(func(b []byte) { binary.LittleEndian.PutUint32(b[len(b)-8:], 1<<31) }), "a footer of 2147483648 bytes"},
		"footer of noise":             {change(func(b []byte) { copy(b[len(b)-100:], bytes.Repeat([]byte{0xff}, 92)) }), "not a readable Parquet file"},
		"chunk beyond the file":       {meta(func(m *format.FileMetaData) { m.RowGroups[0].Columns[1].MetaData.DataPageOffset = 1 << 40 }), "of a file of"},
		"chunk of negative length":    {meta(func(m *format.FileMetaData) { m.RowGroups[0].Columns[1].MetaData.TotalCompressedSize = -1 }), "of a file of"},
		"rows without values":         {meta(func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 40 }), "4 values in 1099511627776 rows"},
		"values without pages": {meta(func(m *format.FileMetaData) {
			m.RowGroups[0].NumRows = 1 << 40
			for i := range m.RowGroups[0].Columns {
				m.RowGroups[0].Columns[i].MetaData.NumValues = 1 << 40
			}
		}), "its pages have 4 values, not 1099511627776"},
		"columns missing from the group": {meta(func(m *format.FileMetaData) { m.RowGroups[0].Columns = m.RowGroups[0].Columns[:2] }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n, err := walk(&File{Name: "x", Kind: KindBars}, "a.parquet", test.content); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d rows, %v; want %q", n, err, test.want)
			}
		})
	}
}

func TestClaimsOfPages(t *testing.T) {
	t.Parallel()
	v1 := func(change func(h *format.PageHeader)) *format.PageHeader {
		h := &format.PageHeader{Type: format.DataPage, UncompressedPageSize: 1000, CompressedPageSize: 100}
		h.DataPageHeader.Valid = true
		h.DataPageHeader.V = format.DataPageHeader{NumValues: 10, Encoding: format.Plain, DefinitionLevelEncoding: format.RLE}
		change(h)
		return h
	}
	for _, test := range []struct {
		name string
		page *format.PageHeader
		want string
	}{
		{"sound", v1(func(*format.PageHeader) {}), ""},
		{"beyond the chunk", v1(func(h *format.PageHeader) { h.CompressedPageSize = 1 << 30 }), "does not fit into its column"},
		{"negative", v1(func(h *format.PageHeader) { h.UncompressedPageSize = -1 }), "does not fit"},
		{"2 GiB", v1(func(h *format.PageHeader) { h.UncompressedPageSize = 1<<31 - 1 }), "it unpacks to 2147483647 bytes"},
		{"a run of 2 billion values", v1(func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 1<<31 - 1 }), "it has 2147483647 values"},
		{"shared prefixes", v1(func(h *format.PageHeader) { h.DataPageHeader.V.Encoding = format.DeltaByteArray }), "DELTA_BYTE_ARRAY is not read here"},
		{"unknown encoding", v1(func(h *format.PageHeader) { h.DataPageHeader.V.Encoding = 99 }), "is not read here"},
		{"index page", v1(func(h *format.PageHeader) { h.Type = format.IndexPage }), "a page of type"},
		{"header of another type", v1(func(h *format.PageHeader) { h.Type = format.DataPageV2 }), "a page of type"},
		{"levels beyond the page", func() *format.PageHeader {
			h := &format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: 10, CompressedPageSize: 10}
			h.DataPageHeaderV2.Valid = true
			h.DataPageHeaderV2.V = format.DataPageHeaderV2{NumValues: 1, DefinitionLevelsByteLength: 11}
			return h
		}(), "its levels do not fit"},
	} {
		err := checkPage(test.page, 1000)
		if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestPagesThatUnpackToMoreThanTheySay(t *testing.T) {
	t.Parallel()
	content := make([]byte, 1<<20)
	pack := map[format.CompressionCodec][]byte{
		format.Uncompressed: content,
		format.Snappy:       snappy.Encode(nil, content),
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	pack[format.Zstd] = enc.EncodeAll(content, nil)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	pack[format.Gzip] = b.Bytes()
	header := func(size int, encoding format.Encoding, values int32) *format.PageHeader {
		h := &format.PageHeader{Type: format.DataPage, UncompressedPageSize: int32(size)}
		h.DataPageHeader.Valid = true
		h.DataPageHeader.V = format.DataPageHeader{NumValues: values, Encoding: encoding}
		return h
	}
	for codec, page := range pack {
		for _, encoding := range []format.Encoding{format.Plain, format.DeltaLengthByteArray} {
			if err := checkBody(header(len(content), encoding, 1), codec, false, bytes.NewReader(page)); err != nil {
				t.Errorf("%s, %s: the true size: %v", codec, encoding, err)
			}
			if codec == format.Uncompressed && encoding == format.Plain {
				continue // is as large as it is
			}
			for _, size := range []int{len(content) - 1, len(content) + 1, 10} {
				if err := checkBody(header(size, encoding, 1), codec, false, bytes.NewReader(page)); err == nil {
					t.Errorf("%s, %s: %d in place of %d bytes are accepted", codec, encoding, size, len(content))
				}
			}
		}
		if codec != format.Uncompressed {
			if err := checkBody(header(len(content), format.Plain, 1), codec, false, bytes.NewReader(page[:len(page)/2])); err == nil && codec != format.Snappy {
				t.Errorf("%s: half a page is accepted", codec)
			}
		}
	}
	// 128 values a block in 4 parts, and 2 billion values in all.
	claim := binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(nil, 128), 4), 1<<31)
	levels := append([]byte{2, 0, 0, 0, 9, 9}, claim...)
	for name, test := range map[string]struct {
		page     []byte
		optional bool
	}{"claim": {claim, false}, "claim after levels": {levels, true}, "cut levels": {levels[:3], true}, "long levels": {[]byte{9, 0, 0, 0, 1}, true}, "cut claim": {claim[:2], false}} {
		if err := checkBody(header(len(test.page), format.DeltaBinaryPacked, 1000), format.Uncompressed, test.optional, bytes.NewReader(test.page)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func fuzzWalk(f *testing.F, name string) {
	f.Helper()
	f.Fuzz(func(t *testing.T, content []byte) {
		file := File{Name: "x", Kind: KindBars, IgnoreOthers: true, Thousands: ","}
		if _, err := walk(&file, name, content); err != nil && len(err.Error()) > 5000 {
			t.Fatalf("an error of %d characters", len(err.Error()))
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(smallBars))
	f.Add([]byte("symbol,date,close\n\"A\",\"2025-01-02\",\"1,234.5\"\n"))
	f.Add(packed(f, []byte(smallBars)))
	fuzzWalk(f, "a.csv")
}

func FuzzParquet(f *testing.F) {
	f.Add(smallParquet(f))
	f.Add(smallParquet(f, parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1)))
	f.Add(smallParquet(f, parquet.Compression(&parquet.Snappy)))
	fuzzWalk(f, "a.parquet")
}

func FuzzXLSX(f *testing.F) {
	f.Add(smallWorkbook(f))
	fuzzWalk(f, "a.xlsx")
}
