package jobs

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform"
)

// factJob makes the job that computes one fact table for one universe.
func (c *Catalog) factJob(name string, table schemas.Table[schemas.Fact], u transform.Universe, expected due,
	needs func(w schemas.Window) []Need,
) *Job {
	from := c.Config.History.From
	checks := c.checksOf(table.Dataset)
	compute := func(ctx context.Context, t *Task, kept schemas.Opt[schemas.Date]) (product, error) {
		in, err := c.inputsOf(ctx, t, u, needs(t.Window), kept, transform.Attributed(table.String()))
		if err != nil {
			return product{}, err
		}
		t.Log.DebugContext(ctx, "inputs read", "bars", len(in.Bars))
		_, span := startStep(ctx, "compute", table.Dataset)
		facts, findings := transform.Compute(table.String(), in)
		endStep(span, int64(len(facts)), nil)
		t.computed(ctx, in, len(facts))
		for i := range facts {
			facts[i].Run = t.RunID
		}
		return product{in: in, facts: facts, findings: findings}, nil
	}
	return &Job{
		Name: name, Dataset: table.Dataset, Part: u.ID, Method: methodOf(table.String()), Needs: needs, due: expected, Checks: infos(checks),
		daily:   transform.Daily(table.String()),
		Windows: func(today schemas.Date) []schemas.Window { return table.Cut.Windows(u.ID, from, today+1) },
		examine: func(ctx context.Context, t *Task) ([]schemas.CheckResult, error) {
			p, err := compute(ctx, t, schemas.None[schemas.Date]())
			if err != nil {
				return nil, err
			}
			if p.facts, err = readWindow(ctx, t.Warehouse, table, t.Window); err != nil {
				return nil, err
			}
			return examine(checks, p), nil
		},
		Run: func(ctx context.Context, t *Task) (Stats, error) {
			return compose(ctx, t, table, func(kept schemas.Opt[schemas.Date]) (composed[schemas.Fact], error) {
				p, err := compute(ctx, t, kept)
				if err != nil {
					return composed[schemas.Fact]{}, err
				}
				return composed[schemas.Fact]{p.facts, p.in.Kept, func() ([]schemas.CheckResult, error) {
					if p.in.Kept.OK {
						if p.stood, err = coverageBefore(ctx, t, table, p.facts); err != nil {
							return nil, err
						}
					}
					return examine(checks, p), nil
				}}, nil
			})
		},
	}
}

// keptInputs is for how many windows inputs are kept that several jobs share: it
// is those of a universe in one window, and of another that is begun meanwhile.
const keptInputs = 2

// inputsOf reads what a window is built from. Where it is shared, what one job of
// the universe has read, and worked out of it, serves the others.
func (c *Catalog) inputsOf(ctx context.Context, t *Task, u transform.Universe, needs []Need, kept schemas.Opt[schemas.Date], shared bool) (*transform.Inputs, error) {
	read := func() (*transform.Inputs, int, error) {
		in := &transform.Inputs{Universe: u, Window: t.Window, Calendar: c.Calendar, Kept: kept}
		return in, 1, readInputs(ctx, t, needs, in)
	}
	if !shared || t.inputs == nil {
		in, _, err := read()
		return in, err
	}
	uses := append(slices.Clone(t.Uses), schemas.Input{Dataset: "kept", Content: kept.V.String() + strconv.FormatBool(kept.OK)})
	in, err := readOnce(ctx, t.inputs, schemas.Input{Dataset: "inputs of " + u.ID, Window: t.Window, Content: fingerprint(u.ID, uses)}, func() (*transform.Inputs, int, error) {
		in, size, err := read()
		in.Share()
		return in, size, err
	})
	if err != nil {
		return nil, err
	}
	own := *in // what a computation says of its inputs is its own
	return &own, nil
}

// methodOf is the version of a fact table: it changes with any definition
// that the table holds.
func methodOf(dataset string) string {
	var inputs []schemas.Input
	for _, m := range schemas.Register() {
		if m.Dataset == dataset {
			inputs = append(inputs, schemas.Input{Dataset: m.ID, Content: strconv.FormatInt(m.Method, 10)})
		}
	}
	return fingerprint(dataset, inputs)[:12]
}

// readInputs reads what the needs ask for.
func readInputs(ctx context.Context, t *Task, needs []Need, in *transform.Inputs) error {
	bars, err := readOthers(ctx, t, needs, in)
	in.Levels = in.Observations // each family looks for its own sources
	if err != nil || len(bars) == 0 {
		return err
	}
	return readBars(ctx, t, bars, in)
}

// readOthers reads what the needs ask for but bars, and returns the needs of those.
func readOthers(ctx context.Context, t *Task, needs []Need, in *transform.Inputs) (bars []Need, err error) {
	for _, n := range needs {
		if n.Dataset.String() == schemas.Bars.String() {
			bars = append(bars, n)
			continue
		}
		if err := readNeed(ctx, t, n, in); err != nil {
			return nil, err
		}
	}
	return bars, nil
}

// holdingColumns are those that facts are made of.
var holdingColumns = []string{
	"fund", "as_of", "line", "ticker", "name", "sector", "asset_class", "market_value", "weight", "price", "cusip", "isin", "sedol",
}

func readNeed(ctx context.Context, t *Task, n Need, in *transform.Inputs) error {
	switch n.Dataset.String() {
	case schemas.Actions.String():
		return appendSpan(ctx, t, schemas.Actions, n, &in.Actions)
	case schemas.Holdings.String():
		return appendFiles(ctx, t, n, in)
	case schemas.Spells.String():
		return appendSpan(ctx, t, schemas.Spells, n, &in.Spells)
	case schemas.Changes.String():
		return appendSpan(ctx, t, schemas.Changes, n, &in.Changes)
	case schemas.Constituents.String():
		return appendSpan(ctx, t, schemas.Constituents, n, &in.Constituents)
	case schemas.ShareCounts.String():
		return appendSpan(ctx, t, schemas.ShareCounts, n, &in.Shares)
	case schemas.Earnings.String():
		return appendSpan(ctx, t, schemas.Earnings, n, &in.Earnings)
	case schemas.Renames.String():
		return appendSpan(ctx, t, schemas.Renames, n, &in.Renames)
	case schemas.Observations.String():
		return appendSpan(ctx, t, schemas.Observations, n, &in.Observations)
	case schemas.Rates.String():
		return appendSpan(ctx, t, schemas.Rates, n, &in.Rates)
	case schemas.Operations.String():
		return appendSpan(ctx, t, schemas.Operations, n, &in.Operations)
	case schemas.CashBalances.String():
		return appendSpan(ctx, t, schemas.CashBalances, n, &in.Cash)
	case schemas.SOMAHoldings.String():
		return appendSpan(ctx, t, schemas.SOMAHoldings, n, &in.Portfolio)
	}
	for _, table := range schemas.FactTables {
		if table.String() == n.Dataset.String() {
			return appendSpan(ctx, t, table, n, &in.Facts)
		}
	}
	return fmt.Errorf("no facts can be built from %s", n.Dataset)
}

// appendSpan reads the rows of a need from the windows that the task is built
// from.
func appendSpan[T any](ctx context.Context, t *Task, table schemas.Table[T], n Need, to *[]T) error {
	for _, use := range t.Uses {
		if use.Dataset != n.Dataset.String() || !n.covers(use.Window) {
			continue
		}
		rows, err := readOnce(ctx, t.readings, use, func() ([]T, int, error) {
			rows, err := readWindow(ctx, t.Warehouse, table, use.Window)
			return slices.Clip(rows), len(rows) * int(reflect.TypeFor[T]().Size()), err // what is appended to them goes elsewhere
		})
		if err != nil {
			return fmt.Errorf("read the inputs: %w", err)
		}
		if rows = within(table, rows, n, use.Window); len(*to) == 0 {
			*to = rows // most inputs are of one part, and a year of rows is not worth copying
		} else {
			*to = append(*to, rows...)
		}
	}
	return nil
}

// appendFiles reads a fund's holdings. They are sorted into files where they
// are read: that is work, and files are a tenth of the size of their lines.
func appendFiles(ctx context.Context, t *Task, n Need, in *transform.Inputs) error {
	for _, use := range t.Uses {
		if use.Dataset != n.Dataset.String() || !n.covers(use.Window) {
			continue
		}
		files, err := readOnce(ctx, t.readings, use, func() ([]transform.HoldingsFile, int, error) {
			rows, err := readWindow(ctx, t.Warehouse, schemas.Holdings, use.Window, holdingColumns...)
			files, size := transform.HoldingsFiles(rows), 0
			for i := range files {
				size += files[i].Size()
			}
			return files, size, err
		})
		if err != nil {
			return fmt.Errorf("read the inputs: %w", err)
		}
		for _, f := range files {
			if n.From <= f.AsOf && f.AsOf < n.To {
				in.Files = append(in.Files, f)
			}
		}
	}
	return nil
}

// within returns the rows of a window whose days a need asks for.
func within[T any](table schemas.Table[T], rows []T, n Need, w schemas.Window) []T {
	if n.From <= w.From && w.To <= n.To {
		return rows
	}
	day := dayOf(table)
	var out []T
	for i := range rows {
		if d := day(&rows[i]); n.From <= d && d < n.To {
			out = append(out, rows[i])
		}
	}
	return out
}

// factJobs lists the jobs of every configured universe and allocation, and of
// the Federal Reserve's figures.
func (c *Catalog) factJobs() []*Job {
	var out []*Job
	for _, u := range c.Config.Universes {
		in := u.inputs()
		if len(u.Funds) > 0 {
			out = append(out, c.factJob("concentration:"+u.ID, schemas.Concentration, in, latest(c.Calendar.PrevSession, c.Calendar.HoldingsKnown), func(w schemas.Window) []Need {
				// A file serves for 35 days after its own.
				return slices.Concat(
					spans(schemas.Holdings.Dataset, u.Funds, w.From.AddDays(-40), w.To, true),
					spans(schemas.Bars.Dataset, u.Prices, w.From.AddDays(-50), w.To, false), c.identity(u, w), c.shareCounts(w))
			}))
		}
		if needs := c.filings(u); len(u.Funds) > 0 && needs != nil {
			out = append(out, c.factJob("valuation:"+u.ID, schemas.Valuation, in, latest(c.Calendar.PrevSession, c.Calendar.HoldingsKnown), needs))
		}
		if len(u.Prices) > 0 {
			out = append(out, c.factJob("breadth:"+u.ID, schemas.Breadth, in, c.dueClose(), func(w schemas.Window) []Need {
				runIn := c.sessionsBefore(w.From, transform.Warmup(schemas.Breadth.String())+10)
				needs := slices.Concat(spans(schemas.Bars.Dataset, u.Prices, runIn, w.To, true), c.identity(u, w))
				if u.Index == "" {
					needs = append(needs, spans(schemas.Holdings.Dataset, u.Funds, w.From.AddDays(-400), w.To, true)...)
				}
				return needs
			}))
			out = append(out, c.factJob("breadth_trend:"+u.ID, schemas.BreadthTrend, in, c.dueClose(), func(w schemas.Window) []Need {
				return slices.Concat(
					spans(schemas.Breadth.Dataset, []string{u.ID}, w.From, w.To, true), c.levels(u, false))
			}))
		}
		out = append(out, c.contributionJobs(u)...)
		out = append(out, c.securityJobs(u)...)
		if u.Level != "" || u.LevelTR != "" {
			out = append(out, c.factJob("size:"+u.ID, schemas.Size, in, c.dueClose(), func(w schemas.Window) []Need {
				return slices.Concat(c.levels(u, true), spans(schemas.Holdings.Dataset, u.Funds, w.From, w.To, false), c.identity(u, w))
			}))
		}
		if u.Against != "" {
			pair, large := c.Config.pair(u)
			out = append(out, c.factJob("size:"+pair.ID, schemas.Size, pair, c.dueClose(), func(w schemas.Window) []Need {
				return distinct(c.levels(u, true), c.levels(large, true),
					spans(schemas.Holdings.Dataset, slices.Concat(u.Funds, large.Funds), w.From, w.To, false),
					c.identity(u, w), c.identity(large, w))
			}))
			if len(u.Funds) > 0 && len(large.Funds) > 0 && c.filings(u) != nil {
				out = append(out, c.factJob("relative_valuation:"+pair.ID, schemas.RelativeValuation, pair, c.dueClose(), func(w schemas.Window) []Need {
					return slices.Concat(spans(schemas.Valuation.Dataset, []string{u.ID}, w.From, w.To, true), spans(schemas.Valuation.Dataset, []string{large.ID}, w.From, w.To, true))
				}))
			}
			if len(u.Funds) > 0 && len(u.Prices) > 0 && len(large.Funds) > 0 && len(large.Prices) > 0 {
				out = append(out, c.factJob("size_members:"+pair.ID, schemas.SizeMembers, pair, c.dueClose(), func(w schemas.Window) []Need {
					runIn := c.sessionsBefore(w.From, transform.Warmup(schemas.SizeMembers.String()))
					return distinct(
						spans(schemas.Bars.Dataset, u.Prices, runIn, w.To, true), spans(schemas.Bars.Dataset, large.Prices, runIn, w.To, true),
						spans(schemas.Holdings.Dataset, slices.Concat(u.Funds, large.Funds), runIn, w.To, false),
						c.identity(u, w), c.identity(large, w))
				}))
			}
		}
	}
	out = append(out, c.allocationJobs()...)
	if needs := c.moneyNeeds(); len(needs) > 0 {
		out = append(out, c.factJob("liquidity:"+FedUniverse, schemas.Liquidity, transform.Universe{ID: FedUniverse}, c.dueOperation(),
			func(schemas.Window) []Need { return needs }))
	}
	for _, part := range c.parts(schemas.SOMAHoldings.Dataset) {
		out = append(out, c.factJob("maturity:"+FedUniverse, schemas.Maturity, transform.Universe{ID: FedUniverse}, c.duePortfolio(),
			func(w schemas.Window) []Need {
				return spans(schemas.SOMAHoldings.Dataset, []string{part}, w.From, w.To, true)
			}))
	}
	return out
}

// filings returns what the valuation of a universe is made of; nil where nobody
// gives shares outstanding or earnings.
func (c *Catalog) filings(u Universe) func(w schemas.Window) []Need {
	shares, earnings := c.parts(schemas.ShareCounts.Dataset), c.parts(schemas.Earnings.Dataset)
	if len(shares) == 0 || len(earnings) == 0 {
		return nil
	}
	return func(w schemas.Window) []Need {
		return slices.Concat(
			// A file serves for 35 days after its own, and four quarters are put
			// together of filings of several years.
			spans(schemas.Holdings.Dataset, u.Funds, w.From.AddDays(-40), w.To, true),
			spans(schemas.Bars.Dataset, u.Prices, w.From.AddDays(-50), w.To, false), c.identity(u, w), c.shareCounts(w),
			spans(schemas.Earnings.Dataset, earnings, w.From.AddDays(-transform.FilingsKept), w.To, false))
	}
}

// identity lists what tells who the members of a universe are, and what became
// of their shares before the window's end. What happens later does not concern
// a window: on most days somebody pays a dividend, and what is built of the
// years before stays as it is.
func (c *Catalog) identity(u Universe, w schemas.Window) []Need {
	needs := []Need{}
	if u.Index != "" {
		needs = append(needs, whole(schemas.Spells.Dataset, u.Index, true), whole(schemas.Changes.Dataset, u.Index, false),
			whole(schemas.Constituents.Dataset, u.Index, false))
	}
	for _, j := range c.fetchJobs {
		switch j.Dataset.String() {
		case schemas.Actions.String():
			needs = append(needs, Need{Dataset: j.Dataset, Part: j.Part, From: schemas.MinDate, To: w.To})
		case schemas.Renames.String():
			needs = append(needs, whole(j.Dataset, j.Part, false))
		}
	}
	return needs
}

// shareCounts lists the counts of shares that a window may go by: those of
// the year before the oldest file that it uses.
func (c *Catalog) shareCounts(w schemas.Window) []Need {
	var needs []Need
	for _, j := range c.fetchJobs {
		if j.Dataset.String() == schemas.ShareCounts.String() {
			needs = append(needs, Need{Dataset: j.Dataset, Part: j.Part, From: w.From.AddDays(-500), To: w.To})
		}
	}
	return needs
}

func (c *Catalog) levels(u Universe, required bool) []Need {
	var needs []Need
	for i, part := range []string{u.Level, u.LevelTR} {
		if part != "" && (i == 0 || part != u.Level) {
			needs = append(needs, whole(schemas.Observations.Dataset, part, required))
		}
	}
	return needs
}

// moneyNeeds lists everything that is fetched about the Federal Reserve and
// the money market.
func (c *Catalog) moneyNeeds() []Need {
	var needs []Need
	for _, j := range c.fetchJobs {
		switch j.Dataset.String() {
		case schemas.Rates.String(), schemas.Operations.String(), schemas.CashBalances.String():
			needs = append(needs, Need{Dataset: j.Dataset, Part: j.Part, From: c.Config.History.From, To: schemas.MaxDate})
		case schemas.Observations.String():
			if j.Money {
				needs = append(needs, whole(j.Dataset, j.Part, false))
			}
		}
	}
	return needs
}

func (c *Catalog) sessionsBefore(d schemas.Date, n int) schemas.Date {
	for range n {
		d = c.Calendar.PrevSession(d)
	}
	return d
}

func spans(d schemas.Dataset, parts []string, from, to schemas.Date, required bool) []Need {
	out := make([]Need, len(parts))
	for i, p := range parts {
		// The first choice is what the figures stand on; the others fill in.
		out[i] = Need{Dataset: d, Part: p, From: from, To: to, Required: required && len(parts) == 1}
	}
	return out
}

// distinct joins lists of needs and drops what an earlier one asks for: the two
// universes of a pair share publishers, whose rows must not be read twice.
func distinct(lists ...[]Need) []Need {
	type key struct {
		dataset, part string
		from, to      schemas.Date
	}
	at := make(map[key]int)
	var out []Need
	for _, n := range slices.Concat(lists...) {
		k := key{n.Dataset.String(), n.Part, n.From, n.To}
		if i, twice := at[k]; twice {
			out[i].Required = out[i].Required || n.Required
			continue
		}
		at[k] = len(out)
		out = append(out, n)
	}
	return out
}

func whole(d schemas.Dataset, part string, required bool) Need {
	return Need{Dataset: d, Part: part, From: schemas.MinDate, To: schemas.MaxDate, Required: required}
}

var newYork = calendar.NewYork()
