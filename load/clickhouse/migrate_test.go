package clickhouse

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// TestMigrateMakesTheDatasets compares the living tables with the
// descriptors: columns, types, comments, order, sort keys.
func TestMigrateMakesTheDatasets(t *testing.T) {
	w := fresh(t)
	var want, got []string
	for _, d := range schemas.Datasets() {
		want = append(want, d.String()+"|"+d.Comment+"|"+strings.Join(d.SortKey(), ", "))
		for _, c := range d.Columns {
			want = append(want, d.String()+"|"+c.Name+"|"+c.Kind.Type()+"|"+c.Doc())
		}
	}
	got = append(got, lines(t, w, "SELECT database || '.' || name, comment, sorting_key FROM system.tables WHERE database IN ('raw', 'facts', 'ops', 'history') AND name != 'migration'")...)
	got = append(got, lines(t, w, "SELECT database || '.' || table, name, type, comment FROM system.columns WHERE database IN ('raw', 'facts', 'ops', 'history') AND table != 'migration'")...)
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("tables in the warehouse differ from their descriptors (-descriptor +warehouse):\n%s", diff)
	}
	for _, d := range schemas.Datasets() {
		live := lines(t, w, "SELECT name FROM system.columns WHERE database = '"+d.Database+"' AND table = '"+d.Name+"' ORDER BY position")
		for i, c := range d.Columns {
			if i >= len(live) || live[i] != c.Name {
				t.Errorf("%s: column %d is not %s: %v", d, i, c.Name, live)
				break
			}
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	w := blank(t)
	all, err := schemas.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Migrate(t.Context())
	if err != nil || len(first) != len(all) {
		t.Fatalf("first: applied %d of %d, error %v", len(first), len(all), err)
	}
	second, err := w.Migrate(t.Context())
	if err != nil || len(second) != 0 {
		t.Fatalf("second: applied %v, error %v", second, err)
	}
}

// TestMigrateAfterHalf stops between a statement and the record of it.
func TestMigrateAfterHalf(t *testing.T) {
	w := blank(t)
	all, err := schemas.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	half := all[len(all)/2].Name
	ctx, cancel := context.WithCancel(t.Context())
	w.at = func(step string) {
		if step == "migrated "+half {
			cancel()
		}
	}
	applied, err := w.Migrate(ctx)
	if !errors.Is(err, context.Canceled) || len(applied) != len(all)/2 {
		t.Fatalf("stopped in %s: applied %d, error %v", half, len(applied), err)
	}
	rest, err := open(t, sharedEngine(t)).Migrate(t.Context())
	if err != nil || len(rest) != len(all)-len(applied) || rest[0] != half {
		t.Fatalf("after a stop in %s: applied %v, error %v", half, rest, err)
	}
}

func TestMigrateRefusesEditedHistory(t *testing.T) {
	w := fresh(t)
	all, err := schemas.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	all[3].Sum = strings.Repeat("0", 64)
	_, err = w.migrate(t.Context(), all)
	changed, ok := errors.AsType[*MigrationChangedError](err)
	if !ok || changed.Name != all[3].Name {
		t.Fatalf("got %v, want a MigrationChangedError of %s", err, all[3].Name)
	}
}

func TestMigrateByTwoAtOnce(t *testing.T) {
	blank(t)
	var wg sync.WaitGroup
	for range 2 {
		w := open(t, sharedEngine(t))
		wg.Go(func() {
			if _, err := w.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if again, err := open(t, sharedEngine(t)).Migrate(t.Context()); err != nil || len(again) != 0 {
		t.Fatalf("afterwards: applied %v, error %v", again, err)
	}
}
