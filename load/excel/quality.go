package excel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tidemark/schemas"
)

var qualityWidths = []float64{30, 44, 30, 22, 12, 12, 17, 80}

// writeQuality writes how far the figures can be trusted: how fresh the tables
// are, how much of each universe is covered, why values are missing and which
// checks failed.
func (x *workbook) writeQuality() error {
	if err := x.prepare(qualitySheet, layout{widths: qualityWidths}); err != nil {
		return err
	}
	s, err := x.open(qualitySheet)
	if err != nil {
		return err
	}
	s.add(30, text(qualitySheet, style{size: 16, bold: true}))
	s.add(15, text("How fresh and complete the figures are, and what the checks say. As of "+longDate(x.book.AsOf)+".", style{color: dimColor}))
	s.add(18, text(x.verdict(), style{bold: true}))
	s.freshness()
	s.coverage()
	s.reasons()
	s.silentColumns()
	s.revisions()
	s.failedChecks()
	return s.close()
}

// verdict sums the sheet up in one line.
func (x *workbook) verdict() string {
	behind, failures, warnings := 0, 0, 0
	for _, f := range x.book.Fresh {
		if f.Behind > 0 {
			behind++
		}
	}
	for _, c := range x.book.Checks {
		switch {
		case c.Passed:
		case c.Severity == schemas.SeverityError:
			failures++
		default:
			warnings++
		}
	}
	return fmt.Sprintf("%d of %d tables and parts behind. %d of %d checks failed, and %d warn.",
		behind, len(x.book.Fresh), failures, len(x.book.Checks), warnings)
}

// section begins a table with a title and the names of its columns; a name
// that begins with > heads numbers, with a space a column set apart from them.
func (s *sheet) section(title, note string, heads ...string) {
	s.skip()
	s.add(22, text(title, style{size: 12, bold: true}))
	if note != "" {
		s.add(0, text(note, style{size: 9, color: dimColor}))
	}
	cells := make([]cell, len(heads))
	for i, h := range heads {
		st := style{size: 9, bold: true, color: dimColor, rule: ruleGrey}
		switch h[0] {
		case '>':
			h, st.right = h[1:], true
		case ' ':
			h, st.indent = h[1:], 1
		}
		cells[i] = text(h, st)
	}
	if len(cells) > 0 {
		s.add(16, cells...)
	}
}

var (
	lined  = style{line: true}
	faded  = style{line: true, color: dimColor}
	counts = style{line: true, format: countFormat}
)

func (s *sheet) failedChecks() {
	failed := slices.DeleteFunc(slices.Clone(s.x.book.Checks), func(c schemas.CheckResult) bool { return c.Passed })
	passed := len(s.x.book.Checks) - len(failed)
	if len(failed) == 0 {
		said := fmt.Sprintf("None. %s checks passed.", number(float64(passed), 0))
		if passed == 0 {
			said = "No checks are in this book."
		}
		s.section("Failed checks", said)
		return
	}
	slices.SortFunc(failed, func(x, y schemas.CheckResult) int {
		return cmp.Or(cmp.Compare(x.Severity, y.Severity), cmp.Compare(x.Dataset, y.Dataset), cmp.Compare(x.Window.Part, y.Window.Part),
			cmp.Compare(x.Window.From, y.Window.From), cmp.Compare(x.Check, y.Check), cmp.Compare(x.Message, y.Message))
	})
	s.section("Failed checks", fmt.Sprintf("%s did not pass, %s passed.", number(float64(len(failed)), 0), number(float64(passed), 0)),
		"Table", "Part", "Check", "Severity", "From", "To", "Window", "What was found")
	for _, c := range failed {
		severity := style{line: true, top: true}
		if c.Severity == schemas.SeverityError {
			severity.color, severity.bold = badColor, true
		}
		top, day := style{line: true, top: true}, style{line: true, top: true, left: true}
		from, to := c.Window.From, lastDay(c.Window.To)
		if from == schemas.MinDate && c.Window.To == schemas.MaxDate {
			from, to = schemas.NoDate, schemas.NoDate // the whole table
		}
		cells := []cell{
			text(c.Dataset, top), text(c.Window.Part, top), text(c.Check, top), text(string(c.Severity), severity),
			dayCell(from, day), dayCell(to, day), text(c.Window.Span(), day), text(c.Message, style{line: true, wrap: true, top: true}),
		}
		s.add(tall(qualityWidths, cells), cells...)
	}
}

// mostRevisions is how many revised figures are listed: a corrected formula changes
// all that there are.
const mostRevisions = 200

// revisions lists the figures that have changed since the book before this one.
func (s *sheet) revisions() {
	all := s.x.book.Revised
	if len(all) == 0 {
		s.section("Revised figures", "None since the session before this one closed.")
		return
	}
	note := number(float64(len(all)), 0) + " changed since the session before this one closed. mart.as_known has what each was before."
	if len(all) > mostRevisions {
		note += fmt.Sprintf(" The newest %d are listed.", mostRevisions)
	}
	s.section("Revised figures", note, "Figure", "Universe", "Id", ">Day", ">Was", ">Is", " Changed (UTC)")
	for _, r := range all[:min(len(all), mostRevisions)] {
		m, known := schemas.LookupMetric(r.Metric)
		if !known {
			m = schemas.Metric{Name: r.Metric, Decimals: 4}
		}
		is := cell{nil, lined}
		if r.Is.OK {
			is = cell{r.Is.V, style{line: true, format: formatOf(m)}}
		}
		s.add(0, text(m.Name, lined), text(s.x.universeName(r.Universe), lined), text(r.Metric, faded), dayCell(r.Session, style{line: true, right: true}),
			cell{r.Was, style{line: true, format: formatOf(m)}}, is, text(moment(r.At), style{line: true, color: dimColor, indent: 1}))
	}
}

// lastDay is the last day of a window that ends before the given one.
func lastDay(to schemas.Date) schemas.Date {
	if to == schemas.NoDate {
		return to
	}
	return to.AddDays(-1)
}

func (s *sheet) freshness() {
	fresh := slices.SortedFunc(slices.Values(s.x.book.Fresh), func(x, y schemas.Freshness) int {
		return cmp.Or(cmp.Compare(x.Dataset, y.Dataset), cmp.Compare(x.Part, y.Part), cmp.Compare(x.Newest, y.Newest))
	})
	if len(fresh) == 0 {
		s.section("Freshness", "Nothing is known about the tables of this book.")
		return
	}
	s.section("Freshness", "Judged by the newest day in the data, at the time that this book speaks of. Behind: sessions or release days between it and the newest day that was due.",
		"Table", "Part", ">Rows", ">Newest day", ">Due", ">Behind")
	for _, f := range fresh {
		behind := counts
		if f.Behind > 0 {
			behind.color, behind.bold = badColor, true
		}
		s.add(0, text(f.Dataset, lined), text(f.Part, lined), cell{f.Rows, counts}, dayCell(f.Newest, style{line: true, right: true}),
			dayCell(f.Expected, style{line: true, right: true}), cell{f.Behind, behind})
	}
}

// coverage tells, for each universe, how much of it the figures cover: the
// least covered figure of the newest day that states a coverage, and of all.
func (s *sheet) coverage() {
	type worst struct {
		v       float64
		session schemas.Date
		metric  string
	}
	s.section("Coverage", "Share of weight or of members with valid inputs, of the least covered figure. Below 95 % a figure is partial, below 80 % it has no value.",
		"Family", "Universe", "Universe id", ">Latest", ">As of", ">Lowest", ">On", " Figure with the lowest")
	rows := s.row
	for _, f := range s.x.families {
		latest, lowest := map[string]worst{}, map[string]worst{}
		all := slices.Concat(f.columns, f.silent)
		for _, c := range all {
			for _, x := range c.facts {
				if x == nil || !x.Coverage.OK {
					continue
				}
				w := worst{x.Coverage.V, x.Session, x.Metric}
				if l, ok := latest[c.universe]; !ok || w.session > l.session || w.session == l.session && w.v < l.v {
					latest[c.universe] = w
				}
				if l, ok := lowest[c.universe]; !ok || w.v < l.v || w.v == l.v && w.session > l.session {
					lowest[c.universe] = w
				}
			}
		}
		share := style{line: true, format: "0.0 %"}
		for _, u := range slices.SortedFunc(maps.Keys(latest), compareUniverses) {
			l, w := latest[u], lowest[u]
			s.add(0, text(f.sheet, lined), text(s.x.universeName(u), lined), text(u, faded), cell{l.v, share},
				dayCell(l.session, style{line: true, right: true}), cell{w.v, share}, dayCell(w.session, style{line: true, right: true}), text(w.metric, style{line: true, color: dimColor, indent: 1}))
		}
	}
	if s.row == rows {
		s.add(0, text("No figure states a coverage.", faded))
	}
}

// reasons counts the facts by status.
func (s *sheet) reasons() {
	s.section("Values and reasons", "How many facts have a value, and why the others have none.",
		"Family", "Universe", "Universe id", "Status", ">Facts", ">Share", ">Newest")
	rows := s.row
	for _, f := range s.x.families {
		type count struct {
			n      int
			newest schemas.Date
		}
		by := map[string]map[schemas.Status]count{}
		total := map[string]int{}
		for _, c := range slices.Concat(f.columns, f.silent) {
			if by[c.universe] == nil {
				by[c.universe] = map[schemas.Status]count{}
			}
			for _, x := range c.facts {
				if x != nil {
					n := by[c.universe][x.Status]
					by[c.universe][x.Status] = count{n.n + 1, max(n.newest, x.Session)}
					total[c.universe]++
				}
			}
		}
		for _, u := range slices.SortedFunc(maps.Keys(by), compareUniverses) {
			for _, st := range slices.SortedFunc(maps.Keys(by[u]), compareStatuses) {
				n := by[u][st]
				s.add(0, text(f.sheet, lined), text(s.x.universeName(u), lined), text(u, faded), text(statusText(st), lined),
					cell{n.n, counts}, cell{float64(n.n) / float64(total[u]), style{line: true, format: "0.0 %"}},
					dayCell(n.newest, style{line: true, right: true}))
			}
		}
	}
	if s.row == rows {
		s.add(0, text("There are no facts in this book.", faded))
	}
}

// compareStatuses puts those with a value first.
func compareStatuses(x, y schemas.Status) int {
	order := func(s schemas.Status) int {
		return slices.Index([]schemas.Status{schemas.StatusOK, schemas.StatusPartial, schemas.StatusWarmup}, s) & 0xff
	}
	return cmp.Or(cmp.Compare(order(x), order(y)), cmp.Compare(x, y))
}

// silentColumns lists the figures that have no value at all and therefore no
// column.
func (s *sheet) silentColumns() {
	var rows [][]cell
	for _, f := range s.x.families {
		for _, c := range f.silent {
			newest, _ := c.newest()
			rows = append(rows, []cell{
				text(f.sheet, lined), text(c.metric.Name, lined), text(c.universe, faded),
				text(statusText(c.facts[newest].Status), lined), text(c.metric.ID, faded),
				{nil, lined},
			})
		}
	}
	if len(rows) == 0 {
		return
	}
	s.section("Figures without any value", "They have no column on the sheets of the families. The reason is that of the newest day.",
		"Family", "Figure", "Universe id", "Reason", "Id", " ")
	for _, r := range rows {
		s.add(0, r...)
	}
}
