package extract

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

// newClient makes a client with an archive of its own, that waits a
// millisecond at most between attempts.
func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Archive == nil {
		a, err := archive.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
		o.Archive = a
	}
	if o.MinWait == 0 {
		o.MinWait, o.MaxWait = time.Microsecond, time.Millisecond
	}
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve starts a server and returns its address and a counter of requests.
func serve(t *testing.T, h func(n int64, w http.ResponseWriter, r *http.Request)) (string, *atomic.Int64) {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(n.Add(1), w, r) }))
	t.Cleanup(s.Close)
	return s.URL, &n
}

func bodyOf(t *testing.T, p *Payload) string {
	t.Helper()
	r, err := p.Open()
	if err != nil {
		t.Fatalf("open payload: %v", err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read payload: %v", err)
	}
	return string(b)
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Errorf("server: %v", err)
	}
}

func TestGetArchivesAndTells(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("User-Agent") + "|" + r.Header.Get("Accept") + "|" + r.Header.Get("Accept-Encoding"); got != "tidemark-test|text/csv|gzip" {
			t.Errorf("headers sent: %s", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("X-Request-Id", "of no use")
		write(t, w, string(packed(t, "a,b\n1,2\n")))
	})
	now := time.Date(2025, 3, 4, 21, 30, 0, 123_456_789, time.FixedZone("", -5*3600))
	var seen []*Payload
	c := newClient(t, Options{UserAgent: "tidemark-test", Now: func() time.Time { return now }}).Observe(func(p *Payload) { seen = append(seen, p) })
	w := schemas.CutYear.Window("IVV", schemas.NewDate(2025, 3, 4))
	r := Request{Publisher: "ishares", URL: base + "/x?y=1", Header: http.Header{"Accept": {"text/csv"}}}
	p, err := c.Get(WithOrigin(t.Context(), "holdings", "raw.holding", w), r)
	if err != nil {
		t.Fatal(err)
	}
	want := schemas.Payload{
		Hash: fmt.Sprintf("%x", sha256.Sum256([]byte("a,b\n1,2\n"))), Publisher: "ishares", Request: "GET " + base + "/x?y=1", Status: 200, Bytes: 8,
		FetchedAt: time.Date(2025, 3, 5, 2, 30, 0, 123_000_000, time.UTC),
	}
	if diff := cmp.Diff(want, p.Payload); diff != "" {
		t.Errorf("payload differs (-want +got):\n%s", diff)
	}
	for range 2 {
		if got := bodyOf(t, p); got != "a,b\n1,2\n" {
			t.Errorf("body %q", got)
		}
	}
	if p.Header.Get("Content-Type") != "text/csv" || p.Header.Get("X-Request-Id") != "" {
		t.Errorf("header %v", p.Header)
	}
	if len(seen) != 1 || seen[0] != p {
		t.Errorf("observed %v", seen)
	}
	records, err := c.o.Archive.Answers("ishares", "GET", r.URL)
	if err != nil || len(records) != 1 {
		t.Fatalf("records %v, %v", records, err)
	}
	if got := records[0]; got.Job != "holdings" || got.Dataset != "raw.holding" || got.Window != w || got.Hash != p.Hash {
		t.Errorf("record %+v", got)
	}
}

func TestGetRefusesRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t, Options{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("no network")
	})})
	secret := Secret{Query: "api_key", Value: "0123456789abcdef"}
	for name, r := range map[string]Request{
		"no publisher":       {URL: "https://example.com/"},
		"no scheme":          {Publisher: "p", URL: "example.com/x"},
		"ftp":                {Publisher: "p", URL: "ftp://example.com/"},
		"plain http":         {Publisher: "p", URL: "http://example.com/"},
		"password":           {Publisher: "p", URL: "https://user:hunter22@example.com/"},
		"secret in address":  {Publisher: "p", URL: "https://example.com/?k=0123456789abcdef", Secret: secret},
		"unreadable secret":  {Publisher: "p", URL: "https://exa mple.com/?k=0123456789abcdef", Secret: secret},
		"secret in header":   {Publisher: "p", URL: "https://example.com/", Header: http.Header{"X-Key": {"0123456789abcdef"}}, Secret: secret},
		"credential header":  {Publisher: "p", URL: "https://example.com/", Header: http.Header{"authorization": {"Token 0123456789abcdef"}}},
		"nameless secret":    {Publisher: "p", URL: "https://example.com/", Secret: Secret{Value: "0123456789abcdef"}},
		"fragment":           {Publisher: "p", URL: "https://example.com/#a"},
		"no host":            {Publisher: "p", URL: "https:///x"},
		"relative file":      {Publisher: "p", URL: "file:x.csv"},
		"file on other host": {Publisher: "p", URL: "file://server/x.csv"},
		"secret for a file":  {Publisher: "p", URL: "file:///x.csv", Secret: secret},
	} {
		_, err := c.Get(t.Context(), r)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "0123456789abcdef") || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is what a transport made of a function returns.
func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func TestLocalServerKeepsItsAddressWhateverItsPort(t *testing.T) {
	t.Parallel()
	const addr = "http://sandbox.localhost/nyfed/x"
	a, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"first", "second"} {
		base, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
			if r.Host != "sandbox.localhost" {
				t.Errorf("asked as %s", r.Host)
			}
			write(t, w, body)
		})
		c := newClient(t, Options{
			Archive: a, Local: map[string]string{"sandbox.localhost": strings.TrimPrefix(base, "http://")},
			Limits: map[string]Limit{"nyfed": {Every: time.Hour}},
			Proxy:  func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy for servers of our own") },
		})
		for range 2 {
			if p, err := c.Get(t.Context(), Request{Publisher: "nyfed", URL: addr}); err != nil || bodyOf(t, p) != body {
				t.Fatalf("%v", err)
			}
		}
	}
	p, err := newClient(t, Options{Archive: a, Offline: true}).Get(t.Context(), Request{Publisher: "nyfed", URL: addr})
	if err != nil || bodyOf(t, p) != "second" {
		t.Errorf("offline: %v", err)
	}
}

func TestCancelledContextStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	base, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c := newClient(t, Options{MinWait: time.Hour, MaxWait: time.Hour})
	if _, err := c.Get(ctx, Request{Publisher: "p", URL: base}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	if _, err := c.Get(ctx, Request{Publisher: "p", URL: base}); !errors.Is(err, context.Canceled) || n.Load() != 1 {
		t.Errorf("cancelled before: %v, %d requests", err, n.Load())
	}
}

func TestManyAtOnceShareOneArchive(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		write(t, w, strings.Repeat(r.URL.Path, 1000))
	})
	c := newClient(t, Options{})
	second, err := archive.Open(c.o.Archive.Dir())
	if err != nil {
		t.Fatal(err)
	}
	d := newClient(t, Options{Archive: second})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			path := "/" + string(rune('a'+i%4))
			p, err := []*Client{c, d}[i%2].Get(t.Context(), Request{Publisher: "p", URL: base + path})
			if err != nil {
				t.Error(err)
				return
			}
			if got := bodyOf(t, p); got != strings.Repeat(path, 1000) {
				t.Errorf("%s: %d bytes", path, len(got))
			}
		})
	}
	wg.Wait()
	report, err := second.Verify(t.Context())
	if err != nil || len(report.Findings) != 0 || report.Payloads != 4 {
		t.Errorf("verify: %+v, %v", report, err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// logged returns a log and what was written to it.
func logged() (*slog.Logger, *lockedBuffer) {
	b := &lockedBuffer{}
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})), b
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
