package main

import (
	"os"
	"path/filepath"
	"testing"

	"tidemark/load/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
