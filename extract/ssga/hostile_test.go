package ssga

import (
	"archive/zip"
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	good := simple(t, "02-Jan-2025", 60.5)
	renamed, more, fewer := head(), append(head(), "ESG"), head()[:7]
	renamed[4] = "Weight (%)"
	with := func(column int, v any) []byte {
		l := apple
		l[4] = 100.0
		l[column] = v
		return workbook(t, "SPY", "02-Jan-2025", head(), l)
	}
	for _, test := range []struct {
		name   string
		answer []byte
		want   string
	}{
		{"web page", []byte("<!DOCTYPE html><html><head><title>Access denied</title></head></html>"), "Access denied"},
		{"empty", nil, "empty"},
		{"cut off", good[:len(good)-200], "cut off"},
		{"text", []byte("Fund Name:,SPY\n"), "not a workbook"},
		{"renamed column", workbook(t, "SPY", "02-Jan-2025", renamed, apple), "the columns have changed"},
		{"column more", workbook(t, "SPY", "02-Jan-2025", more, apple), "the columns have changed"},
		{"column less", workbook(t, "SPY", "02-Jan-2025", fewer, apple), "the columns have changed"},
		{"another fund", workbook(t, "MDY", "02-Jan-2025", head(), append([]line{}, with100(apple))...), `asked for SPY, the workbook is of "MDY"`},
		{"no lines", workbook(t, "SPY", "02-Jan-2025", head()), "the table has no lines"},
		{"no day", workbook(t, "SPY", "", head(), with100(apple)), `expected a day as in`},
		{"strange day", workbook(t, "SPY", "2025-01-02", head(), with100(apple)), "not of the form"},
		{"lines lost", workbook(t, "SPY", "02-Jan-2025", head(), apple), "sum to 60.50 %"},
		{"weights as fractions", with(4, 1.0), "the unit has changed"},
		{"weight NaN", with(4, "NaN"), `row 6: column "Weight": "NaN" is not a number`},
		{"weight too large", with(4, "1e309"), "too large"},
		{"weight missing", with(4, "-"), "no weight"},
		{"identifier missing", with(2, nil), "a weight without an identifier"},
		{"shares in words", with(6, "many"), `column "Shares Held"`},
		{"other sheet", func() []byte {
			f := excelize.NewFile()
			var b bytes.Buffer
			if err := f.Write(&b); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}(), `no sheet "holdings"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, test.answer)
			w := schemas.CutYear.Window("SPY", date("2025-01-02"))
			_, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Base: p.URL}), w)
			broken, ok := errors.AsType[*extract.ContractError](err)
			if !ok || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v; want a contract error about %q", err, test.want)
			}
			if broken.Window != w || broken.Publisher != Publisher || len(broken.Payload) != 64 {
				t.Errorf("the error names %q %s %q", broken.Publisher, broken.Window, broken.Payload)
			}
		})
	}
}

// A workbook of a few kilobytes whose sheet unpacks to 1 GiB.
func TestWorkbookBomb(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CompressedSize64: 4096, UncompressedSize64: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	p := newPublisher(t, b.Bytes())
	_, err = extracttest.All(t, Holdings(extracttest.Client(t), Config{Base: p.URL}), schemas.CutYear.Window("SPY", date("2025-01-02")))
	if _, ok := errors.AsType[*extract.ContractError](err); !ok || !strings.Contains(err.Error(), "unpacks to 1073741824 bytes, more than 67108864; refused") {
		t.Errorf("got %v, want the bomb refused", err)
	}
}

// A body beyond the bound of the request is not read to its end.
func TestBodyBeyondTheBound(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, make([]byte, maxBytes+1))
	_, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Base: p.URL}), schemas.CutYear.Window("SPY", date("2025-01-02")))
	if large, ok := errors.AsType[*extract.TooLargeError](err); !ok || large.Limit != maxBytes {
		t.Errorf("got %v, want it too large", err)
	}
}

func with100(l line) line {
	l[4] = 100.0
	return l
}

func TestFundIsNotPartOfAPath(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, nil)
	for _, fund := range []string{"", "../spy", "spy", "SPY?x"} {
		if _, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Base: p.URL}), schemas.CutYear.Window(fund, 20000)); err == nil {
			t.Errorf("%q: no error", fund)
		}
	}
	if len(p.asked) != 0 {
		t.Errorf("asked %d times", len(p.asked))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(simple(f, "02-Jan-2025", 60.5))
	f.Add(workbook(f, "SPY", "02-Jan-2025", head()))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := parse(file)
		if err != nil {
			return
		}
		if len(b.rows) == 0 || b.asOf == schemas.NoDate || math.Abs(b.weights()-100) > weightTolerance {
			t.Fatalf("accepted %d rows of %s summing to %v", len(b.rows), b.asOf, b.weights())
		}
	})
}
