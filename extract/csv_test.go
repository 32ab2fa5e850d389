package extract

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

var pricesLayout = CSVLayout{Required: []string{"Date", "Close"}, Optional: []string{"Volume"}}

func readAll(c *CSV, columns ...string) ([][]string, error) {
	var out [][]string
	for c.Next() {
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = c.Cell(name)
		}
		out = append(out, row)
	}
	return out, c.Err()
}

func TestCSVReadsByName(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"plain":          "Date,Close\n2025-01-02,\"1,5\"\"x\"\n2025-01-03,\n",
		"other order":    "Close, Date \r\n\"1,5\"\"x\",2025-01-02\r\n,2025-01-03\r\n",
		"no last ending": "\"Date\",\"Close\"\n\"2025-01-02\",\"1,5\"\"x\"\n2025-01-03,\"\"",
		"blank at end":   "Date,Close\n2025-01-02,\"1,5\"\"x\"\n2025-01-03,\n\n \n\u00a0\n",
	} {
		c, err := NewCSV(iotest.OneByteReader(strings.NewReader(in)), pricesLayout)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := readAll(c, "Date", "Close", "Volume")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff([][]string{{"2025-01-02", `1,5"x`, ""}, {"2025-01-03", "", ""}}, got); diff != "" {
			t.Errorf("%s: rows differ (-want +got):\n%s", name, diff)
		}
		if c.Has("Volume") || !c.Has("Close") || c.Rows() != 2 {
			t.Errorf("%s: Has(Volume)=%v Has(Close)=%v Rows=%d", name, c.Has("Volume"), c.Has("Close"), c.Rows())
		}
	}
}

func TestCSVHeaderDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Date,Last\n":                    `line 1: the columns have changed: missing: "Close"; not expected: "Last"`,
		"Date,Close,Close\n":             `line 1: the columns have changed: more than once: "Close"`,
		"Date,Close,\n":                  `line 1: the columns have changed: not expected: ""`,
		"Date,Close,a\x1bb\n":            `line 1: the columns have changed: not expected: "a b"`,
		"Date;Close\n":                   `line 1: the columns have changed: missing: "Date", "Close"; not expected: "Date;Close"`,
		"Date,Close,a,b,c,d,e,f,g,h,i,j": `line 1: the columns have changed: not expected: "a", "b", "c", "d", "e", "f", "g", "h" and 2 more`,
	} {
		_, err := NewCSV(strings.NewReader(in), pricesLayout)
		var diff *HeaderError
		if !errors.As(err, &diff) || err.Error() != want {
			t.Errorf("header %q: %v, want %s", in, err, want)
		}
	}
	c, err := NewCSV(strings.NewReader("x,Date,Close,x\n1,2,3,4\n"), CSVLayout{Required: []string{"Date"}, Others: true})
	if err != nil {
		t.Fatalf("others allowed: %v", err)
	}
	if got, err := readAll(c, "Date"); err != nil || !slices.Equal(got[0], []string{"2"}) {
		t.Errorf("others allowed: %v, %v", got, err)
	}
}

func TestCSVRefusesRows(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2025-01-02\n":                     "line 2: 1 cells where the header has 2",
		"2025-01-02,1,2\n":                 "line 2: 3 cells where the header has 2",
		"2025-01-02,1\n2025":               "line 3: 1 cells",
		"2025-01-02,\"1\n\",2\n":           "line 2: the quote that opens cell 2 is not closed",
		"2025-01-02,1\"\n":                 "line 2: a quote inside the unquoted cell 2",
		"2025-01-02,\"1\"x\n":              "line 2: text after the closing quote of cell 2",
		"2025-01-02,\xff\n":                "line 2: not UTF-8",
		"2025-01-02,\x00\n":                "line 2: contains a zero byte",
		"2025-01-02,1\n\n2025-01-03,1":     "line 4: text after a blank line",
		"a,1\nb,1\nc,1\nd,1\n":             "line 5: more than 3 rows",
		strings.Repeat("x", 5000) + ",1\n": "line 2: longer than 4096 bytes",
		"a,b,c,d,e,f\n":                    "line 2: more than 4 columns",
	} {
		layout := pricesLayout
		layout.MaxRows, layout.MaxLine, layout.MaxColumns = 3, 4096, 4
		c, err := NewCSV(strings.NewReader("Date,Close\n"+in), layout)
		if err != nil {
			t.Errorf("%.40q: header: %v", in, err)
			continue
		}
		if _, err := readAll(c, "Date"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", in, err, want)
		}
		if c.Next() {
			t.Errorf("%.40q: rows after an error", in)
		}
	}
}

func TestCSVBrokenReaderIsAnError(t *testing.T) {
	t.Parallel()
	r := io.MultiReader(strings.NewReader("Date,Close\n2025-01-02,1\n2025-01"), iotest.ErrReader(io.ErrUnexpectedEOF))
	c, err := NewCSV(r, pricesLayout)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(c, "Date"); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 {
		t.Errorf("read %v, %v; want one row and the reader's error", got, err)
	}
}

func TestCSVPreambleAndFooter(t *testing.T) {
	t.Parallel()
	in := "A Fund\nHoldings as of,\"Dec 06, 2024\"\n\u00a0\nDate,Close\nx,1\n\u00a0\nThe \"content\" is \xff not, read\n"
	layout := pricesLayout
	layout.HeaderCell, layout.EndAtBlank = "Date", true
	c, err := NewCSV(strings.NewReader(in), layout)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"A Fund"}, {"Holdings as of", "Dec 06, 2024"}, {"\u00a0"}}, c.Preamble()); diff != "" {
		t.Errorf("preamble differs (-want +got):\n%s", diff)
	}
	if got, err := readAll(c, "Close"); err != nil || len(got) != 1 {
		t.Errorf("read %v, %v; want one row", got, err)
	}
	for in, want := range map[string]string{
		"":                              "empty",
		"a\nb\n":                        `none of 2 lines begins with the cell "Date"`,
		strings.Repeat("a\n", 200):      `none of the first 101 lines begins with the cell "Date"`,
		"a \"quoted\" preamble\nDate\n": "line 1: a quote inside",
	} {
		if _, err := NewCSV(strings.NewReader(in), layout); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewCSV(%.20q): %v, want %q", in, err, want)
		}
	}
	if _, err := NewCSV(strings.NewReader("\nDate,Close\n"), pricesLayout); err == nil || !strings.Contains(err.Error(), "line 1: blank") {
		t.Errorf("a blank first line: %v", err)
	}
}

func TestCSVTypedCellsNameLineAndColumn(t *testing.T) {
	t.Parallel()
	c, err := NewCSV(strings.NewReader("Date,Close,Volume\n2025-01-02,1e309,\"1,0\"\n2025-01-03,2.5,\"1,000\"\n"), pricesLayout)
	if err != nil || !c.Next() {
		t.Fatalf("open: %v, %v", err, c.Err())
	}
	if _, err := c.Float("Close"); err == nil || err.Error() != `line 2, column "Close": "1e309" is too large for a number` {
		t.Errorf("Float: %v", err)
	}
	if _, err := c.Grouped("Volume"); err == nil || err.Error() != `line 2, column "Volume": "1,0" is not a number` {
		t.Errorf("Grouped: %v", err)
	}
	if _, err := c.Date("Close", "2006-01-02"); err == nil || !strings.HasPrefix(err.Error(), `line 2, column "Close": date "1e309"`) {
		t.Errorf("Date: %v", err)
	}
	if !c.Next() {
		t.Fatal(c.Err())
	}
	v, err1 := c.Float("Close")
	g, err2 := c.Grouped("Volume")
	d, err3 := c.Date("Date", "2006-01-02")
	if err := errors.Join(err1, err2, err3); err != nil || v != 2.5 || g != 1000 || d != schemas.NewDate(2025, 1, 3) {
		t.Errorf("read %v, %v, %v, %v", v, g, d, err)
	}
}

func TestCSVReadsRealHoldings(t *testing.T) {
	t.Parallel()
	in, err := os.Open(sharedtest.File(t, "upstream", "ishares", "IVV_holdings_2024-12-06.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := Text(in)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCSV(text, CSVLayout{HeaderCell: "Ticker", EndAtBlank: true, Required: []string{"Ticker", "Asset Class", "Market Value"}, Others: true})
	if err != nil {
		t.Fatal(err)
	}
	equities := 0
	for c.Next() {
		if _, err := c.Grouped("Market Value"); err != nil {
			t.Error(err)
		}
		if c.Cell("Asset Class") == "Equity" {
			equities++
		}
	}
	if c.Err() != nil || equities != 503 {
		t.Errorf("%d equities, %v; want 503", equities, c.Err())
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("Date,Close\n2025-01-02,1\n")
	f.Add("Date,Close,Volume\r\n\"a\"\"b\",\"c,d\",\n\n")
	f.Add("Date,Close\n\"a\nb\",1\n")
	f.Add("Date,Close\n\"\"\"\",\"\"x\n")
	f.Fuzz(func(t *testing.T, in string) {
		layout := pricesLayout
		layout.MaxLine, layout.MaxRows = 200, 20
		c, err := NewCSV(strings.NewReader(in), layout)
		if err != nil {
			return
		}
		got, err := readAll(c, "Date", "Close")
		if err != nil {
			return
		}
		// What is taken is what the standard reader makes of it. It skips
		// lines without a character, and so does the end of the file here.
		r := csv.NewReader(strings.NewReader(in))
		r.FieldsPerRecord = -1
		all, err := r.ReadAll()
		if err != nil {
			t.Fatalf("took %q, which the library refuses: %v", in, err)
		}
		if len(all) < len(got)+1 {
			t.Fatalf("%d rows of %q, the library has %d with the header", len(got), in, len(all))
		}
		header := make([]string, len(all[0]))
		for i, h := range all[0] {
			header[i] = strings.TrimSpace(h)
		}
		for i, row := range got {
			want := []string{all[i+1][slices.Index(header, "Date")], all[i+1][slices.Index(header, "Close")]}
			if !slices.Equal(row, want) {
				t.Fatalf("row %d of %q: %q, the library has %q", i, in, row, want)
			}
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("Date,Close,Volume\n")
	for range 100_000 {
		text.WriteString("2025-01-02,123.456,7890123\n")
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		c, err := NewCSV(strings.NewReader(text.String()), pricesLayout)
		if err != nil {
			b.Fatal(err)
		}
		for c.Next() {
			if _, err := c.Float("Close"); err != nil {
				b.Fatal(err)
			}
		}
		if c.Err() != nil || c.Rows() != 100_000 {
			b.Fatal(c.Rows(), c.Err())
		}
	}
}
