package sandbox_test

import (
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/extracttest"
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
	"tidemark/extract/yahoo"
	"tidemark/schemas"
)

// hold runs the manners of all sources against the sandbox.
func hold[T any](t *testing.T, publisher, secret string, w schemas.Window, date func(*T) schemas.Date, open func(g extract.Getter, base string) extract.Source[T]) {
	t.Helper()
	t.Run(publisher+" "+w.String(), func(t *testing.T) {
		t.Parallel()
		s := start(t, nil)
		extracttest.Manners[T]{
			New: func(g extract.Getter, base string) extract.Source[T] {
				return open(g, base+"/"+publisher)
			},
			Publisher: s.Handler(), Window: w, Date: date, Secret: secret,
		}.Hold(t)
	})
}

func TestSourcesKeepTheirMannersHere(t *testing.T) {
	t.Parallel()
	hold(t, "nyfed", "", year("SOFR", 2025), func(r *schemas.Rate) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Rate] {
			return nyfed.Rates(g, nyfed.Config{Base: base})
		})
	hold(t, "nyfed", "", year("nyfed", 2025), func(r *schemas.Operation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Operation] {
			return nyfed.Operations(g, nyfed.Config{Base: base})
		})
	hold(t, "nyfed", "", year(nyfed.Treasury, 2025), func(r *schemas.SOMAHolding) schemas.Date { return r.AsOf },
		func(g extract.Getter, base string) extract.Source[schemas.SOMAHolding] {
			return nyfed.Portfolio(g, nyfed.Config{Base: base}, days(day(2025, time.March, 5), day(2025, time.July, 2)))
		})
	hold(t, "h41", "", whole("h41"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return h41.Archive(g, h41.Config{Base: base})
		})
	hold(t, "fred", key, whole(fred.Part("WRESBAL")), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: base, Key: key})
		})
	hold(t, "fred", key, whole(fred.VintagePrefix+"WALCL"), func(r *schemas.Vintage) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Vintage] {
			return fred.Vintages(g, fred.Config{Base: base, Key: key})
		})
	hold(t, "fred", "", whole(fred.Part("RRPONTSYD")), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: base})
		})
	hold(t, "fiscaldata", "", year("dts", 2025), func(r *schemas.CashBalance) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.CashBalance] {
			return fiscaldata.OperatingCash(g, fiscaldata.Config{Base: base})
		})
	hold(t, "ishares", "", year("IVV", 2025), holdingDay, func(g extract.Getter, base string) extract.Source[schemas.Holding] {
		return ishares.Holdings(g, ishares.Config{Base: base, Days: days(day(2025, time.March, 31), day(2025, time.July, 4), day(2025, time.July, 31))})
	})
	hold(t, "ishares", "", year("IWC", 2025), holdingDay, func(g extract.Getter, base string) extract.Source[schemas.Holding] {
		return ishares.Holdings(g, ishares.Config{Base: base, Format: ishares.FormatCSV, Days: days(day(2025, time.March, 31))})
	})
	for _, fund := range []string{"SPY", "MDY", "SPSM"} {
		hold(t, "ssga", "", year(fund, 2025), holdingDay, func(g extract.Getter, base string) extract.Source[schemas.Holding] {
			return ssga.Holdings(g, ssga.Config{Base: base})
		})
	}
	hold(t, "sp500", "", whole("SP500"), func(r *schemas.Spell) schemas.Date { return r.From },
		func(g extract.Getter, base string) extract.Source[schemas.Spell] {
			return sp500.Spells(g, sp500.Config{Base: base})
		})
	hold(t, "sp500", "", whole("SP500"), func(r *schemas.Change) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Change] {
			return sp500.Changes(g, sp500.Config{Base: base})
		})
	hold(t, "sp500", "", whole("SP500"), func(r *schemas.Constituent) schemas.Date { return r.AsOf },
		func(g extract.Getter, base string) extract.Source[schemas.Constituent] {
			return sp500.Constituents(g, sp500.Config{Constituents: base + "/constituents.csv"})
		})
	hold(t, "polygon", key, year(polygon.Publisher, 2025), func(r *schemas.Bar) schemas.Date { return r.Session },
		func(g extract.Getter, base string) extract.Source[schemas.Bar] {
			return polygon.Bars(g, polygon.Config{Base: base, Key: key, Days: days(day(2025, time.March, 31), day(2025, time.July, 4), day(2025, time.July, 31))})
		})
	hold(t, "polygon", key, year(polygon.Publisher, 2025), func(r *schemas.Action) schemas.Date { return r.ExDate },
		func(g extract.Getter, base string) extract.Source[schemas.Action] {
			return polygon.Actions(g, polygon.Config{Base: base, Key: key})
		})
	hold(t, "tiingo", key, year(tiingo.Publisher, 2025), func(r *schemas.Bar) schemas.Date { return r.Session },
		func(g extract.Getter, base string) extract.Source[schemas.Bar] {
			return tiingo.Bars(g, tiingo.Config{Base: base, Token: key, Symbols: []string{"AAPL", "SPY"}})
		})
	hold(t, "tiingo", key, year(tiingo.Publisher, 2025), func(r *schemas.Action) schemas.Date { return r.ExDate },
		func(g extract.Getter, base string) extract.Source[schemas.Action] {
			return tiingo.Actions(g, tiingo.Config{Base: base, Token: key, Symbols: []string{"AAPL", "SPY"}})
		})
	hold(t, "tiingo", key, whole("fund:SPY"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return tiingo.Levels(g, tiingo.Config{Base: base, Token: key})
		})
	hold(t, "ofr", "", whole(ofr.Part("REPO-TRI_AR_OO-P")), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return ofr.Series(g, ofr.Config{Base: base})
		})
	hold(t, "stooq", key, whole("fund:SPY"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return stooq.Levels(g, stooq.Config{Base: base, Key: key, Series: map[string]string{"fund:SPY": "spy.us"}})
		})
	hold(t, "sec", "", year(sec.Publisher, 2025), func(r *schemas.ShareCount) schemas.Date { return r.Filed },
		func(g extract.Getter, base string) extract.Source[schemas.ShareCount] {
			return sec.Shares(g, sec.Config{Base: base, FilesBase: base, Contact: contact, Companies: 12})
		})
	hold(t, "sec", "", year(sec.Publisher, 2025), func(r *schemas.Earning) schemas.Date { return r.Filed },
		func(g extract.Getter, base string) extract.Source[schemas.Earning] {
			return sec.Earnings(g, sec.Config{Base: base, FilesBase: base, Contact: contact, Companies: 12})
		})
	hold(t, "yahoo", "", year(yahoo.Publisher, 2025), func(r *schemas.Bar) schemas.Date { return r.Session },
		func(g extract.Getter, base string) extract.Source[schemas.Bar] {
			return yahoo.Bars(g, yahoo.Config{Base: base, Symbols: []string{"AAPL", "SPY"}})
		})
	hold(t, "yahoo", "", year(yahoo.Publisher, 2025), func(r *schemas.Action) schemas.Date { return r.ExDate },
		func(g extract.Getter, base string) extract.Source[schemas.Action] {
			return yahoo.Actions(g, yahoo.Config{Base: base, Symbols: []string{"AAPL", "SPY"}})
		})
	hold(t, "yahoo", "", whole("fund:SPY"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return yahoo.Levels(g, yahoo.Config{Base: base, Series: map[string]string{"fund:SPY": "SPY"}})
		})
	for _, format := range []string{"csv.gz", "parquet"} {
		hold(t, "vendor", "", year("vendor", 2025), func(r *schemas.Bar) schemas.Date { return r.Session },
			func(g extract.Getter, base string) extract.Source[schemas.Bar] {
				return vendor.Bars(g, bars(base+"/bars/2025."+format))
			})
	}
	hold(t, "vendor", "", whole("vendor"), func(r *schemas.Action) schemas.Date { return r.ExDate },
		func(g extract.Getter, base string) extract.Source[schemas.Action] {
			return vendor.Actions(g, actions(base))
		})
	hold(t, "vendor", "", whole("index:SP600"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return vendor.Levels(g, levels(base, "close"))
		})
	hold(t, "vendor", "", whole("vendor"), func(r *schemas.Rename) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Rename] {
			return vendor.Renames(g, renames(base))
		})
}
