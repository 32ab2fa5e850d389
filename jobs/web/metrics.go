package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tidemark/jobs"
	"tidemark/schemas"
)

// Metrics are the figures that Prometheus is told. No label has values that
// grow with time: jobs, tables, parts and publishers come from the
// configuration.
type Metrics struct {
	registry *prometheus.Registry

	runs         *prometheus.CounterVec
	runSeconds   *prometheus.HistogramVec
	lastSuccess  *prometheus.GaugeVec
	rows         *prometheus.CounterVec
	extracts     *prometheus.CounterVec
	stale        *prometheus.GaugeVec
	behind       *prometheus.GaugeVec
	checks       *prometheus.GaugeVec
	slots        *prometheus.CounterVec
	incidents    prometheus.Gauge
	backfills    *prometheus.GaugeVec
	http         *prometheus.CounterVec
	httpSeconds  *prometheus.HistogramVec
	scrapeFailed prometheus.Counter
}

// NewMetrics returns metrics with a registry of their own, in which the Go
// runtime and the process are told of too.
func NewMetrics() *Metrics {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return newMetrics(reg)
}

func newMetrics(reg *prometheus.Registry) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tidemark", Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "tidemark", Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "tidemark", Name: name, Help: help, Buckets: buckets}, labels)
		reg.MustRegister(v)
		return v
	}
	return &Metrics{
		registry:    reg,
		runs:        counter("job_runs_total", "Runs that ended, by outcome.", "job", "outcome"),
		runSeconds:  histogram("job_duration_seconds", "How long runs took.", prometheus.ExponentialBuckets(0.05, 3, 10), "job"),
		lastSuccess: gauge("job_last_success_timestamp_seconds", "When a run of the job last ended well.", "job"),
		rows:        counter("rows_loaded_total", "Rows of windows that were built.", "table"),
		extracts:    counter("extract_requests_total", "Answers of publishers, by HTTP status; 0 for none.", "source", "code"),
		stale:       gauge("windows_stale", "Windows that are not up to date.", "job"),
		behind:      gauge("sessions_behind", "Sessions between the newest day in the data and the newest due.", "dataset", "part"),
		checks:      gauge("checks_failing", "Checks that fail.", "severity"),
		slots:       counter("slots_total", "Slots of schedules, by what became of them.", "job", "state"),
		incidents:   gauge("incidents_open", "Incidents that go on.").WithLabelValues(),
		backfills:   gauge("backfill_windows", "Windows of the backfills that have not ended.", "state"),
		http:        counter("http_requests_total", "Requests answered.", "route", "method", "code"),
		httpSeconds: histogram("http_request_duration_seconds", "How long answers took.", prometheus.ExponentialBuckets(0.001, 4, 8), "route"),
		scrapeFailed: counter("scrape_errors_total", "Scrapes for which the warehouse could not be asked; gauges then keep their values.").
			WithLabelValues(),
	}
}

// ObserveRun counts a run that ended.
func (m *Metrics) ObserveRun(res jobs.Result, at time.Time) {
	m.runs.WithLabelValues(res.Job, string(res.Outcome)).Inc()
	if res.Outcome == jobs.Held {
		return // it was never at work
	}
	m.runSeconds.WithLabelValues(res.Job).Observe(res.Took.Seconds())
	if endedWell(string(res.Outcome)) {
		m.lastSuccess.WithLabelValues(res.Job).Set(seconds(at))
	}
	if res.Outcome == jobs.OK {
		m.rows.WithLabelValues(res.Dataset).Add(float64(res.Rows))
	}
}

// ObserveExtract counts an answer of a publisher; code is 0 where none came.
func (m *Metrics) ObserveExtract(source string, code int) {
	m.extracts.WithLabelValues(source, strconv.Itoa(code)).Inc()
}

// ObserveSlot counts what became of a slot, or of a range of them.
func (m *Metrics) ObserveSlot(s schemas.Slot) {
	m.slots.WithLabelValues(s.Job, string(s.State)).Add(float64(max(s.Count, 1)))
}

// observeStatus sets what is read off the state of the house.
func (m *Metrics) observeStatus(st *jobs.Status) {
	for _, j := range st.Jobs {
		m.stale.WithLabelValues(j.Name).Set(float64(j.Stale))
		if j.Expected != schemas.NoDate {
			m.behind.WithLabelValues(j.Dataset, j.Part).Set(float64(j.Behind))
		}
		if endedWell(j.Outcome) {
			m.lastSuccess.WithLabelValues(j.Name).Set(seconds(j.LastRun))
		}
	}
	failing := map[schemas.Severity]int{schemas.SeverityError: 0, schemas.SeverityWarning: 0}
	for _, c := range st.Checks {
		if !c.Passed {
			failing[c.Severity]++
		}
	}
	for severity, n := range failing {
		m.checks.WithLabelValues(string(severity)).Set(float64(n))
	}
}

func (m *Metrics) observeIncidents(incidents []schemas.Incident) {
	open := 0
	for _, i := range incidents {
		if i.State == schemas.IncidentOpen {
			open++
		}
	}
	m.incidents.Set(float64(open))
}

func (m *Metrics) observeBackfills(all []jobs.BackfillStatus) {
	var done, failed, running, left int
	for _, b := range all {
		if !b.State.Ended() {
			done, failed, running, left = done+b.Done, failed+b.Failed, running+b.Running, left+b.Left
		}
	}
	for state, n := range map[string]int{"done": done, "failed": failed, "running": running, "left": left} {
		m.backfills.WithLabelValues(state).Set(float64(n))
	}
}

func (m *Metrics) observeRequest(route, method string, status int, took time.Duration) {
	m.http.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.httpSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// endedWell reports whether nothing was wrong with a run.
func endedWell(outcome string) bool {
	switch jobs.Outcome(outcome) {
	case jobs.OK, jobs.Unchanged, jobs.NoData:
		return true
	default:
		return false
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
