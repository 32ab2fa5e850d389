package excel

import (
	"cmp"
	"fmt"
	"slices"

	"tidemark/schemas"
)

var episodeWidths = append([]float64{14, 14, 10, 16}, slices.Repeat([]float64{11, 11, 11}, len(schemas.ForwardWindows))...)

// writeEpisodes writes when large companies at their high had left small ones
// behind, and what followed.
func (x *workbook) writeEpisodes() error {
	if err := x.prepare(episodeSheet, layout{widths: episodeWidths, tab: accentOf("size"), frozenCols: 1}); err != nil {
		return err
	}
	s, err := x.open(episodeSheet)
	if err != nil {
		return err
	}
	s.add(30, text(episodeSheet, style{size: 16, bold: true}))
	s.add(15, text("Stretches on which the large index of a pair was at its high and had left the small one behind as rarely before, and what both did over the sessions after the close of the first.", style{color: dimColor}))
	s.add(15, text("There are few of them: a list, and not a sample. What followed any session stands below each.", style{color: dimColor}))
	byPair := make(map[[2]string][]schemas.Episode)
	var pairs [][2]string
	for _, e := range x.book.Episodes {
		k := [2]string{e.Universe, e.Basis}
		if byPair[k] == nil {
			pairs = append(pairs, k)
		}
		byPair[k] = append(byPair[k], e)
	}
	if len(pairs) == 0 {
		s.add(18, text("No episodes are in this book.", style{bold: true}))
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(compareUniverses(a[0], b[0]), -cmp.Compare(a[1], b[1])) })
	for _, k := range pairs {
		s.episodes(k[0], k[1], byPair[k])
	}
	return s.close()
}

// basisText says which levels are compared.
func basisText(basis string) string {
	switch basis {
	case "tr":
		return "total return"
	case "pr":
		return "price"
	}
	return clean(basis)
}

func (s *sheet) episodes(universe, basis string, all []schemas.Episode) {
	slices.SortFunc(all, func(a, b schemas.Episode) int { return -cmp.Compare(a.First, b.First) })
	note := fmt.Sprintf("%s episodes, the first of %s.", number(float64(len(all)), 0), longDate(all[len(all)-1].First))
	if len(all) == 1 {
		note = "One episode, of " + longDate(all[0].First) + "."
	}
	heads := []string{"First flag", "Last flag", ">Sessions", ">Known to be over"}
	for _, w := range schemas.ForwardWindows {
		heads = append(heads, ">Large, "+w, ">Small, "+w, ">Gap, "+w)
	}
	s.section(s.x.universeName(universe)+", "+basisText(basis), note, heads...)
	share := style{line: true, format: "+0.0 %;-0.0 %;0.0 %"}
	for _, e := range all {
		ended := momentCell(e.EndKnown, style{line: true, right: true})
		if e.EndKnown.IsZero() {
			ended = text("may go on", style{line: true, right: true, color: dimColor})
		}
		day := style{line: true, left: true}
		cells := []cell{dayCell(e.First, day), dayCell(e.Last, day), {e.Flags, counts}, ended}
		for _, a := range e.After {
			cells = append(cells, optCell(a.Large, share), optCell(a.Small, share), optCell(a.Gap, share))
		}
		s.add(0, cells...)
	}
	usual := []cell{text("Any session, median", faded), {nil, faded}, {nil, faded}, {nil, faded}}
	apart := []cell{text("Windows that do not overlap", faded), {nil, faded}, {nil, faded}, {nil, faded}}
	for _, a := range all[0].After {
		usual = append(usual, cell{nil, faded}, cell{nil, faded}, optCell(a.AnyGap, style{line: true, format: share.format, color: dimColor}))
		apart = append(apart, cell{nil, faded}, cell{nil, faded}, cell{a.Independent, style{line: true, format: countFormat, color: dimColor}})
	}
	s.add(0, usual...)
	s.add(0, apart...)
}
