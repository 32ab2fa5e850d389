package transform

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform/ranking"
)

// day parses a date written as 2006-01-02.
func day(tb testing.TB, text string) schemas.Date {
	tb.Helper()
	d, err := schemas.ParseDate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func near(tb testingT, what string, got, want, tolerance float64) {
	tb.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		tb.Errorf("%s: got %.9g, want %.9g", what, got, want)
	}
}

func nearOpt(tb testing.TB, what string, got schemas.Opt[float64], want, tolerance float64) {
	tb.Helper()
	if !got.OK {
		tb.Errorf("%s: got no value, want %.9g", what, want)
		return
	}
	near(tb, what, got.V, want, tolerance)
}

// market builds inputs by hand: members of the index T, with prices of the
// publisher P and holdings of the fund F.
type market struct {
	Inputs
	Bars     []schemas.Bar // rows, which tests change one by one, in place of the series
	sessions []schemas.Date
}

// inputs returns what is computed from.
func (m *market) inputs() *Inputs {
	m.Inputs.Bars = schemas.BarSeriesOf(m.Bars)
	return &m.Inputs
}

// newMarket starts a market of n sessions that end with last, which alone is
// the window.
func newMarket(tb testing.TB, n int, last string) *market {
	tb.Helper()
	cal := calendar.US()
	end := day(tb, last)
	sessions := cal.Sessions(end.AddDays(-2*n-15), end+1)
	m := &market{sessions: sessions[len(sessions)-n:]}
	m.Calendar = cal
	m.Universe = Universe{ID: "OWN_TEST", Index: "T", Funds: []string{"F"}, Prices: []string{"P"}}
	m.Window = schemas.Window{Part: "OWN_TEST", From: end, To: end + 1}
	return m
}

// member adds a symbol to the index from the first session on.
func (m *market) member(symbol string) { m.stay(symbol, m.sessions[0].AddDays(-10), schemas.NoDate) }

func (m *market) stay(symbol string, from, to schemas.Date) {
	m.Spells = append(m.Spells, schemas.Spell{Index: "T", Symbol: symbol, From: from, To: to})
}

// bar adds a bar as traded; volume below 0 means unknown.
func (m *market) bar(symbol string, session int, price, volume float64) *schemas.Bar {
	b := schemas.Bar{
		Publisher: "P", Symbol: symbol, Session: m.sessions[session], Close: price,
		High: schemas.Some(price), Low: schemas.Some(price), Adjustment: schemas.AdjustedNone,
	}
	if volume >= 0 {
		b.Volume = schemas.Some(volume)
	}
	m.Bars = append(m.Bars, b)
	return &m.Bars[len(m.Bars)-1]
}

// closes adds bars that end with the last session; 0 leaves a session out.
func (m *market) closes(symbol string, closes ...float64) {
	for i, c := range closes {
		if c != 0 {
			m.bar(symbol, len(m.sessions)-len(closes)+i, c, 100)
		}
	}
}

// file adds a holdings file of the fund F; weights in percent, by ticker.
func (m *market) file(asOf schemas.Date, lines ...schemas.Holding) {
	for i, h := range lines {
		h.Fund, h.AsOf, h.Line = "F", asOf, int64(i+1)
		if h.AssetClass == "" {
			h.AssetClass = "Equity"
		}
		m.Holdings = append(m.Holdings, h)
	}
}

// repeatFile gives the market's one holdings file again every 21 sessions, from
// the first on.
func (m *market) repeatFile() {
	lines := slices.Clone(m.Holdings)
	for s := 0; s < len(m.sessions); s += 21 {
		m.file(m.sessions[s], lines...)
	}
}

func line(ticker string, percent float64) schemas.Holding {
	return schemas.Holding{Ticker: ticker, Name: ticker, Weight: schemas.Some(percent)}
}

// tallyOf counts the last session with the given windows.
func (m *market) tallyOf(w windows) (dayTally, []float64) {
	p := NewPanel(m.inputs())
	last := len(p.Sessions)
	t := p.tally(last-1, last, w)
	return t.days[0], t.distances[0]
}

// facts computes a table and returns its facts by metric and session.
func (m *market) facts(tb testing.TB, dataset string) factSet {
	tb.Helper()
	facts, findings := Compute(dataset, m.inputs())
	return newFactSet(tb, facts, findings)
}

type factKey struct {
	metric  string
	session schemas.Date
}

type factSet struct {
	t        testing.TB
	by       map[factKey]schemas.Fact
	all      []schemas.Fact
	findings []Finding
}

func newFactSet(tb testing.TB, facts []schemas.Fact, findings []Finding) factSet {
	tb.Helper()
	out := factSet{tb, make(map[factKey]schemas.Fact), facts, findings}
	for _, f := range facts {
		k := factKey{f.Metric, f.Session}
		if _, twice := out.by[k]; twice {
			tb.Errorf("%s on %s is given twice", f.Metric, f.Session)
		}
		out.by[k] = f
		if f.Status.HasValue() != f.Value.OK {
			tb.Errorf("%s on %s: value %v with status %s", f.Metric, f.Session, f.Value, f.Status)
		}
		if f.Value.OK && (math.IsNaN(f.Value.V) || math.IsInf(f.Value.V, 0)) {
			tb.Errorf("%s on %s is %v", f.Metric, f.Session, f.Value.V)
		}
		if f.Coverage.OK && (f.Coverage.V < 0 || f.Coverage.V > 1) {
			tb.Errorf("%s on %s: coverage %v", f.Metric, f.Session, f.Coverage.V)
		}
		if !f.KnownAt.After(f.Session.Time()) {
			tb.Errorf("%s on %s was known at %s, before its day began", f.Metric, f.Session, f.KnownAt)
		}
	}
	return out
}

func (s factSet) fact(metric string, d schemas.Date) schemas.Fact {
	s.t.Helper()
	f, ok := s.by[factKey{metric, d}]
	if !ok {
		s.t.Errorf("no fact of %s on %s", metric, d)
	}
	return f
}

func (s factSet) want(metric string, d schemas.Date, value, tolerance float64) {
	s.t.Helper()
	f := s.fact(metric, d)
	if !f.Value.OK {
		s.t.Errorf("%s on %s: no value (%s), want %.9g", metric, d, f.Status, value)
		return
	}
	near(s.t, metric+" on "+d.String(), f.Value.V, value, tolerance)
}

func (s factSet) wantNone(metric string, d schemas.Date, why schemas.Status) {
	s.t.Helper()
	if f := s.fact(metric, d); f.Value.OK || f.Status != why {
		s.t.Errorf("%s on %s: got %v with status %s, want none with %s", metric, d, f.Value, f.Status, why)
	}
}

// found returns the findings of one check.
func (s factSet) found(check string) []Finding { return findingsOf(s.findings, check) }

func findingsOf(findings []Finding, check string) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Check != check })
}

func sessionsOf(facts []schemas.Fact) []schemas.Date {
	var out []schemas.Date
	for _, f := range facts {
		out = append(out, f.Session)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// median sorts values and returns their median.
func median(values []float64) float64 {
	slices.Sort(values)
	return ranking.Quantile(values, 0.5)
}

func sortedBars(bars []schemas.Bar) []schemas.Bar {
	slices.SortFunc(bars, func(a, b schemas.Bar) int {
		return cmp.Or(cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Session, b.Session))
	})
	return bars
}

func utc(tb testing.TB, text string) time.Time {
	tb.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
