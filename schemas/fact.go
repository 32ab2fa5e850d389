package schemas

import "time"

// Status says whether a fact has a value, and why not where it has none.
type Status string

// A fact with one of these has a value.
const (
	StatusOK      Status = "ok"
	StatusPartial Status = "partial" // coverage between 0.80 and 0.95
	StatusWarmup  Status = "warmup"  // the seed of a recursion still shows
)

// A fact with one of these has none.
const (
	InsufficientHistory Status = "insufficient_history"
	ZeroDenominator     Status = "zero_denominator"
	NoMembers           Status = "no_members"
	LowCoverage         Status = "low_coverage"
	StaleInput          Status = "stale_input"
	NotPublished        Status = "not_published"
	MarketClosed        Status = "market_closed"
	BelowMinAbsReturn   Status = "below_min_abs_return"
	NotElapsed          Status = "not_elapsed" // the future that it speaks of is not over
	BadInput            Status = "bad_input"   // an input contradicts itself, such as a failed identity
)

// HasValue reports whether a fact with this status carries a value.
func (s Status) HasValue() bool {
	return s == StatusOK || s == StatusPartial || s == StatusWarmup
}

// Fact is one metric of one universe on one day: a value, or the reason why
// there is none.
type Fact struct {
	Metric   string // id in the register
	Universe string // Window.Part: SPX_MEMBERS, FED, SP600_MEMBERS~SPX_MEMBERS, …
	Session  Date   // session, or the day the figure speaks of
	Value    Opt[float64]
	Status   Status
	Members  int64        // members of the universe on the day, or inputs of the figure
	Excluded int64        // members left out, and why in Detail where it matters
	Coverage Opt[float64] // 0..1; share of weight or of member count with valid inputs
	Basis    string       // what the inputs are: file, rolled, split_adj, fund_tr, index_pr, h41, …
	Detail   string       // what else a reader must know, such as ath_since=2021-01-04
	Method   int64        // version of the definition, from the register
	KnownAt  time.Time    // when all inputs were public, UTC
	Run      string
}

// FactTable describes a table of facts with the given name and cut. All fact
// tables share one row type; they differ in who builds them and how they are
// cut, so that one family never waits for another.
func FactTable(name, comment string, cut Cut) Table[Fact] {
	return NewTable(Dataset{
		Database: "facts", Name: name, Comment: comment,
		PartColumn: "universe", DateColumn: "session", Cut: cut, Order: []string{"metric", "session"},
	},
		Symbol("metric", "Id in the metric register.", func(r *Fact) *string { return &r.Metric }),
		Symbol("universe", "Whose fact it is: an index universe, a pair of them, or the Federal Reserve.", func(r *Fact) *string { return &r.Universe }),
		Day("session", "Session, or day the figure speaks of.", func(r *Fact) *Date { return &r.Session }),
		OptFloat("value", "as in the register", "The value; empty where status gives the reason.", func(r *Fact) *Opt[float64] { return &r.Value }),
		Symbol("status", "ok, partial, warmup, or the reason why there is no value.", func(r *Fact) *string { return (*string)(&r.Status) }),
		Int("members", "members", "Members of the universe, or inputs of the figure.", func(r *Fact) *int64 { return &r.Members }),
		Int("excluded", "members", "Members left out.", func(r *Fact) *int64 { return &r.Excluded }),
		OptFloat("coverage", "fraction", "Share of weight or of members with valid inputs.", func(r *Fact) *Opt[float64] { return &r.Coverage }),
		Symbol("basis", "What the inputs are: file, rolled, split_adj, fund_tr, index_pr, h41, …", func(r *Fact) *string { return &r.Basis }),
		Symbol("detail", "What else a reader must know.", func(r *Fact) *string { return &r.Detail }),
		Int("method", "", "Version of the definition.", func(r *Fact) *int64 { return &r.Method }),
		Instant("known_at", "When all inputs were public.", func(r *Fact) *time.Time { return &r.KnownAt }),
		Symbol("run_id", "Run that built the row.", func(r *Fact) *string { return &r.Run }).AsOrigin(),
	)
}

// The fact tables. Trend holds what is computed from a family's own history
// (running lines, averages of averages, extremes): it is small and rebuilt
// whole, so that no state is carried from window to window.
var (
	Concentration = FactTable("concentration", "How much of an index its largest members are.", CutYear)
	Breadth       = FactTable("breadth", "How many members rise, fall and stand above their averages.", CutYear)
	BreadthTrend  = FactTable("breadth_trend", "Running lines and oscillators over the daily breadth counts.", CutWhole)
	Size          = FactTable("size", "Small companies against large, drawdowns and sectors.", CutWhole)
	SizeMembers   = FactTable("size_members", "Small companies against large, from the prices of their members.", CutYear)
	Liquidity     = FactTable("liquidity", "The Federal Reserve's balance sheet, cash balances, operations and rates.", CutWhole)
)

// FactTables lists every table of facts.
var FactTables = []Table[Fact]{Concentration, Breadth, BreadthTrend, Size, SizeMembers, Liquidity, ContributionSummary, ContributionLevel, Dispersion, Allocation, Valuation, RelativeValuation, Maturity}
