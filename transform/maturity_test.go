package transform

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestPortfolioMaturity_WE4_7(t *testing.T) {
	t.Parallel()
	m, status := portfolioMaturity([]parLine{{200, 0.25}, {300, 2}, {250, 6.5}, {250, 20}})
	if status != schemas.StatusOK || m.lines != 4 {
		t.Fatalf("status %s with %d lines", status, m.lines)
	}
	near(t, "average", m.years, 7.275, tolerance)
	for k, want := range []float64{0.20, 0.30, 0.25, 0.25} {
		near(t, "share", m.shares[k], want, tolerance)
	}
}

// A bucket ends with its bound: what is due in exactly five years is due within five.
func TestMaturityBounds(t *testing.T) {
	t.Parallel()
	above := func(v float64) float64 { return math.Nextafter(v, math.Inf(1)) }
	for years, want := range map[float64]int{
		math.SmallestNonzeroFloat64: 0, 1: 0, above(1): 1, 5: 1, above(5): 2, 10: 2, above(10): 3, 30: 3,
	} {
		m, status := portfolioMaturity([]parLine{{7, years}})
		if status != schemas.StatusOK || m.shares[want] != 1 || m.years != years {
			t.Errorf("%g years: %+v, %s; want all of it in bucket %d", years, m, status, want)
		}
	}
}

func TestMaturityOfNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []parLine
		want  schemas.Status
	}{
		"no lines":                 {nil, schemas.NoMembers},
		"only matured lines":       {[]parLine{{100, 0}, {100, -0.5}}, schemas.NoMembers},
		"no par":                   {[]parLine{{0, 3}}, schemas.ZeroDenominator},
		"negative par":             {[]parLine{{100, 3}, {-1, 4}}, schemas.BadInput},
		"negative par that is due": {[]parLine{{100, 3}, {-1, 0}}, schemas.BadInput},
		"par that is no number":    {[]parLine{{math.NaN(), 3}}, schemas.BadInput},
		"endless par":              {[]parLine{{math.Inf(1), 3}}, schemas.BadInput},
		"no day of maturity":       {[]parLine{{100, math.NaN()}}, schemas.BadInput},
		"more than adds up":        {[]parLine{{math.MaxFloat64, 1}, {math.MaxFloat64, 1}}, schemas.BadInput},
	} {
		if m, status := portfolioMaturity(c.lines); status != c.want || m != (maturity{}) {
			t.Errorf("%s: %+v with status %s, want %s", name, m, status, c.want)
		}
	}
}

func TestMaturityProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) parLine {
			return parLine{rapid.Float64Range(1, 1e12).Draw(t, "par"), rapid.Float64Range(0.001, 30).Draw(t, "years")}
		}), 1, 30).Draw(t, "lines")
		m, status := portfolioMaturity(lines)
		if status != schemas.StatusOK {
			t.Fatal(status)
		}
		var shares, least, most float64
		least = math.Inf(1)
		for _, s := range m.shares {
			shares += s
		}
		for _, l := range lines {
			least, most = min(least, l.years), max(most, l.years)
		}
		if math.Abs(shares-1) > 1e-12 {
			t.Fatalf("the shares add up to %g", shares)
		}
		if m.years < least*(1-1e-12) || m.years > most*(1+1e-12) {
			t.Fatalf("an average of %g years of lines from %g to %g", m.years, least, most)
		}
		if again, _ := portfolioMaturity(rapid.Permutation(lines).Draw(t, "order")); again != m {
			t.Fatalf("another order gives %+v, want %+v", again, m)
		}
		matured := append([]parLine{{1e12, 0}, {1e12, -3}}, lines...)
		if again, _ := portfolioMaturity(matured); again != m {
			t.Fatalf("with matured lines %+v, want %+v", again, m)
		}
		scale := rapid.Float64Range(1e-6, 1e6).Draw(t, "scale")
		scaled := make([]parLine, len(lines))
		for i, l := range lines {
			scaled[i] = parLine{l.par * scale, l.years}
		}
		again, _ := portfolioMaturity(scaled)
		if math.Abs(again.years/m.years-1) > 1e-12 {
			t.Fatalf("with all par times %g: %g years, want %g", scale, again.years, m.years)
		}
		for k := range m.shares {
			if math.Abs(again.shares[k]-m.shares[k]) > 1e-12 {
				t.Fatalf("with all par times %g: shares %v, want %v", scale, again.shares, m.shares)
			}
		}
	})
}

// TestYearsBetween counts anniversaries, and the days of the year that has begun.
func TestYearsBetween(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     float64
	}{
		{"2025-01-08", "2026-01-08", 1},
		{"2025-01-08", "2030-01-08", 5},
		{"2024-02-29", "2025-02-28", 1},
		{"2024-02-29", "2034-02-28", 10},
		{"2025-01-08", "2025-01-09", 1. / 365},
		{"2023-07-01", "2024-01-01", 184. / 366},
		{"2025-01-08", "2027-07-15", 2 + 188./365},
	} {
		if got := yearsBetween(day(t, c.from), day(t, c.to)); got != c.want {
			t.Errorf("%s to %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	for _, to := range []string{"2025-01-08", "2025-01-07", "2003-01-01"} {
		if got := yearsBetween(day(t, "2025-01-08"), day(t, to)); got > 0 {
			t.Errorf("to %s: %v years are left", to, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		from := schemas.Date(rapid.IntRange(12000, 30000).Draw(t, "from"))
		days := rapid.IntRange(1, 12000).Draw(t, "days")
		got, next := yearsBetween(from, from.AddDays(days)), yearsBetween(from, from.AddDays(days+1))
		if got >= next || math.Abs(got-float64(days)/365.25) > .01 {
			t.Errorf("%s and %d days: %v years, a day more: %v", from, days, got, next)
		}
	})
}

// TestMaturityFacts tells the maturity of two Wednesdays, one with a bill that has
// fallen due.
func TestMaturityFacts(t *testing.T) {
	t.Parallel()
	at := calendar.US()
	line := func(asOf, cusip, maturity string, par float64) schemas.SOMAHolding {
		return schemas.SOMAHolding{Portfolio: "treasury", AsOf: day(t, asOf), CUSIP: cusip, Maturity: day(t, maturity), Par: par, Compensation: schemas.Some(1e9)}
	}
	in := &Inputs{
		Universe: Universe{ID: "FED"}, Window: schemas.CutYear.Window("FED", day(t, "2025-01-01")), Calendar: at,
		Portfolio: []schemas.SOMAHolding{
			line("2025-01-08", "a", "2025-01-08", 500), line("2025-01-08", "b", "2026-01-08", 300), line("2025-01-08", "c", "2055-01-08", 100),
			line("2025-01-15", "b", "2030-01-15", 7), line("2024-12-31", "b", "2030-01-15", 7),
			line("2025-01-22", "a", "2025-01-21", 500),
		},
	}
	facts, findings := Compute(schemas.Maturity.String(), in)
	if len(facts) != 15 || len(findings) != 0 {
		t.Fatalf("%d facts, %d findings: %v", len(facts), len(findings), findings)
	}
	got := newFactSet(t, facts, findings)
	for _, want := range []struct {
		metric, day string
		value       float64
	}{
		{"soma_wam", "2025-01-08", 8.25},
		{"soma_bucket_1y", "2025-01-08", .75},
		{"soma_bucket_later", "2025-01-08", .25},
		{"soma_wam", "2025-01-15", 5},
		{"soma_bucket_5y", "2025-01-15", 1},
		{"soma_bucket_10y", "2025-01-15", 0},
	} {
		f := got.fact(want.metric, day(t, want.day))
		if f.Value != schemas.Some(want.value) || f.Basis != "nyfed" || !f.KnownAt.Equal(at.H41Release(day(t, want.day))) {
			t.Errorf("%+v, want %v", f, want.value)
		}
	}
	if f := got.fact("soma_wam", day(t, "2025-01-08")); f.Members != 2 || f.Excluded != 1 || f.Detail != "1 have fallen due" {
		t.Errorf("%+v", f)
	}
	if f := got.fact("soma_wam", day(t, "2025-01-22")); f.Status != schemas.NoMembers || f.Value.OK {
		t.Errorf("all have fallen due: %+v", f)
	}
}
