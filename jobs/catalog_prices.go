package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tidemark/extract"
	"tidemark/extract/polygon"
	"tidemark/extract/sec"
	"tidemark/extract/stooq"
	"tidemark/extract/tiingo"
	"tidemark/extract/vendor"
	"tidemark/extract/yahoo"
	"tidemark/schemas"
)

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
	if err := c.addSymbols(tiingo.Publisher, cfg.Schedule, cfg.Symbols,
		func(g *extract.Client) extract.Source[schemas.Bar] { return tiingo.Bars(g, config(g)) },
		func(g *extract.Client) extract.Source[schemas.Action] { return tiingo.Actions(g, config(g)) }); err != nil {
		return err
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

// addSymbols makes the jobs of a publisher that is asked for prices and actions of
// symbol after symbol.
func (c *Catalog) addSymbols(publisher string, lines, symbols []string, bars func(*extract.Client) extract.Source[schemas.Bar], actions func(*extract.Client) extract.Source[schemas.Action]) error {
	if len(symbols) == 0 {
		return nil
	}
	requests := func(schemas.Window, time.Time) int64 { return int64(len(symbols)) }
	if err := addFetched(c, publisher+":bars", publisher, lines, fetched[schemas.Bar]{
		table: schemas.Bars, schedule: slotsPrices, due: c.dueClose(), lag: lagPrices, method: "1", checks: c.barChecks(), requests: requests,
		kept:   &kept[schemas.Bar]{pack: packBars, rows: storedBars},
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Bar], error) { return bars(g), nil },
	}); err != nil {
		return err
	}
	return addFetched(c, publisher+":actions", publisher, lines, fetched[schemas.Action]{
		table: schemas.Actions, schedule: slotsPrices, lag: lagPrices, method: "1", checks: []check[arrival[schemas.Action]]{rescaledActions()}, requests: requests,
		source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Action], error) {
			return actions(g), nil
		},
	})
}

func (c *Catalog) addYahoo() error {
	cfg := c.Config.Publishers.Yahoo
	if cfg == nil {
		return nil
	}
	if !cfg.Unofficial {
		return errors.New("publishers.yahoo: Yahoo promises nothing to programs, and its terms do not foresee them; say `unofficial: true` there if you want to ask it all the same")
	}
	if err := (yahoo.Config{Symbols: cfg.Symbols, Series: cfg.Series}).Check(); err != nil {
		return fmt.Errorf("publishers.yahoo: %w", err)
	}
	if len(cfg.Symbols)+len(cfg.Series) == 0 {
		return errors.New("publishers.yahoo: neither symbols nor series says what to ask for")
	}
	config := func(g *extract.Client) yahoo.Config {
		return yahoo.Config{Base: cfg.Base, Symbols: cfg.Symbols, Series: cfg.Series, Now: g.Now()}
	}
	if err := c.addSymbols(yahoo.Publisher, cfg.Schedule, cfg.Symbols,
		func(g *extract.Client) extract.Source[schemas.Bar] { return yahoo.Bars(g, config(g)) },
		func(g *extract.Client) extract.Source[schemas.Action] { return yahoo.Actions(g, config(g)) }); err != nil {
		return err
	}
	for _, part := range slices.Sorted(maps.Keys(cfg.Series)) {
		// As with other funds, all levels change with each dividend.
		if err := addFetched(c, "yahoo:"+part, part, cfg.Schedule, fetched[schemas.Observation]{
			table: schemas.Observations, schedule: slotsPrices, due: c.dueClose(), method: "1",
			source: func(_ context.Context, g *extract.Client) (extract.Source[schemas.Observation], error) {
				return yahoo.Levels(g, config(g)), nil
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
