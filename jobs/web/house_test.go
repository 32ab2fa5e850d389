package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"tidemark/jobs"
	"tidemark/schemas"
)

// now is the moment of all tests: a Friday evening in New York.
var now = time.Date(2025, time.December, 5, 23, 42, 10, 0, time.UTC)

var today = schemas.NewDate(2025, time.December, 5)

// plainHouse is a house made of plain data. It remembers what it was asked to do.
type plainHouse struct {
	status    jobs.Status
	plan      jobs.Plan
	runs      []schemas.Run
	details   map[string]*jobs.RunDetail
	grids     []jobs.Grid
	slots     []schemas.Slot
	leases    []schemas.Lease
	incidents []schemas.Incident
	backfills []jobs.BackfillStatus
	universes []Universe
	workbook  []byte
	err       error // of everything, where set

	mu   sync.Mutex
	done []string
}

var _ House = (*plainHouse)(nil)

func (h *plainHouse) note(format string, args ...any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = append(h.done, fmt.Sprintf(format, args...))
	return h.err
}

func (h *plainHouse) Status(context.Context) (*jobs.Status, error) { return &h.status, h.err }

func (h *plainHouse) Plan(context.Context, jobs.Request) (*jobs.Plan, error) { return &h.plan, h.err }

func (h *plainHouse) Runs(_ context.Context, q jobs.RunQuery) ([]schemas.Run, error) {
	var out []schemas.Run
	for _, r := range h.runs {
		if (q.Job == "" || r.Job == q.Job) && (q.Outcome == "" || r.Outcome == q.Outcome) && (q.Cause == "" || r.Cause == q.Cause) &&
			(q.Before.IsZero() || r.StartedAt.Before(q.Before)) && len(out) < q.Limit {
			out = append(out, r)
		}
	}
	return out, h.err
}

func (h *plainHouse) RunDetail(_ context.Context, id string) (*jobs.RunDetail, error) {
	if d, ok := h.details[id]; ok {
		return d, h.err
	}
	return nil, fmt.Errorf("run %s: %w", id, ErrNotFound)
}

func (h *plainHouse) Grids(context.Context) ([]jobs.Grid, error) { return h.grids, h.err }

func (h *plainHouse) Slots(_ context.Context, job string, limit int) ([]schemas.Slot, error) {
	var out []schemas.Slot
	for _, s := range h.slots {
		if s.Job == job && len(out) < limit {
			out = append(out, s)
		}
	}
	return out, h.err
}

func (h *plainHouse) Leases(context.Context) ([]schemas.Lease, error) { return h.leases, h.err }

func (h *plainHouse) Trigger(_ context.Context, req jobs.Request, by string) error {
	return h.note("trigger %v refresh=%t force=%t by %s", req.Jobs, req.Refresh, req.Force, by)
}

func (h *plainHouse) Rebuild(_ context.Context, job string, w schemas.Window, by string) error {
	return h.note("rebuild %s %s by %s", job, w, by)
}

func (h *plainHouse) Backfills(context.Context) ([]jobs.BackfillStatus, error) {
	return h.backfills, h.err
}

func (h *plainHouse) BackfillStatus(_ context.Context, id string) (*jobs.BackfillStatus, error) {
	for _, b := range h.backfills {
		if b.ID == id {
			return &b, h.err
		}
	}
	return nil, fmt.Errorf("backfill %s: %w", id, ErrNotFound)
}

func (h *plainHouse) PlanBackfill(_ context.Context, spec jobs.BackfillSpec) (*jobs.Plan, error) {
	return &h.plan, h.note("plan %v", spec)
}

func (h *plainHouse) StartBackfill(_ context.Context, spec jobs.BackfillSpec, by string) (string, error) {
	return "019af0aa-0000-7000-8000-000000000001", h.note("start %v by %s", spec, by)
}

func (h *plainHouse) ControlBackfill(_ context.Context, id string, a jobs.Action, by string) error {
	return h.note("%s %s by %s", a, id, by)
}

func (h *plainHouse) Incidents(_ context.Context, limit int) ([]schemas.Incident, error) {
	return h.incidents[:min(limit, len(h.incidents))], h.err
}

// Series is a wave with a day without a value and a stretch without days.
func (h *plainHouse) Series(_ context.Context, metric, universe string, from, to schemas.Date) ([]jobs.Point, error) {
	i := slices.IndexFunc(h.universes, func(u Universe) bool { return u.ID == universe })
	m, _ := schemas.LookupMetric(metric)
	if pair := strings.Contains(universe, "~"); (m.Family == "liquidity") != (universe == "FED") || pair != (strings.HasPrefix(metric, "rs_") || strings.HasPrefix(metric, "size_gap")) {
		return nil, h.err
	}
	var out []jobs.Point
	step := 1
	if strings.HasSuffix(metric, "weekly") {
		step = 7
	}
	for d := max(from, schemas.NewDate(2014, time.January, 1)); d < min(to, today+1); d = d.AddDays(step) {
		if wd := d.Weekday(); step == 1 && (wd == time.Saturday || wd == time.Sunday) {
			continue
		}
		x := float64(d)/365.25 + float64(i)
		v := 0.32 + 0.06*math.Sin(x*2.1) + 0.012*math.Sin(x*31) + 0.006*math.Sin(x*173) - 0.07*float64(i) + 0.004*math.Sin(x*731)
		if m.Unit == "USD bn" {
			v = 5900 + 9000*(v-0.3)
		} else if m.Unit != "fraction" && m.Unit != "ratio" {
			v = 400 * (v - 0.3)
		}
		p := jobs.Point{Day: d, Value: schemas.Some(v), Status: schemas.StatusOK}
		switch {
		case d > schemas.NewDate(2025, time.June, 2) && d < schemas.NewDate(2025, time.June, 25):
			continue
		case d%97 < 6:
			p.Value, p.Status = schemas.None[float64](), schemas.LowCoverage
		case d%41 == 0:
			p.Status = schemas.StatusPartial
		}
		out = append(out, p)
	}
	return out, h.err
}

func (h *plainHouse) Universes(context.Context) ([]Universe, error) { return h.universes, h.err }

func (h *plainHouse) Workbook(context.Context) (string, func() (io.ReadSeekCloser, error), error) {
	if h.workbook == nil {
		return "", nil, fmt.Errorf("workbook: %w", ErrNotFound)
	}
	return "tidemark-2025-12-05.xlsx", func() (io.ReadSeekCloser, error) {
		return struct {
			io.ReadSeeker
			io.Closer
		}{bytes.NewReader(h.workbook), io.NopCloser(nil)}, nil
	}, h.err
}

func (h *plainHouse) Ready(context.Context) error { return h.err }

// never is a house in which nothing has run.
func never() *plainHouse {
	h := &plainHouse{status: jobs.Status{At: now}, universes: []Universe{{"SPX_MEMBERS", "S&P 500"}}}
	for _, j := range [][3]string{{"ishares:IVV", "raw.holding", "IVV"}, {"facts:concentration:SPX", "facts.concentration", "SPX_MEMBERS"}} {
		s := jobs.JobStatus{Name: j[0], Dataset: j[1], Part: j[2], Windows: 2, Stale: 2, Newest: schemas.NoDate, Expected: schemas.NoDate, Reasons: []string{j[2] + " 2024: never built", j[2] + " 2025: never built"}}
		if j[1] == "raw.holding" {
			s.Schedule, s.Next = "30 7 * * 1-5", time.Date(2025, time.December, 8, 12, 30, 0, 0, time.UTC)
		}
		h.status.Jobs = append(h.status.Jobs, s)
		row := jobs.GridRow{Part: j[2], Job: j[0]}
		for _, w := range schemas.CutYear.Windows(j[2], schemas.NewDate(2024, 1, 1), today) {
			row.Cells = append(row.Cells, jobs.GridCell{Window: w, State: jobs.WindowMissing, Reason: "never built"})
		}
		h.grids = append(h.grids, jobs.Grid{Dataset: j[1], Rows: []jobs.GridRow{row}})
	}
	return h
}

const runID = "019af0a1-2b3c-7d4e-8f50-617283940a1b"

// fresh is a house in which everything is up to date.
func fresh() *plainHouse {
	h := never()
	h.leases = []schemas.Lease{{Owner: "harbour/812/1764900000", Role: "serve", Since: now.Add(-30 * time.Hour), Seen: now.Add(-4 * time.Second), Expires: now.Add(26 * time.Second)}}
	h.workbook = []byte("PK not really a workbook")
	started := now.Add(-11 * time.Hour)
	for i := range h.status.Jobs {
		j := &h.status.Jobs[i]
		j.Stale, j.Reasons, j.Newest, j.Expected, j.LastRun, j.Outcome = 0, nil, today.AddDays(-1), today.AddDays(-1), started, "ok"
		for k := range h.grids[i].Rows[0].Cells {
			c := &h.grids[i].Rows[0].Cells[k]
			c.State, c.Reason, c.Rows, c.BuiltAt, c.RunID = jobs.WindowFresh, "up to date", 126_504, started, runID
		}
	}
	w := h.grids[0].Rows[0].Cells[1].Window
	run := schemas.Run{
		ID: runID, Command: "serve", Job: "ishares:IVV", Dataset: "raw.holding", Window: w, Reason: "the publisher was due at 2025-12-05 07:30 EST",
		StartedAt: started, FinishedAt: started.Add(2340 * time.Millisecond), Outcome: "ok", Rows: 126_504, Requests: 2, Owner: "harbour/812/1764900000", Cause: "slot 2025-12-05 12:30 UTC",
	}
	h.runs = []schemas.Run{run}
	hash := "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	check := schemas.CheckResult{RunID: runID, Check: "weights_sum", Dataset: "raw.holding", Window: w, Severity: schemas.SeverityError, Passed: true, Message: "weights sum to 99.98 %", At: started}
	h.status.Checks = []schemas.CheckResult{check}
	h.details = map[string]*jobs.RunDetail{runID: {
		Run:      run,
		Inputs:   []schemas.Input{{RunID: runID, Kind: "payload", Dataset: "ishares", Window: w, Content: hash}},
		Payloads: []schemas.Payload{{Hash: hash, Publisher: "ishares", Request: "GET https://www.ishares.com/us/products/239726/holdings.csv?asOfDate=20251204", Status: 200, Bytes: 81_204, FetchedAt: started, RunID: runID}},
		Checks:   []schemas.CheckResult{check},
		Log: []schemas.LogLine{
			{RunID: runID, At: started, Number: 1, Level: "INFO", Message: "answer fetched", Facts: "status=200 bytes=81204"},
			{RunID: runID, At: started.Add(2 * time.Second), Number: 2, Level: "WARN", Message: "lines without an identifier are left out", Facts: "lines=3"},
		},
	}}
	h.slots = []schemas.Slot{
		{Job: "ishares:IVV", At: started, First: started, Count: 1, State: schemas.SlotRan, Reason: "ok", Noted: started},
		{Job: "ishares:IVV", At: started.Add(-24 * time.Hour), First: started.Add(-72 * time.Hour), Count: 3, State: schemas.SlotMissed, Reason: "nobody was there", Noted: started},
	}
	h.plan = jobs.Plan{At: now, UpToDate: 4}
	return h
}

// late is a house that waits for a publisher.
func late() *plainHouse {
	h := fresh()
	j := &h.status.Jobs[0]
	j.Newest, j.Behind, j.Stale, j.Outcome, j.Reasons = today.AddDays(-4), 3, 1, "not_yet", []string{"IVV 2025: the publisher was due at 2025-12-05 07:30 EST"}
	h.grids[0].Rows[0].Cells[1].State = jobs.WindowStale
	h.incidents = []schemas.Incident{{ID: "i1", Key: "late raw.holding IVV", Kind: "late", Job: "ishares:IVV", Severity: schemas.SeverityWarning, State: schemas.IncidentOpen, Message: "raw.holding IVV is 3 sessions behind", Opened: now.Add(-5 * time.Hour), Told: "mail", At: now}}
	return h
}

// broken is a house in which a job fails.
func broken() *plainHouse {
	h := fresh()
	j := &h.status.Jobs[0]
	j.Outcome, j.Error, j.Stale, j.Reasons = "failed", "ishares: fetch IVV: 503 Service Unavailable <html>", 1, []string{"IVV 2025: the publisher was due at 2025-12-05 07:30 EST"}
	h.grids[0].Rows[0].Cells[1].State = jobs.WindowFailed
	h.grids[1].Rows[0].Cells[1].State = jobs.WindowHeld
	w := h.grids[0].Rows[0].Cells[1].Window
	h.status.Checks = append(h.status.Checks, schemas.CheckResult{RunID: runID, Check: "shrunk", Dataset: "raw.holding", Window: w, Severity: schemas.SeverityError, Message: "no rows where there were 126504", At: now})
	h.incidents = []schemas.Incident{
		{ID: "i1", Key: "failing job ishares:IVV", Kind: "failing", Job: "ishares:IVV", Severity: schemas.SeverityError, State: schemas.IncidentOpen, Message: "ishares:IVV has failed 3 times", Opened: now.Add(-5 * time.Hour), At: now},
		{ID: "i0", Key: "late raw.bar vendor", Kind: "late", Job: "ishares:IVV", Severity: schemas.SeverityWarning, State: schemas.IncidentResolved, Message: "raw.bar vendor was late", Opened: now.Add(-80 * time.Hour), Resolved: now.Add(-70 * time.Hour), Told: "mail", At: now},
	}
	return h
}

const backfillID = "019af0aa-1111-7000-8000-00000000beef"

// filling is a house with a backfill at work.
func filling() *plainHouse {
	h := fresh()
	h.backfills = []jobs.BackfillStatus{
		{
			Backfill: schemas.Backfill{ID: backfillID, Jobs: "ishares:IVV", From: schemas.NewDate(2015, 1, 1), To: schemas.NewDate(2026, 1, 1), Mode: "missing", Order: "newest", Workers: 2, Follow: true, State: schemas.BackfillRunning, By: "local (page)", At: now.Add(-9 * time.Minute), Owner: "harbour/812/1764900000", Windows: 132, Started: now.Add(-9 * time.Minute)},
			Done:     57, Failed: 2, Running: 2, Left: 71, Elapsed: 9 * time.Minute, Rate: 6.5, TimeLeft: 11 * time.Minute, Alive: true,
		},
		{
			Backfill: schemas.Backfill{ID: "019aef00-1111-7000-8000-00000000cafe", From: schemas.NewDate(2024, 1, 1), To: schemas.NewDate(2025, 1, 1), Mode: "all", Order: "oldest", Workers: 1, State: schemas.BackfillDone, By: "local (API)", At: now.Add(-20 * time.Hour), Windows: 12, Started: now.Add(-21 * time.Hour)},
			Done:     12, Elapsed: 50 * time.Minute, TimeLeft: -1,
		},
	}
	w := h.grids[0].Rows[0].Cells[0].Window
	h.plan = jobs.Plan{
		At: now, UpToDate: 3, Minutes: 4.5, Cost: jobs.Cost{Requests: 130, Rows: 126_000, Bytes: 21_000_000, Seconds: 300},
		Windows: []jobs.Planned{
			{Job: "ishares:IVV", Dataset: "raw.holding", Publisher: "ishares", Window: w, Verdict: jobs.Build, Reason: "never built", Cost: jobs.Cost{Requests: 130, Rows: 126_000, Bytes: 21_000_000, Seconds: 260}},
			{Job: "facts:concentration:SPX", Dataset: "facts.concentration", Window: h.grids[1].Rows[0].Cells[0].Window, Verdict: jobs.Follows, Reason: "follows raw.holding IVV 2024"},
			{Job: "facts:concentration:SPX", Dataset: "facts.concentration", Window: h.grids[1].Rows[0].Cells[1].Window, Verdict: jobs.Waits, Reason: "failed twice", Until: now.Add(time.Hour)},
		},
		Publishers: []jobs.PublisherCost{{Publisher: "ishares", Windows: 1, Requests: 130, Minutes: 4.3}},
	}
	return h
}

// houses are the states that the golden pages show.
func houses() map[string]*plainHouse {
	return map[string]*plainHouse{"never": never(), "fresh": fresh(), "late": late(), "failing": broken(), "backfilling": filling()}
}
