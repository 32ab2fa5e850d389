package main

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

const fed = "FED"

// observations reads the raw rows of a series.
func (h *realHouse) observations(t *testing.T, w *clickhouse.Warehouse, source string) map[schemas.Date]schemas.Observation {
	t.Helper()
	rows, err := clickhouse.Read(t.Context(), w, schemas.Observations, clickhouse.Query{
		Where: "source = {source:String}", Args: []any{clickhouse.Named("source", source)},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[schemas.Date]schemas.Observation, len(rows))
	for _, r := range rows {
		out[r.Date] = r
	}
	return out
}

// The Treasury's own statement of a Wednesday and the Fed's are of one account.
func (h *realHouse) testCash(t *testing.T) {
	daily := h.history(t, fed, "tga_daily")
	common := 0
	for d, o := range h.observations(t, h.loader, "fred:WDTGAL") {
		f, ok := daily[d]
		if !ok || !f.value.OK || !o.Value.OK {
			continue
		}
		common++
		if want := o.Value.V * o.Multiplier / 1e9; f.value.V != want {
			t.Errorf("%s: %v bn in the Treasury's statement, %v bn in the Fed's", d, f.value.V, want)
		}
	}
	t.Logf("%d Wednesdays in common", common)
	if common != 219 {
		t.Errorf("%d Wednesdays in common, want 219", common)
	}
	h.hold(t, []published{
		{fed, "tga_daily", "2021-09-30", 215.160, 1e-9}, // three layouts of the statement
		{fed, "tga_daily", "2021-10-01", 132.452, 1e-9},
		{fed, "tga_daily", "2022-04-15", 578.473, 1e-9},
		{fed, "tga_daily", "2022-04-18", 841.253, 1e-9},
		{fed, "tga_daily", "2026-09-25", 945.290, 1e-9},
	})
}

// The parts of the H.4.1 sum to its totals, to rounding.
func (h *realHouse) testIdentities(t *testing.T) {
	for n, weeks := range []int{70, 100, 100, 105, 0} {
		metric := "h41_identity_" + strconv.Itoa(n+1)
		held, largest := 0, 0.0
		for d, f := range h.history(t, fed, metric) {
			if f.status == schemas.BadInput {
				t.Errorf("%s of %s is withheld", metric, d)
			}
			if !f.value.OK {
				continue
			}
			held++
			largest = max(largest, math.Abs(f.value.V))
		}
		t.Logf("%s: %d weeks, largest difference %v mn", metric, held, largest)
		if weeks == 0 {
			continue // the change from the week before finds revisions, of which there may be some
		}
		if held != weeks {
			t.Errorf("%s: %d weeks have the parts, want %d", metric, held, weeks)
		}
		if largest > 3 {
			t.Errorf("%s: the parts differ from the total by %v mn, want at most 3", metric, largest)
		}
	}
}

// Figures that others printed, in USD bn, percent and basis points.
func (h *realHouse) testPublishedMoney(t *testing.T) {
	h.hold(t, []published{
		{fed, "onrrp", "2022-12-30", 2553.7, 0.05},
		{fed, "onrrp", "2024-12-20", 98, 0.5},
		{fed, "onrrp", "2025-12-31", 106, 0.5},
		{fed, "reserves_avg", "2025-07-30", 3347.41, 0.005},
		{fed, "tga_avg", "2025-07-30", 370.51, 0.005},
		{fed, "reserves_avg", "2025-10-22", 2933, 0.5},
		{fed, "fed_assets", "2025-11-05", 6570, 5},
		{fed, "fed_assets", "2026-09-23", 6747.704, 1e-9},
		{fed, "sofr", "2019-09-13", 2.20, 1e-12},
		{fed, "sofr", "2019-09-16", 2.43, 1e-12},
		{fed, "sofr", "2019-09-17", 5.25, 1e-12},
		{fed, "sofr", "2019-09-18", 2.55, 1e-12},
		{fed, "sofr", "2020-06-30", 0.10, 1e-12},
		{fed, "sofr", "2024-12-31", 4.49, 1e-12},
		{fed, "sofr", "2025-09-29", 4.13, 1e-12},
		{fed, "sofr", "2025-09-30", 4.24, 1e-12},
		{fed, "effr", "2025-09-30", 4.09, 1e-12},
		{fed, "iorb", "2025-09-30", 4.15, 1e-12},
		{fed, "sofr", "2025-10-31", 4.22, 1e-12},
		{fed, "iorb", "2025-10-31", 3.90, 1e-12},
		{fed, "sofr", "2025-12-31", 3.87, 1e-12},
		{fed, "spread_sofr_iorb", "2025-09-30", 9, 1e-9},
		{fed, "spread_effr_iorb", "2025-09-30", -6, 1e-9},
	})
	peak, record, on := 0.0, 0.0, schemas.NoDate
	for d, f := range h.history(t, fed, "fed_assets") {
		if d.Year() == 2022 {
			peak = max(peak, f.value.V)
		}
	}
	if fall := peak - h.value(t, fed, "fed_assets", "2025-11-05"); math.Abs(fall-2390) > 5 {
		t.Errorf("total assets fell by %v bn from the peak of 2022, published 2,390", fall)
	}
	for d, f := range h.history(t, fed, "onrrp") {
		if f.value.V > record {
			record, on = f.value.V, d
		}
	}
	if on != realDay(t, "2022-12-30") {
		t.Errorf("the record of reverse repos is of %s (%v bn), published 2022-12-30", on, record)
	}
}

// The New York Fed's own answers, with what other copies of the rates lack.
func (h *realHouse) testRecordedMoney(t *testing.T) {
	h.hold(t, []published{
		{fed, "onrrp", "2026-09-28", 0.851, 1e-9},
		{fed, "repo_srf", "2026-09-28", 0.001, 1e-9},
		{fed, "repo_srf", "2026-09-25", 0, 0},
		{fed, "onrrp_rate", "2026-09-25", 3.75, 1e-12},
		{fed, "sofr", "2026-09-25", 3.90, 1e-12},
		{fed, "sofr_volume", "2026-09-25", 2914, 1e-9},
		{fed, "sofr_p99_p25", "2026-09-25", 10, 1e-9},
		{fed, "sofr_p75_p25", "2026-09-25", 6, 1e-9},
		{fed, "sofr_p99_p1", "2026-09-25", 16, 1e-9},
		{fed, "spread_sofr_rrp", "2026-09-25", 15, 1e-9},
		{fed, "target_upper", "2023-02-02", 4.75, 1e-12},
		{fed, "target_upper", "2023-03-22", 4.75, 1e-12},
		{fed, "target_upper", "2023-03-23", 5.00, 1e-12},
		{fed, "target_lower", "2023-05-04", 5.00, 1e-12},
	})
}

// FRED had the reserve balances in billions until 2025. A file of that time is
// refused until its unit is declared, and then means the same.
func (h *realHouse) testChangeOfUnit(t *testing.T) {
	const file = "WRESBAL_vintage_2025-04_billions.csv"
	example := h.example(t)
	older := strings.Replace(example, "macro/WRESBAL.csv", "macro/"+file, 1)
	if older == example {
		t.Fatal("the example configuration has no file of WRESBAL")
	}
	undeclared := filepath.Join(h.dir, "deploy", "undeclared.yaml")
	write(t, undeclared, older)

	before, content, err := h.loader.TableHash(t.Context(), schemas.Observations.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	out, errOut, code := h.tidemark(t, undeclared, "run", "fred:WRESBAL", "--force")
	if code != exitFailed {
		t.Fatalf("exit code %d, want %d\n%s%s", code, exitFailed, out, errOut)
	}
	t.Log(strings.TrimSpace(errOut))
	for _, want := range []string{"fred", "WRESBAL", file, `"Millions of U.S. Dollars"`, `"Billions of U.S. Dollars"`, "declare", "old content stays"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("the error does not speak of %q", want)
		}
	}
	after, now, err := h.loader.TableHash(t.Context(), schemas.Observations.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	if before != after || content != now {
		t.Errorf("the refused file changed the table: %d rows %s, before %d rows %s", after, now, before, content)
	}

	// An empty warehouse has nothing to compare with, and refuses it as well.
	second := &realHouse{dir: h.dir, shared: h.shared, folder: filepath.Join(h.dir, "empty"), known: map[string]map[schemas.Date]realFigure{}}
	older = strings.Replace(older, "data: ../data/saved", "data: ../empty", 1)
	write(t, undeclared, older)
	if out, errOut, code := second.tidemark(t, undeclared, "run", "fred:WRESBAL"); code != exitFailed {
		t.Fatalf("exit code %d, want %d\n%s%s", code, exitFailed, out, errOut)
	}
	second.open(t)
	if rows := h.observations(t, second.loader, "fred:WRESBAL"); len(rows) != 0 {
		t.Errorf("%d rows of the refused file are in the warehouse", len(rows))
	}
	second.config = filepath.Join(h.dir, "deploy", "declared.yaml")
	write(t, second.config, strings.Replace(older, "    series_files:\n", "    units: {"+file+": Billions of U.S. Dollars}\n    series_files:\n", 1))
	second.command(t, "run", "fred:WRESBAL", "liquidity:FED")
	raw := h.observations(t, second.loader, "fred:WRESBAL")
	for d, o := range raw {
		if o.Unit != "Billions of U.S. Dollars" || o.Multiplier != 1e9 {
			t.Fatalf("%s is in %q, times %v", d, o.Unit, o.Multiplier)
		}
	}
	common := 0
	ours := h.history(t, fed, "reserves_avg")
	for d, f := range second.history(t, fed, "reserves_avg") {
		if !f.value.OK {
			continue
		}
		common++
		if math.Abs(f.value.V-ours[d].value.V) > 1e-9*f.value.V {
			t.Errorf("%s: %v bn from the older file, %v bn from the newer", d, f.value.V, ours[d].value.V)
		}
	}
	if common < 500 {
		t.Errorf("%d weeks in common, want more than 500", common)
	}
}
