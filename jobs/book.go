package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Book gathers what the workbook of a day shows: every fact up to the day,
// how fresh and how complete the data are, and where they come from. NoDate
// asks for the newest day there is.
func (r *Runner) Book(ctx context.Context, asOf schemas.Date, version string) (schemas.Book, error) {
	b := schemas.Book{
		Title: cmp.Or(r.Catalog.Config.Workbook.Title, "Market structure"),
		AsOf:  asOf, Version: version, Names: r.Catalog.Config.Names(),
	}
	if err := r.bookFacts(ctx, &b); err != nil {
		return b, err
	}
	if len(b.Facts) == 0 && asOf != schemas.NoDate {
		return b, fmt.Errorf("there are no facts up to %s; name a later day, or run `tidemark run` first", asOf)
	}
	if len(b.Facts) == 0 {
		return b, errors.New("there are no facts to export; run `tidemark run` first")
	}
	state, err := LoadState(ctx, r.Warehouse)
	if err != nil {
		return b, err
	}
	// Judged at the time the book speaks of, so that the same facts give the
	// same book tomorrow.
	if b.Fresh, err = r.Freshness(ctx, b.KnownAt); err != nil {
		return b, err
	}
	if b.Checks, err = r.latestChecks(ctx, state); err != nil {
		return b, err
	}
	b.Sources, err = r.Warehouse.Sources(ctx)
	return b, err
}

func (r *Runner) bookFacts(ctx context.Context, b *schemas.Book) error {
	last := b.AsOf
	if last == schemas.NoDate {
		last = schemas.MaxDate
	}
	from := schemas.MinDate
	if years := r.Catalog.Config.Workbook.Years; years > 0 && b.AsOf != schemas.NoDate {
		from = b.AsOf.AddYears(-years)
	}
	for _, t := range schemas.FactTables {
		facts, err := clickhouse.Read(ctx, r.Warehouse, t, clickhouse.Query{
			Where: "session <= {last:Date} AND session >= {from:Date}",
			Args:  []any{clickhouse.Named("last", last), clickhouse.Named("from", from)},
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", t, err)
		}
		b.Facts = append(b.Facts, facts...)
	}
	newest := schemas.MinDate
	for _, f := range b.Facts {
		newest = max(newest, f.Session)
		if f.KnownAt.After(b.KnownAt) {
			b.KnownAt = f.KnownAt
		}
	}
	if b.AsOf == schemas.NoDate {
		b.AsOf = newest
		if years := r.Catalog.Config.Workbook.Years; years > 0 {
			first := newest.AddYears(-years)
			b.Facts = slices.DeleteFunc(b.Facts, func(f schemas.Fact) bool { return f.Session < first })
		}
	}
	slices.SortFunc(b.Facts, func(x, y schemas.Fact) int {
		return cmp.Or(cmp.Compare(x.Metric, y.Metric), cmp.Compare(x.Universe, y.Universe), cmp.Compare(x.Session, y.Session))
	})
	return nil
}

// latestChecks returns the check results of the runs that made the windows as
// they are.
func (r *Runner) latestChecks(ctx context.Context, state State) ([]schemas.CheckResult, error) {
	all, err := clickhouse.Read(ctx, r.Warehouse, schemas.CheckResults, clickhouse.Query{Order: "dataset, part, from_date, at, check_name, message"})
	if err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	newest := map[string]schemas.CheckResult{}
	for _, c := range all {
		key := c.Dataset + " " + c.Window.String()
		if n, ok := newest[key]; !ok || c.At.After(n.At) {
			newest[key] = c
		}
	}
	return slices.DeleteFunc(all, func(c schemas.CheckResult) bool {
		_, built := state.Built(c.Dataset, c.Window)
		return !newest[c.Dataset+" "+c.Window.String()].At.Equal(c.At) && built
	}), nil
}
