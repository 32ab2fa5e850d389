package main

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// killsWanted is how often the daemon is killed, and how many years it builds:
// a few times and years in every test run, and ten years as often as
// TIDEMARK_KILLS says when somebody wants to know.
func killsWanted(t *testing.T) (kills, years int) {
	t.Helper()
	text := os.Getenv("TIDEMARK_KILLS")
	if text == "" {
		return 5, 2
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("TIDEMARK_KILLS: %v", err)
	}
	return n, 10
}

// daemonConfig is a small simulated market of some years on a folder of its own.
func daemonConfig(t *testing.T, dir string, years int) string {
	t.Helper()
	text := strings.NewReplacer("{{securities}}", "60", "{{from}}", strconv.Itoa(2025-years)+"-01-01", "{{history}}", strconv.Itoa(2026-years)+"-01-01", "{{to}}", "2025-12-05",
		"{{started}}", time.Now().UTC().Format(time.RFC3339)).Replace(demoConfig)
	path := filepath.Join(dir, defaultConfig)
	write(t, path, text)
	return path
}

// daemon is a running `tidemark serve` in a process of its own.
func startDaemon(t *testing.T, cfg string) (kill func()) {
	t.Helper()
	cmd, out, errOut := startProgram(t, "serve", "-c", cfg, "--listen", "127.0.0.1:0")
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "the page is at") {
		t.Fatalf("serve says %q, %v: %s", line, err, errOut)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
}

// warehouseOf opens the warehouse of a configuration beside whoever serves it.
func warehouseOf(t *testing.T, dir string) (*clickhouse.Warehouse, func()) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(dir, "data", "engine")})
	if err != nil {
		t.Fatal(err)
	}
	access := e.Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
	if err != nil {
		t.Fatal(err)
	}
	return w, func() {
		_ = w.Close()
		_ = e.Close()
	}
}

func contents(t *testing.T, w *clickhouse.Warehouse) map[string]string {
	t.Helper()
	all, err := w.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range all {
		out[c.Table] = strconv.FormatInt(c.Rows, 10) + " rows " + c.Content
	}
	return out
}

// TestDaemonKilled kills the daemon at random moments while it builds some
// years, the newest year by itself and the others by a backfill with two
// workers, until it has been killed often enough; as many times anew as that
// takes. Each time all tables are what an undisturbed run makes, and few
// windows were built twice.
func TestDaemonKilled(t *testing.T) {
	enginetest.Require(t)
	wanted, years := killsWanted(t)
	undisturbed := t.TempDir()
	must(t, "run", "-c", daemonConfig(t, undisturbed, years))
	w, closing := warehouseOf(t, undisturbed)
	want := contents(t, w)
	closing()

	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	kills, rounds, built, twice := 0, 0, 0, 0
	for ; kills < wanted; rounds++ {
		dir := t.TempDir()
		cfg := daemonConfig(t, dir, years)
		here := 0
		for kills < wanted {
			kill := startDaemon(t, cfg)
			time.Sleep(time.Duration(random.IntN(1800)) * time.Millisecond) // the moment of the kill
			ended := historyBuilt(t, dir)
			kill()
			if ended {
				break
			}
			kills++
			here++
		}
		kill := startDaemon(t, cfg)
		w, closing := warehouseOf(t, dir)
		deadline := time.Now().Add(3 * time.Minute)
		for !backfilled(t, w) {
			if time.Now().After(deadline) {
				table, err := w.Ask(t.Context(), `SELECT toString(started_at), job, part, toString(from_date), outcome, cause, reason FROM ops.run ORDER BY started_at DESC LIMIT 40`)
				if err != nil {
					t.Error(err)
				}
				for _, row := range slices.Backward(table.Rows) {
					t.Logf("ran: %s", strings.Join(row, " "))
				}
				t.Fatalf("the backfill does not end: it is %s", time.Now().UTC().Format(time.DateTime))
			}
			time.Sleep(100 * time.Millisecond) // until the daemon is done
		}
		got := contents(t, w)
		for table, content := range want {
			if got[table] != content {
				t.Errorf("after %d kills %s holds %s, undisturbed %s", here, table, got[table], content)
			}
		}
		b, tw := builtTwice(t, w)
		built, twice = built+b, twice+tw
		closing()
		kill()
	}
	t.Logf("%d kills in %d rounds: %d runs built a window, %d of them one that had been built before from the same inputs", kills, rounds, built, twice)
	if twice > kills {
		t.Errorf("%d windows were built twice, more than one for each kill", twice)
	}
}

// TestStandbyTakesOver holds that of two daemons on one folder the second goes
// on when the first is killed, and the engine with it.
func TestStandbyTakesOver(t *testing.T) {
	enginetest.Require(t)
	dir := t.TempDir()
	cfg := filepath.Join(dir, defaultConfig)
	write(t, cfg, "history: {from: 2024-01-01}\n")
	kill := startDaemon(t, cfg)
	second, out, errOut := startProgram(t, "serve", "-c", cfg, "--listen", "127.0.0.1:0")
	lines := bufio.NewReader(out)
	for range 2 { // as a guest of the first one's engine, and then with its own
		if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "the page is at") {
			t.Fatalf("serve says %q, %v: %s", line, err, errOut)
		}
		kill()
	}
	w, closing := warehouseOf(t, dir)
	defer closing()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) { // until it schedules
		leases, err := w.Leases(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(leases) == 1 && strings.Contains(leases[0].Owner, " "+strconv.Itoa(second.Process.Pid)+" ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the living processes are %+v", leases)
		}
	}
}

// historyBuilt reports whether the backfill of a folder has ended.
func historyBuilt(t *testing.T, dir string) bool {
	t.Helper()
	w, closing := warehouseOf(t, dir)
	defer closing()
	return backfilled(t, w)
}

// backfilled reports whether there was a backfill and all have ended, and
// nothing else is at work.
func backfilled(t *testing.T, w *clickhouse.Warehouse) bool {
	t.Helper()
	all, err := w.Backfills(t.Context())
	if err != nil {
		return false // the tables are not there yet
	}
	for _, b := range all {
		if !b.State.Ended() {
			return false
		}
	}
	open, err := w.OpenRuns(context.WithoutCancel(t.Context()))
	return err == nil && len(all) > 0 && len(open) == 0
}

// builtTwice counts the runs that built a window, and those among them that
// built one from inputs from which another had built it already.
func builtTwice(t *testing.T, w *clickhouse.Warehouse) (built, twice int) {
	t.Helper()
	table, err := w.Ask(t.Context(), `SELECT sum(n), sum(n - 1) FROM (
		SELECT dataset, part, from_date, inputs, count() AS n FROM (
			SELECT r.dataset, r.part, r.from_date, r.run_id, arraySort(groupArray(i.content)) AS inputs
			FROM ops.run AS r LEFT JOIN ops.input AS i ON i.run_id = r.run_id
			WHERE r.outcome IN ('ok', 'unchanged') GROUP BY r.dataset, r.part, r.from_date, r.run_id)
		GROUP BY dataset, part, from_date, inputs)`)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Ask(t.Context(), `SELECT dataset, part, from_date, groupArray((outcome, cause, reason)) FROM ops.run
		WHERE outcome IN ('ok', 'unchanged', 'died') GROUP BY dataset, part, from_date HAVING countIf(outcome != 'died') > 1 ORDER BY dataset, part, from_date`)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range again.Rows {
		t.Logf("built again: %s", strings.Join(row, " "))
	}
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return number(table.Rows[0][0]), number(table.Rows[0][1])
}
