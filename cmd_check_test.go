package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidemark/extract/archive"
	"tidemark/jobs"
)

// TestChecksAreDocumented holds the guide's table of checks against the checks.
func TestChecksAreDocumented(t *testing.T) {
	t.Parallel()
	guide := configurationGuide(t)
	rows := 0
	for line := range strings.Lines(guide) {
		if strings.HasPrefix(line, "| `") && (strings.Contains(line, "` | error |") || strings.Contains(line, "` | warning |")) {
			rows++
		}
	}
	known := jobs.KnownChecks()
	for _, c := range known {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", c.Name, c.Severity, c.Says); !strings.Contains(guide, row) {
			t.Errorf("the guide lacks\n%s", row)
		}
	}
	if rows != len(known) {
		t.Errorf("the guide has %d checks, the jobs have %d", rows, len(known))
	}
}

// TestCheckList holds that the checks can be listed without a warehouse, that
// the list is of the asked-for jobs, and that it shows what is turned off.
func TestCheckList(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tidemark.yaml")
	write(t, path, "history: {from: 2020-01-01}\npublishers:\n  ishares: {funds: [IVV]}\n  fiscaldata: {}\nchecks: {weight_sum: off, row_count: warning}\n")
	out := must(t, "check", "--list", "-c", path)
	for _, want := range []string{"weight_sum (off)\n", "row_count (warning)\n", "contract (error)\n", "fiscaldata:dts, ishares:IVV\n", "up to 100 %"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	var list []struct {
		Job    string
		Checks []jobs.CheckInfo
	}
	if err := json.Unmarshal([]byte(must(t, "check", "--list", "--json", "fiscaldata:dts", "-c", path)), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Job != "fiscaldata:dts" || len(list[0].Checks) != 2 || list[0].Checks[0].Says == "" {
		t.Errorf("got %+v, want two checks of one job", list)
	}
	if code, _, errOut := call(t, "check", "--list", "nope", "-c", path); code != exitUsage || !strings.Contains(errOut, `"nope"`) {
		t.Errorf("an unknown job: exit code %d, %s", code, errOut)
	}
	write(t, path, "history: {from: 2020-01-01}\nchecks: {weigth_sum: off}\n")
	if code, _, errOut := call(t, "check", "--list", "-c", path); code != exitUsage || !strings.Contains(errOut, "weight_sum") {
		t.Errorf("an unknown check: exit code %d, %s", code, errOut)
	}
}

// TestCheckArchive damages a file of the archive: it is found and named.
func TestCheckArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tidemark.yaml")
	write(t, path, "data: data\nhistory: {from: 2020-01-01}\npublishers:\n  fiscaldata: {}\n")
	if code, _, errOut := call(t, "check", "--archive", "-c", path); code == 0 || !strings.Contains(errOut, "read the archive") {
		t.Errorf("without an archive: exit code %d, %s", code, errOut)
	}
	store, err := archive.Open(filepath.Join(dir, "data", "archive"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(url, text string) string {
		w, err := store.Create()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		rec, err := w.Commit(archive.Record{Publisher: "fred", Method: "GET", URL: url, Status: 200, FetchedAt: time.Unix(1_700_000_000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return rec.Hash
	}
	first := put("http://127.0.0.1/1", strings.Repeat("one ", 1000))
	put("http://127.0.0.1/2", "two")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "check", "--archive", "-c", path); !strings.Contains(out, "2 answers") || !strings.Contains(out, "0 files damaged") {
		t.Errorf("sound: %s", out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "data", "archive", "*", first[:2], first+"*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := call(t, "check", "--archive", "-c", path)
	if code != exitChecks || !strings.Contains(out, first) || !strings.Contains(errOut, "1 file of the archive") {
		t.Errorf("damaged: exit code %d, %s%s", code, out, errOut)
	}
}
