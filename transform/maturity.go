package transform

import (
	"math"

	"tidemark/schemas"
)

// parLine is a security of a portfolio, or several that fall due together.
type parLine struct {
	par   float64 // of any one unit; indexed securities without their inflation compensation
	years float64 // until it falls due; 0 or less once it has
}

// maturity tells when a portfolio falls due.
type maturity struct {
	years  float64    // weighted by par
	shares [4]float64 // of par due within 1 year, after that within 5, within 10, and later; they add up to 1
	lines  int        // that have not fallen due
}

// maturityBounds are the last instants, in years, of all shares but the last.
var maturityBounds = [...]float64{1, 5, 10}

// portfolioMaturity returns the weighted average maturity, sum par*years / sum
// par, and the shares of par by the Federal Reserve's buckets. Lines that have
// fallen due are dropped; without any other it returns no_members, and with
// nothing but zeros zero_denominator. A par that is negative, or any
// figure that is no number, spoils the whole: bad_input.
//
// It is made for the System Open Market Account, whose holdings the New York
// Fed publishes line by line with par and maturity date. Mortgage-backed
// securities, which are paid back early, are to be kept apart.
func portfolioMaturity(lines []parLine) (maturity, schemas.Status) {
	var m maturity
	var par, weighted []float64
	var buckets [len(m.shares)][]float64
	for _, l := range lines {
		if !(l.par >= 0) || math.IsInf(l.par*l.years, 0) || math.IsNaN(l.par*l.years) {
			return maturity{}, schemas.BadInput
		}
		if l.years <= 0 {
			continue
		}
		k := 0
		for k < len(maturityBounds) && l.years > maturityBounds[k] {
			k++
		}
		par, weighted = append(par, l.par), append(weighted, l.par*l.years)
		buckets[k] = append(buckets[k], l.par)
	}
	total := sum(par)
	switch {
	case len(par) == 0:
		return maturity{}, schemas.NoMembers
	case total == 0:
		return maturity{}, schemas.ZeroDenominator
	case math.IsInf(total, 0) || math.IsInf(sum(weighted), 0):
		return maturity{}, schemas.BadInput
	}
	m.lines, m.years = len(par), sum(weighted)/total
	for k := range buckets {
		m.shares[k] = sum(buckets[k]) / total
	}
	return m, schemas.StatusOK
}
