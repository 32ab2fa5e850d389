package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/google/uuid"
)

// contentPolicy lets the page use what this server serves, and nothing inline.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type requestKey struct{}

// request is what the log tells of a request.
type request struct {
	id      string
	route   string // pattern, never the path: it is bounded and holds no names
	visitor string
}

func requestOf(ctx context.Context) *request {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{}
}

func requestID(ctx context.Context) string { return requestOf(ctx).id }

func routeOf(r *http.Request) string { return requestOf(r.Context()).route }

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observe names each request, logs and counts it, and answers for handlers
// that panic.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.now()
		q := &request{id: uuid.NewString(), route: "none"}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		rec := &recorder{ResponseWriter: w}
		rec.Header().Set("X-Request-Id", q.id)
		defer func() {
			reason := recover()
			if reason != nil && reason != http.ErrAbortHandler { //nolint:errorlint // the value that net/http documents
				s.log.Error("handler panicked", "request_id", q.id, "route", q.route, "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
				if rec.status == 0 {
					s.refuse(rec, r, errors.New("panic"))
				}
			}
			took := s.now().Sub(started)
			s.metrics.observeRequest(q.route, method(r), rec.status, took)
			s.log.Info("request", "request_id", q.id, "method", method(r), "route", q.route, "status", rec.status,
				"duration_seconds", took.Seconds(), "visitor", q.visitor, "client", clientOf(r))
			if reason == http.ErrAbortHandler { //nolint:errorlint // as above
				panic(reason)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// secure sets the headers that keep browsers from doing what the page has no
// use for.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// guard refuses what should not reach a handler: foreign host names, clients
// that ask too much, large bodies.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.access.checkHost(r); err != nil {
			s.refuse(w, r, err)
			return
		}
		if !s.limits.allow(clientOf(r)) {
			w.Header().Set("Retry-After", "1")
			s.refuse(w, r, &statusError{http.StatusTooManyRequests, "too many requests from this address"})
			return
		}
		if r.ContentLength > maxBody {
			s.refuse(w, r, &http.MaxBytesError{Limit: maxBody})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if strings.Contains(r.Header.Get("Range"), ",") {
			r.Header.Del("Range") // many small ranges cost more than the whole
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses writes that a page of another origin sends.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, &statusError{http.StatusForbidden, "the request comes from a page of another origin"})
	}))
	return p.Handler(next)
}

// refuse answers with an error in the form that the asker reads: JSON for the
// API and for machines, a page for people.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if unauthorized(err) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tidemark"`)
	}
	if strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.problem(w, r, err)
		return
	}
	s.errorPage(w, r, err)
}

// method bounds the names of methods in logs and metrics.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
