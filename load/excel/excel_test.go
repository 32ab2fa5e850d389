package excel_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/load/excel"
	"tidemark/schemas"
)

// open writes a book and reads it back.
func open(t *testing.T, b schemas.Book) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(written(t, b)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func written(t *testing.T, b schemas.Book) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := excel.Write(&buf, b); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// smallBook is a book of a few months.
func smallBook() schemas.Book {
	return syntheticBook(schemas.NewDate(2025, 9, 1), schemas.NewDate(2025, 12, 5))
}

func TestSheets(t *testing.T) {
	t.Parallel()
	want := []string{"Summary", "Concentration", "Breadth", "Size", "Liquidity", "Data quality", "Definitions", "Sources"}
	for name, b := range map[string]schemas.Book{"empty": {AsOf: schemas.NoDate}, "small": smallBook()} {
		if got := open(t, b).GetSheetList(); !slices.Equal(got, want) {
			t.Errorf("%s book: sheets %q, want %q", name, got, want)
		}
	}
}

func TestWriteFileReplaces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "book.xlsx")
	b := smallBook()
	b.Facts = b.Facts[:100]
	for range 2 {
		if err := excel.WriteFile(path, b); err != nil {
			t.Fatal(err)
		}
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %q (%v), want the workbook alone", left, err)
	}
}

func TestSameBytesWhateverTheOrder(t *testing.T) {
	t.Parallel()
	b := smallBook()
	first := written(t, b)
	for range 3 {
		slices.Reverse(b.Facts)
		slices.Reverse(b.Sources)
		slices.Reverse(b.Fresh)
		slices.Reverse(b.Checks)
		if !bytes.Equal(first, written(t, b)) {
			t.Fatal("the same book in another order gives other bytes")
		}
	}
}
