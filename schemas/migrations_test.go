package schemas

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the migrations that create new tables")

// TestMigrationsMatchDatasets holds the files that create tables against the
// descriptors. A table that a later migration alters has outgrown the text of
// its first file; what such a table looks like is held by load/clickhouse,
// which compares the living columns.
func TestMigrationsMatchDatasets(t *testing.T) {
	want := make(map[string]string)
	var order []string
	add := func(name, sql string) { want[name], order = sql, append(order, name) }
	for _, db := range Databases() {
		add("database_"+db, fmt.Sprintf("CREATE DATABASE IF NOT EXISTS %s\n", QuoteName(db)))
	}
	for _, d := range Datasets() {
		add(d.Database+"_"+d.Name, d.CreateStatement())
	}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]string, len(files)) // name without number to path
	altered := make(map[string]bool)
	alter := regexp.MustCompile("^ALTER TABLE `([a-z]+)`\\.`([a-z_]+)`")
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".sql")[len("0000_"):]
		have[name] = path
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := alter.FindSubmatch(b); m != nil {
			altered[string(m[1])+"_"+string(m[2])] = true
		}
	}
	for _, name := range order {
		path := have[name]
		if altered[name] {
			continue
		}
		if *update && path == "" { // what there is, warehouses have had
			path = fmt.Sprintf("migrations/%04d_%s.sql", len(have)+1, name)
			have[name] = path
			if err := os.WriteFile(path, []byte(want[name]), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if path == "" {
			t.Errorf("no migration makes %s; run the test with -update", name)
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want[name] {
			t.Errorf("%s differs from the descriptor of the table; warehouses have had it, so add a migration that alters the table\ngot:\n%s\nwant:\n%s", path, got, want[name])
		}
	}
}

// TestMigrationsStay holds that a migration, once there, is never changed: a warehouse
// that has had it would be refused. New ones are added to the list with -update.
func TestMigrationsStay(t *testing.T) {
	const path = "testdata/migrations.sha256"
	text, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	was := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		was[name] = sum
	}
	all, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for _, m := range all {
		switch was[m.Name] {
		case m.Sum:
		case "":
			if !*update {
				t.Errorf("%s is not in %s; run the test with -update", m.Name, path)
			}
		default:
			t.Errorf("%s has changed: warehouses have had it; put it back, and add a migration", m.Name)
		}
		delete(was, m.Name)
		fmt.Fprintf(&now, "%s  %s\n", m.Sum, m.Name)
	}
	for name := range was {
		t.Errorf("%s is gone, warehouses have had it", name)
	}
	if *update && !t.Failed() {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(now.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMigrationsAreNumberedAndSingle(t *testing.T) {
	all, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < len(Databases())+len(Datasets()) {
		t.Fatalf("%d migrations for %d databases and %d tables", len(all), len(Databases()), len(Datasets()))
	}
	for _, m := range all {
		if strings.Contains(m.SQL, ";\n") || strings.HasSuffix(m.SQL, ";") {
			t.Errorf("%s holds more than one statement or ends in a semicolon", m.Name)
		}
		if !strings.Contains(m.SQL, "IF NOT EXISTS") && !strings.Contains(m.SQL, "IF EXISTS") {
			t.Errorf("%s cannot be run again", m.Name)
		}
		if len(m.Sum) != 64 {
			t.Errorf("%s has checksum %q", m.Name, m.Sum)
		}
	}
}

func TestQuoting(t *testing.T) {
	for _, c := range []struct{ in, text, name string }{
		{"plain", `'plain'`, "`plain`"},
		{`O'Neill \ "x"`, `'O\'Neill \\ "x"'`, "`O'Neill \\\\ \"x\"`"},
		{"a`b", "'a`b'", "`a\\`b`"},
		{"nul\x00", `'nul\0'`, "`nul\x00`"},
	} {
		if got := QuoteText(c.in); got != c.text {
			t.Errorf("QuoteText(%q) = %s, want %s", c.in, got, c.text)
		}
		if got := QuoteName(c.in); got != c.name {
			t.Errorf("QuoteName(%q) = %s, want %s", c.in, got, c.name)
		}
	}
}

func TestPartitionNamesWindow(t *testing.T) {
	d := Dataset{PartColumn: "p", DateColumn: "d"}
	day := NewDate(2025, 3, 4)
	for cut, want := range map[Cut]string{CutWhole: `'x\'y'`, CutYear: `('x\'y', 2025)`, CutMonth: `('x\'y', 202503)`} {
		d.Cut = cut
		if got := d.Partition(cut.Window("x'y", day)); got != want {
			t.Errorf("cut %d: got %s, want %s", cut, got, want)
		}
	}
}
