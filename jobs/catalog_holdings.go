package jobs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/extract/ishares"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/schemas"
)

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
