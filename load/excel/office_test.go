package excel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/load/excel"
)

// TestLibreOfficeShowsTheSame lets another program read the workbook and write
// what it shows on each sheet.
func TestLibreOfficeShowsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice, which takes seconds")
	}
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) is not installed")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "book.xlsx")
	if err := excel.WriteFile(path, goldenBook()); err != nil {
		t.Fatal(err)
	}
	// Commas, quotes, UTF-8, cells as they are shown, all sheets.
	const filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
	cmd := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"),
		"--headless", "--convert-to", filter, "--outdir", dir, path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for sheet, want := range map[string]string{
		"Summary":       `,Weight of the 10 largest lines,S&P 500,38.40 %,%,2025-12-05,+0.39 pp,,,,75 %,2025-12-04,ok,conc_top10_sec,SPX_MEMBERS`,
		"Concentration": "2025-12-04,38.01 %",
		"Breadth":       "2025-12-05,1.12,63.1 %\n2025-12-04,,\n2025-12-03,0.87,",
		"Size":          "2025-12-05,-11.17 %",
		"Liquidity":     "2025-12-03,\"5,789.3\"",
		"Data quality":  "facts.breadth,SPX_MEMBERS,678,2025-12-04,2025-12-05,1,",
		"Definitions":   "liquidity,Net liquidity,net_liq_weekly,USD bn",
		"Sources":       "raw.holding,IVV,ishares,2025-12-05,2025-12-05,2025-12-05 21:15," + strings.Repeat("0f", 32),
	} {
		body, err := os.ReadFile(filepath.Join(dir, "book-"+sheet+".csv"))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(body), want) {
			t.Errorf("%s has no %q:\n%s", sheet, want, body)
		}
	}
}
