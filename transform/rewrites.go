package transform

import (
	"fmt"
	"maps"
	"slices"

	"tidemark/schemas"
)

// On most evenings the facts of a year are those of the evening before and the
// new session's. Which sessions those are is seen from the inputs: rows of later
// days than Inputs.Kept are new. Nearly all that is computed for a session goes
// by rows of its day and of days before, so that what has been computed stands.
// The exceptions are here.

// sessionsAgain is how many sessions are computed once more before the new ones.
const sessionsAgain = 5

// factsFrom is the day from which on facts are given.
func (in *Inputs) factsFrom() schemas.Date {
	from := in.Window.From
	if !in.Kept.OK || in.Calendar == nil {
		return from
	}
	day := in.Kept.V + 1
	for range sessionsAgain {
		day = in.Calendar.PrevSession(day)
	}
	return max(from, day)
}

// settledPanel makes the panel. Where in.Kept is given, facts are wanted for the
// sessions after it alone, and once more for a few before it, so that one can
// see that they are what they were. Where the new rows change what is known of
// older sessions, in.Kept becomes the day before those, or is taken away where
// that may be any, and the facts are those of the whole window.
//
// byBasis says that the facts go by prices on the newest share basis.
func (in *Inputs) settledPanel(byBasis bool) *Panel {
	if s := in.shared; s != nil && !byBasis {
		return s.settledPanel(in)
	}
	return in.settle(byBasis)
}

func (in *Inputs) settle(byBasis bool) *Panel {
	p := NewPanel(in)
	if !in.Kept.OK {
		return p
	}
	kept, why := p.stands(in, byBasis)
	if in.Universe.Against != "" && kept != schemas.NoDate {
		other := in.otherSide()
		q := NewPanel(other)
		if day, reason := q.stands(other, byBasis); day < kept {
			kept, why = day, reason
		}
		if in.outlines == nil {
			in.outlines = make(map[string]*Panel)
		}
		in.outlines[other.Universe.ID] = q
	}
	if kept == in.Kept.V {
		return p
	}
	in.Kept, in.Anew = schemas.None[schemas.Date](), why
	if kept != schemas.NoDate {
		in.Kept = schemas.Some(kept)
	}
	p.factsFrom = p.from(in.factsFrom())
	return p
}

// stands returns the day up to which facts are what they were: in.Kept, or with
// the reason an earlier one, or NoDate where all may come out otherwise.
func (p *Panel) stands(in *Inputs, byBasis bool) (schemas.Date, string) {
	if len(p.Sessions) == 0 || len(p.cells) == 0 {
		return schemas.NoDate, "there are no sessions"
	}
	kept := in.Kept.V
	switch {
	case p.from(kept+1) <= p.windowFrom:
		return schemas.NoDate, "the whole window is new"
	case p.Basis != p.keptBasis:
		return schemas.NoDate, "the basis of the prices has changed"
	case paysDividends(in.Actions, kept+1) != paysDividends(in.Actions, in.Window.To):
		return schemas.NoDate, "the first dividends have been published"
	}
	for _, rule := range []func(*Inputs, schemas.Date) string{p.newPrices, p.newMeaning, p.newSecurity, p.newClass, p.newIssuer} {
		if why := rule(in, kept); why != "" {
			return schemas.NoDate, why
		}
	}
	return p.newBasis(kept, byBasis)
}

// newPrices finds that nobody's price was known of the newest session. What goes
// by prices has nothing of such a session until there is one of a later one.
func (p *Panel) newPrices(_ *Inputs, kept schemas.Date) string {
	s := p.from(kept+1) - 1
	for i := range p.Securities {
		if lo, _ := p.column(i); s >= 0 && p.cells[lo+s]&cellPrinted != 0 {
			return ""
		}
	}
	return "no prices were known of " + kept.String()
}

// newMeaning finds a symbol that has come to stand for somebody else, as one does
// that goes on long after it was given up.
func (p *Panel) newMeaning(_ *Inputs, kept schemas.Date) string {
	for _, sp := range p.spans {
		if sp == nil || sp.first > kept {
			continue
		}
		stood := sp.stood
		if stood == schemas.NoDate {
			stood = min(sp.last, kept)
		}
		if before, _ := sp.partsUntil(stood, p.identity, p.firstOf); !slices.Equal(before, sp.parts) {
			return sp.symbol + " stands for somebody else since it was given up"
		}
	}
	return ""
}

// newSecurity finds a security that has been named since. It takes a place among
// the others, and with that the order of their sums changes.
func (p *Panel) newSecurity(_ *Inputs, kept schemas.Date) string {
	known := make([]bool, len(p.Securities))
	for _, st := range p.stays {
		if i, ok := p.security(st.security); ok {
			known[i] = true
		}
	}
	for _, files := range p.book.files {
		for k := range files {
			if files[k].asOf <= kept {
				for _, i := range files[k].index {
					known[i] = true
				}
			}
		}
	}
	if i := slices.Index(known, false); i >= 0 {
		return p.Securities[i] + " is new"
	}
	return ""
}

// newClass finds a spelling that means something else since other symbols have
// been listed.
func (p *Panel) newClass(in *Inputs, kept schemas.Date) string {
	before := *in
	before.Listed = slices.DeleteFunc(slices.Clone(p.listings), func(l Listing) bool { return l.First > kept })
	var was identity
	was.learnClasses(symbolSources(&before, p.filesUntil(kept)))
	if !maps.Equal(was.classes, p.identity.classes) {
		return "a share class is spelled in a new way"
	}
	return ""
}

func (p *Panel) filesUntil(kept schemas.Date) []HoldingsFile {
	return slices.DeleteFunc(slices.Clone(p.files), func(f HoldingsFile) bool { return f.AsOf > kept })
}

// newIssuer finds a security of which a later file gives another issuer.
func (p *Panel) newIssuer(in *Inputs, kept schemas.Date) string {
	before := p.filesUntil(kept)
	if len(before) == len(p.files) {
		return ""
	}
	was, _ := newIssuers(in, before, p.holders, p.Securities)
	for i, s := range p.Securities {
		if was.id(i) != p.issuers.id(i) {
			return s + " has another issuer"
		}
	}
	return ""
}

// newBasis finds an action that puts older closes on another basis, or of which
// only a later close tells what it did. The former is nothing to returns, which
// are taken from closes as published, but for those from one publisher's closes
// to another's that are adjusted otherwise; the latter is nothing to what was
// before the action. It returns the day up to which facts stand, and why it is
// not kept.
func (p *Panel) newBasis(kept schemas.Date, byBasis bool) (stands schemas.Date, why string) {
	cut := p.from(kept + 1)
	stands = kept
	for i, steps := range p.exSteps {
		based := byBasis || p.mixes(i)
		for _, step := range slices.Backward(steps) {
			if step.session < cut {
				break
			}
			if step.factor != 1 && based {
				return schemas.NoDate, p.Securities[i] + " has another share basis"
			}
		}
		lo, hi := p.column(i)
		for _, a := range p.actions[i] {
			s := p.from(a.ExDate)
			if s >= cut || a.ExDate <= p.firstDay || p.nextPrint(lo+s, hi) < lo+cut {
				continue
			}
			told := fmt.Sprintf("%s has traded for the first time since its action of %s", p.Securities[i], a.ExDate)
			scales := func(step exStep) bool { return step.session == s && step.factor != 1 }
			if s <= p.windowFrom || based && slices.ContainsFunc(steps, scales) {
				return schemas.NoDate, told
			}
			if p.Sessions[s-1] < stands {
				stands, why = p.Sessions[s-1], told
			}
		}
	}
	return stands, why
}

// mixes reports whether some of a security's closes are as traded and others
// adjusted.
func (p *Panel) mixes(security int) bool {
	lo, hi := p.column(security)
	raw, adjusted := false, false
	for _, c := range p.cells[lo:hi] {
		if c&cellPrinted != 0 {
			raw, adjusted = raw || c&cellRaw != 0, adjusted || c&cellRaw == 0
		}
	}
	return raw && adjusted
}
