package transform

import (
	"strconv"
	"strings"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// breadthWarmup is how many sessions a breadth window looks back: a year of
// highs with what may be missing of it, and the days a close is carried over.
const breadthWarmup = breadthHighWindow + breadthGap + carryLimit

var breadthFamilies = []Family{{
	Name:    "breadth",
	Dataset: schemas.Breadth.String(),
	Metrics: breadthIDs(),
	Warmup:  breadthWarmup,
	Daily:   true,
	ByBasis: true,
	Compute: breadthFacts,
}}

var (
	countIDs    = []string{"adv", "dec", "unch", "net_adv"}
	rosterIDs   = []string{"breadth_members", "no_print", "no_prev"}
	ratioIDs    = []string{"adv_share", "adr", "rana"}
	volumeIDs   = []string{"up_vol", "down_vol", "up_vol_share", "trin"}
	distanceIDs = []string{"dist_52w_median", "dist_52w_within_2", "dist_52w_within_10", "dist_52w_below_20"}
	closeIDs    = []string{"new_high_close", "new_low_close", "rec_high_pct"}
	rangeIDs    = []string{"new_high_intraday", "new_low_intraday", "rec_high_pct_intraday"}
	weekIDs     = []string{"new_high_cal52w", "new_low_cal52w"}
)

func aboveID(n int) string { return "pct_above_sma_" + strconv.Itoa(n) }

func breadthIDs() []string {
	var out []string
	for _, ids := range [][]string{countIDs, rosterIDs, ratioIDs, volumeIDs, distanceIDs, closeIDs, rangeIDs, weekIDs} {
		out = append(out, ids...)
	}
	for _, n := range schemas.MovingAverages {
		out = append(out, aboveID(n))
	}
	return out
}

func breadthFacts(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	first, to := p.windowFrom, min(p.windowTo, p.priced)
	for first < to && !p.membersKnown[first] {
		first++ // the series begins with the first list of members
	}
	if first >= to {
		return nil, p.noMembers(in)
	}
	from := max(first, p.factsFrom)
	t := p.tally(from, to, standardWindows)
	var facts []schemas.Fact
	for s := from; s < to; s++ {
		f := factDay{session: p.Sessions[s], knownAt: in.Calendar.Close(p.Sessions[s]), basis: p.Basis, members: int(p.members[s])}
		if file := p.membersFile[s]; file != schemas.NoDate {
			if known := in.Calendar.HoldingsKnown(file); known.After(f.knownAt) {
				f.knownAt = known
			}
			f.detail = "members of " + file.String()
		}
		if !p.membersKnown[s] {
			f.noneOf(breadthIDs(), schemas.StaleInput)
		} else {
			f.addBreadth(&t.days[s-from], t.distances[s-from])
		}
		facts = append(facts, f.facts...)
	}
	return facts, p.jumps(first, to)
}

// noMembers tells that a window has prices and nobody says who the members are.
func (p *Panel) noMembers(in *Inputs) []Finding {
	if p.windowFrom >= min(p.windowTo, p.priced) {
		return nil
	}
	list := "holdings of " + strings.Join(in.Universe.Funds, " or ")
	if in.Universe.Index != "" {
		list = "list of members of " + in.Universe.Index
	}
	return []Finding{{
		Check: "members_none", Severity: schemas.SeverityWarning, Date: p.Sessions[p.windowFrom],
		Message: "there are prices and no " + list + " for any session of the window, so there are no facts",
	}}
}

func (f *factDay) noneOf(ids []string, why schemas.Status) {
	for _, id := range ids {
		f.none(id, why)
	}
}

// addBreadth turns the count of a session into facts.
func (f *factDay) addBreadth(t *dayTally, distances []float64) {
	f.addRoster(t)
	f.addCounts(t)
	f.addVolumes(t)
	for i, n := range schemas.MovingAverages {
		if f.judge(t, t.averaged[i]) {
			f.opt(aboveID(n), ratioOf(t.above[i], t.averaged[i]))
		} else {
			f.none(aboveID(n), f.status)
		}
	}
	f.addExtremes(t, t.closes, closeIDs)
	f.addDistances(t, distances)
	f.addExtremes(t, t.ranges, rangeIDs)
	f.addExtremes(t, t.weeks, weekIDs)
}

// addRoster gives the counts that say what is known of the members; they hold
// whatever the coverage.
func (f *factDay) addRoster(t *dayTally) {
	f.status, f.excluded = schemas.StatusOK, 0
	f.add("breadth_members", float64(t.members))
	f.add("no_prev", float64(t.noPrev))
	f.note(t.missing > 0, strconv.Itoa(t.missing)+" without prices", func() { f.add("no_print", float64(t.noPrint)) })
}

// note runs add with a remark in the detail.
func (f *factDay) note(when bool, remark string, add func()) {
	detail := f.detail
	if when {
		f.detail = strings.TrimPrefix(f.detail+"; "+remark, "; ")
	}
	add()
	f.detail = detail
}

// Some members halted or listed on a day are the market. More than these
// shares of the members, or this many where that is more, are gaps in what
// the publishers gave.
const (
	usualFew   = 5
	usualHalts = 0.01
	usualYoung = 0.10
)

// unusual returns how many of n members are beyond the usual share.
func unusual(n, members int, share float64) int {
	return max(n-max(usualFew, int(share*float64(members))), 0)
}

// setCoverage sets coverage and status from the members that lack an input
// through a gap, and those that lack the history.
func (f *factDay) setCoverage(members, gaps, young int) {
	f.coverage, f.status = schemas.None[float64](), schemas.StatusOK
	if members == 0 {
		return
	}
	coverage := 1 - float64(gaps+young)/float64(members)
	f.coverage, f.status = schemas.Some(coverage), statusOf(coverage)
	if !f.status.HasValue() && young > gaps {
		f.status = schemas.InsufficientHistory
	}
}

func (f *factDay) addCounts(t *dayTally) {
	f.excluded = t.noPrint + t.noPrev
	f.setCoverage(t.members, t.missing+unusual(t.noPrint-t.missing, t.members, usualHalts), unusual(t.noPrev, t.members, usualHalts))
	if !f.status.HasValue() {
		f.noneOf(countIDs, f.status)
		f.noneOf(ratioIDs, f.status)
		return
	}
	f.add("adv", float64(t.adv))
	f.add("dec", float64(t.dec))
	f.add("unch", float64(t.unch))
	f.add("net_adv", float64(t.adv-t.dec))
	if t.members == 0 {
		f.noneOf(ratioIDs, schemas.NoMembers)
		return
	}
	f.opt("adv_share", ratioOf(t.adv, t.adv+t.dec+t.unch))
	f.opt("adr", ratioOf(t.adv, t.dec))
	f.opt("rana", ratioOf(1000*(t.adv-t.dec), t.adv+t.dec))
}

func (f *factDay) addVolumes(t *dayTally) {
	f.excluded = t.noPrint + t.noPrev + t.noVolume
	f.setCoverage(t.members, t.missing+t.noVolume+unusual(t.noPrint-t.missing, t.members, usualHalts), unusual(t.noPrev, t.members, usualHalts))
	switch {
	case !f.status.HasValue():
		f.noneOf(volumeIDs, f.status)
		return
	case t.members == 0:
		f.add("up_vol", 0)
		f.add("down_vol", 0)
		f.noneOf([]string{"up_vol_share", "trin"}, schemas.NoMembers)
		return
	}
	f.add("up_vol", t.up)
	f.add("down_vol", t.down)
	f.opt("up_vol_share", divide(t.up, t.up+t.down))
	a := armsTerms{float64(t.adv), float64(t.dec), t.up, t.down}
	f.note(!a.index().OK, a.zero(), func() { f.opt("trin", a.index()) })
}

// judge sets coverage and status for a metric that needs history, which of the
// members "of" have; it reports whether the metric has a value.
func (f *factDay) judge(t *dayTally, of int) bool {
	f.excluded = t.members - of
	f.setCoverage(t.members, t.missing, unusual(t.members-t.missing-of, t.members, usualYoung))
	if t.members == 0 {
		f.status = schemas.NoMembers
	} else if of == 0 && f.status.HasValue() {
		f.status = schemas.InsufficientHistory
	}
	return f.status.HasValue()
}

// addExtremes gives new highs, new lows and, where the list of ids has it, the
// record-high percent.
func (f *factDay) addExtremes(t *dayTally, e extremes, ids []string) {
	if !f.judge(t, e.of) {
		if f.status != schemas.NoMembers {
			f.noneOf(ids, f.status)
			return
		}
		f.status = schemas.StatusOK
		f.add(ids[0], 0)
		f.add(ids[1], 0)
		f.noneOf(ids[2:], schemas.NoMembers)
		return
	}
	f.add(ids[0], float64(e.high))
	f.add(ids[1], float64(e.low))
	for _, id := range ids[2:] {
		f.opt(id, recordHighPercent(e.high, e.low))
	}
}

// recordHighPercent is NH/(NH + NL), a fraction; 0/0 has no value.
func recordHighPercent(high, low int) schemas.Opt[float64] { return ratioOf(high, high+low) }

// addDistances gives how far members are from their 52-week highs.
func (f *factDay) addDistances(t *dayTally, distances []float64) {
	if !f.judge(t, t.closes.of) {
		f.noneOf(distanceIDs, f.status)
		return
	}
	f.add("dist_52w_median", ranking.Quantile(distances, 0.5))
	f.opt("dist_52w_within_2", ratioOf(t.within2, t.closes.of))
	f.opt("dist_52w_within_10", ratioOf(t.within10, t.closes.of))
	f.opt("dist_52w_below_20", ratioOf(t.below20, t.closes.of))
}

// divide returns a/b, and nothing where b is 0.
func divide(a, b float64) schemas.Opt[float64] {
	if b == 0 {
		return schemas.None[float64]()
	}
	return schemas.Some(a / b)
}

func ratioOf(a, b int) schemas.Opt[float64] { return divide(float64(a), float64(b)) }
