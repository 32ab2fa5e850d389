package fred_test

import (
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/archive"
)

// newClient returns the client that is used in earnest, with an archive of its
// own and without patience.
func newClient(t testing.TB) *extract.Client {
	t.Helper()
	a, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := extract.NewClient(extract.Options{Archive: a, Attempts: 2, MinWait: time.Millisecond, MaxWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
