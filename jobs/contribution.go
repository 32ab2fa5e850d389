package jobs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"tidemark/schemas"
	"tidemark/transform"
)

// contributionJobs lists the jobs of who earned the return of a universe: what
// each security added, what follows from it, how far the returns are apart, and
// how the sum stands against published levels.
func (c *Catalog) contributionJobs(u Universe) []*Job {
	if len(u.Funds) == 0 || len(u.Prices) == 0 {
		return nil
	}
	in := u.inputs()
	needs := func(w schemas.Window) []Need {
		runIn := c.sessionsBefore(w.From, transform.Warmup(schemas.ContributionSummary.String())+10)
		return slices.Concat(
			spans(schemas.Holdings.Dataset, u.Funds, runIn.AddDays(-40), w.To, true),
			spans(schemas.Bars.Dataset, u.Prices, runIn, w.To, true), c.identity(u, w))
	}
	out := []*Job{
		c.contributionJob(in, needs),
		c.factJob("contribution_summary:"+u.ID, schemas.ContributionSummary, in, c.dueClose(), needs),
		c.factJob("dispersion:"+u.ID, schemas.Dispersion, in, c.dueClose(), needs),
	}
	if u.Level == "" && u.LevelTR == "" {
		return out
	}
	return append(out, c.factJob("contribution_level:"+u.ID, schemas.ContributionLevel, in, c.dueClose(), func(w schemas.Window) []Need {
		return slices.Concat(spans(schemas.ContributionSummary.Dataset, []string{u.ID}, w.From, w.To, true), c.levels(u, false))
	}))
}

// contributionJob makes the job that computes what each security added to the
// return of a universe.
func (c *Catalog) contributionJob(u transform.Universe, needs func(schemas.Window) []Need) *Job {
	table := schemas.Contributions
	from := c.Config.History.From
	checks := configured(contributionChecks, c.Config.Checks)
	return &Job{
		Name: "contribution:" + u.ID, Dataset: table.Dataset, Part: u.ID,
		Method: fingerprint(table.String(), []schemas.Input{{Dataset: table.String(), Content: strconv.Itoa(schemas.ContributionMethod)}})[:12],
		Needs:  needs, due: c.dueClose(), Checks: infos(checks),
		Windows: func(today schemas.Date) []schemas.Window { return table.Cut.Windows(u.ID, from, today+1) },
		examine: func(ctx context.Context, t *Task) ([]schemas.CheckResult, error) {
			rows, err := readWindow(ctx, t.Warehouse, table, t.Window)
			if err != nil {
				return nil, err
			}
			return examine(checks, rows), nil
		},
		daily: true,
		Run: func(ctx context.Context, t *Task) (Stats, error) {
			return compose(ctx, t, table, func(kept schemas.Opt[schemas.Date]) (composed[schemas.Contribution], error) {
				in, err := c.inputsOf(ctx, t, u, needs(t.Window), kept, true)
				if err != nil {
					return composed[schemas.Contribution]{}, err
				}
				t.Log.DebugContext(ctx, "inputs read", "bars", len(in.Bars))
				_, span := startStep(ctx, "compute", table.Dataset)
				rows := transform.Contributions(in)
				endStep(span, int64(len(rows)), nil)
				t.computed(ctx, in, len(rows))
				for i := range rows {
					rows[i].Run = t.RunID
				}
				return composed[schemas.Contribution]{rows, in.Kept, func() ([]schemas.CheckResult, error) { return examine(checks, rows), nil }}, nil
			})
		},
	}
}

var contributionChecks = []check[[]schemas.Contribution]{contributionsAddUp}

// linkTolerance is how far sums of contributions that are linked in different
// ways may be apart: it is beyond what rounding does to thousands of lines.
const linkTolerance = 1e-9

// contributionsAddUp holds that three formulas that have little in common give
// one return of the index.
var contributionsAddUp = check[[]schemas.Contribution]{
	CheckInfo: CheckInfo{
		Name: "contributions_add_up", Severity: schemas.SeverityError,
		Says: "The weights of a session add up to 1, and the contributions over a window to one return, whichever way they are linked.",
	},
	holds: func(rows []schemas.Contribution) (found []finding, note string) {
		sessions := 0
		for lo := 0; lo < len(rows); {
			hi := lo
			for hi < len(rows) && rows[hi].Session == rows[lo].Session {
				hi++
			}
			if says := linkGap(rows[lo:hi]); says != "" {
				found = append(found, finding{day: rows[lo].Session, says: says})
			}
			sessions++
			lo = hi
		}
		return found, fmt.Sprintf("%d rows of %d sessions", len(rows), sessions)
	},
}

// linkGap says what does not add up among the rows of a session.
func linkGap(rows []schemas.Contribution) string {
	weights := 0.0
	for i := range rows {
		weights += rows[i].Weight.V
	}
	if math.Abs(weights-1) > linkTolerance {
		return fmt.Sprintf("the weights add up to %.9f", weights)
	}
	for k, w := range schemas.ContributionWindows {
		var held, carino, menchero float64
		for i := range rows {
			l := &rows[i].Windows[k]
			held, carino, menchero = held+l.BuyHold.V, carino+l.Carino.V, menchero+l.Menchero.V
		}
		if gap := max(math.Abs(held-carino), math.Abs(held-menchero)); !(gap <= linkTolerance) {
			return fmt.Sprintf("contributions over %s add up to %.9f bought and held, %.9f after Carino and %.9f after Menchero", w, held, carino, menchero)
		}
	}
	return ""
}
