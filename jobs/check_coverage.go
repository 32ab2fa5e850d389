package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// The coverage from which on a fact is whole, and below which it is not given
// (METRICS.md, section 0.1).
const (
	wholeCoverage = 0.95
	leastCoverage = 0.80
)

// coverageOf names the fact that tells, for each session, which share of the
// universe has usable prices: of its weight where weights are rolled forward,
// of its members where they are counted.
var coverageOf = map[string]string{
	"residual_weight": "of the weight", "index_return_1": "of the weight", "ret_mean_1": "of the weight", "ey_agg": "of the weight", "adv": "of the members",
}

// coverage tells on how many sessions prices are missing for more than a
// twentieth of the universe. It is a warning however low the coverage is: below
// four fifths the facts have no value and say low_coverage, which is right,
// and an error would keep the older window with less truth in it.
var coverage = check[product]{
	CheckInfo: CheckInfo{
		Name: "coverage", Severity: schemas.SeverityWarning,
		Says: "On every session at least 95 % of the members, or of the weight, have usable prices.",
	},
	holds: func(p product) ([]finding, string) {
		var partial, low stretch
		sessions := 0
		share := ""
		for _, f := range slices.Concat(p.stood, p.facts) {
			of, ok := coverageOf[f.Metric]
			if !ok || !f.Coverage.OK || f.Status == schemas.InsufficientHistory {
				continue // on the first session of all, no member has a close before it
			}
			sessions++
			share = of
			switch {
			case f.Coverage.V < leastCoverage:
				low.add(f)
			case f.Coverage.V < wholeCoverage:
				partial.add(f)
			}
		}
		var found []finding
		if low.sessions > 0 {
			found = append(found, low.finding(share, "so their facts have no value"))
		}
		if partial.sessions > 0 {
			found = append(found, partial.finding(share, "so their facts are partial"))
		}
		return found, fmt.Sprintf("%d sessions", sessions)
	},
}

// stretch is the sessions of a window that lack prices.
type stretch struct {
	sessions    int
	first, last schemas.Date
	worst       schemas.Fact
}

func (s *stretch) add(f schemas.Fact) {
	if s.sessions == 0 {
		s.first = f.Session
	}
	if s.sessions == 0 || f.Coverage.V < s.worst.Coverage.V {
		s.worst = f
	}
	s.sessions, s.last = s.sessions+1, f.Session
}

func (s *stretch) finding(share, effect string) finding {
	return finding{day: s.worst.Session, says: fmt.Sprintf(
		"%.1f %% %s have usable prices; %d sessions from %s to %s lack more than they may, %s", 100*s.worst.Coverage.V, share, s.sessions, s.first, s.last, effect)}
}

// coverageBefore returns the facts that tell the coverage of the sessions of the
// task's window before the first of some facts.
func coverageBefore(ctx context.Context, t *Task, table schemas.Table[schemas.Fact], facts []schemas.Fact) ([]schemas.Fact, error) {
	first := schemas.MaxLongDate
	for i := range facts {
		first = min(first, facts[i].Session)
	}
	q := clickhouse.InWindow(table.Dataset, t.Window)
	q.Where += " AND metric IN {metrics:Array(String)} AND session < {first:Date32}"
	q.Args = append(q.Args, clickhouse.Named("metrics", slices.Sorted(maps.Keys(coverageOf))), clickhouse.Named("first", first))
	q.Columns = []string{"metric", "session", "status", "coverage"}
	stood, err := clickhouse.Read(ctx, t.Warehouse, table, q)
	if err != nil {
		return nil, fmt.Errorf("read the coverage of the days before: %w", err)
	}
	return stood, nil
}
