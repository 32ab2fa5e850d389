package extract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

func TestUnchangedAnswerIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var validators []string
	base, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
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

// TestRefusedAnswerIsRefusedByItsWindow holds that an answer which broke its contract for
// one window still serves another, that the publisher is asked without a condition for the
// first, and that offline the answer before it is taken there.
func TestRefusedAnswerIsRefusedByItsWindow(t *testing.T) {
	t.Parallel()
	conditions := 0
	base, _ := serve(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			conditions++
		}
		w.Header().Set("Etag", fmt.Sprintf(`"v%d"`, n))
		write(t, w, fmt.Sprintf("answer %d", n))
	})
	clock := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	c := newClient(t, Options{Now: now})
	a := WithOrigin(t.Context(), "levels", "raw.observation", schemas.CutWhole.Window("A", 0))
	b := WithOrigin(t.Context(), "levels", "raw.observation", schemas.CutWhole.Window("B", 0))
	r := Request{Publisher: "vendor", URL: base}
	get := func(c *Client, ctx context.Context) *Payload {
		t.Helper()
		p, err := c.Get(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	get(c, a)
	second := get(c, a)
	offline := newClient(t, Options{Archive: c.o.Archive, Offline: true})
	if !offline.Refuse(a, second.Hash) || offline.Refuse(a, second.Hash) {
		t.Error("a refusal is news once")
	}
	if ofA, ofB := bodyOf(t, get(offline, a)), bodyOf(t, get(offline, b)); ofA != "answer 1" || ofB != "answer 2" {
		t.Errorf("offline A has %q and B %q", ofA, ofB)
	}
	c.Refuse(a, second.Hash)
	before := conditions
	if get(c, a); conditions != before {
		t.Error("the publisher was asked whether a refused answer still holds")
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

func TestOfflineAnswersFromArchiveAlone(t *testing.T) {
	t.Parallel()
	clock := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	base, n := serve(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gone":
			http.Error(w, "no such series", http.StatusNotFound)
		case r.URL.Path == "/moved" && n > 4:
			http.NotFound(w, r)
		default:
			write(t, w, "answer "+string(rune('0'+n)))
		}
	})
	online := newClient(t, Options{Now: func() time.Time { return clock }})
	get := func(c *Client, path string) (string, error) {
		p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base + path})
		if err != nil {
			return "", err
		}
		return bodyOf(t, p), nil
	}
	var times []time.Time
	for _, path := range []string{"/x", "/x", "/x", "/moved", "/moved", "/gone"} {
		clock = clock.Add(time.Hour)
		_, err := get(online, path)
		times = append(times, clock)
		if (err != nil) != (len(times) > 4) {
			t.Fatalf("request %d: %v", len(times), err)
		}
	}
	asked := n.Load()
	dead := roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("offline, and yet a request was sent")
		return nil, errors.New("no network")
	})
	at := func(asOf time.Time) *Client {
		return newClient(t, Options{Archive: online.o.Archive, Offline: true, AsOf: asOf, Transport: dead})
	}
	for _, tc := range []struct {
		asOf       time.Time
		path, want string
	}{
		{time.Time{}, "/x", "answer 3"},
		{times[2], "/x", "answer 3"},
		{times[2].Add(-time.Millisecond), "/x", "answer 2"},
		{times[0], "/x", "answer 1"},
		{time.Time{}, "/moved", "answer 4"}, // the refusal after it changed nothing
	} {
		if got, err := get(at(tc.asOf), tc.path); got != tc.want || err != nil {
			t.Errorf("%s as of %s: %q, %v; want %q", tc.path, tc.asOf, got, err, tc.want)
		}
	}
	var status *StatusError
	if _, err := get(at(time.Time{}), "/gone"); !errors.As(err, &status) || status.Code != 404 || status.Body != "no such series" {
		t.Errorf("a refusal, offline: %v", err)
	}
	for path, asOf := range map[string]time.Time{"/never": {}, "/x": times[0].Add(-time.Millisecond)} {
		if _, err := get(at(asOf), path); !errors.Is(err, ErrNotArchived) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s as of %s: %v, want ErrNotArchived", path, asOf, err)
		}
	}
	if n.Load() != asked {
		t.Errorf("%d requests reached the server offline", n.Load()-asked)
	}
}

func TestReuseAfterSavesRequests(t *testing.T) {
	t.Parallel()
	clock := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	base, n := serve(t, func(n int64, w http.ResponseWriter, _ *http.Request) {
		write(t, w, "answer "+string(rune('0'+n)))
	})
	observed := 0
	c := newClient(t, Options{Now: func() time.Time { return clock }}).Observe(func(*Payload) { observed++ })
	get := func(after time.Time) string {
		p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base, ReuseAfter: after})
		if err != nil {
			t.Fatal(err)
		}
		return bodyOf(t, p)
	}
	for i, tc := range []struct {
		after time.Time
		want  string
		sent  int64
	}{
		{clock, "answer 1", 1},                       // nothing there yet
		{clock, "answer 1", 1},                       // fetched just then
		{clock.Add(-time.Hour), "answer 1", 1},       // fetched since
		{clock.Add(time.Millisecond), "answer 2", 2}, // fetched before
		{time.Time{}, "answer 3", 3},                 // always asked
	} {
		if got := get(tc.after); got != tc.want || n.Load() != tc.sent {
			t.Errorf("step %d: %q after %d requests, want %q after %d", i, got, n.Load(), tc.want, tc.sent)
		}
		if i >= 2 {
			clock = clock.Add(time.Second)
		}
	}
	if observed != 5 {
		t.Errorf("%d payloads observed, want 5: archived ones count", observed)
	}
}

func TestPastHasEachContentOnce(t *testing.T) {
	t.Parallel()
	clock := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	contents := []string{"A", "B", "B", "A", "C"}
	base, _ := serve(t, func(n int64, w http.ResponseWriter, _ *http.Request) { write(t, w, contents[n-1]) })
	c := newClient(t, Options{Now: func() time.Time { return clock }})
	r := Request{Publisher: "ssga", URL: base}
	for range contents {
		clock = clock.Add(time.Hour)
		if _, err := c.Get(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	past := func(c *Client) string {
		payloads, err := c.Past(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range payloads {
			out = append(out, bodyOf(t, p)+p.FetchedAt.Format("@15"))
		}
		return strings.Join(out, " ")
	}
	if got, want := past(c), "C@17 A@16 B@15"; got != want {
		t.Errorf("past = %s, want %s", got, want)
	}
	old := newClient(t, Options{Archive: c.o.Archive, Offline: true, AsOf: clock.Add(-2 * time.Hour)})
	if got, want := past(old), "B@15 A@13"; got != want {
		t.Errorf("past as of 15:00 = %s, want %s", got, want)
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

// TestOneAnswerForAllWhoAsk has several ask the same at the same time: where an
// archived answer may serve, the publisher is asked once.
func TestOneAnswerForAllWhoAsk(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	arrived := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-arrived
		_, _ = w.Write([]byte("figures"))
	}))
	defer srv.Close()
	c := newClient(t, Options{})
	ask := Request{Publisher: "p", URL: srv.URL + "/x", ReuseAfter: time.Now().Add(-time.Hour)}
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			_, err := c.Get(t.Context(), ask)
			return err
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	group.Go(func() error {
		for asked.Load() == 0 {
			runtime.Gosched()
		}
		cancel() // who waits need not wait for ever
		if _, err := c.Get(ctx, ask); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("whoever had gone got %w", err)
		}
		close(arrived)
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
