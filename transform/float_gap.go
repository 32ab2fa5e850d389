package transform

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// maxCountAge is how many days before the day of a holdings file a count of
// shares may speak of: a year, and the months that a report takes.
const maxCountAge = 460

func floatGapID(n int) string { return "conc_fullcap_gap_top" + strconv.Itoa(n) }

func floatGapIDs() []string {
	out := make([]string, len(schemas.ConcentrationTops))
	for i, n := range schemas.ConcentrationTops {
		out[i] = floatGapID(n)
	}
	return out
}

// companyCounts is what a company has filed, oldest filing first.
type companyCounts []schemas.ShareCount

// newShareCounts sorts what companies have filed by ticker and by registrant
// number.
func newShareCounts(in *Inputs, id *identity) map[string]companyCounts {
	out := make(map[string]companyCounts)
	for _, c := range in.Shares {
		key := companyKey(id, c.Company, c.Filed)
		out[key] = append(out[key], c)
	}
	for _, counts := range out {
		slices.SortFunc(counts, func(a, b schemas.ShareCount) int {
			switch {
			case a.Filed != b.Filed:
				return int(a.Filed) - int(b.Filed)
			case a.AsOf != b.AsOf:
				return int(a.AsOf) - int(b.AsOf)
			}
			return strings.Compare(a.Publisher, b.Publisher)
		})
	}
	return out
}

// companyKey is under what a filing stands: the issuer's id by its registrant
// number, or the security whose ticker it gives.
func companyKey(id *identity, company string, filed schemas.Date) string {
	if _, err := strconv.ParseInt(company, 10, 64); err != nil {
		return id.resolve(company, filed)
	}
	return "cik:" + strings.TrimLeft(company, "0")
}

// on returns the newest count that was known on a day; none where it is older
// than maxCountAge or where several of one day are apart: they are of classes
// that nobody names.
func (c companyCounts) on(day schemas.Date) (schemas.ShareCount, bool) {
	var newest schemas.ShareCount
	found, several := false, false
	for _, x := range c {
		switch {
		case x.Filed > day || x.AsOf > day || day-x.AsOf > maxCountAge || x.Shares <= 0:
		case !found || x.AsOf > newest.AsOf || (x.AsOf == newest.AsOf && x.Filed > newest.Filed):
			newest, found, several = x, true, false
		case x.AsOf == newest.AsOf && x.Filed == newest.Filed && x.Shares != newest.Shares:
			several = true
		}
	}
	return newest, found && !several
}

// setFullCaps fills in the full capitalisation of the lines of every file, USD:
// the price that the file gives times the shares outstanding, brought over the
// splits between the day they speak of and the file's. It stays 0 where one of
// the two is missing, and where a company with several lines has one count.
func (p *Panel) setFullCaps(in *Inputs) {
	counts := newShareCounts(in, p.identity)
	if len(counts) == 0 {
		return
	}
	bySecurity, byIssuer := make([]companyCounts, len(p.Securities)), make([]companyCounts, len(p.issuers.ids))
	for i, s := range p.Securities {
		bySecurity[i] = counts[s]
	}
	for i, id := range p.issuers.ids {
		byIssuer[i] = counts[id]
	}
	lines := make([]int32, len(p.issuers.ids))
	for _, files := range p.book.files {
		for i := range files {
			f := &files[i]
			f.fullCap = make([]float64, len(f.index))
			clear(lines)
			for _, n := range f.index {
				lines[p.issuers.of[n]]++
			}
			for k, n := range f.index {
				count, ok := bySecurity[n].on(f.asOf)
				if issuer := p.issuers.of[n]; !ok && lines[issuer] == 1 {
					count, ok = byIssuer[issuer].on(f.asOf)
				}
				if ok && f.prices[k] > 0 {
					f.fullCap[k] = f.prices[k] * count.Shares * p.splitsBetween(int(n), count.AsOf, f.asOf)
				}
			}
		}
	}
}

// splitsBetween is the number of shares on one day that a share of an earlier
// day has become. Ratios that are no fraction of small numbers are left out:
// vendors book spin-offs so, which change the price and not the shares.
func (p *Panel) splitsBetween(security int, from, to schemas.Date) float64 {
	ratio := 1.0
	for _, a := range p.actions[security] {
		if a.Kind == schemas.ActionSplit && isShareRatio(a.Ratio.V) && a.ExDate > from && a.ExDate <= to {
			ratio *= a.Ratio.V
		}
	}
	return ratio
}

func isShareRatio(ratio float64) bool {
	if ratio <= 0 {
		return false
	}
	for _, r := range []float64{ratio, 1 / ratio} {
		for q := 1.0; q <= 20; q++ {
			if math.Abs(r*q-math.Round(r*q)) < 1e-4*q && math.Round(r*q) > 0 && (q <= 5 || q == 10 || q == 20) {
				return true
			}
		}
	}
	return false
}

// fullWeights returns, of the lines whose full capitalisation is known, the
// weights by it and by the free float, both in descending order and adding up to
// 1, and the share of the weight that they are. The full capitalisations of the
// file's day move as the weights have moved since.
func (p *Panel) fullWeights(w *weighting) (full, float ranking.Weights, coverage float64) {
	file := p.book.file(w.fund, w.asOf)
	if file == nil || file.fullCap == nil {
		return nil, nil, 0
	}
	full, float = make([]float64, 0, len(w.lines)), make([]float64, 0, len(w.lines))
	for k, at := range file.placesOf(w.lines) {
		if file.fullCap[at] <= 0 || file.weights[at] <= 0 {
			continue
		}
		full = append(full, file.fullCap[at]*w.weights[k]/file.weights[at])
		float = append(float, w.weights[k])
	}
	if len(full) == 0 {
		return nil, nil, 0
	}
	coverage = min(ranking.Sum(float), 1)
	normalise(full)
	normalise(float)
	return ranking.Ranked(full), ranking.Ranked(float), coverage
}

// addFloatGap gives the weight of the largest lines by full capitalisation less
// that by free float.
func (f *factDay) addFloatGap(p *Panel, w *weighting) {
	full, float, coverage := p.fullWeights(w)
	was := *f
	defer func() {
		f.coverage, f.members, f.excluded, f.status = was.coverage, was.members, was.excluded, was.status
	}()
	f.members, f.excluded, f.coverage = len(full), f.excluded+len(w.lines)-len(full), schemas.Some(coverage)
	if len(full) == 0 {
		f.coverage = schemas.None[float64]()
		for _, id := range floatGapIDs() {
			f.none(id, schemas.NotPublished)
		}
		return
	}
	if own := statusOf(coverage); own != schemas.StatusOK {
		f.status = own
	}
	for _, n := range schemas.ConcentrationTops {
		f.value(floatGapID(n), full.Top(n)-float.Top(n), f.status)
	}
}
