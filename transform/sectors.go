package transform

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// Sectors are the buckets of GICS, the Global Industry Classification Standard
// of S&P and MSCI, by the names that end the metric ids; the last one is for
// lines whose sector nobody gives.
var sectorNames = [...]string{
	"communication_services", "consumer_discretionary", "consumer_staples", "energy", "financials", "health_care",
	"industrials", "information_technology", "materials", "real_estate", "utilities", "unknown",
}

const (
	sectorCommunication = 0
	sectorUnknown       = len(sectorNames) - 1
)

// sectorWeights are the weights of the buckets; they add up to 1.
type sectorWeights [len(sectorNames)]float64

// sectorOf returns the bucket of a sector as a publisher writes it. Funds
// shorten the names; before September 2018 what is Communication Services
// today was Telecommunication Services.
func sectorOf(published string) int {
	name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(published)), " ", "_")
	switch name {
	case "communication", "telecommunications", "telecommunication_services":
		return sectorCommunication
	}
	if i := slices.Index(sectorNames[:], name); i >= 0 {
		return i
	}
	return sectorUnknown
}

// sectorScheme names the version of GICS in force on d.
func sectorScheme(d schemas.Date) string {
	switch {
	case d >= schemas.NewDate(2023, time.March, 20):
		return "gics2023"
	case d >= schemas.NewDate(2018, time.September, 24):
		return "gics2018" // Communication Services
	case d >= schemas.NewDate(2016, time.September, 1):
		return "gics2016" // Real Estate
	}
	return "gics2014"
}

// sectorDistance is half the sum of the absolute differences of the weights:
// the share of one portfolio that would have to move to match the other's
// sectors.
func sectorDistance(a, b sectorWeights) float64 {
	var sum float64
	for k := range a {
		sum += math.Abs(a[k] - b[k])
	}
	return sum / 2
}

// sectorFile is a holdings file by sector.
type sectorFile struct {
	portfolio
	weights sectorWeights
}

// sectorBuckets remembers the buckets of the sectors as published, of which
// there are few.
type sectorBuckets map[string]int

func (b sectorBuckets) of(published string) int {
	k, ok := b[published]
	if !ok {
		k = sectorOf(published)
		b[published] = k
	}
	return k
}

// listedSectors are those that the list of constituents gives, by security. They
// serve where a file itself says nothing.
func listedSectors(in *Inputs, id *identity) map[string]int {
	listed := make(map[string]int)
	for _, c := range newestConstituents(in.Constituents) {
		if k := sectorOf(c.Sector); k != sectorUnknown {
			listed[id.resolve(c.Symbol, c.AsOf)] = k
		}
	}
	return listed
}

// sectorOf returns the bucket of the i-th security of a file.
func (b *fundBook) sectorOf(p *portfolio, i int, listed map[string]int) int {
	if k := int(p.sectors[i]); k != sectorUnknown {
		return k
	}
	if k, ok := listed[b.securities[p.index[i]]]; ok {
		return k
	}
	return sectorUnknown
}

// sectorBook holds the files of some funds by sector.
type sectorBook struct {
	book   fundBook
	listed map[string]int
}

// at returns the file in force on session t, by sector.
func (b *sectorBook) at(funds []string, t schemas.Date) (sectorFile, bool) {
	p := b.book.at(funds, t)
	if p == nil {
		return sectorFile{}, false
	}
	out := sectorFile{portfolio: *p}
	for i := range p.index {
		out.weights[b.book.sectorOf(p, i, b.listed)] += p.weights[i]
	}
	return out, true
}

// sessions returns the sessions on which a file is dated, oldest first.
func (b *sectorBook) sessions() []schemas.Date {
	days := make(map[schemas.Date]struct{})
	for _, files := range b.book.files {
		for i := range files {
			days[files[i].session] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(days))
}

// fact starts a fact about a file: what it is worth, and when it was known.
func (f *sectorFile) fact(in *Inputs, metric string, session schemas.Date) schemas.Fact {
	coverage := 1 - f.weights[sectorUnknown]
	out := schemas.Fact{
		Metric: metric, Session: session, Status: statusOf(coverage), Coverage: schemas.Some(coverage), Members: int64(len(f.index)), Basis: "file",
		Detail: fmt.Sprintf("fund=%s file=%s scheme=%s", f.fund, f.asOf, sectorScheme(f.asOf)), KnownAt: in.Calendar.Close(session),
	}
	if known := in.Calendar.HoldingsKnown(f.asOf); known.After(out.KnownAt) {
		out.KnownAt = known
	}
	if math.Abs(f.residual) > maxResidual {
		out.Status = schemas.BadInput
	}
	return out
}

// computeSectors gives the weight of each sector on the days of the holdings
// files and, for a pair of universes, the distance of the two.
func computeSectors(in *Inputs, p *Panel) ([]schemas.Fact, []Finding) {
	if p.identity == nil || len(in.Universe.Funds) == 0 {
		return nil, nil
	}
	own := sectorBook{p.book, listedSectors(in, p.identity)}
	if in.Universe.Against != "" {
		return sectorDistances(in, p, &own)
	}
	var facts []schemas.Fact
	for _, t := range own.sessions() {
		file, ok := own.at(in.Universe.Funds, t)
		if !ok || file.session != t || !in.Window.Contains(t) {
			continue
		}
		for k, name := range sectorNames {
			f := file.fact(in, "sector_weight_"+name, t)
			// The weight of what has no sector is known even where it is
			// too much for the others.
			if k == sectorUnknown && f.Status == schemas.LowCoverage {
				f.Status = schemas.StatusOK
			}
			if f.Status.HasValue() {
				f.Value = schemas.Some(file.weights[k])
			}
			facts = append(facts, f)
		}
	}
	return facts, nil
}

func sectorDistances(in *Inputs, p *Panel, small *sectorBook) ([]schemas.Fact, []Finding) {
	theirs := *in
	theirs.Universe.Funds = in.Universe.AgainstFunds
	book, found := newFundBook(&theirs, p.files, p.holders)
	large := sectorBook{book, small.listed}
	days := append(small.sessions(), large.sessions()...)
	slices.Sort(days)
	var facts []schemas.Fact
	for _, t := range slices.Compact(days) {
		a, okA := small.at(in.Universe.Funds, t)
		b, okB := large.at(in.Universe.AgainstFunds, t)
		if !okA || !okB || !in.Window.Contains(t) {
			continue
		}
		f, other := a.fact(in, "sector_distance", t), b.fact(in, "sector_distance", t)
		f.Coverage = schemas.Some(min(f.Coverage.V, other.Coverage.V))
		f.Members += other.Members
		f.Detail += "; " + other.Detail
		if other.KnownAt.After(f.KnownAt) {
			f.KnownAt = other.KnownAt
		}
		if !other.Status.HasValue() || f.Status == schemas.StatusOK {
			f.Status = other.Status
		}
		if f.Status.HasValue() {
			f.Value = schemas.Some(sectorDistance(a.weights, b.weights))
		}
		facts = append(facts, f)
	}
	return facts, found
}

func sectorMetrics() []string {
	out := []string{"sector_distance"}
	for _, name := range sectorNames {
		out = append(out, "sector_weight_"+name)
	}
	return out
}
