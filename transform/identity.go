package transform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"tidemark/schemas"
)

// A security's permanent id is the newest ticker it is known by, in the class
// form with a dot: "AAPL", "BRK.B". Publishers spell it in their own ways and
// each by the ticker of its own time; identity brings them together.

// symbolSource is one publisher's list of symbols. Within one list two
// spellings are two securities.
type symbolSource struct {
	name    string
	symbols map[string]struct{}
}

func (s symbolSource) has(symbol string) bool {
	_, ok := s.symbols[symbol]
	return ok
}

// identity resolves publishers' symbols.
type identity struct {
	classes map[string]string // spelling without the dot -> class form
	// classFrom has the list that the class form of a spelling is known from.
	classFrom map[string]string
	renames   map[string][]schemas.Rename // by old symbol, oldest first
	cache     map[string]string           // publisher's spelling -> canonical spelling
	findings  []Finding
}

// plainSymbol brings a publisher's spelling to capitals with a dot before the
// share class and without a country suffix: brk-b.us to BRK.B.
func plainSymbol(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '-', '/', ' ', '_':
			return '.'
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(s)))
	return strings.TrimSuffix(s, ".US")
}

// newIdentity brings together the symbols of the inputs, of whose holdings the
// files are given.
func newIdentity(in *Inputs, files []HoldingsFile) *identity {
	id := &identity{cache: make(map[string]string), renames: make(map[string][]schemas.Rename)}
	id.learnClasses(symbolSources(in, files))
	for _, r := range in.Renames {
		r.Old, r.New = id.spell(r.Old), id.spell(r.New)
		if r.Old != r.New {
			id.renames[r.Old] = append(id.renames[r.Old], r)
		}
	}
	for _, old := range slices.Sorted(maps.Keys(id.renames)) {
		rs := id.renames[old]
		slices.SortFunc(rs, func(a, b schemas.Rename) int {
			return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.New, b.New))
		})
		// Several sources may tell of one rename; two new names on one day contradict each other.
		rs = slices.CompactFunc(rs, func(a, b schemas.Rename) bool { return a.Date == b.Date && a.New == b.New })
		for i := 1; i < len(rs); i++ {
			if rs[i].Date == rs[i-1].Date {
				id.find("identity_rename", old, rs[i].Date, "renamed to both "+rs[i-1].New+" and "+rs[i].New+" on one day; the first is taken")
			}
		}
		id.renames[old] = rs
	}
	return id
}

func (id *identity) find(check, security string, d schemas.Date, message string) {
	id.findings = append(id.findings, Finding{Check: check, Severity: schemas.SeverityWarning, Security: security, Date: d, Message: message})
}

// symbolSources lists the symbols of every list in the inputs, in a fixed order.
func symbolSources(in *Inputs, files []HoldingsFile) []symbolSource {
	byName := make(map[string]symbolSource)
	add := func(name, symbol string) {
		s, ok := byName[name]
		if !ok {
			s = symbolSource{name, make(map[string]struct{})}
			byName[name] = s
		}
		s.symbols[symbol] = struct{}{}
	}
	for _, l := range in.listings() {
		add("prices "+l.Publisher, plainSymbol(l.Symbol))
	}
	for fund, names := range tickers(files) {
		for name := range names {
			add("holdings "+fund, name)
		}
	}
	for _, s := range in.Spells {
		add("members "+s.Index, plainSymbol(s.Symbol))
	}
	for _, c := range in.Changes {
		add("members "+c.Index, plainSymbol(c.Symbol))
	}
	for _, c := range in.Constituents {
		add("constituents "+c.Index, plainSymbol(c.Symbol))
	}
	out := make([]symbolSource, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// tickers lists the tickers in the files of each fund.
func tickers(files []HoldingsFile) map[string]map[string]struct{} {
	type list struct {
		fund  string
		names *holdingNames
	}
	seen := make(map[list][]bool)
	out := make(map[string]map[string]struct{})
	for i := range files {
		f := &files[i]
		l := list{f.Fund, f.names}
		if seen[l] == nil {
			seen[l] = make([]bool, len(f.names.securities))
		}
		if out[f.Fund] == nil {
			out[f.Fund] = make(map[string]struct{})
		}
		named := seen[l]
		for k := range f.lines {
			n := f.lines[k].name
			if named[n] {
				continue
			}
			named[n] = true
			if name := f.names.securities[n]; name.ticker {
				out[f.Fund][name.text] = struct{}{}
			}
		}
	}
	return out
}

// learnClasses finds the undotted spellings that mean a class form known from
// some list. BRKB means BRK.B when BRK.B is listed somewhere, no list has
// both, and no second class form would be spelled the same.
func (id *identity) learnClasses(sources []symbolSource) {
	dotted := make(map[string][]string)
	plain := make(map[string]struct{})
	for _, src := range sources {
		for s := range src.symbols {
			if !strings.Contains(s, ".") {
				plain[s] = struct{}{}
				continue
			}
			key := strings.ReplaceAll(s, ".", "")
			if !slices.Contains(dotted[key], s) {
				dotted[key] = append(dotted[key], s)
			}
		}
	}
	id.classes, id.classFrom = make(map[string]string), make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(dotted)) {
		if _, spelled := plain[key]; !spelled {
			continue
		}
		forms := dotted[key]
		slices.Sort(forms)
		if len(forms) > 1 {
			id.find("identity_class", key, schemas.NoDate, "could be "+strings.Join(forms, " or ")+"; kept as a security of its own")
			continue
		}
		if i := slices.IndexFunc(sources, func(s symbolSource) bool { return s.has(key) && s.has(forms[0]) }); i >= 0 {
			id.find("identity_class", key, schemas.NoDate, sources[i].name+" lists both it and "+forms[0]+"; kept as two securities")
			continue
		}
		id.classes[key] = forms[0]
		id.classFrom[key] = sources[slices.IndexFunc(sources, func(s symbolSource) bool { return s.has(forms[0]) })].name
	}
}

// spell returns the canonical spelling of a publisher's symbol, which is still
// the ticker of its time.
func (id *identity) spell(symbol string) string {
	if s, ok := id.cache[symbol]; ok {
		return s
	}
	s := id.canonical(symbol)
	id.cache[symbol] = s
	return s
}

// canonical is spell without a memory.
func (id *identity) canonical(symbol string) string {
	s := plainSymbol(symbol)
	if class, ok := id.classes[s]; ok {
		return class
	}
	return s
}

// resolve returns the permanent id of what traded as symbol on d: the name it
// has after all renames that came later.
func (id *identity) resolve(symbol string, d schemas.Date) string {
	return id.follow(id.spell(symbol), d)
}

// look is resolve without a memory: days that are worked on at the same time
// may call it.
func (id *identity) look(symbol string, d schemas.Date) string {
	return id.follow(id.canonical(symbol), d)
}

func (id *identity) follow(s string, d schemas.Date) string {
	for {
		next := id.renameAfter(s, d)
		if next == nil {
			return s
		}
		s, d = next.New, next.Date
	}
}

// renameAfter returns the first rename of s after d.
func (id *identity) renameAfter(s string, d schemas.Date) *schemas.Rename {
	rs := id.renames[s]
	for i := range rs {
		if rs[i].Date > d {
			return &rs[i]
		}
	}
	return nil
}

// takeFindings returns what has been found since the last call.
func (id *identity) takeFindings() []Finding {
	out := id.findings
	id.findings = nil
	return out
}
