package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// pages are the templates, one for each page.
type pages map[string]*template.Template

// loadPages parses every page together with the frame around it.
func loadPages(static map[string]asset) (pages, error) {
	funcs := template.FuncMap{
		"when": when, "ago": ago, "human": human, "minutes": minutes, "number": number, "size": size, "amount": amount, "change": change, "day": dayText,
		"short": short, "plural": plural, "words": words, "seconds": secondsText, "int64": func(n int) int64 { return int64(n) },
		"asset": func(name string) (string, error) {
			a, ok := static[name]
			if !ok {
				return "", fmt.Errorf("there is no file %s", name)
			}
			return "/static/" + name + "?v=" + a.version, nil
		},
		"backfillOf": func(cause string) string {
			id, _ := strings.CutPrefix(cause, backfillCause)
			if id == cause {
				return ""
			}
			return id
		},
		"join": func(list []string) string { return strings.Join(list, ", ") },
	}
	frame, err := template.New("frame.html").Funcs(funcs).ParseFS(templateFiles, "templates/frame.html", "templates/part_*.html")
	if err != nil {
		return nil, fmt.Errorf("read the frame of the page: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/page_*.html")
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	out := pages{}
	for _, name := range names {
		t, err := frame.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		out[strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "page_"), ".html")] = t
	}
	return out, nil
}

// view is what a page shows.
type view struct {
	Page  string // name of its template
	Title string
	Nav   string // the entry of the menu that it belongs to
	Body  any
}

// frame is a view and what every page shows.
type frame struct {
	view
	Now     time.Time
	Visitor visitor
	CanRun  bool
	Notice  string // what has just been done
	Path    string
	Version string
}

// notices are told after an action, named by the key done of the query.
var notices = map[string]string{
	"run":     "Asked for. It starts as soon as nothing else is at work on the job.",
	"rebuild": "The window will be rebuilt as soon as nothing else is at work on the job.",
	"start":   "The backfill has been started.",
	"pause":   "The backfill pauses after the windows it is at work on.",
	"resume":  "The backfill goes on.",
	"cancel":  "The backfill was cancelled. What it built stays.",
}

// page registers a page that anyone may see who may look.
func page[In any](s *Server, mux *http.ServeMux, path string, do func(context.Context, In) (view, error)) {
	s.route(mux, "GET "+path, ScopeRead, func(w http.ResponseWriter, r *http.Request) error {
		notice := takeNotice(r)
		var in In
		if err := decode(r, &in); err != nil {
			return err
		}
		v, err := do(r.Context(), in)
		if err != nil {
			return err
		}
		s.show(w, r, http.StatusOK, v, notice)
		return nil
	})
}

// takeNotice removes the key done from the query: it is the page's own.
func takeNotice(r *http.Request) string {
	done := r.URL.Query().Get("done")
	if done == "" {
		return ""
	}
	kept := r.URL.Query()
	kept.Del("done")
	r.URL.RawQuery = kept.Encode()
	return notices[done]
}

// action registers a form that needs the scope to run. It answers with the
// page to go to.
func action[In any](s *Server, mux *http.ServeMux, path string, do func(context.Context, In) (string, error)) {
	s.route(mux, "POST "+path, ScopeRun, func(w http.ResponseWriter, r *http.Request) error {
		var in In
		if err := decode(r, &in); err != nil {
			return err
		}
		to, err := do(r.Context(), in)
		if err != nil {
			return err
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	})
}

// show writes a page. It is made in memory first, so that a mistake in a
// template never shows half a page.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, v view, notice string) {
	visitor := visitorOf(r.Context())
	var b bytes.Buffer
	err := s.pages[v.Page].Execute(&b, frame{
		view: v, Now: s.now(), Visitor: visitor, CanRun: visitor.may(ScopeRun), Notice: notice, Path: r.URL.RequestURI(), Version: cmp.Or(s.version, "dev"),
	})
	if err != nil {
		panic(err) // a mistake in the program; the recovery answers and logs it
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that left is no failure of ours
}

// failure is what the page for errors shows.
type failure struct {
	Status    int
	Title     string
	Text      string
	RequestID string // where the log tells more
}

// errorPage shows people what went wrong. Somebody unknown is asked to sign in.
func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, err error) {
	status, text := statusOf(err)
	if status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	s.logFailure(r, status, err)
	f := failure{Status: status, Title: http.StatusText(status), Text: strings.ToUpper(text[:1]) + text[1:] + "."}
	if status >= http.StatusInternalServerError {
		f.RequestID = requestID(r.Context())
	}
	s.show(w, r, status, view{Page: "error", Title: f.Title, Body: f}, "")
}

func (s *Server) routePages(mux *http.ServeMux) {
	page(s, mux, "/{$}", s.overviewPage)
	page(s, mux, "/windows", s.windowsPage)
	page(s, mux, "/windows/one", s.windowPage)
	page(s, mux, "/runs", s.runsPage)
	page(s, mux, "/runs/{id}", s.runPage)
	page(s, mux, "/jobs/{job}", s.jobPage)
	page(s, mux, "/plan", s.planPage)
	page(s, mux, "/backfills", s.backfillsPage)
	page(s, mux, "/backfills/new", s.newBackfillPage)
	page(s, mux, "/backfills/{id}", s.backfillPage)
	page(s, mux, "/checks", s.checksPage)
	page(s, mux, "/incidents", s.incidentsPage)
	page(s, mux, "/charts", s.chartsPage)
	page(s, mux, "/charts/{metric}", s.chartPage)

	action(s, mux, "/run", s.runAll)
	action(s, mux, "/jobs/{job}/run", s.runJob)
	action(s, mux, "/windows/rebuild", s.rebuildWindow)
	action(s, mux, "/backfills", s.startBackfill)
	action(s, mux, "/backfills/{id}/{action}", s.controlBackfill)

	s.route(mux, "GET /sign-in", "", s.signInPage)
	s.route(mux, "POST /sign-in", "", s.signIn)
	s.route(mux, "POST /sign-out", "", s.signOut)
}
