package transform

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
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
