package tiingo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// Bars returns the source of raw.bar: the bars of the configured symbols, as
// traded, by symbol and session. A window without any is [extract.ErrNoData].
func Bars(g extract.Getter, cfg Config) extract.Source[schemas.Bar] {
	return extract.AtOnce[schemas.Bar](func(ctx context.Context, w schemas.Window) ([]schemas.Bar, error) {
		return eachSymbol(ctx, g, cfg, w, func(ticker, payload string, rows []Row) (out []schemas.Bar) {
			for _, r := range rows {
				out = append(out, schemas.Bar{
					Publisher: Publisher, Symbol: ticker, Session: r.Date, Open: schemas.Some(r.Open), High: schemas.Some(r.High), Low: schemas.Some(r.Low),
					Close: r.Close, Volume: schemas.Some(r.Volume), Adjustment: schemas.AdjustedNone, Payload: payload,
				})
			}
			return out
		})
	})
}

// Actions returns the source of raw.action: dividends and splits of the configured
// symbols, by symbol, day and kind. Ordinary and special dividends are not told
// apart. A window without any is [extract.ErrNoData].
func Actions(g extract.Getter, cfg Config) extract.Source[schemas.Action] {
	return extract.AtOnce[schemas.Action](func(ctx context.Context, w schemas.Window) ([]schemas.Action, error) {
		return eachSymbol(ctx, g, cfg, w, func(ticker, payload string, rows []Row) (out []schemas.Action) {
			for _, r := range rows {
				a := schemas.Action{Publisher: Publisher, Symbol: ticker, ExDate: r.Date, Payload: payload}
				if r.Dividend > 0 {
					a.Kind, a.Amount = schemas.ActionDividend, schemas.Some(r.Dividend)
					out = append(out, a)
				}
				if r.Split != 1 {
					a.Kind, a.Amount, a.Ratio = schemas.ActionSplit, schemas.None[float64](), schemas.Some(r.Split)
					out = append(out, a)
				}
			}
			return out
		})
	})
}

func eachSymbol[T any](ctx context.Context, g extract.Getter, cfg Config, w schemas.Window, read func(ticker, payload string, rows []Row) []T) ([]T, error) {
	if w.Part != Publisher {
		return nil, fmt.Errorf("tiingo: there is no part %q; the only one is %q", w.Part, Publisher)
	}
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("tiingo: %w", err)
	}
	var out []T
	for _, ticker := range slices.Compact(slices.Sorted(slices.Values(cfg.Symbols))) {
		rows, payload, err := cfg.rows(ctx, g, w, ticker)
		if err != nil {
			return nil, err
		}
		out = append(out, read(ticker, payload, rows)...)
	}
	if len(out) == 0 {
		return nil, noData(w)
	}
	return out, nil
}

// Levels returns the source of the parts of raw.observation that are levels of
// funds, with dividends reinvested: a window's Part is "fund:" and the ticker. They
// are in USD per share, so that the last of them is the price; each dividend
// changes all before it.
func Levels(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return extract.AtOnce[schemas.Observation](func(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
		ticker, ok := strings.CutPrefix(w.Part, PartPrefix)
		if !ok || !symbol(ticker) {
			return nil, fmt.Errorf("tiingo: %q is not the part of a fund, such as %q", w.Part, PartPrefix+"SPY")
		}
		rows, payload, err := cfg.rows(ctx, g, w, ticker)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, noData(w)
		}
		var out []schemas.Observation
		for _, r := range rows {
			out = append(out, schemas.Observation{
				Source: w.Part, Series: ticker, Date: r.Date, Value: schemas.Some(r.AdjClose), Unit: "USD per share", Multiplier: 1, Frequency: "Daily", Payload: payload,
			})
		}
		return out, nil
	})
}
