package jobs

import (
	"context"
	"slices"
	"strconv"

	"tidemark/schemas"
	"tidemark/transform"
)

// securityJobs makes the job that tells whom the symbols of a universe's sources
// stand for.
func (c *Catalog) securityJobs(u Universe) []*Job {
	if len(u.Funds) == 0 && len(u.Prices) == 0 {
		return nil
	}
	table, in, from := schemas.Securities, u.inputs(), c.Config.History.From
	needs := func(w schemas.Window) []Need {
		return slices.DeleteFunc(slices.Concat(
			spans(schemas.Holdings.Dataset, u.Funds, w.From.AddDays(-40), w.To, true),
			spans(schemas.Bars.Dataset, u.Prices, w.From.AddDays(-50), w.To, len(u.Funds) == 0), c.identity(u, w),
		), func(n Need) bool { return n.Dataset.String() == schemas.Actions.String() }) // they say nothing of who is who
	}
	return []*Job{{
		Name: "security:" + u.ID, Dataset: table.Dataset, Part: u.ID, Needs: needs,
		Method:  fingerprint(table.String(), []schemas.Input{{Dataset: table.String(), Content: strconv.Itoa(schemas.SecurityMethod)}})[:12],
		Windows: func(today schemas.Date) []schemas.Window { return table.Cut.Windows(u.ID, from, today+1) },
		Run: func(ctx context.Context, t *Task) (Stats, error) {
			inputs := &transform.Inputs{Universe: in, Window: t.Window, Calendar: c.Calendar}
			if err := readIdentity(ctx, t, needs(t.Window), inputs); err != nil {
				return Stats{}, err
			}
			lines, err := t.Warehouse.HoldingLines(ctx, u.Funds, t.Window.From, t.Window.To)
			if err != nil {
				return Stats{}, err
			}
			_, span := startStep(ctx, "compute", table.Dataset)
			rows := transform.Securities(inputs, lines, t.Window.To <= schemas.DateOf(t.Now.In(newYork)))
			endStep(span, int64(len(rows)), nil)
			for i := range rows {
				rows[i].Run = t.RunID
			}
			return publish(ctx, t, table, rows, nil)
		},
	}}
}

// readIdentity reads what the needs ask for, of bars no more than which there are.
func readIdentity(ctx context.Context, t *Task, needs []Need, in *transform.Inputs) error {
	bars, err := readOthers(ctx, t, needs, in)
	if err != nil {
		return err
	}
	pieces, err := readListings(ctx, t, bars, in)
	if err != nil {
		return err
	}
	return pieces.close()
}
