package sec

import (
	"context"
	"slices"

	"tidemark/extract"
	"tidemark/schemas"
)

// Shares returns the source of raw.share_count: the shares outstanding that
// companies have filed, by registrant number. A company with several classes of
// shares has none.
func Shares(g extract.Getter, cfg Config) extract.Source[schemas.ShareCount] {
	return extract.AtOnce[schemas.ShareCount](func(ctx context.Context, w schemas.Window) ([]schemas.ShareCount, error) {
		rows, err := all(ctx, g, cfg, w, SharesOutstanding, func(company string, f Figure, payload string) schemas.ShareCount {
			return schemas.ShareCount{Publisher: Publisher, Company: company, Filed: f.Filed, AsOf: f.End, Line: 1, Shares: f.Value, Payload: payload}
		})
		for i := 1; i < len(rows); i++ {
			if a, b := &rows[i-1], &rows[i]; a.Company == b.Company && a.Filed == b.Filed && a.AsOf == b.AsOf {
				b.Line = a.Line + 1
			}
		}
		if err == nil && len(rows) == 0 {
			err = noData(w)
		}
		return rows, err
	})
}

// Earnings returns the source of raw.earning: the net income that companies have
// filed in dollars, of quarters, years and the year so far. Where different figures
// were filed for one period on one day, nobody says which counts, and none is taken.
func Earnings(g extract.Getter, cfg Config) extract.Source[schemas.Earning] {
	return extract.AtOnce[schemas.Earning](func(ctx context.Context, w schemas.Window) ([]schemas.Earning, error) {
		rows, err := all(ctx, g, cfg, w, NetIncome, func(company string, f Figure, payload string) schemas.Earning {
			return schemas.Earning{Publisher: Publisher, Company: company, Filed: f.Filed, From: f.Start, Until: f.End, NetIncome: f.Value, Payload: payload}
		})
		type key struct {
			company            string
			filed, from, until schemas.Date
		}
		of := func(e *schemas.Earning) key { return key{e.Company, e.Filed, e.From, e.Until} }
		times := make(map[key]int, len(rows))
		for i := range rows {
			times[of(&rows[i])]++
		}
		rows = slices.DeleteFunc(rows, func(e schemas.Earning) bool { return times[of(&e)] > 1 })
		if err == nil && len(rows) == 0 {
			err = noData(w)
		}
		return rows, err
	})
}
