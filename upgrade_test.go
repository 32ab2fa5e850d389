package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tidemark/load/engine/enginetest"
)

// firstKept is the version whose warehouses every later one opens.
const firstKept = "c313439d2f1b7af2be1c7bc0b8146e7851f27622"

// TestUpgrade lets the program of an earlier version make a warehouse, and goes on with
// it: nothing is fetched again, what stands is what this version makes of the same
// answers, and a workbook comes of it.
func TestUpgrade(t *testing.T) {
	enginetest.Require(t)
	old := earlier(t, firstKept)
	c := &faultCell{dir: t.TempDir(), to: "2025-12-05"}
	c.configure(t, 0)
	config := filepath.Join(c.dir, defaultConfig)
	if out, err := exec.CommandContext(t.Context(), old, "run", "-c", config).CombinedOutput(); err != nil {
		t.Fatalf("the earlier version: %v\n%s", err, out)
	}
	answers := c.answers(t)

	for _, args := range [][]string{{"status"}, {"run"}, {"check"}, {"check", "--archive"}, {"export"}} {
		must(t, append(args, "-c", config)...)
	}
	if again := c.answers(t); !slices.Equal(again, answers) {
		t.Errorf("the archive has %d answers, before %d", len(again), len(answers))
	}
	if says := must(t, "replay", "-c", config, "--into", filepath.Join(c.dir, "fresh")); !strings.Contains(says, "every table is identical") {
		t.Errorf("what stands is not what the answers give: %s", says)
	}
}

// earlier builds the program as it was.
func earlier(t *testing.T, revision string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) error {
		out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		if err != nil {
			t.Logf("git %s: %s", strings.Join(args, " "), out)
		}
		return err
	}
	source, program := filepath.Join(dir, "source"), filepath.Join(dir, "tidemark")
	if git("cat-file", "-e", revision+"^{commit}") != nil {
		t.Skip("the history of this copy does not reach to " + revision)
	}
	if err := git("worktree", "add", "--detach", source, revision); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("git", "worktree", "remove", "--force", source).Run() })
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %s", revision, out)
	}
	return program
}
