package schemas

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

const metricsFile = "../docs/metrics.md"

// metricsPage is the register as people read it.
func metricsPage() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Metrics")
	fmt.Fprintln(&b)
	fmt.Fprintln(&b, "Made from the register (`schemas/register_*.go`) by `go test ./schemas -run TestMetricsPage -update`. Every fact has a value or the reason why there is none,")
	fmt.Fprintln(&b, "coverage, members, basis, the version of its definition, and the time at which it was known; warm-up is counted in observations.")
	family := ""
	cell := func(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
	for _, m := range Register() {
		if m.Family != family {
			family = m.Family
			fmt.Fprintf(&b, "\n## %s\n\nIn `mart.%s`.\n\n", strings.ToUpper(family[:1])+strings.ReplaceAll(family[1:], "_", " "), family)
			fmt.Fprintln(&b, "| id | name | unit | formula | window | warm-up | inputs | edge cases | source |")
			fmt.Fprintln(&b, "|---|---|---|---|---|---|---|---|---|")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			m.ID, cell(m.Name), m.Unit, cell(m.Formula), m.Window, strconv.Itoa(m.Warmup), cell(m.Inputs), cell(m.Edge), cell(m.Source))
	}
	return b.Bytes()
}

// TestMetricsPage holds the page of metrics against the register.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	want := metricsPage()
	if *update {
		if err := os.WriteFile(metricsFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(metricsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the register says: run the test with -update", metricsFile)
	}
}
