package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/xuri/excelize/v2"

	"tidemark/jobs"
)

// call runs a command line in this process, as a user would type it.
func call(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := call(t, args...)
	if code != exitOK {
		t.Fatalf("tidemark %s: exit %d\n%s\n%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

// TestDemo is the first command of a newcomer, and all that it says to do next.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	cfg := filepath.Join(dir, "tidemark.yaml")
	out := must(t, "demo", "--dir", dir, "--to", "2025-12-05", "--securities", "90", "--years", "2")
	for _, want := range []string{"0 failed, 0 held", "Weight of the 10 largest lines", "Net liquidity", "engine query", "engine serve", "trace", "simulated"} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not say %q:\n%s", want, out)
		}
	}
	for line := range strings.Lines(out[strings.Index(out, "index figures"):strings.Index(out, "\nnext\n")]) {
		if n := utf8.RuneCountInString(line); n > 111 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	book := filepath.Join(dir, "data", "workbooks", "tidemark-2025-12-05.xlsx")

	t.Run("the workbook opens", func(t *testing.T) {
		f, err := excelize.OpenFile(book)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}()
		if sheets := f.GetSheetList(); len(sheets) < 7 {
			t.Errorf("got sheets %q, want a summary, four families, quality, definitions and sources", sheets)
		}
	})
	t.Run("the same facts give the same bytes", func(t *testing.T) {
		again := filepath.Join(dir, "again.xlsx")
		must(t, "export", "-c", cfg, "--to", again)
		first, err := os.ReadFile(book)
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Error("two exports of the same facts differ")
		}
	})
	t.Run("a second demo has nothing to do", func(t *testing.T) {
		if out := must(t, "demo", "--dir", dir); !strings.Contains(out, "0 built") {
			t.Errorf("the second demo built again:\n%s", out)
		}
	})
	t.Run("status", func(t *testing.T) {
		if out := must(t, "status", "-c", cfg); !strings.Contains(out, "concentration:SPX_MEMBERS") {
			t.Errorf("status does not list the jobs:\n%s", out)
		}
		var st struct {
			Jobs []struct {
				Name  string
				Stale int
			}
		}
		if err := json.Unmarshal([]byte(must(t, "status", "-c", cfg, "--json")), &st); err != nil {
			t.Fatal(err)
		}
		for _, j := range st.Jobs {
			if j.Stale > 0 {
				t.Errorf("%s has %d stale windows after the demo", j.Name, j.Stale)
			}
		}
	})
	t.Run("check", func(t *testing.T) {
		if out := must(t, "check", "-c", cfg); !strings.Contains(out, " windows passed, ") || !strings.Contains(out, ", 0 errors\n") {
			t.Errorf("the demo's market fails its checks:\n%s", out)
		}
	})
	t.Run("status fits a terminal", func(t *testing.T) {
		for line := range strings.Lines(must(t, "status", "-c", cfg)) {
			if n := utf8.RuneCountInString(line); n > 121 {
				t.Errorf("a line of %d characters: %s", n, line)
			}
		}
	})
	t.Run("json", func(t *testing.T) {
		for _, tt := range []struct {
			args []string
			want string // a key and the beginning of its value
		}{
			{[]string{"run", "-c", cfg}, `"up_to_date": `},
			{[]string{"doctor", "-c", cfg}, `"check": "warehouse"`},
			{[]string{"check", "liquidity:FED", "-c", cfg}, `"check": "h41_identities"`},
			{[]string{"trace", "-c", cfg, "conc_top10_sec", "2025-12-05", "-u", "SPX_MEMBERS"}, `"sha256": "`},
			{[]string{"schema", "show"}, `"name": "raw.bar"`},
			{[]string{"schema", "metrics"}, `"id": "conc_top10_sec"`},
		} {
			out := must(t, append(tt.args, "--json")...)
			if !json.Valid([]byte(out)) || !strings.Contains(out, tt.want) {
				t.Errorf("%v: not JSON, or without %s:\n%.500s", tt.args, tt.want, out)
			}
		}
	})
	t.Run("statements that let others read", func(t *testing.T) {
		secret := filepath.Join(dir, "password")
		write(t, secret, "correct horse battery\n")
		out := must(t, "schema", "grant", "tableau", "--password-file", secret, "--dry-run")
		if !strings.Contains(out, "GRANT SELECT ON mart.* TO `tidemark_reader`;\n") || !strings.Contains(out, "CREATE USER IF NOT EXISTS `tableau` IDENTIFIED WITH sha256_hash BY '***';\n") {
			t.Errorf("the statements are:\n%s", out)
		}
	})
	t.Run("query as the read-only user", func(t *testing.T) {
		if out := must(t, "engine", "query", "-c", cfg, "SELECT count() > 0 AS filled FROM mart.concentration WHERE conc_top10_sec > 0"); !strings.Contains(out, "true") && !strings.Contains(out, "1") {
			t.Errorf("mart.concentration has no figures:\n%s", out)
		}
		for _, sql := range []string{"SELECT * FROM facts.breadth", "SELECT * FROM file('/etc/passwd', LineAsString)", "DROP TABLE raw.bar", "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)"} {
			if code, out, _ := call(t, "engine", "query", "-c", cfg, sql); code != exitFailed {
				t.Errorf("%s: exit %d, want it refused: %s", sql, code, out)
			}
		}
	})
	t.Run("dashboards", func(t *testing.T) {
		askedByDashboards(t, filepath.Join(dir, "data", "engine"), time.Date(2025, time.December, 5, 22, 0, 0, 0, time.UTC))
	})
	t.Run("the tour", func(t *testing.T) { takeTour(t, dir) })
	t.Run("delivered once", func(t *testing.T) { deliveredOnce(t, dir, cfg) })
	t.Run("delivered by serve", func(t *testing.T) { deliveredByServe(t, dir, cfg) })
	t.Run("trace", func(t *testing.T) {
		out := must(t, "trace", "-c", cfg, "conc_top10_sec", "2025-12-05", "-u", "SPX_MEMBERS")
		_, rest, found := strings.Cut(out, "payload ")
		if !found {
			t.Fatalf("the trace names no payload:\n%s", out)
		}
		hash := rest[:64]
		if _, err := os.Stat(filepath.Join(dir, "data", "archive", "payload", hash[:2], hash+".zst")); err != nil {
			t.Errorf("the payload is not in the archive: %v", err)
		}
	})
	t.Run("replay", func(t *testing.T) {
		into := filepath.Join(t.TempDir(), "rebuilt")
		if out := must(t, "replay", "-c", cfg, "--into", into); !strings.Contains(out, "every table is identical") {
			t.Errorf("replay says:\n%s", out)
		}
		if code, _, _ := call(t, "replay", "-c", cfg, "--into", into); code != exitUsage {
			t.Errorf("replay into a used folder: exit %d, want %d", code, exitUsage)
		}
	})
	t.Run("doctor", func(t *testing.T) {
		if out := must(t, "doctor", "-c", cfg, "--publishers"); !strings.Contains(out, "all is well") {
			t.Errorf("doctor says:\n%s", out)
		}
	})
}

// TestUsage holds what a user reads who got something wrong.
func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := []struct {
		name string
		args []string
		file string // written as tidemark.yaml first
		code int
		says string
	}{
		{"no configuration", []string{"run"}, "", exitUsage, "tidemark init"},
		{"unknown flag", []string{"run", "--quick"}, "", exitUsage, "unknown flag"},
		{"misspelt key", []string{"run"}, "history: {from: 2020-01-01}\nuniverse: []\n", exitUsage, "universe"},
		{"saved files that nothing reads", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {fred: {files: [x.csv], series: [GDP]}}\n", exitUsage, "files"},
		{"date that does not exist", []string{"run"}, "history: {from: 2023-02-30}\n", exitUsage, "2023-02-30"},
		{"before the calendar", []string{"run"}, "history: {from: 1980-01-01}\n", exitUsage, "1990-01-01"},
		{"members of nobody", []string{"run"}, "history: {from: 2020-01-01}\nuniverses: [{id: X}]\n", exitUsage, "neither index nor funds"},
		{"compared with nobody", []string{"run"}, "history: {from: 2020-01-01}\nuniverses: [{id: X, index: SP500, against: Y}]\n", exitUsage, "not another universe"},
		{"schedule that never comes", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {h41: {schedule: ['0 0 30 2 *']}}\n", exitUsage, "no year has such a date"},
		{"secret that is not there", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {fred: {key: '${TIDEMARK_TEST_UNSET}'}}\n", exitUsage, "TIDEMARK_TEST_UNSET"},
		{"unknown command", []string{"rum"}, "", exitUsage, "--help"},
		{"unknown command of a group", []string{"engine", "start"}, "", exitUsage, "start"},
		{"too few arguments", []string{"trace", "adv"}, "", exitUsage, "2 arg"},
		{"table that is not there", []string{"schema", "show", "raw.bar", "raw.bars"}, "", exitUsage, "no table raw.bars"},
		{"grants of the embedded engine", []string{"schema", "grant"}, "history: {from: 2020-01-01}\n", exitUsage, "has these rules already"},
		{"a short password", []string{"schema", "grant", "--password-file", "tidemark.yaml"}, "short\n", exitUsage, "shorter than 12"},
		{"nobody to deliver to", []string{"deliver"}, "history: {from: 2020-01-01}\n", exitUsage, "there are no subscriptions"},
		{"a subscription to nowhere", []string{"deliver"}, "history: {from: 2020-01-01}\ndeliver: [{name: a}]\n", exitUsage, "says where the workbook goes"},
		{"market of no days", []string{"run"}, "history: {from: 2020-01-01}\nsandbox: {securities: 100}\n", exitUsage, "which days"},
		{"demo before the calendar", []string{"demo", "--years", "100"}, "", exitUsage, "1990-01-01"},
		{"demo after a demo that could not be", []string{"demo", "--to", "2300-01-01"}, "", exitUsage, "2299-12-31"},
		{"no first day", []string{"run"}, "data: data\n", exitUsage, "history.from is missing"},
		{"job that is not there", []string{"run", "nope"}, "history: {from: 2020-01-01}\n", exitUsage, "tidemark status"},
		{"prices that nobody gives", []string{"run"}, "history: {from: 2020-01-01}\nuniverses: [{id: X, prices: [mine], funds: [IVV]}]\npublishers: {ishares: {funds: [IVV]}}\n", exitUsage, `prices names "mine"`},
		{"level that nobody gives", []string{"run"}, "history: {from: 2020-01-01}\nuniverses: [{id: X, level: 'fred:SP500', funds: [IVV]}]\npublishers: {ishares: {funds: [IVV]}}\n", exitUsage, `level names "fred:SP500"`},
		{"one part from two jobs", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {ishares: {funds: [IVV]}, ssga: {funds: [IVV]}}\n", exitUsage, "ishares:IVV and ssga:IVV would both fill"},
		{"listed twice", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {fred: {series: [GDP, GDP]}}\n", exitUsage, "two jobs are called fred:GDP"},
		{"rate that is not there", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {nyfed: {rates: [SOFT]}}\n", exitUsage, "SOFR"},
		{"fund that is not known", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {ishares: {funds: [VOO]}}\n", exitUsage, "fund_files"},
		{"base that is no address", []string{"run"}, "history: {from: 2020-01-01}\npublishers: {h41: {base: mirror}}\n", exitUsage, "publishers.h41.base"},
		{"prices of no adjustment", []string{"run"}, "history: {from: 2020-01-01}\nfiles: [{name: a, kind: bars, path: [a.csv]}]\n", exitUsage, "adjustment"},
		{"column of another name", []string{"run"}, "history: {from: 2020-01-01}\nfiles: [{name: a, kind: renames, path: [a.csv], columns: {day: x}}]\n", exitUsage, "date, old, new"},
		{"memory that no machine has", []string{"run"}, "history: {from: 2020-01-01}\nwarehouse: {memory_mb: 9223372036854775807}\n", exitUsage, "warehouse.memory_mb"},
		{"library that is not there", []string{"run"}, "history: {from: 2020-01-01}\nwarehouse: {library: none.so}\n", exitUsage, "warehouse.library"},
		{"too small a market", []string{"run"}, "history: {from: 2020-01-01}\nsandbox: {securities: -3, from: 2020-01-01, to: 2021-12-31}\n", exitUsage, "sandbox"},
		{"fewer years than none", []string{"run"}, "history: {from: 2020-01-01}\nworkbook: {years: -1}\n", exitUsage, "workbook.years"},
		{"a sheet that is none", []string{"run"}, "history: {from: 2020-01-01}\nworkbook: {sheets: [Movers]}\n", exitUsage, "workbook.sheets"},
		{"sheets without figures", []string{"run"}, "history: {from: 2020-01-01}\nworkbook: {sheets: [Contributors, Sources]}\n", exitUsage, "none of them shows figures"},
		{"a universe that is none", []string{"run"}, "history: {from: 2020-01-01}\nworkbook: {universes: [MINE]}\n", exitUsage, "workbook.universes"},
		{"not a date", []string{"trace", "x", "yesterday"}, "", exitUsage, "yesterday"},
		{"replay to nowhere", []string{"replay"}, "", exitUsage, "--into"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.file != "" {
				write(t, defaultConfig, tt.file)
				defer func() {
					if err := os.Remove(defaultConfig); err != nil {
						t.Error(err)
					}
				}()
			}
			code, _, errOut := call(t, tt.args...)
			if exists("demo") {
				t.Error("a demo that cannot be has left a folder")
			}
			if code != tt.code || !strings.Contains(errOut, tt.says) {
				t.Errorf("exit %d, says %q; want exit %d and %q", code, errOut, tt.code, tt.says)
			}
		})
	}
}

// TestInit holds that the configuration it writes is one that loads, and that
// it overwrites nothing.
func TestInit(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "init")
	a := &app{}
	s, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Publishers.NYFed == nil || s.Publishers.H41 == nil || s.Publishers.IShares == nil || len(s.Universes) == 0 {
		t.Errorf("the configuration asks nobody: %+v", s.Publishers)
	}
	if code, _, errOut := call(t, "init"); code != exitUsage || !strings.Contains(errOut, "left as it is") {
		t.Errorf("a second init: exit %d, says %q", code, errOut)
	}
}

// TestSecretsOfTheConfiguration holds that a secret can stand elsewhere and
// never prints.
func TestSecretsOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	write(t, file, "from-a-file\nsecond line\n")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "identity"), "# created: today\n"+identity.String()+"\n")
	write(t, filepath.Join(dir, "rubbish"), "AGE-SECRET-KEY-RUBBISH\n")
	encrypt := func(name string, armoured bool, to *age.X25519Identity) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		out := io.WriteCloser(f)
		if armoured {
			out = armor.NewWriter(f)
		}
		w, err := age.Encrypt(out, to.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(w, "from-age\n")
		if err := errors.Join(err, w.Close(), out.Close()); err != nil {
			t.Fatal(err)
		}
		return "${age:" + path + "}"
	}
	variables := map[string]string{"KEY": "from-the-environment", identityVariable: filepath.Join(dir, "identity")}
	read := func(value string) (string, error) {
		s, err := parseSettings([]byte("history: {from: 2020-01-01}\npublishers: {fred: {key: '"+value+"', series: [GDP]}}\n"), func(name string) (string, bool) {
			v, ok := variables[name]
			return v, ok
		})
		if err != nil {
			return "", err
		}
		return string(s.Publishers.FRED.Key), nil
	}
	sealed := encrypt("sealed", false, identity)
	for value, want := range map[string]string{
		"${KEY}": "from-the-environment", "${file:" + file + "}": "from-a-file", "plain": "plain", sealed: "from-age", encrypt("armoured", true, identity): "from-age",
	} {
		if got, err := read(value); err != nil || got != want {
			t.Errorf("key %s: got %q, error %v, want %q", value, got, err, want)
		}
	}
	for value, want := range map[string]string{
		"${NONE}": "no variable NONE", "${file:" + dir + "/none}": "read the secret", encrypt("others", false, other): "another key", "${age:" + file + "}": "no file that age",
	} {
		if _, err := read(value); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "from-") {
			t.Errorf("key %s: error %v, want one that says %q", value, err, want)
		}
	}
	for path, want := range map[string]string{"": identityVariable, filepath.Join(dir, "none"): "open the key", filepath.Join(dir, "rubbish"): "holds no key"} {
		variables[identityVariable] = path
		if _, err := read(sealed); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "RUBBISH") {
			t.Errorf("the key in %q: error %v, want one that says %q", path, err, want)
		}
	}
}

// TestConfigurationErrorsKeepSecrets holds that an error about one line of the
// configuration does not show another.
func TestConfigurationErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	const secret = "canary-5ecret"
	none := func(string) (string, bool) { return "", false }
	for name, text := range map[string]string{
		"beside a misspelt key":      "warehouse: {dsn: 'clickhouse://u:" + secret + "@localhost:9000'}\nhistry: {from: 2020-01-01}\n",
		"beside a value of no sense": "publishers:\n  fred:\n    key: " + secret + "\n    series: 7\n",
	} {
		_, err := parseSettings([]byte(text), none)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want an error without the secret", name, err)
		}
	}
	for _, dsn := range []string{"clickhouse://u:" + secret + "@host:port", "clickhouse://u:" + secret + "@host:9000?dial_timeout=x", "://u:" + secret + "@h"} {
		a := &app{now: time.Now, log: slog.New(slog.DiscardHandler)}
		err := a.openWarehouse(t.Context(), &house{settings: &settings{Warehouse: warehouseSettings{DSN: jobs.Secret(dsn)}}, now: time.Now})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%T: got %v, want an error without the secret", dsn, err)
		}
	}
}

// TestReplayNeverTouchesTheConfiguredServer holds that a replay builds into
// its folder, whatever server the configuration names.
func TestReplayNeverTouchesTheConfiguredServer(t *testing.T) {
	a := &app{now: time.Now, err: io.Discard, log: slog.New(slog.DiscardHandler)}
	s := &settings{Data: t.TempDir(), Warehouse: warehouseSettings{DSN: "clickhouse://nobody@127.0.0.1:1"}}
	into := t.TempDir()
	h, err := a.open(t.Context(), s, opening{offline: true, asOf: time.Now(), rebuild: into})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	if h.engine == nil || h.engine.Dir() != filepath.Join(into, "engine") {
		t.Error("the replay does not work on an engine of its own folder")
	}
}
