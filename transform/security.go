package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tidemark/schemas"
)

// Securities says whom each symbol stands for that a universe's sources have in
// the window, and why: as the figures of the universe take it. Of prices it tells
// those of members, of holdings every line. Lines are those of the files of the
// universe's funds; in.Bars is not looked at where in.Listed is given. Of a window
// that is over, nothing is among the newest any more.
func Securities(in *Inputs, lines []schemas.HoldingLine, over bool) []schemas.Security {
	p := in.outline()
	if p.identity == nil {
		return nil
	}
	issuers, _ := newIssuers(in, p.files, p.holders, p.Securities)
	l := securityList{in: in, p: p, issuers: issuers, over: over}
	l.prices()
	l.members()
	l.holdings(lines)
	slices.SortStableFunc(l.out, func(a, b schemas.Security) int {
		return cmp.Or(strings.Compare(a.Security, b.Security), strings.Compare(a.Source, b.Source), strings.Compare(a.Symbol, b.Symbol), cmp.Compare(a.First, b.First))
	})
	return slices.CompactFunc(l.out, func(a, b schemas.Security) bool {
		return a.Security == b.Security && a.Source == b.Source && a.Symbol == b.Symbol && a.First == b.First
	})
}

type securityList struct {
	in      *Inputs
	p       *Panel
	issuers *issuers
	over    bool
	out     []schemas.Security
}

// add takes in a row for the days of it that are in the window; newest is the
// last day of which the source tells.
func (l *securityList) add(s schemas.Security, newest schemas.Date) {
	w := l.in.Window
	s.First = max(s.First, w.From)
	if s.First > s.Last || s.First >= w.To {
		return
	}
	s.Last = min(s.Last, w.Last())
	if !l.over && s.Last >= min(newest, w.Last()) {
		s.Last = schemas.NoDate
	}
	s.Universe = l.in.Universe.ID
	if i, ok := l.p.security(s.Security); ok {
		s.Issuer = l.issuers.id(i)
	}
	l.out = append(l.out, s)
}

// prices tells of the symbols of members' prices.
func (l *securityList) prices() {
	newest := make(map[string]schemas.Date)
	for _, x := range l.p.listings {
		newest[x.Publisher] = max(newest[x.Publisher], x.Last)
	}
	for i, x := range l.p.listings {
		span := l.p.spans[i]
		if span == nil {
			continue
		}
		from := x.First
		for k, part := range span.parts {
			until := min(part.until-1, x.Last)
			how := l.p.identity.explainAs(x.Symbol, until, part.security)
			if k < len(span.parts)-1 {
				how += "; its prices before " + part.until.String() + " are those of the company that gave the symbol up then"
			}
			if _, member := l.p.security(part.security); member {
				l.add(schemas.Security{Source: "prices " + x.Publisher, Symbol: x.Symbol, First: from, Last: until, Security: part.security, How: how}, newest[x.Publisher])
			}
			from = max(from, part.until)
		}
	}
}

// members tells of the symbols of the publisher of the index.
func (l *securityList) members() {
	for _, st := range l.p.stays {
		_, how := l.p.identity.explain(st.symbol, st.from)
		last := st.to
		if last != schemas.MaxLongDate {
			last--
		}
		l.add(schemas.Security{Source: "members " + l.in.Universe.Index, Symbol: st.symbol, First: st.from, Last: last, Security: st.security, How: how}, schemas.MaxLongDate)
	}
}

// holdings tells of every line of the funds' files.
func (l *securityList) holdings(lines []schemas.HoldingLine) {
	newest := make(map[string]schemas.Date)
	for i := range lines {
		newest[lines[i].Fund] = max(newest[lines[i].Fund], lines[i].Last)
	}
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b schemas.HoldingLine) int {
		return cmp.Or(strings.Compare(a.Fund, b.Fund), cmp.Compare(a.First, b.First), cmp.Compare(a.Line, b.Line))
	})
	rows := make(map[schemas.Security]int) // by source, symbol, security and decision: place in out
	held := make(map[[2]string][]schemas.HoldingLine)
	for i := range lines {
		line := &lines[i]
		var twin *schemas.HoldingLine
		if line.Ticker != "" {
			k := [2]string{line.Fund, plainSymbol(line.Ticker)}
			others := held[k]
			if j := slices.IndexFunc(others, func(o schemas.HoldingLine) bool {
				return o.First <= line.Last && line.First <= o.Last && o.ISIN != "" && line.ISIN != "" && o.ISIN != line.ISIN
			}); j >= 0 {
				twin = &others[j]
			}
			held[k] = append(others, *line)
		}
		for _, part := range l.decide(line, twin) {
			part.Source = "holdings " + line.Fund
			key := schemas.Security{Source: part.Source, Symbol: part.Symbol, Security: part.Security, How: part.How}
			part.Name, part.Sector, part.CUSIP, part.ISIN, part.SEDOL = line.Name, line.Sector, line.CUSIP, line.ISIN, line.SEDOL
			n := len(l.out)
			if at, again := rows[key]; again { // a name or number has changed
				was := &l.out[at]
				if was.Last == schemas.NoDate || was.Last >= part.Last {
					continue
				}
				part.First = was.First
				l.add(part, newest[line.Fund])
				if len(l.out) > n {
					l.out[at] = l.out[n]
					l.out = l.out[:n]
				}
				continue
			}
			l.add(part, newest[line.Fund])
			if len(l.out) > n {
				rows[key] = n
			}
		}
	}
}

// decide tells whom a line stands for, day by day where a rename falls into its
// days. The twin is an earlier line of the same files and days that has its ticker
// and another ISIN.
func (l *securityList) decide(line, twin *schemas.HoldingLine) []schemas.Security {
	h := schemas.Holding{Ticker: line.Ticker, Name: line.Name, AssetClass: line.AssetClass, CUSIP: line.CUSIP, ISIN: line.ISIN, SEDOL: line.SEDOL}
	one := schemas.Security{Symbol: cmp.Or(line.Ticker, line.Name), First: line.First, Last: line.Last}
	switch {
	case !isEquity(&h):
		one.How = "no share: the file's asset class is " + cmp.Or(line.AssetClass, "empty")
		return []schemas.Security{one}
	case twin != nil:
		one.Security = isinSecurity(line.ISIN)
		one.How = fmt.Sprintf("the files also have %s under this ticker, with ISIN %s: this line goes by its own ISIN", twin.Name, twin.ISIN)
		return []schemas.Security{one}
	case !hasTicker(&h):
		key, what := numberedSecurity(&h)
		one.Symbol, one.Security, one.How = key, key, "no ticker: the line goes by its "+what
		return []schemas.Security{one}
	}
	id := l.p.identity
	var out []schemas.Security
	for from := line.First; from <= line.Last; {
		part := one
		part.First = from
		if r := id.renameAfter(id.spell(line.Ticker), from); r != nil && r.Date <= line.Last {
			part.Last = r.Date - 1
		}
		part.Security, part.How = id.explain(line.Ticker, from)
		out = append(out, part)
		from = part.Last + 1
	}
	return out
}

// explainAs is explain of a day, or of the eve of the rename before it that made the
// symbol the security's.
func (id *identity) explainAs(symbol string, d schemas.Date, security string) string {
	for _, r := range slices.Backward(id.renames[id.spell(symbol)]) {
		if id.resolve(symbol, d) == security {
			break
		}
		d = r.Date - 1
	}
	_, how := id.explain(symbol, d)
	return how
}

// explain is [identity.resolve], with the way that led there in words.
func (id *identity) explain(symbol string, d schemas.Date) (security, how string) {
	var steps []string
	plain := plainSymbol(symbol)
	s := id.spell(symbol)
	switch {
	case s != plain:
		steps = append(steps, plain+" is "+s+" without the dot, as no list has both and "+id.classFrom[plain]+" has "+s)
	case s != symbol:
		steps = append(steps, symbol+" is written "+s)
	}
	for r := id.renameAfter(s, d); r != nil; r = id.renameAfter(s, d) {
		steps = append(steps, s+" became "+r.New+" on "+r.Date.String())
		s, d = r.New, r.Date
	}
	if len(steps) == 0 {
		return s, "as the source spells it"
	}
	return s, strings.Join(steps, "; ")
}
