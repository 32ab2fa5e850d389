package transform

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

// eventful is a market with everything that may change what is known of older
// sessions: splits and special dividends, halts over ex-dates, renames and
// tickers that are taken over, share classes in several spellings, files with
// new lines and new issuers, a second publisher of prices.
func eventful(t *rapid.T, at *market) *market {
	m := *at
	m.Bars, m.Holdings, m.Spells, m.Actions, m.Renames, m.Constituents, m.Shares, m.Earnings = nil, nil, nil, nil, nil, nil, nil, nil
	rare := func(name string, one int) bool { return rapid.IntRange(1, one).Draw(t, name) == 1 }
	one := func(name string) int { return rapid.IntRange(1, len(m.sessions)-2).Draw(t, name) }
	n := rapid.IntRange(2, 5).Draw(t, "lines")
	symbols := make([]string, n)
	for i := range n {
		symbols[i] = "T" + strconv.Itoa(i)
		if i == 1 {
			symbols[i] = rapid.SampledFrom([]string{"BF.B", "BFB", "T1"}).Draw(t, "class")
		}
		m.quote(t, symbols[i])
	}
	if rare("renamed", 3) {
		old := symbols[0]
		d := one("renamed on")
		m.Renames = append(m.Renames, schemas.Rename{Date: m.sessions[d], Old: old, New: "N0"})
		for k := range m.Bars {
			if b := &m.Bars[k]; b.Symbol == old && (b.Session >= m.sessions[d] && !rare("late", 40)) {
				b.Symbol = "N0"
			}
		}
		if rare("taken over", 2) {
			for s := d + one("taken over on")%5; s < len(m.sessions); s++ {
				if !slices.ContainsFunc(m.Bars, func(b schemas.Bar) bool { return b.Symbol == old && b.Session == m.sessions[s] }) {
					m.bar(old, s, 50, 10)
				}
			}
		}
	}
	if rare("second spelling", 3) {
		first := one("spelled")
		for s := first; s < len(m.sessions); s++ {
			m.bar(rapid.SampledFrom([]string{"BF.B", "BFB", "BF.A"}).Draw(t, "spelling"), s, 40, 10).Publisher = "Q"
		}
	}
	if rare("reinvested", 4) {
		for s := one("reinvested from"); s < len(m.sessions); s++ {
			b := m.bar(symbols[n-1], s, 30, 10)
			b.Publisher, b.Adjustment = "Q", schemas.AdjustedSplitDividend
		}
	}
	slices.SortStableFunc(m.Bars, func(a, b schemas.Bar) int { return int(a.Session - b.Session) })
	for _, fund := range []string{"F", "L"} {
		for s := 0; s < len(m.sessions); s += rapid.IntRange(2, 9).Draw(t, "next file") {
			for i, symbol := range symbols {
				if i > 0 && rare("not held", 12) {
					continue
				}
				h := schemas.Holding{
					Fund: fund, AsOf: m.sessions[s], Line: int64(i), Ticker: symbol, Name: symbol, AssetClass: "Equity", Sector: "Energy",
					MarketValue: schemas.Some(rapid.Float64Range(1, 1e6).Draw(t, "value")), Price: schemas.Some(50.0), CUSIP: "00000" + strconv.Itoa(i) + "100",
				}
				if rare("other issuer", 40) {
					h.CUSIP = "999999100"
				}
				m.Holdings = append(m.Holdings, h)
			}
		}
	}
	for _, symbol := range symbols {
		m.report(t, symbol)
		to := schemas.NoDate
		if rare("leaves", 5) {
			to = m.sessions[one("left")]
		}
		m.stay(symbol, m.sessions[0].AddDays(-10), to)
	}
	return &m
}

// quote adds the bars and actions of a symbol.
func (m *market) quote(t *rapid.T, symbol string) {
	rare := func(name string, one int) bool { return rapid.IntRange(1, one).Draw(t, name) == 1 }
	price := rapid.Float64Range(5, 500).Draw(t, "price")
	quiet := rapid.Bool().Draw(t, "quiet") // most companies see nothing of the kind
	for s := range m.sessions {
		price *= 1 + rapid.Float64Range(-0.1, 0.1).Draw(t, "move")
		act := schemas.Action{Publisher: "P", Symbol: symbol, ExDate: m.sessions[s]}
		switch {
		case rare("dividend", 8):
			act.Kind, act.Amount = schemas.ActionDividend, schemas.Some(price*0.01)
		case quiet || s == 0:
		case rare("split", 15):
			ratio := rapid.SampledFrom([]float64{0.1, 1.5, 3, 20}).Draw(t, "ratio")
			act.Kind, act.Ratio = schemas.ActionSplit, schemas.Some(ratio)
			price /= ratio
		case rare("special", 25):
			act.Kind, act.Amount = schemas.ActionSpecial, schemas.Some(price*0.1)
		}
		if act.Kind != "" {
			m.Actions = append(m.Actions, act)
		}
		if rare("halt", 12) {
			continue
		}
		m.bar(symbol, s, price, 100)
	}
}

// report adds what a company has filed: shares, a year's earnings, and what it
// corrects later.
func (m *market) report(t *rapid.T, symbol string) {
	start := m.sessions[0]
	for k := range 3 {
		filed := m.sessions[rapid.IntRange(0, len(m.sessions)-1).Draw(t, "filed")]
		if k == 0 {
			filed = start
		}
		m.Shares = append(m.Shares, schemas.ShareCount{Publisher: "S", Company: symbol, Filed: filed, AsOf: start.AddDays(-40 + k), Line: 1, Shares: float64(rapid.IntRange(1, 9).Draw(t, "shares")) * 1e5})
		m.Earnings = append(m.Earnings, schemas.Earning{
			Publisher: "S", Company: symbol, Filed: filed, From: start.AddDays(-405 + k), Until: start.AddDays(-41 + k), NetIncome: float64(rapid.IntRange(-5, 20).Draw(t, "income")) * 1e5,
		})
	}
}

// until is the market as it was known on the evening of a day.
func (m *market) until(d schemas.Date) *Inputs {
	known := *m
	known.Bars = slices.DeleteFunc(slices.Clone(m.Bars), func(b schemas.Bar) bool { return b.Session > d })
	known.Holdings = slices.DeleteFunc(slices.Clone(m.Holdings), func(h schemas.Holding) bool { return h.AsOf > d })
	known.Shares = slices.DeleteFunc(slices.Clone(m.Shares), func(c schemas.ShareCount) bool { return c.Filed > d })
	known.Earnings = slices.DeleteFunc(slices.Clone(m.Earnings), func(e schemas.Earning) bool { return e.Filed > d })
	known.Actions = slices.DeleteFunc(slices.Clone(m.Actions), func(a schemas.Action) bool { return a.ExDate > d })
	return known.inputs()
}

// dailyTables computes everything that may be continued, rows of contributions
// included, by session.
func dailyTables(in *Inputs) (map[schemas.Date][]any, bool) {
	out := make(map[schemas.Date][]any)
	whole := false
	universe := in.Universe
	for _, table := range []schemas.Table[schemas.Fact]{schemas.Concentration, schemas.Breadth, schemas.ContributionSummary, schemas.Dispersion, schemas.Valuation, schemas.SizeMembers} {
		side := *in
		if table.String() == schemas.SizeMembers.String() {
			side.Universe = Universe{ID: "F~L", Funds: universe.Funds, Prices: universe.Prices, Against: "L", AgainstFunds: []string{"L"}, AgainstPrices: universe.Prices}
		}
		facts, _ := Compute(table.String(), &side)
		for _, f := range facts {
			out[f.Session] = append(out[f.Session], f)
		}
		whole = whole || !side.Kept.OK
	}
	for _, r := range Contributions(in) {
		out[r.Session] = append(out[r.Session], r)
	}
	return out, whole || !in.Kept.OK
}

// TestFactsStand holds that what has been computed of a session stays as it is
// when rows of later days come, unless the panel says that it does not; and that
// facts of new sessions are those of the whole window.
func TestFactsStand(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 75, "2025-02-14")
	at.Universe.Prices = []string{"P", "Q"}
	at.Window = schemas.CutYear.Window("OWN_TEST", day(t, "2025-01-10"))
	added, rewritten := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := eventful(t, at)
		kept := len(m.sessions) - rapid.IntRange(2, 25).Draw(t, "sessions left")
		newest := min(kept+rapid.IntRange(1, 3).Draw(t, "new sessions"), len(m.sessions)-1)
		before, _ := dailyTables(m.until(m.sessions[kept]))
		after, _ := dailyTables(m.until(m.sessions[newest]))
		in := m.until(m.sessions[newest])
		in.Kept = schemas.Some(m.sessions[kept])
		more, whole := dailyTables(in)
		if whole {
			rewritten++
			return // of several tables some may be whole: what stands of them is not asked
		}
		added++
		for d, want := range after {
			if d <= m.sessions[kept] && !reflect.DeepEqual(before[d], want) {
				t.Fatalf("on %s, with %s: %s", d, m.sessions[newest], firstGap(before[d], want))
			}
			if got := more[d]; d > m.sessions[kept-sessionsAgain] && !reflect.DeepEqual(got, want) {
				t.Fatalf("of %s alone: %s", d, firstGap(got, want))
			}
		}
		if len(more) > newest-kept+sessionsAgain {
			t.Fatalf("%d sessions were computed, for %d new ones", len(more), newest-kept)
		}
	})
	t.Logf("%d evenings were added, %d rewrote the year", added, rewritten)
	if added < 10 || rewritten < 10 {
		t.Errorf("%d evenings were added, %d rewrote the year", added, rewritten)
	}
}

// firstGap shows the first of two lists that differ.
func firstGap(a, b []any) string {
	for i := range min(len(a), len(b)) {
		if !reflect.DeepEqual(a[i], b[i]) {
			return strconv.Itoa(i) + ": " + show(a[i]) + " and " + show(b[i])
		}
	}
	return strconv.Itoa(len(a)) + " and " + strconv.Itoa(len(b)) + " rows"
}

func show(row any) string { return fmt.Sprintf("%+v", row) }
