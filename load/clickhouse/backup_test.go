package clickhouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// TestBackUpAndRestore writes a warehouse out and reads it into another engine: all
// tables, what was known before, and the log of what was done are there.
func TestBackUpAndRestore(t *testing.T) {
	w := stocked(t)
	adv := func(values ...float64) {
		replace(t, w, schemas.Breadth, facts("adv", "SPX_MEMBERS", schemas.NewDate(2026, 1, 2), values...))
	}
	adv(10, 20, 30)
	adv(10, 21, 30)
	name := func(attempt int) string { return fmt.Sprintf("File('test-%d.tar')", attempt) }
	contents, to, err := w.Backup(t.Context(), name)
	if err != nil || to != "File('test-1.tar')" {
		t.Fatal(to, err)
	}
	journal := lines(t, w, "SELECT count(), max(at) FROM ops.swap")

	e := enginetest.Start(t)
	data, err := os.ReadFile(filepath.Join(sharedEngine(t).Backups(), "test-1.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.Backups(), "came.tar"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	other := open(t, e)
	if _, err := other.Migrate(t.Context()); err != nil { // a program that only looked has made the tables
		t.Fatal(err)
	}
	if err := other.Restore(t.Context(), "File('came.tar')"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.Views(t.Context()); err != nil {
		t.Fatal(err)
	}
	restored, err := other.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(contents, restored); diff != "" {
		t.Errorf("(-backed up +restored):\n%s", diff)
	}
	if diff := gocmp.Diff(journal, lines(t, other, "SELECT count(), max(at) FROM ops.swap")); diff != "" {
		t.Errorf("the journal (-backed up +restored):\n%s", diff)
	}
	if got := lines(t, other, "SELECT value FROM mart.as_known WHERE metric = 'adv' AND universe = 'SPX_MEMBERS' AND session = '2026-01-03' ORDER BY known_from"); len(got) != 2 || got[0] != "20" || got[1] != "21" {
		t.Errorf("as known: %v", got)
	}
	// What was restored is worked on, and not restored into again.
	replace(t, other, schemas.Breadth, facts("adv", "SPX_MEMBERS", schemas.NewDate(2026, 1, 2), 10, 22, 30))
	if err := other.Restore(t.Context(), "File('came.tar')"); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a warehouse with rows: %v", err)
	}
	if got := lines(t, other, "SELECT value FROM facts.breadth WHERE metric = 'adv' AND universe = 'SPX_MEMBERS' AND session = '2026-01-03'"); len(got) != 1 || got[0] != "22" {
		t.Errorf("the refusal has changed the warehouse: %v", got)
	}
	if err := fresh(t).Restore(t.Context(), "File('none.tar')"); err == nil || !strings.Contains(err.Error(), "none.tar") {
		t.Errorf("from nowhere: %v", err)
	}
}

// TestBackUpOfAWarehouseAtWork publishes a window during the first attempt, which is
// not taken, and during all of them.
func TestBackUpOfAWarehouseAtWork(t *testing.T) {
	w := stocked(t)
	n := 0.0
	disturb := func(last int) func(int) string {
		return func(attempt int) string {
			if attempt <= last {
				n++
				replace(t, w, schemas.Breadth, facts("adv", "SPX_MEMBERS", schemas.NewDate(2026, 1, 2), n))
			}
			return fmt.Sprintf("File('work-%d-%d.tar')", last, attempt)
		}
	}
	contents, to, err := w.Backup(t.Context(), disturb(1))
	if err != nil || to != "File('work-1-2.tar')" {
		t.Fatal(to, err)
	}
	now, err := w.Contents(t.Context())
	if diff := gocmp.Diff(now, contents); err != nil || diff != "" {
		t.Errorf("error %v (-now +backed up):\n%s", err, diff)
	}
	_, _, err = w.Backup(t.Context(), disturb(backupTries))
	if _, ok := errors.AsType[*BusyError](err); !ok {
		t.Errorf("disturbed each time: %v", err)
	}
}
