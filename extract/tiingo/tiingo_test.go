package tiingo

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

const token = "0123456789abcdef"

// priced is an answer about one session, some of whose words are others.
func priced(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`[{"date":"2022-07-18T00:00:00.000Z","close":109.91,"high":114.8,"low":109.3,"open":113.44,"volume":33354000,` +
		`"adjClose":109.5,"adjHigh":114.4,"adjLow":108.9,"adjOpen":113.0,"adjVolume":33354000,"divCash":0.25,"splitFactor":20.0}]`)
}

func TestPrices(t *testing.T) {
	t.Parallel()
	want := []Row{{Date: schemas.NewDate(2022, time.July, 18), Open: 113.44, High: 114.8, Low: 109.3, Close: 109.91, Volume: 33354000, AdjClose: 109.5, Dividend: 0.25, Split: 20}}
	for name, text := range map[string]string{
		"of a range":  priced(),
		"the latest":  priced("T00:00:00.000Z", "T00:00:00+00:00"),
		"a day alone": priced("T00:00:00.000Z", ""),
	} {
		got, err := ParsePrices(strings.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
	if rows, err := ParsePrices(strings.NewReader("[]")); err != nil || len(rows) > 0 {
		t.Errorf("nothing: %v, error %v", rows, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"an error":     {`{"detail":"Error: Ticker 'XYZ' not found"}`, "not the JSON"},
		"null":         {"null", "null"},
		"an hour":      {priced("T00:00:00.000Z", "T16:00:00.000Z"), "midnight"},
		"no split":     {priced(`,"splitFactor":20.0`, ""), "splitFactor is missing"},
		"a split of 0": {priced("20.0", "0.0"), "splitFactor: 0 cannot be"},
		"negative":     {priced("0.25", "-0.25"), "divCash"},
		"outside":      {priced("109.91", "1.0991"), "not between"},
		"no price":     {priced("109.91", "0"), "close: 0 cannot be"},
		"a key more":   {priced("adjOpen", "adjOpening"), "adjOpening"},
		"twice":        {strings.Replace(priced(), "]", ","+priced()[1:], 1), "after one of"},
		"cut off":      {priced()[:90], "cut off"},
	} {
		if _, err := ParsePrices(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	read := func(name string) []Row {
		t.Helper()
		f, err := os.Open(sharedtest.File(t, "upstream", "tiingo", name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		rows, err := ParsePrices(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return rows
	}
	paid := 0.0
	for _, r := range read("daily_AAPL_prices_dividend_2023-02-08_2023-02-13.json") {
		paid += r.Dividend
	}
	if paid != 0.23 {
		t.Errorf("Apple paid %v in February 2023", paid)
	}
	// Recorded before the split of 2022: as traded it stays, adjusted it has changed since.
	if rows := read("daily_GOOGL_prices_2015-01-02_2015-01-05.json"); len(rows) != 2 || rows[0].Close != 529.55 || rows[0].AdjClose != 529.55 {
		t.Errorf("Alphabet in 2015: %+v", rows)
	}
	if rows := read("daily_GOOGL_latest_2018-04-12.json"); len(rows) != 1 || rows[0].Date != schemas.NewDate(2018, time.April, 12) {
		t.Errorf("the latest row: %+v", rows)
	}
}

// TestQuota has the hour's requests used up, a symbol unknown and a token refused.
func TestQuota(t *testing.T) {
	t.Parallel()
	status := http.StatusTooManyRequests
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token "+token || strings.Contains(r.URL.String(), token) {
			t.Errorf("the token is sent as %q, the address is %s", r.Header.Get("Authorization"), r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"detail":"Error: ` + token + `"}`))
	}))
	defer srv.Close()
	now := time.Date(2025, time.March, 31, 22, 17, 0, 0, time.UTC)
	cfg := Config{Base: srv.URL, Token: token, Symbols: []string{"AAPL"}, Now: now}
	w := schemas.CutYear.Window(Publisher, schemas.NewDate(2025, time.March, 31))
	_, err := extracttest.All(t, Bars(extracttest.Client(t), cfg), w)
	if later, ok := errors.AsType[*extract.NotYetError](err); !ok || !later.Until.Equal(now.Truncate(time.Hour).Add(time.Hour)) {
		t.Errorf("the quota is used up: %v", err)
	}
	for code, want := range map[int]string{http.StatusNotFound: "has no symbol AAPL", http.StatusUnauthorized: "publishers.tiingo.token"} {
		status = code
		if _, err := extracttest.All(t, Bars(extracttest.Client(t), cfg), w); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("HTTP %d: %v", code, err)
		}
	}
	cfg.Symbols = []string{"brk.b"}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), cfg), w); err == nil || !strings.Contains(err.Error(), "BRK-B") {
		t.Errorf("a symbol that is spelled otherwise: %v", err)
	}
}

// TestOneAnswerServesAll asks for bars and actions of one evening, and again the
// next one; a year that is long over is asked for once.
func TestOneAnswerServesAll(t *testing.T) {
	t.Parallel()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(priced()))
	}))
	defer srv.Close()
	g := extracttest.Client(t)
	cfg := Config{Base: srv.URL, Token: token, Symbols: []string{"GOOGL"}, Now: time.Now()}
	w := schemas.CutYear.Window(Publisher, schemas.NewDate(2022, time.July, 18))
	for range 2 {
		bars, err := extracttest.All(t, Bars(g, cfg), w)
		if err != nil || len(bars) != 1 {
			t.Fatal(bars, err)
		}
		actions, err := extracttest.All(t, Actions(g, cfg), w)
		if err != nil || len(actions) != 2 || actions[0].Amount.V != 0.25 || actions[1].Ratio.V != 20 {
			t.Fatal(actions, err)
		}
		cfg.Now = cfg.Now.AddDate(0, 0, 1)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func FuzzPrices(f *testing.F) {
	f.Add(priced())
	f.Add("[{}]")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ParsePrices(strings.NewReader(text))
		for i, r := range rows {
			if err == nil && (r.Close <= 0 || r.Split <= 0 || r.Dividend < 0 || r.Volume < 0 || r.Close > r.High || i > 0 && r.Date <= rows[i-1].Date) {
				t.Errorf("%+v of %q", r, text)
			}
		}
	})
}
