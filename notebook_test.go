package main

import (
	"encoding/json"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/load/engine"
	"tidemark/schemas"
)

// summaryRow is a key figure; what is unknown is nil.
type summaryRow struct {
	Metric     string   `json:"metric"`
	Universe   string   `json:"universe"`
	Latest     *float64 `json:"latest"`
	Day        *float64 `json:"day"`
	Week       *float64 `json:"week"`
	Month      *float64 `json:"month"`
	Year       *float64 `json:"year"`
	Percentile *float64 `json:"percentile"`
}

// notebookAgrees runs the notebook on a demonstration's warehouse, and holds its
// figures against those of the workbook's first sheet.
func notebookAgrees(t *testing.T, installed, book string, bi engine.Access) {
	t.Helper()
	python := filepath.Join(installed, "python/bin/python")
	if _, err := os.Stat(python); err != nil {
		t.Skipf("there is no Python with clickhouse-connect: %v", err)
	}
	host, port, err := net.SplitHostPort(bi.HTTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, ".ci/clients/notebook.py", "deploy/notebook/summary.ipynb")
	cmd.Env = append(os.Environ(), "TIDEMARK_HOST="+host, "TIDEMARK_PORT="+port, "TIDEMARK_USER="+bi.User, "TIDEMARK_PASSWORD="+bi.Password)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []summaryRow
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	want := summaryOf(t, book)
	metrics := map[string]bool{}
	for _, r := range rows {
		w, ok := want[[2]string{r.Metric, r.Universe}]
		if !ok {
			t.Errorf("%s of %s is not on the summary", r.Metric, r.Universe)
			continue
		}
		metrics[r.Metric] = true
		points := 1.0 // shares are stored as fractions, and their changes as percentage points
		if m := schemas.Register(); m[slices.IndexFunc(m, func(m schemas.Metric) bool { return m.ID == r.Metric })].Unit == "fraction" {
			points = 100
		}
		for name, pair := range map[string][2]*float64{
			"latest": {r.Latest, w.Latest}, "day": {scaled(r.Day, points), w.Day}, "week": {scaled(r.Week, points), w.Week},
			"month": {scaled(r.Month, points), w.Month}, "year": {scaled(r.Year, points), w.Year}, "percentile": {r.Percentile, w.Percentile},
		} {
			got, is := pair[0], pair[1]
			if (got == nil) != (is == nil) || got != nil && math.Abs(*got-*is) > 1e-9*max(1, math.Abs(*is)) {
				t.Errorf("%s of %s, %s: the notebook says %v, the workbook %v", r.Metric, r.Universe, name, show(got), show(is))
			}
		}
	}
	if len(metrics) < 12 {
		t.Errorf("the notebook shows %d figures, want at least 12: %v", len(metrics), metrics)
	}
}

func show(v *float64) string {
	if v == nil {
		return "nothing"
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func scaled(v *float64, by float64) *float64 {
	if v == nil {
		return nil
	}
	s := *v * by
	return &s
}

// summaryOf reads the table of key figures of a workbook, by metric and universe.
func summaryOf(t *testing.T, book string) map[[2]string]summaryRow {
	t.Helper()
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells, err := f.GetRows("Summary", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	const latest, day, week, month, year, percentile, metric, universe = 3, 6, 7, 8, 9, 10, 13, 14
	out := map[[2]string]summaryRow{}
	for _, row := range cells {
		if len(row) <= universe {
			continue
		}
		at := func(i int) *float64 {
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil {
				return nil
			}
			return &v
		}
		if r := (summaryRow{Latest: at(latest), Day: at(day), Week: at(week), Month: at(month), Year: at(year), Percentile: at(percentile)}); r.Latest != nil {
			out[[2]string{row[metric], row[universe]}] = r
		}
	}
	return out
}
