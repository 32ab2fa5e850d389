package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// eventually polls a condition.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond) // until it is
	}
}

func killProcess(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

// kill ends the engine as a lack of memory would, and waits until it is back.
func kill(t *testing.T, e *engine.Engine) {
	t.Helper()
	pid, restarts := e.Pid(), e.Restarts()
	killProcess(t, pid)
	eventually(t, "the engine is back", 20*time.Second, func() bool { return e.Restarts() > restarts })
	if e.Pid() == pid || e.Pid() == 0 {
		t.Errorf("pid %d after a restart, was %d", e.Pid(), pid)
	}
}

// Acknowledged means written: four writers, and an engine that is killed under
// them. A batch is there whole or not at all, and what was acknowledged is
// there.
func TestKilledEngineKeepsAcknowledgedRows(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	access := e.Loader()
	run(t, connect(t, access), "CREATE DATABASE raw",
		"CREATE TABLE raw.x (writer UInt64, batch UInt64, n UInt64) ENGINE = MergeTree ORDER BY (writer, batch, n)")

	const writers, rows, kills = 4, 5000, 3
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[[2]uint64]bool{}
	acked := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for writer := range uint64(writers) {
		conn, err := clickhouse.Open(&clickhouse.Options{
			Addr: []string{access.Addr}, Auth: clickhouse.Auth{Username: access.User, Password: access.Password},
			DialTimeout: time.Second, ReadTimeout: 10 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		wg.Go(func() {
			numbers := make([]uint64, rows)
			w, b := make([]uint64, rows), make([]uint64, rows)
			for batch := uint64(0); ctx.Err() == nil; batch++ {
				for i := range numbers {
					numbers[i], w[i], b[i] = uint64(i), writer, batch
				}
				insert, err := conn.PrepareBatch(ctx, "INSERT INTO raw.x")
				if err != nil {
					continue // the engine is not there
				}
				err = errors.Join(insert.Column(0).Append(w), insert.Column(1).Append(b), insert.Column(2).Append(numbers))
				if err != nil {
					t.Error(err)
					return
				}
				if insert.Send() == nil {
					mu.Lock()
					acknowledged[[2]uint64{writer, batch}] = true
					mu.Unlock()
				}
			}
		})
	}
	for range kills {
		before := acked()
		eventually(t, "the writers write", 20*time.Second, func() bool { return acked() > before+25 })
		kill(t, e)
	}
	last := acked()
	eventually(t, "the writers write again", 20*time.Second, func() bool { return acked() > last+25 })
	stop()
	wg.Wait()

	found := map[[2]uint64]uint64{}
	result, err := connect(t, access).Query(t.Context(), "SELECT writer, batch, count() FROM raw.x GROUP BY writer, batch")
	if err != nil {
		t.Fatal(err)
	}
	for result.Next() {
		var key [2]uint64
		var n uint64
		if err := result.Scan(&key[0], &key[1], &n); err != nil {
			t.Fatal(err)
		}
		found[key] = n
	}
	if err := errors.Join(result.Err(), result.Close()); err != nil {
		t.Fatal(err)
	}
	for key := range acknowledged {
		if found[key] == 0 {
			t.Errorf("batch %d of writer %d was acknowledged and is lost", key[1], key[0])
		}
	}
	for key, n := range found {
		if n != rows {
			t.Errorf("batch %d of writer %d has %d rows, want %d or none", key[1], key[0], n, rows)
		}
	}
	t.Logf("%d rows acknowledged over %d kills; %d batches found, %d acknowledged", len(acknowledged)*rows, kills, len(found), len(acknowledged))
}

func TestKilledEngineComesBackWhereItWas(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	access := e.BI()
	found, err := engine.Open(t.Context(), engine.Config{Dir: e.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	kill(t, e)
	if e.BI() != access {
		t.Error("the access changed")
	}
	if err := connect(t, found.BI()).Ping(t.Context()); err != nil {
		t.Errorf("another process has lost it: %v", err)
	}
	if found.Pid() != e.Pid() {
		t.Errorf("another process sees pid %d, want %d", found.Pid(), e.Pid())
	}
	if e.Err() != nil {
		t.Errorf("it is back and says %v", e.Err())
	}
}

func TestSupervisionGivesUp(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	library, err := engine.Library("")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.Symlink(library, link); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Library: link, MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := errors.Join(os.Remove(link), os.WriteFile(link, []byte("not a library"), 0o600)); err != nil {
		t.Fatal(err)
	}
	killProcess(t, e.Pid())
	select {
	case <-e.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("it is still trying")
	}
	gaveUp, ok := errors.AsType[*engine.GaveUpError](e.Err())
	if !ok || gaveUp.Deaths < 3 {
		t.Errorf("got %v, want a GaveUpError after some attempts", e.Err())
	}
	if err := e.Close(); err != nil {
		t.Errorf("close after giving up: %v", err)
	}
	heir, err := engine.Open(t.Context(), engine.Config{Dir: e.Dir(), MaxMemory: 1 << 30})
	if err != nil {
		t.Fatalf("the folder was not given back: %v", err)
	}
	_ = heir.Close()
}

func TestCloseWhileRestarting(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	killProcess(t, e.Pid())
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	heir, err := engine.Open(t.Context(), engine.Config{Dir: e.Dir(), MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if !heir.Owned() {
		t.Error("the folder still has an owner")
	}
	_ = heir.Close()
}
