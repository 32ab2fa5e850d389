package archive

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCopy brings an archive over, and what has come since; a damaged payload stays
// behind with its records, and is named.
func TestCopy(t *testing.T) {
	t.Parallel()
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	first := put(t, from, answerAt("http://h/1", noon, 200), "one")
	put(t, from, answerAt("http://h/2", noon, 404), "gone")
	if _, err := from.Repeat(Record{Publisher: "p", Method: "GET", URL: "http://h/1", Status: 200, FetchedAt: noon.Add(time.Hour), Hash: first.Hash, Bytes: first.Bytes}); err != nil {
		t.Fatal(err)
	}
	copied := func(want Copied) {
		t.Helper()
		got, err := from.CopyTo(t.Context(), to)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	}
	all := func(a *Archive) (out []Record) {
		for r, err := range a.Records() {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	copied(Copied{Records: 3, Payloads: 2})
	copied(Copied{})
	if diff := cmp.Diff(all(from), all(to)); diff != "" {
		t.Errorf("records (-from +to):\n%s", diff)
	}
	if text, err := read(to, first.Hash); err != nil || text != "one" {
		t.Errorf("the copy holds %q, error %v", text, err)
	}
	third := put(t, from, answerAt("http://h/3", noon, 200), "three")
	fourth := put(t, from, answerAt("http://h/4", noon, 200), "four")
	if err := os.WriteFile(from.payloadPath(third.Hash), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	copied(Copied{Records: 1, Payloads: 1, Damaged: []string{third.Hash}})
	if text, err := read(to, fourth.Hash); err != nil || text != "four" {
		t.Errorf("the copy holds %q, error %v", text, err)
	}
	if report, err := to.Verify(t.Context()); err != nil || len(report.Findings) > 0 {
		t.Errorf("the copy: %v, error %v", report.Findings, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := from.CopyTo(ended, open(t, t.TempDir())); err == nil {
		t.Error("a copy that was ended has no error")
	}
}
