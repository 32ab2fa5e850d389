package excel_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// members are the files inside a workbook.
func members(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[m.Name] = string(body)
	}
	return out
}

var hostileNames = map[string]string{
	"formula":   `=cmd|' /C calc'!A0`,
	"plus":      "+1+1",
	"minus":     "-2+3",
	"at":        "@SUM(A1:A9)",
	"tab":       "\t=1+1",
	"markup":    `</t></is></c><c r="Z9"><f>1+1</f></c>`,
	"entity":    "&lt;b&gt; & Co",
	"escape":    "_x0041_ and _x005F_",
	"emoji":     "📈 index 👩‍👩‍👧",
	"rightLeft": "مؤشر الأسهم",
	"quotes":    `"it's" 'quoted'`,
	"line":      "two\nlines",
}

// TestHostileTextStaysText: names, messages and requests are stored as text
// and read back as they were given.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	for name, s := range hostileNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := hostileBook(s)
			file := written(t, b)
			for path, body := range members(t, file) {
				if strings.HasPrefix(path, "xl/worksheets/") && strings.Contains(body, "<f>") {
					t.Errorf("%s holds a formula", path)
				}
			}
			f, err := excelize.OpenReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got := value(t, f, "Breadth", "B3"); got != s {
				t.Errorf("the universe is %q, want %q", got, s)
			}
			if kind, err := f.GetCellType("Breadth", "B3"); err != nil || kind != excelize.CellTypeInlineString {
				t.Errorf("the universe is of type %v (%v), want text", kind, err)
			}
			findCell(t, f, "Data quality", s)
			findCell(t, f, "Sources", s)
		})
	}
}

func hostileBook(s string) schemas.Book {
	b := bookOf(fact("adr", "SPX_MEMBERS", "2025-12-05", 1), fact("adr", "SPX_MEMBERS", "2025-12-04", 2))
	b.Title, b.Version = s, s
	b.Names["SPX_MEMBERS"] = s
	b.Checks = []schemas.CheckResult{{Check: s, Dataset: "raw.bar", Severity: schemas.SeverityError, Message: s}}
	b.Fresh = []schemas.Freshness{{Dataset: s, Part: s, Newest: schemas.NoDate, Expected: schemas.NoDate}}
	b.Revised = []schemas.Revision{{Metric: s, Universe: s, Session: b.AsOf, Was: 1, At: b.KnownAt}}
	b.Sources = []schemas.SourceLine{{Dataset: s, Request: s, From: schemas.NoDate, To: schemas.NoDate}}
	return b
}

// TestTextBeyondTheLimitsOfCells: control characters are left out, and what is
// too long for a cell is cut and says so.
func TestTextBeyondTheLimitsOfCells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"control":   {"a\x00b\x07c\x1bd\u0085e\ufffff", "abcdef"},
		"direction": {"abc\u202egpj.exe\u2066", "abcgpj.exe"},
		"invalid":   {"a\xff\xfeb", "a\uFFFDb"},
	} {
		f := open(t, hostileBook(c.in))
		if got := value(t, f, "Breadth", "B3"); got != c.want {
			t.Errorf("%s: the cell holds %q, want %q", name, got, c.want)
		}
	}
	for name, s := range map[string]string{"ascii": strings.Repeat("x", 40_000), "pairs": strings.Repeat("📈", 20_000), "wide": strings.Repeat("é", 33_000)} {
		f := open(t, hostileBook(s))
		got := value(t, f, "Breadth", "B3")
		if n := len(utf16.Encode([]rune(got))); n > 32_767 || n < 32_700 {
			t.Errorf("%s: the cell holds %d units, want a little less than 32,767", name, n)
		}
		if !strings.HasSuffix(got, " … (cut)") || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%s: the cell ends in %q, want it to say that it was cut", name, got[len(got)-20:])
		}
	}
}

// FuzzText holds that no text makes a workbook that cannot be read, or a
// formula.
func FuzzText(f *testing.F) {
	for _, s := range hostileNames {
		f.Add(s)
	}
	f.Add("a\x00\xed\xa0\x80\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for path, body := range members(t, written(t, hostileBook(s))) {
			if !strings.HasSuffix(path, ".xml") && !strings.HasSuffix(path, ".rels") {
				continue
			}
			d := xml.NewDecoder(strings.NewReader(body))
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if e, ok := token.(xml.StartElement); ok && e.Name.Local == "f" && strings.HasPrefix(path, "xl/worksheets/") {
					t.Fatalf("%s holds a formula", path)
				}
			}
		}
	})
}
