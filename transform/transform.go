// Package transform turns raw rows into facts. It is pure: no clock, network,
// database, randomness or map order; the same rows give the same facts, bit
// for bit. Each metric or family is one file.
package transform

import (
	"cmp"
	"slices"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Inputs holds the raw rows from which the facts of one universe and one
// window are computed. The caller reads them, run-in included, and fills what
// the table at hand asks for; see [Family.Needs].
type Inputs struct {
	Universe Universe
	Window   schemas.Window // facts are given for the sessions in it
	// Kept is the newest day up to which the inputs are those from which the
	// window's facts have been computed before; none where that is not known. See
	// [Inputs.settledPanel].
	Kept schemas.Opt[schemas.Date]
	// Anew says, after a computation that made Kept an earlier day or took it away,
	// why it did.
	Anew     string
	Calendar *calendar.Calendar

	Bars         []schemas.BarSeries // of the publishers in Universe.Prices and AgainstPrices
	Listed       []Listing           // of all bars that there are, in their order, where Bars holds only those that are Wanted; or else nil
	Actions      []schemas.Action
	Spells       []schemas.Spell
	Changes      []schemas.Change
	Constituents []schemas.Constituent
	Renames      []schemas.Rename
	Holdings     []schemas.Holding
	Files        []HoldingsFile // Holdings as files, in place of the lines; or else nil
	Shares       []schemas.ShareCount
	Earnings     []schemas.Earning
	Levels       []schemas.Observation // index levels and fund levels, by Source
	Observations []schemas.Observation // H.4.1, FRED
	Rates        []schemas.Rate
	Operations   []schemas.Operation
	Cash         []schemas.CashBalance
	Portfolio    []schemas.SOMAHolding
	Facts        []schemas.Fact // of the tables that a second stage builds on

	shared   *shared
	outlines map[string]*Panel // what Wanted has left, by universe; or a whole panel
}

// Universe says whose facts are computed and from what.
type Universe struct {
	ID string // SPX_MEMBERS, …
	// Index names the membership of Spells, Changes and Constituents; empty
	// where the members are the equity lines of the Fund's holdings.
	Index string
	// Funds names the holdings that give weights, and membership where Index
	// is empty, in order of preference.
	Funds []string
	// Prices names the publishers of bars, in order of preference.
	Prices []string
	// Level and LevelTR name the observation sources of the price and the
	// total-return level; LevelBasis says what they are: index_pr, fund_tr, …
	Level, LevelTR string
	LevelBasis     string
	LevelTRBasis   string
	// Assets is what the portfolios of an allocation are made of, in place of all
	// of the above.
	Assets Assets
	// Against is the large universe with which this one is compared. What
	// begins with its name says of it what the fields above say of this one;
	// empty where there is no comparison.
	Against                      string
	AgainstIndex                 string
	AgainstFunds                 []string
	AgainstPrices                []string
	AgainstLevel, AgainstLevelTR string
}

// against returns the large universe of a pair, with what says who its members
// are and what they cost.
func (u Universe) against() Universe {
	return Universe{ID: u.Against, Index: u.AgainstIndex, Funds: u.AgainstFunds, Prices: u.AgainstPrices}
}

// Finding is something a person should know about the inputs: a member
// without prices, an action without a jump, a file that had to be cleaned.
type Finding struct {
	Check    string
	Severity schemas.Severity
	Universe string
	Security string // empty where it concerns no single one
	Date     schemas.Date
	Message  string
}

// Family is a group of metrics that share a pass over the inputs.
type Family struct {
	Name    string
	Dataset string   // table the facts go to, such as facts.breadth
	Metrics []string // ids of the register, all that Compute emits
	// Warmup is how many sessions before the window the inputs must reach back.
	Warmup int
	// Daily says that the facts of a session go by what was known on it, but for
	// what [Panel.rewrites] finds, so that those of a new session can be added.
	Daily   bool
	ByBasis bool // its facts go by prices on the share basis of the newest session, and not by returns alone
	// Attributed says that its facts follow from the attribution of an index's
	// return to its lines, as contributions do: see [Inputs.Share].
	Attributed bool
	Compute    func(in *Inputs, p *Panel) ([]schemas.Fact, []Finding)
}

// Families lists everything that is computed. A test holds it against the
// metric register, both ways.
func Families() []Family {
	return slices.Concat(concentrationFamilies, breadthFamilies, breadthTrendFamilies, sizeFamilies, sizeMembersFamilies, liquidityFamilies, contributionFamilies, dispersionFamilies, allocationFamilies, valuationFamilies, relativeValuationFamilies, maturityFamilies)
}

// Warmup returns how many sessions before a window of the table its inputs
// must reach back.
func Warmup(dataset string) int {
	n := 0
	for _, f := range Families() {
		if f.Dataset == dataset {
			n = max(n, f.Warmup)
		}
	}
	return n
}

// Daily reports whether facts of new sessions can be added to those that a table
// holds.
func Daily(dataset string) bool {
	for _, f := range Families() {
		if f.Dataset == dataset && !f.Daily {
			return false
		}
	}
	return true
}

// Attributed reports whether all that a table holds follows from one attribution.
func Attributed(dataset string) bool {
	return slices.ContainsFunc(Families(), func(f Family) bool { return f.Dataset == dataset && f.Attributed })
}

// Compute returns the facts of one table for the inputs' window, sorted by
// metric and session, and what was found on the way.
func Compute(dataset string, in *Inputs) ([]schemas.Fact, []Finding) {
	p := in.settledPanel(slices.ContainsFunc(Families(), func(f Family) bool { return f.Dataset == dataset && f.ByBasis }))
	var facts []schemas.Fact
	findings := slices.Clone(p.Findings)
	for _, f := range Families() {
		if f.Dataset != dataset {
			continue
		}
		got, found := f.Compute(in, p)
		for i := range got {
			got[i].Universe = in.Universe.ID
		}
		facts, findings = append(facts, got...), append(findings, found...)
	}
	for i := range findings {
		findings[i].Universe = in.Universe.ID
	}
	return inOrder(facts), findings
}

// inOrder sorts facts by metric and session, and gives them the methods of the
// register. They come session by session, so that those of a metric need only be
// put together.
func inOrder(facts []schemas.Fact) []schemas.Fact {
	numbers := make(map[string]int32)
	var metrics []string
	of, counts := make([]int32, len(facts)), []int(nil)
	for i := range facts {
		n := numberOf(numbers, &metrics, facts[i].Metric)
		if int(n) == len(counts) {
			counts = append(counts, 0)
		}
		of[i] = n
		counts[n]++
	}
	out, next := make([]schemas.Fact, len(facts)), make([]int, len(metrics))
	at := 0
	for _, metric := range slices.Sorted(slices.Values(metrics)) {
		n := numbers[metric]
		next[n], at = at, at+counts[n]
	}
	for i := range facts {
		out[next[of[i]]] = facts[i]
		next[of[i]]++
	}
	bySession := func(a, b schemas.Fact) int { return cmp.Compare(a.Session, b.Session) }
	for n, metric := range metrics {
		mine := out[next[n]-counts[n] : next[n]]
		if !slices.IsSortedFunc(mine, bySession) {
			slices.SortStableFunc(mine, bySession)
		}
		method := schemas.MetricByID(metric).Method
		for i := range mine {
			mine[i].Method = method
		}
	}
	return out
}
