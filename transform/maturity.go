package transform

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

var maturityFamilies = []Family{{Name: "maturity", Dataset: schemas.Maturity.String(), Metrics: maturityIDs(), Compute: maturityFacts}}

func maturityIDs() []string { return append([]string{"soma_wam"}, maturityBuckets[:]...) }

var maturityBuckets = [...]string{"soma_bucket_1y", "soma_bucket_5y", "soma_bucket_10y", "soma_bucket_later"}

// maturityFacts tells, for each day of which the holdings are known, when they
// fall due. The holdings of a Wednesday come out with the H.4.1.
func maturityFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	byDay := make(map[schemas.Date][]parLine)
	due := make(map[schemas.Date]int)
	for _, h := range in.Portfolio {
		if !in.Window.Contains(h.AsOf) {
			continue
		}
		years := yearsBetween(h.AsOf, h.Maturity)
		if years <= 0 {
			due[h.AsOf]++
		}
		byDay[h.AsOf] = append(byDay[h.AsOf], parLine{h.Par, years})
	}
	var out []schemas.Fact
	for _, d := range slices.Sorted(maps.Keys(byDay)) {
		m, status := portfolioMaturity(byDay[d])
		f := factDay{session: d, knownAt: in.Calendar.H41Release(d), basis: "nyfed", members: m.lines, excluded: due[d], status: status}
		f.note(due[d] > 0, strconv.Itoa(due[d])+" have fallen due", func() {
			if status != schemas.StatusOK {
				f.noneOf(maturityIDs(), status)
				return
			}
			f.add("soma_wam", m.years)
			for k, id := range maturityBuckets {
				f.add(id, m.shares[k])
			}
		})
		out = append(out, f.facts...)
	}
	return out, nil
}

// yearsBetween counts the anniversaries of a day up to another, and of what is
// left the part of the year that it is in: a security that falls due on an
// anniversary has whole years. It is 0 or less where the other day has come.
func yearsBetween(from, to schemas.Date) float64 {
	if to <= from {
		return -float64(from-to) / 365.25
	}
	n := to.Year() - from.Year()
	if from.AddYears(n) > to {
		n--
	}
	since, next := from.AddYears(n), from.AddYears(n+1)
	return float64(n) + float64(to-since)/float64(next-since)
}

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
	total := ranking.Sum(par)
	switch {
	case len(par) == 0:
		return maturity{}, schemas.NoMembers
	case total == 0:
		return maturity{}, schemas.ZeroDenominator
	case math.IsInf(total, 0) || math.IsInf(ranking.Sum(weighted), 0):
		return maturity{}, schemas.BadInput
	}
	m.lines, m.years = len(par), ranking.Sum(weighted)/total
	for k := range buckets {
		m.shares[k] = ranking.Sum(buckets[k]) / total
	}
	return m, schemas.StatusOK
}
