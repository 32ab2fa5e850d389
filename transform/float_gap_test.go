package transform

import (
	"math"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
)

// floatMarket is WE-1.7: P is 1000 in full and 500 in free float, Q 600 in both.
func floatMarket(tb testing.TB) *market {
	tb.Helper()
	m := newMarket(tb, 3, "2025-06-30")
	held := func(ticker string, value, price float64) schemas.Holding {
		return schemas.Holding{Ticker: ticker, MarketValue: schemas.Some(value), Price: schemas.Some(price)}
	}
	for _, s := range []string{"P", "Q"} {
		m.member(s)
		m.closes(s, 10, 10, 10)
	}
	m.file(m.sessions[0], held("P", 500, 10), held("Q", 600, 6))
	m.Window.From = m.sessions[0]
	m.count("P", -40, 100)
	m.count("Q", -40, 100)
	return m
}

// count files a number of shares; days is counted from the first session.
func (m *market) count(company string, days int, shares float64) {
	d := m.sessions[0].AddDays(days)
	m.Shares = append(m.Shares, schemas.ShareCount{Publisher: "S", Company: company, Filed: d, AsOf: d.AddDays(-14), Line: 1, Shares: shares})
}

func TestFloatGap_WE1_7(t *testing.T) {
	t.Parallel()
	m := floatMarket(t)
	got := m.facts(t, "facts.concentration")
	for _, d := range m.sessions { // on the file's day, and as the weights move
		got.want("conc_fullcap_gap_top1", d, 0.625-600.0/1100, 1e-12)
		got.want("conc_fullcap_gap_top3", d, 0, 0)
	}
	got.want("conc_top1_sec", m.sessions[0], 0.545455, 5e-7)
}

func TestFloatGapKnowsWhatItLacks(t *testing.T) {
	t.Parallel()
	first := func(m *market) schemas.Date { return m.sessions[0] }
	for name, test := range map[string]struct {
		change func(m *market)
		status schemas.Status
		value  float64
	}{
		"no counts":               {func(m *market) { m.Shares = nil }, schemas.NotPublished, 0},
		"one of two":              {func(m *market) { m.Shares = m.Shares[:1] }, schemas.LowCoverage, 0},
		"filed after the day":     {func(m *market) { m.Shares[0].Filed = first(m) + 1 }, schemas.LowCoverage, 0},
		"too old":                 {func(m *market) { m.Shares[0].AsOf -= 500 }, schemas.LowCoverage, 0},
		"two classes, unnamed":    {func(m *market) { c := m.Shares[0]; c.Line, c.Shares = 2, 7; m.Shares = append(m.Shares, c) }, schemas.LowCoverage, 0},
		"no price in the file":    {func(m *market) { m.Holdings[1].Price = schemas.None[float64]() }, schemas.LowCoverage, 0},
		"a newer count":           {func(m *market) { m.count("P", -3, 140) }, schemas.StatusOK, 1400.0/2000 - 600.0/1100},
		"in order of filing":      {func(m *market) { m.count("P", -3, 140); slices.Reverse(m.Shares) }, schemas.StatusOK, 1400.0/2000 - 600.0/1100},
		"a split since the count": {func(m *market) { m.Shares[0].Shares = 50; m.splitOf("P", first(m)-10, 2) }, schemas.StatusOK, 0.625 - 600.0/1100},
		"a spin-off booked as a split": {
			func(m *market) { m.splitOf("P", first(m)-10, 1.253) }, schemas.StatusOK, 0.625 - 600.0/1100,
		},
	} {
		m := floatMarket(t)
		test.change(m)
		f := m.facts(t, "facts.concentration").fact("conc_fullcap_gap_top1", first(m))
		if f.Status != test.status {
			t.Errorf("%s: %+v, want status %s", name, f, test.status)
			continue
		}
		if f.Value.OK {
			near(t, name, f.Value.V, test.value, 1e-12)
		}
	}
}

func (m *market) splitOf(symbol string, d schemas.Date, ratio float64) {
	m.Actions = append(m.Actions, schemas.Action{Publisher: "P", Symbol: symbol, ExDate: d, Kind: schemas.ActionSplit, Ratio: schemas.Some(ratio)})
}

// What the SEC's counts say of the S&P 500: many companies are missing from the
// file, and of many it is not said which class a count is of, so that the gap has
// no value and says why; the capitalisations that it has are right.
func TestRealFullCapitalisation(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	in.Universe.Funds = []string{"IVV"}
	in.Window = year(2024)
	in.Holdings = slices.Clone(in.Holdings)
	prices := readTable(t, 9, "market", "holdings", "IVV_2024-12-06.csv")
	asOf := day(t, "2024-12-06")
	for i := range in.Holdings {
		if h := &in.Holdings[i]; h.AsOf == asOf && h.Fund == "IVV" {
			h.Price = number(t, prices.text(prices.rows[h.Line-1], "Price"))
		}
	}
	seen := make(map[string]bool)
	file := readTable(t, 0, "market", "shares", "sec_shares_outstanding.csv.gz")
	for _, row := range file.rows {
		if key := strings.Join([]string{row[0], row[3], row[4], row[8]}, " "); !seen[key] {
			seen[key] = true
			in.Shares = append(in.Shares, schemas.ShareCount{Publisher: "SEC", Company: row[0], AsOf: day(t, row[3]), Filed: day(t, row[4]), Line: int64(len(seen)), Shares: number(t, row[8]).V})
		}
	}
	p := NewPanel(&in)
	p.setFullCaps(&in)
	f := p.book.file("IVV", asOf)
	caps, covered, known := map[string]float64{}, 0.0, 0
	for k, n := range f.index {
		s := p.Securities[n]
		if f.fullCap[k] > 0 {
			caps[s] = f.fullCap[k]
			covered += f.weights[k]
			known++
		}
	}
	// Apple's price of 6 December 2024 times the shares that it had filed.
	near(t, "Apple, USD bn", caps["AAPL"]/1e9, 242.84*15.115823, 1)
	if caps["GOOGL"] > 0 || caps["GOOG"] > 0 {
		t.Errorf("one count was taken for both lines of Alphabet: %v, %v", caps["GOOGL"], caps["GOOG"])
	}
	facts, findings := Compute("facts.concentration", &in)
	got := newFactSet(t, facts, findings)
	gap := got.fact("conc_fullcap_gap_top10", asOf)
	t.Logf("%d of %d lines, %.3f of the weight; %+v", known, len(f.index), covered, gap)
	if gap.Status != schemas.LowCoverage || !gap.Coverage.OK || math.Abs(gap.Coverage.V-covered) > 1e-9 {
		t.Errorf("got %+v at a coverage of %v", gap, covered)
	}
}
