package main

import (
	"os"
	"path/filepath"
	"testing"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// asProgram, in the environment, makes this test binary the program: a process
// of its own can be killed.
const asProgram = "TIDEMARK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	engine.Child()
	if os.Getenv(asProgram) != "" {
		standsAtStep()
		main()
	}
	enginetest.Main(m)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// configurationGuide is the text that explains the configuration.
func configurationGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
