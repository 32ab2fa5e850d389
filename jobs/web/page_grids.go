package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tidemark/jobs"
	"tidemark/schemas"
)

// windowsView is every table's grid.
type windowsView struct {
	Grids  []gridView
	States []stateCount
}

type stateCount struct {
	State jobs.WindowState
	N     int
}

// Letter is what a cell of the state shows, for those who do not tell the
// colours apart.
func (c stateCount) Letter() string { return letter(c.State) }

// windowStates lists the states in the order of the legend.
var windowStates = []jobs.WindowState{
	jobs.WindowFresh, jobs.WindowEmpty, jobs.WindowStale, jobs.WindowMissing, jobs.WindowFailed, jobs.WindowHeld, jobs.WindowRunning,
}

func letter(s jobs.WindowState) string {
	switch s {
	case jobs.WindowEmpty:
		return "\u2013"
	case jobs.WindowStale:
		return "S"
	case jobs.WindowMissing:
		return "M"
	case jobs.WindowFailed:
		return "\u00d7"
	case jobs.WindowHeld:
		return "H"
	case jobs.WindowRunning:
		return "\u25b8"
	default:
		return "" // fresh: most cells, which are to be calm
	}
}

// gridView is a table as rows of parts and columns of windows.
type gridView struct {
	Dataset string
	Job     string
	Wide    bool // years or months; otherwise each part has one window
	Groups  []columnGroup
	Columns []string
	Rows    []rowView
	Counts  []stateCount // other than fresh
	Total   int
}

// columnGroup is a year over its months.
type columnGroup struct {
	Name string
	Span int
}

type rowView struct {
	Part  string
	Job   string
	Cells []cellView
}

type cellView struct {
	jobs.GridCell
	Exists bool
	Link   string
	Span   string
}

func (c cellView) Letter() string { return letter(c.State) }

func (s *Server) windowsPage(ctx context.Context, _ struct{}) (view, error) {
	grids, err := s.grids(ctx)
	if err != nil {
		return view{}, err
	}
	v := windowsView{}
	total := map[jobs.WindowState]int{}
	for _, g := range grids {
		v.Grids = append(v.Grids, gridOf(g, total))
	}
	for _, state := range windowStates {
		v.States = append(v.States, stateCount{state, total[state]})
	}
	return view{Page: "windows", Title: "Windows", Nav: "windows", Body: v}, nil
}

// gridOf lays out a table and adds its cells to the totals.
func gridOf(g jobs.Grid, total map[jobs.WindowState]int) gridView {
	type span struct{ from, to schemas.Date }
	var spans []span
	for _, r := range g.Rows {
		for _, c := range r.Cells {
			spans = append(spans, span{c.Window.From, c.Window.To})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	spans = slices.Compact(spans)
	v := gridView{Dataset: g.Dataset, Wide: len(spans) > 1}
	at := map[span]int{}
	for i, sp := range spans {
		at[sp] = i
		name := schemas.Window{From: sp.from, To: sp.to}.Span()
		if year, month, ok := strings.Cut(name, "-"); ok && len(month) == 2 {
			name = month
			if len(v.Groups) > 0 && v.Groups[len(v.Groups)-1].Name == year {
				v.Groups[len(v.Groups)-1].Span++
			} else {
				v.Groups = append(v.Groups, columnGroup{year, 1})
			}
		}
		v.Columns = append(v.Columns, name)
	}
	counts := map[jobs.WindowState]int{}
	for _, r := range g.Rows {
		row := rowView{Part: r.Part, Job: r.Job, Cells: make([]cellView, len(spans))}
		for _, c := range r.Cells {
			row.Cells[at[span{c.Window.From, c.Window.To}]] = cellView{GridCell: c, Exists: true, Link: windowLink(g.Dataset, c.Window), Span: c.Window.Span()}
			counts[c.State]++
			total[c.State]++
			v.Total++
		}
		v.Rows = append(v.Rows, row)
	}
	for _, state := range windowStates[1:] {
		if counts[state] > 0 {
			v.Counts = append(v.Counts, stateCount{state, counts[state]})
		}
	}
	return v
}

func windowLink(dataset string, w schemas.Window) string {
	return "/windows/one?" + url.Values{"dataset": {dataset}, "part": {w.Part}, "from": {w.From.String()}, "to": {w.To.String()}}.Encode()
}

type windowQuery struct {
	Dataset string       `query:"dataset" required:"true"`
	Part    string       `query:"part" required:"true"`
	From    schemas.Date `query:"from" required:"true"`
	To      schemas.Date `query:"to" required:"true"`
}

// windowView is one window with its newest run.
type windowView struct {
	Dataset string
	Job     string
	Cell    jobs.GridCell
	Run     *runView // nil when it never ran
}

// Letter is that of the window's cell.
func (v windowView) Letter() string { return letter(v.Cell.State) }

func (s *Server) windowPage(ctx context.Context, q windowQuery) (view, error) {
	grids, err := s.grids(ctx)
	if err != nil {
		return view{}, err
	}
	want := schemas.Window{Part: q.Part, From: q.From, To: q.To}
	v, ok := findWindow(grids, q.Dataset, want)
	if !ok {
		return view{}, &statusError{http.StatusNotFound, "there is no such window"}
	}
	if v.Cell.RunID != "" {
		d, err := s.house.RunDetail(ctx, v.Cell.RunID)
		switch {
		case err == nil:
			v.Run = &runView{RunDetail: d}
		case !errors.Is(err, ErrNotFound):
			return view{}, err
		}
	}
	return view{Page: "window", Title: v.Dataset + " " + want.String(), Nav: "windows", Body: v}, nil
}

func findWindow(grids []jobs.Grid, dataset string, w schemas.Window) (windowView, bool) {
	for _, g := range grids {
		if g.Dataset != dataset {
			continue
		}
		for _, r := range g.Rows {
			for _, c := range r.Cells {
				if c.Window == w {
					return windowView{Dataset: g.Dataset, Job: r.Job, Cell: c}, true
				}
			}
		}
	}
	return windowView{}, false
}

type rebuildForm struct {
	Dataset string       `query:"dataset" required:"true"`
	Job     string       `query:"job" required:"true"`
	Part    string       `query:"part" required:"true"`
	From    schemas.Date `query:"from" required:"true"`
	To      schemas.Date `query:"to" required:"true"`
}

func (s *Server) rebuildWindow(ctx context.Context, in rebuildForm) (string, error) {
	w := schemas.Window{Part: in.Part, From: in.From, To: in.To}
	return windowLink(in.Dataset, w) + "&done=rebuild", s.rebuild(ctx, in.Job, w, byPage(ctx))
}

// Percent is the share of fresh windows, for people.
func (g gridView) Percent() string {
	rest := 0
	for _, c := range g.Counts {
		if c.State != jobs.WindowEmpty {
			rest += c.N
		}
	}
	return strconv.Itoa(100*(g.Total-rest)/max(g.Total, 1)) + "%"
}
