package main

import (
	"encoding/json"
	"errors"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/load/clickhouse"
)

// biClient is a program that reads the warehouse as a BI tool would, and what it
// makes of the server's types.
type biClient struct {
	name    string
	needs   []string // files below the folder of installed clients
	command func(installed string) *exec.Cmd
	types   map[string]string
}

var biClients = []biClient{{
	name: "clickhouse-connect, for Superset", needs: []string{"python/bin/python"},
	command: func(installed string) *exec.Cmd {
		return exec.Command(filepath.Join(installed, "python/bin/python"), ".ci/clients/client.py")
	},
	types: map[string]string{"String": "str", "Float64": "float", "Int64": "int", "Date": "date", "Date32": "date", "DateTime64": "datetime", "Bool": "bool"},
}, {
	name: "@clickhouse/client", needs: []string{"node/node_modules/@clickhouse/client/package.json"},
	command: func(installed string) *exec.Cmd {
		c := exec.Command("node", ".ci/clients/client.mjs")
		c.Env = []string{"CH_MODULES=" + filepath.Join(installed, "node")}
		return c
	},
	types: map[string]string{"String": "string", "Float64": "number", "Int64": "number", "Date": "string", "Date32": "string", "DateTime64": "string", "Bool": "boolean"},
}, {
	name: "JDBC, for Tableau, Metabase and DBeaver", needs: []string{"java"},
	command: func(installed string) *exec.Cmd {
		return exec.Command("java", "-cp", filepath.Join(installed, "java", "*"), ".ci/clients/Client.java")
	},
	types: map[string]string{"String": "String", "Float64": "Double", "Int64": "Long", "Date": "Date", "Date32": "Date", "DateTime64": "Timestamp", "Bool": "Boolean"},
}}

// plainType is the type of a column without what it is wrapped in.
func plainType(t string) string {
	t = strings.TrimSuffix(strings.TrimPrefix(t, "Nullable("), ")")
	t, _, _ = strings.Cut(t, "(")
	return t
}

// sawView is what a client saw of a view.
type sawView struct {
	Rows    int
	Since   int
	Columns []sawColumn
}

type sawColumn struct {
	Name, Type string
	Seen       []string // types of the values, in the client's language
}

// TestClients lets the clients of BI tools read a demonstration's warehouse as the
// read-only user: each lists the views, reads each of them with types that fit,
// filters by the day, and is refused what the user may not do. They are installed
// by `make clients`, which names their folder.
func TestClients(t *testing.T) {
	installed := os.Getenv("TIDEMARK_CLIENTS")
	if installed == "" {
		t.Skip("TIDEMARK_CLIENTS names no folder of clients: run make clients")
	}
	dir := t.TempDir()
	must(t, "demo", "--dir", dir, "--to", "2025-12-05", "--securities", "60", "--years", "2")
	reader, bi := asBI(t, filepath.Join(dir, "data", "engine"))
	const since = "2025-11-03"
	want := shownBy(t, reader, since)
	if len(want) < 15 {
		t.Fatalf("there are only the views %v", slices.Sorted(maps.Keys(want)))
	}
	refused := []string{
		"INSERT INTO mart.fact (universe) VALUES ('mine')", "CREATE TABLE mart.mine (a Int64) ENGINE = Memory", "DROP VIEW mart.fact", "SELECT * FROM raw.bar LIMIT 1",
	}
	asJSON, err := json.Marshal(refused)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(bi.HTTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, c := range biClients {
		t.Run(c.name, func(t *testing.T) {
			for _, file := range c.needs {
				if _, err := os.Stat(filepath.Join(installed, file)); err != nil {
					t.Skipf("it is not installed: %v", err)
				}
			}
			tried++
			cmd := c.command(installed)
			cmd.Env = append(append(os.Environ(), cmd.Env...), "CH_HOST="+host, "CH_PORT="+port, "CH_USER="+bi.User, "CH_PASSWORD="+bi.Password,
				"CH_SINCE="+since, "CH_REFUSED="+string(asJSON), "CH_REFUSED_LINES="+strings.Join(refused, "\n"))
			out, err := cmd.Output()
			if err != nil {
				if exit, ok := errors.AsType[*exec.ExitError](err); ok {
					t.Fatalf("%v\n%s", err, exit.Stderr)
				}
				t.Fatal(err)
			}
			var saw struct {
				Views   map[string]sawView
				Refused []string
			}
			if err := json.Unmarshal(out, &saw); err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			c.agrees(t, saw.Views, want)
			for i, said := range saw.Refused {
				if !strings.Contains(said, "Not enough privileges") && !strings.Contains(said, "readonly") {
					t.Errorf("%s: it was told %q", refused[i], said)
				}
			}
			if len(saw.Refused) != len(refused) {
				t.Errorf("%d statements were tried, want %d", len(saw.Refused), len(refused))
			}
		})
	}
	t.Run("the notebook", func(t *testing.T) {
		notebookAgrees(t, installed, filepath.Join(dir, "data", "workbooks", "tidemark-2025-12-05.xlsx"), bi)
	})
	if tried == 0 {
		t.Errorf("none of the clients is installed in %s", installed)
	}
}

// shownBy is what there is to see of each view.
func shownBy(t *testing.T, reader *clickhouse.Warehouse, since string) map[string]sawView {
	t.Helper()
	ask := func(sql string) [][]string {
		a, err := reader.Ask(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return a.Rows
	}
	count := func(sql string) int {
		n, err := strconv.Atoi(ask(sql)[0][0])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	out := make(map[string]sawView)
	for _, row := range ask("SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart' ORDER BY table_name, ordinal_position") {
		v := out[row[0]]
		v.Columns = append(v.Columns, sawColumn{Name: row[1], Type: row[2]})
		out[row[0]] = v
	}
	for name, v := range out {
		v.Rows = count("SELECT count() FROM mart." + name)
		if slices.ContainsFunc(v.Columns, func(c sawColumn) bool { return c.Name == "session" }) {
			v.Since = count("SELECT count() FROM mart." + name + " WHERE session >= '" + since + "'")
		}
		out[name] = v
	}
	return out
}

// agrees holds what a client saw against what there is.
func (c *biClient) agrees(t *testing.T, saw, want map[string]sawView) {
	t.Helper()
	if got, all := slices.Sorted(maps.Keys(saw)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, all) {
		t.Errorf("it lists %q, want %q", got, all)
	}
	for name, v := range saw {
		w := want[name]
		if v.Rows != w.Rows || v.Since != w.Since || len(v.Columns) != len(w.Columns) {
			t.Errorf("mart.%s: %d rows, %d of them later, %d columns; want %d, %d and %d", name, v.Rows, v.Since, len(v.Columns), w.Rows, w.Since, len(w.Columns))
			continue
		}
		for i, column := range v.Columns {
			is := w.Columns[i]
			if column.Name != is.Name {
				t.Errorf("mart.%s: column %d is %s, want %s", name, i, column.Name, is.Name)
			}
			fits, known := c.types[plainType(is.Type)]
			if !known {
				t.Errorf("mart.%s.%s: nobody has said what %s is", name, is.Name, is.Type)
			}
			for _, seen := range column.Seen {
				if seen != fits {
					t.Errorf("mart.%s.%s: %s comes as %s, want %s", name, is.Name, is.Type, seen, fits)
				}
			}
		}
	}
}
