// Package sharedtest finds the real answers and the real history that some
// tests are held against. They are not part of the project.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of real data, or skips the test where it is missing.
// It is the folder named by TIDEMARK_SHARED, or else the folder "shared"
// beside the project.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("TIDEMARK_SHARED")
	if dir == "" {
		root, err := os.Getwd()
		if err != nil {
			tb.Fatalf("find the project: %v", err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			parent := filepath.Dir(root)
			if parent == root {
				tb.Fatal("find the project: no go.mod above the test")
			}
			root = parent
		}
		dir = filepath.Join(filepath.Dir(root), "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "METRICS.md")); err != nil {
		tb.Skipf("real data not present: %v (set TIDEMARK_SHARED to its folder)", err)
	}
	return dir
}

// File returns the path of a file of the real data; see Dir.
func File(tb testing.TB, path ...string) string {
	tb.Helper()
	return filepath.Join(append([]string{Dir(tb)}, path...)...)
}
