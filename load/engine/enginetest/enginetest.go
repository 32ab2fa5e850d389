// Package enginetest gives tests a real ClickHouse of their own.
package enginetest

import (
	"errors"
	"log/slog"
	"os"
	"testing"

	"tidemark/load/engine"
)

// Main is the TestMain of a package whose tests call Start:
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
func Main(m *testing.M) {
	engine.Child()
	os.Exit(m.Run())
}

// Start returns an engine on a fresh folder, which is stopped when the test
// ends. Close clients before that, with t.Cleanup after Start: an open
// connection delays the stop by a second. What is missing is dealt with as
// Require does.
func Start(tb testing.TB) *engine.Engine {
	tb.Helper()
	Require(tb)
	e, err := engine.Open(tb.Context(), engine.Config{
		Dir:       dir(tb),
		MaxMemory: 2 << 30,
		Log:       slog.New(slog.NewTextHandler(tb.Output(), nil)),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Errorf("stop the engine: %v", err)
		}
	})
	return e
}

// Require fails the test when the engine's library is missing, and says how to
// fetch it. With TIDEMARK_ENGINE=0 in the environment it skips the test.
func Require(tb testing.TB) {
	tb.Helper()
	if os.Getenv("TIDEMARK_ENGINE") == "0" {
		tb.Skip("TIDEMARK_ENGINE=0: tests that need the engine are left out")
	}
	_, err := engine.Library("")
	if missing, ok := errors.AsType[*engine.NotInstalledError](err); ok {
		tb.Fatalf("%v (or set TIDEMARK_ENGINE=0 to leave these tests out)", missing)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// roomy is how much must be free in memory before tests put warehouses there.
const roomy = 4 << 30

// dir is a folder for one test's warehouse: in memory where there is room,
// because much of a small warehouse's time goes into making files.
func dir(tb testing.TB) string {
	tb.Helper()
	const memory = "/dev/shm"
	if free(memory) < roomy {
		return tb.TempDir()
	}
	d, err := os.MkdirTemp(memory, "tidemark-test-") //nolint:usetesting // TempDir is on the disk
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(d); err != nil {
			tb.Errorf("remove the warehouse: %v", err)
		}
	})
	return d
}
