package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

var noon = time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *Archive {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func put(t *testing.T, a *Archive, r Record, body string) Record {
	t.Helper()
	w, err := a.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	r, err = w.Commit(r)
	if err != nil {
		t.Fatal(err)
	}
	w.Abort() // does nothing
	return r
}

func answerAt(url string, at time.Time, status int) Record {
	return Record{Publisher: "p", Method: "GET", URL: url, Status: status, FetchedAt: at}
}

func read(a *Archive, hash string) (string, error) {
	r, err := a.OpenPayload(hash)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), errors.Join(err, r.Close())
}

// files lists what lies below a folder of the archive.
func files(t *testing.T, a *Archive, sub string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(a.Dir(), sub), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != lockName {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCommitKeepsBodyAndRecord(t *testing.T) {
	t.Parallel()
	a := open(t, filepath.Join(t.TempDir(), "new", "archive"))
	in := Record{
		Publisher: "ishares", Method: "GET", URL: "https://example.com/?a=<b>&c", Status: 200,
		Header:    http.Header{"Etag": {`"x"`}},
		FetchedAt: time.Date(2025, 1, 2, 7, 0, 0, 999_999_999, time.FixedZone("", -5*3600)),
		Job:       "holdings", Dataset: "raw.holding", Window: schemas.CutYear.Window("IVV", schemas.NewDate(2025, 1, 2)),
	}
	got := put(t, a, in, "hello\n")
	want := in
	want.Hash, want.Bytes = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", 6
	want.FetchedAt = time.Date(2025, 1, 2, 12, 0, 0, 999_000_000, time.UTC)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record differs (-want +got):\n%s", diff)
	}
	again, err := open(t, a.Dir()).Answers("ishares", "GET", in.URL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Record{want}, again); diff != "" {
		t.Errorf("read back differs (-want +got):\n%s", diff)
	}
	if body, err := read(a, want.Hash); body != "hello\n" || err != nil {
		t.Errorf("body %q, %v", body, err)
	}
	if left := files(t, a, tempDir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	name := filepath.Join(a.Dir(), requestDir, Key("ishares", "GET", in.URL)[:2], Key("ishares", "GET", in.URL), "20250102T120000.999Z-5891b5b522d5.json")
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}

func TestEmptyAndLargeBodies(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	large := strings.Repeat("0123456789abcdef\n", 500_000)
	for _, body := range []string{"", "x", large} {
		r := put(t, a, answerAt("https://example.com/", noon, 200), body)
		if got, err := read(a, r.Hash); got != body || err != nil || r.Bytes != int64(len(body)) {
			t.Errorf("%d bytes came back as %d, %v", len(body), len(got), err)
		}
	}
}

func TestAnswersAreNewestFirst(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	const url = "https://example.com/x"
	for i, status := range []int{200, 404, 200, 503} {
		put(t, a, answerAt(url, noon.Add(time.Duration(i)*time.Hour), status), fmt.Sprint("body ", i))
	}
	put(t, a, answerAt("https://example.com/other", noon, 200), "other")
	put(t, a, answerAt("https://example.com/none", noon, 404), "none")
	got, err := a.Answers("p", "GET", url)
	if err != nil || len(got) != 4 {
		t.Fatalf("answers: %d, %v", len(got), err)
	}
	for i, r := range got {
		if want := noon.Add(time.Duration(3-i) * time.Hour); !r.FetchedAt.Equal(want) {
			t.Errorf("answer %d is of %s, want %s", i, r.FetchedAt, want)
		}
	}
	for _, tc := range []struct {
		url      string
		notAfter time.Time
		status   int
		hour     int
	}{
		{url, time.Time{}, 200, 14},
		{url, noon.Add(3 * time.Hour), 200, 14},
		{url, noon.Add(2*time.Hour - time.Millisecond), 200, 12},
		{url, noon, 200, 12},
		{url, noon.Add(-time.Second), 0, 0},
		{"https://example.com/none", time.Time{}, 404, 12},
		{"https://example.com/never", time.Time{}, 0, 0},
	} {
		r, ok, err := a.Newest("p", "GET", tc.url, tc.notAfter)
		if err != nil || ok != (tc.status != 0) || r.Status != tc.status || (ok && r.FetchedAt.Hour() != tc.hour) {
			t.Errorf("newest of %s at %s: %d of %s, %v, %v", tc.url, tc.notAfter, r.Status, r.FetchedAt, ok, err)
		}
	}
	var all []string
	for r, err := range a.Records() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.FetchedAt.Format("15"))
	}
	if got := strings.Join(all, " "); got != "12 12 12 13 14 15" {
		t.Errorf("records in the order %s, want oldest first", got)
	}
	for notAfter, want := range map[time.Time]string{{}: "https://example.com/other https://example.com/x", noon.Add(-1): ""} {
		urls, err := a.URLs("p", notAfter)
		if got := strings.Join(urls, " "); err != nil || got != want {
			t.Errorf("addresses at %s: %s, %v; want %s", notAfter, got, err, want)
		}
	}
	if urls, err := a.URLs("q", time.Time{}); err != nil || len(urls) != 0 {
		t.Errorf("addresses of nobody: %v, %v", urls, err)
	}
}

func TestRepeatNeedsNoBody(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	r := put(t, a, answerAt("https://example.com/", noon, 200), "same")
	r.FetchedAt = noon.Add(time.Hour)
	if _, err := a.Repeat(r); err != nil {
		t.Fatal(err)
	}
	got, err := a.Answers("p", "GET", r.URL)
	if err != nil || len(got) != 2 || got[0].Hash != got[1].Hash || got[0].Bytes != 4 {
		t.Errorf("answers %+v, %v", got, err)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	w, err := a.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "half of it"); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	w.Abort()
	if left := append(files(t, a, tempDir), files(t, a, payloadDir)...); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCommitRefusesRecords(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	for name, r := range map[string]Record{
		"no publisher": {Method: "GET", URL: "u", FetchedAt: noon},
		"no method":    {Publisher: "p", URL: "u", FetchedAt: noon},
		"no address":   {Publisher: "p", Method: "GET", FetchedAt: noon},
		"no time":      {Publisher: "p", Method: "GET", URL: "u"},
	} {
		w, err := a.Create()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Commit(r); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if left := append(files(t, a, tempDir), files(t, a, payloadDir)...); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, hash := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63)} {
		if _, err := a.OpenPayload(hash); err == nil {
			t.Errorf("payload %q opened", hash)
		}
	}
	if _, err := a.OpenPayload(strings.Repeat("a", 64)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing payload: %v", err)
	}
}

func TestDiskThatRefusesIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(dir, "file", "archive")); err == nil || !strings.Contains(err.Error(), "archive: make folder") {
		t.Errorf("archive below a file: %v", err)
	}
	a := open(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(a.Dir(), payloadDir, "58"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := a.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(answerAt("u", noon, 200)); err == nil {
		t.Error("committed where there is no folder for it")
	}
	if left := files(t, a, tempDir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTwoArchivesOnOneFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	both := []*Archive{open(t, dir), open(t, dir)}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			w, err := both[i%2].Create()
			if err != nil {
				t.Error(err)
				return
			}
			body := fmt.Sprintln("body", i%5)
			if _, err := io.WriteString(w, body); err != nil {
				t.Error(err)
			}
			r, err := w.Commit(answerAt("https://example.com/", noon.Add(time.Duration(i%7)*time.Millisecond), 200))
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := read(both[(i+1)%2], r.Hash); got != body || err != nil {
				t.Errorf("the other archive reads %q, %v; want %q", got, err, body)
			}
		})
	}
	wg.Wait()
	report, err := both[0].Verify(t.Context())
	if err != nil || len(report.Findings) != 0 || report.Payloads != 5 || report.Records != 35 {
		t.Errorf("verify: %+v, %v; want 5 payloads and 35 records", report, err)
	}
}

func FuzzRecord(f *testing.F) {
	r := answerAt("https://example.com/", noon, 200)
	r.Hash = strings.Repeat("a", 64)
	r.Window = schemas.CutYear.Window("IVV", schemas.NewDate(2025, 1, 2))
	text, err := r.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"publisher":"p"}`))
	f.Add([]byte(`{} {}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := decode(text)
		if err != nil {
			return
		}
		again, err := r.encode()
		if err != nil {
			t.Fatalf("a record that was read cannot be written: %v", err)
		}
		back, err := decode(again)
		if err != nil {
			t.Fatalf("a record that was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Fatalf("changed on the way (-first +second):\n%s", diff)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	a, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	body := []byte(strings.Repeat("2025-01-02,AAPL,243.85\n", 4000))
	b.SetBytes(int64(len(body)))
	n := 0
	for b.Loop() {
		n++
		w, err := a.Create()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := fmt.Fprintf(w, "%d\n%s", n, body); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Commit(answerAt(fmt.Sprint("https://example.com/", n), noon, 200)); err != nil {
			b.Fatal(err)
		}
	}
}
