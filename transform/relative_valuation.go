package transform

import (
	"strings"

	"tidemark/schemas"
)

var relativeValuationFamilies = []Family{{
	Name: "relative_valuation", Dataset: schemas.RelativeValuation.String(), Metrics: relativeValuationIDs, Compute: relativeValuationFacts,
}}

var relativeValuationIDs = []string{"rel_val_agg", "rel_val_exneg", "rel_val_median", "rel_yield", "rel_val_pctl"}

// relativeValuationFacts hold the valuations of a small and a large universe,
// which stand in facts.valuation, against each other.
func relativeValuationFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	small, _, _ := strings.Cut(in.Universe.ID, "~")
	of := make(map[string]map[schemas.Date]*schemas.Fact)
	for i := range in.Facts {
		x := &in.Facts[i]
		key := x.Universe + " " + x.Metric
		if of[key] == nil {
			of[key] = make(map[schemas.Date]*schemas.Fact)
		}
		of[key][x.Session] = x
	}
	first, last := schemas.MaxLongDate, schemas.NoDate
	for d := range of[small+" ey_agg"] {
		if of[in.Universe.Against+" ey_agg"][d] != nil {
			first, last = min(first, d), max(last, d)
		}
	}
	if last == schemas.NoDate {
		return nil, nil
	}
	var facts []schemas.Fact
	var history []float64
	for _, d := range in.Calendar.Sessions(first, last+1) {
		f := factDay{session: d, knownAt: in.Calendar.Close(d), members: 2, status: schemas.StatusOK}
		for _, v := range [][2]string{{"rel_val_agg", "pe_agg"}, {"rel_val_exneg", "pe_exneg"}, {"rel_val_median", "pe_median"}, {"rel_yield", "ey_agg"}} {
			x, y := of[small+" "+v[1]][d], of[in.Universe.Against+" "+v[1]][d]
			value, status := f.held(x, y)
			if !status.HasValue() {
				f.none(v[0], status)
				if v[0] == "rel_yield" {
					f.none("rel_val_pctl", status)
				}
				continue
			}
			f.add(v[0], value)
			if v[0] != "rel_yield" {
				continue
			}
			history = append(history, value)
			if w := trailing(history, len(history)-1, strengthWindow); len(w) >= strengthLeast {
				f.add("rel_val_pctl", percentileRank(w))
			} else {
				f.none("rel_val_pctl", schemas.InsufficientHistory)
			}
		}
		if in.Window.Contains(d) {
			facts = append(facts, f.facts...)
		}
	}
	return facts, nil
}

// held is the ratio of two facts, and takes from them what a reader must know.
func (f *factDay) held(small, large *schemas.Fact) (float64, schemas.Status) {
	f.basis, f.coverage, f.status = "", schemas.None[float64](), schemas.StatusOK
	for _, x := range []*schemas.Fact{small, large} {
		if x == nil {
			return 0, schemas.NotPublished
		}
		f.basis = joinBasis(f.basis, x.Basis)
		if x.KnownAt.After(f.knownAt) {
			f.knownAt = x.KnownAt
		}
		if x.Coverage.OK && (!f.coverage.OK || x.Coverage.V < f.coverage.V) {
			f.coverage = x.Coverage
		}
	}
	for _, x := range []*schemas.Fact{small, large} {
		if !x.Value.OK {
			return 0, x.Status
		}
		if x.Status != schemas.StatusOK {
			f.status = x.Status
		}
	}
	ratio := divide(small.Value.V, large.Value.V)
	if !ratio.OK || large.Value.V < 0 {
		return 0, schemas.ZeroDenominator
	}
	return ratio.V, f.status
}
