package transform

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/schemas/sharedtest"
)

// realTable reads a CSV file of the real data, gz or not.
func realTable(t *testing.T, path ...string) [][]string {
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
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		if _, err := b.Discard(3); err != nil {
			t.Fatal(err)
		}
	}
	c := csv.NewReader(b)
	c.FieldsPerRecord = -1
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func mustNumber(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fredFile reads a file in FRED's layout as the observations of one series.
func fredFile(t *testing.T, id, unit string, multiplier float64, path ...string) []schemas.Observation {
	t.Helper()
	var out []schemas.Observation
	for _, row := range realTable(t, path...)[1:] {
		o := schemas.Observation{Source: "fred:" + id, Series: id, Date: day(t, row[0]), Unit: unit, Multiplier: multiplier}
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
func h41File(t *testing.T, path ...string) []schemas.Observation {
	t.Helper()
	rows := realTable(t, path...)
	var out []schemas.Observation
	for _, row := range rows[6:] {
		for i := 1; i < len(row); i++ {
			o := schemas.Observation{
				Source: "h41", Series: rows[5][i], Date: day(t, row[0]), Unit: rows[1][i], Multiplier: mustNumber(t, rows[2][i]), Status: "A",
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
func cashFile(t *testing.T) []schemas.CashBalance {
	t.Helper()
	var out []schemas.CashBalance
	for _, row := range realTable(t, "market", "macro", "dts_tga_close_2022-2026.csv")[1:] {
		v, err := strconv.ParseInt(row[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, schemas.CashBalance{
			Statement: "dts", Date: day(t, row[0]), AccountType: "Treasury General Account (TGA) Closing Balance", Open: schemas.Some(v),
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
func realFED(t *testing.T) *Inputs {
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

var realLiquidity struct {
	once     sync.Once
	facts    []schemas.Fact
	findings []Finding
}

// realFacts returns the liquidity facts of all real inputs, computed once.
func realFacts(t *testing.T) ([]schemas.Fact, []Finding) {
	t.Helper()
	sharedtest.Dir(t)
	r := &realLiquidity
	r.once.Do(func() { r.facts, r.findings = Compute(schemas.Liquidity.String(), realFED(t)) })
	return r.facts, r.findings
}

func TestRealFiguresGiveEveryWeek(t *testing.T) {
	t.Parallel()
	facts, findings := realFacts(t)
	for _, f := range findings {
		// One printed change, of an item that began in that week, and one
		// week of a hundred in which operations and balance sheet differ.
		known := f.Check == "h41_identity_5" && f.Date == day(t, "2021-12-29") ||
			f.Check == "week_average_agrees" && f.Date == day(t, "2023-01-11") && strings.Contains(f.Message, "on 1 days, by up to 514")
		if !known {
			t.Errorf("%s %s: %s", f.Check, f.Date, f.Message)
		}
	}
	got := byMetric(facts)
	for metric, want := range map[string]int{
		"fed_assets": 1236, "reserves_avg": 1231, "tga": 1236, "tga_daily": 1089, "h41_identity_1": 70, "h41_identity_2": 100,
		"h41_identity_3": 100, "h41_identity_4": 105, "onrrp_avg": 661, "net_liq_weekly": 658, "net_liq_daily": 1062, "sofr": 2072,
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

// Figures of the Federal Reserve's statement and of money markets that others
// printed, in USD bn, percent and basis points.
func TestPublishedLiquidityFigures(t *testing.T) {
	t.Parallel()
	facts, _ := realFacts(t)
	got := byMetric(facts)
	for _, tt := range []struct {
		metric, on   string
		want, within float64
	}{
		{"onrrp", "2022-12-30", 2553.7, 0.05}, // the record; a Friday
		{"onrrp", "2024-12-20", 98, 0.5},
		{"onrrp", "2025-12-31", 106, 0.5},
		{"reserves_avg", "2025-07-30", 3347.41, 0.005},
		{"tga_avg", "2025-07-30", 370.51, 0.005},
		{"reserves_avg", "2025-10-22", 2933, 0.5},
		{"fed_assets", "2025-11-05", 6570, 5},
		{"sofr", "2019-09-13", 2.20, 0},
		{"sofr", "2019-09-16", 2.43, 0},
		{"sofr", "2019-09-17", 5.25, 0},
		{"sofr", "2019-09-18", 2.55, 0},
		{"sofr", "2020-06-30", 0.10, 0},
		{"sofr", "2024-12-31", 4.49, 0},
		{"sofr", "2025-09-30", 4.24, 0},
		{"sofr", "2025-09-29", 4.13, 0},
		{"effr", "2025-09-30", 4.09, 0},
		{"iorb", "2025-09-30", 4.15, 0},
		{"sofr", "2025-10-31", 4.22, 0},
		{"iorb", "2025-10-31", 3.90, 0},
		{"sofr", "2025-12-31", 3.87, 0},
		{"spread_sofr_iorb", "2025-09-30", 9, 1e-9},
		{"spread_effr_iorb", "2025-09-30", -6, 1e-9},
		{"spread_sofr_iorb", "2025-10-31", 32, 1e-9},
	} {
		near(t, tt.metric+" on "+tt.on, valueOf(t, got, tt.metric, tt.on), tt.want, tt.within)
	}
	var peak float64
	for d, f := range got["fed_assets"] {
		if d.Year() == 2022 {
			peak = max(peak, f.Value.V)
		}
	}
	near(t, "fall of total assets from the peak of 2022", peak-valueOf(t, got, "fed_assets", "2025-11-05"), 2390, 5)
	for _, f := range got["onrrp"] {
		if f.Value.V > 2553.8 {
			t.Errorf("reverse repos of %g bn on %s exceed the record", f.Value.V, f.Session)
		}
	}
}

func TestDailyCashEqualsStatementOnEveryWednesday(t *testing.T) {
	t.Parallel()
	facts, _ := realFacts(t)
	got := byMetric(facts)
	common := 0
	for d, weekly := range got["tga"] {
		if daily, have := got["tga_daily"][d]; have && daily.Value.OK && weekly.Value.OK {
			common++
			if daily.Value != weekly.Value {
				t.Errorf("%s: daily %g, statement %g", d, daily.Value.V, weekly.Value.V)
			}
		}
	}
	if common != 219 {
		t.Errorf("%d common Wednesdays, want 219", common)
	}
}

// The 105 recorded releases satisfy the identities that they have the parts
// for, and their week averages are FRED's.
func TestRecordedReleasesSatisfyIdentities(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	in.Observations = h41File(t, "market", "macro", "FRB_H41_2021-2023.csv.gz")
	in.Observations = append(in.Observations, h41File(t, "upstream", "fed_h41", "ddp_seriescolumn_table5_lastobs5_2026-08-26_2026-09-23.csv")...)
	facts, _ := Compute(schemas.Liquidity.String(), in)
	for metric, byDay := range byMetric(facts) {
		for d, f := range byDay {
			if strings.HasPrefix(metric, "h41_identity_") && metric != "h41_identity_5" && f.Value.OK && (f.Value.V > 3 || f.Value.V < -3) {
				t.Errorf("%s of %s: %g", metric, d, f.Value.V)
			}
			if f.Status == schemas.BadInput {
				t.Errorf("%s of %s is withheld", metric, d)
			}
		}
	}
	near(t, "total assets of the newest release", valueOf(t, byMetric(facts), "fed_assets", "2026-09-23"), 6747.704, 1e-9)
}

// Appendix B 12 on the recorded condition statements: total assets less cash
// and reverse repos equal the liabilities and capital that are not subtracted.
func TestOtherSideOfRecordedStatements(t *testing.T) {
	t.Parallel()
	items := make(map[schemas.Date]map[string]float64)
	for _, o := range h41File(t, "upstream", "fed_h41", "ddp_seriescolumn_table5_lastobs5_2026-08-26_2026-09-23.csv") {
		if items[o.Date] == nil {
			items[o.Date] = make(map[string]float64)
		}
		items[o.Date][strings.TrimSuffix(o.Series, h41Level)] = o.Value.V
	}
	if len(items) != 5 {
		t.Fatalf("%d releases", len(items))
	}
	for d, v := range items {
		net, _ := netLiquidity([]float64{v["RESPPMA"], v["RESPPLLDT"], v["RESPPLLR"]})
		other, _ := total([]float64{
			v["RESPPLLN"], v["RESPPLLDD"], v["RESPPLLDA"], v["RESPPLLDF"], v["RESPPLLDO"], v["RESPPMLLC"], v["RESPPLLO"], v["RESH4E"], v["RESPPLC"],
		})
		near(t, "release of "+d.String(), net, other, 3)
	}
}

// Appendix B 13 on every real figure: nothing is known before its day.
func TestNothingIsKnownBeforeItsDay(t *testing.T) {
	t.Parallel()
	facts, _ := realFacts(t)
	for _, f := range facts {
		if !f.KnownAt.After(f.Session.Time()) {
			t.Fatalf("%s of %s is known at %s", f.Metric, f.Session, f.KnownAt)
		}
	}
}

// knownOn returns the inputs that were public at t.
func knownOn(in *Inputs, t time.Time) *Inputs {
	cal := in.Calendar
	out := *in
	out.Observations, out.Cash = nil, nil
	for _, o := range in.Observations {
		known := cal.H41Release(o.Date)
		switch o.Series {
		case "SOFR":
			known = cal.RateKnown(o.Date, true)
		case "EFFR":
			known = cal.RateKnown(o.Date, false)
		case "IORB":
			known = cal.SetRateKnown(o.Date)
		case "RRPONTSYD":
			known = cal.OperationKnown(o.Date, "13:15")
		}
		if !known.After(t) {
			out.Observations = append(out.Observations, o)
		}
	}
	for _, b := range in.Cash {
		if !cal.DTSKnown(b.Date).After(t) {
			out.Cash = append(out.Cash, b)
		}
	}
	return &out
}

// Appendix B 13: with what was public then, a figure is computed to the bit as
// it is today.
func TestRecomputedAsKnownThen(t *testing.T) {
	t.Parallel()
	in := realFED(t)
	now, _ := realFacts(t)
	for _, text := range []string{"2019-09-18T20:00:00Z", "2022-12-29T21:00:00Z", "2023-04-07T20:00:00Z", "2025-12-26T21:00:00Z", "2026-09-24T21:00:00Z"} {
		then := utc(t, text)
		facts, _ := Compute(schemas.Liquidity.String(), knownOn(in, then))
		got := byMetric(facts)
		compared := 0
		for _, f := range now {
			if f.KnownAt.After(then) || !f.Status.HasValue() {
				continue
			}
			compared++
			if got[f.Metric][f.Session] != f {
				t.Fatalf("as known at %s, %s of %s is %+v, today %+v", text, f.Metric, f.Session, got[f.Metric][f.Session], f)
			}
		}
		if compared < 10000 {
			t.Errorf("only %d figures compared as known at %s", compared, text)
		}
		for _, f := range facts {
			if f.Status.HasValue() && f.KnownAt.After(then) {
				t.Fatalf("%s of %s was computed before it was known", f.Metric, f.Session)
			}
		}
	}
}
