package excel_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// TestContributors holds the sheet of who moved an index against the
// contributions: ten on either side in order, what they and all lines come to,
// and no line on both sides.
func TestContributors(t *testing.T) {
	t.Parallel()
	b := goldenBook()
	given := map[string]float64{}
	total := 0.0
	for k := range 30 {
		given["S"+strconv.Itoa(10+k)] = float64(k-12) / 1000
		total += float64(k-12) / 1000
	}
	given["=cmd|' /C calc'!A0"] = 0.5
	total += 0.5
	b.Contributions = contributionsOf(b.AsOf, "SPX_MEMBERS", given)
	f := open(t, b)
	const sheet = "Contributors"
	_, head := findCell(t, f, sheet, "Gave most")
	read := func(column string) []float64 {
		var out []float64
		for i := range 10 {
			cell := column + strconv.Itoa(head+1+i)
			raw, err := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			v, err := strconv.ParseFloat(raw, 64)
			if err != nil {
				t.Fatalf("%s holds %q: %v", cell, raw, err)
			}
			out = append(out, v)
		}
		return out
	}
	gave, took := read("B"), read("G")
	if gave[0] != 0.5 || !slices.IsSortedFunc(gave, func(a, b float64) int { return int(math.Copysign(1, b-a)) }) || gave[9] <= 0 {
		t.Errorf("those that gave most: %v", gave)
	}
	if took[0] != -0.012 || !slices.IsSorted(took) || took[9] >= 0 {
		t.Errorf("those that took most: %v", took)
	}
	name, err := f.GetCellValue(sheet, "A"+strconv.Itoa(head+1))
	if err != nil || name != "=cmd|' /C calc'!A0" {
		t.Errorf("the largest is %q, %v", name, err)
	}
	if formula, err := f.GetCellFormula(sheet, "A"+strconv.Itoa(head+1)); err != nil || formula != "" {
		t.Errorf("a name has become the formula %q, %v", formula, err)
	}
	note, err := f.GetCellValue(sheet, "A"+strconv.Itoa(head-1))
	if want := "31 lines together +" + strconv.FormatFloat(100*total, 'f', 2, 64) + " %."; err != nil || len(note) < len(want) || note[:len(want)] != want {
		t.Errorf("the note is %q, want %q at its beginning; %v", note, want, err)
	}
}

func TestContributorsOfAnEmptyBook(t *testing.T) {
	t.Parallel()
	f := open(t, schemas.Book{AsOf: schemas.NoDate})
	if v, err := f.GetCellValue("Contributors", "A3"); err != nil || v != "No contributions are in this book." {
		t.Errorf("got %q, %v", v, err)
	}
}
