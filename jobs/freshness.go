package jobs

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// Freshness tells for every part of every table how up to date it is at the
// given time, judged by the newest day in the data and never by when it was
// fetched.
func (r *Runner) Freshness(ctx context.Context, at time.Time) ([]schemas.Freshness, error) {
	reach, err := r.reach(ctx, stored, time.Time{})
	if err != nil {
		return nil, err
	}
	return r.judge(reach, at), nil
}

// Unfinished returns those parts of fact tables which a workbook shows that lack
// figures of a session: at its end, or by now where that is later, each should
// reach as far as Expected. It also reports whether there are figures of the
// session at all.
func (r *Runner) Unfinished(ctx context.Context, config *WorkbookConfig, session schemas.Date, now time.Time) (missing []schemas.Freshness, begun bool, err error) {
	reach, err := r.reach(ctx, func(d schemas.Dataset) bool {
		return slices.ContainsFunc(schemas.FactTables, func(t schemas.Table[schemas.Fact]) bool { return t.String() == d.String() && config.shows(t) })
	}, time.Time{})
	if err != nil {
		return nil, false, err
	}
	if end := (session + 1).In(newYork, 0, 0).Add(-time.Second); now.Before(end) {
		now = end
	}
	for _, f := range r.judge(reach, now) {
		if !config.shown(f.Part, r.Catalog.Config.Universes) {
			continue
		}
		begun = begun || f.Newest >= session
		if f.Expected = min(f.Expected, session); f.Newest < f.Expected {
			missing = append(missing, f)
		}
	}
	return missing, begun, nil
}

// stored are the tables that hold data, and no log.
func stored(d schemas.Dataset) bool { return !d.Log() }

// reach reads how far the rows of every part of the chosen tables reach, or
// reached at an instant other than zero.
func (r *Runner) reach(ctx context.Context, chosen func(schemas.Dataset) bool, at time.Time) ([]schemas.Freshness, error) {
	var datasets []schemas.Dataset
	for _, d := range schemas.Datasets() {
		if chosen(d) {
			datasets = append(datasets, d)
		}
	}
	parts := make([][]schemas.Freshness, len(datasets))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range datasets {
		group.Go(func() error {
			var days map[string]clickhouse.Span
			var err error
			if at.IsZero() {
				days, err = r.Warehouse.Days(gctx, d)
			} else {
				days, err = r.Warehouse.DaysAt(gctx, d, at)
			}
			if err != nil {
				return fmt.Errorf("read the days of %s: %w", d, err)
			}
			for part, span := range days {
				parts[i] = append(parts[i], schemas.Freshness{Dataset: d.String(), Part: part, Newest: span.Newest, Rows: span.Rows, Expected: schemas.NoDate})
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(parts...)
	slices.SortFunc(out, func(a, b schemas.Freshness) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Part, b.Part))
	})
	return out, nil
}

// judge says of each part how far it should reach at the given time.
func (r *Runner) judge(reach []schemas.Freshness, at time.Time) []schemas.Freshness {
	for i := range reach {
		f := &reach[i]
		if expected, ok := r.Catalog.due(f.Dataset, f.Part, at); ok {
			f.Expected = expected
			if f.Newest < expected {
				f.Behind = int64(r.Catalog.Calendar.SessionsBetween(f.Newest+1, expected+1))
			}
		}
	}
	return reach
}

// due says which day a table should have reached by now. Tables that change at
// no fixed time have none.
type due func(now time.Time) (schemas.Date, bool)

// latest is the newest of the days that prev walks back over whose figures are
// known by now.
func latest(prev func(schemas.Date) schemas.Date, known func(schemas.Date) time.Time) due {
	return func(now time.Time) (schemas.Date, bool) {
		day := prev(schemas.DateOf(now.In(newYork)) + 1)
		for known(day).After(now) {
			day = prev(day)
		}
		return day, true
	}
}

func (c *Catalog) dueClose() due { return latest(c.Calendar.PrevSession, c.Calendar.Close) }

func (c *Catalog) dueH41(now time.Time) (schemas.Date, bool) { return c.Calendar.H41AsOf(now), true }

// duePortfolio says which Wednesday's holdings the Fed has published.
func (c *Catalog) duePortfolio() due {
	return func(now time.Time) (schemas.Date, bool) {
		d, ok := c.dueH41(now)
		for c.Config.Publishers.NYFed.Holdings == DaysMonthEnds && !lastOfMonth(d) {
			d -= 7
		}
		return d, ok
	}
}

func (c *Catalog) dueRate(name string) due {
	secured := name != "EFFR" && name != "OBFR"
	prev := c.Calendar.PrevFedDay
	if secured {
		prev = func(d schemas.Date) schemas.Date {
			for d = c.Calendar.PrevFedDay(d); c.Calendar.IsSIFMAClose(d); {
				d = c.Calendar.PrevFedDay(d)
			}
			return d
		}
	}
	return latest(prev, func(d schemas.Date) time.Time { return c.Calendar.RateKnown(d, secured) })
}

func (c *Catalog) dueOperation() due {
	return latest(c.Calendar.PrevFedDay, func(d schemas.Date) time.Time { return c.Calendar.OperationKnown(d, "13:45") })
}

func (c *Catalog) dueCash() due { return latest(c.Calendar.PrevFedDay, c.Calendar.DTSKnown) }

// dueHolding is the newest of the asked-for days whose holdings are out.
func (c *Catalog) dueHolding(days func(schemas.Window) []schemas.Date) due {
	return latest(func(d schemas.Date) schemas.Date {
		asked := days(schemas.Window{From: d.AddDays(-62), To: d})
		if len(asked) == 0 {
			return c.Calendar.PrevSession(d)
		}
		return asked[len(asked)-1]
	}, c.Calendar.HoldingsKnown)
}

// due asks the job that makes the part of a table.
func (c *Catalog) due(dataset, part string, now time.Time) (schemas.Date, bool) {
	for _, j := range c.Jobs {
		if j.Part == part && j.Dataset.String() == dataset && j.due != nil {
			return j.due(now)
		}
	}
	return schemas.NoDate, false
}
