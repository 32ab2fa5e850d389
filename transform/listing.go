package transform

import (
	"maps"
	"slices"

	"tidemark/schemas"
)

// Listing says that a publisher has bars of a symbol, and on which days the
// first and the last of them are. Who is who depends on all that a publisher
// lists, the figures only on the bars of a few: with the listings at hand the
// other bars need not be read.
type Listing struct {
	Publisher, Symbol string
	First, Last       schemas.Date
}

// listings returns in.Listed or, where there is none, what the bars before the
// window's end say themselves.
func (in *Inputs) listings() []Listing {
	if in.Listed != nil {
		return in.Listed
	}
	var out []Listing
	for i := range in.Bars {
		b := in.Bars[i].Between(schemas.MinLongDate, in.Window.To)
		if b.Len() > 0 {
			out = append(out, Listing{b.Publisher, b.Symbol, b.Sessions[0], b.Sessions[b.Len()-1]})
		}
	}
	return out
}

// Wanted returns, by publisher, the symbols whose bars the facts of the inputs
// are made of, sorted: those of everybody who is or was a member or has a
// weight, of both universes of a pair. It goes by in.Listed and by everything
// else but the bars. What it worked out on the way serves the next Compute of
// the same inputs, to which only bars may be added meanwhile.
func (in *Inputs) Wanted() map[string][]string {
	sides := []*Inputs{in}
	if in.Universe.Against != "" {
		sides = append(sides, in.otherSide())
	}
	in.outlines = make(map[string]*Panel)
	symbols := make(map[string]map[string]struct{})
	for _, side := range sides {
		p := newOutline(side)
		in.outlines[side.Universe.ID] = p
		for i, l := range p.listings {
			span := p.spans[i]
			if span == nil || !slices.ContainsFunc(span.parts, func(part symbolPart) bool { _, ok := p.security(part.security); return ok }) {
				continue
			}
			if symbols[l.Publisher] == nil {
				symbols[l.Publisher] = make(map[string]struct{})
			}
			symbols[l.Publisher][l.Symbol] = struct{}{}
		}
	}
	out := make(map[string][]string, len(symbols))
	for publisher, set := range symbols {
		out[publisher] = slices.Sorted(maps.Keys(set))
	}
	return out
}

// otherSide is the pair's inputs from the point of view of its large universe.
func (in *Inputs) otherSide() *Inputs {
	other := *in
	other.Universe = in.Universe.against()
	return &other
}

// outline returns the panel without prices that Wanted has left for the
// universe, or a new one.
func (in *Inputs) outline() *Panel {
	if p := in.outlines[in.Universe.ID]; p != nil {
		delete(in.outlines, in.Universe.ID) // it is about to be filled
		return p
	}
	return newOutline(in)
}

// settleSpans decides for every listed symbol which securities it stands for
// over time. The spans stand beside the listings; nil for those of publishers
// that the universe does not ask.
func (p *Panel) settleSpans(in *Inputs) {
	ranks := publisherRanks(in)
	p.spanOf = make(map[symbolKey]*symbolSpan)
	p.spans = make([]*symbolSpan, len(p.listings))
	for i, l := range p.listings {
		rank, ok := ranks[l.Publisher]
		if !ok {
			continue
		}
		k := symbolKey{l.Publisher, p.identity.spell(l.Symbol)}
		sp := p.spanOf[k]
		if sp == nil {
			sp = &symbolSpan{publisher: l.Publisher, symbol: k.symbol, rank: rank, first: l.First, last: l.Last, stood: schemas.NoDate}
			p.spanOf[k] = sp
		}
		sp.first, sp.last = min(sp.first, l.First), max(sp.last, l.Last)
		p.spans[i] = sp
	}
	for _, sp := range p.spans {
		if sp != nil && !sp.settled {
			sp.settle(p.identity, p.firstOf)
		}
	}
	p.findings(p.identity.takeFindings())
}

// symbolKey names one symbol of one publisher, in its canonical spelling.
type symbolKey struct{ publisher, symbol string }

// firstOf returns the first day on which a publisher has a price of a symbol.
func (p *Panel) firstOf(publisher, symbol string) schemas.Date {
	if sp := p.spanOf[symbolKey{publisher, symbol}]; sp != nil {
		return sp.first
	}
	return schemas.MaxLongDate
}
