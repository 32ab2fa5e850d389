package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// startProgram starts this program in a process of its own.
func startProgram(t *testing.T, args ...string) (cmd *exec.Cmd, out io.Reader, errOut *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	errOut = &bytes.Buffer{}
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = errOut
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, pipe, errOut
}

// signalAfter sends the signal once the program has printed that many windows,
// and returns its exit code. It reports false if the program ended before.
func signalAfter(t *testing.T, sig os.Signal, windows int, args ...string) (code int, sent bool, errOut string) {
	t.Helper()
	cmd, out, stderr := startProgram(t, args...)
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "  ok ") && !sent {
			seen++
			if seen >= windows {
				sent = cmd.Process.Signal(sig) == nil
			}
		}
	}
	err := cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), sent && exit != nil, stderr.String()
}

// engines lists the engines' processes whose data are below a folder.
func engines(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && bytes.HasPrefix(text, []byte("tidemark-engine")) && bytes.Contains(text, []byte(dir)) {
			found = append(found, filepath.Base(filepath.Dir(f)))
		}
	}
	return found
}

// TestKilledAndInterrupted kills a first run at random moments, interrupts it
// once, and lets it end. What is there then is what the archive alone gives.
func TestKilledAndInterrupted(t *testing.T) {
	enginetest.Require(t)
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("it looks for processes left over in /proc")
	}
	dir := t.TempDir()
	cfg := filepath.Join(dir, defaultConfig)
	demo := []string{"demo", "--dir", dir, "--to", "2025-12-05", "--securities", "60", "--years", "2"}
	again := []string{"run", "-c", cfg}

	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	kills := 0
	for args := demo; kills < 4; args = again {
		if _, killed, _ := signalAfter(t, syscall.SIGKILL, 1+random.IntN(6), args...); !killed {
			break
		}
		kills++
	}
	if kills == 0 {
		t.Fatal("nothing was killed")
	}
	code, interrupted, says := signalAfter(t, os.Interrupt, 2, again...)
	if interrupted && (code != exitInterrupted || !strings.Contains(says, "goes on from here")) {
		t.Errorf("^C: exit %d, says %q; want exit %d and how to go on", code, says, exitInterrupted)
	}
	if out := must(t, again...); !strings.Contains(out, "0 failed, 0 held") {
		t.Errorf("after %d kills the run says:\n%s", kills, out)
	}

	// The engine of a killed program sees that it is alone, and leaves.
	deadline := time.Now().Add(10 * time.Second)
	for len(engines(t, dir)) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("engines left over: %v", engines(t, dir))
		}
		time.Sleep(20 * time.Millisecond) // until it is gone
	}
	if n := staged(t, dir); n != "0" {
		t.Errorf("%s staging tables are left over", n)
	}
	if out := must(t, "replay", "-c", cfg, "--into", filepath.Join(dir, "rebuilt")); !strings.Contains(out, "every table is identical") {
		t.Errorf("replay says:\n%s", out)
	}
	if out := must(t, "status", "-c", cfg); strings.Contains(out, " stale, such as") {
		t.Errorf("status says:\n%s", out)
	}
}

// staged counts the staging tables of a warehouse.
func staged(t *testing.T, dir string) string {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(dir, "data", "engine")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	access := e.Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	table, err := w.Ask(t.Context(), "SELECT count() FROM system.tables WHERE database = 'ops' AND startsWith(name, 'stage_')")
	if err != nil {
		t.Fatal(err)
	}
	return table.Rows[0][0]
}

// TestSecondCommandKeepsItsEngine holds that the command that started the
// engine leaves it to another that still works with it.
func TestSecondCommandKeepsItsEngine(t *testing.T) {
	enginetest.Require(t)
	dir := t.TempDir()
	cfg := filepath.Join(dir, defaultConfig)
	write(t, cfg, "history: {from: 2024-01-01}\n")
	server, out, errOut := startProgram(t, "engine", "serve", "-c", cfg)
	reader := bufio.NewReader(out)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "is open") {
		t.Fatalf("serve says %q: %v", line, err)
	}
	guest, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(dir, "data", "engine")})
	if err != nil {
		t.Fatal(err)
	}
	if guest.Owned() {
		t.Fatal("a second engine was started")
	}
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for line := ""; !strings.Contains(line, "closing"); {
		if line, err = reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "engine", "query", "-c", cfg, "SELECT count() FROM mart.metric") // a third
	if err := guest.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve ended with %v: %s", err, errOut)
	}
}
