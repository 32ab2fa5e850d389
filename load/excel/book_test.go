package excel_test

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// sessions returns the weekdays from one day to another, both inclusive.
func sessions(from, to schemas.Date) []schemas.Date {
	var out []schemas.Date
	for d := from; d <= to; d++ {
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			out = append(out, d)
		}
	}
	return out
}

// universesOf are whose figures a metric is.
func universesOf(m schemas.Metric) []string {
	switch {
	case m.Family == "liquidity":
		return []string{"FED"}
	case strings.HasPrefix(m.ID, "rs_"), strings.HasPrefix(m.ID, "size_gap"), m.ID == "sector_distance":
		return []string{"SP600_MEMBERS~SPX_MEMBERS", "R2000_MEMBERS~SPX_MEMBERS"}
	}
	return []string{"SPX_MEMBERS", "SP600_MEMBERS", "R2000_MEMBERS"}
}

// walk is where the values of a metric begin, how they move and what bounds
// them.
func walk(m schemas.Metric) (start, step, low, high float64) {
	switch {
	case strings.HasPrefix(m.ID, "index_return_"), strings.HasPrefix(m.ID, "ex_"), strings.HasPrefix(m.ID, "contrib_"):
		return 0.02, 0.004, -0.4, 0.6
	case strings.HasPrefix(m.ID, "lag_count"):
		return 3, 0, 0, 7
	case strings.HasPrefix(m.ID, "ret_"), strings.HasPrefix(m.ID, "size_gap"):
		return 0.02, 0.004, -0.4, 0.6
	case strings.HasPrefix(m.ID, "drawdown"), strings.HasPrefix(m.ID, "dist_"), strings.HasPrefix(m.ID, "mdd"):
		return -0.05, 0.006, -0.35, 0
	case m.Unit == "fraction":
		return 0.4, 0.01, 0.01, 0.99
	case m.Unit == "USD bn":
		return 3000, 12, 0, 9000
	case m.Unit == "shares":
		return 2e9, 1e8, 1e8, 9e9
	case m.Unit == "bp":
		return 5, 2, -20, 80
	case m.Unit == "percent":
		return 4, 0.02, 0, 6
	case m.Unit == "flag":
		return 0, 0, 0, 1
	case m.Unit == "ratio":
		return 1, 0.01, 0.2, 3
	case m.Unit == "sd", m.Unit == "ln":
		return 0, 0.1, -3, 3
	}
	return 200, 6, -1500, 3000
}

// syntheticBook is a book with facts for the whole register.
func syntheticBook(from, to schemas.Date) schemas.Book {
	b := schemas.Book{
		Title: "Market structure", AsOf: to, KnownAt: to.Time().Add(23 * time.Hour), Version: "v0.1.0",
		Names: map[string]string{"SPX_MEMBERS": "S&P 500", "SP600_MEMBERS": "S&P SmallCap 600", "R2000_MEMBERS": "Russell 2000", "FED": "Federal Reserve"},
	}
	days := sessions(from, to)
	for _, m := range schemas.Register() {
		for _, u := range universesOf(m) {
			b.Facts = append(b.Facts, syntheticFacts(m, u, days)...)
		}
	}
	for i, t := range schemas.FactTables {
		b.Fresh = append(b.Fresh, schemas.Freshness{
			Dataset: t.String(), Part: "SPX_MEMBERS", Newest: to.AddDays(-i), Expected: to, Behind: int64(i / 3), Rows: int64(1234567 * i),
		})
	}
	b.Checks = []schemas.CheckResult{
		{Check: "identity", Dataset: "raw.h41", Window: schemas.Window{From: from, To: to}, Severity: schemas.SeverityError, Message: "2024-05-01: total supplying differs from total absorbing by 14 mn", At: b.KnownAt},
		{Check: "coverage", Dataset: "facts.breadth", Window: schemas.Window{Part: "SP600_MEMBERS", From: from, To: to}, Severity: schemas.SeverityWarning, Message: "prices of 12 members are missing", At: b.KnownAt},
		{Check: "rows", Dataset: "raw.bar", Severity: schemas.SeverityError, Passed: true},
	}
	for i, u := range []string{"SPX_MEMBERS", "R2000_MEMBERS"} {
		given := make(map[string]float64)
		for k := range 60 {
			given[fmt.Sprintf("S%02d", k)] = float64(40-k) / 2000 / float64(i+1)
		}
		b.Contributions = append(b.Contributions, contributionsOf(to, u, given)...)
	}
	for i := range 40 {
		b.Sources = append(b.Sources, schemas.SourceLine{
			Dataset: "raw.holding", Part: "SPX_MEMBERS", Publisher: "ssga", Request: fmt.Sprintf("GET https://publisher.example/holdings?day=%d", i),
			From: from, To: from.AddDays(i), FetchedAt: b.KnownAt.Add(time.Duration(-i) * time.Hour), Hash: strings.Repeat(fmt.Sprintf("%02x", i), 32),
		})
	}
	sortFacts(b.Facts)
	return b
}

func sortFacts(facts []schemas.Fact) {
	slices.SortFunc(facts, func(x, y schemas.Fact) int {
		return cmp.Or(cmp.Compare(x.Metric, y.Metric), cmp.Compare(x.Universe, y.Universe), cmp.Compare(x.Session, y.Session))
	})
}

func syntheticFacts(m schemas.Metric, universe string, days []schemas.Date) []schemas.Fact {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s", m.ID, universe)
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	v, step, low, high := walk(m)
	var out []schemas.Fact
	for i, d := range days {
		if m.Window == "week" && d.Weekday() != time.Wednesday {
			continue
		}
		v = math.Min(high, math.Max(low, v+step*rng.NormFloat64()))
		f := schemas.Fact{
			Metric: m.ID, Universe: universe, Session: d, Value: schemas.Some(v), Status: schemas.StatusOK, Members: 500,
			Coverage: schemas.Some(1 - float64(i%7)/200), Basis: "file", Method: m.Method, KnownAt: d.Time().Add(22 * time.Hour), Run: "r1",
		}
		switch {
		case i+1 < m.Warmup:
			f.Value, f.Status = schemas.None[float64](), schemas.InsufficientHistory
		case i%97 == 50:
			f.Value, f.Status, f.Coverage = schemas.None[float64](), schemas.LowCoverage, schemas.Some(0.6)
		case i%31 == 3:
			f.Status, f.Coverage = schemas.StatusPartial, schemas.Some(0.91)
		}
		out = append(out, f)
	}
	return out
}
