package web

import (
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Run is a job at work on one window.
type Run struct {
	ID       string     `json:"id"`
	Command  string     `json:"command"`
	Cause    string     `json:"cause" doc:"What asked for it."`
	Job      string     `json:"job"`
	Dataset  string     `json:"dataset"`
	Window   Window     `json:"window"`
	Reason   string     `json:"reason" doc:"Why the window was stale."`
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished"`
	Seconds  *float64   `json:"seconds" doc:"How long it took."`
	Outcome  string     `json:"outcome" enum:"running ok unchanged no_data not_yet failed stopped held"`
	Rows     int64      `json:"rows"`
	Requests int64      `json:"requests" doc:"Answers asked of publishers."`
	Error    string     `json:"error"`
}

func runShape(r schemas.Run) Run {
	out := Run{
		ID: r.ID, Command: r.Command, Cause: r.Cause, Job: r.Job, Dataset: r.Dataset, Window: windowShape(r.Window), Reason: r.Reason,
		Started: r.StartedAt.UTC(), Finished: instant(r.FinishedAt), Outcome: r.Outcome, Rows: r.Rows, Requests: r.Requests, Error: r.Error,
	}
	if !r.FinishedAt.IsZero() {
		took := r.FinishedAt.Sub(r.StartedAt).Seconds()
		out.Seconds = &took
	}
	return out
}

// Runs is a page of runs.
type Runs struct {
	Runs []Run      `json:"runs"`
	Next *time.Time `json:"next_before" doc:"Give it as before to see older runs; null when there are none."`
}

// RunDetail is everything that is known of a run.
type RunDetail struct {
	Run      Run       `json:"run"`
	Inputs   []Input   `json:"inputs"`
	Payloads []Payload `json:"payloads"`
	Checks   []Check   `json:"checks"`
	Log      []LogLine `json:"log"`
}

func runDetailShape(d *jobs.RunDetail) RunDetail {
	return RunDetail{
		Run: runShape(d.Run), Inputs: each(d.Inputs, inputShape), Payloads: each(d.Payloads, payloadShape), Checks: each(d.Checks, checkShape),
		Log: each(d.Log, logShape),
	}
}

// Input is one thing that went into a build.
type Input struct {
	Kind    string `json:"kind" enum:"window payload"`
	Dataset string `json:"dataset" doc:"Table of the window; publisher of the payload."`
	Window  Window `json:"window"`
	Content string `json:"content" doc:"Fingerprint of the window, or SHA-256 of the payload."`
}

func inputShape(i schemas.Input) Input {
	return Input{i.Kind, i.Dataset, windowShape(i.Window), i.Content}
}

// Payload is an archived answer of a publisher.
type Payload struct {
	SHA256    string    `json:"sha256"`
	Publisher string    `json:"publisher"`
	Request   string    `json:"request" doc:"Without secrets."`
	Status    int64     `json:"status"`
	Bytes     int64     `json:"bytes"`
	FetchedAt time.Time `json:"fetched_at"`
}

func payloadShape(p schemas.Payload) Payload {
	return Payload{p.Hash, p.Publisher, p.Request, p.Status, p.Bytes, p.FetchedAt.UTC()}
}

// LogLine is a line that was logged while a run was at work.
type LogLine struct {
	At      time.Time `json:"at"`
	Number  int64     `json:"number"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Facts   string    `json:"facts" doc:"The line's attributes, as key=value."`
}

func logShape(l schemas.LogLine) LogLine {
	return LogLine{l.At.UTC(), l.Number, l.Level, l.Message, l.Facts}
}

// Grids lists tables with their windows.
type Grids struct {
	Tables []Grid `json:"tables"`
}

// Grid is a table's windows.
type Grid struct {
	Dataset string    `json:"dataset"`
	Parts   []GridRow `json:"parts"`
}

// GridRow is a part of a table.
type GridRow struct {
	Part    string     `json:"part"`
	Job     string     `json:"job"`
	Windows []GridCell `json:"windows"`
}

// GridCell is a window and how it stands.
type GridCell struct {
	Window  Window     `json:"window"`
	State   string     `json:"state" enum:"fresh no_data stale missing failed held running"`
	Reason  string     `json:"reason"`
	Rows    int64      `json:"rows"`
	BuiltAt *time.Time `json:"built_at" doc:"Null when it was never built."`
	Run     *string    `json:"run" doc:"Its newest run."`
}

func gridShape(g jobs.Grid) Grid {
	return Grid{g.Dataset, each(g.Rows, func(r jobs.GridRow) GridRow {
		return GridRow{r.Part, r.Job, each(r.Cells, cellShape)}
	})}
}

func cellShape(c jobs.GridCell) GridCell {
	out := GridCell{Window: windowShape(c.Window), State: string(c.State), Reason: c.Reason, Rows: c.Rows, BuiltAt: instant(c.BuiltAt)}
	if c.RunID != "" {
		out.Run = &c.RunID
	}
	return out
}
