package clickhouse

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
)

// TestNamesOfTheMartStay holds the views, columns and types that people and their
// tools use against those that there are. What was there once stays there; -update
// adds what is new, and a name that is to go is taken out of the file by hand, two
// releases after the changelog has said so.
func TestNamesOfTheMartStay(t *testing.T) {
	const path = "testdata/mart_names.txt"
	var now []string
	for _, v := range views(schemas.Register(), schemas.Datasets()) {
		for _, c := range v.columns {
			now = append(now, v.name+"."+c.name+" "+c.kind)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(string(text)), "\n")
	if *update {
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(known, now))))
		all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
		if err := os.WriteFile(path, []byte(strings.Join(all, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, name := range known {
		if !slices.Contains(now, name) {
			t.Errorf("mart.%s is gone, or of another type", name)
		}
	}
	for _, name := range now {
		if !slices.Contains(known, name) {
			t.Errorf("mart.%s is new: go test ./load/clickhouse -run NamesOfTheMart -update", name)
		}
	}
}
