package transform

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/schemas/sharedtest"
)

// realTable reads a CSV file of the real data, gz or not.
func realTable(t testing.TB, path ...string) [][]string {
	t.Helper()
	name := sharedtest.File(t, path...)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func mustDay(t testing.TB, text string) schemas.Date {
	t.Helper()
	d, err := schemas.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustNumber(t testing.TB, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fredFile reads a file in FRED's layout as the observations of one series.
func fredFile(t testing.TB, id, unit string, multiplier float64, path ...string) []schemas.Observation {
	t.Helper()
	var out []schemas.Observation
	for _, row := range realTable(t, path...)[1:] {
		o := schemas.Observation{Source: "fred:" + id, Series: id, Date: mustDay(t, row[0]), Unit: unit, Multiplier: multiplier}
		if row[1] != "" && row[1] != "." {
			o.Value = schemas.Some(mustNumber(t, row[1]))
		}
		out = append(out, o)
	}
	return out
}

const (
	millions = "Millions of U.S. Dollars"
	billions = "Billions of U.S. Dollars"
)

// h41File reads a file of the Board's download layout.
func h41File(t testing.TB, path ...string) []schemas.Observation {
	t.Helper()
	rows := realTable(t, path...)
	var out []schemas.Observation
	for _, row := range rows[6:] {
		for i := 1; i < len(row); i++ {
			o := schemas.Observation{
				Source: "h41", Series: rows[5][i], Date: mustDay(t, row[0]), Unit: rows[1][i], Multiplier: mustNumber(t, rows[2][i]), Status: "A",
			}
			if row[i] == "NA" || row[i] == "ND" || row[i] == "NC" {
				o.Status = row[i]
			} else {
				o.Value = schemas.Some(mustNumber(t, row[i]))
			}
			out = append(out, o)
		}
	}
	return out
}

// cashFile reads daily Treasury cash as rows of the statement's newest layout.
func cashFile(t testing.TB) []schemas.CashBalance {
	t.Helper()
	var out []schemas.CashBalance
	for _, row := range realTable(t, "market", "macro", "dts_tga_close_2022-2026.csv")[1:] {
		v, err := strconv.ParseInt(row[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, schemas.CashBalance{
			Statement: "dts", Date: mustDay(t, row[0]), AccountType: "Treasury General Account (TGA) Closing Balance", Open: schemas.Some(v),
		})
	}
	return out
}

func fedInputs() *Inputs {
	return &Inputs{Universe: Universe{ID: "FED"}, Window: schemas.CutWhole.Window("FED", 0), Calendar: calendar.US()}
}

// byMetric indexes facts by metric and day.
func byMetric(facts []schemas.Fact) map[string]map[schemas.Date]schemas.Fact {
	out := make(map[string]map[schemas.Date]schemas.Fact)
	for _, f := range facts {
		if out[f.Metric] == nil {
			out[f.Metric] = make(map[schemas.Date]schemas.Fact)
		}
		out[f.Metric][f.Session] = f
	}
	return out
}

// realFED holds all real inputs of the liquidity facts.
func realFED(t testing.TB) *Inputs {
	t.Helper()
	in := fedInputs()
	macro := func(name string) []string { return []string{"market", "macro", name} }
	in.Observations = h41File(t, macro("FRB_H41_2021-2023.csv.gz")...)
	in.Observations = append(in.Observations, h41File(t, "upstream", "fed_h41", "ddp_seriescolumn_table5_lastobs5_2026-08-26_2026-09-23.csv")...)
	for _, id := range []string{"WALCL", "WRESBAL", "WTREGEN", "WDTGAL", "WSHOSHO"} {
		in.Observations = append(in.Observations, fredFile(t, id, millions, 1e6, macro(id+".csv")...)...)
	}
	in.Observations = append(in.Observations, fredFile(t, "RRPONTSYD", billions, 1e9, macro("RRPONTSYD.csv")...)...)
	for _, id := range []string{"SOFR", "EFFR", "IORB"} {
		in.Observations = append(in.Observations, fredFile(t, id, "Percent", 1, macro(id+".csv")...)...)
	}
	in.Cash = cashFile(t)
	return in
}

func TestRealFiguresGiveEveryWeek(t *testing.T) {
	t.Parallel()
	facts, findings := Compute(schemas.Liquidity.String(), realFED(t))
	for _, f := range findings {
		if f.Severity == schemas.SeverityError || f.Check != "h41_identity_5" {
			t.Errorf("%s %s: %s", f.Check, f.Date, f.Message)
		}
	}
	got := byMetric(facts)
	for metric, want := range map[string]int{
		"fed_assets": 1236, "reserves_avg": 1231, "tga": 1236, "tga_daily": 1089, "h41_identity_1": 70, "h41_identity_2": 100,
		"h41_identity_3": 100, "h41_identity_4": 105, "net_liq_weekly": 658, "net_liq_daily": 1062, "sofr": 2072,
	} {
		n := 0
		for _, f := range got[metric] {
			if f.Status.HasValue() {
				n++
			}
		}
		if n != want {
			t.Errorf("%s has %d values, want %d", metric, n, want)
		}
	}
}
