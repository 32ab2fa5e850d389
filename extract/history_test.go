package extract

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidemark/extract/archive"
)

func TestUnchangedAnswerIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var validators []string
	base, _ := serve(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		validators = append(validators, r.Header.Get("If-None-Match"))
		w.Header().Set("Etag", `"v1"`)
		w.Header().Set("Content-Type", "application/zip")
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		write(t, w, "the release")
	})
	clock := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	c := newClient(t, Options{Now: func() time.Time { return clock }})
	r := Request{Publisher: "h41", URL: base}
	first, err := c.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(7 * 24 * time.Hour)
	second, err := c.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if second.Hash != first.Hash || second.Status != 200 || !second.FetchedAt.Equal(clock) || second.Header.Get("Content-Type") != "application/zip" || bodyOf(t, second) != "the release" {
		t.Errorf("second answer %+v, want the first one, fetched now", second)
	}
	// A damaged copy cannot be confirmed; it is fetched again and so mended.
	damage(t, c.o.Archive)
	log, lines := logged()
	c = newClient(t, Options{Archive: c.o.Archive, Log: log})
	third, err := c.Get(t.Context(), r)
	if err != nil || bodyOf(t, third) != "the release" || !strings.Contains(lines.String(), "archived answer is not usable") {
		t.Errorf("third answer: %v", err)
	}
	if got := strings.Join(validators, " "); got != ` "v1" ` {
		t.Errorf("validators sent: %q", got)
	}
	// An answer past the request's bound is no answer to it.
	r.MaxBytes = 3
	var large *TooLargeError
	if _, err := c.Get(t.Context(), r); !errors.As(err, &large) {
		t.Errorf("with a smaller bound: %v", err)
	}
}

func TestDamagedArchiveIsAnErrorOfflineOnly(t *testing.T) {
	t.Parallel()
	base, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { write(t, w, "answer") })
	c := newClient(t, Options{})
	r := Request{Publisher: "p", URL: base, ReuseAfter: time.Unix(0, 0)}
	if _, err := c.Get(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	path := damage(t, c.o.Archive)
	off := newClient(t, Options{Archive: c.o.Archive, Offline: true})
	var corrupt *archive.CorruptError
	if _, err := off.Get(t.Context(), r); !errors.As(err, &corrupt) || corrupt.Path != path {
		t.Errorf("offline: %v, want the damaged file named", err)
	}
	if _, err := off.Past(t.Context(), r); !errors.As(err, &corrupt) {
		t.Errorf("its past: %v, want the damaged file named", err)
	}
	if p, err := c.Get(t.Context(), r); err != nil || n.Load() != 2 || bodyOf(t, p) != "answer" {
		t.Errorf("online: %v after %d requests, want it asked for again", err, n.Load())
	}
	if _, err := off.Get(t.Context(), r); err != nil {
		t.Errorf("offline, once mended: %v", err)
	}
}

func TestOfflineKeepsToTheBoundOfTheRequest(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { write(t, w, "answer") })
	c := newClient(t, Options{})
	r := Request{Publisher: "p", URL: base}
	if _, err := c.Get(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.MaxBytes = 5
	var large *TooLargeError
	if _, err := newClient(t, Options{Archive: c.o.Archive, Offline: true}).Get(t.Context(), r); !errors.As(err, &large) {
		t.Errorf("%v, want it refused as it would be online", err)
	}
}

// damage inverts a byte of the archive's only payload and returns its path.
func damage(t *testing.T, a *archive.Archive) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(a.Dir(), "payload", "*", "*.zst"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("payloads %v, %v", paths, err)
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0xFF
	if err := os.WriteFile(paths[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	return paths[0]
}
