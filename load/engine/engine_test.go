package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// ownDir is set for a process that a test starts to own a folder's engine.
const ownDir = "TIDEMARK_TEST_OWN_ENGINE"

func TestMain(m *testing.M) {
	engine.Child()
	if dir := os.Getenv(ownDir); dir != "" {
		own(dir)
	}
	enginetest.Main(m)
}

// own opens an engine, prints its process, and holds it until it is killed or
// its standard input ends.
func own(dir string) {
	e, err := engine.Open(context.Background(), engine.Config{Dir: dir, MaxMemory: 1 << 30})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = fmt.Fprintln(os.Stdout, e.Pid())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	_ = e.Close()
	os.Exit(0)
}

// connect returns a client that is closed before the engine is.
func connect(t *testing.T, a engine.Access) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr:        []string{a.Addr},
		Auth:        clickhouse.Auth{Username: a.User, Password: a.Password, Database: "system"},
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func run(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func count(t *testing.T, conn driver.Conn, query string) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestDataAndPasswordsOutliveTheEngine(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	cfg := engine.Config{Dir: filepath.Join(t.TempDir(), "März & 'co' <1>"), MaxMemory: 1 << 30}
	first, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Owned() || first.Pid() == 0 || first.Owner() != os.Getpid() || first.Version() == "" {
		t.Errorf("owned %t, pid %d, owner %d, version %q", first.Owned(), first.Pid(), first.Owner(), first.Version())
	}
	conn := connect(t, first.Loader())
	run(t, conn, "CREATE DATABASE raw", "CREATE TABLE raw.x (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO raw.x SELECT number FROM numbers(10)")
	_ = conn.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if first.Pid() != 0 || first.Err() != nil {
		t.Errorf("after Close: pid %d, err %v", first.Pid(), first.Err())
	}

	second, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	if second.Loader() != first.Loader() || second.BI() != first.BI() {
		t.Errorf("access changed: %v and %v", first.BI().Addr, second.BI().Addr)
	}
	if n := count(t, connect(t, second.Loader()), "SELECT count() FROM raw.x"); n != 10 {
		t.Errorf("%d rows after a restart, want 10", n)
	}
}

func TestCloseTwiceAndBeforeStart(t *testing.T) {
	t.Parallel()
	var none *engine.Engine
	if err := errors.Join(none.Close(), new(engine.Engine).Close()); err != nil {
		t.Errorf("before the start: %v", err)
	}
	e := enginetest.Start(t)
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Errorf("twice: %v", err)
	}
}

func TestCloseEndsAnEngineWithClients(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	conn := connect(t, e.Loader())
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %s with an idle client; the engine alone takes five seconds", took)
	}
}

func TestAccessShowsNoPassword(t *testing.T) {
	t.Parallel()
	a := engine.Access{Addr: "127.0.0.1:9000", User: "loader", Password: "secret"}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("open", "access", a)
	if text := fmt.Sprintf("%v %+v %s", a, a, a) + b.String(); strings.Contains(text, "secret") || !strings.Contains(text, "loader@127.0.0.1:9000") {
		t.Errorf("got %s", text)
	}
}

func TestOpenStopsWhenAsked(t *testing.T) {
	t.Parallel()
	enginetest.Require(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := engine.Open(ctx, engine.Config{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	e, err := engine.Open(t.Context(), engine.Config{Dir: dir, MaxMemory: 1 << 30})
	if err != nil || !e.Owned() {
		t.Fatalf("what was stopped is still there: %v", err)
	}
	_ = e.Close()
}

func TestOpenWithoutFolder(t *testing.T) {
	t.Parallel()
	if _, err := engine.Open(t.Context(), engine.Config{}); err == nil {
		t.Error("opened without a data folder")
	}
}

func TestOpenWithoutLibrary(t *testing.T) {
	t.Parallel()
	_, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Library: t.TempDir() + "/libchdb.so"})
	if _, ok := errors.AsType[*engine.NotInstalledError](err); !ok {
		t.Errorf("got %v, want a NotInstalledError", err)
	}
}

func TestOpenWithSomethingElseAsLibrary(t *testing.T) {
	t.Parallel()
	library := t.TempDir() + "/libchdb.so"
	if err := os.WriteFile(library, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Library: library})
	start, ok := errors.AsType[*engine.StartError](err)
	if !ok || len(start.Log) == 0 {
		t.Errorf("got %v, want a StartError with what the loader says", err)
	}
}

// BenchmarkOpenClose is what a command pays that finds no engine running.
func BenchmarkOpenClose(b *testing.B) {
	enginetest.Require(b)
	cfg := engine.Config{Dir: b.TempDir(), MaxMemory: 1 << 30}
	for b.Loop() {
		e, err := engine.Open(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAttach is what a command pays beside a running service.
func BenchmarkAttach(b *testing.B) {
	enginetest.Require(b)
	cfg := engine.Config{Dir: b.TempDir(), MaxMemory: 1 << 30}
	owner, err := engine.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = owner.Close() }()
	for b.Loop() {
		e, err := engine.Open(b.Context(), cfg)
		if err != nil || e.Owned() {
			b.Fatalf("not attached: %v", err)
		}
		_ = e.Close()
	}
}
