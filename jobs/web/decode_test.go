package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tidemark/jobs"
	"tidemark/schemas"
)

// FuzzQuery shows that no query breaks the decoding, and that what is taken is
// within its bounds.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "job=a&limit=5", "limit=-1", "before=2025-12-05T00:00:00Z", "limit=1&limit=2", "%zz", "job=%00", "outcome=ok&cause=" + strings.Repeat("x", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: query}, Header: http.Header{}}
		var q runsQuery
		if err := decode(r, &q); err != nil {
			if status, _ := statusOf(err); status != 400 {
				t.Errorf("%q: status %d: %v", query, status, err)
			}
			return
		}
		if q.Limit < 1 || q.Limit > 500 || len(q.Job) > maxText || strings.ContainsAny(q.Job, "\x00\r\n") {
			t.Errorf("%q was taken as %+v", query, q)
		}
	})
}

// FuzzBody shows the same of bodies.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{"{}", `{"from":"2024-01-01","to":"2025-01-01"}`, `{"from":1}`, "[", `{"jobs":[null]}`, `{"workers":1e9}`, "null", `{"from":"none","to":"none"}`} {
		f.Add(seed)
	}
	s := &Server{house: fresh(), now: func() time.Time { return now }}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var q backfillSpecQuery
		err := decode(r, &q)
		var spec jobs.BackfillSpec
		if err == nil {
			spec, err = s.specOf(t.Context(), q.Body)
		}
		if err != nil {
			if status, _ := statusOf(err); status >= 500 {
				t.Errorf("%q: status %d: %v", body, status, err)
			}
			return
		}
		if spec.From >= spec.To || spec.From < 0 || spec.Workers < 1 || spec.Workers > maxWorkers {
			t.Errorf("%q was taken as %+v", body, spec)
		}
	})
}

func TestDefaultsOfQueries(t *testing.T) {
	t.Parallel()
	var q backfillForm
	if err := decodeValues(url.Values{"job": {"a,b", "c"}, "from": {""}}, nil, reflect.ValueOf(&q).Elem()); err != nil {
		t.Fatal(err)
	}
	want := backfillForm{Jobs: []string{"a", "b", "c"}, From: schemas.NoDate, Last: schemas.NoDate, Mode: "missing", Order: "newest", Workers: 2}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got %+v, want %+v", q, want)
	}
}

func TestFiguresForPeople(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	for got, want := range map[string]string{
		number(-1234567):               "\u22121\u202f234\u202f567",
		number(999):                    "999",
		size(999_950):                  "1.0\u202fMB",
		size(12):                       "12\u202fB",
		human(1500 * time.Millisecond): "1.5\u202fs",
		human(200 * time.Second):       "3\u202fmin 20\u202fs",
		human(26 * time.Hour):          "1\u202fd 2\u202fh",
		human(-1):                      "unknown",
		ago(now, at(-3)):               "3\u202fh ago",
		ago(now, at(3)):                "in 3\u202fh",
		amount(schemas.MetricByID("conc_top10_sec"), 0.38126):   "38.13\u202f%",
		amount(schemas.MetricByID("net_liq_weekly"), -5812.34):  "\u22125\u202f812.3\u00a0USD bn",
		amount(schemas.MetricByID("conc_top10_sec"), -0.000001): "0.00\u202f%",
		change(schemas.MetricByID("conc_top10_sec"), 0.0013):    "+0.13\u00a0pp",
		string(when(now, now)):                                  `<time datetime="2025-12-05T23:42:10Z" title="2025-12-05 23:42:10 UTC">18:42 <span class="zone">EST</span></time>`,
		string(when(now, at(-24*200))):                          `<time datetime="2025-05-19T23:42:10Z" title="2025-05-19 23:42:10 UTC">May 19, 19:42 <span class="zone">EDT</span></time>`,
		string(when(now, time.Unix(1<<40, 0))):                  `<span class="none">&ndash;</span>`,
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestLinesBreakWhereDaysAreMissing shows that a gap is never drawn over.
func TestLinesBreakWhereDaysAreMissing(t *testing.T) {
	t.Parallel()
	value := func(v float64) *float64 { return &v }
	got := sparkline([]Point{{0, value(1), "ok"}, {1, value(2), "ok"}, {2, nil, "low_coverage"}, {3, value(2), "ok"}, {4, value(1), "ok"}, {20, value(1), "ok"}})
	if want := "M0.0 38.0L10.0 2.0M30.0 2.0L40.0 38.0M200.0 38.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMetricsTellTheState(t *testing.T) {
	t.Parallel()
	h := filling()
	late := late()
	h.status, h.incidents = late.status, late.incidents
	v := open(t, h, nil)
	m := v.Metrics()
	m.ObserveRun(jobs.Result{Job: "ishares:IVV", Dataset: "raw.holding", Outcome: jobs.OK, Rows: 100, Took: time.Second}, now)
	m.ObserveRun(jobs.Result{Job: "ishares:IVV", Dataset: "raw.holding", Outcome: jobs.Held}, now)
	m.ObserveExtract("ishares", 200)
	m.ObserveSlot(schemas.Slot{Job: "ishares:IVV", State: schemas.SlotMissed, Count: 3})
	v.ask("GET", "/runs/"+runID, "", nil)
	body := v.ask("GET", "/metrics", "", nil).Body.String()
	for _, want := range []string{
		`tidemark_job_runs_total{job="ishares:IVV",outcome="ok"} 1`,
		`tidemark_job_runs_total{job="ishares:IVV",outcome="held"} 1`,
		`tidemark_job_duration_seconds_count{job="ishares:IVV"} 1`,
		`tidemark_job_last_success_timestamp_seconds{job="facts:concentration:SPX"} 1.76493853e+09`,
		`tidemark_rows_loaded_total{table="raw.holding"} 100`,
		`tidemark_extract_requests_total{code="200",source="ishares"} 1`,
		`tidemark_windows_stale{job="ishares:IVV"} 1`,
		`tidemark_sessions_behind{dataset="raw.holding",part="IVV"} 3`,
		`tidemark_checks_failing{severity="error"} 0`,
		`tidemark_slots_total{job="ishares:IVV",state="missed"} 3`,
		`tidemark_incidents_open 1`,
		`tidemark_backfill_windows{state="left"} 71`,
		`tidemark_http_requests_total{code="200",method="GET",route="GET /runs/{id}"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no line %s in\n%s", want, body)
		}
	}
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
