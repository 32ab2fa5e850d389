package transform

import (
	"strings"
	"testing"

	"tidemark/schemas"
)

// TestJumps holds that a close that jumps without an action is found, unless
// the trading of the day says that the market moved it.
func TestJumps(t *testing.T) {
	t.Parallel()
	const n = 30
	for name, test := range map[string]struct {
		set  func(m *market)
		want string // nothing where nothing is to be found
	}{
		"a split that nobody reported": {func(m *market) { m.jump(50, 200) }, "-50.0 % from 2024-06-10 with no action beside it, at 1.0 times its usual turnover"},
		"a reverse split":              {func(m *market) { m.jump(1000, 10) }, "+900.0 %"},
		"a wrong figure":               {func(m *market) { m.jump(1000, 100) }, "+900.0 %"},
		"bad news":                     {func(m *market) { m.jump(50, 2000) }, ""},
		"a fall by a quarter":          {func(m *market) { m.jump(75, 100) }, ""},
		"no volume":                    {func(m *market) { m.jump(50, -1) }, "nobody gives its volume"},
		"a split": {func(m *market) {
			m.jump(50, 200)
			m.action(schemas.ActionSplit, n-1, 2, 0)
		}, ""},
		"a spin-off of unknown value": {func(m *market) {
			m.jump(50, 100)
			m.Actions = append(m.Actions, schemas.Action{Symbol: "A", ExDate: m.sessions[n-1], Kind: schemas.ActionSpinOff})
		}, ""},
		"an ordinary dividend": {func(m *market) {
			m.jump(50, 100)
			m.action(schemas.ActionDividend, n-1, 0, 0.1)
		}, "-50.0 %"},
		"a crash of all members": {func(m *market) {
			m.jump(50, 100)
			for _, symbol := range []string{"B", "C"} {
				m.member(symbol)
				m.bar(symbol, n-2, 100, 100)
				m.bar(symbol, n-1, 90, 100)
			}
		}, ""},
		"a jump among quiet members": {func(m *market) {
			m.jump(50, 100)
			for _, symbol := range []string{"B", "C"} {
				m.member(symbol)
				m.bar(symbol, n-2, 100, 100)
				m.bar(symbol, n-1, 99, 100)
			}
		}, "-50.0 %"},
		"back after a long halt": {func(m *market) {
			m.jump(50, 100)
			m.Bars = append(m.Bars[:n-8], m.Bars[n-1])
			for s := range n {
				m.bar("B", s, 10, 100)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, n, "2024-06-11")
			m.member("A")
			test.set(m)
			p := NewPanel(m.inputs())
			got := p.jumps(p.windowFrom, p.windowTo)
			switch {
			case test.want == "" && len(got) != 0:
				t.Errorf("found %v", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0].Message, test.want) || got[0].Security != "A" || got[0].Date != m.sessions[n-1]):
				t.Errorf("found %v, want %q", got, test.want)
			}
		})
	}
}

// jump gives A closes of 100 USD and 100 shares of volume until the last
// session, and others on it.
func (m *market) jump(price, volume float64) {
	for s := range len(m.sessions) - 1 {
		m.bar("A", s, 100, 100)
	}
	m.bar("A", len(m.sessions)-1, price, volume)
}

// TestFundsAgree holds that two funds on one index are compared on the days
// that both speak of.
func TestFundsAgree(t *testing.T) {
	t.Parallel()
	portfolioOf := func(fund string, asOf schemas.Date, largest float64) portfolio {
		p := portfolio{fund: fund, asOf: asOf, weights: []float64{largest}}
		for range 20 {
			p.weights = append(p.weights, (1-largest)/20)
		}
		return p
	}
	in := &Inputs{Universe: Universe{Funds: []string{"IVV", "SPY"}}, Window: schemas.Window{From: 20000, To: 20365}}
	book := fundBook{files: map[string][]portfolio{
		"IVV": {portfolioOf("IVV", 19990, 0.1), portfolioOf("IVV", 20010, 0.1), portfolioOf("IVV", 20020, 0.1)},
		"SPY": {portfolioOf("SPY", 19990, 0.9), portfolioOf("SPY", 20010, 0.105), portfolioOf("SPY", 20011, 0.9), portfolioOf("SPY", 20020, 0.12)},
	}}
	got := book.fundsAgree(in)
	if len(got) != 1 || got[0].Date != 20020 || got[0].Security != "SPY" ||
		got[0].Message != "the ten largest lines weigh 51.60 %, those of IVV on the same day 50.50 %" {
		t.Errorf("found %v, want one of the day on which they differ by a point", got)
	}
}
