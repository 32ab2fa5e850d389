package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Error says that a service did not take what it was sent. It names the host
// and never the address.
type Error struct {
	Host       string
	Code       int           // HTTP status; 0 where there was no answer
	Body       string        // beginning of the answer
	RetryAfter time.Duration // the service's wish; 0 where it has none
	Tries      int
	Err        error // what went wrong where there was no answer

	permanent bool
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "webhook: %s", e.Host)
	if e.Tries > 1 {
		fmt.Fprintf(&b, ", %d attempts", e.Tries)
	}
	if e.Err != nil {
		return b.String() + ": " + e.Err.Error()
	}
	fmt.Fprintf(&b, ": status %d %s", e.Code, http.StatusText(e.Code))
	if e.Body != "" {
		fmt.Fprintf(&b, ": %s", e.Body)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (asks to be left alone for %s)", e.RetryAfter)
	}
	return b.String()
}

// Unwrap returns what went wrong where there was no answer.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports that another attempt would end in the same way.
func (e *Error) Permanent() bool { return e.permanent }

// refusal describes an answer that is no success.
func (h *Hook) refusal(resp *http.Response, body string, tries int) *Error {
	return &Error{
		Host: h.Host(), Code: resp.StatusCode, Body: excerpt(h.redact(body)), Tries: tries,
		RetryAfter: retryAfter(resp, h.o.Now()), permanent: !retryable(resp.StatusCode),
	}
}

// failure describes a call without an answer. An error that shows a part of
// the address loses its identity, but for the end of the context.
func (h *Hook) failure(ctx context.Context, err error, tries int) *Error {
	e := &Error{Host: h.Host(), Tries: tries, permanent: ctx.Err() == nil && !transient(err)}
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
		return e
	}
	for u, ok := errors.AsType[*url.Error](err); ok; u, ok = errors.AsType[*url.Error](err) {
		err = u.Err
	}
	e.Err = err
	if clean := h.redact(err.Error()); clean != err.Error() {
		e.Err = errors.New(clean)
	}
	return e
}

// redact takes every part of the address that may be a token out of a text.
func (h *Hook) redact(text string) string {
	for _, secret := range h.secrets() {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

// secrets returns the parts of the address beside its host, longest first.
func (h *Hook) secrets() []string {
	u := h.address
	all := []string{u.String(), u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery, u.Fragment}
	// Words as short as "services" are no tokens, and appear in texts by chance.
	const shortest = 9
	split := func(r rune) bool { return strings.ContainsRune("/?&=", r) }
	all = append(all, strings.FieldsFunc(u.RequestURI(), split)...)
	all = append(all, strings.FieldsFunc(u.Path, split)...)
	for _, values := range u.Query() {
		all = append(all, values...)
	}
	if password, ok := u.User.Password(); ok {
		all = append(all, password)
	}
	all = append(all, u.User.Username())
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < shortest })
	slices.SortFunc(all, func(x, y string) int {
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(x, y)
	})
	return slices.Compact(all)
}

// excerpt makes the beginning of an answer fit for a log.
func excerpt(text string) string {
	const most = 200
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}
