package ssga

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func newClient(t *testing.T, now func() time.Time) *extract.Client {
	t.Helper()
	a, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := extract.NewClient(extract.Options{Archive: a, Attempts: 1, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func date(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestRecordedFiles(t *testing.T) {
	t.Parallel()
	dir := sharedtest.Dir(t)
	for _, test := range []struct {
		file, fund, asOf       string
		lines, stock           int
		weight, cash, ten, hhi float64 // percent: all lines, cash; of the equity the ten largest, the sum of squares
		last                   string
	}{
		{"upstream/ssga/holdings-daily-us-en-spy_2024-03-19.xlsx", "SPY", "2024-03-19", 504, 503, 100, 0.230834, 0, 0, "NWS"},
		{"market/holdings/SPY_2024-05-10.xlsx", "SPY", "2024-05-10", 504, 503, 100, 0.079551, 33.07, 172.6, "NWS"},
		// 504 lines of equity: with the when-issued line of a company that was
		// about to be listed.
		{"market/holdings/SPY_2025-02-07.xlsx", "SPY", "2025-02-07", 505, 504, 100, 0.070903, 35.80, 189.6, "MRP"},
		{"market/holdings/SPY_2025-09-05.xlsx", "SPY", "2025-09-05", 504, 503, 100, 0.162631, 38.40, 212.9, "NWS"},
		{"upstream/ssga/holdings-daily-us-en-mdy_2025-01-31.xlsx", "MDY", "2025-01-31", 401, 401, 100, 0, 0, 0, "UA"},
	} {
		t.Run(filepath.Base(test.file), func(t *testing.T) {
			t.Parallel()
			address, err := extract.FileURL(filepath.Join(dir, test.file))
			if err != nil {
				t.Fatal(err)
			}
			s := Holdings(extracttest.Client(t), Config{Files: []string{address}})
			rows, err := extracttest.All(t, s, schemas.CutYear.Window(test.fund, date(test.asOf)))
			if err != nil {
				t.Fatal(err)
			}
			var stock int
			var weight, equity, cash, ten, squares float64
			for i, r := range rows {
				if r.Fund != test.fund || r.AsOf != date(test.asOf) || r.Line != int64(i+1) || len(r.Payload) != 64 {
					t.Fatalf("line %d: %+v", i+1, r)
				}
				weight += r.Weight.V
				switch r.AssetClass {
				case classEquity:
					if stock++; stock <= 10 {
						ten += r.Weight.V
					}
					equity += r.Weight.V
					squares += r.Weight.V * r.Weight.V
				case classCash:
					cash += r.Weight.V
				}
			}
			if len(rows) != test.lines || stock != test.stock || math.Abs(weight-test.weight) > 0.25 || math.Abs(cash-test.cash) > 1e-9 {
				t.Errorf("%d lines, %d equities, weights %.4f, cash %.6f; want %d, %d, %.4f, %.6f", len(rows), stock, weight, cash, test.lines, test.stock, test.weight, test.cash)
			}
			share, hhi := 100*ten/equity, squares*100*100/(equity*equity)
			if test.ten != 0 && (math.Abs(share-test.ten) > 0.005 || math.Abs(hhi-test.hhi) > 0.05) {
				t.Errorf("ten largest %.3f %%, sum of squares %.2f; want %.2f and %.1f", share, hhi, test.ten, test.hhi)
			}
			if got := rows[len(rows)-1].Ticker; got != test.last {
				t.Errorf("last line %s, want %s", got, test.last)
			}
			if _, err := extracttest.All(t, s, schemas.CutYear.Window("SPSM", date(test.asOf))); !errors.Is(err, extract.ErrNoData) {
				t.Errorf("another fund: %v, want no data", err)
			}
		})
	}
}

func TestRecordedLines(t *testing.T) {
	t.Parallel()
	read := func(name string) map[string]schemas.Holding {
		file, err := os.ReadFile(sharedtest.File(t, "upstream", "ssga", name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := parse(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]schemas.Holding{}
		for _, r := range b.rows {
			lines[r.Ticker] = r
		}
		return lines
	}
	spy, mdy := read("holdings-daily-us-en-spy_2025-09-05.xlsx"), read("holdings-daily-us-en-mdy_2025-01-31.xlsx")
	for _, test := range []struct{ got, want schemas.Holding }{
		{spy["NVDA"], schemas.Holding{
			Fund: "SPY", Line: 1, Ticker: "NVDA", Name: "NVIDIA CORP", AssetClass: "Equity", Weight: schemas.Some(7.393046), Quantity: schemas.Some(289183866.0),
			CUSIP: "67066G104", SEDOL: "2379504", Currency: "USD",
		}},
		{spy[""], schemas.Holding{
			Fund: "SPY", Line: 117, Name: "US DOLLAR", AssetClass: "Cash", Weight: schemas.Some(0.162631), Quantity: schemas.Some(1062482888.43), CUSIP: "999USDZ92", Currency: "USD",
		}},
		{mdy["WSM"], schemas.Holding{
			Fund: "MDY", Line: 1, Ticker: "WSM", Name: "Williams-Sonoma Inc.", Sector: "Consumer Discretionary", AssetClass: "Equity", Weight: schemas.Some(0.877565),
			Quantity: schemas.Some(1010957.0), CUSIP: "969904101", SEDOL: "2967589", Currency: "USD",
		}},
	} {
		test.want.AsOf = test.got.AsOf
		if test.got != test.want {
			t.Errorf("got %+v, want %+v", test.got, test.want)
		}
	}
	if _, ok := spy["BRK.B"]; !ok {
		t.Error("no BRK.B: class shares are written with a dot")
	}
}

// line is a row of the table.
type line [8]any

var apple = line{"APPLE INC", "AAPL", "037833100", "2046251", 60.5, "-", 1.771e8, "USD"}

// workbook writes a workbook as the publisher lays it out.
func workbook(tb testing.TB, fund, asOf string, head []any, lines ...line) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		tb.Fatal(err)
	}
	rows := [][]any{{"Fund Name:", "A Trust"}, {"Ticker Symbol:", fund}, {"Holdings:", "As of " + asOf}, nil, head}
	for _, l := range lines {
		rows = append(rows, l[:])
	}
	rows = append(rows, nil, []any{"Past performance is not a reliable indicator of \"future performance."})
	for i, cells := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &cells); err != nil {
			tb.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func head() []any {
	out := make([]any, len(header))
	for i, h := range header {
		out[i] = h
	}
	return out
}

func simple(tb testing.TB, asOf string, weight float64) []byte {
	tb.Helper()
	second := line{"MICROSOFT CORP", "MSFT", "594918104", "2588173", 100 - weight, "-", 8.8e7, "USD"}
	first := apple
	first[4] = weight
	return workbook(tb, "SPY", asOf, head(), first, second)
}

type publisher struct {
	*httptest.Server
	answer []byte
	asked  []*http.Request
}

func newPublisher(t *testing.T, answer []byte) *publisher {
	t.Helper()
	p := &publisher{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r)
		// A client that has seen enough hangs up.
		_, _ = w.Write(p.answer)
	}))
	t.Cleanup(p.Close)
	return p
}

// The publisher has only its latest workbook; the days before come from the
// archive, and a workbook that was sent again counts in its last form.
func TestHistoryIsWhatWasFetched(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, nil)
	now := date("2025-01-02").Time()
	c := newClient(t, func() time.Time { return now })
	s := Holdings(c, Config{Base: p.URL + "/"})
	w := schemas.CutYear.Window("SPY", date("2025-01-02"))
	for _, step := range []struct {
		answer []byte
		want   []string // day and first weight of each day
	}{
		{simple(t, "31-Dec-2024", 60), nil},
		{simple(t, "02-Jan-2025", 61), []string{"2025-01-02 61"}},
		{simple(t, "03-Jan-2025", 62), []string{"2025-01-02 61", "2025-01-03 62"}},
		{simple(t, "03-Jan-2025", 63), []string{"2025-01-02 61", "2025-01-03 63"}},
		{simple(t, "02-Jan-2025", 61), []string{"2025-01-02 61", "2025-01-03 63"}},
	} {
		now = now.Add(24 * time.Hour)
		p.answer = step.answer
		rows, err := extracttest.All(t, s, w)
		if step.want == nil {
			if !errors.Is(err, extract.ErrNoData) {
				t.Fatalf("got %v, want no data", err)
			}
			continue
		}
		var got []string
		for _, r := range rows {
			if r.Line == 1 {
				got = append(got, fmt.Sprintf("%s %v", r.AsOf, r.Weight.V))
			}
		}
		if err != nil || strings.Join(got, ", ") != strings.Join(step.want, ", ") {
			t.Fatalf("got %q, %v; want %q", got, err, step.want)
		}
	}
	if rows, err := extracttest.All(t, s, schemas.CutYear.Window("SPY", date("2024-12-31"))); err != nil || len(rows) != 2 || rows[0].Weight.V != 60 {
		t.Errorf("the year before: %d rows, %v", len(rows), err)
	}
	r := p.asked[0]
	if r.URL.Path != "/library-content/products/fund-data/etfs/us/holdings-daily-us-en-spy.xlsx" || r.URL.RawQuery != "" || !strings.HasPrefix(r.UserAgent(), "Mozilla/5.0 ") {
		t.Errorf("asked %s as %q", r.URL, r.UserAgent())
	}
}

// An answer that was refused when it was the latest does not block the days
// after it; while it is the latest it is an error.
func TestEarlierRefusedAnswerIsPassedOver(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, simple(t, "02-Jan-2025", 61))
	now := date("2025-01-03").Time()
	s := Holdings(newClient(t, func() time.Time { now = now.Add(time.Hour); return now }), Config{Base: p.URL})
	w := schemas.CutYear.Window("SPY", date("2025-01-02"))
	if _, err := extracttest.All(t, s, w); err != nil {
		t.Fatal(err)
	}
	p.answer = []byte("<html>maintenance</html>")
	if _, ok := errors.AsType[*extract.ContractError](second(extracttest.All(t, s, w))); !ok {
		t.Error("a web page is not refused")
	}
	p.answer = simple(t, "06-Jan-2025", 62)
	if rows, err := extracttest.All(t, s, w); err != nil || len(rows) != 4 {
		t.Errorf("got %d rows, %v; want those of two days", len(rows), err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLineClasses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, ticker, cusip, want string }{
		{"APPLE INC", "AAPL", "037833100", "Equity"},
		{"MILLROSE PROPERTIES W/I", "MRP", "601137102", "Equity"},
		{"CONTRA HOLOGIC INCORPO", "2602335D", "436CNT015", "Contra"},
		{"Contra Hologic Incorpo", "-", "436CNT015", "Contra"},
		{"SOME BANK ESCROW LINE", "9988776D", "111ESC019", "Escrow"},
		{"ABIOMED INC CVR", "-", "003CVR016", "Rights"},
		{"UNHEARD OF", "1234567D", "123456789", "Other"},
		{"UNHEARD OF", "-", "123456789", "Other"},
		{"US DOLLAR", "-", "999USDZ92", "Cash"},
		{"CONTRAFECT CORP", "CFRX", "212326300", "Equity"},
	} {
		if got := assetClass(&schemas.Holding{Name: test.name, Ticker: none(test.ticker), CUSIP: test.cusip}); got != test.want {
			t.Errorf("%s (%s, %s): %s, want %s", test.name, test.ticker, test.cusip, got, test.want)
		}
	}
}

func TestTwoFilesOfOneDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		address, err := extract.FileURL(path)
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	a, b := write("a.xlsx", simple(t, "02-Jan-2025", 60)), write("b.xlsx", simple(t, "02-Jan-2025", 61))
	c := write("c.xlsx", simple(t, "31-Dec-2024", 61))
	w := schemas.CutYear.Window("SPY", date("2025-01-02"))
	if rows, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{a, c}}), w); err != nil || len(rows) != 2 {
		t.Errorf("got %d rows, %v; want the two of the window", len(rows), err)
	}
	if _, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{a, b}}), w); err == nil || !strings.Contains(err.Error(), "both a.xlsx and b.xlsx hold 2025-01-02") {
		t.Errorf("got %v, want both files named", err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, simple(t, "02-Jan-2025", 60.5))
	got, err := Probe(t.Context(), extracttest.Client(t), Config{Base: p.URL})
	if want := "SPY as of 2025-01-02: 2 lines, weights sum to 100.00 %"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	file := simple(t, "02-Jan-2025", 60.5)
	extracttest.Manners[schemas.Holding]{
		New: func(g extract.Getter, base string) extract.Source[schemas.Holding] {
			return Holdings(g, Config{Base: base})
		},
		Publisher: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.Write(file); err != nil {
				t.Error(err)
			}
		}),
		Window: schemas.CutYear.Window("SPY", date("2025-01-03")),
		Date:   func(r *schemas.Holding) schemas.Date { return r.AsOf },
	}.Hold(t)
}
