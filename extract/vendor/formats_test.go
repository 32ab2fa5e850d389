package vendor

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

// write puts a file into a folder of the test and returns its path.
func write(tb testing.TB, name string, content []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func packed(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

const smallBars = "symbol,date,open,high,low,close,volume\n" +
	"B,2025-01-02,10.5,11,10,10.75,1000\n" +
	"A,2025-01-03,,,,20.25,\n" +
	"A,2025-01-02,20,21,19,20,1234.5\n" +
	"A,2024-12-31,19,20,18,19.5,7\n"

// wantBars is smallBars in 2025.
func wantBars(payload string) []schemas.Bar {
	bar := func(symbol, day string, o, h, l schemas.Opt[float64], c float64, v schemas.Opt[float64]) schemas.Bar {
		return schemas.Bar{Publisher: "x", Symbol: symbol, Session: date(day), Open: o, High: h, Low: l, Close: c, Volume: v, Adjustment: schemas.AdjustedNone, Payload: payload}
	}
	none, some := schemas.None[float64](), schemas.Some[float64]
	return []schemas.Bar{
		bar("A", "2025-01-02", some(20), some(21), some(19), 20, some(1234.5)),
		bar("A", "2025-01-03", none, none, none, 20.25, none),
		bar("B", "2025-01-02", some(10.5), some(11), some(10), 10.75, some(1000)),
	}
}

func barsFile(path string) File {
	return File{Name: "x", Kind: KindBars, Paths: []string{path}, Adjustment: schemas.AdjustedNone}
}

// row of a Parquet file whose columns have their natural types.
type parquetBar struct {
	Symbol string   `parquet:"symbol,dict"`
	Date   int32    `parquet:"date,date"`
	Open   *float64 `parquet:"open,optional"`
	High   *float64 `parquet:"high,optional"`
	Low    *float64 `parquet:"low,optional"`
	Close  float64  `parquet:"close"`
	Volume *float64 `parquet:"volume,optional"`
}

func writeParquet[T any](tb testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func day(s string) time.Time { return date(s).Time() }

func day32(s string) int32 { return int32(date(s)) }

func smallParquet(tb testing.TB, options ...parquet.WriterOption) []byte {
	tb.Helper()
	return writeParquet(tb, []parquetBar{
		{"B", day32("2025-01-02"), new(10.5), new(11.0), new(10.0), 10.75, new(1000.0)},
		{"A", day32("2025-01-03"), nil, nil, nil, 20.25, nil},
		{"A", day32("2025-01-02"), new(20.0), new(21.0), new(19.0), 20, new(1234.5)},
		{"A", day32("2024-12-31"), new(19.0), new(20.0), new(18.0), 19.5, new(7.0)},
	}, options...)
}

func smallWorkbook(tb testing.TB) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range [][]any{
		{"symbol", "date", "open", "high", "low", "close", "volume"},
		{"B", day("2025-01-02"), 10.5, 11, 10, 10.75, 1000},
		{"A", "2025-01-03", nil, nil, nil, 20.25},
		{},
		{"A", day("2025-01-02"), 20, 21, 19, 20, 1234.5},
		{"A", day("2024-12-31"), 19, 20, 18, 19.5, 7},
	} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			tb.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestOneContentInEveryFormat(t *testing.T) {
	t.Parallel()
	style := func(s string) string { // as a German spreadsheet writes it
		return strings.NewReplacer(",", ";", ".", ",", "2025-01-02", "02.01.2025", "2025-01-03", "03.01.2025", "2024-12-31", "31.12.2024").Replace(s)
	}
	for _, test := range []struct {
		name    string
		content []byte
		change  func(f *File)
	}{
		{"a.csv", []byte(smallBars), nil},
		{"a.txt", []byte("\ufeff" + strings.ReplaceAll(smallBars, "\n", "\r\n")), nil},
		{"a.csv.gz", packed(t, []byte(smallBars)), nil},
		{"unpacked.csv.gz", []byte(smallBars), nil},
		{"packed.csv", packed(t, []byte(smallBars)), nil},
		{"german.csv", []byte(strings.Replace(style(smallBars), "1234,5", "1.234,5", 1)), func(f *File) {
			f.Separator, f.Decimal, f.Thousands, f.DateLayout = ";", ",", ".", "02.01.2006"
		}},
		{"missing.csv", []byte(strings.Replace(smallBars, ",,,,", ",-,NA,,", 1)), func(f *File) { f.Missing = []string{"-", "NA"} }},
		{"columns.csv", []byte(strings.Replace(smallBars, "symbol,date,open,high,low,close,volume", "Ticker,Day,O,H,L,C,V", 1)), func(f *File) {
			f.Columns = map[string]string{"symbol": "Ticker", "date": "Day", "open": "O", "high": "H", "low": "L", "close": "C", "volume": "V"}
		}},
		{"a.parquet", smallParquet(t), nil},
		{"zstd.parquet", smallParquet(t, parquet.Compression(&parquet.Zstd)), nil},
		{"gzip.parquet", smallParquet(t, parquet.Compression(&parquet.Gzip)), nil},
		{"snappy.parquet", smallParquet(t, parquet.Compression(&parquet.Snappy)), nil},
		{"pages1.parquet", smallParquet(t, parquet.DataPageVersion(1), parquet.Compression(&parquet.Zstd)), nil},
		{"groups.parquet", smallParquet(t, parquet.MaxRowsPerRowGroup(1)), nil},
		{"a.xlsx", smallWorkbook(t), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := barsFile(write(t, test.name, test.content))
			if test.change != nil {
				test.change(&file)
			}
			bars := mustFetch(t, Bars(extracttest.Client(t), file), year("x", 2025))
			if diff := cmp.Diff(wantBars(bars[0].Payload), bars); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Parquet files say in many ways which day it is and what a number is.
func TestTypesOfParquet(t *testing.T) {
	t.Parallel()
	type millis struct {
		Symbol string    `parquet:"symbol"`
		Date   time.Time `parquet:"date,timestamp(millisecond)"`
		Close  float32   `parquet:"close"`
	}
	type nanos struct {
		Symbol string    `parquet:"symbol"`
		Date   time.Time `parquet:"date,timestamp(nanosecond)"`
		Close  int64     `parquet:"close"`
	}
	type text struct {
		Symbol int32  `parquet:"symbol"`
		Date   string `parquet:"date"`
		Close  string `parquet:"close"`
	}
	type number struct {
		Symbol string `parquet:"symbol,enum"`
		Date   int64  `parquet:"date"`
		Close  int64  `parquet:"close,decimal(2:10)"`
	}
	old := schemas.NewDate(1965, 3, 1) // before 1970 the counts are negative
	for name, test := range map[string]struct {
		content []byte
		layout  string
		close   float64
		symbol  string
		day     schemas.Date
	}{
		"milliseconds, float":  {writeParquet(t, []millis{{"A", day("2025-01-02"), 20.25}}), "", 20.25, "A", date("2025-01-02")},
		"nanoseconds, integer": {writeParquet(t, []nanos{{"A", day("2025-01-02"), 20}}), "", 20, "A", date("2025-01-02")},
		"before 1970":          {writeParquet(t, []nanos{{"A", old.Time(), 20}}), "", 20, "A", old},
		"text":                 {writeParquet(t, []text{{7, "02.01.2025", "20.25"}}), "02.01.2006", 20.25, "7", date("2025-01-02")},
		"number, decimal":      {writeParquet(t, []number{{"A", 20250102, 2025}}), "20060102", 20.25, "A", date("2025-01-02")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := barsFile(write(t, "a.parquet", test.content))
			file.DateLayout = test.layout
			w := schemas.Window{Part: "x", From: old, To: schemas.MaxDate}
			bars := mustFetch(t, Bars(extracttest.Client(t), file), w)
			if len(bars) != 1 || bars[0].Symbol != test.symbol || bars[0].Session != test.day || bars[0].Close != test.close {
				t.Errorf("got %+v", bars)
			}
		})
	}
}

// Columns of other years are not decoded; those of the year are found again
// wherever they lie among pages and row groups.
func TestYearInTheMiddleOfAParquetFile(t *testing.T) {
	t.Parallel()
	type row struct {
		Symbol string  `parquet:"symbol,dict"`
		Date   int32   `parquet:"date,date"`
		Close  float64 `parquet:"close"`
		Volume int64   `parquet:"volume"`
	}
	var rows []row
	first := schemas.NewDate(2020, 1, 1)
	for d := range 3000 {
		for s := range 7 {
			rows = append(rows, row{fmt.Sprintf("S%d", s), int32(first.AddDays(d)), float64(1 + d*7 + s), int64(s)})
		}
	}
	content := writeParquet(t, rows, parquet.PageBufferSize(1000), parquet.MaxRowsPerRowGroup(9000), parquet.Compression(&parquet.Snappy))
	bars := mustFetch(t, Bars(extracttest.Client(t), barsFile(write(t, "a.parquet", content))), year("x", 2023))
	if len(bars) != 365*7 {
		t.Fatalf("%d bars, want 2,555", len(bars))
	}
	for _, b := range bars {
		d, s := int(b.Session-first), int(b.Volume.V)
		if b.Session.Year() != 2023 || b.Symbol != fmt.Sprintf("S%d", s) || b.Close != float64(1+d*7+s) {
			t.Fatalf("the columns have come apart: %+v", b)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	replace := func(was, is string) []byte { return []byte(strings.Replace(smallBars, was, is, 1)) }
	gz := packed(t, []byte(strings.Repeat(smallBars, 1)))
	pq := smallParquet(t)
	xl := smallWorkbook(t)
	type timed struct {
		Symbol string    `parquet:"symbol"`
		Date   time.Time `parquet:"date,timestamp(millisecond)"`
		Close  float64   `parquet:"close"`
	}
	type wrong struct {
		Symbol float64 `parquet:"symbol"`
		Date   int32   `parquet:"date,date"`
		Close  float64 `parquet:"close"`
	}
	type nested struct {
		Symbol string    `parquet:"symbol"`
		Date   int32     `parquet:"date,date"`
		Close  []float64 `parquet:"close,list"`
	}
	type delta struct {
		Symbol string  `parquet:"symbol,delta"`
		Date   int32   `parquet:"date,date"`
		Close  float64 `parquet:"close"`
	}
	for _, test := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"web page.csv", []byte("<html><title>Sign in</title>"), "web page (Sign in)"},
		{"empty.csv", nil, "empty"},
		{"header only.csv", []byte("symbol,date,close\n"), "no data"},
		{"cut.csv", []byte(smallBars[:len(smallBars)-8]), "cells where the header has 7"},
		{"renamed.csv", replace("close", "last"), `missing: "close"; not expected: "last"`},
		{"more.csv", replace("volume\n", "volume,vwap\n"), `not expected: "vwap"`},
		{"twice the column.csv", replace("open,", "close,"), `more than once: "close"`},
		{"nan.csv", replace("10.75", "NaN"), `line 2: close of B: "NaN" is not a number`},
		{"infinite.csv", replace("10.75", "Inf"), "not a number"},
		{"too large.csv", replace("10.75", "1e309"), "too large"},
		{"zero.csv", replace("10.75", "0"), "close of B: 0 cannot be"},
		{"negative.csv", replace("10.75", "-10.75"), "close of B: -10.75 cannot be"},
		{"open of zero.csv", replace("10.5", "0"), "open of B: 0 cannot be"},
		{"negative volume.csv", replace("1000", "-1"), "volume of B"},
		{"no day.csv", replace("2025-01-02", ""), "line 2: no date"},
		{"no such day.csv", replace("2025-01-02", "2025-02-30"), "line 2: date"},
		{"other layout.csv", replace("2025-01-02", "01/02/2025"), "not of the form"},
		{"no symbol.csv", replace("B,", ","), "line 2: no symbol"},
		{"long symbol.csv", replace("B,", strings.Repeat("B", 1000)+","), "is not a symbol"},
		{"duplicate.csv", replace("2024-12-31", "2025-01-02"), "two rows of A on 2025-01-02"},
		{"cut.csv.gz", gz[:len(gz)-12], "unexpected EOF"},
		{"broken.csv.gz", append(gz[:len(gz)-8:len(gz)-8], 0, 0, 0, 0, 0, 0, 0, 0), "gzip: invalid checksum"},
		{"cut.parquet", pq[:len(pq)-20], "cut off"},
		{"empty.parquet", nil, "not a Parquet file"},
		{"web page.parquet", []byte("<html><title>Sign in</title>"), "not a Parquet file"},
		{"hole.parquet", append(append(append([]byte{}, pq[:20]...), make([]byte, 60)...), pq[80:]...), "page at byte"},
		{"column less.parquet", writeParquet(t, []struct {
			Symbol string `parquet:"symbol"`
			Date   int32  `parquet:"date,date"`
		}{{"A", day32("2025-01-02")}}), `missing: "close"`},
		{"column more.parquet", writeParquet(t, []struct {
			parquetBar
			VWAP float64 `parquet:"vwap"`
		}{{parquetBar{"A", day32("2025-01-02"), nil, nil, nil, 1, nil}, 2}}), `not expected: "vwap"`},
		{"nan.parquet", writeParquet(t, []parquetBar{{"A", day32("2025-01-02"), nil, nil, nil, math.NaN(), nil}}), "row 1: close of A: NaN"},
		{"infinite.parquet", writeParquet(t, []parquetBar{{"A", day32("2025-01-02"), new(math.Inf(1)), nil, nil, 1, nil}}), "open of A: infinite"},
		{"time of day.parquet", writeParquet(t, []timed{{"A", day("2025-01-02").Add(16 * time.Hour), 1}}), "16:00:00 has a time of day"},
		{"symbol of numbers.parquet", writeParquet(t, []wrong{{1, day32("2025-01-02"), 1}}), "DOUBLE is not text"},
		{"nested.parquet", writeParquet(t, []nested{{"A", day32("2025-01-02"), []float64{1}}}), "not a plain column"},
		{"delta.parquet", writeParquet(t, []delta{{"A", day32("2025-01-02"), 1}}), "is not read here; write the file with"},
		{"brotli.parquet", smallParquet(t, parquet.Compression(&parquet.Brotli)), "packed with BROTLI"},
		{"lz4.parquet", smallParquet(t, parquet.Compression(&parquet.Lz4Raw)), "packed with LZ4_RAW"},
		{"cut.xlsx", xl[:len(xl)-100], "cut off"},
		{"web page.xlsx", []byte("<html><title>Sign in</title>"), "web page (Sign in)"},
		{"empty.xlsx", nil, "empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows, err := extracttest.All(t, Bars(extracttest.Client(t), barsFile(write(t, test.name, test.content))), year("x", 2025))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "x 2025") {
				t.Fatalf("got %d rows, %v; want an error that names the window and has %q", len(rows), err, test.want)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error is %d characters long", len(err.Error()))
			}
		})
	}
}

// A price that cannot be one does not matter to the windows in which it is not.
func TestOtherYearsAreNotJudged(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"a.csv":     []byte(strings.Replace(smallBars, "19.5", "-1", 1)),
		"a.parquet": writeParquet(t, []parquetBar{{"A", day32("2025-01-02"), nil, nil, nil, 2, nil}, {"A", day32("2024-12-31"), nil, nil, nil, math.NaN(), nil}}),
	} {
		file := barsFile(write(t, name, content))
		if _, err := extracttest.All(t, Bars(extracttest.Client(t), file), year("x", 2025)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := extracttest.All(t, Bars(extracttest.Client(t), file), year("x", 2024)); err == nil {
			t.Errorf("%s: the year of the wrong price is not refused", name)
		}
	}
}
