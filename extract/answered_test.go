package extract

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"tidemark/extract/archive"
)

// TestAnsweredIsToldOfEveryAttempt holds that each attempt is counted once,
// those that are tried again included.
func TestAnsweredIsToldOfEveryAttempt(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("answer"))
	}))
	t.Cleanup(srv.Close)
	store, err := archive.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var mu sync.Mutex
	var got []int
	c, err := NewClient(Options{Archive: store, MinWait: time.Millisecond, MaxWait: time.Millisecond, Attempts: 2, Answered: func(publisher string, status int) {
		mu.Lock()
		defer mu.Unlock()
		if publisher != "fred" {
			t.Errorf("told of %q", publisher)
		}
		got = append(got, status)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), Request{Publisher: "fred", URL: srv.URL}); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	if _, err := c.Get(t.Context(), Request{Publisher: "fred", URL: srv.URL + "/gone"}); err == nil {
		t.Fatal("a server that is gone answered")
	}
	if !slices.Equal(got, []int{503, 200, 0}) && !slices.Equal(got, []int{503, 200, 0, 0}) {
		t.Errorf("told of %v, want 503, 200 and then no answer", got)
	}
}
