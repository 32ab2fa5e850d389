package extract

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/extract/archive"
)

// serial lets one request at a time through.
func serial(s *script) roundTrip {
	var mu sync.Mutex
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		return s.RoundTrip(r)
	}
}

// script is a transport that gives the prepared answers one after the other
// and notes when it was asked.
type script struct {
	steps []step
	asked []time.Time
}

type step struct {
	answer *http.Response
	err    error
}

func (s *script) RoundTrip(*http.Request) (*http.Response, error) {
	s.asked = append(s.asked, time.Now())
	if len(s.asked) > len(s.steps) {
		return nil, errors.New("asked more often than the test expects")
	}
	next := s.steps[len(s.asked)-1]
	return next.answer, next.err
}

func (s *script) then(status int, body string, header ...string) *script {
	s.steps = append(s.steps, step{answer: answer(status, body, header...)}) //nolint:bodyclose // the client closes what it is given
	return s
}

func (s *script) thenErr(err error) *script {
	s.steps = append(s.steps, step{err: err})
	return s
}

// waits returns the time between requests.
func (s *script) waits() []time.Duration {
	var out []time.Duration
	for i := 1; i < len(s.asked); i++ {
		out = append(out, s.asked[i].Sub(s.asked[i-1]))
	}
	return out
}

// inBubble sends a request where time passes at once, beginning at the first
// second of the year 2000. There is no rate limit, so that only the wait
// between attempts shows.
func inBubble(t *testing.T, o Options, s *script) (p *Payload, err error) {
	t.Helper()
	c := newClient(t, Options{})
	o.Archive, o.Transport, o.Limits = c.o.Archive, s, map[string]Limit{"p": {}}
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		c, nerr := NewClient(o)
		if nerr != nil {
			t.Fatal(nerr)
		}
		p, err = c.Get(t.Context(), Request{Publisher: "p", URL: "https://example.com/x"})
	})
	return p, err
}

func TestRetriesWhatMayPass(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 502, 503, 504} {
		s := (&script{}).then(status, "busy").then(status, "busy").then(200, "ok")
		p, err := inBubble(t, Options{MinWait: time.Second, MaxWait: 3 * time.Second}, s)
		if err != nil || bodyOf(t, p) != "ok" || len(s.asked) != 3 {
			t.Errorf("status %d: %v after %d requests", status, err, len(s.asked))
		}
	}
	for _, failure := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, errors.New("EOF")} {
		s := (&script{}).thenErr(failure).then(200, "ok")
		if _, err := inBubble(t, Options{}, s); err != nil || len(s.asked) != 2 {
			t.Errorf("%v: %v after %d requests", failure, err, len(s.asked))
		}
	}
}

func TestDoesNotRetryWhatWillNotPass(t *testing.T) {
	t.Parallel()
	for _, status := range []int{206, 304, 400, 401, 403, 404, 410, 418, 501, 505} {
		s := (&script{}).then(status, "no\x1b[2J\nsuch thing")
		_, err := inBubble(t, Options{}, s)
		e, ok := errors.AsType[*StatusError](err)
		if !ok || e.Code != status || e.Body != "no [2J such thing" || e.Publisher != "p" || len(s.asked) != 1 {
			t.Errorf("status %d: %v after %d requests", status, err, len(s.asked))
		}
	}
	for _, failure := range []error{
		&tls.CertificateVerificationError{Err: errors.New("expired")},
		tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
	} {
		s := (&script{}).thenErr(failure)
		_, err := inBubble(t, Options{}, s)
		if err == nil || len(s.asked) != 1 || !strings.HasPrefix(err.Error(), "p: GET https://example.com/x: ") {
			t.Errorf("%v: %v after %d requests", failure, err, len(s.asked))
		}
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { n.Add(1); return nil, nil }}
	s.StartTLS()
	defer s.Close()
	c := newClient(t, Options{})
	_, err := c.Get(t.Context(), Request{Publisher: "p", URL: s.URL})
	var verify *tls.CertificateVerificationError
	if !errors.As(err, &verify) || n.Load() != 1 {
		t.Errorf("%v after %d handshakes, want the certificate refused once", err, n.Load())
	}
}

func TestGivesUpAfterAttempts(t *testing.T) {
	t.Parallel()
	s := &script{}
	for range 4 {
		s.then(503, "<html><head><title>Down for\nmaintenance</title>")
	}
	_, err := inBubble(t, Options{Attempts: 4}, s)
	if _, ok := errors.AsType[*StatusError](err); !ok || err.Error() != "p: GET https://example.com/x: HTTP 503: a web page (Down for maintenance)" || len(s.asked) != 4 {
		t.Errorf("%v after %d requests", err, len(s.asked))
	}
	s = (&script{}).thenErr(syscall.ECONNREFUSED).thenErr(syscall.ECONNREFUSED)
	_, err = inBubble(t, Options{Attempts: 2}, s)
	if !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "p: GET https://example.com/x: 2 attempts failed: connection refused" {
		t.Errorf("%v", err)
	}
}

func TestWaitGrowsWithFullJitter(t *testing.T) {
	t.Parallel()
	bounds := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
	longest := make([]time.Duration, len(bounds))
	shortest := make([]time.Duration, len(bounds))
	for range 100 {
		s := &script{}
		for range bounds {
			s.then(503, "")
		}
		s.then(200, "ok")
		if _, err := inBubble(t, Options{MinWait: time.Second, MaxWait: 5 * time.Second, Attempts: 6}, s); err != nil {
			t.Fatal(err)
		}
		for i, w := range s.waits() {
			if w < 0 || w >= bounds[i] {
				t.Fatalf("wait %d was %s, want less than %s", i, w, bounds[i])
			}
			longest[i] = max(longest[i], w)
			if shortest[i] == 0 || w < shortest[i] {
				shortest[i] = w
			}
		}
	}
	// A hundred draws leave a quarter at either end empty once in 10^12 times.
	for i, bound := range bounds {
		if shortest[i] > bound/4 || longest[i] < bound*3/4 {
			t.Errorf("wait %d was between %s and %s, want all of 0 to %s", i, shortest[i], longest[i], bound)
		}
	}
}

func TestRetryAfterInBothForms(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"90", "Sat, 01 Jan 2000 00:01:30 GMT"} {
		s := (&script{}).then(429, "slow down", "Retry-After", header).then(200, "ok")
		if _, err := inBubble(t, Options{MinWait: time.Second}, s); err != nil {
			t.Fatal(err)
		}
		if w := s.waits()[0]; w < 90*time.Second || w > 91*time.Second {
			t.Errorf("%s: waited %s, want 90 s and a little", header, w)
		}
	}
}

func TestFrozenClockDoesNotHoldUpRetries(t *testing.T) {
	t.Parallel()
	s := (&script{}).then(429, "", "Retry-After", "5").then(200, "ok")
	_, err := inBubble(t, Options{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}, s)
	if err != nil || len(s.asked) != 2 {
		t.Errorf("%v after %d requests", err, len(s.asked))
	}
}

func TestRetryAfterBeyondTheBoundIsHandedOn(t *testing.T) {
	t.Parallel()
	s := (&script{}).then(429, "quota", "Retry-After", "3600")
	_, err := inBubble(t, Options{MaxRetryAfter: time.Minute}, s)
	e, ok := errors.AsType[*StatusError](err)
	if !ok || e.Code != 429 || e.RetryAfter != time.Hour || e.Body != "quota" || len(s.asked) != 1 {
		t.Errorf("%v after %d requests, want the wish for an hour handed on", err, len(s.asked))
	}
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, " 7 ": 7 * time.Second, "-5": 0, "soon": 0, "1.5": 0,
		"Thu, 02 Jan 2025 12:00:30 GMT":    30 * time.Second,
		"Thursday, 02-Jan-25 12:01:00 GMT": time.Minute,
		"Thu Jan  2 12:00:10 2025":         10 * time.Second,
		"Thu, 02 Jan 2025 11:00:00 GMT":    0,
		"99999999999999999999999":          366 * 24 * time.Hour,
		"9223372036854775807":              366 * 24 * time.Hour,
		"Fri, 01 Jan 9999 00:00:00 GMT":    366 * 24 * time.Hour,
	} {
		if got := parseRetryAfter(text, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", text, got, want)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Thu, 02 Jan 2025 12:00:30 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if d := parseRetryAfter(text, time.Unix(1735819200, 0)); d < 0 || d > 366*24*time.Hour {
			t.Fatalf("Retry-After %q: %s", text, d)
		}
	})
}

func TestAttemptThatHangsIsCutAndRepeated(t *testing.T) {
	t.Parallel()
	s := &script{}
	hang := roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	first := true
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, err := archive.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		s.then(200, "ok")
		c, err := NewClient(Options{Archive: a, Timeout: 10 * time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if first {
				first = false
				return hang(r)
			}
			return s.RoundTrip(r)
		})})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := c.Get(t.Context(), Request{Publisher: "p", URL: "https://example.com/"}); err != nil {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if d := time.Since(start); d < 10*time.Second || d > 12*time.Second {
			t.Errorf("took %s, want 10 s and a short wait", d)
		}
	})
}

func TestOverallDeadlineEndsTheWaiting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, err := archive.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		s := &script{}
		for range 5 {
			s.then(503, "", "Retry-After", "60")
		}
		c, err := NewClient(Options{Archive: a, Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		_, err = c.Get(ctx, Request{Publisher: "p", URL: "https://example.com/"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 90*time.Second || !strings.Contains(err.Error(), "after 2 attempts: p: GET https://example.com/: HTTP 503") {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
