package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"tidemark/jobs"
)

// contract validates requests and answers against the description that the
// server gives of itself.
func contract(t *testing.T, v *visit) validator.Validator {
	t.Helper()
	doc, err := libopenapi.NewDocument(v.ask("GET", apiBase+"/openapi.json", "", nil).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	c, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errors.Join(errs...))
	}
	if ok, problems := c.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("the description: %s: %s", p.Message, p.Reason)
		}
	}
	return c
}

// apiCalls ask every endpoint, some of them for what there is not.
var apiCalls = []struct {
	id, method, path, body string
	status                 int
}{
	{"getStatus", "GET", "/status", "", 200},
	{"listJobs", "GET", "/jobs", "", 200},
	{"getJob", "GET", "/jobs/ishares:IVV", "", 200},
	{"getJob", "GET", "/jobs/nothing", "", 404},
	{"runJob", "POST", "/jobs/ishares:IVV/run", `{"refresh":true}`, 202},
	{"runJob", "POST", "/jobs/nothing/run", `{}`, 404},
	{"getPlan", "GET", "/plan?job=ishares:IVV&force=true", "", 200},
	{"listRuns", "GET", "/runs?job=ishares:IVV&outcome=ok&limit=5&before=2025-12-06T00:00:00Z", "", 200},
	{"listRuns", "GET", "/runs?limit=0", "", 400},
	{"listRuns", "GET", "/runs?outcome=fine", "", 400},
	{"listRuns", "GET", "/runs?jobs=misspelt", "", 400},
	{"getRun", "GET", "/runs/" + runID, "", 200},
	{"getRun", "GET", "/runs/nothing", "", 404},
	{"listWindows", "GET", "/windows", "", 200},
	{"rebuildWindow", "POST", "/windows/rebuild", `{"job":"ishares:IVV","part":"IVV","from":"2025-01-01","to":"2026-01-01"}`, 202},
	{"rebuildWindow", "POST", "/windows/rebuild", `{"job":"ishares:IVV","part":"IVV","from":"2025-01-02","to":"2026-01-01"}`, 400},
	{"listSlots", "GET", "/slots?job=ishares:IVV", "", 200},
	{"listSlots", "GET", "/slots", "", 400},
	{"listLeases", "GET", "/leases", "", 200},
	{"listChecks", "GET", "/checks?failing=true", "", 200},
	{"listFreshness", "GET", "/freshness", "", 200},
	{"listIncidents", "GET", "/incidents?state=open", "", 200},
	{"listBackfills", "GET", "/backfills", "", 200},
	{"planBackfill", "POST", "/backfills/plan", `{"from":"2024-01-01","to":"2025-01-01","jobs":["ishares:IVV"]}`, 200},
	{"startBackfill", "POST", "/backfills", `{"from":"2024-01-01","to":"2025-01-01","mode":"all","workers":4}`, 201},
	{"startBackfill", "POST", "/backfills", `{"from":"2024-01-01","to":"2025-01-01","speed":4}`, 400},
	{"startBackfill", "POST", "/backfills", `{"to":"2025-01-01"}`, 400},
	{"startBackfill", "POST", "/backfills", `{"from":"2025-01-01","to":"2024-01-01"}`, 400},
	{"startBackfill", "POST", "/backfills", `{"from":"2024-01-01","to":"2025-01-01","workers":17}`, 400},
	{"startBackfill", "POST", "/backfills", `{"from":"2024-01-01","to":"2025-01-01","jobs":["nothing"]}`, 404},
	{"startBackfill", "POST", "/backfills", `{"from":"2024-01-01","to":"2025-01-01"} {}`, 400},
	{"getBackfill", "GET", "/backfills/" + backfillID, "", 200},
	{"getBackfill", "GET", "/backfills/nothing", "", 404},
	{"pauseBackfill", "POST", "/backfills/" + backfillID + "/pause", "", 200},
	{"resumeBackfill", "POST", "/backfills/" + backfillID + "/resume", "", 200},
	{"cancelBackfill", "POST", "/backfills/" + backfillID + "/cancel", "", 200},
	{"listMetrics", "GET", "/metrics", "", 200},
	{"getSeries", "GET", "/series?metric=conc_top10_sec&from=2025-05-01&to=2025-09-01", "", 200},
	{"getSeries", "GET", "/series?metric=conc_top10_sec&universe=SPX_MEMBERS", "", 200},
	{"getSeries", "GET", "/series?metric=nothing", "", 404},
	{"getSeries", "GET", "/series?metric=conc_top10_sec&from=1800-01-01", "", 400},
	{"getWorkbook", "GET", "/workbook", "", 200},
}

// TestAPIAnswersAsItsDescriptionSays asks every endpoint, in every state of the
// house, and holds requests and answers against the description.
func TestAPIAnswersAsItsDescriptionSays(t *testing.T) {
	t.Parallel()
	for state, house := range houses() {
		v := open(t, house, nil)
		c := contract(t, v)
		for _, call := range apiCalls {
			var asked *http.Request
			w := v.ask(call.method, apiBase+call.path, call.body, func(r *http.Request) { asked = r })
			if state == "backfilling" && w.Code != call.status {
				t.Errorf("%s %s %s: got %d, want %d: %s", call.method, call.path, call.body, w.Code, call.status, w.Body)
			}
			if w.Code >= 500 {
				t.Errorf("%s: %s: got %d: %s", state, call.path, w.Code, w.Body)
			}
			if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
				t.Errorf("%s: an error is of type %s", call.path, kind)
			}
			if call.id == "getWorkbook" && w.Code == 200 {
				continue // bytes, of which the description says no more
			}
			again := httptest.NewRequest(call.method, asked.URL.String(), strings.NewReader(call.body))
			again.Header = asked.Header
			if ok, problems := c.ValidateHttpResponse(again, w.Result()); !ok {
				for _, p := range problems {
					t.Errorf("%s: %s %s: %s: %s %v", state, call.method, call.path, p.Message, p.Reason, p.SchemaValidationErrors)
				}
			}
			if w.Code < 400 && call.body != "" {
				again = httptest.NewRequest(call.method, asked.URL.String(), strings.NewReader(call.body))
				again.Header = asked.Header
				again.Header.Set("Authorization", "Bearer x")
				if ok, problems := c.ValidateHttpRequest(again); !ok {
					t.Errorf("%s %s: the description refuses what the server takes: %s %s", call.method, call.path, problems[0].Message, problems[0].Reason)
				}
			}
		}
	}
}

// TestDescriptionNamesEveryRoute holds the description and the calls above
// against the routes, both ways.
func TestDescriptionNamesEveryRoute(t *testing.T) {
	t.Parallel()
	v := open(t, fresh(), nil)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(v.ask("GET", apiBase+"/openapi.json", "", nil).Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	described, called := map[string]bool{}, map[string]bool{}
	for _, call := range apiCalls {
		called[call.id] = true
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described[op.OperationID] = true
			concrete := strings.NewReplacer("{id}", "x", "{job}", "x").Replace(path)
			if w := v.ask(strings.ToUpper(method), concrete, "", nil); w.Code == 404 && strings.Contains(w.Body.String(), "nothing here") || w.Code == 405 {
				t.Errorf("%s %s is described, and answers %d", method, path, w.Code)
			}
			if !called[op.OperationID] {
				t.Errorf("%s is described, and no call of the test asks it", op.OperationID)
			}
		}
	}
	for _, e := range endpoints() {
		if !described[e.id] {
			t.Errorf("%s is a route, and not described", e.id)
		}
	}
}

func TestRunsArePagedByTheirStart(t *testing.T) {
	t.Parallel()
	h := fresh()
	for i := range 5 {
		r := h.runs[0]
		r.StartedAt = r.StartedAt.AddDate(0, 0, -i-1)
		h.runs = append(h.runs, r)
	}
	v := open(t, h, nil)
	seen, path := 0, "/runs?limit=4"
	for range 3 {
		var page Runs
		if err := json.Unmarshal(v.ask("GET", apiBase+path, "", nil).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		seen += len(page.Runs)
		if page.Next == nil {
			break
		}
		path = "/runs?limit=4&before=" + page.Next.Format("2006-01-02T15:04:05.999999999Z")
	}
	if seen != 6 {
		t.Errorf("got %d runs over all pages, want 6", seen)
	}
}

// TestActionsReachTheHouse tells what the house is asked and by whom.
func TestActionsReachTheHouse(t *testing.T) {
	t.Parallel()
	h := filling()
	v := open(t, h, nil)
	for _, c := range []struct{ path, body, to string }{
		{"/run", "", "/?done=run"},
		{"/jobs/ishares:IVV/run", "refresh=true", "/jobs/ishares:IVV?done=run"},
		{"/windows/rebuild", "dataset=raw.holding&job=ishares:IVV&part=IVV&from=2025-01-01&to=2026-01-01", "/windows/one?dataset=raw.holding&from=2025-01-01&part=IVV&to=2026-01-01&done=rebuild"},
		{"/backfills", "from=2024-01-01&last=2024-12-31&job=ishares:IVV&mode=missing&order=newest&workers=3&follow=true", "/backfills/019af0aa-0000-7000-8000-000000000001?done=start"},
		{"/backfills/" + backfillID + "/pause", "", "/backfills/" + backfillID + "?done=pause"},
	} {
		w := v.ask("POST", c.path, c.body, nil)
		if w.Code != 303 || w.Header().Get("Location") != c.to {
			t.Errorf("POST %s: got %d to %q, want a way to %q: %s", c.path, w.Code, w.Header().Get("Location"), c.to, w.Body)
		}
	}
	got := strings.Join(h.done, "\n")
	want := `trigger [] refresh=false force=false by local (page)
trigger [ishares:IVV] refresh=true force=false by local (page)
rebuild ishares:IVV IVV 2025 by local (page)
start {[ishares:IVV] 2024-01-01 2025-01-01 missing newest 3 true} by local (page)
pause ` + backfillID + " by local (page)"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFailuresOfTheHouseTellNothing shows that an error of the warehouse stays
// in the log.
func TestFailuresOfTheHouseTellNothing(t *testing.T) {
	t.Parallel()
	h := fresh()
	h.err = errors.New("dial clickhouse://loader:hunter2@10.0.0.5: refused")
	v := open(t, h, nil)
	for _, path := range []string{"/", "/runs", "/windows", apiBase + "/status", apiBase + "/jobs", "/readyz", "/metrics"} {
		w := v.ask("GET", path, "", nil)
		if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "10.0.0.5") {
			t.Errorf("%s tells what went wrong: %s", path, w.Body)
		}
		if path != "/metrics" && w.Code != 500 && w.Code != 503 {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	var p Problem
	w := v.ask("GET", apiBase+"/status", "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("the problem %s does not name the request %s", w.Body, w.Header().Get("X-Request-Id"))
	}
	if !bytes.Contains(v.log.Bytes(), []byte(p.RequestID)) || !strings.Contains(v.log.String(), "refused") {
		t.Errorf("the log tells nothing of request %s", p.RequestID)
	}
}

// panicking is a house that breaks.
type panicking struct{ House }

func (panicking) Backfills(context.Context) ([]jobs.BackfillStatus, error) {
	panic("index out of range in hunter2")
}

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	v := open(t, panicking{fresh()}, nil)
	w := v.ask("GET", apiBase+"/backfills", "", nil)
	if w.Code != 500 || strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("got %d: %s", w.Code, w.Body)
	}
	if log := v.log.String(); !strings.Contains(log, "handler panicked") || !strings.Contains(log, w.Header().Get("X-Request-Id")) {
		t.Errorf("the log tells nothing of it: %s", log)
	}
}
