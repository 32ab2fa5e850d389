package ishares

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

func fileURL(t *testing.T, path ...string) string {
	t.Helper()
	address, err := extract.FileURL(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func date(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func equities(rows []schemas.Holding) (n int, weight, value float64) {
	for _, r := range rows {
		if r.AssetClass == "Equity" {
			n++
			weight += r.Weight.V
			value += r.MarketValue.V
		}
	}
	return n, weight, value
}

// concentration returns the share of the ten largest lines in the equity and
// the sum of squared shares, in percent, by market value.
func concentration(rows []schemas.Holding) (ten, hhi float64) {
	_, _, total := equities(rows)
	var shares []float64
	for _, r := range rows {
		if r.AssetClass == "Equity" {
			shares = append(shares, 100*r.MarketValue.V/total)
		}
	}
	slices.Sort(shares)
	slices.Reverse(shares)
	for i, s := range shares {
		if i < 10 {
			ten += s
		}
		hhi += s * s
	}
	return ten, hhi
}

func near(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance }

func TestRecordedFiles(t *testing.T) {
	t.Parallel()
	dir := sharedtest.Dir(t)
	for _, test := range []struct {
		file         string
		fund, asOf   string
		lines, stock int
		weight       float64 // of the equity lines
		ten, hhi     float64 // where others have worked them out
		first        schemas.Holding
	}{
		{
			file: "market/holdings/IVV_2023-04-06.csv", fund: "IVV", asOf: "2023-04-06", lines: 507, stock: 503, weight: 99.70, ten: 27.48, hhi: 144.7,
			first: schemas.Holding{Ticker: "AAPL", Name: "APPLE INC", Sector: "Information Technology", AssetClass: "Equity", MarketValue: schemas.Some(21749937094.76), Weight: schemas.Some(7.12), Quantity: schemas.Some(132089986.0), Price: schemas.Some(164.66), Currency: "USD"},
		},
		{
			file: "market/holdings/IVV_2024-12-06.csv", fund: "IVV", asOf: "2024-12-06", lines: 508, stock: 503, weight: 99.75, ten: 36.15, hhi: 201.8,
			first: schemas.Holding{Ticker: "AAPL", Name: "APPLE INC", Sector: "Information Technology", AssetClass: "Equity", MarketValue: schemas.Some(41700670815.44), Weight: schemas.Some(7.15), Quantity: schemas.Some(171720766.0), Price: schemas.Some(242.84), Currency: "USD"},
		},
		{
			file: "market/holdings/IWM_2025-05-13.csv", fund: "IWM", asOf: "2025-05-13", lines: 1944, stock: 1939, weight: 99.51,
			first: schemas.Holding{Ticker: "XTSLA"},
		},
		{
			file: "upstream/ishares/IWC_holdings_2026-01-20.csv", fund: "IWC", asOf: "2026-01-20", lines: 1318, stock: 1314, weight: 99.78,
			first: schemas.Holding{Ticker: "APLD", Name: "APPLIED DIGITAL CORP", Sector: "Information Technology", AssetClass: "Equity", MarketValue: schemas.Some(21466278.36), Weight: schemas.Some(1.70), Quantity: schemas.Some(605366.0), Price: schemas.Some(35.46), Currency: "USD"},
		},
	} {
		t.Run(filepath.Base(test.file), func(t *testing.T) {
			t.Parallel()
			s := Holdings(extracttest.Client(t), Config{Files: []string{fileURL(t, dir, test.file)}})
			rows, err := extracttest.All(t, s, schemas.CutYear.Window(test.fund, date(test.asOf)))
			if err != nil {
				t.Fatal(err)
			}
			n, weight, _ := equities(rows)
			if len(rows) != test.lines || n != test.stock || !near(weight, test.weight, 0.005) {
				t.Errorf("got %d lines, %d equities of %.2f %%; want %d, %d, %.2f", len(rows), n, weight, test.lines, test.stock, test.weight)
			}
			if ten, hhi := concentration(rows); test.ten != 0 && (!near(ten, test.ten, 0.005) || !near(hhi, test.hhi, 0.05)) {
				t.Errorf("ten largest %.3f %%, sum of squares %.2f; want %.2f and %.1f", ten, hhi, test.ten, test.hhi)
			}
			got, want := rows[0], test.first
			if got.Fund != test.fund || got.AsOf != date(test.asOf) || got.Line != 1 || len(got.Payload) != 64 {
				t.Errorf("the first line is of %s on %s, line %d, payload %q", got.Fund, got.AsOf, got.Line, got.Payload)
			}
			if got.Fund, got.AsOf, got.Line, got.Payload = "", 0, 0, ""; want.Name != "" && got != want {
				t.Errorf("first line %+v, want %+v", got, want)
			}
			if _, err := extracttest.All(t, s, schemas.CutYear.Window("OEF", date(test.asOf))); !errors.Is(err, extract.ErrNoData) {
				t.Errorf("another fund: %v, want no data", err)
			}
			if _, err := extracttest.All(t, s, schemas.CutYear.Window(test.fund, date("2011-01-03"))); !errors.Is(err, extract.ErrNoData) {
				t.Errorf("another year: %v, want no data", err)
			}
		})
	}
}

// The file of 2021 has neither preamble nor day, the share count under Shares,
// identifiers, 85 tickers on two lines, and negative cash.
func TestUndatedFileOfOldColumns(t *testing.T) {
	t.Parallel()
	file := fileURL(t, sharedtest.File(t, "market", "holdings", "IJR_2021-03_undated.csv"))
	w := schemas.CutYear.Window("IJR", date("2021-03-10"))
	if _, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{file}, Fund: "IJR"}), w); err == nil || !strings.Contains(err.Error(), "of which day") {
		t.Errorf("without a day: %v, want an error that asks for it", err)
	}
	if _, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{file}, AsOf: date("2021-03-10")}), w); err == nil || !strings.Contains(err.Error(), "of which fund") {
		t.Errorf("without a fund: %v, want an error that asks for it", err)
	}
	rows, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{file}, Fund: "IJR", AsOf: date("2021-03-10")}), w)
	if err != nil {
		t.Fatal(err)
	}
	n, weight, value := equities(rows)
	if len(rows) != 694 || n != 687 || !near(weight, 99.79, 0.005) || !near(value, 70323451383.30, 0.01) {
		t.Errorf("got %d lines, %d equities of %.2f %% and %.2f USD; want 694, 687, 99.79 and 70323451383.30", len(rows), n, weight, value)
	}
	if r := rows[0]; r.Ticker != "XTSLA" || r.AssetClass != "Money Market" {
		t.Errorf("first line %s %s, want the money fund XTSLA, which is no Tesla", r.Ticker, r.AssetClass)
	}
	if r := rows[1]; r.CUSIP != "36467W109" || r.ISIN != "US36467W1099" || r.SEDOL != "B0LLFT5" || r.Quantity != schemas.Some(3680765.0) {
		t.Errorf("second line %+v, want GME with its identifiers and 3,680,765 shares", r)
	}
	tickers, negative := map[string]int{}, 0
	for _, r := range rows {
		switch {
		case r.AssetClass == "Equity":
			tickers[r.Ticker]++
		case r.MarketValue.V < 0:
			negative++
		}
	}
	twice := 0
	for _, n := range tickers {
		if n == 2 {
			twice++
		}
	}
	if negative != 3 {
		t.Errorf("%d lines of negative cash, want 3", negative)
	}
	if twice != 85 {
		t.Errorf("%d tickers on two lines, want 85, each line kept", twice)
	}
}

// The JSON was cut to 8 of 34 positions when it was recorded, so as a whole it
// is refused; what it has is read.
func TestRecordedJSON(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(sharedtest.File(t, "upstream", "ishares", "SOXX_product-data_holdings_2026-10-07_trimmed.json"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := parseJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if a.id != 239705 || a.asOf != date("2026-10-07") || len(a.rows) != 8 {
		t.Fatalf("got product %d on %s with %d lines; want 239705 on 2026-10-07 with 8", a.id, a.asOf, len(a.rows))
	}
	want := schemas.Holding{
		Ticker: "NXPI", Name: "NXP SEMICONDUCTORS NV", Sector: "Information Technology", AssetClass: "Equity", MarketValue: schemas.Some(1374149359.5),
		Weight: schemas.Some(2.84998), Quantity: schemas.Some(5841975.0), Price: schemas.Some(235.22), ISIN: "NL0009538784", SEDOL: "B505PN7", Currency: "USD",
	}
	if got := a.rows[2]; got != want {
		t.Errorf("got %+v, want %+v: a null identifier is empty", got, want)
	}
	if got := a.rows[0]; got.Quantity != schemas.Some(7127416.0) || got.Price != schemas.Some(645.86) || got.Weight != schemas.Some(9.54726) || got.CUSIP != "007903107" {
		t.Errorf("first line %+v", got)
	}
	if _, err := parse(bytes.NewReader(body)); err == nil || !strings.Contains(err.Error(), "the weights of its 8 lines sum to") {
		t.Errorf("the cut answer: %v, want it refused for its weights", err)
	}
}

// On a day without holdings the JSON has nulls, names the newest day instead of
// the one asked for, and claims to have data.
func TestNoDataQuirk(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SOXX_product-data_holdings_no_data_trimmed.json", "SOXX_holdings_no_data_template.csv"} {
		body, err := os.ReadFile(sharedtest.File(t, "upstream", "ishares", name))
		if err != nil {
			t.Fatal(err)
		}
		a, err := parse(bytes.NewReader(body))
		if err != nil || len(a.rows) != 0 {
			t.Errorf("%s: %d rows, %v; want none and no error", name, len(a.rows), err)
		}
	}
}

// publisher serves holdings per day: an answer for the days of its map, the
// template for all others.
type publisher struct {
	*httptest.Server
	asked []string
}

func newPublisher(t *testing.T, answer func(r *http.Request) string) *publisher {
	t.Helper()
	p := &publisher{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r.URL.Path+"?"+r.URL.RawQuery)
		fmt.Fprint(w, answer(r))
	}))
	t.Cleanup(p.Close)
	return p
}

const templateCSV = "iShares Core S&P 500 ETF\nFund Holdings as of,\"-\"\nInception Date,\"May 15, 2000\"\n\nTicker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,FX Rate,Market Currency,Accrual Date\n\n\n"

// smallCSV is a whole file of two lines.
func smallCSV(day schemas.Date, price string) string {
	return "\ufeffiShares Core S&P 500 ETF\nFund Holdings as of,\"" + day.Time().Format(asOfLayout) + "\"\nStock,\"-\"\n\u00a0\n" +
		"Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,FX Rate,Market Currency,Accrual Date\n" +
		`"AAPL","APPLE INC","Information Technology","Equity","1,250,000.00","99.90","1,250,000.00","5,000.00","` + price + `","United States","NASDAQ","USD","1.00","USD","-"` + "\n" +
		`"USD","USD CASH","Cash and/or Derivatives","Cash","-1,250.00","0.10","-1,250.00","-1,250.00","100.00","United States","-","USD","1.00","USD","-"` + "\n" +
		"\u00a0\nThe \"legal text\" has a \" that never closes, and commas,,\n"
}

const smallJSON = `{"productId":239726,"fundName":"iShares Core S&P 500 ETF","componentsByNameMap":{"holdings":{"containersByNameMap":{"all":{"hasData":true,"dataPointsByNameMap":{
"asOfDate":{"value":%s},"dateList":{"value":[20250103]},"ticker":{"value":%s},"issueName":{"value":["APPLE INC","USD CASH"]},"sectorName":{"value":["Information Technology","Cash and/or Derivatives"]},
"assetClass":{"value":["Equity","Cash"]},"marketValue":{"value":%s},"holdingPercent":{"value":[99.90001,0.09999]},"unitsHeld":{"value":[5000.0,-1250.0]},"unitPrice":{"value":[250.0,100.0]},
"cusip":{"value":["037833100",null]},"isin":{"value":["US0378331005",null]},"sedol":{"value":["2046251",null]},"currencyCode":{"value":["USD","USD"]}}}}}}}`

const (
	smallTickers = `["AAPL","USD"]`
	smallValues  = `[1250000.0,-1250.0]`
)

func days(list ...string) func(schemas.Window) []schemas.Date {
	return func(schemas.Window) []schemas.Date {
		var out []schemas.Date
		for _, s := range list {
			out = append(out, date(s))
		}
		return out
	}
}

func TestAsksForEachDay(t *testing.T) {
	t.Parallel()
	for _, format := range []string{FormatJSON, FormatCSV} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, func(r *http.Request) string {
				day := r.URL.Query().Get("asOfDate")
				switch {
				case format == FormatJSON && day == "20250103":
					return fmt.Sprintf(smallJSON, day, smallTickers, smallValues)
				case format == FormatJSON:
					return fmt.Sprintf(smallJSON, "20250107", "null", "null")
				case day == "20250103":
					return smallCSV(date("2025-01-03"), "250.00")
				}
				return templateCSV
			})
			s := Holdings(extracttest.Client(t), Config{Base: p.URL + "/", Format: format, Days: days("2025-01-03", "2024-12-31", "2025-01-02", "2025-01-03")})
			rows, err := extracttest.All(t, s, schemas.CutYear.Window("IVV", date("2025-01-03")))
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != 2 || rows[0].AsOf != date("2025-01-03") || rows[1].MarketValue != schemas.Some(-1250.0) || rows[1].Ticker != "USD" || rows[1].Line != 2 {
				t.Errorf("got %+v", rows)
			}
			want := []string{
				"/varnish-api/blk-one01-product-data/product-data/api/v2/get-product-data?appSubType=ISHARES&appType=PRODUCT_PAGE&asOfDate=20250102&component=holdings.all&excludeContent=true&locale=en_US&portfolioId=239726&targetSite=us-ishares&userType=individual",
				"/varnish-api/blk-one01-product-data/product-data/api/v2/get-product-data?appSubType=ISHARES&appType=PRODUCT_PAGE&asOfDate=20250103&component=holdings.all&excludeContent=true&locale=en_US&portfolioId=239726&targetSite=us-ishares&userType=individual",
			}
			if format == FormatCSV {
				for i := range want {
					want[i] = strings.NewReplacer("v2/get-product-data", "v1/get-fund-document", "holdings.all&excludeContent=true", "holdings").Replace(want[i])
				}
			}
			if got := strings.Join(p.asked, "\n"); got != strings.Join(want, "\n") {
				t.Errorf("asked\n%s\nwant\n%s", got, strings.Join(want, "\n"))
			}
		})
	}
}

func TestWindowWithoutHoldingsIsNoData(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, func(*http.Request) string { return templateCSV })
	s := Holdings(extracttest.Client(t), Config{Base: p.URL, Format: FormatCSV, Days: days("2025-01-01", "2025-01-04")})
	if _, err := extracttest.All(t, s, schemas.CutYear.Window("IVV", date("2025-01-03"))); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("got %v, want no data", err)
	}
	if len(p.asked) != 2 {
		t.Errorf("asked %d times, want 2", len(p.asked))
	}
}

// A day that is long past is asked for once; a recent one each time.
func TestSettledDaysAreNotAskedAgain(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, func(r *http.Request) string {
		day, err := schemas.ParseDateLayout("20060102", r.URL.Query().Get("asOfDate"))
		if err != nil {
			t.Error(err)
		}
		return smallCSV(day, "250.00")
	})
	now := date("2025-01-14").Time().Add(12 * time.Hour)
	c := newClient(t, func() time.Time { return now })
	s := Holdings(c, Config{Base: p.URL, Format: FormatCSV, Days: days("2025-01-03", "2025-01-13")})
	for range 2 {
		if rows, err := extracttest.All(t, s, schemas.CutYear.Window("IVV", date("2025-01-03"))); err != nil || len(rows) != 4 {
			t.Fatalf("got %d rows, %v", len(rows), err)
		}
	}
	if len(p.asked) != 3 {
		t.Errorf("asked %d times, want 3: once for the settled day, twice for the recent one", len(p.asked))
	}
}

func TestTwoFilesOfOneDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return fileURL(t, dir, name)
	}
	day := date("2025-01-03")
	a, b, c := write("a.csv", smallCSV(day, "250.00")), write("b.csv", smallCSV(day, "250.00")), write("c.csv", smallCSV(day, "251.00"))
	d := write("d.json", fmt.Sprintf(smallJSON, "20250102", smallTickers, smallValues))
	w := schemas.CutYear.Window("IVV", day)
	rows, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{a, b, d}}), w)
	if err != nil || len(rows) != 4 || rows[0].AsOf != date("2025-01-02") || rows[2].AsOf != day {
		t.Errorf("the same file twice, and one of the day before: %d rows, %v; want two days in order", len(rows), err)
	}
	if _, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Files: []string{a, c}}), w); err == nil || !strings.Contains(err.Error(), "both a.csv and c.csv hold 2025-01-03") {
		t.Errorf("two files of one day: %v", err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	answer := strings.Replace(fmt.Sprintf(smallJSON, "20250103", smallTickers, smallValues), "239726", "239723", 1)
	p := newPublisher(t, func(*http.Request) string { return answer })
	got, err := Probe(t.Context(), extracttest.Client(t), Config{Base: p.URL})
	if want := "OEF as of 2025-01-03: 2 lines, weights sum to 100.00 %"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if len(p.asked) != 1 || strings.Contains(p.asked[0], "asOfDate") {
		t.Errorf("asked %q, want one request without a day", p.asked)
	}
	answer = "<html>"
	if got, err := Probe(t.Context(), extracttest.Client(t), Config{Base: p.URL}); err == nil {
		t.Errorf("a web page: %q, want an error", got)
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	for _, format := range []string{FormatJSON, FormatCSV} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			extracttest.Manners[schemas.Holding]{
				New: func(g extract.Getter, base string) extract.Source[schemas.Holding] {
					return Holdings(g, Config{Base: base, Format: format, Days: days("2025-01-02", "2025-01-03")})
				},
				Publisher: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					day := r.URL.Query().Get("asOfDate")
					if format == FormatJSON {
						fmt.Fprintf(w, smallJSON, day, smallTickers, smallValues)
						return
					}
					d, err := schemas.ParseDateLayout("20060102", day)
					if err != nil {
						t.Error(err)
					}
					fmt.Fprint(w, smallCSV(d, "250.00"))
				}),
				Window: schemas.CutYear.Window("IVV", date("2025-01-03")),
				Date:   func(r *schemas.Holding) schemas.Date { return r.AsOf },
			}.Hold(t)
		})
	}
}
