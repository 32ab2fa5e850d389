package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// visit is a server under test with its log.
type visit struct {
	*Server
	log   *bytes.Buffer
	clock time.Time
}

// open makes a server over the house. Its clock is moved by hand.
func open(t *testing.T, house House, change func(*Config)) *visit {
	t.Helper()
	v := &visit{log: &bytes.Buffer{}, clock: now}
	cfg := Config{
		Listen: "127.0.0.1:0", TokensFile: filepath.Join(t.TempDir(), "tokens.json"), Version: "test",
		Now: func() time.Time { return v.clock }, Log: slog.New(slog.NewTextHandler(v.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(t.Context(), cfg, house)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	v.Server = s
	return v
}

// ask sends a request through everything that a request goes through.
func (v *visit) ask(method, target, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:8484"
	if strings.HasPrefix(target, "/api/") {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	v.http.Handler.ServeHTTP(w, r)
	return w
}

func TestServeAnswersAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	v := open(t, fresh(), nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Serve(ctx) }()
	res, err := http.Get(v.URL() + "healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	if !strings.HasPrefix(v.URL(), "http://127.0.0.1:") {
		t.Errorf("while it serves without TLS it is found at %s", v.URL())
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve ended with %v", err)
	}
}
