package excel_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// openSmall reads back the small book, which is written once for all tests.
func openSmall(t *testing.T) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(writtenSmall(t)))
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

func writtenSmall(t *testing.T) []byte {
	t.Helper()
	file, err := smallOnce()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var smallOnce = sync.OnceValues(func() ([]byte, error) {
	var buf bytes.Buffer
	err := excel.Write(&buf, smallBook())
	return buf.Bytes(), err
})

// smallBook is a book of a few months.
func smallBook() schemas.Book {
	return syntheticBook(schemas.NewDate(2025, 9, 1), schemas.NewDate(2025, 12, 5))
}

var sheetNames = []string{"Summary", "Concentration", "Contribution", "Breadth", "Dispersion", "Size", "Valuation", "Liquidity", "Allocation", "Contributors", "Episodes", "Data quality", "Definitions", "Sources"}

func TestSheets(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*excelize.File{"empty": open(t, schemas.Book{AsOf: schemas.NoDate}), "small": openSmall(t)} {
		if got := f.GetSheetList(); !slices.Equal(got, sheetNames) {
			t.Errorf("%s book: sheets %q, want %q", name, got, sheetNames)
		}
	}
}

func TestEmptyBookSaysSo(t *testing.T) {
	t.Parallel()
	f := open(t, schemas.Book{AsOf: schemas.NoDate})
	for _, sheet := range sheetNames[1 : len(sheetNames)-5] {
		if got := value(t, f, sheet, "A2"); !strings.Contains(got, "no figures") {
			t.Errorf("%s says %q", sheet, got)
		}
	}
	if got := value(t, f, "Summary", "B4"); got != "Concentration: there are no figures in this book." {
		t.Errorf("the headline is %q", got)
	}
}

func TestWithheldFamilySaysSo(t *testing.T) {
	t.Parallel()
	b := bookOf(fact("trin", "SPX_MEMBERS", "2025-12-05", math.NaN()))
	f := open(t, b)
	if got := value(t, f, "Breadth", "A2"); !strings.Contains(got, "No figure of this family has a value") {
		t.Errorf("Breadth says %q", got)
	}
	if !slices.ContainsFunc(rows(t, f, "Data quality"), func(r []string) bool {
		return slices.Contains(r, "trin") && slices.Contains(r, "zero denominator")
	}) {
		t.Error("Data quality does not list the figure without a value")
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
	onDisk, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(onDisk, written(t, b)) {
		t.Error("the file differs from what Write writes")
	}
	onlyFile(t, path)
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := bookOf(fact("no_such_metric", "SPX_MEMBERS", "2025-12-05", 1))
	if err := excel.WriteFile(path, b); err == nil || !strings.Contains(err.Error(), "no_such_metric") {
		t.Errorf("a fact outside the register gives %v", err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "old" {
		t.Errorf("the file now holds %q (%v)", got, err)
	}
	onlyFile(t, path)
}

// onlyFile fails when anything else lies beside the file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder holds %v, want the workbook alone", entries)
	}
}

func TestValuesThatAreNoNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		f := fact("adr", "SPX_MEMBERS", "2025-12-05", 1)
		f.Value = schemas.Some(v)
		var buf bytes.Buffer
		err := excel.Write(&buf, bookOf(f))
		if err == nil || !strings.Contains(err.Error(), "adr of SPX_MEMBERS on 2025-12-05") {
			t.Errorf("%v gives %v", v, err)
		}
		if buf.Len() > 0 {
			t.Errorf("%v: %d bytes were written before the error", v, buf.Len())
		}
	}
}

func TestSameBytesWhateverTheOrder(t *testing.T) {
	t.Parallel()
	b := smallBook()
	twin := b.Facts[len(b.Facts)/2]
	twin.Value, twin.Run = schemas.Some(123.456), "r2"
	b.Facts = append(b.Facts, twin)
	first := written(t, b)
	for range 2 {
		slices.Reverse(b.Facts)
		slices.Reverse(b.Sources)
		slices.Reverse(b.Fresh)
		slices.Reverse(b.Checks)
		if !bytes.Equal(first, written(t, b)) {
			t.Fatal("the same book in another order gives other bytes")
		}
	}
}

// TestSameBytesInAnotherProcess runs this test in a second process, whose maps
// are seeded otherwise.
func TestSameBytesInAnotherProcess(t *testing.T) {
	t.Parallel()
	const asked = "TIDEMARK_TEST_PRINT_HASH"
	sum := sha256.Sum256(writtenSmall(t))
	here := hex.EncodeToString(sum[:])
	if os.Getenv(asked) != "" {
		t.Log("hash " + here)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSameBytesInAnotherProcess$", "-test.v")
	cmd.Env = append(os.Environ(), asked+"=1", "TZ=Asia/Tokyo")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "hash "+here) {
		t.Errorf("another process gives other bytes: %s, here %s", out, here)
	}
}

// bookOf is a book of a few facts.
func bookOf(facts ...schemas.Fact) schemas.Book {
	b := schemas.Book{Names: map[string]string{"SPX_MEMBERS": "S&P 500"}, Facts: facts, Version: "v1"}
	b.AsOf = schemas.NewDate(2025, 12, 5)
	b.KnownAt = b.AsOf.Time()
	return b
}

// fact is a fact with a value, or without one when it is NaN.
func fact(metric, universe, day string, v float64) schemas.Fact {
	d, err := schemas.ParseDate(day)
	if err != nil {
		panic(err)
	}
	f := schemas.Fact{Metric: metric, Universe: universe, Session: d, Value: schemas.Some(v), Status: schemas.StatusOK, Method: 1}
	if math.IsNaN(v) {
		f.Value, f.Status = schemas.None[float64](), schemas.ZeroDenominator
	}
	return f
}

// value is what a cell shows.
func value(t *testing.T, f *excelize.File, sheet, cell string) string {
	t.Helper()
	v, err := f.GetCellValue(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// rows are the cells of a sheet as they are stored.
func rows(t *testing.T, f *excelize.File, sheet string) [][]string {
	t.Helper()
	out, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// findCell returns the first cell of a sheet with the text.
func findCell(t *testing.T, f *excelize.File, sheet, text string) (column, row int) {
	t.Helper()
	for i, r := range rows(t, f, sheet) {
		if j := slices.Index(r, text); j >= 0 {
			return j + 1, i + 1
		}
	}
	t.Fatalf("sheet %s has no cell %q", sheet, text)
	return 0, 0
}

func at(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(fmt.Sprintf("cell %d, %d: %v", column, row, err))
	}
	return name
}

// TestChosenSheets holds that a book which names sheets has those and no others,
// and that its summary speaks of nothing that is on none of them.
func TestChosenSheets(t *testing.T) {
	t.Parallel()
	b := goldenBook()
	b.Sheets = []string{"Sources", "Liquidity", "Contributors"}
	f := open(t, b)
	if got, want := f.GetSheetList(), []string{"Summary", "Liquidity", "Contributors", "Sources"}; !slices.Equal(got, want) {
		t.Fatalf("sheets %q, want %q", got, want)
	}
	rows, err := f.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(rows)
	if !strings.Contains(said, "net_liq_weekly") || strings.Contains(said, "conc_top10_sec") {
		t.Errorf("the summary says %s", said)
	}
}
