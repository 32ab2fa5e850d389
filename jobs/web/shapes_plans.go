package web

import (
	"strings"
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Cost is what something is expected to take, judged by what was like it
// before. Zero means that nothing is known yet.
type Cost struct {
	Requests int64   `json:"requests"`
	Rows     int64   `json:"rows"`
	Bytes    int64   `json:"bytes" doc:"In the warehouse and in the archive."`
	Seconds  float64 `json:"seconds"`
}

// Planned is a window of a plan.
type Planned struct {
	Job       string     `json:"job"`
	Dataset   string     `json:"dataset"`
	Publisher *string    `json:"publisher" doc:"Null for facts."`
	Window    Window     `json:"window"`
	Verdict   string     `json:"verdict" enum:"build follows waits held up_to_date"`
	Reason    string     `json:"reason"`
	Until     *time.Time `json:"until" doc:"Of a window that waits: when it is tried again."`
	Cost      Cost       `json:"cost"`
}

// PublisherCost is what a plan asks of one publisher.
type PublisherCost struct {
	Publisher string  `json:"publisher"`
	Windows   int     `json:"windows"`
	Requests  int64   `json:"requests"`
	Minutes   float64 `json:"minutes" doc:"Under the publisher's rate limit."`
}

// Plan lists what would be done, in the order of dependence.
type Plan struct {
	At         time.Time       `json:"at"`
	Windows    []Planned       `json:"windows" doc:"Those that are up to date are counted only."`
	UpToDate   int             `json:"up_to_date"`
	Publishers []PublisherCost `json:"publishers"`
	Cost       Cost            `json:"cost" doc:"Of all windows to build."`
	Minutes    float64         `json:"minutes" doc:"How long the plan is expected to take."`
}

func planShape(p *jobs.Plan) Plan {
	return Plan{
		At: p.At.UTC(), UpToDate: p.UpToDate, Cost: Cost(p.Cost), Minutes: p.Minutes,
		Windows: each(p.Windows, func(w jobs.Planned) Planned {
			out := Planned{
				Job: w.Job, Dataset: w.Dataset, Window: windowShape(w.Window), Verdict: string(w.Verdict), Reason: w.Reason,
				Until: instant(w.Until), Cost: Cost(w.Cost),
			}
			if w.Publisher != "" {
				out.Publisher = &w.Publisher
			}
			return out
		}),
		Publishers: each(p.Publishers, func(c jobs.PublisherCost) PublisherCost { return PublisherCost(c) }),
	}
}

// BackfillSpec is what a backfill is asked to do.
type BackfillSpec struct {
	Jobs    []string     `json:"jobs,omitempty" doc:"Empty means all."`
	From    schemas.Date `json:"from"`
	To      schemas.Date `json:"to" doc:"The first day after it."`
	Mode    string       `json:"mode,omitempty" enum:"missing missing_failed all" doc:"Default missing."`
	Order   string       `json:"order,omitempty" enum:"newest oldest" doc:"Default newest."`
	Workers int          `json:"workers,omitempty" doc:"Windows built at the same time; default 2, at most 16."`
	Follow  bool         `json:"follow,omitempty" doc:"Also bring up to date what is built from the windows."`
}

// Backfill is a backfill and how it stands.
type Backfill struct {
	ID             string       `json:"id"`
	Jobs           []string     `json:"jobs" doc:"Empty means all."`
	From           schemas.Date `json:"from"`
	To             schemas.Date `json:"to" doc:"The first day after it."`
	Mode           string       `json:"mode" enum:"missing missing_failed all"`
	Order          string       `json:"order" enum:"newest oldest"`
	Workers        int64        `json:"workers"`
	Follow         bool         `json:"follow"`
	State          string       `json:"state" enum:"running paused cancelled done failed"`
	Note           string       `json:"note" doc:"Why it is in this state."`
	By             string       `json:"by" doc:"Who asked for the state."`
	Started        *time.Time   `json:"started"`
	Changed        time.Time    `json:"changed" doc:"When it came into this state."`
	Windows        int64        `json:"windows" doc:"Planned."`
	Done           int          `json:"done"`
	Failed         int          `json:"failed"`
	Running        int          `json:"running"`
	Left           int          `json:"left"`
	ElapsedSeconds float64      `json:"elapsed_seconds" doc:"Time at work, pauses left out."`
	Rate           float64      `json:"windows_per_minute"`
	LeftSeconds    *float64     `json:"left_seconds" doc:"Null while it cannot be told."`
	Alive          bool         `json:"alive" doc:"Whether a process works on it."`
}

func backfillShape(b jobs.BackfillStatus) Backfill {
	out := Backfill{
		ID: b.ID, Jobs: jobNames(b.Jobs), From: b.From, To: b.To, Mode: b.Mode, Order: b.Order, Workers: b.Workers, Follow: b.Follow,
		State: string(b.State), Note: b.Note, By: b.By, Started: instant(b.Started), Changed: b.At.UTC(), Windows: b.Windows,
		Done: b.Done, Failed: b.Failed, Running: b.Running, Left: b.Left,
		ElapsedSeconds: b.Elapsed.Seconds(), Rate: b.Rate, Alive: b.Alive,
	}
	if b.TimeLeft >= 0 {
		left := b.TimeLeft.Seconds()
		out.LeftSeconds = &left
	}
	return out
}

// jobNames splits the names that a backfill was asked for.
func jobNames(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

// Backfills lists backfills.
type Backfills struct {
	Backfills []Backfill `json:"backfills"`
}

// Started names a backfill that was started.
type Started struct {
	ID string `json:"id"`
}
