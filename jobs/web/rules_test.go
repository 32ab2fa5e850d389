package web

import (
	"os"
	"regexp"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
)

// TestAlertRules holds that each rule goes by a metric that the program serves.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Labels           map[string]string
				Annotations      map[string]string
			}
		}
	}
	data, err := os.ReadFile("../../deploy/prometheus/tidemark.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.DisallowUnknownField()); err != nil {
		t.Fatal(err)
	}
	served := NewMetrics().names()
	name := regexp.MustCompile(`\btidemark_\w+`)
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s: a rule without a name, a severity, a summary or a description: %+v", g.Name, r)
			}
			for _, m := range name.FindAllString(r.Expr, -1) {
				if !served[m] {
					t.Errorf("%s goes by %s, which nobody serves", r.Alert, m)
				}
			}
		}
	}
	if rules < 5 {
		t.Errorf("only %d rules", rules)
	}
}

// names are those of all metrics, whether there is anything to tell of them or not.
func (m *Metrics) names() map[string]bool {
	out := make(map[string]bool)
	name := regexp.MustCompile(`fqName: "(\w+)"`)
	for _, c := range []prometheus.Collector{
		m.runs, m.runSeconds, m.lastSuccess, m.rows, m.extracts, m.stale, m.behind, m.checks, m.slots, m.incidents, m.backfills, m.http, m.httpSeconds, m.scrapeFailed,
	} {
		descs := make(chan *prometheus.Desc, 1)
		c.Describe(descs)
		out[name.FindStringSubmatch((<-descs).String())[1]] = true
	}
	return out
}
