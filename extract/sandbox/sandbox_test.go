package sandbox

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// small is a market that is quick to draw.
func small(tb testing.TB, change func(*Config)) *Sandbox {
	tb.Helper()
	c := Config{Seed: 7, Securities: 80, From: schemas.NewDate(2024, time.December, 2)}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// ask answers a request without a network.
func ask(tb testing.TB, s *Sandbox, path string) (head, []byte) {
	tb.Helper()
	w := get(tb, s, path, "", "")
	return head{w.Code, w.Header()}, w.Body.Bytes()
}

// head is what an answer begins with.
type head struct {
	StatusCode int
	Header     http.Header
}

const (
	pathCSV  = "/ishares/varnish-api/blk-one01-product-data/product-data/api/v1/get-fund-document?component=holdings&portfolioId="
	pathJSON = "/ishares/varnish-api/blk-one01-product-data/product-data/api/v2/get-product-data?component=holdings.all&portfolioId="
	pathDTS  = "/fiscaldata/services/api/fiscal_service/v1/accounting/dts/operating_cash_balance"
	pathSSGA = "/ssga/library-content/products/fund-data/etfs/us/holdings-daily-us-en-"
	pathH41  = "/h41/releases/h41/data/FRB_h41_xml.zip"
	anyKey   = "0123456789abcdef0123456789abcdef"
)

// everything lists a request of each kind, answered with status 200.
func everything() []string {
	return []string{
		"/nyfed/api/rates/secured/sofr/search.json?startDate=2025-01-01&endDate=2025-03-31",
		"/nyfed/api/rates/secured/tgcr/last/5.json",
		"/nyfed/api/rates/secured/bgcr/last/5.json",
		"/nyfed/api/rates/unsecured/effr/search.json?startDate=2025-01-01&endDate=2025-12-31",
		"/nyfed/api/rates/unsecured/obfr/last/1.json",
		"/nyfed/api/rp/results/search.json?startDate=2025-01-01&endDate=2025-12-31&operationTypes=Repo",
		"/nyfed/api/rp/all/all/results/lastTwoWeeks.json",
		"/nyfed/api/rp/reverserepo/all/results/last/3.json",
		"/nyfed/api/rp/repo/all/results/latest.json",
		pathH41,
		"/h41/datadownload/Output.aspx?rel=H41&series=" + packageCondition + "&lastobs=5&filetype=csv&label=include&layout=seriescolumn",
		"/h41/datadownload/Output.aspx?rel=H41&series=" + packageFactors + "&filetype=csv&label=include&layout=seriescolumn",
		"/fred/graph/fredgraph.csv?id=WALCL",
		"/fred/fred/series?series_id=WRESBAL&file_type=json&api_key=" + anyKey,
		"/fred/fred/series/observations?series_id=RRPONTSYD&file_type=json&api_key=" + anyKey,
		pathDTS + "?filter=record_date:gte:2025-01-01&sort=record_date&page[number]=1&page[size]=1000&format=json",
		pathCSV + "239726",
		pathCSV + "239710&asOfDate=20250630",
		pathJSON + "239774&asOfDate=20250630",
		pathCSV + "239714",
		pathJSON + "239716&asOfDate=20250704",
		"/ishares/us/products/239726/slug/1467271812596.ajax?fileType=csv",
		"/polygon/v2/aggs/grouped/locale/us/market/stocks/2025-06-30?adjusted=false&apiKey=" + anyKey,
		"/polygon/v3/reference/dividends?ex_dividend_date.gte=2025-01-01&limit=1000&apiKey=" + anyKey,
		"/tiingo/tiingo/daily/aapl/prices?startDate=2025-01-01&endDate=2025-12-31&token=" + anyKey,
		"/tiingo/tiingo/daily/spy/prices?token=" + anyKey,
		"/tiingo/tiingo/daily/msft/prices?startDate=2025-01-01&token=" + anyKey,
		pathYahoo + "AAPL" + rangeYahoo, pathYahoo + "^GSPC" + rangeYahoo,
		"/stooq/q/d/l/?s=spy.us&i=d&apikey=" + anyKey,
		pathSSGA + "spy.xlsx",
		pathSSGA + "mdy.xlsx",
		"/sp500/fja05680/sp500/master/sp500_ticker_start_end.csv",
		"/sp500/fja05680/sp500/master/sp500_changes_since_2019.csv",
		"/sp500/datasets/s-and-p-500-companies/main/data/constituents.csv",
		"/vendor/bars/2025.csv.gz",
		"/vendor/bars/2025.parquet",
		"/vendor/actions.csv",
		"/vendor/levels.csv", "/vendor/shares.csv", "/vendor/earnings.csv",
		"/vendor/renames.csv",
	}
}

const (
	pathYahoo  = "/yahoo/v8/finance/chart/"
	rangeYahoo = "?interval=1d&period1=0&period2=9999999999&events=div%7Csplit"
)

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	sums := func(seed uint64) map[string][32]byte {
		s := small(t, func(c *Config) { c.Seed = seed })
		out := map[string][32]byte{}
		for _, path := range everything() {
			r, body := ask(t, s, path)
			if r.StatusCode != http.StatusOK || len(body) == 0 {
				t.Errorf("%s: status %d, %d bytes", path, r.StatusCode, len(body))
			}
			if r.Header.Get("X-Simulated") == "" {
				t.Errorf("%s: not marked as simulated", path)
			}
			out[path] = sha256.Sum256(body)
		}
		return out
	}
	first, again, other := sums(7), sums(7), sums(8)
	fixed := []string{ // a web page, a template without data, metadata, and changes that are part of the script
		"/ishares/us/products/239726/slug/1467271812596.ajax?fileType=csv", pathJSON + "239716&asOfDate=20250704",
		"/fred/fred/series?series_id=WRESBAL&file_type=json&api_key=" + anyKey, "/vendor/renames.csv",
	}
	for path, sum := range first {
		if again[path] != sum {
			t.Errorf("%s: the same seed gave other bytes", path)
		}
		if same := other[path] == sum; same != slices.Contains(fixed, path) {
			t.Errorf("%s: equal for two seeds: %v", path, same)
		}
	}
}

func TestConcentrationLooksLikeToday(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		s, err := New(Config{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		truth := s.Truth()
		top := func(day schemas.Date) float64 {
			var w []float64
			for _, v := range truth.Weights(indexLarge, day) {
				w = append(w, v)
			}
			sort.Sort(sort.Reverse(sort.Float64Slice(w)))
			var sum float64
			for _, v := range w[:10] {
				sum += v
			}
			return sum
		}
		days := truth.Sessions()
		begin, end := top(days[0]), top(days[len(days)-1])
		if end < .34 || end > .42 || begin > .32 {
			t.Errorf("seed %d: top-10 weight goes from %.3f to %.3f", seed, begin, end)
		}
		largePrice, _ := truth.Level(indexLarge, days[len(days)-1])
		largeFirst, _ := truth.Level(indexLarge, days[0])
		smallPrice, _ := truth.Level(indexSmall, days[len(days)-1])
		smallFirst, _ := truth.Level(indexSmall, days[0])
		t.Logf("seed %d: top 10 %.3f to %.3f, large %.2f, small %.2f", seed, begin, end, largePrice/largeFirst, smallPrice/smallFirst)
	}
}

func TestMarketHasEverything(t *testing.T) {
	t.Parallel()
	for _, securities := range []int{60, 800} {
		s, err := New(Config{Seed: 3, Securities: securities})
		if err != nil {
			t.Fatal(err)
		}
		truth := s.Truth()
		kinds := map[string]int{}
		ratios := map[float64]int{}
		var renamed, gone, collapsed, listedLater, pairs, halts int
		last := truth.Sessions()[len(truth.Sessions())-1]
		for _, x := range truth.Securities() {
			for _, a := range truth.Actions(x.ID) {
				kinds[a.Kind]++
				if a.Kind == schemas.ActionSplit {
					ratios[a.Ratio.V]++
				}
			}
			renamed += len(x.OldSymbols)
			if x.Gone != schemas.NoDate {
				gone++
			}
			if x.Collapsed {
				collapsed++
			}
			if x.Listed > truth.Sessions()[0] {
				listedLater++
			}
			if x.Issuer != x.ID {
				pairs++
			}
			for _, d := range truth.Sessions() {
				if d >= x.Listed && (x.Gone == schemas.NoDate || d < x.Gone) && !truth.Close(x.ID, d).OK {
					halts++
				}
			}
		}
		for _, kind := range []string{schemas.ActionSplit, schemas.ActionDividend, schemas.ActionSpinOff, schemas.ActionSpecial} {
			if kinds[kind] == 0 {
				t.Errorf("%d securities: no %s", securities, kind)
			}
		}
		for _, ratio := range []float64{.1, 1.5, 3, 10, 20} {
			if ratios[ratio] == 0 {
				t.Errorf("%d securities: no split of ratio %g", securities, ratio)
			}
		}
		if renamed == 0 || gone == 0 || collapsed == 0 || listedLater == 0 || pairs != 2 || halts < 7 {
			t.Errorf("%d securities: %d renamed, %d gone, %d collapsed, %d listed later, %d second lines, %d sessions without trade",
				securities, renamed, gone, collapsed, listedLater, pairs, halts)
		}
		for _, symbol := range []string{"AAPL", "MSFT", "GOOGL", "GOOG", "AMZN", "NVDA", "META", "TSLA", "BRK.B"} {
			id, ok := truth.BySymbol(symbol)
			if !ok || securities > 100 && !slices.Contains(truth.Members(indexLarge, last), id) {
				t.Errorf("%d securities: %s is missing, or not in the large index", securities, symbol)
			}
		}
	}
}

// A market must not change when someone asks for its parts in another order.
func TestOrderOfAskingDoesNotMatter(t *testing.T) {
	t.Parallel()
	a, b := small(t, nil), small(t, nil)
	paths := everything()
	answers := map[string][]byte{}
	for _, path := range paths {
		_, answers[path] = ask(t, a, path)
	}
	for _, path := range slices.Backward(paths) {
		if _, body := ask(t, b, path); !bytes.Equal(body, answers[path]) {
			t.Errorf("%s: asked in reverse order, the answer is another", path)
		}
	}
}

func TestSpinOffConservesValue(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	truth := s.Truth()
	found := false
	for _, x := range truth.Securities() {
		for _, a := range truth.Actions(x.ID) {
			if a.Kind != schemas.ActionSpinOff {
				continue
			}
			found = true
			child := truth.Securities()[len(giants())+lineChild]
			if child.Listed != a.ExDate {
				t.Fatalf("the child is listed on %s, the ex-date is %s", child.Listed, a.ExDate)
			}
			kept := truth.Close(x.ID, a.ExDate).V * truth.Shares(x.ID, a.ExDate)
			given := truth.Close(child.ID, a.ExDate).V * truth.Shares(child.ID, a.ExDate)
			if ratio := (kept + given) / kept; math.Abs(ratio-a.Ratio.V) > .08 { // the child has moved for a day
				t.Errorf("parent and child are %.3f times the parent, the published ratio is %g", ratio, a.Ratio.V)
			}
		}
	}
	if !found {
		t.Fatal("no spin-off")
	}
}

func TestPricesJoinAcrossYearsAndActions(t *testing.T) {
	t.Parallel()
	s := small(t, func(c *Config) { c.From = schemas.NewDate(2021, time.January, 4) })
	truth := s.Truth()
	days := truth.Sessions()
	for _, x := range truth.Securities() {
		if x.Collapsed {
			continue
		}
		adjust := map[schemas.Date]schemas.Action{}
		for _, a := range truth.Actions(x.ID) {
			adjust[a.ExDate] = a
		}
		for i := 1; i < len(days); i++ {
			before, after := truth.Close(x.ID, days[i-1]), truth.Close(x.ID, days[i])
			if !before.OK || !after.OK {
				continue
			}
			price, most := after.V, .7 // news can move a small company by half
			if a, ok := adjust[days[i]]; ok {
				most = .3
				price = price*max(1, a.Ratio.V) + a.Amount.V
				if a.Ratio.OK && a.Ratio.V < 1 {
					price = after.V * a.Ratio.V
				}
			}
			if move := price/before.V - 1; math.Abs(move) > most {
				t.Errorf("%s moves by %.0f %% from %s to %s", x.Symbol, 100*move, days[i-1], days[i])
			}
		}
	}
}

func TestIndicesHaveTheirNumberOfCompanies(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	truth := s.Truth()
	all := truth.Securities()
	want := map[string]int{indexLarge: 240, indexMid: 144, indexSmall: 200, indexTop: 264}
	for _, day := range truth.Sessions() {
		seen := map[int]string{}
		for name, n := range want {
			issuers := map[int]bool{}
			for _, id := range truth.Members(name, day) {
				issuers[all[id].Issuer] = true
				if x := all[id]; day < x.Listed || x.Gone != schemas.NoDate && day >= x.Gone {
					t.Fatalf("%s: %s holds %s, which is not listed", day, name, x.Symbol)
				}
				if name != indexTop {
					if other, twice := seen[id]; twice {
						t.Fatalf("%s: %s is in %s and %s", day, all[id].Symbol, name, other)
					}
					seen[id] = name
				}
			}
			if name == indexTop && len(issuers) > n-12 { // not refilled between reviews
				continue
			}
			if len(issuers) != n {
				t.Fatalf("%s: %s has %d companies, want %d", day, name, len(issuers), n)
			}
		}
	}
}

func TestCheckDigits(t *testing.T) {
	t.Parallel()
	// Apple's and Microsoft's identifiers are known to be right.
	if got := cusipCheck("03783310"); got != 0 {
		t.Errorf("CUSIP check digit of 03783310 is %d, want 0", got)
	}
	if got := isinCheck("US037833100"); got != 5 {
		t.Errorf("ISIN check digit of US037833100 is %d, want 5", got)
	}
	if got := sedolCheck("204625"); got != 1 {
		t.Errorf("SEDOL check digit of 204625 is %d, want 1", got)
	}
}

func TestConfigRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"too few securities": {Securities: 20},
		"backwards":          {From: schemas.NewDate(2025, time.March, 1), To: schemas.NewDate(2025, time.January, 1)},
		"too short":          {From: schemas.NewDate(2025, time.March, 1), To: schemas.NewDate(2025, time.March, 20)},
		"before the rules":   {From: schemas.NewDate(1980, time.March, 1), To: schemas.NewDate(2025, time.March, 20)},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "sandbox: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestStartAndClose(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	if err := s.Close(); err != nil {
		t.Errorf("close before start: %v", err)
	}
	s = small(t, nil)
	if err := s.Start("0.0.0.0:0"); err == nil {
		t.Fatal("started on an address that others can reach")
	}
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(""); err == nil {
		t.Error("started twice")
	}
	r, err := http.Get(s.URL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil || !strings.Contains(string(body), "Nothing here is real") {
		t.Errorf("the first page says %q, %v", body, err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if r, err := http.Get(s.URL() + "/"); err == nil {
		r.Body.Close()
		t.Error("still answers after Close")
	}
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	for range 3 {
		ask(t, s, "/vendor/actions.csv")
	}
	ask(t, s, "/fred/graph/fredgraph.csv?id=WALCL")
	got := s.Requests()
	if got["vendor"]["/actions.csv"] != 3 || got["fred"]["/graph/fredgraph.csv"] != 1 {
		t.Errorf("counted %v", got)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, securities := range []int{800, 4000} {
		b.Run(fmt.Sprint(securities), func(b *testing.B) {
			for b.Loop() {
				if _, err := New(Config{Securities: securities}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkServeEverything(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, path := range everything() {
			ask(b, s, path)
		}
	}
}

// get is ask with a header.
func get(tb testing.TB, s *Sandbox, path, header, value string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("User-Agent", "Mozilla/5.0") // without which some do not answer
	if header != "" {
		r.Header.Set(header, value)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}
