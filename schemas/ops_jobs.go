package schemas

import "time"

// SlotState is what became of a slot of a job's schedule.
type SlotState string

// The states of slots.
const (
	SlotBegan   SlotState = "began"   // the schedule was first seen; nothing was missed before
	SlotStarted SlotState = "started" // its run has begun
	SlotRan     SlotState = "ran"     // its run has ended; Reason says how
	SlotSkipped SlotState = "skipped" // it was not run, for the reason given
	SlotMissed  SlotState = "missed"  // nobody was there when it came, and it is not caught up
	SlotVoid    SlotState = "void"    // it was recorded while the clock was ahead, and comes again
)

// Slot is one line of the ledger of slots: what became of an occurrence of a
// job's schedule, or of a range of neighbouring ones. The newest line of a
// (job, slot) counts.
type Slot struct {
	Job    string
	At     time.Time // the slot; of a range, its last one
	First  time.Time // the first slot of a range; otherwise At
	Count  int64     // slots in the range
	State  SlotState
	Reason string
	Noted  time.Time // when the line was written; never before an earlier line
	Owner  string
}

// Slots is ops.slot.
var Slots = NewTable(Dataset{Database: "ops", Name: "slot", Comment: "The ledger of slots: what became of each occurrence of each schedule. The newest line of a job and slot counts.", Order: []string{"job", "slot", "noted_at"}},
	Symbol("job", "Job.", func(r *Slot) *string { return &r.Job }),
	Instant("slot", "The slot; of a range, its last one.", func(r *Slot) *time.Time { return &r.At }),
	Instant("first_slot", "The first slot of a range; otherwise the slot.", func(r *Slot) *time.Time { return &r.First }),
	Int("slots", "slots", "Slots in the range.", func(r *Slot) *int64 { return &r.Count }),
	Symbol("state", "began, started, ran, skipped, missed or void.", func(r *Slot) *string { return (*string)(&r.State) }),
	Text("reason", "How it ended, or why it was not run.", func(r *Slot) *string { return &r.Reason }),
	Instant("noted_at", "When the line was written; never before an earlier line.", func(r *Slot) *time.Time { return &r.Noted }),
	Text("owner", "Host, process and its start time.", func(r *Slot) *string { return &r.Owner }),
)

// Lease is a sign of life of a process that works on the warehouse. Its times
// are the server's, so that the clocks of different hosts do not matter.
type Lease struct {
	Owner   string
	Role    string    // run, backfill, serve
	Since   time.Time // when the process came
	Seen    time.Time // the sign of life
	Expires time.Time // when it counts as gone without another; Seen where it has left
}

// Leases is ops.lease.
var Leases = NewTable(Dataset{Database: "ops", Name: "lease", Comment: "Signs of life of the processes that work on the warehouse.", Order: []string{"owner", "seen_at"}, KeepDays: 7, KeepBy: "seen_at"},
	Text("owner", "Host, process and its start time.", func(r *Lease) *string { return &r.Owner }),
	Symbol("role", "run, backfill or serve.", func(r *Lease) *string { return &r.Role }),
	Instant("since", "When the process came.", func(r *Lease) *time.Time { return &r.Since }),
	Instant("seen_at", "The sign of life, by the server's clock.", func(r *Lease) *time.Time { return &r.Seen }),
	Instant("expires_at", "When it counts as gone without another sign.", func(r *Lease) *time.Time { return &r.Expires }),
)

// BackfillState is how a backfill stands.
type BackfillState string

// The states of backfills.
const (
	BackfillRunning   BackfillState = "running" // to be worked on by whoever has time
	BackfillPaused    BackfillState = "paused"
	BackfillCancelled BackfillState = "cancelled"
	BackfillDone      BackfillState = "done"
	BackfillFailed    BackfillState = "failed" // all was tried, and some windows failed
)

// Ended reports whether nothing more happens to a backfill.
func (s BackfillState) Ended() bool {
	return s == BackfillCancelled || s == BackfillDone || s == BackfillFailed
}

// Backfill is one line of the log of backfills: what was asked for and how it
// stands. The newest line of an id counts.
type Backfill struct {
	ID       string
	Jobs     string // names separated by commas; empty for all
	From, To Date   // half-open
	Mode     string // missing, missing_failed or all
	Order    string // newest or oldest first
	Workers  int64
	Follow   bool // also what is built from the windows
	State    BackfillState
	Note     string // why it is in this state
	By       string // who asked for the state
	At       time.Time
	Owner    string // process that works on it; empty for none
	Windows  int64  // planned
	Started  time.Time
}

// Backfills is ops.backfill.
var Backfills = NewTable(Dataset{Database: "ops", Name: "backfill", Comment: "Backfills and their states; the newest line of a backfill counts.", Order: []string{"backfill_id", "at"}},
	Text("backfill_id", "Backfill.", func(r *Backfill) *string { return &r.ID }),
	Text("jobs", "Jobs, separated by commas; empty for all.", func(r *Backfill) *string { return &r.Jobs }),
	Day("from_date", "First day.", func(r *Backfill) *Date { return &r.From }),
	Day("to_date", "First day after it.", func(r *Backfill) *Date { return &r.To }),
	Symbol("mode", "missing, missing_failed or all.", func(r *Backfill) *string { return &r.Mode }),
	Symbol("window_order", "newest or oldest first.", func(r *Backfill) *string { return &r.Order }),
	Int("workers", "", "Windows built at the same time.", func(r *Backfill) *int64 { return &r.Workers }),
	Flag("follow", "Whether what is built from the windows is brought up to date too.", func(r *Backfill) *bool { return &r.Follow }),
	Symbol("state", "running, paused, cancelled, done or failed.", func(r *Backfill) *string { return (*string)(&r.State) }),
	Text("note", "Why it is in this state.", func(r *Backfill) *string { return &r.Note }),
	Text("asked_by", "Who asked for it.", func(r *Backfill) *string { return &r.By }),
	Instant("at", "When the line was written.", func(r *Backfill) *time.Time { return &r.At }),
	Text("owner", "Process that works on it.", func(r *Backfill) *string { return &r.Owner }),
	Int("windows", "windows", "Windows planned.", func(r *Backfill) *int64 { return &r.Windows }),
	OptInstant("started_at", "When it was asked for.", func(r *Backfill) *time.Time { return &r.Started }),
)

// LogLine is a line that was logged while a run was at work.
type LogLine struct {
	RunID   string
	At      time.Time
	Number  int64 // order within the run
	Level   string
	Message string
	Facts   string // the line's attributes, as key=value
}

// LogLines is ops.log.
var LogLines = NewTable(Dataset{Database: "ops", Name: "log", Comment: "What was logged while runs were at work.", Order: []string{"run_id", "line"}, KeepDays: 90, KeepBy: "at"},
	Text("run_id", "Run.", func(r *LogLine) *string { return &r.RunID }),
	Instant("at", "When it was logged.", func(r *LogLine) *time.Time { return &r.At }),
	Int("line", "", "Order within the run.", func(r *LogLine) *int64 { return &r.Number }),
	Symbol("level", "DEBUG, INFO, WARN or ERROR.", func(r *LogLine) *string { return &r.Level }),
	Text("message", "What happened.", func(r *LogLine) *string { return &r.Message }),
	Text("facts", "The line's attributes, as key=value.", func(r *LogLine) *string { return &r.Facts }),
)

// IncidentState is how an incident stands.
type IncidentState string

// The states of incidents.
const (
	IncidentPending  IncidentState = "pending"  // seen, but not for long enough to count
	IncidentPassed   IncidentState = "passed"   // went away before it counted; nobody was told
	IncidentOpen     IncidentState = "open"     // it goes on
	IncidentResolved IncidentState = "resolved" // it is over
)

// Incident is one line of the log of incidents: something that people are told
// about once when it begins and once when it is over. The newest line of an id
// counts.
type Incident struct {
	ID       string
	Key      string // what it is about: "failing job h41", "late raw.bar vendor", …
	Kind     string // failing, check, late, missed, backfill, delivery
	Job      string
	Severity Severity
	State    IncidentState
	Message  string
	Opened   time.Time
	Resolved time.Time // when it was over; of an open one, since when it seems to be
	Told     string    // what each channel was told last: "email=error@2025-12-05T15:20:00Z,slack=resolved@2025-12-05T16:20:00Z"
	At       time.Time
}

// Incidents is ops.incident.
var Incidents = NewTable(Dataset{Database: "ops", Name: "incident", Comment: "Incidents and whom they were told; the newest line of an incident counts.", Order: []string{"incident_id", "at"}},
	Text("incident_id", "Incident.", func(r *Incident) *string { return &r.ID }),
	Text("incident_key", "What it is about.", func(r *Incident) *string { return &r.Key }),
	Symbol("kind", "failing, check, late, missed or backfill.", func(r *Incident) *string { return &r.Kind }),
	Symbol("job", "Job.", func(r *Incident) *string { return &r.Job }),
	Symbol("severity", "error or warning.", func(r *Incident) *string { return (*string)(&r.Severity) }),
	Symbol("state", "pending, passed, open or resolved.", func(r *Incident) *string { return (*string)(&r.State) }),
	Text("message", "What happened, for people.", func(r *Incident) *string { return &r.Message }),
	Instant("opened_at", "When it began.", func(r *Incident) *time.Time { return &r.Opened }),
	OptInstant("resolved_at", "When it was over.", func(r *Incident) *time.Time { return &r.Resolved }),
	Text("told", "What each channel was told last, and when.", func(r *Incident) *string { return &r.Told }),
	Instant("at", "When the line was written.", func(r *Incident) *time.Time { return &r.At }),
)
