package excel_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// headerRow is the row of a family's sheet on which its table begins.
const headerRow = 25

// TestEveryFactIsInItsCell reads back every value of a book with the whole
// register: values as numbers with all their digits, missing ones as empty
// cells, days as numbers with a date format, newest first.
func TestEveryFactIsInItsCell(t *testing.T) {
	t.Parallel()
	b := smallBook()
	f := openSmall(t)
	want := map[string]map[string]schemas.Fact{} // by "universe\nmetric" and day
	sheetOf := map[string]string{}
	for _, x := range b.Facts {
		key := x.Universe + "\n" + x.Metric
		if want[key] == nil {
			want[key] = map[string]schemas.Fact{}
		}
		want[key][strconv.Itoa(int(x.Session)+25569)] = x
		family := strings.TrimSuffix(schemas.MetricByID(x.Metric).Family, "_summary")
		sheetOf[key] = strings.ToUpper(family[:1]) + family[1:]
	}
	found, cells := map[string]bool{}, 0
	for _, sheet := range sheetNames[1 : len(sheetNames)-5] {
		all := rows(t, f, sheet)
		header, before := all[headerRow-1], math.MaxInt
		for _, r := range all[headerRow:] {
			day, err := strconv.Atoi(r[0])
			if err != nil || day >= before {
				t.Fatalf("%s: %q is not a day before %d", sheet, r[0], before)
			}
			before = day
			for i, key := range header[1:] {
				if sheetOf[key] != sheet {
					t.Fatalf("%s has a column %q", sheet, key)
				}
				found[key] = true
				got := ""
				if i+1 < len(r) {
					got = r[i+1]
				}
				x, known := want[key][r[0]]
				switch {
				case !known || !x.Value.OK:
					if got != "" {
						t.Errorf("%s: %q on %s is %q, want an empty cell", sheet, key, r[0], got)
					}
				default:
					cells++
					if v, err := strconv.ParseFloat(got, 64); err != nil || v != x.Value.V {
						t.Errorf("%s: %q on %s is %q, want %v", sheet, key, r[0], got, x.Value.V)
					}
				}
			}
		}
	}
	values := 0
	for key, days := range want {
		filled := false
		for _, x := range days {
			if x.Value.OK {
				filled = true
				values++
			}
		}
		if filled != found[key] {
			t.Errorf("%q has a value: %v, has a column: %v", key, filled, found[key])
		}
	}
	if cells != values {
		t.Errorf("%d values are in cells, want %d", cells, values)
	}
}

func TestSeriesCells(t *testing.T) {
	t.Parallel()
	warm := fact("adr", "SPX_MEMBERS", "2025-12-03", 1.5)
	warm.Status = schemas.StatusPartial
	f := open(t, bookOf(
		fact("adr", "SPX_MEMBERS", "2025-12-05", 1.25), fact("adr", "SPX_MEMBERS", "2025-12-04", math.NaN()), warm,
		fact("pct_above_sma_200", "SPX_MEMBERS", "2025-12-05", 0.6314),
		fact("up_vol", "SPX_MEMBERS", "2025-12-05", 1234567890),
	))
	for cell, want := range map[string]string{
		"A26": "2025-12-05", "A27": "2025-12-04",
		"B3": "S&P 500", "B4": "Advance-decline ratio", "B5": "ratio", "B6": "adr", "B7": "SPX_MEMBERS", "B25": "SPX_MEMBERS\nadr",
		"B26": "1.25", "B27": "", "B28": "1.50", "C26": "1,234,567,890", "D27": "",
	} {
		if got := value(t, f, "Breadth", cell); got != want {
			t.Errorf("%s shows %q, want %q", cell, got, want)
		}
	}
	if got := styleOf(t, f, "Breadth", "D26").CustomNumFmt; got == nil || *got != "0.0 %" {
		t.Errorf("shares have the format %v, want 0.0 %%", got)
	}
	for cell, want := range map[string]excelize.CellType{"A26": excelize.CellTypeUnset, "B26": excelize.CellTypeUnset, "B27": excelize.CellTypeUnset, "B6": excelize.CellTypeInlineString} {
		if got, err := f.GetCellType("Breadth", cell); err != nil || got != want {
			t.Errorf("%s is of type %v (%v), want %v", cell, got, err, want)
		}
	}
	if got := styleOf(t, f, "Breadth", "B27"); got.Fill.Pattern != 1 {
		t.Errorf("the cell of a fact without a value has fill %+v, want a shade", got.Fill)
	}
	if got := styleOf(t, f, "Breadth", "D27"); got.Fill.Pattern != 0 {
		t.Errorf("the cell of no fact has fill %+v, want none", got.Fill)
	}
	if !styleOf(t, f, "Breadth", "B28").Font.Italic || styleOf(t, f, "Breadth", "B26").Font.Italic {
		t.Error("values of partial coverage are to be italic, and no others")
	}
}

func styleOf(t *testing.T, f *excelize.File, sheet, cell string) *excelize.Style {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLaterKnowledgeCounts: of two facts of the same metric, universe and day
// the one known later is shown.
func TestLaterKnowledgeCounts(t *testing.T) {
	t.Parallel()
	old, revised := fact("tga", "FED", "2025-12-03", 700), fact("tga", "FED", "2025-12-03", 712.5)
	revised.KnownAt = old.KnownAt.Add(1)
	for _, facts := range [][]schemas.Fact{{old, revised}, {revised, old}} {
		if got := value(t, open(t, bookOf(facts...)), "Liquidity", "B26"); got != "712.5" {
			t.Errorf("the cell shows %s, want 712.5", got)
		}
	}
}

func TestFrozenFilteredAndPrintable(t *testing.T) {
	t.Parallel()
	f := openSmall(t)
	for _, sheet := range sheetNames[1 : len(sheetNames)-5] {
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.XSplit != 1 || panes.YSplit != 7 {
			t.Errorf("%s: panes %+v (%v), want 7 rows and 1 column frozen", sheet, panes, err)
		}
	}
	names := map[string]string{}
	for _, n := range f.GetDefinedName() {
		names[n.Scope+" "+n.Name] = n.RefersTo
	}
	for key, want := range map[string]string{
		"Breadth _xlnm.Print_Titles":      "'Breadth'!$A:$A,'Breadth'!$3:$7",
		"Definitions _xlnm.Print_Titles":  "'Definitions'!$A:$B,'Definitions'!$4:$4",
		"Sources _xlnm._FilterDatabase":   "'Sources'!$A$8:$H$48",
		"Liquidity _xlnm._FilterDatabase": "",
	} {
		if got, ok := names[key]; !ok || want != "" && got != want {
			t.Errorf("%s refers to %q, want %q", key, got, want)
		}
	}
	for _, sheet := range sheetNames {
		page, err := f.GetPageLayout(sheet)
		if err != nil || page.Orientation == nil || *page.Orientation != "landscape" {
			t.Errorf("%s is not landscape (%v)", sheet, err)
		}
		foot, err := f.GetHeaderFooter(sheet)
		if err != nil || foot == nil || !strings.Contains(foot.OddFooter, "&P of &N") {
			t.Errorf("%s: footer %+v (%v), want page numbers", sheet, foot, err)
		}
	}
}
