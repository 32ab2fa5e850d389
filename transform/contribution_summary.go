package transform

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

var contributionFamilies = []Family{
	{
		Name: "contribution", Dataset: schemas.ContributionSummary.String(), Metrics: contributionIDs(), Warmup: contributionWarmup, Daily: true, Attributed: true,
		Compute: contributionFacts,
	},
	{Name: "contribution_level", Dataset: schemas.ContributionLevel.String(), Metrics: []string{"contrib_residual_tr", "contrib_residual_pr"}, Compute: contributionLevelFacts},
}

func contributionIDs() []string {
	out := []string{"index_return_1", "index_return_1_pr"}
	for _, w := range schemas.ContributionWindows {
		out = append(out, windowIDs(w)...)
	}
	for _, w := range schemas.SpreadWindows {
		out = append(out, spreadIDs(w)...)
	}
	return append(out, activeShareIDs()...)
}

// windowIDs lists what is told of each window in which contributions are
// linked.
func windowIDs(w string) []string {
	out := []string{"index_return_" + w}
	for _, g := range schemas.ContributionGroups {
		out = append(out, groupIDs(g.ID, w)...)
	}
	return append(out, "lag_count_mag7_"+w, overlapID(w), jaccardID(w), "rank_corr_"+w)
}

func groupIDs(group, w string) []string {
	out := []string{"contrib_" + group + "_" + w, "share_" + group + "_" + w}
	if group != "top10_reset" {
		out = append(out, "ex_points_"+group+"_"+w, "ex_rescaled_"+group+"_"+w)
	}
	return out
}

func overlapID(w string) string {
	return "overlap_" + strconv.Itoa(schemas.PerformerCount) + "_" + w
}

func jaccardID(w string) string {
	return "jaccard_" + strconv.Itoa(schemas.PerformerCount) + "_" + w
}

func spreadIDs(w string) []string {
	return []string{"cw_minus_ew_daily_" + w, "mean_minus_median_" + w}
}

func activeShareIDs() []string {
	out := make([]string, len(schemas.ConcentrationTops))
	for i, n := range schemas.ConcentrationTops {
		out[i] = "active_share_top" + strconv.Itoa(n)
	}
	return out
}

func contributionFacts(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	first, _, ok := p.book.sessions()
	if !ok || len(p.close) == 0 {
		return nil, nil
	}
	a := in.attribution(p)
	s := &contributionSummary{attribution: a}
	s.prepare()
	return p.workedSince(first, func() func(int) []schemas.Fact {
		l := lineups{attribution: a}
		return func(t int) []schemas.Fact {
			l.at(t)
			return s.on(&l, t)
		}
	}), nil
}

// contributionSummary is what follows from an attribution.
type contributionSummary struct {
	*attribution
	mean   [2][]float64 // growth of the lines in equal parts
	resets []groupDay   // of the ten largest lines of each session
}

func (s *contributionSummary) prepare() {
	n := len(s.Sessions)
	means := make([]float64, n)
	s.resets = make([]groupDay, n)
	inBlocks(n, func(_, lo, hi int) {
		for t := lo; t < hi; t++ {
			if s.broken[t] != t {
				means[t] = s.days[t].mean
				s.resets[t] = s.groupOn(s.largestAtOpen(t, 10), t)
			}
		}
	})
	s.mean = [2][]float64{make([]float64, n), make([]float64, n)}
	s.compound(means, s.mean[0], s.mean[1])
}

// on returns the facts of one session.
func (s *contributionSummary) on(l *lineups, t int) []schemas.Fact {
	d := &s.days[t]
	f := factDay{
		session: s.Sessions[t], knownAt: d.knownAt, basis: s.basis, detail: d.detail, members: d.members, excluded: d.excluded, status: d.status,
	}
	if d.known {
		f.coverage = schemas.Some(d.coverage)
	}
	f.value("index_return_1", d.ret, d.status)
	price, plain := d.status, s.Basis == "split_adj"
	if !plain && price.HasValue() {
		price = schemas.NotPublished
	}
	f.basis = "pr"
	f.value("index_return_1_pr", d.price, price)
	f.basis = s.basis
	for i, w := range schemas.ContributionWindows {
		s.addWindow(&f, l, w, s.base(t, contributionWindows[i]), t)
	}
	for _, w := range schemas.SpreadWindows {
		s.addSpread(&f, l, w, s.base(t, windowSessions(w)), t)
	}
	s.addActiveShare(&f, t)
	return f.facts
}

// value is add, or none where the status says so.
func (f *factDay) value(metric string, v float64, status schemas.Status) {
	if !status.HasValue() {
		f.none(metric, status)
		return
	}
	f.put(metric, schemas.Some(v), status)
}

func (s *contributionSummary) addWindow(f *factDay, l *lineups, w string, b, t int) {
	if !s.window(f, windowIDs(w), b, t) {
		return
	}
	f.add("index_return_"+w, s.ret(b, t))
	seven, _ := s.mag7On(s.Sessions[t])
	s.addGroup(f, "mag7", w, s.everIn(seven, b, t), b, t)
	s.addGroup(f, "top10", w, s.largestAtOpen(b+1, 10), b, t)
	reset := linkGroup(s.resets[b+1 : t+1])
	f.members = min(10, s.days[t].members)
	f.add("contrib_top10_reset_"+w, reset.contribution)
	share, status := reset.share()
	f.value("share_top10_reset_"+w, share, worse(f.status, status))
	s.addLaggards(f, w, b, t)
	s.addPerformers(f, l, w, b, t)
}

// worse is the status of a figure with a reason of its own.
func worse(of, own schemas.Status) schemas.Status {
	if own != schemas.StatusOK {
		return own
	}
	return of
}

// everIn keeps the securities that were in on a session of the window (b, t].
func (s *contributionSummary) everIn(group []int, b, t int) []int {
	n := len(s.Sessions)
	return slices.DeleteFunc(group, func(i int) bool { return s.in[i*n+t] == s.in[i*n+b] })
}

func (s *contributionSummary) addGroup(f *factDay, name, w string, group []int, b, t int) {
	f.members = len(group)
	if len(group) == 0 {
		for _, id := range groupIDs(name, w) {
			f.none(id, schemas.NoMembers)
		}
		return
	}
	days := make([]groupDay, 0, t-b)
	for k := b + 1; k <= t; k++ {
		days = append(days, s.groupOn(group, k))
	}
	g := linkGroup(days)
	f.add("contrib_"+name+"_"+w, g.contribution)
	share, status := g.share()
	f.value("share_"+name+"_"+w, share, worse(f.status, status))
	f.add("ex_points_"+name+"_"+w, g.exPoints())
	f.opt("ex_rescaled_"+name+"_"+w, g.rest)
}

func (s *contributionSummary) addLaggards(f *factDay, w string, b, t int) {
	l := lagging(s.mag7Returns(b, t), s.ret(b, t))
	detail := f.detail
	f.members, f.excluded = l.compared, l.excluded
	f.detail += "; behind: " + l.names()
	if l.compared == 0 {
		f.none("lag_count_mag7_"+w, schemas.NoMembers)
	} else {
		f.add("lag_count_mag7_"+w, float64(len(l.behind)))
	}
	f.detail = detail
}

func (s *contributionSummary) addPerformers(f *factDay, l *lineups, w string, b, t int) {
	lines := l.throughout(b)
	for k := range lines {
		lines[k].contrib = s.heldOver(lines[k].security, b, t)
	}
	rankPerformers(lines)
	f.members, f.excluded = len(lines), s.days[t].members-len(lines)+s.days[t].excluded
	const k = schemas.PerformerCount
	if len(lines) < k {
		why := schemas.InsufficientHistory
		if len(lines) == 0 {
			why = schemas.NoMembers
		}
		f.none(overlapID(w), why)
		f.none(jaccardID(w), why)
	} else {
		both := overlap(lines, k)
		f.add(overlapID(w), float64(both)/k)
		f.add(jaccardID(w), jaccard(both, k))
	}
	f.opt("rank_corr_"+w, rankCorrelation(lines))
}

func (s *contributionSummary) addSpread(f *factDay, l *lineups, w string, b, t int) {
	ids := spreadIDs(w)
	if !s.window(f, ids, b, t) {
		return
	}
	f.add(ids[0], s.ret(b, t)-(s.growth(s.mean[0], s.mean[1], b, t)-1))
	lines := l.throughout(b)
	f.members, f.excluded = len(lines), s.days[t].members-len(lines)+s.days[t].excluded
	if len(lines) == 0 {
		f.none(ids[1], schemas.NoMembers)
		return
	}
	mean, mid := meanAndMedian(returnsOf(lines))
	f.add(ids[1], mean-mid)
}

// addActiveShare gives the active share of the largest lines at the close.
func (s *contributionSummary) addActiveShare(f *factDay, t int) {
	w := &s.closes[t]
	f.status, f.detail, f.basis, f.excluded, f.members, f.coverage = w.status, w.detail, w.basis, w.excluded, 0, schemas.None[float64]()
	f.knownAt = w.knownAt
	if f.status.HasValue() {
		f.members, f.coverage = len(w.lines), schemas.Some(w.coverage)
		if f.status = statusOf(w.coverage); f.status.HasValue() && math.Abs(w.residual) > maxResidual {
			f.status = schemas.BadInput
		}
	}
	if !f.status.HasValue() {
		for _, id := range activeShareIDs() {
			f.none(id, f.status)
		}
		return
	}
	index := ranking.Ranked(w.weights)
	for i, id := range activeShareIDs() {
		f.add(id, activeShare(topBasket(index, schemas.ConcentrationTops[i]), index))
	}
}

// maxLevelGap, in basis points, is how far the contributions of a day may be
// from the published return before somebody should look.
const maxLevelGap = 5

// contributionLevelFacts holds the days' contributions against published
// levels. It builds on the facts of the summary.
func contributionLevelFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	var out []schemas.Fact
	var found []Finding
	for _, side := range []struct{ metric, of, source, suffix, basis string }{
		{"contrib_residual_tr", "index_return_1", in.Universe.LevelTR, "tr", in.Universe.LevelTRBasis},
		{"contrib_residual_pr", "index_return_1_pr", in.Universe.Level, "pr", in.Universe.LevelBasis},
	} {
		l, _ := levelOf(in, side.source, side.suffix, side.basis)
		gap := levelGap{}
		for _, r := range factsOf(in, side.of) {
			f := schemas.Fact{
				Metric: side.metric, Session: r.Session, Status: r.Status, Members: r.Members, Excluded: r.Excluded, Coverage: r.Coverage,
				Basis: side.basis, Detail: r.Detail, KnownAt: r.KnownAt,
			}
			if published, ok := l.dayReturn(r.Session, in.Calendar.PrevSession(r.Session)); r.Value.OK {
				switch {
				case !ok || r.Basis != side.suffix:
					f.Status = schemas.NotPublished
				default:
					f.Value = schemas.Some(10_000 * (r.Value.V - published))
					gap.add(f.Session, f.Value.V)
				}
			}
			out = append(out, f)
		}
		found = append(found, gap.findings(side.metric)...)
	}
	return out, found
}

// factsOf returns the universe's facts of a metric within the window, oldest
// first.
func factsOf(in *Inputs, metric string) []schemas.Fact {
	var out []schemas.Fact
	for _, f := range in.Facts {
		if f.Metric == metric && f.Universe == in.Universe.ID && in.Window.Contains(f.Session) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b schemas.Fact) int { return cmp.Compare(a.Session, b.Session) })
	return out
}

// dayReturn is the return of a level on a session from the one before; ok is
// false where one of the days has no level.
func (l *level) dayReturn(d, before schemas.Date) (float64, bool) {
	i, ok := slices.BinarySearch(l.days, d)
	if !ok || i == 0 || l.days[i-1] != before {
		return 0, false
	}
	return l.value[i]/l.value[i-1] - 1, true
}

// levelGap gathers the days of each year on which contributions and a level
// were too far apart.
type levelGap struct{ years []yearGap }

type yearGap struct {
	first       schemas.Date
	days, apart int
	worst       float64 // bp
	at          schemas.Date
}

func (g *levelGap) add(d schemas.Date, bp float64) {
	if n := len(g.years); n == 0 || g.years[n-1].first.Year() != d.Year() {
		g.years = append(g.years, yearGap{first: d})
	}
	y := &g.years[len(g.years)-1]
	y.days++
	if math.Abs(bp) <= maxLevelGap {
		return
	}
	y.apart++
	if math.Abs(bp) > math.Abs(y.worst) {
		y.worst, y.at = bp, d
	}
}

func (g *levelGap) findings(metric string) []Finding {
	var out []Finding
	for _, y := range g.years {
		if y.apart > 0 {
			out = append(out, Finding{
				Check: "contribution_residual", Severity: schemas.SeverityWarning, Date: y.at,
				Message: fmt.Sprintf("%s is beyond %d bp on %d of %d sessions of %d, by up to %+.1f bp", metric, maxLevelGap, y.apart, y.days, y.first.Year(), y.worst),
			})
		}
	}
	return out
}
