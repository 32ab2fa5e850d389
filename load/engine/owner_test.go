package engine_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// startOwner has another process open the engine of a folder, and returns it
// with the engine's process.
func startOwner(t *testing.T, dir string) (owner *exec.Cmd, pid int) {
	t.Helper()
	enginetest.Require(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	owner = exec.CommandContext(t.Context(), self)
	owner.Env = append(os.Environ(), ownDir+"="+dir)
	owner.Stderr = os.Stderr
	if _, err := owner.StdinPipe(); err != nil { // open as long as the test lives
		t.Fatal(err)
	}
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Process.Kill(); _ = owner.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the owner says nothing: %v", err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return owner, pid
}

// gone waits until a process is no more, or only its exit status is left.
func gone(t *testing.T, pid int, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for time.Now().Before(deadline) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(5 * time.Millisecond) // until it is gone
	}
	t.Fatalf("process %d is still there after %s", pid, within)
}

func TestAnotherProcessUsesTheRunningEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner, pid := startOwner(t, dir)
	e, err := engine.Open(t.Context(), engine.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if e.Owned() || e.Pid() != pid || e.Owner() != owner.Process.Pid {
		t.Errorf("owned %t, pid %d, owner %d; want the engine %d of process %d", e.Owned(), e.Pid(), e.Owner(), pid, owner.Process.Pid)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := engine.Open(t.Context(), engine.Config{Dir: dir})
	if err != nil {
		t.Fatalf("closing what was found has ended it: %v", err)
	}
	run(t, connect(t, again.Loader()), "CREATE DATABASE raw")
}

func TestOpenAtOnceMakesOneEngine(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	dir := t.TempDir()
	type result struct {
		e   *engine.Engine
		err error
	}
	results := make(chan result)
	for range 6 {
		go func() {
			e, err := engine.Open(t.Context(), engine.Config{Dir: dir, MaxMemory: 1 << 30})
			results <- result{e, err}
		}()
	}
	owned, pids := 0, map[int]bool{}
	for range 6 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
			continue
		}
		pids[r.e.Pid()] = true
		if r.e.Owned() {
			owned++
			t.Cleanup(func() { _ = r.e.Close() })
		}
	}
	if owned != 1 || len(pids) != 1 {
		t.Errorf("%d owners of %d engines, want one of one", owned, len(pids))
	}
}

func TestKilledParentLeavesNoEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner, pid := startOwner(t, dir)
	found, err := engine.Open(t.Context(), engine.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, found.Loader()) // an idle client would hold it for five seconds
	run(t, conn, "CREATE DATABASE raw", "CREATE TABLE raw.x (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO raw.x SELECT number FROM numbers(1000)")

	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	gone(t, pid, 4*time.Second)

	heir, err := engine.Open(t.Context(), engine.Config{Dir: dir, MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = heir.Close() })
	if !heir.Owned() {
		t.Error("the folder still has an owner")
	}
	if n := count(t, connect(t, heir.Loader()), "SELECT count() FROM raw.x"); n != 1000 {
		t.Errorf("%d rows are left, want 1000", n)
	}
}

func TestOpenRightAfterTheParentWasKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner, _ := startOwner(t, dir)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for {
		e, err := engine.Open(t.Context(), engine.Config{Dir: dir, MaxMemory: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		if e.Owned() {
			_ = e.Close()
			return
		}
		// It found the orphan in its last moments.
		if time.Now().After(deadline) {
			t.Fatal("the orphan is still used")
		}
	}
}

func TestWantedPortIsTaken(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for name, cfg := range map[string]engine.Config{"native": {TCPPort: port}, "http": {HTTPPort: port}} {
		cfg.Dir = t.TempDir()
		_, err := engine.Open(t.Context(), cfg)
		taken, ok := errors.AsType[*engine.PortTakenError](err)
		if !ok || taken.Addr != l.Addr().String() {
			t.Errorf("%s: got %v, want a PortTakenError for %s", name, err, l.Addr())
		}
	}
}

func TestPortOfTheLastTimeIsTaken(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	cfg := engine.Config{Dir: t.TempDir(), MaxMemory: 1 << 30}
	first, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp4", first.Loader().Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	second, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	if second.Loader().Addr == first.Loader().Addr {
		t.Errorf("it claims %s, where somebody else listens", second.Loader().Addr)
	}
	if second.Loader().HTTPAddr != first.Loader().HTTPAddr {
		t.Errorf("the HTTP port changed without need")
	}
}

// TestAloneWaitsForGuests holds that an owner can leave the engine to those
// who still use it, and that nobody finds it once it is about to stop.
func TestAloneWaitsForGuests(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	cfg := engine.Config{Dir: t.TempDir(), MaxMemory: 1 << 30, AttachTimeout: 50 * time.Millisecond}
	owner, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close() })
	guest, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guest.Close() })

	ctx, cancel := context.WithCancel(t.Context())
	if err := owner.Alone(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Fatalf("the owner is alone (%v) while another uses its engine", err)
	}
	if err := guest.Close(); err != nil {
		t.Fatal(err)
	}
	if err := owner.Alone(t.Context(), func() { t.Error("it waits for one who has left") }); err != nil {
		t.Fatal(err)
	}
	late, err := engine.Open(t.Context(), cfg)
	if _, ok := errors.AsType[*engine.OwnedError](err); !ok {
		t.Fatalf("got %v, %v; want no engine for those who come when it is about to stop", late, err)
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	heir, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !heir.Owned() {
		t.Error("the folder still has an owner")
	}
	if err := heir.Close(); err != nil {
		t.Fatal(err)
	}
}
