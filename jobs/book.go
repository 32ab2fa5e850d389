package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/load/clickhouse"
	"tidemark/load/excel"
	"tidemark/schemas"
)

// BookAsk says what a workbook shows.
type BookAsk struct {
	AsOf    schemas.Date    // last day; NoDate, or zero, for the newest there is
	KnownAt time.Time       // shows what was known at an instant; zero for the present
	Config  *WorkbookConfig // in place of the configured one; nil for that
	Version string          // of the program
}

// Book gathers what a workbook shows: every fact up to a day, how fresh and how
// complete the data are, what was revised, and where they come from.
func (r *Runner) Book(ctx context.Context, ask BookAsk) (schemas.Book, error) {
	config := ask.Config
	if config == nil {
		config = &r.Catalog.Config.Workbook
	}
	b := schemas.Book{
		Title: cmp.Or(config.Title, "Market structure"),
		AsOf:  ask.AsOf, SeenAt: ask.KnownAt, Version: ask.Version, Names: r.Catalog.Config.Names(), Sheets: config.Sheets,
	}
	if b.AsOf == 0 {
		b.AsOf = schemas.NoDate
	}
	asked := b.AsOf
	last := asked
	if last == schemas.NoDate {
		last = schemas.MaxDate - 1
	}
	shown := func(universe string) bool { return config.shown(universe, r.Catalog.Config.Universes) }
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.bookFacts(gctx, config, shown, &b) })
	group.Go(func() (err error) {
		b.Contributions, err = r.newestContributions(gctx, last, ask.KnownAt)
		b.Contributions = slices.DeleteFunc(b.Contributions, func(c schemas.Contribution) bool { return !shown(c.Universe) })
		return err
	})
	group.Go(func() (err error) {
		b.Episodes, err = r.Warehouse.Episodes(gctx, last, ask.KnownAt)
		b.Episodes = slices.DeleteFunc(b.Episodes, func(e schemas.Episode) bool { return !shown(e.Universe) })
		return err
	})
	group.Go(func() (err error) {
		b.Fresh, err = r.reach(gctx, stored, ask.KnownAt)
		return err
	})
	group.Go(func() (err error) {
		b.Checks, err = r.latestChecks(gctx, ask.KnownAt)
		return err
	})
	group.Go(func() (err error) {
		if ask.KnownAt.IsZero() {
			b.Sources, err = r.Warehouse.Sources(gctx)
		} else {
			b.Sources, err = r.Warehouse.SourcesAt(gctx, ask.KnownAt)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return b, err
	}
	if len(b.Facts) == 0 {
		return b, noFacts(asked, ask.KnownAt)
	}
	// Judged at the time the book speaks of, so that the same facts give the same
	// book tomorrow.
	b.Fresh = r.judge(b.Fresh, b.KnownAt)
	var err error
	b.Revised, err = r.revised(ctx, &b)
	return b, err
}

func noFacts(asOf schemas.Date, known time.Time) error {
	switch {
	case !known.IsZero():
		return fmt.Errorf("the warehouse had no facts to show at %s; name a later time", known.UTC().Format("2006-01-02 15:04Z"))
	case asOf != schemas.NoDate:
		return fmt.Errorf("there are no facts up to %s; name a later day, or run `tidemark run` first", asOf)
	}
	return errors.New("there are no facts to export; run `tidemark run` first")
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
				KnownAt: b.SeenAt,
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

// sameFigure is how far apart, of the larger, two figures may be that print alike.
const sameFigure = 1e-9

// revised returns the figures of the book that have changed since the session
// before its last closed, when the book before this one told of them. What changes
// once the next session has closed is for the next one to tell.
func (r *Runner) revised(ctx context.Context, b *schemas.Book) ([]schemas.Revision, error) {
	cal := r.Catalog.Calendar
	since, until := cal.Close(cal.PrevSession(b.AsOf)), cal.Close(cal.NextSession(b.AsOf))
	if !b.SeenAt.IsZero() && b.SeenAt.Before(until) {
		until = b.SeenAt
	}
	all, err := r.Warehouse.Superseded(ctx, b.AsOf, since, until)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	shown := make(map[[2]string]bool)
	for _, f := range b.Facts {
		shown[[2]string{f.Metric, f.Universe}] = true
	}
	out := all[:0]
	for _, rev := range all {
		i, found := slices.BinarySearchFunc(b.Facts, rev, func(f schemas.Fact, rev schemas.Revision) int {
			return cmp.Or(cmp.Compare(f.Metric, rev.Metric), cmp.Compare(f.Universe, rev.Universe), cmp.Compare(f.Session, rev.Session))
		})
		if found {
			rev.Is = b.Facts[i].Value
		}
		same := rev.Is.OK && math.Abs(rev.Is.V-rev.Was) <= sameFigure*max(math.Abs(rev.Is.V), math.Abs(rev.Was))
		if shown[[2]string{rev.Metric, rev.Universe}] && !same {
			out = append(out, rev)
		}
	}
	slices.SortStableFunc(out, func(x, y schemas.Revision) int { return cmp.Compare(y.Session, x.Session) })
	return out, nil
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
// a day, as they were known at an instant where one is given.
func (r *Runner) newestContributions(ctx context.Context, last schemas.Date, at time.Time) ([]schemas.Contribution, error) {
	columns := []string{"universe", "session", "security", "weight"}
	for _, w := range schemas.ContributionWindows {
		columns = append(columns, "contrib_bh_"+w, "return_"+w)
	}
	out, err := clickhouse.Read(ctx, r.Warehouse, schemas.Contributions, clickhouse.Query{
		Where:   "(universe, session) IN (SELECT universe, max(session) FROM " + clickhouse.TableAt(schemas.Contributions.Dataset, at) + " WHERE session <= {last:Date} GROUP BY universe)",
		Args:    []any{clickhouse.Named("last", last)},
		Order:   "universe, security",
		Columns: columns,
		KnownAt: at,
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

// endOfTime is later than whatever a log tells.
var endOfTime = time.Date(2299, time.January, 1, 0, 0, 0, 0, time.UTC)

// latestChecks returns what was found when each window was last checked, up to an
// instant where one is given: by the run that made it as it is, or by a later one
// that kept it so.
func (r *Runner) latestChecks(ctx context.Context, until time.Time) ([]schemas.CheckResult, error) {
	if until.IsZero() {
		until = endOfTime
	}
	out, err := clickhouse.Read(ctx, r.Warehouse, schemas.CheckResults, clickhouse.Query{
		Where: "(dataset, part, from_date, at) IN (SELECT dataset, part, from_date, max(at) FROM ops.check WHERE at <= {until:DateTime64(3)} GROUP BY dataset, part, from_date)",
		Args:  []any{clickhouse.Named("until", until)},
		Order: "dataset, part, from_date, check_name, severity, message",
	})
	if err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	return out, nil
}
