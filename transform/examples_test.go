package transform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tidemark/schemas/sharedtest"
)

// TestEveryWorkedExample holds the worked examples of the definitions against the
// tests that are named after them.
func TestEveryWorkedExample(t *testing.T) {
	t.Parallel()
	definitions, err := os.ReadFile(sharedtest.File(t, "METRICS.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`func Test\w*?WE(\d+)_(\d+)`)
	tested := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "../schemas/calendar/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				tested["WE-"+m[1]+"."+m[2]] = true
			}
		}
	}
	examples := regexp.MustCompile(`\*\*(WE-\d+\.\d+)`).FindAllStringSubmatch(string(definitions), -1)
	if len(examples) < 40 {
		t.Errorf("only %d worked examples were found", len(examples))
	}
	var missing []string
	for _, m := range examples {
		if !tested[m[1]] {
			missing = append(missing, m[1])
		}
	}
	if len(missing) > 0 {
		t.Errorf("no test is named after %s", strings.Join(missing, ", "))
	}
}
