package excel_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/load/excel"
	"tidemark/schemas"
)

// seenSheet is what a reader sees of a sheet.
type seenSheet struct {
	Name                             string
	Texts, Numbers, Formulas, Charts int
	Sum                              float64
}

// TestReaders has Apache POI and openpyxl read workbooks: they see the same sheets,
// texts, numbers and charts, and no formula, and every part is valid by the Office
// Open XML schemas.
func TestReaders(t *testing.T) {
	installed := os.Getenv("TIDEMARK_READERS")
	if installed == "" {
		t.Skip("TIDEMARK_READERS names no folder of programs that read workbooks: run make readers")
	}
	readers := map[string]struct {
		needs   string
		command func(book string) *exec.Cmd
	}{
		"Apache POI": {"java", func(book string) *exec.Cmd {
			return exec.Command("java", "-cp", filepath.Join(installed, "java", "*"), "../../.ci/readers/Workbook.java", book)
		}},
		"openpyxl": {"python/bin/python", func(book string) *exec.Cmd {
			return exec.Command(filepath.Join(installed, "python/bin/python"), "../../.ci/readers/workbook.py", book)
		}},
	}
	books := map[string]schemas.Book{"golden": goldenBook()}
	for _, name := range []string{"formula", "markup", "escape", "emoji"} {
		books[name] = hostileBook(hostileNames[name])
	}
	for name, book := range books {
		path := filepath.Join(t.TempDir(), name+".xlsx")
		if err := excel.WriteFile(path, book); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sheets := f.GetSheetList()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		var before []seenSheet
		for _, reader := range []string{"Apache POI", "openpyxl"} {
			r := readers[reader]
			if _, err := os.Stat(filepath.Join(installed, r.needs)); err != nil {
				t.Logf("%s is not installed: %v", reader, err)
				continue
			}
			cmd := r.command(path)
			cmd.Stderr = t.Output()
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v", reader, err)
			}
			var saw struct {
				Sheets []seenSheet
				Parts  int
				Errors []string
			}
			if err := json.Unmarshal(out, &saw); err != nil {
				t.Fatalf("%s: %v", reader, err)
			}
			for _, e := range saw.Errors {
				t.Errorf("%s, %s: %s", name, reader, e)
			}
			if reader == "Apache POI" && saw.Parts < len(sheets) {
				t.Errorf("%s: %d parts were held against the schemas, of %d sheets", name, saw.Parts, len(sheets))
			}
			var names []string
			charts, numbers := 0, 0
			for i, s := range saw.Sheets {
				names, charts, numbers = append(names, s.Name), charts+s.Charts, numbers+s.Numbers
				if s.Formulas > 0 {
					t.Errorf("%s, %s: sheet %s has %d formulas", name, reader, s.Name, s.Formulas)
				}
				if before == nil {
					continue
				}
				was := before[i]
				if math.Abs(s.Sum-was.Sum) > 1e-9*math.Abs(s.Sum) {
					t.Errorf("%s: the numbers of sheet %s add up to %v and to %v", name, s.Name, s.Sum, was.Sum)
				}
				if was.Sum = s.Sum; s != was {
					t.Errorf("%s: of sheet %s one sees %+v, another %+v", name, s.Name, s, was)
				}
			}
			if !slices.Equal(names, sheets) || numbers == 0 || name == "golden" && charts < 8 {
				t.Errorf("%s, %s: sheets %q with %d numbers and %d charts, want %q", name, reader, names, numbers, charts, sheets)
			}
			before = saw.Sheets
		}
		if before == nil {
			t.Skipf("none of the readers is installed in %s", installed)
		}
	}
}
