package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

// Every figure was known when its publisher said so, none when it was fetched.
func (h *realHouse) testClock(t *testing.T) {
	fetched := h.ask(t, "SELECT toString(min(fetched_at)) FROM mart.source")[0][0]
	if rows := h.ask(t, "SELECT metric, universe, session, known_at FROM mart.fact WHERE known_at >= toDateTime64('"+fetched+"', 3, 'UTC') LIMIT 5"); len(rows) > 0 {
		t.Errorf("figures are said to be known after their inputs were fetched at %s: %v", fetched, rows)
	}
}

func (h *realHouse) testSecondRun(t *testing.T) {
	if got := lastLine(h.command(t, "run")); !nothingBuilt.MatchString(got) {
		t.Errorf("got %q, want nothing built", got)
	}
}

func (h *realHouse) testStatus(t *testing.T) {
	out := h.command(t, "status")
	for _, want := range []string{"files:prices ", "breadth:SPX_MEMBERS ", "2025-09-09", "liquidity:FED ", "prices_missing"} {
		if !strings.Contains(out, want) {
			t.Errorf("the status does not speak of %q:\n%s", want, out)
		}
	}
}

// tracedPayload matches an answer in a trace: its hash, whether any rows were
// read from it, and where it was.
var tracedPayload = regexp.MustCompile(`payload ([0-9a-f]{64})  (no rows|rows)[^\n]*, \d+ bytes, fetched [^\n]+\n\s+GET (file://\S+)`)

// trace follows a figure and holds each answer that it names against the file
// it came from and against the archive. It returns what was printed first, and
// the names of the files that gave rows.
func (h *realHouse) trace(t *testing.T, metric, universe, on string) (figure string, files map[string]bool) {
	t.Helper()
	out := h.command(t, "trace", metric, on, "--universe", universe)
	found := tracedPayload.FindAllStringSubmatch(out, -1)
	if n := strings.Count(out, "payload "); n != len(found) || n == 0 {
		t.Errorf("%d answers in the trace, of which %d are files:\n%s", n, len(found), out)
	}
	store, err := archive.Open(filepath.Join(h.data(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	files = map[string]bool{}
	for _, f := range found {
		u, err := url.Parse(f[3])
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(u.Path)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != f[1] {
			t.Errorf("%s has the hash %x, the trace says %s", u.Path, sum, f[1])
		}
		if size, err := store.Check(t.Context(), f[1]); err != nil || size != int64(len(content)) {
			t.Errorf("the archive's answer of %s has %d bytes, the file %d: %v", u.Path, size, len(content), err)
		}
		if f[2] == "rows" {
			files[filepath.Base(u.Path)] = true
		}
	}
	figure, _, _ = strings.Cut(out, "\n")
	return figure, files
}

// From figures of each table down to the bytes of the files.
func (h *realHouse) testTrace(t *testing.T) {
	const prices = "sp500_daily_2022-2025.csv.gz"
	for _, c := range []struct {
		metric, universe, on string
		reaches              []string
	}{
		{"conc_top10_sec", "SPX_MEMBERS", "2025-09-05", []string{"SPY_2025-09-05.xlsx", "constituents_2026-08-08.csv", "constituents_wikipedia_2025-09.csv"}},
		{"conc_hhi10k_sec", "SPX_MEMBERS", "2024-05-31", []string{"SPY_2024-05-10.xlsx", prices}},
		{"pct_above_sma_200", "SPX_MEMBERS", "2025-09-09", []string{prices, "corporate_actions.csv.gz", "renames.csv", "sp500_ticker_start_end.csv", "sp500_changes_since_2019.csv"}},
		{"mcc_osc_ratio", "SPX_MEMBERS", "2025-09-09", []string{prices}},
		{"size_gap_arith_ytd_tr", "R2000_MEMBERS~SPX_MEMBERS", "2025-12-31", []string{"etf_adjclose_2021-2026.csv.gz"}},
		{"net_liq_weekly", fed, "2025-07-02", []string{
			"fredgraph_WALCL_2002-12-18_2026-07-29.csv", "fredgraph_RRPONTSYD_2003-02-07_2026-07-31.csv", "WDTGAL.csv", "dts_history.json",
		}},
		{"sofr_volume", fed, "2026-09-25", []string{"rates_sofr_last5_2026-09-25.json"}},
	} {
		_, files := h.trace(t, c.metric, c.universe, c.on)
		for _, want := range c.reaches {
			if !files[want] {
				t.Errorf("the trace of %s of %s on %s does not reach %s", c.metric, c.universe, c.on, want)
			}
		}
	}
}

// The archive alone gives the same tables again: the files are out of reach.
func (h *realHouse) testReplay(t *testing.T) {
	for _, dir := range []string{h.shared, filepath.Join(h.dir, "deploy", "saved")} {
		if err := os.Rename(dir, dir+" away"); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.Rename(dir+" away", dir); err != nil {
				t.Error(err)
			}
		}()
	}
	out := h.command(t, "replay", "--into", filepath.Join(h.dir, "replayed"))
	if want := "every table is identical to the warehouse's"; lastLine(out) != want {
		t.Errorf("got %q, want %q", lastLine(out), want)
	}
	// The files have no prices of small companies, no earnings, no vintages, and not the Fed's
	// holdings line by line.
	empty := []schemas.Dataset{
		schemas.SizeMembers.Dataset, schemas.Earnings.Dataset, schemas.Valuation.Dataset, schemas.RelativeValuation.Dataset,
		schemas.SOMAHoldings.Dataset, schemas.Maturity.Dataset, schemas.Vintages.Dataset,
	}
	for _, d := range schemas.Datasets() {
		count := `[1-9]\d*`
		if slices.ContainsFunc(empty, func(e schemas.Dataset) bool { return e.String() == d.String() }) {
			count = "0"
		}
		if !d.Log() && !regexp.MustCompile(`\n  `+regexp.QuoteMeta(d.String())+` +`+count+` rows  \S+  identical\n`).MatchString(out) {
			t.Errorf("%s has not %s rows, or others:\n%s", d, count, out)
		}
	}
}

// The workbook is the same bytes twice, its key figures are the warehouse's,
// and each can be followed with what stands in its row.
func (h *realHouse) testWorkbook(t *testing.T) {
	first, second := filepath.Join(t.ArtifactDir(), "tidemark.xlsx"), filepath.Join(h.dir, "second.xlsx")
	for _, path := range []string{first, second} {
		if got := lastLine(h.command(t, "export", "--to", path)); got != path {
			t.Errorf("export printed %q, want %q", got, path)
		}
	}
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("two exports of the same facts differ: %d and %d bytes", len(a), len(b))
	}
	keys := keyFiguresOf(t, first)
	t.Logf("%d bytes, %d key figures", len(a), len(keys))
	followed := map[string]bool{}
	for _, k := range keys {
		if got := h.value(t, k.universe, k.metric, k.on); got != k.value {
			t.Errorf("%s of %s on %s is %v in the workbook, %v in the warehouse", k.metric, k.universe, k.on, k.value, got)
		}
		family := schemas.MetricByID(k.metric).Family
		if followed[family] {
			continue
		}
		followed[family] = true
		figure, files := h.trace(t, k.metric, k.universe, k.on)
		t.Logf("%s; from %d files", figure, len(files))
	}
	h.testSheet(t, first, "Concentration")
	for _, family := range []string{"concentration", "breadth", "size", "liquidity"} {
		if !followed[family] {
			t.Errorf("the workbook's summary has no key figure of %s", family)
		}
	}
}

// testSheet holds every figure on a family's sheet against the warehouse, by
// the day that begins its row and the ids above its column, and follows the
// last of them.
func (h *realHouse) testSheet(t *testing.T, path, sheet string) {
	t.Helper()
	var metrics, universes []string
	var metric, universe, on string
	figures, began := 0, false
	for _, row := range sheetOf(t, path, sheet) {
		switch {
		case len(row) == 0:
		case row[0] == "tidemark trace":
			metrics = row
		case row[0] == "--universe":
			universes = row
		case row[0] == "date":
			began = true
		case began && row[0] != "":
			on = serialDay(t, row[0])
			for i, cell := range row[1:] {
				if cell == "" {
					continue
				}
				metric, universe = metrics[i+1], universes[i+1]
				figures++
				if got, want := h.value(t, universe, metric, on), realNumber(t, cell).V; got != want {
					t.Errorf("%s of %s on %s is %v on the sheet %s, %v in the warehouse", metric, universe, on, want, sheet, got)
				}
			}
		}
	}
	if figures < 1000 {
		t.Fatalf("the sheet %s has %d figures, want thousands", sheet, figures)
	}
	figure, files := h.trace(t, metric, universe, on)
	t.Logf("%d figures on the sheet %s; %s; from %d files", figures, sheet, figure, len(files))
}

// keyFigure is a row of the workbook's summary.
type keyFigure struct {
	metric, universe, on string
	value                float64
}

// keyFiguresOf reads the key figures of a workbook by the heads of their
// columns.
func keyFiguresOf(t *testing.T, path string) []keyFigure {
	t.Helper()
	var out []keyFigure
	at := map[string]int{}
	for _, row := range sheetOf(t, path, "Summary") {
		if slices.Contains(row, "tidemark trace") {
			for i, head := range row {
				at[head] = i
			}
			continue
		}
		if len(at) == 0 || len(row) <= at["--universe"] {
			continue
		}
		out = append(out, keyFigure{
			metric: row[at["tidemark trace"]], universe: row[at["--universe"]], on: serialDay(t, row[at["As of"]]),
			value: realNumber(t, row[at["Latest"]]).V,
		})
	}
	return out
}

// sheetOf returns the cells of a sheet as they are stored.
func sheetOf(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// serialDay returns the day of a cell that holds one.
func serialDay(t *testing.T, cell string) string {
	t.Helper()
	serial, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatalf("%q is not a day", cell)
	}
	day, err := excelize.ExcelDateToTime(serial, false)
	if err != nil {
		t.Fatal(err)
	}
	return day.Format(time.DateOnly)
}
