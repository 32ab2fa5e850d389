package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/ishares"
	"tidemark/extract/nyfed"
	"tidemark/extract/ofr"
	"tidemark/extract/polygon"
	"tidemark/extract/sec"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/extract/stooq"
	"tidemark/extract/tiingo"
	"tidemark/extract/vendor"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Catalog lists every job of a configuration, in the order of dependence.
type Catalog struct {
	Config    Config
	Calendar  *calendar.Calendar
	Jobs      []*Job
	fetchJobs []*Job

	makers   map[string]*Job // by table and part
	upstream map[*Job][]*Job // the jobs that each needs
}

// When each publisher is due to have news, in New York time. A publication that
// is late is asked for again until it is there.
var (
	slotsHoldings   = mustSchedule("30 7 * * 1-5")
	slotsPrices     = mustSchedule("30 18 * * * on sessions", "0 6 * * 1-5") // corrections come overnight
	slotsH41        = mustSchedule("35 16 * * * on h41_days", "0 17 * * 1-3")
	slotsOperations = mustSchedule("10 8,9 * * * on fed_days", "20 13 * * * on fed_days", "40 14 * * * on fed_days")
	slotsRates      = mustSchedule("10 8,9 * * * on fed_days", "10 15 * * * on fed_days")
	slotsCash       = mustSchedule("10 16 * * * on fed_days")
	slotsFunding    = mustSchedule("10 15 * * * on fed_days")
	slotsFilings    = mustSchedule("0 5 * * 6") // a company files four times a year
	slotsFRED       = mustSchedule("45 9 * * 1-5", "45 16 * * 1-5")
)

// How long after its last day a window may still be amended.
const (
	lagHoldings   = 10 * 24 * time.Hour
	lagPrices     = 10 * 24 * time.Hour
	lagOperations = 31 * 24 * time.Hour // amounts are amended after settlement
	lagRates      = 7 * 24 * time.Hour
	lagCash       = 10 * 24 * time.Hour
	lagListed     = 90 * 24 * time.Hour // of lists of actions by day, of which a year takes many requests
	lagPortfolio  = 35 * 24 * time.Hour
	lagActions    = 3653 * 24 * time.Hour // the one file has all years, and any of them may be corrected
	calmFilings   = 6 * 24 * time.Hour    // what was filed in a year that has ended stays as it was, unless the vendor had missed it
)

// reachFilings is for how many days before the history filings are fetched: four
// quarters are known of a company once it has filed for two years.
const reachFilings = 730

// printedChanges are the H.4.1's own changes from the week before, against
// which a silent revision is found.
var printedChanges = []string{"RESPPMA_XCH1_N.WW", "RESH4R_XAW_XCH1_N.WW"}

// NewCatalog makes the jobs that the configuration asks for.
func NewCatalog(cfg Config, cal *calendar.Calendar) (*Catalog, error) {
	c := &Catalog{Config: cfg, Calendar: cal}
	for _, p := range publishers {
		if err := p.add(c); err != nil {
			return nil, err
		}
	}
	if err := c.addFiles(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.checkMakers(), c.checkNames()); err != nil {
		return nil, err
	}
	c.Jobs = slices.Concat(c.fetchJobs, c.factJobs())
	c.link()
	if err := c.checkScheduling(); err != nil {
		return nil, err
	}
	return c, nil
}

// UnknownJobError says that the configuration makes no job of that name.
type UnknownJobError struct{ Name string }

func (e *UnknownJobError) Error() string {
	return fmt.Sprintf("there is no job %q; `tidemark status` lists them", e.Name)
}

// Known returns an [*UnknownJobError] for the first of the names that is no job.
func (c *Catalog) Known(names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(c.Jobs, func(j *Job) bool { return j.Name == n }) {
			return &UnknownJobError{Name: n}
		}
	}
	return nil
}

func addFetched[T any](c *Catalog, name, part string, lines []string, f fetched[T]) error {
	var err error
	if f.schedule, err = c.scheduleOr(f.schedule, lines); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.from = c.Config.History.From.AddDays(-f.reach)
	f.checks = configured(append(f.checks, rowCount(f.table)), c.Config.Checks)
	j := f.job(name, part)
	j.Publisher, _, _ = strings.Cut(name, ":")
	if j.Publisher == "files" {
		j.Publisher = vendor.Publisher
	}
	c.fetchJobs = append(c.fetchJobs, j)
	return nil
}

// source makes a source for one run, with its saved files found.
func source[T any](publisher string, files []string, build func(g *extract.Client, files []string) extract.Source[T]) func(context.Context, *extract.Client) (extract.Source[T], error) {
	return func(ctx context.Context, g *extract.Client) (extract.Source[T], error) {
		if len(files) == 0 {
			return build(g, nil), nil
		}
		found, err := g.Expand(ctx, publisher, files)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no file matches %q", publisher, files)
		}
		return build(g, found), nil
	}
}

func (c *Catalog) addNYFed() error {
	cfg := c.Config.Publishers.NYFed
	if cfg == nil {
		return nil
	}
	for _, rate := range cfg.Rates {
		if !slices.Contains(nyfed.RateNames(), rate) {
			return fmt.Errorf("publishers.nyfed.rates: there is no reference rate %q; there are %s", rate, strings.Join(nyfed.RateNames(), ", "))
		}
		err := addFetched(c, "nyfed:"+rate, rate, cfg.Schedule, fetched[schemas.Rate]{
			table: schemas.Rates, schedule: slotsRates, due: c.dueRate(rate), lag: lagRates, method: "1", money: true,
			source: source("nyfed", cfg.RateFiles[rate], func(g *extract.Client, files []string) extract.Source[schemas.Rate] {
				return nyfed.Rates(g, nyfed.Config{Base: cfg.Base, Files: files})
			}),
		})
		if err != nil {
			return err
		}
	}
	if cfg.Holdings != "" || len(cfg.HoldingFiles) > 0 {
		days := c.portfolioDays(cfg.Holdings)
		err := addFetched(c, "nyfed:holdings", nyfed.Treasury, cfg.Schedule, fetched[schemas.SOMAHolding]{
			table: schemas.SOMAHoldings, schedule: slotsH41, due: c.duePortfolio(), lag: lagPortfolio, method: "1",
			checks:   []check[arrival[schemas.SOMAHolding]]{rescaled(parOf)},
			requests: func(w schemas.Window, now time.Time) int64 { return 1 + int64(len(over(days, dayOver, now)(w))) },
			source: source("nyfed", cfg.HoldingFiles, func(g *extract.Client, files []string) extract.Source[schemas.SOMAHolding] {
				return nyfed.Portfolio(g, nyfed.Config{Base: cfg.Base, Files: files}, days)
			}),
		})
		if err != nil {
			return err
		}
	}
	return addFetched(c, "nyfed:operations", "nyfed", cfg.Schedule, fetched[schemas.Operation]{
		table: schemas.Operations, schedule: slotsOperations, due: c.dueOperation(), lag: lagOperations, method: "1", money: true,
		source: source("nyfed", cfg.OperationFiles, func(g *extract.Client, files []string) extract.Source[schemas.Operation] {
			return nyfed.Operations(g, nyfed.Config{Base: cfg.Base, Files: files})
		}),
	})
}

// portfolioDays returns the Wednesdays of a window for which the Fed's holdings are
// asked: all of them, or the last of each month.
func (c *Catalog) portfolioDays(which string) func(schemas.Window) []schemas.Date {
	return func(w schemas.Window) []schemas.Date {
		var out []schemas.Date
		for d := w.From; d < w.To; d++ {
			if d.Weekday() == time.Wednesday && (which != DaysMonthEnds || lastOfMonth(d)) {
				out = append(out, d)
			}
		}
		return out
	}
}

// lastOfMonth reports whether a day is the last of its weekday in the month.
func lastOfMonth(d schemas.Date) bool { return (d + 7).Month() != d.Month() }

func (c *Catalog) addH41() error {
	cfg := c.Config.Publishers.H41
	if cfg == nil {
		return nil
	}
	return addFetched(c, "h41", "h41", cfg.Schedule, fetched[schemas.Observation]{
		table: schemas.Observations, schedule: slotsH41, due: c.dueH41, method: "1", money: true,
		checks: []check[arrival[schemas.Observation]]{rescaled(observed), distance(observed, nil)},
		source: source("h41", cfg.Files, func(g *extract.Client, files []string) extract.Source[schemas.Observation] {
			return h41.Archive(g, h41.Config{Base: cfg.Base, Files: files, Series: slices.Concat(printedChanges, cfg.Series)})
		}),
	})
}

func (c *Catalog) addFRED() error {
	cfg := c.Config.Publishers.FRED
	if cfg == nil {
		return nil
	}
	for _, id := range cfg.Series {
		err := addFetched(c, "fred:"+id, "fred:"+id, cfg.Schedule, fetched[schemas.Observation]{
			table: schemas.Observations, schedule: slotsFRED, method: "1", money: id != "SP500",
			checks: []check[arrival[schemas.Observation]]{rescaled(observed)},
			source: source("fred", cfg.SeriesFiles[id], func(g *extract.Client, files []string) extract.Source[schemas.Observation] {
				return fred.Series(g, fred.Config{Base: cfg.Base, GraphBase: cfg.GraphBase, Key: string(cfg.Key), Units: cfg.Units, Files: files})
			}),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) addFiscalData() error {
	cfg := c.Config.Publishers.FiscalData
	if cfg == nil {
		return nil
	}
	return addFetched(c, "fiscaldata:dts", "dts", cfg.Schedule, fetched[schemas.CashBalance]{
		table: schemas.CashBalances, schedule: slotsCash, due: c.dueCash(), lag: lagCash, method: "1", money: true,
		source: source("fiscaldata", cfg.Files, func(g *extract.Client, files []string) extract.Source[schemas.CashBalance] {
			return fiscaldata.OperatingCash(g, fiscaldata.Config{Base: cfg.Base, Files: files})
		}),
	})
}

func (c *Catalog) addIShares() error {
	cfg := c.Config.Publishers.IShares
	if cfg == nil {
		return nil
	}
	for _, fund := range cfg.Funds {
		if len(cfg.FundFiles[fund]) == 0 && !slices.Contains(ishares.Funds(), fund) {
			return fmt.Errorf("publishers.ishares.funds: the publisher can be asked for %s; name files of %q under fund_files", strings.Join(ishares.Funds(), ", "), fund)
		}
		err := addFetched(c, "ishares:"+fund, fund, cfg.Schedule, fetched[schemas.Holding]{
			table: schemas.Holdings, schedule: slotsHoldings, due: c.dueHolding(c.holdingDays(cfg.Days)), lag: lagHoldings, method: "1", checks: c.holdingChecks(),
			requests: func(w schemas.Window, now time.Time) int64 {
				return int64(len(over(c.holdingDays(cfg.Days), dayOver, now)(w)))
			},
			source: source("ishares", cfg.FundFiles[fund], func(g *extract.Client, files []string) extract.Source[schemas.Holding] {
				return ishares.Holdings(g, ishares.Config{Base: cfg.Base, Files: files, Fund: fund, AsOf: cfg.AsOf[fund], Days: over(c.holdingDays(cfg.Days), dayOver, g.Now())})
			}),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) holdingChecks() []check[arrival[schemas.Holding]] {
	return []check[arrival[schemas.Holding]]{rescaled(held), weightSum, distance(weighed, c.Calendar.IsSession)}
}

// over leaves out the days that are not over by now: there is nothing to ask about
// them.
func over(days func(schemas.Window) []schemas.Date, end func(schemas.Date) time.Time, now time.Time) func(schemas.Window) []schemas.Date {
	return func(w schemas.Window) []schemas.Date {
		var out []schemas.Date // the days are the calendar's own, perhaps
		for _, d := range days(w) {
			if !end(d).After(now) {
				out = append(out, d)
			}
		}
		return out
	}
}

// dayOver is the end of a day in New York.
func dayOver(d schemas.Date) time.Time { return (d + 1).In(newYork, 0, 0) }

// holdingDays returns the days of a window for which holdings are asked.
func (c *Catalog) holdingDays(which string) func(schemas.Window) []schemas.Date {
	return func(w schemas.Window) []schemas.Date {
		var out []schemas.Date
		for _, d := range c.Calendar.Sessions(w.From, w.To) {
			next := c.Calendar.NextSession(d)
			switch {
			case which == DaysMonthEnds && next.Month() == d.Month():
			case which == DaysWeekEnds && next.Weekday() > d.Weekday():
			default:
				out = append(out, d)
			}
		}
		return out
	}
}

func (c *Catalog) addSSGA() error {
	cfg := c.Config.Publishers.SSGA
	if cfg == nil {
		return nil
	}
	for _, fund := range cfg.Funds {
		err := addFetched(c, "ssga:"+fund, fund, cfg.Schedule, fetched[schemas.Holding]{
			table: schemas.Holdings, schedule: slotsHoldings, due: c.dueHolding(c.holdingDays(DaysSessions)), lag: lagHoldings, method: "1", checks: c.holdingChecks(),
			source: source("ssga", cfg.FundFiles[fund], func(g *extract.Client, files []string) extract.Source[schemas.Holding] {
				return ssga.Holdings(g, ssga.Config{Base: cfg.Base, Files: files})
			}),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) addSP500() error {
	cfg := c.Config.Publishers.SP500
	if cfg == nil {
		return nil
	}
	const index = "SP500"
	config := func(files []string) sp500.Config {
		return sp500.Config{Base: cfg.Base, Constituents: cfg.Constituents, Files: files, AsOf: cfg.ConstituentsAsOf}
	}
	if err := addFetched(c, "sp500:spells", index, cfg.Schedule, fetched[schemas.Spell]{
		table: schemas.Spells, schedule: slotsHoldings, method: "1",
		source: source("sp500", cfg.SpellFiles, func(g *extract.Client, files []string) extract.Source[schemas.Spell] {
			return sp500.Spells(g, config(files))
		}),
	}); err != nil {
		return err
	}
	if err := addFetched(c, "sp500:changes", index, cfg.Schedule, fetched[schemas.Change]{
		table: schemas.Changes, schedule: slotsHoldings, method: "1",
		source: source("sp500", cfg.ChangeFiles, func(g *extract.Client, files []string) extract.Source[schemas.Change] {
			return sp500.Changes(g, config(files))
		}),
	}); err != nil {
		return err
	}
	return addFetched(c, "sp500:constituents", index, cfg.Schedule, fetched[schemas.Constituent]{
		table: schemas.Constituents, schedule: slotsHoldings, method: "1",
		source: source("sp500", cfg.ConstituentFiles, func(g *extract.Client, files []string) extract.Source[schemas.Constituent] {
			return sp500.Constituents(g, config(files))
		}),
	})
}

func (c *Catalog) addOFR() error {
	cfg := c.Config.Publishers.OFR
	if cfg == nil {
		return nil
	}
	known := func(d schemas.Date) time.Time { return c.Calendar.NextFedDay(d+1).In(newYork, 15, 0) }
	for _, mnemonic := range cfg.Series {
		if err := ofr.Check(mnemonic); err != nil {
			return fmt.Errorf("publishers.ofr.series: %w", err)
		}
		if err := addFetched(c, "ofr:"+mnemonic, ofr.Part(mnemonic), cfg.Schedule, fetched[schemas.Observation]{
			table: schemas.Observations, schedule: slotsFunding, due: latest(c.Calendar.PrevFedDay, known), method: "1",
			checks: []check[arrival[schemas.Observation]]{rescaled(observed)},
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Observation], error) {
				return ofr.Series(g, ofr.Config{Base: cfg.Base}), nil
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) addPolygon() error {
	cfg := c.Config.Publishers.Polygon
	if cfg == nil {
		return nil
	}
	if cfg.Key == "" {
		return errors.New("publishers.polygon.key is missing: put the API key of massive.com there, or ${NAME} for a variable that has it")
	}
	sessions := func(w schemas.Window) []schemas.Date { return c.Calendar.Sessions(w.From, w.To) }
	config := func(now time.Time) polygon.Config {
		return polygon.Config{Base: cfg.Base, Key: string(cfg.Key), Days: over(sessions, c.Calendar.Close, now)}
	}
	if err := addFetched(c, "polygon:bars", polygon.Publisher, cfg.Schedule, fetched[schemas.Bar]{
		table: schemas.Bars, schedule: slotsPrices, due: c.dueClose(), lag: lagPrices, method: "1", checks: c.barChecks(),
		requests: func(w schemas.Window, now time.Time) int64 { return int64(len(config(now).Days(w))) },
		kept:     &kept[schemas.Bar]{pack: packBars, rows: storedBars},
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Bar], error) {
			return polygon.Bars(g, config(g.Now())), nil
		},
	}); err != nil {
		return err
	}
	return addFetched(c, "polygon:actions", polygon.Publisher, cfg.Schedule, fetched[schemas.Action]{
		table: schemas.Actions, schedule: slotsPrices, lag: lagListed, calm: calmFilings, method: "1", checks: []check[arrival[schemas.Action]]{rescaledActions()},
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Action], error) {
			return polygon.Actions(g, config(g.Now())), nil
		},
	})
}

func (c *Catalog) addSEC() error {
	cfg := c.Config.Publishers.SEC
	if cfg == nil {
		return nil
	}
	if err := sec.CheckContact(cfg.Contact); err != nil {
		return fmt.Errorf("publishers.sec.contact: %w", err)
	}
	if cfg.Companies < 1 {
		return errors.New("publishers.sec.companies is missing: say how many companies to ask for, the largest first, such as 3000")
	}
	config := func(g *extract.Client) sec.Config {
		return sec.Config{Base: cfg.Base, FilesBase: cfg.FilesBase, Contact: cfg.Contact, Companies: cfg.Companies, Now: g.Now()}
	}
	requests := func(schemas.Window, time.Time) int64 { return int64(cfg.Companies) + 1 }
	if err := addFetched(c, "sec:shares", sec.Publisher, cfg.Schedule, fetched[schemas.ShareCount]{
		table: schemas.ShareCounts, schedule: slotsFilings, lag: lagActions, calm: calmFilings, reach: reachFilings, method: "1", requests: requests,
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.ShareCount], error) {
			return sec.Shares(g, config(g)), nil
		},
	}); err != nil {
		return err
	}
	return addFetched(c, "sec:earnings", sec.Publisher, cfg.Schedule, fetched[schemas.Earning]{
		table: schemas.Earnings, schedule: slotsFilings, lag: lagActions, calm: calmFilings, reach: reachFilings, method: "1", requests: requests,
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Earning], error) {
			return sec.Earnings(g, config(g)), nil
		},
	})
}

func (c *Catalog) addStooq() error {
	cfg := c.Config.Publishers.Stooq
	if cfg == nil {
		return nil
	}
	if cfg.Key == "" {
		return errors.New("publishers.stooq.key is missing: put the API key of stooq.com there, or ${NAME} for a variable that has it")
	}
	if err := (stooq.Config{Series: cfg.Series}).Check(); err != nil {
		return fmt.Errorf("publishers.stooq.series: %w", err)
	}
	// A session's prices are there the next morning.
	known := func(d schemas.Date) time.Time { return c.Calendar.NextSession(d).In(newYork, 6, 0) }
	for _, part := range slices.Sorted(maps.Keys(cfg.Series)) {
		if err := addFetched(c, "stooq:"+part, part, cfg.Schedule, fetched[schemas.Observation]{
			table: schemas.Observations, schedule: slotsHoldings, due: latest(c.Calendar.PrevSession, known), method: "1",
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Observation], error) {
				return stooq.Levels(g, stooq.Config{Base: cfg.Base, Key: string(cfg.Key), Series: cfg.Series, Now: g.Now()}), nil
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) addTiingo() error {
	cfg := c.Config.Publishers.Tiingo
	if cfg == nil {
		return nil
	}
	if cfg.Token == "" {
		return errors.New("publishers.tiingo.token is missing: put the API token of tiingo.com there, or ${NAME} for a variable that has it")
	}
	if err := (tiingo.Config{Symbols: slices.Concat(cfg.Symbols, cfg.Funds)}).Check(); err != nil {
		return fmt.Errorf("publishers.tiingo: %w", err)
	}
	if len(cfg.Symbols)+len(cfg.Funds) == 0 {
		return errors.New("publishers.tiingo: neither symbols nor funds says what to ask for")
	}
	config := func(g *extract.Client) tiingo.Config {
		return tiingo.Config{Base: cfg.Base, Token: string(cfg.Token), Symbols: cfg.Symbols, Now: g.Now()}
	}
	requests := func(schemas.Window, time.Time) int64 { return int64(len(cfg.Symbols)) }
	if len(cfg.Symbols) > 0 {
		if err := addFetched(c, "tiingo:bars", tiingo.Publisher, cfg.Schedule, fetched[schemas.Bar]{
			table: schemas.Bars, schedule: slotsPrices, due: c.dueClose(), lag: lagPrices, method: "1", checks: c.barChecks(), requests: requests,
			kept: &kept[schemas.Bar]{pack: packBars, rows: storedBars},
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Bar], error) {
				return tiingo.Bars(g, config(g)), nil
			},
		}); err != nil {
			return err
		}
		if err := addFetched(c, "tiingo:actions", tiingo.Publisher, cfg.Schedule, fetched[schemas.Action]{
			table: schemas.Actions, schedule: slotsPrices, lag: lagPrices, method: "1", checks: []check[arrival[schemas.Action]]{rescaledActions()}, requests: requests,
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Action], error) {
				return tiingo.Actions(g, config(g)), nil
			},
		}); err != nil {
			return err
		}
	}
	for _, fund := range cfg.Funds {
		// All levels change with each dividend, so that they cannot be held against
		// those of the day before.
		if err := addFetched(c, "tiingo:"+fund, tiingo.PartPrefix+fund, cfg.Schedule, fetched[schemas.Observation]{
			table: schemas.Observations, schedule: slotsPrices, due: c.dueClose(), method: "1",
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Observation], error) {
				return tiingo.Levels(g, config(g)), nil
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) barChecks() []check[arrival[schemas.Bar]] {
	return []check[arrival[schemas.Bar]]{rescaled(closed), distance(closed, c.Calendar.IsSession)}
}

func (c *Catalog) addFiles() error {
	for _, f := range c.Config.Files {
		var err error
		switch f.Kind {
		case KindBars:
			err = addFetched(c, "files:"+f.Name, f.Name, f.Schedule, fetched[schemas.Bar]{
				table: schemas.Bars, schedule: slotsPrices, due: c.dueClose(), lag: lagPrices, method: "1", checks: c.barChecks(),
				kept: &kept[schemas.Bar]{pack: packBars, rows: storedBars},
				source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Bar], error) {
					return vendor.Bars(g, f.File), nil
				},
			})
		case KindActions:
			err = addFetched(c, "files:"+f.Name, f.Name, f.Schedule, fetched[schemas.Action]{
				table: schemas.Actions, schedule: slotsPrices, lag: lagActions, method: "1", checks: []check[arrival[schemas.Action]]{rescaledActions()},
				source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Action], error) {
					return vendor.Actions(g, f.File), nil
				},
			})
		case KindLevels:
			for _, part := range f.Parts {
				err = addFetched(c, "files:"+f.Name+":"+part, part, f.Schedule, fetched[schemas.Observation]{
					table: schemas.Observations, schedule: slotsPrices, due: c.dueClose(), method: "1", checks: []check[arrival[schemas.Observation]]{rescaled(observed)},
					source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Observation], error) {
						return vendor.Levels(g, f.File), nil
					},
				})
			}
		case KindShares:
			err = addFetched(c, "files:"+f.Name, f.Name, f.Schedule, fetched[schemas.ShareCount]{
				table: schemas.ShareCounts, schedule: slotsPrices, lag: lagActions, calm: calmFilings, reach: reachFilings, method: "1",
				source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.ShareCount], error) {
					return vendor.Shares(g, f.File), nil
				},
			})
		case KindEarnings:
			err = addFetched(c, "files:"+f.Name, f.Name, f.Schedule, fetched[schemas.Earning]{
				table: schemas.Earnings, schedule: slotsPrices, lag: lagActions, calm: calmFilings, reach: reachFilings, method: "1",
				source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Earning], error) {
					return vendor.Earnings(g, f.File), nil
				},
			})
		case KindRenames:
			err = addFetched(c, "files:"+f.Name, f.Name, f.Schedule, fetched[schemas.Rename]{
				table: schemas.Renames, schedule: slotsPrices, method: "1",
				source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Rename], error) {
					return vendor.Renames(g, f.File), nil
				},
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SandboxPath begins the path of a vendor file that the sandbox serves.
const SandboxPath = "sandbox:"

// UseBases points every configured publisher at another address, such as the
// sandbox's.
func (c *Config) UseBases(base func(publisher string) string) {
	for _, p := range publishers {
		for _, a := range p.block(&c.Publishers).addresses {
			*a.at = base(p.name) + a.sandbox
		}
	}
	for i := range c.Files {
		for k, path := range c.Files[i].Paths {
			if rest, ok := strings.CutPrefix(path, SandboxPath); ok {
				c.Files[i].Paths[k] = base("vendor") + rest
			}
		}
	}
}
