package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"tidemark/jobs"
)

// Problem is the answer to a request that failed, as RFC 9457 has it.
type Problem struct {
	Type      string `json:"type" doc:"Always about:blank: the status says what kind of problem it is."`
	Title     string `json:"title" doc:"The status in words."`
	Status    int    `json:"status" doc:"The HTTP status."`
	Detail    string `json:"detail" doc:"What was wrong with the request, or what to do."`
	RequestID string `json:"request_id" doc:"The request's name in the log of the server."`
}

// statusError is an error that knows its HTTP status. Its text is for the
// asker.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// Usage reports that the error is the asker's own.
func (e *statusError) Usage() bool { return e.status < http.StatusInternalServerError }

// usage makes an error of the asker's own.
func usage(format string, args ...any) error {
	return &statusError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// statusOf maps an error to the HTTP status and the text that the asker sees.
func statusOf(err error) (status int, text string) {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status, err.Error()
	}
	if e, ok := errors.AsType[*jobs.UnknownJobError](err); ok {
		return http.StatusNotFound, fmt.Sprintf("there is no job %q", e.Name)
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", e.Limit)
	}
	if errors.Is(err, ErrNotFound) {
		return http.StatusNotFound, err.Error()
	}
	if e, ok := errors.AsType[interface {
		error
		Usage() bool
	}](err); ok && e.Usage() {
		return http.StatusBadRequest, err.Error()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, "the warehouse did not answer in time; try again"
	}
	return http.StatusInternalServerError, "something went wrong here; the log of the server tells more under the id of this request"
}

// problem answers with an error, as JSON. What the asker is not told goes to
// the log.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := statusOf(err)
	s.logFailure(r, status, err)
	writeJSON(w, status, "application/problem+json", Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: text, RequestID: requestID(r.Context()),
	})
}

// logFailure logs an error whose text the asker does not see.
func (s *Server) logFailure(r *http.Request, status int, err error) {
	if status >= http.StatusInternalServerError {
		s.log.Error("request failed", "request_id", requestID(r.Context()), "route", routeOf(r), "err", err)
	}
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("web: a shape cannot be written as JSON: %v", err)) // NaN, say: a mistake in the program
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a reader that left is no failure of ours
}
