package transform

import (
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestSpellingsOfAClass(t *testing.T) {
	t.Parallel()
	in := Inputs{
		Spells:   []schemas.Spell{{Index: "T", Symbol: "BRK.B"}},
		Bars:     schemas.BarSeriesOf([]schemas.Bar{{Publisher: "P", Symbol: "brk-b.us"}}),
		Holdings: []schemas.Holding{{Fund: "F", Ticker: "BRKB", AssetClass: "Equity"}, {Fund: "F", Ticker: "MOGA", AssetClass: "Equity"}},
	}
	id := newIdentity(&in, in.files())
	for spelled, want := range map[string]string{
		"BRK.B": "BRK.B", "BRKB": "BRK.B", "BRK-B": "BRK.B", "BRK/B": "BRK.B", "brk-b.us": "BRK.B", "brk.b": "BRK.B", " BRK B ": "BRK.B",
		"MOGA": "MOGA", // no list knows a class form of it
		"AAPL": "AAPL", "aapl.us": "AAPL", "AAPL-US": "AAPL", "AAPL US": "AAPL", "US": "US",
	} {
		if got := id.resolve(spelled, 0); got != want {
			t.Errorf("%q is %q, want %q", spelled, got, want)
		}
	}
	if len(id.findings) != 0 {
		t.Errorf("findings: %v", id.findings)
	}
}

func FuzzSpell(f *testing.F) {
	for _, s := range []string{"AAPL", "brk-b.us", "BRK/B", "BF B", "-", "", ".", "\xff", "ß", "A_B-C/D E.US"} {
		f.Add(s, "BRK.B")
	}
	f.Fuzz(func(t *testing.T, symbol, class string) {
		in := Inputs{
			Spells:  []schemas.Spell{{Index: "T", Symbol: class}},
			Bars:    schemas.BarSeriesOf([]schemas.Bar{{Publisher: "P", Symbol: symbol}}),
			Renames: []schemas.Rename{{Date: 5, Old: symbol, New: class}, {Date: 7, Old: class, New: symbol}, {Date: 3, Old: class, New: class + "X"}},
		}
		id := newIdentity(&in, in.files())
		got := id.spell(symbol)
		if again := id.spell(symbol); again != got {
			t.Errorf("%q is spelled %q, then %q", symbol, got, again)
		}
		if strings.ContainsAny(got, "-/ _") {
			t.Errorf("%q is spelled %q", symbol, got)
		}
		for d := range schemas.Date(9) {
			if id.resolve(symbol, d) != id.resolve(got, d) {
				t.Errorf("%q and its canonical spelling %q are not one security on day %d", symbol, got, d)
			}
		}
	})
}

func TestAmbiguousClassesAreKeptApart(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]Inputs{
		"two class forms": {
			Spells: []schemas.Spell{{Index: "T", Symbol: "AB.C"}, {Index: "T", Symbol: "A.BC"}},
			Bars:   schemas.BarSeriesOf([]schemas.Bar{{Publisher: "P", Symbol: "ABC"}}),
		},
		"one list has both": {
			Spells: []schemas.Spell{{Index: "T", Symbol: "AB.C"}},
			Bars:   schemas.BarSeriesOf([]schemas.Bar{{Publisher: "P", Symbol: "ABC"}, {Publisher: "P", Symbol: "AB-C"}}),
		},
	} {
		in.Window.To = schemas.MaxDate
		id := newIdentity(&in, in.files())
		if got := id.resolve("ABC", 0); got != "ABC" {
			t.Errorf("%s: ABC is taken for %s", name, got)
		}
		if found := findingsOf(id.findings, "identity_class"); len(found) != 1 || found[0].Security != "ABC" {
			t.Errorf("%s: findings %v", name, id.findings)
		}
	}
}

func TestRenamesOverTime(t *testing.T) {
	t.Parallel()
	in := Inputs{Renames: []schemas.Rename{
		{Source: "b", Date: 200, Old: "FI", New: "FISV"},
		{Source: "a", Date: 100, Old: "FISV", New: "FI"},
		{Source: "b", Date: 100, Old: "FISV", New: "FI"},
		{Source: "a", Date: 150, Old: "brk-b", New: "BRK.X"},
	}}
	id := newIdentity(&in, in.files())
	for _, test := range []struct {
		symbol string
		d      schemas.Date
		want   string
	}{
		{"FISV", 50, "FISV"}, // to FI and back
		{"FI", 150, "FISV"},
		{"FI", 50, "FISV"}, // carried back by a list that knows only the newer name
		{"FISV", 250, "FISV"},
		{"FI", 200, "FI"}, // given up: whoever has it now is another
		{"BRK/B", 100, "BRK.X"},
		{"BRK.B", 150, "BRK.B"},
	} {
		if got := id.resolve(test.symbol, test.d); got != test.want {
			t.Errorf("%s on day %d is %s, want %s", test.symbol, test.d, got, test.want)
		}
	}
	if len(id.findings) != 0 {
		t.Errorf("findings: %v", id.findings)
	}
	in.Renames = append(in.Renames, schemas.Rename{Source: "c", Date: 100, Old: "FISV", New: "XX"})
	if id = newIdentity(&in, in.files()); id.resolve("FISV", 50) != "FISV" || len(findingsOf(id.findings, "identity_rename")) != 1 {
		t.Errorf("contradicting renames: %s, %v", id.resolve("FISV", 50), id.findings)
	}
}

// renamedMarket has a member OLD that becomes NEW on the third of five sessions.
func renamedMarket(t *testing.T) *market {
	t.Helper()
	m := newMarket(t, 5, "2025-01-24")
	m.Window.From = m.sessions[0]
	m.Renames = []schemas.Rename{{Date: m.sessions[2], Old: "OLD", New: "NEW"}}
	m.stay("OLD", m.sessions[0].AddDays(-30), schemas.NoDate)
	return m
}

func TestRenamedMemberKeepsItsPrices(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(m *market){
		"prices by the ticker of the time": func(m *market) {
			m.closes("OLD", 1, 2, 0, 0, 0)
			m.closes("NEW", 3, 4, 5)
		},
		"history under the newest ticker": func(m *market) { m.closes("NEW", 1, 2, 3, 4, 5) },
		"history under both": func(m *market) {
			m.closes("OLD", 1, 2, 0, 0, 0)
			m.closes("NEW", 1, 2, 3, 4, 5)
		},
		"a few days late": func(m *market) {
			m.closes("OLD", 1, 2, 3, 4, 0)
			m.closes("NEW", 5)
		},
	} {
		m := renamedMarket(t)
		fill(m)
		p := NewPanel(m.inputs())
		i, ok := p.security("NEW")
		if !ok || len(p.Securities) != 1 {
			t.Errorf("%s: securities %v", name, p.Securities)
			continue
		}
		lo, hi := p.column(i)
		for s, c := range p.close[lo:hi] {
			if c != float64(s+1) || p.cells[lo+s]&(cellMember|cellPrinted) != cellMember|cellPrinted {
				t.Errorf("%s: session %d has close %v, cell %b", name, s, c, p.cells[lo+s])
			}
		}
		if len(p.Findings) != 0 {
			t.Errorf("%s: findings %v", name, p.Findings)
		}
	}
}

// OLD becomes NEW, and much later another company trades as OLD.
func TestReusedTicker(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 100, "2025-06-30")
	m.Window.From = m.sessions[0]
	m.Renames = []schemas.Rename{{Date: m.sessions[10], Old: "OLD", New: "NEW"}}
	m.stay("OLD", m.sessions[0].AddDays(-30), m.sessions[10])
	m.stay("NEW", m.sessions[10], schemas.NoDate)
	m.stay("OLD", m.sessions[60], schemas.NoDate)
	for s := range m.sessions {
		if s < 10 {
			m.bar("OLD", s, 100, 10)
		} else {
			m.bar("NEW", s, 100, 10)
		}
		if s >= 60 {
			m.bar("OLD", s, 7, 10)
		}
	}
	sortedBars(m.Bars)
	p := NewPanel(m.inputs())
	for id, want := range map[string]struct {
		from  int
		price float64
	}{"NEW": {0, 100}, "OLD": {60, 7}} {
		i, ok := p.security(id)
		if !ok {
			t.Fatalf("no security %s among %v", id, p.Securities)
		}
		lo, _ := p.column(i)
		for s := range m.sessions {
			printed, member := p.cells[lo+s]&cellPrinted != 0, p.cells[lo+s]&cellMember != 0
			if printed != (s >= want.from) || member != (s >= want.from) || printed && p.close[lo+s] != want.price {
				t.Fatalf("%s on session %d: printed %v, member %v, close %v", id, s, printed, member, p.close[lo+s])
			}
		}
	}
	if len(findingsOf(p.Findings, "identity_reuse")) != 1 {
		t.Errorf("findings %v", p.Findings)
	}
}

func TestIssuersOfLines(t *testing.T) {
	t.Parallel()
	in := Inputs{
		Calendar: calendar.US(),
		Constituents: []schemas.Constituent{
			{AsOf: 10, Symbol: "GOOGL", CIK: 1652044},
			{AsOf: 10, Symbol: "FOO", CIK: 1},
			{AsOf: 20, Symbol: "FOO", CIK: 2},
			{AsOf: 10, Symbol: "CON1", CIK: 3},
			{AsOf: 10, Symbol: "CON2", CIK: 4},
		},
	}
	for ticker, number := range map[string]string{
		"GOOGL": "US02079K3059", "GOOG": "US02079K1079", "BAR": "GB00B10RZP78", "ARCH": "BMG0450A1053", "ARCHP": "BMG0450A2044",
		"CON1": "US1111111011", "CON2": "US1111112019", "CON3": "US1111113017",
	} {
		in.Holdings = append(in.Holdings, schemas.Holding{Ticker: ticker, AssetClass: "Equity", ISIN: number})
	}
	id := newIdentity(&in, in.files())
	securities := []string{"ARCH", "ARCHP", "BAR", "CON1", "CON2", "CON3", "FOO", "GOOG", "GOOGL"}
	got, findings := newIssuers(&in, in.files(), newHolders(id), securities)
	for security, want := range map[string]string{
		"GOOGL": "cik:1652044", "GOOG": "cik:1652044", // by its CUSIP
		"FOO": "cik:2", "BAR": "BAR", "ARCH": "cusip:G0450A", "ARCHP": "cusip:G0450A",
		"CON1": "cik:3", "CON2": "cik:4", "CON3": "CON3",
	} {
		if i := slices.Index(securities, security); got.id(i) != want {
			t.Errorf("%s is issued by %s, want %s", security, got.id(i), want)
		}
	}
	if len(findings) != 2 {
		t.Errorf("findings %v", findings)
	}
}
