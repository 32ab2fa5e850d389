package yahoo

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

// charted is an answer about three sessions around a split of two for one, the last
// of which still runs; some of its words are others.
func charted(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"chart":{"result":[{"meta":{"currency":"USD","symbol":"XYZ","exchangeTimezoneName":"America/New_York","regularMarketTime":1718200000,` +
		`"currentTradingPeriod":{"regular":{"start":1718199000,"end":1718222400}},"dataGranularity":"1d","validRanges":["1d"]},` +
		`"timestamp":[1718026200,1718112600,1718200000],` +
		`"events":{"dividends":{"1718026200":{"amount":0.05,"date":1718026200}},"splits":{"1718112600":{"date":1718112600,"numerator":2,"denominator":1,"splitRatio":"2:1"}}},` +
		`"indicators":{"quote":[{"open":[50.0,51.5,52],"high":[50.599998474121094,52,52],"low":[49.75,51,52],"close":[50.25,51.25,52],"volume":[1000,2000,5]}],` +
		`"adjclose":[{"adjclose":[50.2,51.25,52]}]}}],"error":null}}`)
}

func TestChart(t *testing.T) {
	t.Parallel()
	monday, tuesday := schemas.NewDate(2024, time.June, 10), schemas.NewDate(2024, time.June, 11)
	some := schemas.Some[float64]
	c, err := ParseChart(strings.NewReader(charted()))
	want := Chart{
		Symbol: "XYZ", Dividends: []Event{{monday, 0.05}}, Splits: []Event{{tuesday, 2}},
		Rows: []Row{
			{Date: monday, Open: some(50), High: some(50.6), Low: some(49.75), Close: 50.25, Volume: some(1000), Adjusted: 50.2},
			{Date: tuesday, Open: some(51.5), High: some(52), Low: some(51), Close: 51.25, Volume: some(2000), Adjusted: 51.25},
		},
	}
	if diff := cmp.Diff(want, c); err != nil || diff != "" {
		t.Fatalf("error %v (-want +got):\n%s", err, diff)
	}
	traded := c.AsTraded()
	if r := traded[0]; r.Close != 100.5 || r.High.V != 101.2 || r.Volume.V != 500 {
		t.Errorf("before the split: %+v", r)
	}
	if r := traded[1]; r.Close != 51.25 || r.Volume.V != 2000 {
		t.Errorf("after the split: %+v", r)
	}
	if c, err := ParseChart(strings.NewReader(charted("50.25,51.25", "null,51.25", "50.0,", "null,", "50.599998474121094", "null", "49.75", "null", "50.2,", "null,"))); err != nil || len(c.Rows) != 1 {
		t.Errorf("a day without prices: %+v, error %v", c, err)
	}
	if c, err := ParseChart(strings.NewReader(charted("1718200000,", "1718222401,"))); err != nil || len(c.Rows) != 3 {
		t.Errorf("the session is over: %+v, error %v", c, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"an error":         {`{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}`, "may be delisted"},
		"another form":     {`{"finance":{"result":null}}`, "finance"},
		"nothing":          {`{}`, "no chart"},
		"pounds":           {charted(`"USD"`, `"GBp"`), "GBp"},
		"another zone":     {charted("America/New_York", "Europe/London"), "Europe/London"},
		"minutes":          {charted(`"1d",`, `"1m",`), "1m"},
		"a close is gone":  {charted("[50.25,", "[null,"), "close is missing"},
		"a price of 0":     {charted("[50.25,", "[0,"), "close: 0 cannot be"},
		"negative volume":  {charted("[1000,", "[-1000,"), "volume"},
		"lists differ":     {charted("[1000,", "["), "volume"},
		"twice":            {charted("1718112600,1718200000]", "1718026300,1718200000]"), "after one of"},
		"a key more":       {charted(`"open":`, `"opening":[],"open":`), "opening"},
		"a split of 0":     {charted(`"numerator":2`, `"numerator":0`), "numerator"},
		"cut off":          {charted()[:200], "cut off"},
		"a page":           {"<!doctype html><title>Too Many Requests</title>", "web page"},
		"too many answers": {charted(`"chart":{"result":[`, `"chart":{"result":[{},`), "2 charts"},
	} {
		if _, err := ParseChart(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	read := func(name string) (Chart, error) {
		t.Helper()
		f, err := os.Open(sharedtest.File(t, "upstream", "yahoo", name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		return ParseChart(f)
	}
	// Four for one; on the last day before it Apple closed at 499.23, which is before
	// the first element.
	apple, err := read("chart_AAPL_1d_2020-08-31_2020-11-07.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(apple.Rows) != 49 || apple.Rows[0].Close != 129.04 || apple.Splits[0] != (Event{schemas.NewDate(2020, time.August, 31), 4}) || apple.Dividends[0].Value != 0.205 {
		t.Errorf("Apple: %d rows from %+v, splits %v, dividends %v", len(apple.Rows), apple.Rows[0], apple.Splits, apple.Dividends)
	}
	microsoft, err := read("chart_MSFT_1d_dividends_2021-02-01_2022-01-31.json")
	if err != nil || len(microsoft.Dividends) != 4 || microsoft.Dividends[0].Value != 0.56 {
		t.Errorf("Microsoft paid %v, error %v", microsoft.Dividends, err)
	}
	// Recorded after the split of 2024, which is not in its range: alone it cannot be
	// taken back, wherefore the whole history is asked for.
	nvidia, err := read("chart_NVDA_1d_split_2021-02-01_2022-01-31.json")
	if err != nil || len(nvidia.Splits) != 1 || nvidia.Splits[0].Value != 4 {
		t.Errorf("Nvidia: splits %v, error %v", nvidia.Splits, err)
	}
	before, after := nvidia.AsTraded()[0], nvidia.Rows[0]
	if before.Close < 3.99*after.Close || before.Close > 4.01*after.Close {
		t.Errorf("Nvidia before its split: %v of %v", before.Close, after.Close)
	}
	if fund, err := read("chart_0P0000XTS7_1d_2024-09-12_2024-09-16.json"); err != nil || len(fund.Rows) != 2 || fund.Rows[0].Volume != schemas.Some(0.0) {
		t.Errorf("a fund: %+v, error %v", fund, err)
	}
	if _, err := read("chart_AAPL_1m_weekend_2025-02-01.json"); err == nil || !strings.Contains(err.Error(), "1m") {
		t.Errorf("minutes: %v", err)
	}
}

// TestOneAnswerServesAll asks for two years' bars, for actions and for levels of one
// evening, and again the next one; a year that is long over needs no new answer.
func TestOneAnswerServesAll(t *testing.T) {
	t.Parallel()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !strings.HasPrefix(r.Header.Get("User-Agent"), "Mozilla/5.0") {
			t.Errorf("asked as %q", r.Header.Get("User-Agent"))
		}
		_, _ = w.Write([]byte(charted()))
	}))
	defer srv.Close()
	g := extracttest.Client(t)
	cfg := Config{Base: srv.URL, Symbols: []string{"XYZ"}, Series: map[string]string{"fund:XYZ": "XYZ"}, Now: time.Now()}
	w := schemas.CutYear.Window(Publisher, schemas.NewDate(2024, time.June, 1))
	for range 2 {
		bars, err := extracttest.All(t, Bars(g, cfg), w)
		if err != nil || len(bars) != 2 || bars[0].Close != 100.5 {
			t.Fatal(bars, err)
		}
		actions, err := extracttest.All(t, Actions(g, cfg), w)
		if err != nil || len(actions) != 2 || actions[0].Amount.V != 0.1 || actions[1].Ratio.V != 2 {
			t.Fatal(actions, err)
		}
		cfg.Now = cfg.Now.AddDate(0, 0, 1)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	levels, err := extracttest.All(t, Levels(g, cfg), schemas.CutWhole.Window("fund:XYZ", 0))
	if err != nil || len(levels) != 2 || levels[0].Value.V != 50.2 || levels[0].Unit != "USD per share" {
		t.Error(levels, err)
	}
	if asked != 2 {
		t.Errorf("levels, which each dividend changes, are asked for anew: asked %d times", asked)
	}
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"BRK-B and ^GSPC": {Symbols: []string{"brk.b"}},
		"index:SPX":       {Series: map[string]string{"SPX": "^GSPC"}},
	} {
		if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	w := schemas.CutYear.Window(Publisher, schemas.NewDate(2024, time.June, 1))
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), Config{Base: srv.URL, Symbols: []string{"NONE"}}), w); err == nil || !strings.Contains(err.Error(), "has no symbol NONE") {
		t.Error(err)
	}
}

func FuzzChart(f *testing.F) {
	f.Add(charted())
	f.Add(`{"chart":{"result":[{}],"error":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseChart(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, r := range c.Rows {
			if r.Close <= 0 || r.Adjusted <= 0 || r.Volume.V < 0 || i > 0 && r.Date <= c.Rows[i-1].Date {
				t.Errorf("%+v of %q", r, text)
			}
		}
		_ = c.AsTraded()
	})
}
