package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// readFaults reads the matrix that writeFaults wrote.
func readFaults(path string) map[string]map[string]string {
	out := map[string]map[string]string{}
	text, _ := os.ReadFile(path) // none is an empty one
	var names []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "step":
			names = cells
		case len(cells) == len(names) && !strings.HasPrefix(cells[0], "---"):
			out[cells[0]] = map[string]string{}
			for i, name := range names[1:] {
				out[cells[0]][name] = cells[i+1]
			}
		}
	}
	return out
}

// writeFaults writes the matrix as a page.
func writeFaults(t *testing.T, path string, result map[string]map[string]string) {
	t.Helper()
	var b bytes.Buffer
	counts := map[string]int{}
	fmt.Fprint(&b, "# Faults\n\nWritten by `make faults`. At each step of the pipeline the program stands still while the fault strikes; then it goes on, or is started again.\n"+
		"A cell has passed where after that tables, archive, run log, workbook and deliveries are those of an undisturbed run, and whoever read meanwhile saw each\n"+
		"window as it was or as it is to be.\n\n| step |")
	for _, f := range faults {
		fmt.Fprintf(&b, " %s |", f.name)
	}
	fmt.Fprint(&b, "\n|---|"+strings.Repeat("---|", len(faults))+"\n")
	for _, step := range faultSteps {
		fmt.Fprintf(&b, "| %s |", step.name)
		for _, f := range faults {
			says := result[step.name][f.name]
			counts[says]++
			fmt.Fprintf(&b, " %s |", says)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b)
	for _, says := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%d cells %s. ", counts[says], says)
	}
	if err := os.WriteFile(path, append(bytes.TrimSpace(b.Bytes()), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}
