package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/nyfed"
	"tidemark/extract/ofr"
	"tidemark/schemas"
)

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
	if len(cfg.Vintages) > 0 && cfg.Key == "" {
		return errors.New("publishers.fred.vintages: only the API tells them: put its key into publishers.fred.key")
	}
	for _, id := range cfg.Vintages {
		if err := addFetched(c, "alfred:"+id, fred.VintagePrefix+id, cfg.Schedule, fetched[schemas.Vintage]{
			table: schemas.Vintages, schedule: slotsFRED, method: "1",
			requests: func(schemas.Window, time.Time) int64 { return 2 },
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Vintage], error) {
				return fred.Vintages(g, fred.Config{Base: cfg.Base, Key: string(cfg.Key)}), nil
			},
		}); err != nil {
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
