package schemas

import "time"

// Run is one line of the run log: a job at work on one window. A run has two
// lines, one when it starts and one when it ends.
type Run struct {
	ID         string
	Command    string // run, demo, replay, …
	Job        string
	Dataset    string
	Window     Window
	Reason     string // why the window was stale
	StartedAt  time.Time
	FinishedAt time.Time // zero on the starting line
	Outcome    string    // running, ok, unchanged, no_data, not_yet, failed, stopped
	Rows       int64
	Requests   int64
	Owner      string // the warehouse's name of the process: host, id, start
	Error      string
	Cause      string // what asked for it: a command, "slot 2025-12-05 23:30 UTC", "backfill ID", …
}

// Runs is ops.run.
var Runs = NewTable(Dataset{Database: "ops", Name: "run", Comment: "The run log: a line when a run starts and one when it ends.", Order: []string{"started_at", "run_id", "outcome"}},
	Text("run_id", "Run.", func(r *Run) *string { return &r.ID }),
	Symbol("command", "Command or service that asked for it.", func(r *Run) *string { return &r.Command }),
	Symbol("job", "Job.", func(r *Run) *string { return &r.Job }),
	Symbol("dataset", "Table it brings up to date.", func(r *Run) *string { return &r.Dataset }),
	Symbol("part", "Part of the table.", func(r *Run) *string { return &r.Window.Part }),
	Day("from_date", "First day of the window.", func(r *Run) *Date { return &r.Window.From }),
	windowEnd(func(r *Run) *Date { return &r.Window.To }),
	Text("reason", "Why the window was stale.", func(r *Run) *string { return &r.Reason }),
	Instant("started_at", "When it started.", func(r *Run) *time.Time { return &r.StartedAt }),
	OptInstant("finished_at", "When it ended.", func(r *Run) *time.Time { return &r.FinishedAt }),
	Symbol("outcome", "running, ok, unchanged, no_data, not_yet, failed or stopped.", func(r *Run) *string { return &r.Outcome }),
	Int("rows", "rows", "Rows of the window built.", func(r *Run) *int64 { return &r.Rows }),
	Int("requests", "requests", "Answers asked of publishers.", func(r *Run) *int64 { return &r.Requests }),
	Text("owner", "Host, process and its start time.", func(r *Run) *string { return &r.Owner }),
	Text("error", "What went wrong.", func(r *Run) *string { return &r.Error }),
	Text("cause", "What asked for it: a command, a slot, a backfill, a person on the page.", func(r *Run) *string { return &r.Cause }),
)

// Built is one build of a window: what went in and what came out.
type Built struct {
	Dataset string
	Window  Window
	Rows    int64
	Content string // fingerprint of the rows, origin columns left out
	Inputs  string // fingerprint of what went in
	Method  string // version of the code that built it
	RunID   string
	SwapID  string
	BuiltAt time.Time // when it was last found to be up to date
	Reach   Date      // newest day that the window has ever held; NoDate where it never held a row, or a build of old did not tell
}

// Builds is ops.window. The line with the newest built_at of a window counts.
var Builds = NewTable(Dataset{Database: "ops", Name: "window", Comment: "Builds of windows; the newest line of a window tells its state.", Order: []string{"dataset", "part", "from_date", "built_at"}},
	Symbol("dataset", "Table.", func(r *Built) *string { return &r.Dataset }),
	Symbol("part", "Part of the table.", func(r *Built) *string { return &r.Window.Part }),
	Day("from_date", "First day of the window.", func(r *Built) *Date { return &r.Window.From }),
	windowEnd(func(r *Built) *Date { return &r.Window.To }),
	Int("rows", "rows", "Rows in the window.", func(r *Built) *int64 { return &r.Rows }),
	Text("content", "Fingerprint of the rows without their origin columns.", func(r *Built) *string { return &r.Content }),
	Text("inputs", "Fingerprint of what went in.", func(r *Built) *string { return &r.Inputs }),
	Symbol("method", "Version of the code that built it.", func(r *Built) *string { return &r.Method }),
	Text("run_id", "Run that built it.", func(r *Built) *string { return &r.RunID }),
	Text("swap_id", "Swap that made it visible; empty when the content was unchanged.", func(r *Built) *string { return &r.SwapID }),
	Instant("built_at", "When it was last found to be up to date.", func(r *Built) *time.Time { return &r.BuiltAt }),
	OptDay("reach", "Newest day that the window has ever held.", func(r *Built) *Date { return &r.Reach }),
)

// Input is one thing that went into a build: a window of another table, or a
// publisher's answer.
type Input struct {
	RunID   string
	Kind    string // window or payload
	Dataset string // of the window
	Window  Window // of the input
	Content string // the window's content fingerprint, or the payload's SHA-256
}

// The kinds of inputs.
const (
	InputWindow  = "window"
	InputPayload = "payload"
)

// Inputs is ops.input.
var Inputs = NewTable(Dataset{Database: "ops", Name: "input", Comment: "What went into each build.", Order: []string{"run_id", "kind", "dataset", "part", "from_date", "content"}},
	Text("run_id", "Run that used it.", func(r *Input) *string { return &r.RunID }),
	Symbol("kind", "window or payload.", func(r *Input) *string { return &r.Kind }),
	Symbol("dataset", "Table of the window; publisher of the payload.", func(r *Input) *string { return &r.Dataset }),
	Symbol("part", "Part of the table.", func(r *Input) *string { return &r.Window.Part }),
	Day("from_date", "First day of the window.", func(r *Input) *Date { return &r.Window.From }),
	windowEnd(func(r *Input) *Date { return &r.Window.To }),
	Text("content", "Content fingerprint of the window, or SHA-256 of the payload.", func(r *Input) *string { return &r.Content }),
)

// Payload is one archived answer of a publisher.
type Payload struct {
	Hash      string // SHA-256 of the decoded body
	Publisher string
	Request   string // method and address, secrets left out
	Status    int64
	Bytes     int64
	FetchedAt time.Time
	RunID     string
}

// Payloads is ops.payload.
var Payloads = NewTable(Dataset{Database: "ops", Name: "payload", Comment: "Publishers' answers in the archive.", Order: []string{"payload", "fetched_at"}},
	Text("payload", "SHA-256 of the answer's decoded body, its name in the archive.", func(r *Payload) *string { return &r.Hash }),
	Symbol("publisher", "Who answered.", func(r *Payload) *string { return &r.Publisher }),
	Text("request", "What was asked, secrets left out.", func(r *Payload) *string { return &r.Request }),
	Int("status", "", "HTTP status.", func(r *Payload) *int64 { return &r.Status }),
	Int("bytes", "bytes", "Size of the decoded body.", func(r *Payload) *int64 { return &r.Bytes }),
	Instant("fetched_at", "When it was fetched.", func(r *Payload) *time.Time { return &r.FetchedAt }),
	Text("run_id", "Run that asked.", func(r *Payload) *string { return &r.RunID }),
)

// Severity says what a failed check does.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // blocks the window; the old one stays
	SeverityWarning Severity = "warning" // shown
)

// CheckResult is the outcome of one check of one window.
type CheckResult struct {
	RunID    string
	Check    string
	Dataset  string
	Window   Window
	Severity Severity
	Passed   bool
	Message  string // what was found, with security and date where it applies
	At       time.Time
}

// CheckResults is ops.check.
var CheckResults = NewTable(Dataset{Database: "ops", Name: "check", Comment: "Outcomes of checks.", Order: []string{"dataset", "part", "from_date", "at", "check_name"}},
	Text("run_id", "Run that was checked.", func(r *CheckResult) *string { return &r.RunID }),
	Symbol("check_name", "Check.", func(r *CheckResult) *string { return &r.Check }),
	Symbol("dataset", "Table.", func(r *CheckResult) *string { return &r.Dataset }),
	Symbol("part", "Part of the table.", func(r *CheckResult) *string { return &r.Window.Part }),
	Day("from_date", "First day of the window.", func(r *CheckResult) *Date { return &r.Window.From }),
	windowEnd(func(r *CheckResult) *Date { return &r.Window.To }),
	Symbol("severity", "error or warning.", func(r *CheckResult) *string { return (*string)(&r.Severity) }),
	Flag("passed", "Whether it passed.", func(r *CheckResult) *bool { return &r.Passed }),
	Text("message", "What was found.", func(r *CheckResult) *string { return &r.Message }),
	Instant("at", "When it was checked.", func(r *CheckResult) *time.Time { return &r.At }),
)

// SwapStep is one line of the journal of window swaps. The journal is what a
// crash in the middle of a swap is finished or undone from.
type SwapStep struct {
	SwapID  string
	Dataset string
	Window  Window
	Step    string // staging, verified, swapped, done, undone
	Staging string // name of the staging table
	Rows    int64
	Hash    string // fingerprint of all columns
	Content string // fingerprint without the origin columns
	Inputs  string
	Method  string
	RunID   string
	Owner   string
	At      time.Time
	Reach   Date // as in Built
}

// Journal is ops.swap.
var Journal = NewTable(Dataset{Database: "ops", Name: "swap", Comment: "Journal of window swaps.", Order: []string{"dataset", "part", "from_date", "swap_id", "at"}},
	Text("swap_id", "Swap.", func(r *SwapStep) *string { return &r.SwapID }),
	Symbol("dataset", "Table.", func(r *SwapStep) *string { return &r.Dataset }),
	Symbol("part", "Part of the table.", func(r *SwapStep) *string { return &r.Window.Part }),
	Day("from_date", "First day of the window.", func(r *SwapStep) *Date { return &r.Window.From }),
	windowEnd(func(r *SwapStep) *Date { return &r.Window.To }),
	Symbol("step", "staging, verified, swapped, done or undone.", func(r *SwapStep) *string { return &r.Step }),
	Text("staging", "Staging table.", func(r *SwapStep) *string { return &r.Staging }),
	Int("rows", "rows", "Rows staged.", func(r *SwapStep) *int64 { return &r.Rows }),
	Text("hash", "Fingerprint of all columns.", func(r *SwapStep) *string { return &r.Hash }),
	Text("content", "Fingerprint without the origin columns.", func(r *SwapStep) *string { return &r.Content }),
	Text("inputs", "Fingerprint of what went in.", func(r *SwapStep) *string { return &r.Inputs }),
	Symbol("method", "Version of the code.", func(r *SwapStep) *string { return &r.Method }),
	Text("run_id", "Run.", func(r *SwapStep) *string { return &r.RunID }),
	Text("owner", "Host, process and its start time.", func(r *SwapStep) *string { return &r.Owner }),
	Instant("at", "When the step was reached.", func(r *SwapStep) *time.Time { return &r.At }),
	OptDay("reach", "Newest day that the window has ever held, once the swap is done.", func(r *SwapStep) *Date { return &r.Reach }),
)

func windowEnd[T any](ref func(*T) *Date) Field[T] {
	return Day("to_date", "First day after the window.", ref)
}
