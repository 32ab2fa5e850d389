package yahoo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// Bars returns the source of raw.bar: the bars of the configured symbols, as traded,
// by symbol and session. A window without any is [extract.ErrNoData].
func Bars(g extract.Getter, cfg Config) extract.Source[schemas.Bar] {
	return eachSymbol(g, cfg, func(c Chart, payload string) (out []schemas.Bar) {
		for _, r := range c.AsTraded() {
			out = append(out, schemas.Bar{
				Publisher: Publisher, Symbol: c.Symbol, Session: r.Date, Open: r.Open, High: r.High, Low: r.Low,
				Close: r.Close, Volume: r.Volume, Adjustment: schemas.AdjustedNone, Payload: payload,
			})
		}
		return out
	}, func(r *schemas.Bar) schemas.Date { return r.Session })
}

// Actions returns the source of raw.action: dividends and splits of the configured
// symbols, by symbol, day and kind. Ordinary and special dividends are not told
// apart, and a spin-off is written as a split of an odd ratio. A window without any
// is [extract.ErrNoData].
func Actions(g extract.Getter, cfg Config) extract.Source[schemas.Action] {
	return eachSymbol(g, cfg, func(c Chart, payload string) (out []schemas.Action) {
		for _, e := range c.Dividends {
			out = append(out, schemas.Action{
				Publisher: Publisher, Symbol: c.Symbol, ExDate: e.Date, Kind: schemas.ActionDividend, Amount: schemas.Some(digits(e.Value * c.splitAfter(e.Date))), Payload: payload,
			})
		}
		for _, e := range c.Splits {
			out = append(out, schemas.Action{Publisher: Publisher, Symbol: c.Symbol, ExDate: e.Date, Kind: schemas.ActionSplit, Ratio: schemas.Some(e.Value), Payload: payload})
		}
		return out
	}, func(r *schemas.Action) schemas.Date { return r.ExDate })
}

func eachSymbol[T any](g extract.Getter, cfg Config, read func(c Chart, payload string) []T, day func(*T) schemas.Date) extract.Source[T] {
	return extract.AtOnce[T](func(ctx context.Context, w schemas.Window) ([]T, error) {
		if w.Part != Publisher {
			return nil, fmt.Errorf("yahoo: there is no part %q; the only one is %q", w.Part, Publisher)
		}
		if err := cfg.Check(); err != nil {
			return nil, fmt.Errorf("yahoo: %w", err)
		}
		var out []T
		for _, ticker := range slices.Compact(slices.Sorted(slices.Values(cfg.Symbols))) {
			c, payload, err := cfg.chart(ctx, g, w, ticker)
			if err != nil {
				return nil, err
			}
			for _, r := range read(c, payload) {
				if w.Contains(day(&r)) {
					out = append(out, r)
				}
			}
		}
		if len(out) == 0 {
			return nil, noData(w)
		}
		return out, nil
	})
}

// Levels returns the source of the parts of raw.observation that the configuration
// names: of funds in USD per share with dividends reinvested, so that the last of
// them is the price and each dividend changes all before it; of indices as they are.
func Levels(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return extract.AtOnce[schemas.Observation](func(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
		ticker, ok := cfg.Series[w.Part]
		if !ok {
			return nil, fmt.Errorf("yahoo: the configuration names no symbol for %q", w.Part)
		}
		if err := cfg.Check(); err != nil {
			return nil, fmt.Errorf("yahoo: %w", err)
		}
		c, payload, err := cfg.chart(ctx, g, w, ticker)
		if err != nil {
			return nil, err
		}
		unit := "USD per share"
		if strings.HasPrefix(w.Part, "index:") {
			unit = "Index"
		}
		var out []schemas.Observation
		for _, r := range c.Rows {
			out = append(out, schemas.Observation{
				Source: w.Part, Series: ticker, Date: r.Date, Value: schemas.Some(r.Adjusted), Unit: unit, Multiplier: 1, Frequency: "Daily", Payload: payload,
			})
		}
		if len(out) == 0 {
			return nil, noData(w)
		}
		return out, nil
	})
}
