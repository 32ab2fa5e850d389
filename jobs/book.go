package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tidemark/load/clickhouse"
	"tidemark/load/excel"
	"tidemark/schemas"
)

// Book gathers what the workbook of a day shows: every fact up to the day,
// how fresh and how complete the data are, and where they come from. NoDate
// asks for the newest day there is.
func (r *Runner) Book(ctx context.Context, asOf schemas.Date, version string) (schemas.Book, error) {
	return r.BookAs(ctx, &r.Catalog.Config.Workbook, asOf, version)
}

// BookAs is Book for a workbook that shows something else than the configured one.
func (r *Runner) BookAs(ctx context.Context, config *WorkbookConfig, asOf schemas.Date, version string) (schemas.Book, error) {
	b := schemas.Book{
		Title: cmp.Or(config.Title, "Market structure"),
		AsOf:  asOf, Version: version, Names: r.Catalog.Config.Names(), Sheets: config.Sheets,
	}
	shown := func(universe string) bool { return config.shown(universe, r.Catalog.Config.Universes) }
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.bookFacts(gctx, config, shown, &b) })
	group.Go(func() (err error) {
		b.Contributions, err = r.newestContributions(gctx, asOf)
		b.Contributions = slices.DeleteFunc(b.Contributions, func(c schemas.Contribution) bool { return !shown(c.Universe) })
		return err
	})
	group.Go(func() (err error) {
		last := asOf
		if last == schemas.NoDate {
			last = schemas.MaxDate - 1
		}
		b.Episodes, err = r.Warehouse.Episodes(gctx, last)
		b.Episodes = slices.DeleteFunc(b.Episodes, func(e schemas.Episode) bool { return !shown(e.Universe) })
		return err
	})
	group.Go(func() (err error) {
		b.Fresh, err = r.reach(gctx, stored)
		return err
	})
	group.Go(func() (err error) {
		b.Checks, err = r.latestChecks(gctx)
		return err
	})
	group.Go(func() (err error) {
		b.Sources, err = r.Warehouse.Sources(gctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return b, err
	}
	switch {
	case len(b.Facts) == 0 && asOf != schemas.NoDate:
		return b, fmt.Errorf("there are no facts up to %s; name a later day, or run `tidemark run` first", asOf)
	case len(b.Facts) == 0:
		return b, errors.New("there are no facts to export; run `tidemark run` first")
	}
	// Judged at the time the book speaks of, so that the same facts give the same
	// book tomorrow.
	b.Fresh = r.judge(b.Fresh, b.KnownAt)
	return b, nil
}

func (r *Runner) bookFacts(ctx context.Context, config *WorkbookConfig, shown func(universe string) bool, b *schemas.Book) error {
	last := b.AsOf
	if last == schemas.NoDate {
		last = schemas.MaxDate
	}
	from := schemas.MinDate
	if years := config.Years; years > 0 && b.AsOf != schemas.NoDate {
		from = b.AsOf.AddYears(-years)
	}
	tables := make([][]schemas.Fact, len(schemas.FactTables))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range schemas.FactTables {
		if !config.shows(t) {
			continue
		}
		group.Go(func() (err error) {
			tables[i], err = clickhouse.Read(gctx, r.Warehouse, t, clickhouse.Query{
				Where: "session <= {last:Date} AND session >= {from:Date}",
				Args:  []any{clickhouse.Named("last", last), clickhouse.Named("from", from)},
				Order: "universe, metric, session", // as they are stored
				// A workbook shows nothing of the others.
				Columns: []string{"metric", "universe", "session", "value", "status", "coverage", "known_at"},
			})
			if err != nil {
				return fmt.Errorf("read %s: %w", t, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	b.Facts = byMetric(tables, shown)
	newest := schemas.MinDate
	for _, f := range b.Facts {
		newest = max(newest, f.Session)
		if f.KnownAt.After(b.KnownAt) {
			b.KnownAt = f.KnownAt
		}
	}
	if b.AsOf == schemas.NoDate {
		b.AsOf = newest
		if years := config.Years; years > 0 {
			first := newest.AddYears(-years)
			b.Facts = slices.DeleteFunc(b.Facts, func(f schemas.Fact) bool { return f.Session < first })
		}
	}
	return nil
}

// shows reports whether a metric of the table stands on a sheet of the workbook.
func (c *WorkbookConfig) shows(t schemas.Table[schemas.Fact]) bool {
	return len(c.Sheets) == 0 || slices.ContainsFunc(schemas.Register(), func(m schemas.Metric) bool {
		return m.Dataset == t.String() && slices.Contains(c.Sheets, excel.FamilySheet(m.Family))
	})
}

// shown reports whether the workbook shows one of the universes: one that was
// chosen, a pair of such, or what is no universe of an index, as the Federal
// Reserve.
func (c *WorkbookConfig) shown(id string, universes []Universe) bool {
	if len(c.Universes) == 0 {
		return true
	}
	small, large, pair := strings.Cut(id, "~")
	if pair {
		return slices.Contains(c.Universes, small) && slices.Contains(c.Universes, large)
	}
	return slices.Contains(c.Universes, id) || !slices.ContainsFunc(universes, func(u Universe) bool { return u.ID == id })
}

// newestContributions returns those of the newest session of each universe up to
// a day.
func (r *Runner) newestContributions(ctx context.Context, last schemas.Date) ([]schemas.Contribution, error) {
	if last == schemas.NoDate {
		last = schemas.MaxDate
	}
	columns := []string{"universe", "session", "security", "weight"}
	for _, w := range schemas.ContributionWindows {
		columns = append(columns, "contrib_bh_"+w, "return_"+w)
	}
	out, err := clickhouse.Read(ctx, r.Warehouse, schemas.Contributions, clickhouse.Query{
		Where:   "(universe, session) IN (SELECT universe, max(session) FROM " + schemas.Contributions.String() + " WHERE session <= {last:Date} GROUP BY universe)",
		Args:    []any{clickhouse.Named("last", last)},
		Order:   "universe, security",
		Columns: columns,
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", schemas.Contributions, err)
	}
	return out, nil
}

// byMetric joins the facts of those universes that are shown, which come by
// universe, metric and session, and orders them by metric, universe and session. What belongs to one metric and universe
// is in order already, and is moved as a whole.
func byMetric(tables [][]schemas.Fact, shown func(universe string) bool) []schemas.Fact {
	var series [][]schemas.Fact
	for _, facts := range tables {
		for lo := 0; lo < len(facts); {
			hi := lo + 1
			for hi < len(facts) && facts[hi].Metric == facts[lo].Metric && facts[hi].Universe == facts[lo].Universe {
				hi++
			}
			if shown(facts[lo].Universe) {
				series = append(series, facts[lo:hi])
			}
			lo = hi
		}
	}
	slices.SortFunc(series, func(x, y []schemas.Fact) int {
		return cmp.Or(cmp.Compare(x[0].Metric, y[0].Metric), cmp.Compare(x[0].Universe, y[0].Universe))
	})
	return slices.Concat(series...)
}

// latestChecks returns what was found when each window was last checked: by
// the run that made it as it is, or by a later one that kept it so.
func (r *Runner) latestChecks(ctx context.Context) ([]schemas.CheckResult, error) {
	out, err := clickhouse.Read(ctx, r.Warehouse, schemas.CheckResults, clickhouse.Query{
		Where: "(dataset, part, from_date, at) IN (SELECT dataset, part, from_date, max(at) FROM ops.check GROUP BY dataset, part, from_date)",
		Order: "dataset, part, from_date, check_name, severity, message",
	})
	if err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	return out, nil
}
