package transform

import (
	"cmp"
	"fmt"
	"slices"

	"tidemark/schemas"
)

// stay is one security's time in an index, [from, to).
type stay struct {
	security string
	symbol   string // canonical spelling of the ticker it was listed under
	from, to schemas.Date
}

// renameLag is how many days a list or a publisher of prices may go on under
// the old ticker before it could mean somebody else.
const renameLag = 45

// indexStays returns who was in the index when: the publisher's spells, and
// after the newest day they speak of the changes that came later. The spells'
// own tickers are those of the day on which each began.
func indexStays(in *Inputs, id *identity) ([]stay, []Finding) {
	var stays []stay
	newest := schemas.NoDate
	for _, s := range in.Spells {
		if s.Index != in.Universe.Index {
			continue
		}
		st := stay{id.resolve(s.Symbol, s.From), id.spell(s.Symbol), s.From, s.To}
		newest = max(newest, s.From, s.To) // NoDate is before every day
		if st.to == schemas.NoDate {
			st.to = schemas.MaxLongDate
		}
		stays = append(stays, st)
	}
	if len(stays) == 0 {
		return nil, nil
	}
	stays, findings := applyChanges(in, id, stays, newest)
	slices.SortFunc(stays, func(a, b stay) int {
		return cmp.Or(cmp.Compare(a.security, b.security), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for _, st := range stays {
		r := id.renameAfter(st.symbol, st.from)
		if r != nil && st.to != schemas.MaxLongDate && st.to > r.Date.AddDays(renameLag) && st.security == id.resolve(r.New, r.Date) {
			findings = append(findings, Finding{
				Check: "members_rename", Severity: schemas.SeverityWarning, Security: st.security, Date: r.Date,
				Message: fmt.Sprintf("listed as %s after it was renamed %s on %s", st.symbol, r.New, r.Date),
			})
		}
	}
	return stays, findings
}

// applyChanges continues the open stays with the changes after newest. Exits
// of a day come before its entries, so that a rename, which is both, leaves
// the security in.
func applyChanges(in *Inputs, id *identity, stays []stay, newest schemas.Date) ([]stay, []Finding) {
	var findings []Finding
	later := slices.DeleteFunc(slices.Clone(in.Changes), func(c schemas.Change) bool {
		return c.Index != in.Universe.Index || c.Date <= newest
	})
	slices.SortFunc(later, func(a, b schemas.Change) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), compareBool(a.Added, b.Added), cmp.Compare(a.Symbol, b.Symbol))
	})
	open := func(match func(stay) bool) int {
		return slices.IndexFunc(stays, func(s stay) bool { return s.to == schemas.MaxLongDate && match(s) })
	}
	for _, c := range later {
		symbol := id.spell(c.Symbol)
		if !c.Added {
			i := open(func(s stay) bool { return s.symbol == symbol })
			if i < 0 {
				security := id.resolve(c.Symbol, c.Date-1)
				i = open(func(s stay) bool { return s.security == security })
			}
			if i >= 0 {
				stays[i].to = c.Date
				continue
			}
			findings = append(findings, Finding{
				Check: "members_change", Severity: schemas.SeverityWarning, Security: symbol, Date: c.Date,
				Message: "leaves the index without having been in it",
			})
			continue
		}
		security := id.resolve(c.Symbol, c.Date)
		if open(func(s stay) bool { return s.security == security }) >= 0 {
			findings = append(findings, Finding{
				Check: "members_change", Severity: schemas.SeverityWarning, Security: security, Date: c.Date,
				Message: "joins the index although it is in it",
			})
			continue
		}
		stays = append(stays, stay{security, symbol, c.Date, schemas.MaxLongDate})
	}
	return stays, findings
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
