package sandbox_test

import (
	"testing"
	"time"

	"tidemark/extract/extracttest"
	"tidemark/extract/h41"
	"tidemark/extract/nyfed"
	"tidemark/schemas"
)

// TestPortfolioIsThatOfTheStatement holds the securities, line by line, against
// what the H.4.1 says of them.
func TestPortfolioIsThatOfTheStatement(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	type key struct {
		day  schemas.Date
		name string
	}
	statement := map[key]float64{}
	for _, o := range fetch(t, h41.Archive(g, h41.Config{Base: s.Base("h41")}), whole("h41")) {
		statement[key{o.Date, o.Series}] = o.Value.V * o.Multiplier
	}
	sums := map[key]float64{}
	days := map[schemas.Date]bool{}
	for _, l := range fetch(t, nyfed.Portfolio(g, nyfed.Config{Base: s.Base("nyfed")}, nil), year(nyfed.Treasury, 2025)) {
		days[l.AsOf] = true
		if l.Maturity <= l.AsOf {
			t.Errorf("%s fell due on %s and is held on %s", l.CUSIP, l.Maturity, l.AsOf)
		}
		name := map[string]string{"Bills": "RESPPALGUOB_N.WW", "NotesBonds": "RESPPALGUOMN_N.WW", "FRNs": "RESPPALGUOMN_N.WW", "TIPS": "RESPPALGUOMI_N.WW"}[l.Kind]
		sums[key{l.AsOf, name}] += l.Par
		sums[key{l.AsOf, "RESPPALGUOMC_N.WW"}] += l.Compensation.V
	}
	if len(days) < 50 {
		t.Errorf("%d days of holdings", len(days))
	}
	for k, v := range sums {
		if want := statement[k]; v != want || want <= 0 {
			t.Errorf("%s of %s: the lines add up to %.0f, the statement says %.0f", k.name, k.day, v, want)
		}
	}
	if last := day(2025, time.December, 31); !days[last] && !days[last-7] {
		t.Error("no holdings at the end of the year")
	}
}
