package web

import (
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Status is everything at a glance.
type Status struct {
	At        time.Time  `json:"at"`
	Jobs      []Job      `json:"jobs"`
	Failing   []Check    `json:"failing_checks"`
	Incidents []Incident `json:"open_incidents"`
	Leases    []Lease    `json:"leases"`
}

// Job is a job and how it stands.
type Job struct {
	Name     string        `json:"name"`
	Dataset  string        `json:"dataset" doc:"The table that it makes."`
	Part     string        `json:"part" doc:"The part of the table."`
	Windows  int           `json:"windows"`
	Stale    int           `json:"stale" doc:"Windows that are not up to date."`
	Reasons  []string      `json:"reasons" doc:"Why, one for each stale window."`
	Newest   *schemas.Date `json:"newest" doc:"Newest day in the data."`
	Expected *schemas.Date `json:"expected" doc:"Newest day that should be there; null where no day can be named."`
	Behind   int64         `json:"behind" doc:"Sessions between the two."`
	LastRun  *time.Time    `json:"last_run"`
	Outcome  *string       `json:"outcome" doc:"Of the last run; null when it never ran." enum:"running ok unchanged no_data not_yet failed stopped held"`
	Error    string        `json:"error"`
	Schedule string        `json:"schedule" doc:"Cron lines in New York time; empty for what follows other jobs."`
	Next     *time.Time    `json:"next" doc:"The next slot."`
}

func jobShape(j jobs.JobStatus) Job {
	out := Job{
		Name: j.Name, Dataset: j.Dataset, Part: j.Part, Windows: j.Windows, Stale: j.Stale, Reasons: append([]string{}, j.Reasons...),
		Newest: day(j.Newest), Expected: day(j.Expected), Behind: j.Behind, LastRun: instant(j.LastRun), Error: j.Error,
		Schedule: j.Schedule, Next: instant(j.Next),
	}
	if j.Outcome != "" {
		out.Outcome = &j.Outcome
	}
	return out
}

// Jobs lists jobs.
type Jobs struct {
	Jobs []Job `json:"jobs"`
}

// Check is the outcome of a check of a window.
type Check struct {
	Check    string    `json:"check"`
	Dataset  string    `json:"dataset"`
	Window   Window    `json:"window"`
	Severity string    `json:"severity" enum:"error warning" doc:"An error keeps the window from being replaced."`
	Passed   bool      `json:"passed"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
	Run      string    `json:"run"`
}

func checkShape(c schemas.CheckResult) Check {
	return Check{c.Check, c.Dataset, windowShape(c.Window), string(c.Severity), c.Passed, c.Message, c.At.UTC(), c.RunID}
}

// Checks lists checks.
type Checks struct {
	Checks []Check `json:"checks"`
}

// Freshness says how up to date a part of a table is.
type Freshness struct {
	Dataset  string        `json:"dataset"`
	Part     string        `json:"part"`
	Job      string        `json:"job"`
	Newest   *schemas.Date `json:"newest"`
	Expected *schemas.Date `json:"expected"`
	Behind   int64         `json:"behind" doc:"Sessions."`
}

// Freshnesses lists parts of tables.
type Freshnesses struct {
	Parts []Freshness `json:"parts"`
}

// Incident is something that people are told about when it begins and when it
// is over.
type Incident struct {
	ID       string     `json:"id"`
	Key      string     `json:"key" doc:"What it is about."`
	Kind     string     `json:"kind" doc:"failing, check, late, missed, backfill or delivery."`
	Job      string     `json:"job"`
	Severity string     `json:"severity" enum:"error warning"`
	State    string     `json:"state" enum:"open resolved"`
	Message  string     `json:"message"`
	Opened   time.Time  `json:"opened"`
	Resolved *time.Time `json:"resolved"`
	Told     string     `json:"told" doc:"Channels that know of the state, separated by commas."`
}

func incidentShape(i schemas.Incident) Incident {
	return Incident{
		ID: i.ID, Key: i.Key, Kind: i.Kind, Job: i.Job, Severity: string(i.Severity), State: string(i.State), Message: i.Message,
		Opened: i.Opened.UTC(), Resolved: instant(i.Resolved), Told: i.Told,
	}
}

// Incidents lists incidents.
type Incidents struct {
	Incidents []Incident `json:"incidents"`
}

// Lease is a sign of life of a process that works on the warehouse.
type Lease struct {
	Owner   string    `json:"owner" doc:"Host, process and its start."`
	Role    string    `json:"role" doc:"run, backfill or serve."`
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"`
}

func leaseShape(l schemas.Lease) Lease {
	return Lease{l.Owner, l.Role, l.Since.UTC(), l.Seen.UTC(), l.Expires.UTC()}
}

// Leases lists processes.
type Leases struct {
	Leases []Lease `json:"leases"`
}

// Slot is what became of an occurrence of a job's schedule, or of a range of
// neighbouring ones.
type Slot struct {
	Job    string    `json:"job"`
	At     time.Time `json:"at" doc:"The slot; of a range, its last one."`
	First  time.Time `json:"first" doc:"The first slot of the range."`
	Count  int64     `json:"count" doc:"Slots in the range."`
	State  string    `json:"state" enum:"started ran skipped missed void"`
	Reason string    `json:"reason"`
	Noted  time.Time `json:"noted"`
}

func slotShape(s schemas.Slot) Slot {
	return Slot{s.Job, s.At.UTC(), s.First.UTC(), s.Count, string(s.State), s.Reason, s.Noted.UTC()}
}

// Slots lists slots.
type Slots struct {
	Slots []Slot `json:"slots"`
}
