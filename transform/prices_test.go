package transform

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func (m *market) action(kind string, session int, ratio, amount float64) {
	a := schemas.Action{Publisher: "P", Symbol: "A", ExDate: m.sessions[session], Kind: kind}
	if ratio != 0 {
		a.Ratio = schemas.Some(ratio)
	}
	if amount != 0 {
		a.Amount = schemas.Some(amount)
	}
	m.Actions = append(m.Actions, a)
}

// closesOf returns the closes of a security, 0 where there is none.
func closesOf(t *testing.T, p *Panel, id string) []float64 {
	t.Helper()
	i, ok := p.security(id)
	if !ok {
		t.Fatalf("no security %s", id)
	}
	lo, hi := p.column(i)
	return p.close[lo:hi]
}

func TestUnadjustedPricesAreAdjusted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		closes, want []float64
		set          func(m *market)
		finding      string
	}{
		"split": {
			[]float64{100, 104, 52, 53},
			[]float64{50, 52, 52, 53},
			func(m *market) { m.action(schemas.ActionSplit, 2, 2, 0) }, "",
		},
		"reverse split": {
			[]float64{1, 1.1, 11, 12},
			[]float64{10, 11, 11, 12},
			func(m *market) { m.action(schemas.ActionSplit, 2, 0.1, 0) }, "",
		},
		"stock dividend": {
			[]float64{105, 105, 100, 101},
			[]float64{100, 100, 100, 101},
			func(m *market) { m.action(schemas.ActionSplit, 2, 1.05, 0) }, "",
		},
		"two splits": {
			[]float64{120, 60, 20, 21},
			[]float64{20, 20, 20, 21},
			func(m *market) { m.action(schemas.ActionSplit, 2, 3, 0); m.action(schemas.ActionSplit, 1, 2, 0) }, "",
		},
		"two splits during a halt": {
			[]float64{120, 0, 0, 20},
			[]float64{20, 20, 20, 20},
			func(m *market) { m.action(schemas.ActionSplit, 1, 3, 0); m.action(schemas.ActionSplit, 2, 2, 0) }, "",
		},
		"special dividend": {
			[]float64{80, 100, 90, 91},
			[]float64{72, 90, 90, 91},
			func(m *market) { m.action(schemas.ActionSpecial, 2, 0, 10) }, "",
		},
		"spin-off by value": {
			[]float64{80, 100, 90, 91},
			[]float64{72, 90, 90, 91},
			func(m *market) { m.action(schemas.ActionSpinOff, 2, 0, 10) }, "",
		},
		"spin-off by ratio": {
			[]float64{125, 125, 100, 101},
			[]float64{100, 100, 100, 101},
			func(m *market) { m.action(schemas.ActionSpinOff, 2, 1.25, 0) }, "",
		},
		"spin-off by value and shares": {
			[]float64{80, 100, 90, 91},
			[]float64{72, 90, 90, 91},
			func(m *market) { m.action(schemas.ActionSpinOff, 2, 0.5, 10) }, "",
		},
		"spin-off by shares alone": {
			[]float64{80, 100, 90, 91},
			[]float64{80, 100, 90, 91},
			func(m *market) { m.action(schemas.ActionSpinOff, 2, 0.5, 0) }, "actions_spin_off",
		},
		"ordinary dividend": {
			[]float64{100, 100, 99, 99},
			[]float64{100, 100, 99, 99},
			func(m *market) { m.action(schemas.ActionDividend, 2, 0, 1) }, "",
		},
		"split and a small dividend on one day": {
			[]float64{100, 100, 50, 51},
			[]float64{50, 50, 50, 51},
			func(m *market) { m.action(schemas.ActionSplit, 2, 2, 0); m.action(schemas.ActionDividend, 2, 0, 0.2) }, "",
		},
		"one spin-off booked twice": {
			[]float64{90, 90, 60, 61},
			[]float64{60, 60, 60, 61},
			func(m *market) { m.action(schemas.ActionSplit, 2, 1.5, 0); m.action(schemas.ActionDividend, 2, 0, 30) }, "actions_twice",
		},
		"one special dividend booked twice": {
			[]float64{90, 90, 60, 61},
			[]float64{60, 60, 60, 61},
			func(m *market) { m.action(schemas.ActionSplit, 2, 1.5, 0); m.action(schemas.ActionSpecial, 2, 0, 30) }, "actions_twice",
		},
		"split that does not show": {
			[]float64{100, 101, 102, 103},
			[]float64{100, 101, 102, 103},
			func(m *market) { m.action(schemas.ActionSplit, 2, 2, 0) }, "actions_no_jump",
		},
		"more cash than price": {
			[]float64{10, 10, 9, 9},
			[]float64{10, 10, 9, 9},
			func(m *market) { m.action(schemas.ActionSpecial, 2, 0, 12) }, "actions_cash",
		},
		"split before the first price": {
			[]float64{0, 0, 50, 51},
			[]float64{0, 0, 50, 51},
			func(m *market) { m.action(schemas.ActionSplit, 2, 2, 0) }, "",
		},
		"split after the window": {
			[]float64{100, 101, 102, 103},
			[]float64{100, 101, 102, 103},
			func(m *market) {
				m.Actions = []schemas.Action{{Publisher: "P", Symbol: "A", ExDate: m.Window.To, Kind: schemas.ActionSplit, Ratio: schemas.Some(2.0)}}
			}, "",
		},
		"two publishers of one split": {
			[]float64{100, 104, 52, 53},
			[]float64{50, 52, 52, 53},
			func(m *market) {
				m.action(schemas.ActionSplit, 2, 2, 0)
				m.action(schemas.ActionSplit, 2, 2.0001, 0)
				m.Actions[1].Publisher = "Q"
			}, "",
		},
		"two publishers that disagree": {
			[]float64{100, 104, 52, 53},
			[]float64{50, 52, 52, 53},
			func(m *market) {
				m.action(schemas.ActionSplit, 2, 3, 0)
				m.Actions[0].Publisher = "Q"
				m.action(schemas.ActionSplit, 2, 2, 0)
			}, "actions_differ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, 4, "2024-06-11")
			m.Window.From = m.sessions[0]
			m.member("A")
			m.closes("A", test.closes...)
			m.closes("B", 1, 1, 1, 1) // the panel spans the sessions of all prices
			test.set(m)
			p := NewPanel(m.inputs())
			for s, got := range closesOf(t, p, "A") {
				near(t, "close "+m.sessions[s].String(), got, test.want[s], 1e-12)
			}
			found := slices.DeleteFunc(p.Findings, func(f Finding) bool { return f.Check == "prices_missing" || f.Check == "prices_gap" }) // before its listing, and halted
			switch {
			case test.finding == "" && len(found) != 0:
				t.Errorf("findings %v", found)
			case test.finding != "" && (len(found) != 1 || found[0].Check != test.finding):
				t.Errorf("findings %v, want one of %s", found, test.finding)
			}
		})
	}
}

func TestAdjustedPricesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ratio   float64
		finding string
	}{
		"100 101 102 103":   {2, ""},
		"100 104 52 53":     {2, "actions_not_applied"},
		"100 59.5 52.5 53":  {1.065, "actions_not_applied"}, // as Kellogg's of October 2023
		"100 100 96.5 97":   {1.065, ""},                    // it may have fallen by itself
		"100 100 99.5 99.4": {1.065, ""},
	} {
		m := newMarket(t, 4, "2024-06-11")
		m.member("A")
		var closes []float64
		for f := range strings.FieldsSeq(name) {
			closes = append(closes, number(t, f).V)
		}
		m.closes("A", closes...)
		for i := range m.Bars {
			m.Bars[i].Adjustment = schemas.AdjustedSplit
		}
		m.action(schemas.ActionSplit, 2, c.ratio, 0)
		p := NewPanel(m.inputs())
		for s, got := range closesOf(t, p, "A") {
			near(t, name, got, closes[s], 0)
		}
		if c.finding != "" && (len(p.Findings) != 1 || p.Findings[0].Check != c.finding) || c.finding == "" && len(p.Findings) != 0 {
			t.Errorf("%s: findings %v", name, p.Findings)
		}
	}
}

// Volume stays in shares as traded: up volume of a past day must not change
// when the company splits later.
func TestVolumeIsAsTraded(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2024-06-11")
	m.Window.From = m.sessions[0]
	m.member("A")
	m.closes("A", 100, 104, 52)
	m.action(schemas.ActionSplit, 2, 2, 0)
	got := m.facts(t, "facts.breadth")
	got.want("up_vol", m.sessions[1], 100, 0)
	got.want("unch", m.sessions[2], 1, 0)
}

func TestPublishersInOrderOfPreference(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 4, "2024-06-11")
	m.Universe.Prices = []string{"Q", "P"}
	m.member("A")
	m.closes("A", 10, 11, 12, 13)
	for _, s := range []int{1, 2} {
		b := m.bar("A", s, 11.5+float64(s), 5)
		b.Publisher, b.Adjustment = "Q", schemas.AdjustedSplit
	}
	b := m.bar("A", 3, 99, 5)
	b.Publisher = "unlisted"
	p := NewPanel(m.inputs())
	for s, want := range []float64{10, 12.5, 13.5, 13} {
		near(t, m.sessions[s].String(), closesOf(t, p, "A")[s], want, 0)
	}
	m.Universe.Prices = []string{"P", "Q"}
	for i := range m.Bars {
		m.Bars[i].Adjustment = schemas.AdjustedSplit
	}
	p = NewPanel(m.inputs())
	if found := findingsOf(p.Findings, "prices_differ"); len(found) != 1 || !strings.Contains(found[0].Message, "on 2 sessions") {
		t.Errorf("findings %v", p.Findings)
	}
}

func TestPricesThatAreNone(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 4, "2024-06-11")
	m.member("A")
	m.closes("A", 10, 11, 12, 13)
	m.Bars[1].Close = -5
	m.Bars[2].Close = math.NaN()
	sunday := m.bar("A", 0, 77, 5)
	sunday.Session = day(t, "2024-06-09")
	p := NewPanel(m.inputs())
	for s, want := range []float64{10, 10, 10, 13} {
		near(t, m.sessions[s].String(), closesOf(t, p, "A")[s], want, 0)
	}
	if len(findingsOf(p.Findings, "prices_range")) != 2 {
		t.Errorf("findings %v", p.Findings)
	}
}

// Raw prices of 2020 with their split coefficients, against closes that their
// publisher adjusted: away from dividends the signs of all changes agree.
func TestRealSplitsOf2020(t *testing.T) {
	t.Parallel()
	var m market
	m.Calendar = calendar.US()
	m.Universe = Universe{ID: "OWN_2020", Index: "T", Prices: []string{"P"}}
	m.Window = schemas.Window{Part: "OWN_2020", From: schemas.NewDate(2020, time.January, 1), To: schemas.NewDate(2021, time.January, 1)}
	type key struct {
		symbol string
		d      schemas.Date
	}
	adjusted, paid := make(map[key]float64), make(map[key]bool)
	splits := 0
	for _, name := range []string{"raw_split_examples_2020.csv", "smallcap600_daily_2020.csv.gz"} {
		file := readTable(t, 0, "market", "prices", name)
		last := ""
		for _, row := range file.rows {
			symbol, d := row[0], day(t, row[1])
			get := func(column string) float64 { return number(t, file.text(row, column)).V }
			if symbol != last {
				last = symbol
				m.Spells = append(m.Spells, schemas.Spell{Index: "T", Symbol: symbol, From: schemas.NewDate(2019, time.January, 1), To: schemas.NoDate})
			}
			m.Bars = append(m.Bars, schemas.Bar{
				Publisher: "P", Symbol: symbol, Session: d, High: schemas.Some(get("high")), Low: schemas.Some(get("low")), Close: get("close"),
				Volume: schemas.Some(get("volume")), Adjustment: schemas.AdjustedNone,
			})
			k := key{plainSymbol(symbol), d}
			adjusted[k], paid[k] = get("adjusted_close"), get("dividend_amount") != 0
			if r := get("split_coefficient"); r != 1 {
				splits++
				m.Actions = append(m.Actions, schemas.Action{Publisher: "P", Symbol: symbol, ExDate: d, Kind: schemas.ActionSplit, Ratio: schemas.Some(r)})
			}
			if a := get("dividend_amount"); a != 0 {
				m.Actions = append(m.Actions, schemas.Action{Publisher: "P", Symbol: symbol, ExDate: d, Kind: schemas.ActionDividend, Amount: schemas.Some(a)})
			}
		}
	}
	p := NewPanel(m.inputs())
	compared, wrong := 0, 0
	for i, id := range p.Securities {
		lo, hi := p.column(i)
		prev := -1
		for c := lo; c < hi; c++ {
			if p.cells[c]&cellPrinted == 0 {
				continue
			}
			if k := (key{id, p.Sessions[c-lo]}); prev >= 0 && !paid[k] {
				ours := p.close[c]/p.close[prev] - 1
				theirs := adjusted[k]/adjusted[key{id, p.Sessions[prev-lo]}] - 1
				compared++
				if math.Abs(ours-theirs) > 0.002 {
					wrong++
					t.Logf("%s %s: %+.4f, published %+.4f", id, k.d, ours, theirs)
				}
			}
			prev = c
		}
	}
	t.Logf("%d securities, %d splits, %d changes compared, %d differ", len(p.Securities), splits, compared, wrong)
	for _, f := range p.Findings {
		t.Logf("%s %s %s: %s", f.Check, f.Security, f.Date, f.Message)
	}
	if compared < 100_000 || wrong > 0 {
		t.Errorf("%d of %d changes differ", wrong, compared)
	}
}
