package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

// TestReal runs the commands over recorded answers and real history as a user
// would, with the example configuration of saved files, and holds what is then
// in the warehouse against what others published.
func TestReal(t *testing.T) {
	h := newRealHouse(t)
	started := time.Now()
	out := h.command(t, "run")
	t.Logf("the first run took %s:\n%s", time.Since(started).Round(100*time.Millisecond), lastLine(out))
	if n := strings.Count(out, "\n  failed "); n > 0 {
		t.Fatalf("%d windows failed:\n%s", n, out)
	}
	h.open(t)

	t.Run("members above their averages", h.testPercentAboveAverage)
	t.Run("members without prices", h.testCoverage)
	t.Run("defects of the files of prices", h.testDefects)
	t.Run("concentration of the funds' files", h.testConcentration)
	t.Run("concentration carried forward", h.testRolledConcentration)
	t.Run("concentration of small companies", h.testSmallCompanies)
	t.Run("levels and returns", h.testReturns)
	t.Run("cash of the Treasury", h.testCash)
	t.Run("identities of the H.4.1", h.testIdentities)
	t.Run("published figures of the Fed", h.testPublishedMoney)
	t.Run("recorded rates and operations", h.testRecordedMoney)
	t.Run("nothing of the clock", h.testClock)
	t.Run("a second run", h.testSecondRun)
	t.Run("status", h.testStatus)
	t.Run("trace", h.testTrace)
	t.Run("workbook", h.testWorkbook)
	t.Run("replay", h.testReplay)
	t.Run("reserves in billions", h.testChangeOfUnit)
}

// realHouse is a folder with a configuration of real files and the warehouse
// that is built from them.
type realHouse struct {
	dir    string // holds everything below
	shared string // the real data, by a link inside dir
	config string
	folder string                // of the archive and the engine; empty means the configuration's
	bi     *clickhouse.Warehouse // as the read-only user sees it
	loader *clickhouse.Warehouse // with the raw tables
	known  map[string]map[schemas.Date]realFigure
}

// newRealHouse makes a house of the example configuration, with the places
// that it names put to where they are here.
func newRealHouse(t *testing.T) *realHouse {
	t.Helper()
	shared := sharedtest.Dir(t)
	enginetest.Require(t)
	h := &realHouse{dir: t.TempDir(), known: map[string]map[schemas.Date]realFigure{}}
	h.shared = filepath.Join(h.dir, "shared")
	if err := os.Symlink(shared, h.shared); err != nil {
		t.Fatal(err)
	}
	h.config = filepath.Join(h.dir, "deploy", "saved-files.yaml")
	write(t, h.config, h.example(t))
	renames, err := os.ReadFile("deploy/renames.csv")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.dir, "deploy", "renames.csv"), string(renames))
	write(t, filepath.Join(h.dir, "deploy", "saved", "dts_history.json"), h.statements(t))
	return h
}

// example returns the example configuration with the real data's place in it.
func (h *realHouse) example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("deploy/saved-files.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("../../shared/market/")) {
		t.Fatal("the example configuration does not name the real data")
	}
	return strings.ReplaceAll(string(text), "../../shared", "../shared")
}

// statements writes the closing balances of the Treasury's account since April
// 2022, of which the real data keeps the figures alone, as the publisher's own
// answer would have them.
func (h *realHouse) statements(t *testing.T) string {
	t.Helper()
	type row struct {
		Date    string `json:"record_date"`
		Account string `json:"account_type"`
		Close   string `json:"close_today_bal"`
		Open    string `json:"open_today_bal"`
	}
	var rows []row
	for _, r := range h.table(t, "market/macro/dts_tga_close_2022-2026.csv")[1:] {
		rows = append(rows, row{r[0], "Treasury General Account (TGA) Closing Balance", "null", r[1]})
	}
	text, err := json.Marshal(map[string]any{
		"data": rows,
		"meta": map[string]any{
			"count": len(rows), "total-count": len(rows), "total-pages": 1,
			"labels":      map[string]string{"record_date": "Record Date"},
			"dataTypes":   map[string]string{"open_today_bal": "CURRENCY0", "close_today_bal": "CURRENCY0"},
			"dataFormats": map[string]string{"record_date": "YYYY-MM-DD", "open_today_bal": "$1,000,000", "close_today_bal": "$1,000,000"},
		},
		"links": map[string]any{"next": nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tidemark runs one command line with the house's configuration, or another.
func (h *realHouse) tidemark(t *testing.T, config string, args ...string) (out, errOut string, code int) {
	t.Helper()
	code, out, errOut = call(t, append(args, "--config", config)...)
	return out, errOut, code
}

// command runs a command line that must succeed.
func (h *realHouse) command(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := h.tidemark(t, h.config, args...)
	if code != exitOK {
		t.Fatalf("tidemark %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

// data is the folder of the archive and the engine.
func (h *realHouse) data() string { return cmp.Or(h.folder, filepath.Join(h.dir, "data", "saved")) }

// open keeps the warehouse open for queries; the commands that follow find its
// engine running.
func (h *realHouse) open(t *testing.T) {
	t.Helper()
	library, err := (&app{}).library("")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(h.data(), "engine"), Library: library})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("stop the engine: %v", err)
		}
	})
	for access, to := range map[engine.Access]**clickhouse.Warehouse{e.BI(): &h.bi, e.Loader(): &h.loader} {
		w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
		if err != nil {
			t.Fatal(err)
		}
		*to = w
		t.Cleanup(func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// ask asks the warehouse as a BI tool does.
func (h *realHouse) ask(t *testing.T, sql string) [][]string {
	t.Helper()
	answer, err := h.bi.Ask(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Rows
}

// realFigure is a row of mart.fact.
type realFigure struct {
	value             schemas.Opt[float64]
	status            schemas.Status
	members, excluded int
	coverage          schemas.Opt[float64]
	basis, detail     string
}

// history returns all figures of a metric of a universe.
func (h *realHouse) history(t *testing.T, universe, metric string) map[schemas.Date]realFigure {
	t.Helper()
	key := universe + " " + metric
	if known, ok := h.known[key]; ok {
		return known
	}
	out := map[schemas.Date]realFigure{}
	for _, r := range h.ask(t, fmt.Sprintf("SELECT session, value, status, members, excluded, coverage, basis, detail FROM mart.fact WHERE universe = '%s' AND metric = '%s'", universe, metric)) {
		f := realFigure{value: realNumber(t, r[1]), status: schemas.Status(r[2]), coverage: realNumber(t, r[5]), basis: r[6], detail: r[7]}
		var err error
		if f.members, err = strconv.Atoi(r[3]); err != nil {
			t.Fatal(err)
		}
		if f.excluded, err = strconv.Atoi(r[4]); err != nil {
			t.Fatal(err)
		}
		out[realDay(t, r[0])] = f
	}
	if len(out) == 0 {
		t.Fatalf("the warehouse has no figure of %s of %s", metric, universe)
	}
	h.known[key] = out
	return out
}

// figure returns the figure of a day, which must be there.
func (h *realHouse) figure(t *testing.T, universe, metric, on string) realFigure {
	t.Helper()
	f, ok := h.history(t, universe, metric)[realDay(t, on)]
	if !ok {
		t.Fatalf("the warehouse has no figure of %s of %s on %s", metric, universe, on)
	}
	return f
}

// value returns the value of a day's figure, which must have one.
func (h *realHouse) value(t *testing.T, universe, metric, on string) float64 {
	t.Helper()
	f := h.figure(t, universe, metric, on)
	if !f.value.OK {
		t.Fatalf("%s of %s on %s has no value: %s", metric, universe, on, f.status)
	}
	return f.value.V
}

// published is what somebody printed.
type published struct {
	universe, metric, on string
	want, within         float64
}

func (h *realHouse) hold(t *testing.T, figures []published) {
	t.Helper()
	for _, p := range figures {
		got := h.value(t, p.universe, p.metric, p.on)
		t.Logf("%s of %s on %s: %.6g, published %.6g", p.metric, p.universe, p.on, got, p.want)
		if math.Abs(got-p.want) > p.within {
			t.Errorf("%s of %s on %s: %v, published %v, which should be no further than %v", p.metric, p.universe, p.on, got, p.want, p.within)
		}
	}
}

// table reads a CSV file of the real data.
func (h *realHouse) table(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.shared, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return rows
}

func realDay(t *testing.T, text string) schemas.Date {
	t.Helper()
	d, err := schemas.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func realNumber(t *testing.T, text string) schemas.Opt[float64] {
	t.Helper()
	if text == "NULL" {
		return schemas.None[float64]()
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Some(v)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

var nothingBuilt = regexp.MustCompile(`^0 built, \d+ unchanged, \d+ without data, 0 failed, `)
