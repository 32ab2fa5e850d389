package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	tourLine = regexp.MustCompile(`(?m)^    \.\./bin/tidemark (.*?)\s*(?:  #.*)?$`)
	tourWord = regexp.MustCompile(`"([^"]*)"|(\S+)`)
)

// takeTour runs the commands of the README's tour, as they stand there, in the
// folder of a demonstration that ends on the tour's day.
func takeTour(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, found := strings.Cut(string(text), "## A tour of five minutes")
	tour, _, _ = strings.Cut(tour, "\n## ")
	lines := tourLine.FindAllStringSubmatch(tour, -1)
	if !found || len(lines) < 8 || !strings.Contains(tour, "--to 2025-12-05") {
		t.Fatalf("the README has no tour of 2025-12-05: %q", lines)
	}
	t.Chdir(dir)
	for _, line := range lines {
		var args []string
		for _, word := range tourWord.FindAllStringSubmatch(line[1], -1) {
			args = append(args, word[1]+word[2])
		}
		if args[0] == "serve" { // it does not end by itself
			continue
		}
		if out := must(t, args...); strings.TrimSpace(out) == "" {
			t.Errorf("%s says nothing", line[1])
		}
	}
}
