package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"testing"
	"time"

	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/load/engine/enginetest"
)

// TestWorkersShareABackfill lets several processes share a backfill: what they make is
// what one makes alone, and none builds what another has built. One of two dies on the
// way, and the other does its part. With TIDEMARK_WORKERS it is one, two and four
// processes over ten years, what they took is written to the file that it names, and
// none dies.
func TestWorkersShareABackfill(t *testing.T) {
	enginetest.Require(t)
	out, years, numbers := os.Getenv("TIDEMARK_WORKERS"), 2, []int{2}
	if out != "" {
		years, numbers = 10, []int{1, 2, 4}
	}
	alone := t.TempDir()
	must(t, "run", "-c", daemonConfig(t, alone, years))
	w, closing := warehouseOf(t, alone)
	want := contents(t, w)
	closing()

	var table bytes.Buffer
	for _, n := range numbers {
		dir := t.TempDir()
		config := daemonConfig(t, dir, years)
		w, closing := warehouseOf(t, dir) // so that the engine outlives whoever began it
		if _, err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		all := make([]*exec.Cmd, n)
		for i := range all {
			cmd, pipe, errOut := startProgram(t, "backfill", "-c", config, "--from", fmt.Sprintf("%d-01-01", 2026-years), "--worker", fmt.Sprintf("%d/%d", i+1, n))
			go func() { _, _ = io.Copy(io.Discard, pipe) }()
			all[i] = cmd
			defer func() {
				if t.Failed() {
					t.Logf("process %d of %d says %s", i+1, n, errOut)
				}
			}()
		}
		if out == "" { // the last one dies once it has done something
			dies := all[n-1]
			for deadline := time.Now().Add(time.Minute); !hasRun(t, w, dies.Process.Pid) && time.Now().Before(deadline); {
				time.Sleep(50 * time.Millisecond) // another process is at work
			}
			_ = dies.Process.Kill()
			_ = dies.Wait()
			all = all[:n-1]
		}
		for _, cmd := range all {
			if err := cmd.Wait(); err != nil {
				t.Errorf("of %d processes, one ends with %v", n, err)
			}
		}
		took := time.Since(began)
		if got := contents(t, w); !maps.Equal(got, want) {
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%d processes: %s has %s, want %s", n, name, got[name], want[name])
				}
			}
		}
		built, twice, by := sharedOut(t, w)
		fmt.Fprintf(&table, "| %d | %.1f | %d | %d | %v |\n", n, took.Seconds(), built, twice, by)
		if twice > 0 {
			t.Errorf("%d of %d windows were built twice", twice, built)
		}
		closing()
	}
	if out != "" {
		if err := os.WriteFile(out, table.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// hasRun reports whether a process has brought a run to an end.
func hasRun(t *testing.T, w *clickhouse.Warehouse, pid int) bool {
	t.Helper()
	runs, err := w.FindRuns(t.Context(), clickhouse.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if r.Outcome == string(jobs.OK) && ownerPID(r.Owner) == pid {
			return true
		}
	}
	return false
}

// ownerPID is the process that an owner's name holds.
func ownerPID(owner string) (pid int) {
	var host string
	_, _ = fmt.Sscan(owner, &host, &pid)
	return pid
}

// sharedOut counts the windows that were built, those that were built twice, and how
// many each process built.
func sharedOut(t *testing.T, w *clickhouse.Warehouse) (built, twice int, by []int) {
	t.Helper()
	runs, err := w.FindRuns(t.Context(), clickhouse.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	seen, of := map[string]bool{}, map[string]int{}
	for _, r := range runs {
		if o := jobs.Outcome(r.Outcome); o != jobs.OK && o != jobs.Unchanged {
			continue
		}
		key := r.Dataset + " " + r.Window.String()
		if seen[key] {
			twice++
		} else {
			built++
		}
		seen[key] = true
		of[r.Owner]++
	}
	for _, n := range of {
		by = append(by, n)
	}
	return built, twice, by
}
