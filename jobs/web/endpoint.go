package web

import (
	"context"
	"net/http"
	"reflect"
)

// endpoint is a route of the API: what it takes, what it answers and who may
// ask. The handlers and their description are both made from it.
type endpoint struct {
	method, path string
	id, summary  string
	scope        Scope
	status       int // of a good answer
	in, out      reflect.Type
	media        string // of an answer that is not JSON
	serve        func(s *Server, w http.ResponseWriter, r *http.Request) error
}

// reading describes a GET that anyone may ask who may look.
func reading[In, Out any](path, id, summary string, do func(*Server, context.Context, In) (Out, error)) endpoint {
	return typed(http.MethodGet, path, id, summary, ScopeRead, http.StatusOK, do)
}

// acting describes a POST that needs the scope to run.
func acting[In, Out any](path, id, summary string, status int, do func(*Server, context.Context, In) (Out, error)) endpoint {
	return typed(http.MethodPost, path, id, summary, ScopeRun, status, do)
}

func typed[In, Out any](method, path, id, summary string, scope Scope, status int, do func(*Server, context.Context, In) (Out, error)) endpoint {
	return endpoint{
		method: method, path: path, id: id, summary: summary, scope: scope, status: status,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		serve: func(s *Server, w http.ResponseWriter, r *http.Request) error {
			var in In
			if err := decode(r, &in); err != nil {
				return err
			}
			out, err := do(s, r.Context(), in)
			if err != nil {
				return err
			}
			writeJSON(w, status, "application/json", out)
			return nil
		},
	}
}

// apiBase is where the API lives.
const apiBase = "/api/v1"

// endpoints lists the API.
func endpoints() []endpoint {
	return []endpoint{
		reading("/status", "getStatus", "Everything at a glance: jobs, failing checks, open incidents, who schedules.", (*Server).apiStatus),
		reading("/jobs", "listJobs", "Jobs and how they stand.", (*Server).apiJobs),
		reading("/jobs/{job}", "getJob", "A job and how it stands.", (*Server).apiJob),
		acting("/jobs/{job}/run", "runJob", "Bring a job up to date now, in the background.", http.StatusAccepted, (*Server).apiRunJob),
		reading("/plan", "getPlan", "What a pass would do now, and what it would cost.", (*Server).apiPlan),
		reading("/runs", "listRuns", "Runs, newest first.", (*Server).apiRuns),
		reading("/runs/{id}", "getRun", "A run with its inputs, answers of publishers, checks and log.", (*Server).apiRun),
		reading("/windows", "listWindows", "The windows of every table, and how they stand.", (*Server).apiWindows),
		acting("/windows/rebuild", "rebuildWindow", "Rebuild a window, in the background.", http.StatusAccepted, (*Server).apiRebuild),
		reading("/slots", "listSlots", "The ledger of slots of a job, newest first.", (*Server).apiSlots),
		reading("/leases", "listLeases", "Processes that work on the warehouse. The first one with role serve schedules.", (*Server).apiLeases),
		reading("/checks", "listChecks", "The newest outcome of each check of each window.", (*Server).apiChecks),
		reading("/freshness", "listFreshness", "How up to date each part of each table is, judged by the newest day in the data.", (*Server).apiFreshness),
		reading("/incidents", "listIncidents", "Incidents, open ones first, then newest first.", (*Server).apiIncidents),
		reading("/backfills", "listBackfills", "Backfills, newest first.", (*Server).apiBackfills),
		acting("/backfills", "startBackfill", "Start a backfill.", http.StatusCreated, (*Server).apiStartBackfill),
		acting("/backfills/plan", "planBackfill", "What a backfill would do, and what it would cost. Nothing is started.", http.StatusOK, (*Server).apiPlanBackfill),
		reading("/backfills/{id}", "getBackfill", "How a backfill stands.", (*Server).apiBackfill),
		acting("/backfills/{id}/pause", "pauseBackfill", "Let a backfill stop after the windows it is at work on.", http.StatusOK, control("pause")),
		acting("/backfills/{id}/resume", "resumeBackfill", "Let a paused backfill go on.", http.StatusOK, control("resume")),
		acting("/backfills/{id}/cancel", "cancelBackfill", "End a backfill; what it built stays.", http.StatusOK, control("cancel")),
		reading("/metrics", "listMetrics", "The metric register: what each figure means.", (*Server).apiMetrics),
		reading("/series", "getSeries", "A metric's figures over time, for one universe or for all that have it.", (*Server).apiSeries),
		{
			method: http.MethodGet, path: "/workbook", id: "getWorkbook", summary: "The newest workbook.", scope: ScopeRead, status: http.StatusOK,
			in: reflect.TypeFor[struct{}](), media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", serve: (*Server).apiWorkbook,
		},
	}
}
