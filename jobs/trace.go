package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Trace follows the figure of a metric on a day down to publishers' answers.
// With an empty universe there must be one universe only that has it. Where an
// instant is given the figure is the one that was known then.
func (r *Runner) Trace(ctx context.Context, metric, universe string, day schemas.Date, at time.Time) (clickhouse.Trace, error) {
	var none clickhouse.Trace
	if _, ok := schemas.LookupMetric(metric); !ok {
		return none, fmt.Errorf("there is no metric %q%s; `tidemark schema metrics` lists them all", metric, didYouMean(metric))
	}
	traces, err := r.Warehouse.Trace(ctx, metric, universe, day, at)
	if err != nil {
		return none, err
	}
	switch len(traces) {
	case 1:
		return traces[0], nil
	case 0:
		return none, r.noFact(ctx, metric, universe, day, at)
	}
	var names []string
	for _, t := range traces {
		names = append(names, t.Fact.Universe)
	}
	return none, fmt.Errorf("%s has a figure for %s on %s; choose one with --universe", metric, strings.Join(names, ", "), day)
}

// noFact says where the nearest figure before a day without one is.
func (r *Runner) noFact(ctx context.Context, metric, universe string, day schemas.Date, at time.Time) error {
	for _, t := range schemas.FactTables {
		if t.String() != schemas.MetricByID(metric).Dataset {
			continue
		}
		before, err := clickhouse.Read(ctx, r.Warehouse, t, clickhouse.Query{
			Where: "metric = {metric:String} AND session < {day:Date} AND ({universe:String} = '' OR universe = {universe:String})",
			Args:  []any{clickhouse.Named("metric", metric), clickhouse.Named("day", day), clickhouse.Named("universe", universe)},
			Order: "session DESC", Limit: 1, KnownAt: at,
		})
		if err != nil {
			return fmt.Errorf("read %s before %s: %w", metric, day, err)
		}
		if len(before) > 0 {
			return fmt.Errorf("%s has no figure on %s; the last one before it is of %s (%s)", metric, day, before[0].Session, before[0].Universe)
		}
	}
	return fmt.Errorf("%s has no figure on %s or before it", metric, day)
}

// didYouMean suggests metrics whose id holds the given text.
func didYouMean(text string) string {
	var like []string
	for _, m := range schemas.Register() {
		if strings.Contains(m.ID, text) && len(like) < 5 {
			like = append(like, m.ID)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(like, ", ") + "?)"
}
