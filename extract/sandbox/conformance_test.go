package sandbox_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/ishares"
	"tidemark/extract/nyfed"
	"tidemark/extract/ofr"
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

// These tests fetch from the sandbox with the sources that fetch from the real
// publishers, and hold what they read against what really happened.

func start(tb testing.TB, change func(*sandbox.Config)) *sandbox.Sandbox {
	tb.Helper()
	c := sandbox.Config{Seed: 11, Securities: 80, From: day(2025, time.January, 2), To: day(2025, time.December, 31)}
	if change != nil {
		change(&c)
	}
	s, err := sandbox.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Start(""); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func day(year int, month time.Month, d int) schemas.Date { return schemas.NewDate(year, month, d) }

func year(part string, y int) schemas.Window {
	return schemas.CutYear.Window(part, day(y, time.January, 1))
}

func whole(part string) schemas.Window {
	return schemas.CutWhole.Window(part, day(2025, time.January, 1))
}

func fetch[T any](tb testing.TB, s extract.Source[T], w schemas.Window) []T {
	tb.Helper()
	rows, err := extracttest.All(tb, s, w)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

const (
	key     = "0123456789abcdef0123456789abcdef"
	contact = "Example Research research@example.com"
)

func holdingDay(r *schemas.Holding) schemas.Date { return r.AsOf }

// days asks for some days, whatever the window.
func days(list ...schemas.Date) func(schemas.Window) []schemas.Date {
	return func(schemas.Window) []schemas.Date { return list }
}

// The vendor's files as a configuration would describe them.

func bars(address string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindBars, Paths: []string{address}, Adjustment: schemas.AdjustedNone}
}

func actions(base string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindActions, Paths: []string{base + "/actions.csv"}}
}

func levels(base, column string) vendor.File {
	other := map[string]string{"close": "total_return", "total_return": "close"}[column]
	return vendor.File{
		Name: "vendor", Kind: vendor.KindLevels, Paths: []string{base + "/levels.csv"},
		Columns: map[string]string{"value": column}, Ignore: []string{other},
	}
}

func renames(base string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindRenames, Paths: []string{base + "/renames.csv"}}
}

func TestRatesAreThoseOfTheMarket(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	for _, name := range nyfed.RateNames() {
		rows := fetch(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: s.Base("nyfed")}), year(name, 2025))
		got := map[schemas.Date]schemas.Rate{}
		for _, r := range rows {
			got[r.Date] = r
		}
		for d := day(2025, time.January, 1); d.Year() == 2025; d++ {
			want := truth.Rate(name, d)
			if r, ok := got[d]; ok != want.OK || ok && r.Percent != want {
				t.Errorf("%s of %s is %v, want %v", name, d, r.Percent, want)
			}
		}
	}
}

func TestOperationsAreThoseOfTheMarket(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	rows := fetch(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Base: s.Base("nyfed")}), year("nyfed", 2025))
	repo, reverse, small := map[schemas.Date]int64{}, map[schemas.Date]int64{}, 0
	for _, o := range rows {
		switch {
		case o.Line > 0:
		case o.Type == schemas.OperationRepo:
			repo[o.Date] += o.TotalAccepted.V
		case o.CloseTime == "13:15":
			reverse[o.Date] += o.TotalAccepted.V
		default:
			small++
		}
	}
	for d := day(2025, time.January, 1); d.Year() == 2025; d++ {
		if want := truth.StandingRepo(d); repo[d] != want.V {
			t.Errorf("standing repo of %s is %d, want %d", d, repo[d], want.V)
		}
		if want := truth.OvernightReverseRepo(d); reverse[d] != want.V {
			t.Errorf("reverse repo of %s is %d, want %d", d, reverse[d], want.V)
		}
	}
	if small != 1 {
		t.Errorf("%d small-value exercises, want 1", small)
	}
}

// The statement, FRED's copy of it, the Treasury's own and the desk's operations
// must tell one story, and the statement must add up.
func TestMoneyAgreesAcrossPublishers(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2024, time.January, 1) })
	truth := s.Truth()
	g := extracttest.Client(t)
	statement := map[string]map[schemas.Date]float64{}
	for _, o := range fetch(t, h41.Archive(g, h41.Config{Base: s.Base("h41")}), whole("h41")) {
		if !o.Value.OK {
			continue
		}
		if statement[o.Series] == nil {
			statement[o.Series] = map[schemas.Date]float64{}
		}
		statement[o.Series][o.Date] = o.Value.V
	}
	weeks := statement["RESPPMA_N.WW"]
	if len(weeks) != 105 {
		t.Fatalf("%d weeks, want 105", len(weeks))
	}
	for _, name := range h41.Series() {
		if len(statement[name]) == 0 && truth.Statement(name, day(2025, time.June, 4)).OK {
			t.Errorf("the statement of the sandbox lacks %s", name)
		}
	}
	at := func(name string, d schemas.Date) float64 {
		v, ok := statement[name][d]
		if !ok {
			t.Fatalf("no %s for %s", name, d)
		}
		return v
	}
	for d := range weeks {
		for _, x := range []string{"", "_XAW"} {
			n := func(code string) float64 { return at(code+x+"_N.WW", d) }
			credit := n("RESPPALG") + n("RESPPALSP") + n("RESPPALSD") + n("RESPPALGTR") + n("RESPPALD") + n("RESPPAAEH") + n("RESH4SCF") + n("RESH4SCS") + n("RESH4SO")
			for name, gap := range map[string]float64{
				"credit":    credit - n("RESH4SC"),
				"supplying": n("RESH4SC") + n("RESPPAOF") + n("RESTBMG") + n("RESPPAS") + n("RESTBMT") - n("RESH4S"),
				"reserves":  n("RESH4S") - n("RESH4A") - n("RESH4R"),
				"held":      n("RESPPALGUO") + n("RESPPALGAO") + n("RESPPALGASMO") - n("RESPPALG"),
				"reverse":   n("RESPPLLRF") + n("RESPPLLRD") - n("RESPPLLR"),
			} {
				if math.Abs(gap) > 3 {
					t.Errorf("%s of %s%s: off by %g", name, d, x, gap)
				}
			}
		}
		if gap := at("RESPPMLL_N.WW", d) + at("RESPPLC_N.WW", d) - at("RESPPMA_N.WW", d); gap != 0 {
			t.Errorf("assets of %s are off by %g", d, gap)
		}
		if at("RESH4R_N.WW", d) < 1e6 || at("RESPPLLDT_N.WW", d) <= 0 {
			t.Errorf("%s: reserves %g, Treasury's account %g", d, at("RESH4R_N.WW", d), at("RESPPLLDT_N.WW", d))
		}
		if want := truth.OvernightReverseRepo(d); want.OK && at("RESPPLLRD_N.WW", d) != float64(want.V/1e6) {
			t.Errorf("reverse repo of %s is %g, the operation %d", d, at("RESPPLLRD_N.WW", d), want.V)
		}
	}
	for id, name := range map[string]string{
		"WALCL": "RESPPMA_N.WW", "WRESBAL": "RESH4R_XAW_N.WW", "WRBWFRBL": "RESH4R_N.WW", "WDTGAL": "RESPPLLDT_N.WW",
		"WTREGEN": "RESPPLLDT_XAW_N.WW", "WLRRAOL": "RESPPLLRD_N.WW", "WCURCIR": "RESTBC_XAW_N.WW",
	} {
		rows := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred")}), whole(fred.Part(id)))
		if len(rows) != len(weeks) {
			t.Errorf("%s has %d rows, want %d", id, len(rows), len(weeks))
		}
		for _, o := range rows {
			if o.Value.V != statement[name][o.Date] {
				t.Errorf("%s of %s is %g, %s is %g", id, o.Date, o.Value.V, name, statement[name][o.Date])
			}
		}
	}
	days := 0
	for y := 2024; y <= 2025; y++ {
		for _, b := range fetch(t, fiscaldata.OperatingCash(g, fiscaldata.Config{Base: s.Base("fiscaldata")}), year("dts", y)) {
			closing, ok := b.Closing()
			if !ok {
				continue
			}
			days++
			if closing != truth.Cash(b.Date) {
				t.Errorf("the Treasury has %d on %s, want %d", closing, b.Date, truth.Cash(b.Date))
			}
			if v, wednesday := statement["RESPPLLDT_N.WW"][b.Date]; wednesday && v != float64(closing) {
				t.Errorf("the Treasury has %d on %s, the statement says %g", closing, b.Date, v)
			}
		}
	}
	if days < 490 {
		t.Errorf("%d closing balances in two years", days)
	}
}

func TestEverySeriesOfTheCatalogueIsHere(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2021, time.January, 1) })
	g := extracttest.Client(t)
	for _, spec := range fred.Catalogue() {
		keyed := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred"), Key: key}), whole(fred.Part(spec.ID)))
		keyless := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred")}), whole(fred.Part(spec.ID)))
		if len(keyed) != len(keyless) {
			t.Errorf("%s: %d rows by the API, %d by the CSV", spec.ID, len(keyed), len(keyless))
		}
	}
}

func TestProbesAreContent(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	for name, probe := range map[string]func() (string, error){
		"nyfed": func() (string, error) { return nyfed.Probe(t.Context(), g, nyfed.Config{Base: s.Base("nyfed")}) },
		"h41":   func() (string, error) { return h41.Probe(t.Context(), g, h41.Config{Base: s.Base("h41")}) },
		"fred":  func() (string, error) { return fred.Probe(t.Context(), g, fred.Config{Base: s.Base("fred")}) },
		"fiscaldata": func() (string, error) {
			return fiscaldata.Probe(t.Context(), g, fiscaldata.Config{Base: s.Base("fiscaldata")})
		},
		"ishares": func() (string, error) { return ishares.Probe(t.Context(), g, ishares.Config{Base: s.Base("ishares")}) },
		"ssga":    func() (string, error) { return ssga.Probe(t.Context(), g, ssga.Config{Base: s.Base("ssga")}) },
		"sp500": func() (string, error) {
			return sp500.Probe(t.Context(), g, sp500.Config{Base: s.Base("sp500"), Constituents: s.Base("sp500") + "/constituents.csv"})
		},
	} {
		if line, err := probe(); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Log(line)
		}
	}
}

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

// The holdings of the three publishers, the lists of members and the levels
// must describe the same indices.
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

// What a day alone says must be what its year says of it.
func TestHoldingsByDayAndByYear(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	g := extracttest.Client(t)
	var some []schemas.Date
	for i, d := range truth.Sessions() {
		if d.Year() == 2025 && i%9 == 0 {
			some = append(some, d)
		}
	}
	byDay := func(d ...schemas.Date) []schemas.Holding {
		rows, err := extracttest.All(t, ishares.Holdings(g, ishares.Config{Base: s.Base("ishares"), Days: days(d...)}), year("IJR", 2025))
		if err != nil && !errors.Is(err, extract.ErrNoData) {
			t.Fatal(err)
		}
		return rows
	}
	var single []schemas.Holding
	for _, d := range some {
		rows := byDay(d)
		if missing := truth.HoldingsMissing("IJR", d); missing == (len(rows) > 0) {
			t.Errorf("%s: %d rows, missing: %v", d, len(rows), missing)
		}
		single = append(single, rows...)
	}
	if diff := cmp.Diff(single, byDay(some...)); diff != "" {
		t.Errorf("(-days +year):\n%s", diff)
	}
}

// TestMarketOfEachDay asks one publisher of prices day by day and another for the
// year: both saw the same trading, and the same actions but for spin-offs, of which
// the first knows nothing.
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

// TestSymbolBySymbol asks two publishers for symbols: they say what was traded, and
// every action but spin-offs; the fund's levels with dividends reinvested are the
// vendor's, up to scale.
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

// traded holds bars and actions of symbols against the market's own, closes and
// amounts within a part of them.
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

// TestFilingsOfCompanies asks one publisher by registrant number and another by
// symbol: both have the same counts, but for companies with several classes, and the
// same earnings.
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

// TestTriPartyMarket holds the monitor's rate against the reference rate of the same
// market: days that are withheld have a row without a value.
func TestTriPartyMarket(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2023, time.January, 3) })
	cfg := ofr.Config{Base: s.Base("ofr")}
	rows := fetch(t, ofr.Series(extracttest.Client(t), cfg), whole(ofr.Part("REPO-TRI_AR_OO-P")))
	withheld := 0
	for _, r := range rows {
		want := s.Truth().Rate("TGCR", r.Date)
		switch {
		case !r.Value.OK:
			withheld++
		case want.OK && want != r.Value:
			t.Errorf("%v on %s, want %v", r.Value, r.Date, want)
		}
	}
	if len(rows) < 700 || withheld == 0 || withheld > 20 {
		t.Errorf("%d days, %d of them withheld", len(rows), withheld)
	}
	if says, err := ofr.Probe(t.Context(), extracttest.Client(t), cfg); err != nil || !strings.Contains(says, "%") {
		t.Errorf("the probe says %q, error %v", says, err)
	}
}

// TestVintagesOfASeries revises a figure of the Fed: ALFRED has both, with the days on
// which each was the one to be known, and what it has last is what FRED has.
func TestVintagesOfASeries(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	cfg := fred.Config{Base: s.Base("fred"), Key: key}
	wednesday := day(2025, time.June, 11)
	before := fetch(t, fred.Vintages(g, cfg), whole(fred.VintagePrefix+"WALCL"))
	if err := s.ReviseObservation("RESPPMA_N.WW", wednesday, 6_600_000); err != nil {
		t.Fatal(err)
	}
	after := fetch(t, fred.Vintages(g, cfg), whole(fred.VintagePrefix+"WALCL"))
	var of []schemas.Vintage
	last := map[schemas.Date]schemas.Opt[float64]{}
	for _, v := range after {
		if v.Date == wednesday {
			of = append(of, v)
		}
		if v.KnownTo == schemas.NoDate {
			last[v.Date] = v.Value
		}
	}
	if len(after) != len(before)+1 || len(of) != 2 || of[0].KnownTo+1 != of[1].KnownFrom || of[0].KnownFrom != wednesday+1 || of[1].Value.V != 6_600_000 || of[0].Value == of[1].Value {
		t.Errorf("%d vintages after %d; of the day %+v", len(after), len(before), of)
	}
	now := fetch(t, fred.Series(g, cfg), whole(fred.Part("WALCL")))
	for _, r := range now {
		if last[r.Date] != r.Value {
			t.Errorf("FRED has %v on %s, ALFRED %v", r.Value, r.Date, last[r.Date])
		}
	}
	if len(now) != len(last) || len(now) < 40 {
		t.Errorf("FRED has %d days, ALFRED %d", len(now), len(last))
	}
}
