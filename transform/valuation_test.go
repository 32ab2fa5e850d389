package transform

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestValuation_WE3_6(t *testing.T) {
	t.Parallel()
	var companies []valued
	for i, value := range []float64{500, 300, 150, 50} {
		companies = append(companies, valued{weight: value / 1000, yield: []float64{25, 20, -5, -15}[i] / value})
	}
	v := valuationOf(companies)
	near(t, "aggregate", 1/v.yield, 40, 1e-12)
	near(t, "yield", v.yield, 0.025, 1e-15)
	nearOpt(t, "without loss makers", v.exLosses, 17.777778, 5e-7)
	nearOpt(t, "median", v.median, 17.5, 1e-12)
	near(t, "loss makers", v.lossShare, 0.2, 1e-12)
	near(t, "against 25", 1/v.yield/25, 1.6, 1e-12)
	near(t, "against 25 without loss makers", v.exLosses.V/25, 0.711111, 5e-7)
	if v := valuationOf(companies[2:]); v.yield >= 0 || v.exLosses.OK || v.median.OK || v.lossShare != 1 {
		t.Errorf("of loss makers alone: %+v", v)
	}
}

// filing is a row of a company's filings.
func filing(tb testing.TB, filed, from, until string, income float64) schemas.Earning {
	tb.Helper()
	return schemas.Earning{Publisher: "S", Company: "X", Filed: day(tb, filed), From: day(tb, from), Until: day(tb, until), NetIncome: income}
}

func TestFourQuarters(t *testing.T) {
	t.Parallel()
	year24 := filing(t, "2025-02-14", "2024-01-01", "2024-12-31", 100)
	half24, half25 := filing(t, "2024-08-01", "2024-01-01", "2024-06-30", 45), filing(t, "2025-08-01", "2025-01-01", "2025-06-30", 70)
	for _, x := range []struct {
		what  string
		filed []schemas.Earning
		until string // "" where there is none
		want  float64
	}{
		{"a year", []schemas.Earning{year24}, "2024-12-31", 100},
		{"a year and half of the next", []schemas.Earning{half24, year24, half25}, "2025-06-30", 125},
		{"half a year without the year before", []schemas.Earning{half24}, "", 0},
		{"the half of the year before is missing", []schemas.Earning{year24, half25}, "2024-12-31", 100},
		{"four quarters", []schemas.Earning{
			filing(t, "2024-05-01", "2024-01-01", "2024-03-31", 10), filing(t, "2024-08-01", "2024-04-01", "2024-06-30", 20),
			filing(t, "2024-11-01", "2024-07-01", "2024-09-30", 30), filing(t, "2025-02-01", "2024-10-01", "2024-12-31", -5),
		}, "2024-12-31", 55},
		{"the fourth quarter is the year less three", []schemas.Earning{
			filing(t, "2024-05-01", "2024-01-01", "2024-03-31", 10), filing(t, "2024-08-01", "2024-04-01", "2024-06-30", 20),
			filing(t, "2024-11-01", "2024-07-01", "2024-09-30", 30), year24, filing(t, "2025-05-01", "2025-01-01", "2025-03-31", 11),
		}, "2025-03-31", 101},
		{"a year of 53 weeks", []schemas.Earning{filing(t, "2025-03-01", "2023-12-31", "2025-01-04", 7)}, "2025-01-04", 7},
		{"restated", []schemas.Earning{year24, filing(t, "2025-03-20", "2024-01-01", "2024-12-31", 90)}, "2024-12-31", 90},
		{"a change of the fiscal year leaves a gap", []schemas.Earning{filing(t, "2024-12-01", "2023-10-01", "2024-06-30", 9), filing(t, "2025-02-01", "2024-10-01", "2024-12-31", 3)}, "", 0},
	} {
		got, ok := fourQuarters(x.filed)
		switch {
		case ok != (x.until != ""):
			t.Errorf("%s: %+v, %v", x.what, got, ok)
		case ok && (got.until != day(t, x.until) || math.Abs(got.income-x.want) > 1e-9 || got.from != x.filed[len(x.filed)-1].Filed):
			t.Errorf("%s: %+v, want %v until %s", x.what, got, x.want, x.until)
		}
	}
}

// However a company reports, by quarters, halves, nine months or years, what is
// told of its last four quarters is their sum.
func TestFourQuartersAreTheirSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		starts := []schemas.Date{schemas.NewDate(2021, time.Month(1+3*rapid.IntRange(0, 3).Draw(t, "fiscal year")), 1)}
		for range 14 {
			starts = append(starts, schemas.DateOf(starts[len(starts)-1].Time().AddDate(0, 3, 0)))
		}
		quarters := make([]float64, 14)
		var filed []schemas.Earning
		for q := range quarters {
			quarters[q] = float64(rapid.IntRange(-50, 100).Draw(t, "income"))
			lags := schemas.Date(40)
			add := func(n int) {
				total := 0.0
				for k := range n {
					total += quarters[q-k]
				}
				filed = append(filed, schemas.Earning{Company: "X", Filed: starts[q+1] - 1 + lags, From: starts[q+1-n], Until: starts[q+1] - 1, NetIncome: total})
			}
			inYear := q%4 + 1
			if inYear < 4 || rapid.Bool().Draw(t, "fourth quarter alone") {
				add(1)
			}
			if inYear > 1 && (inYear == 4 || rapid.Bool().Draw(t, "year so far")) {
				add(inYear)
			}
			got, ok := fourQuarters(filed)
			if q < 3 {
				continue
			}
			want := quarters[q] + quarters[q-1] + quarters[q-2] + quarters[q-3]
			if !ok || got.until != starts[q+1]-1 || math.Abs(got.income-want) > 1e-9 {
				t.Fatalf("after quarter %d: %+v, %v; want %v", q, got, ok, want)
			}
		}
	})
}

// costly is a market of four companies, of which one has two lines, with their
// shares and what they have earned.
func costly(tb testing.TB) *market {
	tb.Helper()
	m := newMarket(tb, 5, "2025-06-30")
	m.Window.From = m.sessions[0]
	var lines []schemas.Holding
	for i, price := range []float64{50, 30, 15, 10, 5} {
		symbol := "T" + strconv.Itoa(i)
		m.member(symbol)
		m.closes(symbol, price, price, price, 2*price, 2*price)
		h := line(symbol, price*100/110)
		h.MarketValue, h.Price, h.CUSIP = schemas.Some(price*1e6), schemas.Some(price), "00000"+strconv.Itoa(min(i, 3))+"10"+strconv.Itoa(i)
		lines = append(lines, h)
		m.Shares = append(m.Shares, schemas.ShareCount{Publisher: "S", Company: symbol, Filed: day(tb, "2025-05-01"), AsOf: day(tb, "2025-03-31"), Line: 1, Shares: 1e6})
	}
	m.file(m.sessions[0], lines...)
	for i, income := range []float64{5e6, 2e6, -1e6, 1.5e6} {
		m.Earnings = append(m.Earnings, schemas.Earning{
			Publisher: "S", Company: "T" + strconv.Itoa(i), Filed: day(tb, "2025-02-20"), From: day(tb, "2024-01-01"), Until: day(tb, "2024-12-31"), NetIncome: income,
		})
	}
	return m
}

func TestValuationFacts(t *testing.T) {
	t.Parallel()
	m := costly(t)
	got := m.facts(t, schemas.Valuation.String())
	first, last := m.sessions[0], m.sessions[4]
	got.want("ey_agg", first, 7.5/110, 1e-12)
	got.want("pe_agg", first, 110/7.5, 1e-12)
	got.want("pe_exneg", first, 95/8.5, 1e-9)
	got.want("pe_median", first, 10, 1e-12) // 10, 15, and the 15 m of two lines for 1.5 m
	got.want("loss_cap_share", first, 15.0/110, 1e-12)
	got.want("ey_agg", last, 7.5/220, 1e-12) // prices have doubled
	if f := got.fact("pe_agg", first); f.Members != 4 || f.Excluded != 0 || f.Coverage.V != 1 {
		t.Errorf("%+v", f)
	}

	// What is filed on a day is known on the next; what is restated counts from then on.
	m.Earnings = append(m.Earnings, schemas.Earning{Publisher: "S", Company: "T0", Filed: m.sessions[1], From: day(t, "2024-01-01"), Until: day(t, "2024-12-31"), NetIncome: 9e6})
	got = m.facts(t, schemas.Valuation.String())
	got.want("ey_agg", m.sessions[1], 7.5/110, 1e-12)
	got.want("ey_agg", m.sessions[2], 11.5/110, 1e-12)

	// Without the earnings of the largest company too little of the weight is known.
	m.Earnings = slices.DeleteFunc(m.Earnings, func(e schemas.Earning) bool { return e.Company == "T0" })
	got = m.facts(t, schemas.Valuation.String())
	got.wantNone("pe_agg", first, schemas.LowCoverage)

	// Losses of all together.
	m = costly(t)
	m.Earnings[0].NetIncome = -20e6
	got = m.facts(t, schemas.Valuation.String())
	got.wantNone("pe_agg", first, schemas.ZeroDenominator)
	got.want("ey_agg", first, -17.5/110, 1e-12)

	m.Earnings = nil
	got = m.facts(t, schemas.Valuation.String())
	got.wantNone("pe_agg", first, schemas.NotPublished)
}

func TestRelativeValuation(t *testing.T) {
	t.Parallel()
	days := calendar.US().Sessions(schemas.NewDate(2018, time.January, 2), schemas.NewDate(2023, time.June, 1))
	in := &Inputs{Calendar: calendar.US(), Universe: Universe{ID: "S~L", Against: "L"}, Window: schemas.CutWhole.Window("S~L", 0)}
	add := func(universe, metric string, d schemas.Date, v schemas.Opt[float64]) {
		f := schemas.Fact{Metric: metric, Universe: universe, Session: d, Value: v, Status: schemas.StatusOK, Basis: "file", Coverage: schemas.Some(0.97), KnownAt: in.Calendar.Close(d)}
		if !v.OK {
			f.Status = schemas.ZeroDenominator
		}
		in.Facts = append(in.Facts, f)
	}
	for i, d := range days {
		small, large := 0.025+0.00001*float64(i), 0.04
		add("S", "ey_agg", d, schemas.Some(small))
		add("L", "ey_agg", d, schemas.Some(large))
		add("S", "pe_agg", d, schemas.Some(40.0))
		add("L", "pe_agg", d, schemas.Some(25.0))
		add("S", "pe_exneg", d, schemas.Some(17.777778))
		add("L", "pe_exneg", d, schemas.Some(25.0))
		add("S", "pe_median", d, schemas.None[float64]())
		add("L", "pe_median", d, schemas.Some(20.0))
	}
	facts, findings := Compute(schemas.RelativeValuation.String(), in)
	got := newFactSet(t, facts, findings)
	got.want("rel_val_agg", days[0], 1.6, 1e-12)
	got.want("rel_val_exneg", days[0], 0.711111, 5e-7)
	got.wantNone("rel_val_median", days[0], schemas.ZeroDenominator)
	got.want("rel_yield", days[0], 0.625, 1e-12)
	got.wantNone("rel_val_pctl", days[1258], schemas.InsufficientHistory)
	got.want("rel_val_pctl", days[1259], (1259+0.5)/1260, 1e-12)
	if f := got.fact("rel_val_agg", days[0]); f.Coverage.V != 0.97 || f.Basis != "file" {
		t.Errorf("%+v", f)
	}
}
