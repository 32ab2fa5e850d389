package schemas

import "time"

// Book is what a workbook is made of: facts, and what a reader needs in order
// to trust them. The same Book always gives the same bytes.
type Book struct {
	Title   string
	AsOf    Date      // newest session in the book
	KnownAt time.Time // newest knowledge time in the book; dates the document
	// SeenAt is the instant whose knowledge the book shows, where that is not the
	// present: what was corrected since stands in it as it was.
	SeenAt  time.Time
	Version string // of the program
	// Facts are sorted by metric, universe and session. They tell the value, its
	// status and coverage, and when it was known, and nothing beside that.
	Facts []Fact
	// Contributions are those of the newest session of each universe. They tell
	// the weight, and what the windows hold of bought and held lines and returns.
	Contributions []Contribution
	Episodes      []Episode
	// Sheets names those that are written beside the summary; all of them where
	// it names none.
	Sheets []string
	// Names maps universes to what people call them: SPX_MEMBERS to "S&P 500".
	Names   map[string]string
	Fresh   []Freshness
	Checks  []CheckResult
	Sources []SourceLine
	// Revised are the figures that have changed since the session before closed,
	// newest first.
	Revised []Revision
}

// Revision is a figure that took another's place.
type Revision struct {
	Metric, Universe string
	Session          Date
	Was              float64
	Is               Opt[float64] // none where there is no such figure any more
	At               time.Time    // when it changed, last
}

// Freshness says how up to date one part of a table is, judged by the newest
// day in the data.
type Freshness struct {
	Dataset  string
	Part     string
	Newest   Date // newest day in the data, NoDate when there is none
	Rows     int64
	Behind   int64 // sessions or release days between Newest and the newest due day
	Expected Date  // newest day that should be there
}

// SourceLine says where figures come from: which answer of which publisher
// went into which table.
type SourceLine struct {
	Dataset   string
	Part      string
	Publisher string
	Request   string // without secrets
	From, To  Date   // days of the rows read from it, both inclusive
	FetchedAt time.Time
	Hash      string // SHA-256 of the answer
}

// Episode is a stretch of sessions on which the large index of a pair was at its
// high and had left the small one behind, and what followed its first session.
type Episode struct {
	Universe    string    // SMALL~LARGE
	Basis       string    // pr or tr
	First, Last Date      // flagged sessions
	Flags       int64     // how many
	EndKnown    time.Time // when it was known to be over; zero while it may go on
	After       [len(ForwardWindows)]Followed
}

// Followed is what both indices did over one of ForwardWindows. A value is not
// known until the window is over.
type Followed struct {
	Large, Small, Gap Opt[float64] // fractions; the small index less the large one
	AnyGap            Opt[float64] // median of the gap after any session
	Independent       int64        // windows that do not overlap, over which that is
}
