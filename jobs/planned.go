package jobs

import (
	"time"

	"tidemark/schemas"
)

// Verdict is what a plan says of a window.
type Verdict string

// The verdicts.
const (
	Build    Verdict = "build"      // it is stale and can be built now
	Follows  Verdict = "follows"    // it is stale if a window before it in the plan changes
	Waits    Verdict = "waits"      // it is stale, but is not tried again before some time
	HeldBack Verdict = "held"       // something that it needs is missing or failed
	UpToDate Verdict = "up_to_date" // nothing is to be done
)

// Planned is one window of a plan, with what it is expected to cost.
type Planned struct {
	Job       string
	Dataset   string
	Publisher string // of a fetched window; empty for facts
	Window    schemas.Window
	Verdict   Verdict
	Reason    string
	Until     time.Time // of a window that waits: when it is tried again
	Perhaps   bool      // of one that follows: it is up to date unless what it follows changes
	Inputs    int       // windows that it will be built from; 0 for a fetched one
	Cost      Cost
}

// ofAllHistory tells whether a window of facts is made of all there is of what
// it needs.
func (p Planned) ofAllHistory() bool {
	return p.Inputs > 0 && p.Window == schemas.CutWhole.Window(p.Window.Part, schemas.MinDate)
}

// Cost is what a window is expected to take, judged by what windows like it
// took before. Zero means that nothing is known yet.
type Cost struct {
	Requests int64
	Rows     int64
	Bytes    int64 // on the warehouse's disk
	Seconds  float64
}

// Plan lists what a pass would do, in the order of dependence.
type Plan struct {
	At         time.Time
	Windows    []Planned // those that are up to date are counted only
	UpToDate   int
	Publishers []PublisherCost
	Cost       Cost // of all windows to build
	// Minutes is how long the workers are expected to take, which is no less than
	// what the rate limits ask for.
	Minutes float64
}

// PublisherCost is what a plan asks of one publisher.
type PublisherCost struct {
	Publisher string
	Windows   int
	Requests  int64
	Minutes   float64 // under its rate limit
}

// RunQuery chooses runs. Empty fields choose all.
type RunQuery struct {
	Job, Dataset, Part, Outcome, Cause string
	Before                             time.Time // only runs that started before
	Limit                              int       // newest first; 0 means 100
}

// RunDetail is everything that is known of a run.
type RunDetail struct {
	Run      schemas.Run
	Inputs   []schemas.Input
	Payloads []schemas.Payload
	Checks   []schemas.CheckResult
	Log      []schemas.LogLine
}

// WindowState is how a window stands, in one word, for a grid of windows.
type WindowState string

// The states of windows.
const (
	WindowFresh   WindowState = "fresh"   // built and up to date
	WindowEmpty   WindowState = "no_data" // built, and the publisher has nothing for it
	WindowStale   WindowState = "stale"   // built, but something has changed
	WindowMissing WindowState = "missing" // never built
	WindowFailed  WindowState = "failed"  // its newest run failed; what was built before stays
	WindowHeld    WindowState = "held"    // waits for something that is missing or failed
	WindowRunning WindowState = "running" // a run is at work on it
)

// Grid is a table's windows: a row for each part, a cell for each window.
type Grid struct {
	Dataset string
	Rows    []GridRow
}

// GridRow is one part of a table.
type GridRow struct {
	Part  string
	Job   string
	Cells []GridCell
}

// GridCell is one window.
type GridCell struct {
	Window  schemas.Window
	State   WindowState
	Reason  string
	Rows    int64
	BuiltAt time.Time // zero when it was never built
	RunID   string    // its newest run
}

// The modes of a backfill.
const (
	ModeMissing       = "missing"        // what was never built or has become stale
	ModeMissingFailed = "missing_failed" // that, and what failed when it was last tried
	ModeAll           = "all"            // everything, also what is up to date
)

// The orders of a backfill.
const (
	NewestFirst = "newest"
	OldestFirst = "oldest"
)

// BackfillSpec is what a backfill is asked to do.
type BackfillSpec struct {
	Jobs     []string // empty means all
	From, To schemas.Date
	Mode     string // default missing
	Order    string // default newest
	Workers  int    // default 2
	Follow   bool   // also bring up to date what is built from the windows
}

// BackfillStatus is how a backfill stands.
type BackfillStatus struct {
	schemas.Backfill
	Done     int // windows that ended well
	Failed   int
	Running  int
	Left     int
	Elapsed  time.Duration // time at work, pauses left out
	Rate     float64       // windows a minute
	TimeLeft time.Duration // negative while it cannot be told
	Alive    bool          // whether a process works on it
}

// Action is what can be asked of a backfill that was started.
type Action string

// The actions.
const (
	Pause  Action = "pause"
	Resume Action = "resume"
	Cancel Action = "cancel"
)

// Point is one figure of a series.
type Point struct {
	Day    schemas.Date
	Value  schemas.Opt[float64]
	Status schemas.Status
}
