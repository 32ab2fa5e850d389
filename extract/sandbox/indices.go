package sandbox

import (
	"cmp"
	"slices"
)

// The indices of the simulated market.
const (
	indexLarge   = "SPX"   // the largest companies
	indexMid     = "SP400" // the next
	indexSmall   = "SP600" // and the next
	indexHundred = "OEX"   // the largest of the large
	indexTop     = "R1000" // the largest, without a committee
	indexBroad   = "R2000" // the next
	indexWhole   = "R3000" // R1000 and R2000
	indexMicro   = "MICRO" // the smaller half of R2000 and those below it
)

// Sizes are the numbers of companies in the indices. A company with two share
// classes counts once and has two lines.
type Sizes struct {
	SPX, SP400, SP600   int
	R1000, R2000, Micro int
}

// withDefaults fills in the sizes of the real indices, or less where the market
// is smaller than the real one.
func (z Sizes) withDefaults(securities int) Sizes {
	fill := func(v *int, actual int, share float64) {
		if *v == 0 {
			*v = max(10, min(actual, int(share*float64(securities))))
		}
	}
	fill(&z.SPX, 500, .30)
	fill(&z.SP400, 400, .18)
	fill(&z.SP600, 600, .25)
	fill(&z.R1000, 1000, .33)
	fill(&z.R2000, 2000, .42)
	fill(&z.Micro, 1500, .30)
	return z
}

// index is the membership of one index as spells.
type index struct {
	name   string
	spells []spell
	open   map[int]int // line to its spell while it lasts, used while building
}

type spell struct {
	line     int
	from, to int // sessions, half-open; to is the number of sessions while it lasts
}

func (x *index) enter(line, t, end int) {
	if _, in := x.open[line]; in {
		return
	}
	x.open[line] = len(x.spells)
	x.spells = append(x.spells, spell{line, t, end})
}

func (x *index) leave(line, t int) {
	if i, in := x.open[line]; in {
		x.spells[i].to = t
		delete(x.open, line)
	}
}

// members returns the lines in the index at the open of session t, by id.
func (x *index) members(t int) []int {
	var out []int
	for _, s := range x.spells {
		if t >= s.from && t < s.to {
			out = append(out, s.line)
		}
	}
	slices.Sort(out)
	return out
}

// buildIndices plays the committees' part: at each review the companies are
// ranked and each index takes its number, with an advantage for those already
// in; a company that goes between reviews is replaced in the S&P indices on
// the same day, each index taking the largest of the one below.
func (m *market) buildIndices() map[string]*index {
	out := map[string]*index{}
	for _, name := range []string{indexLarge, indexMid, indexSmall, indexHundred, indexTop, indexBroad, indexWhole, indexMicro} {
		out[name] = &index{name: name, open: map[int]int{}}
	}
	gone := map[int][]int{} // session to issuers
	for _, s := range m.lines {
		if s.gone < len(m.days) && s.class == 0 {
			gone[s.gone] = append(gone[s.gone], s.issuer)
		}
	}
	review := 0
	var ranked []int
	for t := range m.days {
		if review < len(m.reviews) && m.reviews[review] == t {
			ranked = m.review(out, review, t)
			review++
		}
		for _, issuer := range gone[t] {
			m.replace(out, ranked, issuer, t)
		}
	}
	return out
}

// review ranks the issuers and sets all indices for session t. It returns the
// issuers by size.
func (m *market) review(indices map[string]*index, review, t int) []int {
	worth := make(map[int]float64, len(m.lines))
	for i, v := range m.caps[review] {
		if s := m.lines[i]; s.trades(t) && v > 0 {
			worth[s.issuer] += float64(v)
		}
	}
	ranked := make([]int, 0, len(worth))
	for issuer := range worth {
		ranked = append(ranked, issuer)
	}
	bySize := func(rank func(issuer int) float64) []int {
		list := slices.Clone(ranked)
		slices.SortFunc(list, func(a, b int) int {
			if c := cmp.Compare(rank(b), rank(a)); c != 0 {
				return c
			}
			return cmp.Compare(a, b)
		})
		return list
	}
	taken := map[int]bool{}
	take := func(name string, n int, stay float64) {
		x := indices[name]
		list := bySize(func(issuer int) float64 {
			if _, in := x.open[issuer]; in {
				return worth[issuer] * stay
			}
			return worth[issuer]
		})
		chosen := map[int]bool{}
		for _, issuer := range list {
			if len(chosen) == n {
				break
			}
			if !taken[issuer] {
				chosen[issuer] = true
			}
		}
		m.set(x, chosen, t)
		for issuer := range chosen {
			taken[issuer] = true
		}
	}
	z := m.sizes
	take(indexLarge, z.SPX, 1.3)
	take(indexMid, z.SP400, 1.3)
	take(indexSmall, z.SP600, 1.3)
	clear(taken)
	take(indexTop, z.R1000, 1.15)
	take(indexBroad, z.R2000, 1.15)
	m.set(indices[indexWhole], taken, t)

	plain := bySize(func(issuer int) float64 { return worth[issuer] })
	large, broad := indices[indexLarge], indices[indexBroad]
	hundred, micro := map[int]bool{}, map[int]bool{}
	small := 0
	for _, issuer := range plain {
		_, inLarge := large.open[issuer]
		if inLarge && len(hundred) < min(100, z.SPX/3) {
			hundred[issuer] = true
		}
		_, inBroad := broad.open[issuer]
		_, inTop := indices[indexTop].open[issuer]
		if inBroad {
			small++
		}
		if !inTop && (!inBroad || small > z.R2000/2) && len(micro) < z.Micro {
			micro[issuer] = true
		}
	}
	m.set(indices[indexHundred], hundred, t)
	m.set(indices[indexMicro], micro, t)
	return plain
}

// set makes the lines of the chosen issuers the members from session t on.
func (m *market) set(x *index, chosen map[int]bool, t int) {
	for _, s := range m.lines {
		switch {
		case chosen[s.issuer] && s.trades(t):
			x.enter(s.id, t, len(m.days))
		case !chosen[s.issuer]:
			x.leave(s.id, t)
		}
	}
}

// replace takes a vanished issuer out of every index at session t and fills
// its place in the S&P indices.
func (m *market) replace(indices map[string]*index, ranked []int, issuer, t int) {
	hole := false
	tiers := []string{indexLarge, indexMid, indexSmall}
	for _, name := range tiers {
		x := indices[name]
		if _, in := x.open[issuer]; in {
			hole = true
			m.drop(x, issuer, t)
		}
		if !hole {
			continue
		}
		heir, found := m.heir(indices, ranked, name, t)
		if !found {
			break
		}
		for _, below := range tiers {
			m.drop(indices[below], heir, t)
		}
		for _, s := range m.lines[heir:min(heir+2, len(m.lines))] {
			if s.issuer == heir && s.trades(t) {
				x.enter(s.id, t, len(m.days))
			}
		}
	}
	for _, name := range []string{indexHundred, indexTop, indexBroad, indexWhole, indexMicro} {
		m.drop(indices[name], issuer, t)
	}
}

func (m *market) drop(x *index, issuer, t int) {
	for _, s := range m.lines[issuer:min(issuer+2, len(m.lines))] {
		if s.issuer == issuer {
			x.leave(s.id, t)
		}
	}
}

// heir finds the largest issuer of the next lower index, or, below the lowest,
// the largest in none.
func (m *market) heir(indices map[string]*index, ranked []int, name string, t int) (int, bool) {
	for _, issuer := range ranked {
		if !m.lines[issuer].trades(t) {
			continue
		}
		_, large := indices[indexLarge].open[issuer]
		_, mid := indices[indexMid].open[issuer]
		_, small := indices[indexSmall].open[issuer]
		switch {
		case name == indexLarge && mid, name == indexMid && small, name == indexSmall && !large && !mid && !small:
			return issuer, true
		}
	}
	return 0, false
}
