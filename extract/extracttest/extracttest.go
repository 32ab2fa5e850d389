// Package extracttest holds every source to the same manners and spares its
// tests the wiring. It is used by tests only.
package extracttest

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/schemas"
)

// Client returns the client that is used in earnest, with an archive of its
// own and without patience.
func Client(tb testing.TB) *extract.Client {
	tb.Helper()
	return client(tb, tb.TempDir(), false)
}

func client(tb testing.TB, dir string, offline bool) *extract.Client {
	tb.Helper()
	a, err := archive.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := extract.NewClient(extract.Options{Archive: a, Offline: offline, Attempts: 3, MinWait: time.Millisecond, MaxWait: time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// All drains a source: the rows, or the error. It insists that rows and an
// error never come together and that nothing comes after an error.
func All[T any](tb testing.TB, s extract.Source[T], w schemas.Window) ([]T, error) {
	tb.Helper()
	return drain(tb.Context(), tb, s, w)
}

func drain[T any](ctx context.Context, tb testing.TB, s extract.Source[T], w schemas.Window) ([]T, error) {
	tb.Helper()
	var rows []T
	var failed error
	for batch, err := range s.Fetch(ctx, w) {
		switch {
		case failed != nil:
			tb.Errorf("%d rows, %v after the error %v", len(batch), err, failed)
		case err != nil && len(rows)+len(batch) > 0:
			tb.Errorf("%d rows were yielded before the error %v", len(rows)+len(batch), err)
		}
		if err != nil {
			failed = err
		}
		rows = append(rows, batch...)
	}
	if failed != nil {
		return nil, failed
	}
	return rows, nil
}

// Manners describes a source that is to be held to the manners of all.
type Manners[T any] struct {
	// New makes the source, with the publisher at base.
	New func(g extract.Getter, base string) extract.Source[T]
	// Publisher answers as the real one would.
	Publisher http.Handler
	// Window is one for which the publisher has rows.
	Window schemas.Window
	// Date returns the day of a row.
	Date func(row *T) schemas.Date
	// Secret is what must not be seen in errors and the archive, if anything.
	Secret string
}

// Hold runs the manners as subtests: rows stay in the window and name an
// answer, the archive gives the same rows again without the publisher, a
// publisher that is busy is asked again and one that refuses is not, the
// secret is not seen, a stopped context stops the source.
func (m Manners[T]) Hold(t *testing.T) {
	t.Helper()
	t.Run("replay", m.replay)
	t.Run("busy", m.busy)
	t.Run("refused", m.refused)
	t.Run("stopped", m.stopped)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (m Manners[T]) replay(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(m.Publisher)
	defer srv.Close()
	dir := t.TempDir()
	want, err := All(t, m.New(client(t, dir, false), srv.URL), m.Window)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 {
		t.Fatal("no rows")
	}
	for i := range want {
		if d := m.Date(&want[i]); !m.Window.Contains(d) {
			t.Errorf("row %d of %s is outside %s", i, d, m.Window)
		}
	}
	srv.Close()
	got, err := All(t, m.New(client(t, dir, true), srv.URL), m.Window)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("from the archive (-fetched +replayed):\n%s", diff)
	}
	m.searchSecret(t, dir)
}

func (m Manners[T]) searchSecret(t *testing.T, dir string) {
	t.Helper()
	if m.Secret == "" {
		return
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), m.Secret) || strings.Contains(path, m.Secret) {
			t.Errorf("the secret is in the archive: %s", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("searched %d files of the archive: %v", files, err)
	}
}

func (m Manners[T]) busy(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		m.Publisher.ServeHTTP(w, r)
	}))
	rows, err := All(t, m.New(Client(t), base), m.Window)
	if err != nil || len(rows) == 0 || asked.Load() < 2 {
		t.Errorf("got %d rows, %v after %d requests", len(rows), err, asked.Load())
	}
}

func (m Manners[T]) refused(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	_, err := All(t, m.New(Client(t), base), m.Window)
	var status *extract.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusNotFound || asked.Load() != 1 {
		t.Fatalf("got %v after %d requests, want one and a StatusError", err, asked.Load())
	}
	if !strings.Contains(err.Error(), m.Window.String()) {
		t.Errorf("%v does not name the window", err)
	}
	if m.Secret != "" && (strings.Contains(err.Error(), m.Secret) || strings.Contains(err.Error(), url.QueryEscape(m.Secret))) {
		t.Errorf("the secret is in the error %v", err)
	}
}

func (m Manners[T]) stopped(t *testing.T) {
	t.Parallel()
	base := serve(t, m.Publisher)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := drain(ctx, t, m.New(Client(t), base), m.Window); !errors.Is(err, context.Canceled) {
		t.Errorf("got %d rows, %v, want context.Canceled", len(rows), err)
	}
}
