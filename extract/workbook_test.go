package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// newWorkbook returns a workbook of one sheet.
func newWorkbook(tb testing.TB, rows ...[]any) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	for i, cells := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			tb.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// member is a member of a zip file: its content, or what stands in its place.
type member struct {
	name    string
	content []byte
	raw     *zip.FileHeader // with content already packed
}

func zipOf(tb testing.TB, members ...member) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		var w io.Writer
		var err error
		if m.raw != nil {
			m.raw.Name = m.name
			w, err = z.CreateRaw(m.raw)
		} else {
			w, err = z.Create(m.name)
		}
		if err == nil {
			_, err = w.Write(m.content)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// zeros returns n MiB of zeros as a deflate stream. After the first MiB every
// further one is the same bytes, so they need packing only once.
func zeros(tb testing.TB, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		tb.Fatal(err)
	}
	mib := make([]byte, 1<<20)
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
	return append(packed, 1, 0, 0, 0xff, 0xff) // an empty last block
}

func zerosHeader(packed []byte, size uint64) *zip.FileHeader {
	return &zip.FileHeader{Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: size, CRC32: crc32.ChecksumIEEE(nil)}
}

// drainWorkbook reads a workbook and returns its rows and what was allocated.
func drainWorkbook(file []byte, sheet string) (rows [][]string, allocated uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for cells, e := range WorkbookRows(file, sheet) {
		if e != nil {
			err = e
			break
		}
		rows = append(rows, cells)
	}
	runtime.ReadMemStats(&after)
	return rows, after.TotalAlloc - before.TotalAlloc, err
}

func TestWorkbookRows(t *testing.T) {
	file := newWorkbook(t, []any{"a", "b", "c"}, nil, []any{1.25, nil, "x"}, []any{289183866.0, true})
	for _, sheet := range []string{"", "Sheet1"} {
		rows, _, err := drainWorkbook(file, sheet)
		want := [][]string{{"a", "b", "c"}, nil, {"1.25", "", "x"}, {"289183866", "1"}}
		if err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("sheet %q: got %q, %v; want %q", sheet, rows, err, want)
		}
	}
	if _, _, err := drainWorkbook(file, "holdings"); err == nil || !strings.Contains(err.Error(), `no sheet "holdings" in the workbook; it has "Sheet1"`) {
		t.Errorf("got %v, want the sheets named", err)
	}
}

// None of these may take more memory than a fraction of what it unpacks to.
func TestWorkbookBombs(t *testing.T) {
	gib := zeros(t, 1024)
	content := func(xml string) []member {
		return []member{{name: "[Content_Types].xml", content: []byte("<Types/>")}, {name: "xl/workbook.xml", content: []byte(xml)}}
	}
	many := make([]member, maxWorkbookMembers+1)
	for i := range many {
		many[i].name = fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)
	}
	chunk := zeros(t, 40)
	ratio := zeros(t, 32)
	noise := make([]byte, 200_000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"a sheet of 1 GiB", zipOf(t, append(content("<workbook/>"), member{"xl/worksheets/sheet1.xml", gib, zerosHeader(gib, 1<<30)})...), "xl/worksheets/sheet1.xml unpacks to 1073741824 bytes"},
		{"a sheet of 1 GiB that says it has 1,000 bytes", zipOf(t, append(content("<workbook/>"), member{"xl/worksheets/sheet1.xml", gib, zerosHeader(gib, 1000)})...), "the workbook is damaged: xl/worksheets/sheet1.xml"},
		{"two sheets that are too large together", zipOf(t, member{"a.xml", chunk, zerosHeader(chunk, 40<<20)}, member{"b.xml", chunk, zerosHeader(chunk, 40<<20)}), "the workbook unpacks to 83886080 bytes"},
		{"sizes whose sum wraps", zipOf(t, member{"a.xml", chunk, zerosHeader(chunk, 1<<63)}, member{"b.xml", chunk, zerosHeader(chunk, 1<<63)}), "a.xml unpacks to 9223372036854775808 bytes"},
		{"32 MiB in 32 kB", zipOf(t, member{"a.xml", ratio, zerosHeader(ratio, 32<<20)}), "times its size"},
		{"many members", zipOf(t, many...), "1001 members"},
		{"millions of shared strings", zipOf(t, member{name: "xl/media/image1.png", content: noise}, member{name: "xl/sharedStrings.xml", content: []byte("<sst>" + strings.Repeat("<si/>", maxSharedElements+1) + "</sst>")}), "more than 2000000 elements"},
		{"entities", zipOf(t, content(`<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><workbook>&b;</workbook>`)...), "the workbook is damaged: xl/workbook.xml"},
		{"not a zip file", []byte("PK\x03\x04 and no more"), "not a workbook, or cut off"},
		{"a web page", []byte("<html><title>Access denied</title></html>"), "a web page (Access denied)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, allocated, err := drainWorkbook(test.file, "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%d rows, %v; want an error with %q", len(rows), err, test.want)
			}
			// The elements of the shared strings are read to be counted, one
			// after the other; nothing is kept of them.
			if limit := uint64(8 << 20); allocated > limit && !strings.Contains(test.name, "shared strings") {
				t.Errorf("%d bytes were allocated, more than %d", allocated, limit)
			}
		})
	}
	if _, _, err := drainWorkbook(nil, ""); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty file: %v", err)
	}
}

// The library for workbooks takes XML that breaks off for the end of the sheet.
func TestDamagedWorkbooks(t *testing.T) {
	file := newWorkbook(t, []any{"a"}, []any{"b"}, []any{"c"})
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	rebuild := func(change func(name string, content []byte) []byte) []byte {
		var members []member
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, member{name: f.Name, content: change(f.Name, content)})
		}
		return zipOf(t, members...)
	}
	const sheet = "xl/worksheets/sheet1.xml"
	whole := rebuild(func(_ string, content []byte) []byte { return content })
	if rows, _, err := drainWorkbook(whole, ""); err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v; want the three of an undamaged workbook", len(rows), err)
	}
	cut := rebuild(func(name string, content []byte) []byte {
		if name == sheet {
			return content[:bytes.Index(content, []byte(`<row r="2"`))]
		}
		return content
	})
	if rows, _, err := drainWorkbook(cut, ""); err == nil || !strings.Contains(err.Error(), "damaged: "+sheet) {
		t.Errorf("cut XML: %d rows, %v; want it refused", len(rows), err)
	}
	flipped := slices.Clone(whole)
	at := bytes.Index(flipped, []byte(sheet)) + len(sheet) + 10
	flipped[at] ^= 0x20
	if rows, _, err := drainWorkbook(flipped, ""); err == nil {
		t.Errorf("a flipped bit: %d rows and no error", len(rows))
	}
}

func FuzzWorkbookRows(f *testing.F) {
	f.Add(newWorkbook(f, []any{"a", 1.5}, nil, []any{"b"}))
	f.Add(zipOf(f, member{name: "xl/workbook.xml", content: []byte("<workbook/>")}))
	f.Fuzz(func(t *testing.T, file []byte) {
		n := 0
		for cells, err := range WorkbookRows(file, "") {
			if err != nil && cells != nil {
				t.Fatalf("row %q beside the error %v", cells, err)
			}
			if n++; n > 100 {
				break
			}
		}
	})
}
