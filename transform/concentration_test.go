package transform

import (
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// caps makes a ranking from market values.
func caps(values ...float64) ranking.Weights {
	weights := append([]float64(nil), values...)
	normalise(weights)
	return ranking.Ranked(weights)
}

func TestConcentration_WE1_2(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	m.Universe.Index = ""
	for i, c := range []struct {
		ticker string
		cap    float64
		cusip  string
	}{{"A", 300, "000001101"}, {"B", 250, "000002101"}, {"G1", 120, "00000G101"}, {"G2", 100, "00000G309"}, {"C", 90, "000003101"}, {"D", 80, "000004101"}, {"E", 40, "000005101"}, {"F", 20, "000006101"}} {
		m.Holdings = append(m.Holdings, schemas.Holding{
			Fund: "F", AsOf: m.sessions[0], Line: int64(i), Ticker: c.ticker, AssetClass: "Equity", MarketValue: schemas.Some(c.cap), CUSIP: c.cusip,
		})
	}
	got := m.facts(t, "facts.concentration")
	for suffix, want := range map[string]map[string]float64{
		"_sec": {
			"conc_top1": 0.30, "conc_top3": 0.67, "conc_top5": 0.86, "conc_top10": 1, "conc_top25": 1, "conc_top50": 1, "conc_hhi": 0.1934, "conc_hhi10k": 1934,
			"conc_neff": 5.170631, "conc_entropy": 1.818224, "conc_evenness": 0.874381, "conc_neff_entropy": 6.160910, "conc_gini": 0.3925, "conc_hhi_norm": 0.078171,
		},
		"_iss": {
			"conc_top1": 0.30, "conc_top3": 0.77, "conc_top5": 0.94, "conc_top10": 1, "conc_hhi": 0.2174, "conc_hhi10k": 2174,
			"conc_neff": 4.599816, "conc_entropy": 1.666642, "conc_evenness": 0.856485, "conc_neff_entropy": 5.294362, "conc_gini": 0.4000, "conc_hhi_norm": 0.086967,
		},
	} {
		for metric, value := range want {
			got.want(metric+suffix, m.sessions[0], value, 1e-6)
		}
	}
	got.want("conc_members", m.sessions[0], 8, 0)
	got.want("conc_issuers", m.sessions[0], 7, 0)
	got.want("conc_mag7", m.sessions[0], 0, 0)
	if a, b := got.fact("conc_hhi_sec", m.sessions[0]).Members, got.fact("conc_hhi_iss", m.sessions[0]).Members; a != 8 || b != 7 {
		t.Errorf("members %d and %d, want 8 and 7", a, b)
	}
}

func TestConcentration_WE1_2_EqualWeightsAndOneMember(t *testing.T) {
	t.Parallel()
	four := caps(25, 25, 25, 25)
	near(t, "HHI of four", four.HHI(), 0.25, 1e-12)
	nearOpt(t, "evenness of four", four.Evenness(four.Entropy()), 1, 1e-12)
	near(t, "Gini of four", four.Gini(), 0, 1e-12)
	nearOpt(t, "normalised HHI of four", four.HHINormalised(), 0, 1e-12)
	one := caps(7)
	near(t, "HHI of one", one.HHI(), 1, 0)
	near(t, "entropy of one", one.Entropy(), 0, 0)
	near(t, "Gini of one", one.Gini(), 0, 0)
	if one.Evenness(one.Entropy()).OK || one.HHINormalised().OK {
		t.Error("one member has an evenness or a normalised HHI")
	}
}

func TestPublishedHHI(t *testing.T) {
	t.Parallel()
	equal := make([]float64, 500)
	for i := range equal {
		equal[i] = 1
	}
	near(t, "HHI of 500 equal weights", 1e4*caps(equal...).HHI(), 20, 1e-9)
	skewed := make([]float64, 0, 500)
	for range 5 {
		skewed = append(skewed, 10)
	}
	for range 495 {
		skewed = append(skewed, 0.1)
	}
	hhi := 0.0 // weights that add up to 99.5, as printed
	for _, w := range skewed {
		hhi += w * w
	}
	near(t, "HHI of 5 x 10 and 495 x 0.1", hhi, 504.95, 1e-9)
}

func TestWE1_7_FloatChangesTheLargest(t *testing.T) {
	t.Parallel()
	full, float := []float64{1000, 600}, []float64{1000 * 0.5, 600 * 1.0}
	normalise(full)
	normalise(float)
	near(t, "P full", full[0], 0.625, 1e-12)
	near(t, "Q full", full[1], 0.375, 1e-12)
	near(t, "P float", float[0], 0.454545, 1e-6)
	near(t, "Q float", float[1], 0.545455, 1e-6)
}

func TestWE1_1_FundCleanUp(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	cash, futures := line("", 0.28), line("ESU5", 0.07)
	cash.AssetClass, futures.AssetClass = "Cash", "Futures"
	m.file(m.sessions[0], line("AAA", 6.60), line("BBB", 5.20), line("CCC", 3.10), line("DDD", 84.75), cash, futures)
	p := NewPanel(m.inputs())
	file := p.book.at([]string{"F"}, m.sessions[0])
	if file == nil {
		t.Fatal("no file")
	}
	for i, want := range []float64{0.06623181, 0.05218264, 0.03110888, 0.85047667} {
		near(t, p.book.securities[file.index[i]], file.weights[i], want, 1e-8)
	}
	near(t, "residual", file.residual, 0.0035, 1e-12)
}

func TestFilesThatAreNotUsed(t *testing.T) {
	t.Parallel()
	short := line("BBB", -1)
	cash := line("USD", -1.1)
	cash.AssetClass = "Cash and/or Derivatives"
	thousands, whole := line("AAA", 60), line("BBB", 40)
	thousands.MarketValue, whole.MarketValue = schemas.Some(600.0), schemas.Some(400_000.0)
	unweighed := line("CCC", 0)
	unweighed.Weight = schemas.None[float64]()
	for name, test := range map[string]struct {
		lines []schemas.Holding
		says  string // of the finding, empty where the file is used
	}{
		"negative cash":          {[]schemas.Holding{line("AAA", 60), line("BBB", 41.1), cash}, ""},
		"short position":         {[]schemas.Holding{line("AAA", 101), short}, "line 2, BBB, is negative and not cash"},
		"missing lines":          {[]schemas.Holding{line("AAA", 30), line("BBB", 20)}, "add up to 50.00 %"},
		"fractions, not percent": {[]schemas.Holding{line("AAA", 0.6), line("BBB", 0.4)}, "add up to 1.00 %"},
		"a line without weight":  {[]schemas.Holding{line("AAA", 60), line("BBB", 40), unweighed}, "no market value and some no weight"},
		"values in two units":    {[]schemas.Holding{thousands, whole}, "line 1, AAA, is 0.15 % by its market value and 60.00 % as published"},
		"no shares":              {[]schemas.Holding{{Ticker: "USD", AssetClass: "Cash", Weight: schemas.Some(100.0)}}, "no weight"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, 1, "2025-06-30")
			m.file(m.sessions[0], test.lines...)
			got := m.facts(t, "facts.concentration")
			rejected := got.found("holdings_rejected")
			if test.says == "" {
				if len(rejected) != 0 || !got.fact("conc_hhi_sec", m.sessions[0]).Value.OK {
					t.Errorf("not used: %v", rejected)
				}
				return
			}
			if len(rejected) != 1 || !strings.Contains(rejected[0].Message, test.says) || len(got.all) != 0 {
				t.Errorf("%d facts, findings %v", len(got.all), rejected)
			}
		})
	}
}

func TestTooMuchResidualHasNoConcentration(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	cash := line("USD", 2.5)
	cash.AssetClass = "Cash"
	m.file(m.sessions[0], line("AAA", 60), line("BBB", 37.5), cash)
	got := m.facts(t, "facts.concentration")
	got.want("residual_weight", m.sessions[0], 0.025, 1e-12)
	got.wantNone("conc_hhi_sec", m.sessions[0], schemas.BadInput)
	if f := got.fact("conc_top1_sec", m.sessions[0]); !strings.Contains(f.Detail, "2.50 % is not shares") {
		t.Errorf("detail %q", f.Detail)
	}
	if len(got.found("holdings_residual")) != 1 {
		t.Errorf("findings %v", got.findings)
	}
}

// Market values say more than weights of two decimals, where every line has one.
func TestMarketValuesComeFirst(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	a, b := line("AAA", 66.67), line("BBB", 33.33)
	a.MarketValue, b.MarketValue = schemas.Some(2e9), schemas.Some(1e9)
	m.file(m.sessions[0], a, b)
	m.facts(t, "facts.concentration").want("conc_top1_sec", m.sessions[0], 2.0/3, 1e-15)
	b.MarketValue = schemas.None[float64]()
	m.Holdings = nil
	m.file(m.sessions[0], a, b)
	m.facts(t, "facts.concentration").want("conc_top1_sec", m.sessions[0], 0.6667, 1e-12)
}

func TestTwoLinesOfOneTicker(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	swap, other := line("AAA", 5), line("BBB", 15)
	m.file(m.sessions[0], line("AAA", 55), swap, line("BBB", 25), other)
	for i, isin := range []string{"US0000011011", "US0000011011", "US0000021011", "US0000099999"} {
		m.Holdings[i].ISIN = isin
	}
	got := m.facts(t, "facts.concentration")
	got.want("conc_top1_sec", m.sessions[0], 0.60, 1e-12)
	got.want("conc_members", m.sessions[0], 3, 0) // one ticker, two numbers: two securities
}

func TestLinesWithoutTicker(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2025-06-30")
	escrow, right := line("-", 0.5), line("", 0.5)
	escrow.Name, right.Name = "Petrocorp Escrow", "Contra Right"
	m.file(m.sessions[0], line("AAA", 99), escrow, right)
	got := m.facts(t, "facts.concentration")
	got.want("conc_members", m.sessions[0], 3, 0)
	got.want("conc_top1_sec", m.sessions[0], 0.99, 1e-12)
}

func TestRolledWeights(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 4, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.file(m.sessions[0], line("AAA", 60), line("BBB", 30), line("CCC", 10))
	m.closes("AAA", 100, 110, 120, 150)
	m.closes("BBB", 10, 10, 9, 12)
	got := m.facts(t, "facts.concentration")
	got.want("conc_top1_sec", m.sessions[0], 0.60, 1e-12)
	// CCC has no prices and moves with the rest: (60 x 1.5 + 30 x 1.2)/90 = 1.4.
	got.want("conc_top1_sec", m.sessions[3], 60*1.5/(60*1.5+30*1.2+10*1.4), 1e-12)
	f := got.fact("conc_hhi_sec", m.sessions[3])
	if f.Basis != "rolled" || f.Status != schemas.StatusPartial || f.Detail != "fund=F file="+m.sessions[0].String() {
		t.Errorf("got %+v", f)
	}
	near(t, "coverage", f.Coverage.V, 0.9, 1e-12)
	if !f.KnownAt.Equal(m.Calendar.Close(m.sessions[3])) {
		t.Errorf("known at %s, want the close", f.KnownAt)
	}
	if f := got.fact("conc_hhi_sec", m.sessions[0]); !f.KnownAt.Equal(utc(t, "2025-06-26T12:00:00Z")) || f.Basis != "file" {
		t.Errorf("on the file's day: %+v", f)
	}
}

func TestRolledWeightsFollowSplits(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2025-06-30")
	m.file(m.sessions[0], line("AAA", 50), line("BBB", 50))
	m.closes("AAA", 100, 50, 55)
	m.closes("BBB", 10, 10, 10)
	m.Actions = []schemas.Action{{Publisher: "P", Symbol: "AAA", ExDate: m.sessions[1], Kind: schemas.ActionSplit, Ratio: schemas.Some(2.0)}}
	m.facts(t, "facts.concentration").want("conc_top1_sec", m.sessions[2], 1.1/2.1, 1e-12)
}

func TestOldFilesAreStale(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 30, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.file(m.sessions[3], line("AAA", 50), line("BBB", 50))
	for _, s := range []string{"AAA", "BBB"} {
		flat := make([]float64, 30)
		for i := range flat {
			flat[i] = 10
		}
		m.closes(s, flat...)
	}
	got := m.facts(t, "facts.concentration")
	if _, early := got.by[factKey{"conc_hhi_sec", m.sessions[2]}]; early {
		t.Error("a fact before the first file")
	}
	for i := 3; i < 30; i++ {
		if int(m.sessions[i]-m.sessions[3]) <= maxFileAge {
			got.want("conc_hhi_sec", m.sessions[i], 0.5, 1e-12)
		} else {
			got.wantNone("conc_hhi_sec", m.sessions[i], schemas.StaleInput)
		}
	}
	got.wantNone("residual_weight", m.sessions[29], schemas.StaleInput)
}

// A file dated on a Saturday speaks of Friday's close and is used from Monday on.
func TestFileOfADayWithoutSession(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 2, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.file(day(t, "2025-06-28"), line("AAA", 50), line("BBB", 50))
	m.closes("AAA", 100, 150)
	m.closes("BBB", 10, 10)
	got := m.facts(t, "facts.concentration")
	got.want("conc_top1_sec", m.sessions[1], 0.6, 1e-12)
	if f := got.fact("conc_top1_sec", m.sessions[1]); f.Basis != "rolled" {
		t.Errorf("basis %s", f.Basis)
	}
	if len(sessionsOf(got.all)) != 1 {
		t.Errorf("facts on %v", sessionsOf(got.all))
	}
}

// Without any prices a file still speaks for its own day, and for the next
// session where its day was none.
func TestFilesWithoutPrices(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.file(m.sessions[0], line("AAA", 50), line("BBB", 50))
	m.file(day(t, "2025-06-28"), line("AAA", 60), line("BBB", 40))
	got := m.facts(t, "facts.concentration")
	got.want("conc_top1_sec", m.sessions[0], 0.5, 1e-12)
	got.wantNone("conc_top1_sec", m.sessions[1], schemas.StaleInput)
	got.want("conc_top1_sec", m.sessions[2], 0.6, 1e-12)
}

func TestLeaversAndJoinersBetweenFiles(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.member("AAA")
	m.member("BBB")
	m.stay("CCC", m.sessions[0].AddDays(-9), m.sessions[2])
	m.stay("DDD", m.sessions[2], schemas.NoDate)
	m.file(m.sessions[0], line("AAA", 50), line("BBB", 30), line("CCC", 10), line("ZZZ", 10))
	for _, s := range []string{"AAA", "BBB", "CCC", "DDD", "ZZZ"} {
		m.closes(s, 10, 10, 10)
	}
	got := m.facts(t, "facts.concentration")
	got.want("conc_top1_sec", m.sessions[1], 0.5, 1e-12)
	got.want("conc_top1_sec", m.sessions[2], 50.0/90, 1e-12) // ZZZ, which no list knows, stays
	if f := got.fact("conc_top1_sec", m.sessions[2]); f.Excluded != 2 || f.Members != 3 {
		t.Errorf("%d members, %d excluded", f.Members, f.Excluded)
	}
}

func TestFundsInOrderOfPreference(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.Universe.Funds = []string{"G", "F"}
	m.file(m.sessions[0], line("AAA", 50), line("BBB", 50))
	m.file(m.sessions[2], line("AAA", 55), line("BBB", 45))
	m.file(m.sessions[1], line("AAA", 70), line("BBB", 30))
	for i := 4; i < 6; i++ {
		m.Holdings[i].Fund = "G"
	}
	m.closes("AAA", 10, 10, 10)
	m.closes("BBB", 10, 10, 10)
	got := m.facts(t, "facts.concentration")
	for i, want := range []float64{0.5, 0.7, 0.7} {
		got.want("conc_top1_sec", m.sessions[i], want, 1e-12)
	}
}

func TestMagnificentSevenIsDated(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		date, ticker string
		renamed      bool
		want         float64
	}{
		{"2022-06-08", "FB", false, 0.9},
		{"2022-06-08", "FB", true, 0.9},
		{"2022-06-08", "META", true, 0.9}, // carried back under the new ticker
		{"2022-06-09", "META", true, 0.9},
		{"2022-06-09", "FB", false, 0.8}, // another company's ticker by then
	} {
		m := newMarket(t, 1, test.date)
		m.file(m.sessions[0], line("AAPL", 20), line("AMZN", 10), line("GOOG", 10), line("GOOGL", 10), line(test.ticker, 10),
			line("MSFT", 10), line("NVDA", 10), line("TSLA", 10), line("XOM", 10))
		if test.renamed {
			m.Renames = []schemas.Rename{{Date: day(t, "2022-06-09"), Old: "FB", New: "META"}}
		}
		m.facts(t, "facts.concentration").want("conc_mag7", m.sessions[0], test.want, 1e-12)
	}
}

// Days are worked on at the same time. Looking for the seven in an index that
// has none of them must change nothing that the days share.
func TestDaysWithoutTheSevenAtOnce(t *testing.T) {
	m := newMarket(t, 300, "2025-12-05")
	m.Window.From = m.sessions[0]
	for _, symbol := range []string{"AAA", "BBB"} {
		m.member(symbol)
	}
	for _, d := range m.sessions {
		m.file(d, line("AAA", 60), line("BBB", 40))
	}
	facts := m.facts(t, schemas.Concentration.String())
	facts.want("conc_mag7", m.sessions[299], 0, 0)
}
