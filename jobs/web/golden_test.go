package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden pages")

// versions of files change with every touch of a style, which says nothing of
// the page.
var fileVersion = regexp.MustCompile(`\?v=[0-9a-f]+`)

func TestGoldenPages(t *testing.T) {
	t.Parallel()
	pages := map[string][]string{
		"never": {"/"}, "fresh": {"/", "/runs/" + runID}, "late": {"/"}, "failing": {"/", "/windows", "/checks", "/incidents"},
		"backfilling": {"/", "/backfills/" + backfillID, "/backfills/new?from=2024-01-01&last=2024-12-31"},
	}
	names := map[string]string{
		"/": "overview", "/windows": "windows", "/checks": "checks", "/incidents": "incidents", "/runs/" + runID: "run",
		"/backfills/" + backfillID: "backfill", "/backfills/new?from=2024-01-01&last=2024-12-31": "dry_run",
	}
	for state, house := range houses() {
		v := open(t, house, nil)
		for _, path := range pages[state] {
			w := v.ask("GET", path, "", nil)
			if w.Code != 200 {
				t.Fatalf("%s %s: got %d: %s", state, path, w.Code, w.Body)
			}
			got := fileVersion.ReplaceAllString(w.Body.String(), "?v=")
			file := filepath.Join("testdata", names[path]+"_"+state+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s in state %s differs from %s (-update writes it):\n%s", path, state, file, diff)
			}
		}
	}
}
