package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tidemark/load/engine/enginetest"
)

// TestBackupAndRestore loses a data folder, and has the warehouse and the archive
// again as they were: nothing is to be built, and the figures are traced to their
// bytes.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	config := func(name string) string {
		path := filepath.Join(dir, name+".yaml")
		write(t, path, "data: "+name+"\nhistory: {from: 2024-06-01}\nsandbox: {seed: 3, securities: 100, from: 2024-06-01, to: 2025-12-05}\n"+
			"publishers:\n  h41: {}\n  fiscaldata: {}\n  nyfed: {rates: [SOFR, EFFR]}\n  fred: {series: [IORB, RRPONTSYAWARD]}\n")
		return path
	}
	first := config("first")
	must(t, "run", "-c", first)
	if out := must(t, "backup", kept, "-c", first); !strings.Contains(out, "rows of") {
		t.Errorf("the backup says %s", out)
	}
	must(t, "backup", kept, "--keep", "1", "-c", first)
	all, err := backups(kept)
	if err != nil || len(all) != 1 {
		t.Fatalf("kept %v, error %v", all, err)
	}
	files, err := filepath.Glob(filepath.Join(kept, "*.tar"))
	if err != nil || len(files) != 1 {
		t.Fatalf("kept %v, error %v", files, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "first", "engine", "data", "backups")); err != nil || len(left) > 0 {
		t.Errorf("left in the engine's folder: %v, error %v", left, err)
	}
	figure := must(t, "trace", "fed_assets", "2025-12-03", "-c", first)

	// The disk is lost.
	if err := os.RemoveAll(filepath.Join(dir, "first")); err != nil {
		t.Fatal(err)
	}
	second := config("second")
	if out := must(t, "restore", kept, "-c", second); !strings.Contains(out, "each as it was") {
		t.Errorf("the restore says %s", out)
	}
	if out := must(t, "check", "--archive", "-c", second); !strings.Contains(out, "0 files damaged") {
		t.Errorf("the archive: %s", out)
	}
	if got := must(t, "trace", "fed_assets", "2025-12-03", "-c", second); strings.ReplaceAll(got, "second", "first") != figure {
		t.Errorf("the trace was\n%s\nand is\n%s", figure, got)
	}
	if out := must(t, "run", "-c", second); !strings.Contains(out, "0 built") {
		t.Errorf("after the restore there was something to build:\n%s", out)
	}
	code, _, errOut := call(t, "restore", kept, "-c", second)
	if code != exitFailed || !strings.Contains(errOut, "not empty") {
		t.Errorf("into a warehouse with rows: exit code %d, %s", code, errOut)
	}

	// Whatever is wrong with a backup is said, and leaves the warehouse empty.
	third := config("third")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"restore", dir}, "no finished backup"},
		{[]string{"restore", kept, "--from", "tidemark-1.json"}, slices.Max(all)},
		{[]string{"restore", filepath.Join(dir, "none")}, "look for backups"},
	} {
		if code, _, errOut := call(t, append(c.args, "-c", third)...); code == exitOK || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit code %d, %s", c.args, code, errOut)
		}
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := call(t, "restore", kept, "-c", third); code == exitOK || !strings.Contains(errOut, "damaged") {
		t.Errorf("a damaged backup: exit code %d, %s", code, errOut)
	}
	if out := must(t, "run", "-c", third); !strings.Contains(out, "built") {
		t.Errorf("after a refused restore: %s", out)
	}
}

// TestBackupOfAServer has a server write the warehouse where its administrator allows
// it, and another one read it.
func TestBackupOfAServer(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	server := func(name, more string) (path, backups string) {
		e := enginetest.Start(t)
		access := e.Loader()
		path = filepath.Join(dir, name+".yaml")
		write(t, path, "data: "+name+"\nhistory: {from: 2025-01-01}\nsandbox: {seed: 3, securities: 100, from: 2024-06-01, to: 2025-12-05}\npublishers:\n  fiscaldata: {}\n"+
			"warehouse:\n  dsn: clickhouse://"+access.User+":"+access.Password+"@"+access.Addr+"\n"+more)
		return path, e.Backups()
	}
	silent, _ := server("silent", "")
	if code, _, errOut := call(t, "backup", kept, "-c", silent); code != exitUsage || !strings.Contains(errOut, "warehouse.backup is missing") {
		t.Errorf("without a place: exit code %d, %s", code, errOut)
	}
	first, from := server("first", "  backup: File('{name}.tar')\n")
	must(t, "run", "-c", first)
	must(t, "backup", kept, "-c", first)
	second, to := server("second", "  backup: File('{name}.tar')\n")
	files, err := filepath.Glob(filepath.Join(from, "*.tar"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if code, _, errOut := call(t, "restore", kept, "-c", second); code != exitFailed || !strings.Contains(errOut, filepath.Base(files[0])) {
		t.Errorf("a server that does not have it: exit code %d, %s", code, errOut)
	}
	if _, err := copyFile(files[0], filepath.Join(to, filepath.Base(files[0]))); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "restore", kept, "-c", second); !strings.Contains(out, "each as it was") {
		t.Errorf("the restore says %s", out)
	}
	if out := must(t, "run", "-c", second); !strings.Contains(out, "0 built") {
		t.Errorf("after the restore there was something to build:\n%s", out)
	}
	write(t, filepath.Join(dir, "other.yaml"), "data: other\nhistory: {from: 2025-01-01}\npublishers:\n  fiscaldata: {}\n")
	if code, _, errOut := call(t, "restore", kept, "-c", filepath.Join(dir, "other.yaml")); code != exitUsage || !strings.Contains(errOut, "the other kind") {
		t.Errorf("into an embedded warehouse: exit code %d, %s", code, errOut)
	}
}
