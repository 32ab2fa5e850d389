package transform

import (
	"cmp"
	"maps"
	"slices"

	"tidemark/schemas"
)

// Panel is what the breadth and concentration families share: securities by
// sessions, with identity, membership and prices on one basis. It is columnar;
// the cell of security i on session s is i*len(Sessions)+s, so that the
// history of a security is contiguous.
type Panel struct {
	Sessions   []schemas.Date
	Securities []string // permanent ids, sorted
	Basis      string   // of the prices: split_adj, tr_adj or mixed
	Findings   []Finding

	cells                []cell
	close, high, low     []float64 // USD per share on the share basis of the newest session
	volume               []float64 // shares, as published
	issuers              *issuers
	identity             *identity
	actions              [][]schemas.Action // by security, oldest first
	asTraded             [][]float64        // by security: closes before they were adjusted; nil where close has them
	exSteps              [][]exStep         // by security, oldest first
	listings             []Listing
	spans                []*symbolSpan // of the listings
	spanOf               map[symbolKey]*symbolSpan
	stays                []stay
	files                []HoldingsFile
	holders              *holders // of the files
	book                 fundBook
	firstDay             schemas.Date
	sessionAt            []int32 // by day since firstDay: the session on or after it
	priced               int     // sessions up to and without this one have been published
	membersKnown         []bool  // by session: somebody says who the members are
	membersFile          []schemas.Date
	members              []int32 // by session
	windowFrom, windowTo int     // sessions of the window
	factsFrom            int     // the session of the window from which on facts are wanted
	keptBasis            string  // Basis as it was when the older sessions were computed
}

// cell says what is known of a security on a session.
type cell uint8

const (
	cellMember     cell = 1 << iota // in the universe at the open
	cellPrinted                     // traded
	cellCarried                     // did not trade; the close is that of a session shortly before
	cellRanged                      // high and low are known
	cellVolume                      // volume is known
	cellRaw                         // the price is as traded, not adjusted by its publisher
	cellReinvested                  // its publisher has taken ordinary dividends into account

	cellPriced = cellPrinted | cellCarried
)

// carryLimit is for how many sessions a close stands in for a missing one.
const carryLimit = 5

// NewPanel brings the rows of in onto one set of securities and sessions.
// Inputs without prices, members and holdings give an empty panel.
func NewPanel(in *Inputs) *Panel {
	p := in.outline()
	if len(p.Sessions) == 0 || p.cells != nil {
		return p
	}
	p.setPrices(in)
	p.setMembers(in, p.stays)
	var found []Finding
	p.issuers, found = newIssuers(in, p.files, p.holders, p.Securities)
	p.findings(found)
	p.findings(p.missingPrices())
	return p
}

// newOutline makes the panel up to what needs prices: who is who, and which
// securities and sessions there are.
func newOutline(in *Inputs) *Panel {
	p := &Panel{files: in.files()}
	p.listings = in.listings()
	if in.Calendar == nil || len(p.listings)+len(p.files)+len(in.Spells) == 0 {
		return p
	}
	p.identity = newIdentity(in, p.files)
	p.holders = newHolders(p.identity)
	p.findings(p.identity.takeFindings())
	book, found := newFundBook(in, p.files, p.holders)
	p.book = book
	p.findings(found)
	p.stays, found = indexStays(in, p.identity)
	p.findings(found)
	if !p.setSessions(in) {
		return p
	}
	p.setSecurities(p.stays)
	p.settleSpans(in)
	return p
}

// sessionOf returns the session that a file's day belongs to: the day itself, or
// the session after it.
func (in *Inputs) sessionOf(d schemas.Date) schemas.Date { return in.Calendar.NextSession(d - 1) }

func (p *Panel) findings(found []Finding) { p.Findings = append(p.Findings, found...) }

// setSessions spans the sessions from the oldest to the newest price or
// holdings file before the window's end.
func (p *Panel) setSessions(in *Inputs) bool {
	first, last, found := p.book.sessions()
	lastBar := schemas.NoDate
	ranks := publisherRanks(in)
	for _, l := range p.listings {
		if _, mine := ranks[l.Publisher]; mine { // of a pair of universes, some are the other's
			first, lastBar, found = min(first, l.First), max(lastBar, l.Last), true
		}
	}
	if !found {
		return false
	}
	last = min(max(last, lastBar), in.Window.To-1)
	p.Sessions = in.Calendar.Sessions(first, last+1)
	if len(p.Sessions) == 0 {
		return false
	}
	p.firstDay = first
	p.sessionAt = make([]int32, last-first+2)
	s := len(p.Sessions)
	for d := last + 1; d >= first; d-- {
		if s > 0 && p.Sessions[s-1] == d {
			s--
		}
		p.sessionAt[d-first] = int32(s)
	}
	p.priced = p.from(lastBar + 1)
	p.windowFrom, p.windowTo = p.from(in.Window.From), p.from(in.Window.To)
	p.factsFrom = p.from(in.factsFrom())
	return true
}

// from returns the first session on or after d, which is len(p.Sessions) where
// there is none.
func (p *Panel) from(d schemas.Date) int {
	switch {
	case d < p.firstDay:
		return 0
	case int(d-p.firstDay) >= len(p.sessionAt):
		return len(p.Sessions)
	}
	return int(p.sessionAt[d-p.firstDay])
}

// session returns the index of session d; ok is false where d is none of the
// panel's sessions.
func (p *Panel) session(d schemas.Date) (int, bool) {
	s := p.from(d)
	return s, s < len(p.Sessions) && p.Sessions[s] == d
}

// security returns the index of a permanent id.
func (p *Panel) security(id string) (int, bool) { return slices.BinarySearch(p.Securities, id) }

// setSecurities lists whoever is or was a member, or has a weight.
func (p *Panel) setSecurities(stays []stay) {
	set := make(map[string]struct{})
	for _, st := range stays {
		if st.to > p.Sessions[0] && st.from <= p.Sessions[len(p.Sessions)-1] {
			set[st.security] = struct{}{}
		}
	}
	for _, s := range p.book.securities {
		set[s] = struct{}{}
	}
	p.Securities = slices.Sorted(maps.Keys(set))
	p.book.within(p.Securities)
}

// column returns the bounds of a security's cells.
func (p *Panel) column(security int) (lo, hi int) {
	n := len(p.Sessions)
	return security * n, (security + 1) * n
}

// setMembers marks the members of every session: those the index lists name,
// or else the equity lines of the fund's newest file of an earlier session.
func (p *Panel) setMembers(in *Inputs, stays []stay) {
	p.members = make([]int32, len(p.Sessions))
	p.membersKnown = make([]bool, len(p.Sessions))
	p.membersFile = make([]schemas.Date, len(p.Sessions))
	for s := range p.membersFile {
		p.membersFile[s] = schemas.NoDate
	}
	if in.Universe.Index == "" {
		for s := 1; s < len(p.Sessions); s++ {
			file := p.book.at(in.Universe.Funds, p.Sessions[s-1])
			if file == nil {
				continue
			}
			p.membersKnown[s], p.membersFile[s] = true, file.asOf
			for _, i := range file.index {
				p.addMember(int(i), s)
			}
		}
		return
	}
	if len(stays) == 0 {
		return
	}
	oldest := slices.MinFunc(stays, func(a, b stay) int { return cmp.Compare(a.from, b.from) }).from
	for s := p.from(oldest); s < len(p.Sessions); s++ {
		p.membersKnown[s] = true
	}
	for _, st := range stays {
		if i, ok := p.security(st.security); ok {
			for s := p.from(st.from); s < p.from(st.to); s++ {
				p.addMember(i, s)
			}
		}
	}
}

func (p *Panel) addMember(security, session int) {
	if c := &p.cells[security*len(p.Sessions)+session]; *c&cellMember == 0 {
		*c |= cellMember
		p.members[session]++
	}
}
