package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tidemark/load/clickhouse"
	"tidemark/load/engine"
)

// dashboard is what these tests read of one.
type dashboard struct {
	UID, Title, Description string
	Templating              struct {
		List []struct {
			Name, Type, Query string
			Current           struct{ Value string }
		}
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               datasource
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		Datasource datasource
		RawSQL     string `json:"rawSql"`
		EditorType string
		Format     int
		QueryType  string
		RefID      string `json:"refId"`
	}
}

type datasource struct{ Type, UID string }

func readDashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob("deploy/grafana/dashboards/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("got %d dashboards, %v", len(files), err)
	}
	out := make(map[string]dashboard)
	for _, path := range files {
		var d dashboard
		readFile(t, path, json.Unmarshal, &d)
		out[path] = d
	}
	return out
}

func readFile(t *testing.T, path string, unmarshal func([]byte, any) error, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestDashboards holds that each dashboard can be provisioned, and that its panels
// say what they show, in which unit, and stand beside one another.
func TestDashboards(t *testing.T) {
	t.Parallel()
	var source struct {
		Datasources []struct{ Type, UID string }
	}
	readFile(t, "deploy/grafana/provisioning/datasources/tidemark.yaml", yaml.Unmarshal, &source)
	if len(source.Datasources) != 1 {
		t.Fatalf("got %d data sources", len(source.Datasources))
	}
	want := datasource(source.Datasources[0])
	seen := make(map[string]string)
	for path, d := range readDashboards(t) {
		if d.UID == "" || d.Title == "" || d.Description == "" || seen[d.UID] != "" {
			t.Errorf("%s: uid %q (also of %q), title %q, description %q", path, d.UID, seen[d.UID], d.Title, d.Description)
		}
		seen[d.UID] = path
		taken := make(map[[2]int]string)
		ids := make(map[int]bool)
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the number %d", path, p.ID)
			}
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
						t.Fatalf("%s: %q lies over %q, or beyond the edge", path, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if p.Datasource != want || len(p.Targets) != 1 || p.Targets[0].Datasource != want || p.Targets[0].EditorType != "sql" || p.Targets[0].RefID == "" {
				t.Errorf("%s: %q asks %v", path, p.Title, p.Targets)
			}
			if p.Description == "" || p.FieldConfig.Defaults.Unit == "" && p.Type != "table" {
				t.Errorf("%s: %q has the description %q and the unit %q", path, p.Title, p.Description, p.FieldConfig.Defaults.Unit)
			}
		}
	}
}

// interpolated is a query as the data source sends it, over three years up to a
// day, for the variables' values.
func interpolated(sql string, until time.Time, values map[string]string) string {
	for name, value := range values {
		sql = strings.ReplaceAll(sql, "${"+name+"}", value)
	}
	from := until.AddDate(-3, 0, 0)
	sql = regexp.MustCompile(`\$__dateFilter\((\w+)\)`).ReplaceAllString(sql, fmt.Sprintf("$1 >= toDate('%s') AND $1 <= toDate('%s')", from.Format(time.DateOnly), until.Format(time.DateOnly)))
	sql = strings.ReplaceAll(sql, "$__fromTime", "toDateTime("+strconv.FormatInt(from.Unix(), 10)+")")
	return strings.ReplaceAll(sql, "$__toTime", "toDateTime("+strconv.FormatInt(until.Unix(), 10)+")")
}

// asBI opens an embedded warehouse as the read-only user.
func asBI(t *testing.T, folder string) (*clickhouse.Warehouse, engine.Access) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	bi := e.BI()
	reader, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{bi.Addr}, User: bi.User, Password: bi.Password, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader, bi
}

// askedByDashboards runs every query of every dashboard as the read-only user, for
// every value that its variables offer, on the warehouse of a demonstration that
// ends on a day: each returns rows, and of every series at least one value.
func askedByDashboards(t *testing.T, folder string, until time.Time) {
	t.Helper()
	reader, _ := asBI(t, folder)
	asked := 0
	ask := func(what, sql string) clickhouse.Answer {
		asked++
		answer, err := reader.Ask(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, sql)
		}
		return answer
	}
	for path, d := range readDashboards(t) {
		offered := make(map[string][]string)
		chosen := make(map[string]string)
		for _, v := range d.Templating.List {
			offered[v.Name] = strings.Split(v.Query, ",")
			if v.Type == "query" {
				offered[v.Name] = nil
				for _, row := range ask(path+", variable "+v.Name, v.Query).Rows {
					offered[v.Name] = append(offered[v.Name], row[0])
				}
			}
			if chosen[v.Name] = v.Current.Value; !slices.Contains(offered[v.Name], v.Current.Value) {
				t.Errorf("%s: %s is %q at first, and offers %q", path, v.Name, v.Current.Value, offered[v.Name])
			}
		}
		for _, p := range d.Panels {
			if p.Type == "row" {
				continue
			}
			sql := p.Targets[0].RawSQL
			values := maps.Clone(chosen)
			for name, all := range offered {
				if !strings.Contains(sql, "${"+name+"}") {
					continue
				}
				for _, value := range all {
					values[name] = value
					answer := ask(path+", "+p.Title, interpolated(sql, until, values))
					holds(t, path, p, values, answer)
				}
				values[name] = chosen[name]
			}
			holds(t, path, p, chosen, ask(path+", "+p.Title, interpolated(sql, until, chosen)))
		}
	}
	if asked < 60 {
		t.Errorf("only %d queries were asked", asked)
	}
}

// mayBeEmpty are the panels that have nothing to show where nothing happened.
var mayBeEmpty = []string{"Episodes", "What checks have found"}

// lacks reports whether a demonstration has nothing of a series: the seven are in no
// index of small companies, and a percentile of ten years needs them.
func lacks(column string, values map[string]string) bool {
	switch column {
	case "Magnificent Seven", "Without the Seven":
		return values["universe"] != "SPX_MEMBERS"
	case "Percentile":
		return true
	}
	return false
}

// holds checks the answer that a panel shows.
func holds(t *testing.T, path string, p panel, values map[string]string, a clickhouse.Answer) {
	t.Helper()
	if len(a.Rows) == 0 && !slices.Contains(mayBeEmpty, p.Title) {
		t.Errorf("%s: %q shows nothing for %v", path, p.Title, values)
		return
	}
	if p.Targets[0].QueryType != "timeseries" {
		return
	}
	if p.Targets[0].Format != 0 || a.Columns[0] != "time" {
		t.Errorf("%s: %q is no series: %q", path, p.Title, a.Columns)
	}
	for c, column := range a.Columns {
		if lacks(column, values) {
			continue
		}
		if !slices.ContainsFunc(a.Rows, func(row []string) bool { return row[c] != "" && row[c] != "NULL" }) {
			t.Errorf("%s: %q has no value of %q for %v", path, p.Title, column, values)
		}
	}
}
