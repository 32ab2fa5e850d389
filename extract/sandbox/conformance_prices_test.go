package sandbox_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidemark/extract/extracttest"
	"tidemark/extract/ishares"
	"tidemark/extract/polygon"
	"tidemark/extract/sandbox"
	"tidemark/extract/sec"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/extract/stooq"
	"tidemark/extract/tiingo"
	"tidemark/extract/vendor"
	"tidemark/extract/yahoo"
	"tidemark/schemas"
)

func TestBarsAreThoseOfTheMarket(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2024, time.January, 1) })
	truth := s.Truth()
	g := extracttest.Client(t)
	type key struct {
		symbol string
		day    schemas.Date
	}
	got := map[key]float64{}
	for y := 2024; y <= 2025; y++ {
		text := fetch(t, vendor.Bars(g, bars(s.Base("vendor")+"/bars/{year}.csv.gz")), year("vendor", y))
		columns := fetch(t, vendor.Bars(g, bars(s.Base("vendor")+"/bars/{year}.parquet")), year("vendor", y))
		ignore := cmpopts.IgnoreFields(schemas.Bar{}, "Payload")
		if diff := cmp.Diff(text, columns, ignore); diff != "" {
			t.Fatalf("%d (-csv +parquet):\n%s", y, diff)
		}
		for _, b := range text {
			if b.Low.V > b.Close || b.High.V < b.Close || b.Low.V > b.Open.V || b.High.V < b.Open.V || b.Low.V <= 0 {
				t.Errorf("%s on %s: open %v high %v low %v close %v", b.Symbol, b.Session, b.Open.V, b.High.V, b.Low.V, b.Close)
			}
			got[key{b.Symbol, b.Session}] = b.Close
		}
	}
	want := 0
	for _, x := range truth.Securities() {
		for _, d := range truth.Sessions() {
			c := truth.Close(x.ID, d)
			symbol := strings.ReplaceAll(truth.SymbolOn(x.ID, d), ".", "-")
			v, ok := got[key{symbol, d}]
			if ok != c.OK || ok && v != c.V {
				t.Fatalf("%s on %s is %v (%v), want %v", symbol, d, v, ok, c)
			}
			if ok {
				want++
			}
		}
	}
	if want != len(got) {
		t.Errorf("%d bars, want %d", len(got), want)
	}
	var acts int
	for _, x := range truth.Securities() {
		acts += len(truth.Actions(x.ID))
	}
	if rows := fetch(t, vendor.Actions(g, actions(s.Base("vendor"))), whole("vendor")); len(rows) != acts {
		t.Errorf("%d actions, want %d", len(rows), acts)
	}
}

func TestIndicesAgreeAcrossPublishers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	g := extracttest.Client(t)
	last := day(2025, time.December, 31)
	joined := func(symbol string) string { return strings.ReplaceAll(symbol, ".", "") }

	member := map[string]bool{}
	for _, x := range fetch(t, sp500.Spells(g, sp500.Config{Base: s.Base("sp500")}), whole("SP500")) {
		if x.From <= last && (x.To == schemas.NoDate || x.To > last) {
			member[x.Symbol] = true
		}
	}
	changes := fetch(t, sp500.Changes(g, sp500.Config{Base: s.Base("sp500")}), whole("SP500"))
	for _, c := range changes {
		if c.Date <= day(2025, time.July, 9) { // the spells know it already
			continue
		}
		member[c.Symbol] = c.Added
	}
	weights := truth.Weights("SPX", last)
	for id := range weights {
		symbol := truth.SymbolOn(id, last)
		if !member[symbol] {
			t.Errorf("the lists lack %s", symbol)
		}
		delete(member, symbol)
	}
	for symbol, in := range member {
		if in {
			t.Errorf("the lists have %s, which is no member", symbol)
		}
	}
	if list := fetch(t, sp500.Constituents(g, sp500.Config{Constituents: s.Base("sp500") + "/constituents.csv"}), whole("SP500")); len(list) != len(weights) {
		t.Errorf("%d constituents, want %d", len(list), len(weights))
	}

	compare := func(publisher string, rows []schemas.Holding, spell func(string) string) {
		byTicker := map[string]float64{}
		var equity, all float64
		for _, r := range rows {
			all += r.Weight.V
			if r.AssetClass == "Equity" {
				equity += r.Weight.V
				byTicker[r.Ticker] = r.Weight.V
			}
		}
		if math.Abs(all-100) > .2 || equity < 99.5 {
			t.Errorf("%s: weights sum to %g, of shares %g", publisher, all, equity)
		}
		for id, w := range weights {
			ticker := spell(truth.SymbolOn(id, last))
			if got := byTicker[ticker] / equity; math.Abs(got-w) > 1.5e-4 { // printed with two decimals
				t.Errorf("%s: %s weighs %.5f, want %.5f", publisher, ticker, got, w)
			}
		}
	}
	for _, format := range []string{ishares.FormatCSV, ishares.FormatJSON} {
		cfg := ishares.Config{Base: s.Base("ishares"), Format: format, Days: days(last)}
		compare("ishares "+format, fetch(t, ishares.Holdings(g, cfg), year("IVV", 2025)), joined)
	}
	compare("ssga", fetch(t, ssga.Holdings(g, ssga.Config{Base: s.Base("ssga")}), year("SPY", 2025)), func(s string) string { return s })

	for _, index := range []string{"SPX", "SP400", "SP600", "R2000"} {
		for _, o := range fetch(t, vendor.Levels(g, levels(s.Base("vendor"), "close")), whole("index:"+index)) {
			if price, _ := truth.Level(index, o.Date); math.Abs(o.Value.V-price) > .006 {
				t.Errorf("%s of %s is %g, want %g", index, o.Date, o.Value.V, price)
			}
		}
	}
	for _, fund := range []string{"SPY", "IVV", "IJR", "IWM", "AGG"} {
		rows := fetch(t, vendor.Levels(g, levels(s.Base("vendor"), "total_return")), whole("fund:"+fund))
		if _, total := truth.Level(fund, last); len(rows) != len(truth.Sessions()) || math.Abs(rows[len(rows)-1].Value.V-total) > 1e-4 {
			t.Errorf("%s has %d levels and ends at %g, want %g", fund, len(rows), rows[len(rows)-1].Value.V, total)
		}
	}
}

func TestMarketOfEachDay(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	cfg := polygon.Config{Base: s.Base("polygon"), Key: key, Days: func(schemas.Window) []schemas.Date {
		return append(s.Truth().Sessions(), day(2025, time.July, 4), day(2025, time.August, 2)) // a holiday and a Saturday
	}}
	if says, err := polygon.Probe(t.Context(), g, cfg); err != nil || !strings.Contains(says, "Holiday") {
		t.Errorf("the probe says %q, error %v", says, err)
	}
	dot := strings.NewReplacer("-", ".")
	trim := func(bars []schemas.Bar) map[string]schemas.Bar {
		out := map[string]schemas.Bar{}
		for _, b := range bars {
			b.Publisher, b.Payload, b.Symbol = "", "", dot.Replace(b.Symbol)
			out[b.Symbol+" "+b.Session.String()] = b
		}
		return out
	}
	daily := fetch(t, polygon.Bars(g, cfg), year(polygon.Publisher, 2025))
	yearly := fetch(t, vendor.Bars(g, bars(s.Base("vendor")+"/bars/2025.csv.gz")), year("vendor", 2025))
	if diff := cmp.Diff(trim(yearly), trim(daily)); len(daily) == 0 || diff != "" {
		t.Errorf("%d bars (-by year +by day):\n%.2000s", len(daily), diff)
	}
	var want []schemas.Action
	for _, a := range fetch(t, vendor.Actions(g, actions(s.Base("vendor"))), year("vendor", 2025)) {
		if a.Symbol = dot.Replace(a.Symbol); a.Kind != schemas.ActionSpinOff && a.ExDate.Year() == 2025 {
			want = append(want, a)
		}
	}
	order := cmpopts.SortSlices(func(a, b schemas.Action) bool {
		return a.Symbol < b.Symbol || a.Symbol == b.Symbol && (a.ExDate < b.ExDate || a.ExDate == b.ExDate && a.Kind < b.Kind)
	})
	got := fetch(t, polygon.Actions(g, cfg), year(polygon.Publisher, 2025))
	if diff := cmp.Diff(want, got, order, cmpopts.IgnoreFields(schemas.Action{}, "Publisher", "Payload"), cmpopts.EquateApprox(0, 1e-9)); len(got) == 0 || diff != "" {
		t.Errorf("%d actions (-vendor +polygon):\n%s", len(got), diff)
	}
}

func TestSymbolBySymbol(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	var symbols []string
	for _, x := range s.Truth().Securities() {
		if x.Gone == schemas.NoDate {
			symbols = append(symbols, strings.ReplaceAll(x.Symbol, ".", "-"))
		}
	}
	symbols = symbols[:30]
	id := func(symbol string) int {
		i, _ := s.Truth().BySymbol(strings.ReplaceAll(symbol, "-", "."))
		return i
	}
	one := tiingo.Config{Base: s.Base("tiingo"), Token: key, Symbols: symbols}
	two := yahoo.Config{Base: s.Base("yahoo"), Symbols: symbols, Series: map[string]string{"fund:SPY": "SPY", "index:SPX": "^GSPC"}}
	traded(t, s, id, symbols, fetch(t, tiingo.Bars(g, one), year(tiingo.Publisher, 2025)), fetch(t, tiingo.Actions(g, one), year(tiingo.Publisher, 2025)), 1e-9)
	// Prices of seven digits, whose adjustment was taken back.
	traded(t, s, id, symbols, fetch(t, yahoo.Bars(g, two), year(yahoo.Publisher, 2025)), fetch(t, yahoo.Actions(g, two), year(yahoo.Publisher, 2025)), 1e-6)
	theirs := fetch(t, vendor.Levels(g, levels(s.Base("vendor"), "total_return")), whole("fund:SPY"))
	for who, mine := range map[string][]schemas.Observation{
		"tiingo": fetch(t, tiingo.Levels(g, one), whole("fund:SPY")),
		"yahoo":  fetch(t, yahoo.Levels(g, two), whole("fund:SPY")),
		"stooq":  fetch(t, stooq.Levels(g, stooq.Config{Base: s.Base("stooq"), Key: key, Series: map[string]string{"fund:SPY": "spy.us"}}), whole("fund:SPY")),
	} {
		if len(mine) != len(theirs) || len(mine) < 200 {
			t.Fatalf("%s: %d levels and %d", who, len(mine), len(theirs))
		}
		last := len(mine) - 1
		for i := range mine {
			if a, b := mine[i].Value.V/mine[last].Value.V, theirs[i].Value.V/theirs[last].Value.V; mine[i].Date != theirs[i].Date || math.Abs(a/b-1) > 1e-5 {
				t.Fatalf("%s: the level of %s is %v of the last, not %v", who, mine[i].Date, a, b)
			}
		}
	}
	for who, ask := range map[string]func() (string, error){
		"tiingo": func() (string, error) { return tiingo.Probe(t.Context(), g, one) },
		"yahoo":  func() (string, error) { return yahoo.Probe(t.Context(), g, two) },
		"stooq": func() (string, error) {
			return stooq.Probe(t.Context(), g, stooq.Config{Base: s.Base("stooq"), Key: key, Series: map[string]string{"index:SPX": "^spx"}})
		},
	} {
		if says, err := ask(); err != nil || !strings.Contains(says, " on 2025-") {
			t.Errorf("%s: the probe says %q, error %v", who, says, err)
		}
	}
	one.Symbols, two.Symbols = []string{"NONE"}, []string{"NONE"}
	_, err := extracttest.All(t, tiingo.Bars(g, one), year(tiingo.Publisher, 2025))
	_, other := extracttest.All(t, yahoo.Bars(g, two), year(yahoo.Publisher, 2025))
	for _, err := range []error{err, other} {
		if err == nil || !strings.Contains(err.Error(), "has no symbol NONE") {
			t.Errorf("an unknown symbol: %v", err)
		}
	}
}

func traded(t *testing.T, s *sandbox.Sandbox, id func(string) int, symbols []string, bars []schemas.Bar, got []schemas.Action, within float64) {
	t.Helper()
	for _, b := range bars {
		if want := s.Truth().Close(id(b.Symbol), b.Session); !want.OK || math.Abs(want.V-b.Close) > within*want.V {
			t.Fatalf("%s closed at %v on %s, not at %v", b.Symbol, want, b.Session, b.Close)
		}
	}
	want := map[string]float64{}
	for _, symbol := range symbols {
		for _, a := range s.Truth().Actions(id(symbol)) {
			if a.ExDate.Year() == 2025 && a.Kind != schemas.ActionSpinOff && s.Truth().Close(id(symbol), a.ExDate).OK {
				want[symbol+" "+a.ExDate.String()] += a.Ratio.V + a.Amount.V
			}
		}
	}
	for _, a := range got {
		if sum := a.Ratio.V + a.Amount.V; math.Abs(want[a.Symbol+" "+a.ExDate.String()]-sum) > 1e-9+within*sum {
			t.Errorf("%+v, want %v", a, want[a.Symbol+" "+a.ExDate.String()])
		}
		delete(want, a.Symbol+" "+a.ExDate.String())
	}
	if len(bars) < 30*240 || len(got) == 0 || len(want) > 0 {
		t.Errorf("%d bars, %d actions; not told of %v", len(bars), len(got), want)
	}
}

func TestFilingsOfCompanies(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	cfg := sec.Config{Base: s.Base("sec"), FilesBase: s.Base("sec"), Contact: contact, Companies: 1000}
	number := map[string]string{} // by symbol of those that have one line and one name, and still trade
	lines := map[int64]int{}
	for _, x := range s.Truth().Securities() {
		lines[x.CIK]++
	}
	for _, x := range s.Truth().Securities() {
		if x.Gone == schemas.NoDate && lines[x.CIK] == 1 && len(x.OldSymbols) == 0 {
			number[strings.ReplaceAll(x.Symbol, ".", "-")] = strconv.FormatInt(x.CIK, 10)
		}
	}
	counts := map[string]float64{}
	for _, c := range fetch(t, sec.Shares(g, cfg), year(sec.Publisher, 2025)) {
		counts[c.Company+" "+c.Filed.String()+" "+c.AsOf.String()] = c.Shares
	}
	file := vendor.File{Name: "vendor", Kind: vendor.KindShares, Paths: []string{s.Base("vendor") + "/shares.csv"}}
	compared := 0
	for _, c := range fetch(t, vendor.Shares(g, file), year("vendor", 2025)) {
		if cik, ok := number[c.Company]; ok {
			compared++
			if got := counts[cik+" "+c.Filed.String()+" "+c.AsOf.String()]; got != c.Shares {
				t.Errorf("%s filed %v shares on %s, not %v", c.Company, c.Shares, c.Filed, got)
			}
		}
	}
	earned := map[string]float64{}
	for _, e := range fetch(t, sec.Earnings(g, cfg), year(sec.Publisher, 2025)) {
		earned[e.Company+" "+e.Filed.String()+" "+e.From.String()+" "+e.Until.String()] = e.NetIncome
	}
	file.Kind, file.Paths = vendor.KindEarnings, []string{s.Base("vendor") + "/earnings.csv"}
	for _, e := range fetch(t, vendor.Earnings(g, file), year("vendor", 2025)) {
		if cik, ok := number[e.Company]; ok {
			compared++
			if got := earned[cik+" "+e.Filed.String()+" "+e.From.String()+" "+e.Until.String()]; got != e.NetIncome {
				t.Errorf("%s filed %v on %s, not %v", e.Company, e.NetIncome, e.Filed, got)
			}
		}
	}
	if compared < 400 {
		t.Errorf("only %d figures were compared", compared)
	}
	if says, err := sec.Probe(t.Context(), g, cfg); err != nil || !strings.Contains(says, "shares on") {
		t.Errorf("the probe says %q, error %v", says, err)
	}
}
