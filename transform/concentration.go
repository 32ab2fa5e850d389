package transform

import (
	"math"
	"slices"
	"strconv"
	"time"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// rolledSessions is how many sessions a window of concentration looks back: as
// many as fit in the days a file is in use, and those over which the close of
// the file's day may have been carried.
const rolledSessions = 24 + carryLimit

var concentrationFamilies = []Family{{
	Name:    "concentration",
	Dataset: schemas.Concentration.String(),
	Metrics: concentrationIDs(),
	Warmup:  rolledSessions,
	Daily:   true,
	Compute: concentrationFacts,
}}

func concentrationIDs() []string {
	var out []string
	for _, v := range []string{"_sec", "_iss"} {
		for _, n := range schemas.ConcentrationTops {
			out = append(out, topID(n, v))
		}
		for _, id := range concentrationShapes {
			out = append(out, id+v)
		}
	}
	return append(append(out, "conc_mag7", "conc_members", "conc_issuers", "residual_weight"), floatGapIDs()...)
}

var concentrationShapes = []string{
	"conc_hhi", "conc_hhi10k", "conc_hhi_norm", "conc_neff", "conc_entropy", "conc_neff_entropy", "conc_evenness", "conc_gini",
}

func topID(n int, variant string) string { return "conc_top" + strconv.Itoa(n) + variant }

func concentrationFacts(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	first, _, ok := p.book.sessions()
	if !ok {
		return nil, nil
	}
	p.setFullCaps(in)
	return p.sessionsSince(first, func(s int) []schemas.Fact { return p.concentrationOn(in, s) }), append(p.book.fundsAgree(in), p.fundPrices(in)...)
}

// concentrationOn returns the facts of one session.
func (p *Panel) concentrationOn(in *Inputs, s int) []schemas.Fact {
	w := p.weightsOn(in, s)
	f := factDay{session: p.Sessions[s], knownAt: w.knownAt, basis: w.basis, detail: w.detail, excluded: w.excluded, status: w.status}
	if w.status.HasValue() {
		f.coverage = schemas.Some(w.coverage)
		f.members = len(w.lines)
		f.add("residual_weight", w.residual)
		f.status = statusOf(w.coverage)
		if f.status.HasValue() && math.Abs(w.residual) > maxResidual {
			f.status = schemas.BadInput
			f.detail += "; " + strconv.FormatFloat(100*w.residual, 'f', 2, 64) + " % is not shares"
		}
	} else {
		f.none("residual_weight", w.status)
	}
	if !f.status.HasValue() {
		for _, id := range concentrationIDs() {
			if id != "residual_weight" {
				f.none(id, f.status)
			}
		}
		return f.facts
	}
	bySecurity, byIssuer := p.rankings(&w)
	f.add("conc_members", float64(len(bySecurity)))
	f.addMag7(p, &w, f.session)
	f.addFloatGap(p, &w)
	f.addShapes("_sec", bySecurity)
	f.members = len(byIssuer)
	f.add("conc_issuers", float64(len(byIssuer)))
	f.addShapes("_iss", byIssuer)
	return f.facts
}

func (f *factDay) addShapes(variant string, w ranking.Weights) {
	for _, n := range schemas.ConcentrationTops {
		f.add(topID(n, variant), w.Top(n))
	}
	hhi, entropy := w.HHI(), w.Entropy()
	f.add("conc_hhi"+variant, hhi)
	f.add("conc_hhi10k"+variant, 10_000*hhi)
	f.opt("conc_hhi_norm"+variant, w.HHINormalised())
	f.add("conc_neff"+variant, 1/hhi)
	f.add("conc_entropy"+variant, entropy)
	f.add("conc_neff_entropy"+variant, math.Exp(entropy))
	f.opt("conc_evenness"+variant, w.Evenness(entropy))
	f.add("conc_gini"+variant, w.Gini())
}

// rankings orders the weights by line and by issuer.
func (p *Panel) rankings(w *weighting) (bySecurity, byIssuer ranking.Weights) {
	return ranking.Ranked(w.weights), ranking.Ranked(p.issuers.merge(w.lines, w.weights))
}

// mag7 lists the lines of the Magnificent Seven with the days they went by
// these tickers. Both lines of Alphabet are in.
var mag7 = []struct {
	ticker string
	from   schemas.Date // NoDate: since it was listed
	to     schemas.Date // NoDate: still
}{
	{"AAPL", schemas.NoDate, schemas.NoDate},
	{"AMZN", schemas.NoDate, schemas.NoDate},
	{"FB", schemas.NoDate, schemas.NewDate(2022, time.June, 9)},
	{"GOOG", schemas.NoDate, schemas.NoDate},
	{"GOOGL", schemas.NoDate, schemas.NoDate},
	{"META", schemas.NewDate(2022, time.June, 9), schemas.NoDate},
	{"MSFT", schemas.NoDate, schemas.NoDate},
	{"NVDA", schemas.NoDate, schemas.NoDate},
	{"TSLA", schemas.NoDate, schemas.NoDate},
}

func (f *factDay) addMag7(p *Panel, w *weighting, day schemas.Date) {
	total, lines := 0.0, 0
	for _, m := range mag7 {
		if day < m.from || (m.to != schemas.NoDate && day >= m.to) {
			continue
		}
		security, ok := p.security(p.identity.look(m.ticker, day))
		if !ok {
			continue
		}
		if k, in := slices.BinarySearch(w.lines, int32(security)); in {
			total += w.weights[k]
			lines++
		}
	}
	detail := f.detail
	f.detail += "; " + strconv.Itoa(lines) + " of 8 lines, both of Alphabet counted"
	f.add("conc_mag7", total)
	f.detail = detail
}
