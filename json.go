package main

import (
	"time"

	"tidemark/jobs"
	"tidemark/jobs/deliver"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// The shapes of --json. They are promises to scripts, so they stand apart from
// the types the program works with.

type windowJSON struct {
	Part string       `json:"part"`
	From schemas.Date `json:"from"`
	To   schemas.Date `json:"to"` // the first day after it
}

func windowOf(w schemas.Window) windowJSON { return windowJSON{w.Part, w.From, w.To} }

// resultJSON is what became of a window.
type resultJSON struct {
	Job      string       `json:"job"`
	Dataset  string       `json:"dataset"`
	Window   windowJSON   `json:"window"`
	Outcome  jobs.Outcome `json:"outcome"`
	Reason   string       `json:"reason"`
	Rows     int64        `json:"rows"`
	Requests int          `json:"requests"`
	Seconds  float64      `json:"seconds"`
	Error    string       `json:"error,omitempty"`
}

type reportJSON struct {
	UpToDate int          `json:"up_to_date"` // windows that needed nothing
	Windows  []resultJSON `json:"windows"`
}

func reportOf(report *jobs.Report) reportJSON {
	out := reportJSON{UpToDate: report.UpToDate, Windows: []resultJSON{}}
	for _, r := range report.Results {
		w := resultJSON{Job: r.Job, Dataset: r.Dataset, Window: windowOf(r.Window), Outcome: r.Outcome, Reason: r.Reason, Rows: r.Rows, Requests: r.Requests, Seconds: r.Took.Seconds()}
		if r.Err != nil {
			w.Error = r.Err.Error()
		}
		out.Windows = append(out.Windows, w)
	}
	return out
}

type checkJSON struct {
	Dataset  string     `json:"dataset"`
	Window   windowJSON `json:"window"`
	Check    string     `json:"check"`
	Severity string     `json:"severity"`
	Passed   bool       `json:"passed"`
	Message  string     `json:"message"`
	At       time.Time  `json:"at"`
	Run      string     `json:"run"`
}

type statusJSON struct {
	At     time.Time        `json:"at"`
	Jobs   []jobs.JobStatus `json:"jobs"`
	Checks []checkJSON      `json:"checks"`
}

func statusOf(st *jobs.Status) statusJSON {
	return statusJSON{At: st.At, Jobs: st.Jobs, Checks: checksOf(st.Checks)}
}

func checksOf(results []schemas.CheckResult) []checkJSON {
	out := []checkJSON{}
	for _, c := range results {
		out = append(out, checkJSON{c.Dataset, windowOf(c.Window), c.Check, string(c.Severity), c.Passed, c.Message, c.At, c.RunID})
	}
	return out
}

// jobChecksJSON is what a job's windows are checked for.
type jobChecksJSON struct {
	Job    string           `json:"job"`
	Checks []jobs.CheckInfo `json:"checks"`
}

func checkListOf(catalog *jobs.Catalog, asked func(*jobs.Job) bool) []jobChecksJSON {
	out := []jobChecksJSON{}
	for _, j := range catalog.Jobs {
		if asked(j) {
			out = append(out, jobChecksJSON{j.Name, append([]jobs.CheckInfo{}, j.Checks...)})
		}
	}
	return out
}

type factJSON struct {
	Metric   string       `json:"metric"`
	Universe string       `json:"universe"`
	Session  schemas.Date `json:"session"`
	Value    *float64     `json:"value"` // null where status gives the reason
	Unit     string       `json:"unit"`
	Status   string       `json:"status"`
	Formula  string       `json:"formula"`
	Basis    string       `json:"basis"`
	Detail   string       `json:"detail"`
	Members  int64        `json:"members"`
	Excluded int64        `json:"excluded"`
	Coverage *float64     `json:"coverage"`
	Method   int64        `json:"method"`
	KnownAt  time.Time    `json:"known_at"`
	Run      string       `json:"run"`
}

type payloadJSON struct {
	SHA256    string    `json:"sha256"`
	Publisher string    `json:"publisher"`
	Request   string    `json:"request"`
	Bytes     int64     `json:"bytes"`
	FetchedAt time.Time `json:"fetched_at"`
}

// lineageJSON is a build. A window that several others were built from is
// listed in each.
type lineageJSON struct {
	Dataset  string        `json:"dataset"`
	Window   windowJSON    `json:"window"`
	Rows     int64         `json:"rows"`
	Content  string        `json:"content"`
	Run      string        `json:"run"`
	Payloads []payloadJSON `json:"payloads,omitempty"`
	Windows  []lineageJSON `json:"windows,omitempty"`
}

type traceJSON struct {
	Fact factJSON `json:"fact"`
	// Versions are what the figure has been, oldest first.
	Versions []versionJSON `json:"versions"`
	From     lineageJSON   `json:"from"`
}

type versionJSON struct {
	Value     *float64   `json:"value"`
	Status    string     `json:"status"`
	Run       string     `json:"run"`
	KnownFrom time.Time  `json:"known_from"`
	KnownTo   *time.Time `json:"known_to"` // null while it stands
}

func traceOf(t clickhouse.Trace, versions []clickhouse.Version) traceJSON {
	f, m := t.Fact, schemas.MetricByID(t.Fact.Metric)
	out := traceJSON{
		Fact: factJSON{
			Metric: f.Metric, Universe: f.Universe, Session: f.Session, Value: known(f.Value), Unit: m.Unit, Status: string(f.Status),
			Formula: m.Formula, Basis: f.Basis, Detail: f.Detail, Members: f.Members, Excluded: f.Excluded, Coverage: known(f.Coverage),
			Method: f.Method, KnownAt: f.KnownAt, Run: f.Run,
		},
		From: lineageOf(t.From),
	}
	for _, v := range versions {
		line := versionJSON{Value: known(v.Value), Status: string(v.Status), Run: v.Run, KnownFrom: v.From}
		if !v.To.IsZero() {
			line.KnownTo = &v.To
		}
		out.Versions = append(out.Versions, line)
	}
	return out
}

func lineageOf(l *clickhouse.Lineage) lineageJSON {
	out := lineageJSON{Dataset: l.Built.Dataset, Window: windowOf(l.Built.Window), Rows: l.Built.Rows, Content: l.Built.Content, Run: l.Built.RunID}
	for _, p := range l.Payloads {
		out.Payloads = append(out.Payloads, payloadJSON{p.Hash, p.Publisher, p.Request, p.Bytes, p.FetchedAt})
	}
	for _, w := range l.Windows {
		out.Windows = append(out.Windows, lineageOf(w))
	}
	return out
}

func known(v schemas.Opt[float64]) *float64 {
	if !v.OK {
		return nil
	}
	return &v.V
}

type columnJSON struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Unit    string `json:"unit"`
	Comment string `json:"comment"`
}

type tableJSON struct {
	Name    string       `json:"name"`
	Comment string       `json:"comment"`
	Columns []columnJSON `json:"columns"`
}

func tableOf(d schemas.Dataset) tableJSON {
	out := tableJSON{Name: d.String(), Comment: d.Comment}
	for _, c := range d.Columns {
		out.Columns = append(out.Columns, columnJSON{c.Name, c.Kind.Type(), c.Unit, c.Comment})
	}
	return out
}

type metricJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Family   string `json:"family"`
	Dataset  string `json:"dataset"`
	Unit     string `json:"unit"`
	Formula  string `json:"formula"`
	Source   string `json:"source"`
	Inputs   string `json:"inputs"`
	Window   string `json:"window"`
	Warmup   int    `json:"warmup"`
	Edge     string `json:"edge_cases"`
	Method   int64  `json:"method"`
	Decimals int    `json:"decimals"`
}

type deliveryJSON struct {
	Subscription string       `json:"subscription"`
	Session      schemas.Date `json:"session"`
	Target       string       `json:"target"`
	Place        string       `json:"place"`
	File         string       `json:"file"`
	Verdict      string       `json:"verdict"`
	Reason       string       `json:"reason"`
	Bytes        int64        `json:"bytes,omitempty"`
	Error        string       `json:"error,omitempty"`
}

func deliveriesOf(results []deliver.Result) []deliveryJSON {
	out := []deliveryJSON{}
	for _, r := range results {
		d := deliveryJSON{r.Subscription, r.Session, r.Target, r.Place, r.File, string(r.Verdict), r.Reason, r.Bytes, ""}
		if r.Err != nil {
			d.Error = r.Err.Error()
		}
		out = append(out, d)
	}
	return out
}
