package sandbox

import (
	"slices"

	"tidemark/schemas"
)

// Truth tells what happened in the simulated market, published or not, so that
// tests can hold facts against it. It speaks of the market at the moment it was
// asked for; corrections made later do not change it.
type Truth struct{ w *world }

// Truth returns the truth of this moment.
func (s *Sandbox) Truth() Truth { return Truth{s.world.Load()} }

// Security describes one line.
type Security struct {
	ID         int    // position in Securities; all that Truth asks for is named by it
	Issuer     int    // the ID of the issuer's first line
	Symbol     string // the newest, a class after a dot
	Name       string
	Sector     string
	Industry   string
	CUSIP      string
	ISIN       string
	SEDOL      string
	CIK        int64
	Float      float64      // share of the shares outstanding that trades freely
	Listed     schemas.Date // first session
	Gone       schemas.Date // first session without it; NoDate while it lasts
	Collapsed  bool         // whether it went by collapse
	OldSymbols []OldSymbol  // oldest first
}

// OldSymbol is a symbol that was given up.
type OldSymbol struct {
	Symbol string
	Until  schemas.Date // first session under the next symbol
}

// First and Last are the market's first and last day.
func (t Truth) First() schemas.Date { return t.w.market.from }

// Last is the market's last day.
func (t Truth) Last() schemas.Date { return t.w.market.to }

// Sessions lists the market's sessions.
func (t Truth) Sessions() []schemas.Date { return slices.Clone(t.w.market.days) }

// Securities lists all lines, those not yet listed and those gone included.
func (t Truth) Securities() []Security {
	m := t.w.market
	table := sectors()
	out := make([]Security, len(m.lines))
	for i, s := range m.lines {
		out[i] = Security{
			ID: s.id, Issuer: s.issuer, Symbol: s.symbol, Name: s.name, Sector: table[s.sector].name, Industry: s.industry,
			CUSIP: s.cusip, ISIN: s.isin, SEDOL: s.sedol, CIK: s.cik, Float: s.float,
			Listed: m.days[s.listed], Gone: schemas.NoDate, Collapsed: s.failed,
		}
		if s.gone < len(m.days) {
			out[i].Gone = m.days[s.gone]
		}
		for _, r := range s.names {
			out[i].OldSymbols = append(out[i].OldSymbols, OldSymbol{r.old, m.day(r.at)})
		}
	}
	return out
}

// BySymbol finds a line by its newest symbol.
func (t Truth) BySymbol(symbol string) (id int, ok bool) {
	id, ok = t.w.market.bySym[symbol]
	return id, ok
}

// SymbolOn is the symbol of a line on a session.
func (t Truth) SymbolOn(id int, day schemas.Date) string {
	return t.w.market.lines[id].symbolAt(t.w.market.sessionFrom(day))
}

// Actions lists the corporate actions of a line, oldest first, with the symbol
// of the ex-date; a spin-off carries the ratio of the value before to the one
// after.
func (t Truth) Actions(id int) []schemas.Action {
	m := t.w.market
	s := m.lines[id]
	out := make([]schemas.Action, len(s.events))
	for i := range s.events {
		e := &s.events[i]
		out[i] = schemas.Action{Publisher: "sandbox", Symbol: s.symbolAt(e.at), ExDate: m.days[e.at], Kind: e.kind}
		if e.ratio > 0 {
			out[i].Ratio = schemas.Some(e.ratio)
		} else {
			out[i].Amount = schemas.Some(s.amount(e))
		}
	}
	return out
}

// Close is the closing price of a session, as traded. It is unknown where the
// line did not trade.
func (t Truth) Close(id int, day schemas.Date) schemas.Opt[float64] {
	m := t.w.market
	at, open := m.session(day)
	if s := m.lines[id]; !open || !s.trades(at) || s.halted(at) {
		return schemas.None[float64]()
	}
	return schemas.Some(t.w.closeAt(id, at))
}

// Shares is the number of shares outstanding on a session, 0 where the line is
// not listed.
func (t Truth) Shares(id int, day schemas.Date) float64 {
	m := t.w.market
	at, open := m.session(day)
	if s := m.lines[id]; open && s.trades(at) {
		return m.outstanding(s, at)
	}
	return 0
}

// Indices lists the names of the indices, sorted.
func (t Truth) Indices() []string {
	var out []string
	for name := range t.w.market.indices {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Members lists the lines in an index at the open of a session, by ID.
func (t Truth) Members(index string, day schemas.Date) []int {
	at, open := t.w.market.session(day)
	x := t.w.market.indices[index]
	if !open || x == nil {
		return nil
	}
	return x.members(at)
}

// Weights are the shares of the members of an index in its free-floating value
// at the close of a session.
func (t Truth) Weights(index string, day schemas.Date) map[int]float64 {
	m := t.w.market
	at, open := m.session(day)
	if !open {
		return nil
	}
	out := map[int]float64{}
	var total float64
	for _, id := range t.Members(index, day) {
		s := m.lines[id]
		v := t.w.closeAt(id, at) * m.outstanding(s, at) * s.float
		out[id] = v
		total += v
	}
	for id := range out {
		out[id] /= total
	}
	return out
}

// Level is the close of an index or of a fund on a session, without and with
// dividends reinvested; zeros where there is none.
func (t Truth) Level(name string, day schemas.Date) (price, total float64) {
	at, open := t.w.market.session(day)
	if !open {
		return 0, 0
	}
	indices, funds := t.w.levels()
	if l, known := indices[name]; known {
		return l.price[at] * indexScale, l.total[at] * indexScale
	}
	if l, known := funds[name]; known {
		return l.price[at], l.total[at]
	}
	return 0, 0
}

// HoldingsMissing reports whether the publisher of a fund's holdings has none
// for a session, though it ought to.
func (t Truth) HoldingsMissing(ticker string, day schemas.Date) bool {
	f, known := fundByTicker(ticker)
	at, open := t.w.market.session(day)
	return known && open && t.w.hole(f, at)
}

// Statement is a figure of the H.4.1 in USD mn, by its published name such as
// RESPPMA_N.WW. It is unknown where the statement has none.
func (t Truth) Statement(series string, wednesday schemas.Date) schemas.Opt[int64] {
	v, known := t.w.variant(series)
	if !known || !t.w.fed.has(wednesday) {
		return schemas.None[int64]()
	}
	if p := v.at(wednesday); p.status == "A" {
		return schemas.Some(p.value)
	}
	return schemas.None[int64]()
}

// Cash is the Treasury's balance at the close of a day, USD mn.
func (t Truth) Cash(day schemas.Date) int64 { return t.w.fed.at(day).tga }

// OvernightReverseRepo is the settled amount of a day's overnight reverse repo
// operation, USD; unknown on days without one.
func (t Truth) OvernightReverseRepo(day schemas.Date) schemas.Opt[int64] {
	return t.operation(day, true)
}

// StandingRepo is the settled sum of a day's standing repo operations, USD;
// unknown on days without one.
func (t Truth) StandingRepo(day schemas.Date) schemas.Opt[int64] {
	return t.operation(day, false)
}

func (t Truth) operation(day schemas.Date, reverse bool) schemas.Opt[int64] {
	out := schemas.None[int64]()
	if !t.w.fed.has(day) || !t.w.cal.IsFedDay(day) {
		return out
	}
	for _, o := range t.w.fed.operations(day) {
		if o.reverse != reverse || o.exercise {
			continue
		}
		amount := o.final
		if fixed, revised := t.w.fixes.operations[operationKey{day, o.close}]; revised {
			amount = fixed
		}
		out = schemas.Some(out.V + amount)
	}
	return out
}

// Rate is a reference rate as finally published, percent; unknown on days
// without one.
func (t Truth) Rate(name string, day schemas.Date) schemas.Opt[float64] {
	x, known := referenceByName(name)
	if !known || !t.w.fed.open(x, day) {
		return schemas.None[float64]()
	}
	if fixed, revised := t.w.fixes.rates[rateKey{name, day}]; revised {
		return schemas.Some(fixed)
	}
	return schemas.Some(t.w.fed.rate(x, day).percent)
}

// Target is the target range in force on a day, percent.
func (t Truth) Target(day schemas.Date) (lower, upper float64) {
	p := t.w.fed.target(day)
	return p.lower, p.upper
}
