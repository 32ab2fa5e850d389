package transform

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// TestWhoIsWho has a fund whose files tell of a class without a dot, a rename, cash
// that looks like a ticker, a line without one, and two lines under one.
func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	day := func(m time.Month, d int) schemas.Date { return schemas.NewDate(2022, m, d) }
	jan, jun, dec := day(time.January, 3), day(time.June, 9), day(time.December, 30)
	var holdings []schemas.Holding
	var lines []schemas.HoldingLine
	line := func(h schemas.Holding, first, last schemas.Date) {
		h.Fund = "F"
		lines = append(lines, schemas.HoldingLine{
			Fund: "F", Ticker: h.Ticker, Name: h.Name, Sector: h.Sector, AssetClass: h.AssetClass, CUSIP: h.CUSIP, ISIN: h.ISIN, First: first, Last: last, Line: int64(len(lines) + 1),
		})
		for _, d := range []schemas.Date{jan, jun, dec} {
			if d >= first && d <= last {
				h.AsOf, h.Line, h.MarketValue, h.Weight = d, int64(len(lines)), schemas.Some(100.0), schemas.None[float64]()
				holdings = append(holdings, h)
			}
		}
	}
	line(schemas.Holding{Ticker: "BRKB", Name: "BERKSHIRE HATHAWAY", AssetClass: "Equity", CUSIP: "084670702", ISIN: "US0846707026"}, jan, dec)
	line(schemas.Holding{Ticker: "FB", Name: "META PLATFORMS", AssetClass: "Equity", ISIN: "US30303M1027"}, jan, jan)
	line(schemas.Holding{Ticker: "META", Name: "META PLATFORMS", AssetClass: "Equity", ISIN: "US30303M1027"}, jun, dec)
	line(schemas.Holding{Ticker: "XTSLA", Name: "BLK CSH FND", AssetClass: "Money Market"}, jan, dec)
	line(schemas.Holding{Ticker: "", Name: "CONTRA HOLOGIC", AssetClass: "Equity", CUSIP: "436CVR021"}, dec, dec)
	line(schemas.Holding{Ticker: "GOLD", Name: "BARRICK", AssetClass: "Equity", ISIN: "CA0679011084"}, jan, dec)
	line(schemas.Holding{Ticker: "GOLD", Name: "GOLD COM INC", AssetClass: "Equity", ISIN: "US00181T1079"}, dec, dec)
	slices.SortStableFunc(holdings, func(a, b schemas.Holding) int { return int(a.AsOf) - int(b.AsOf) })
	in := Inputs{
		Universe: Universe{ID: "U", Index: "IX", Funds: []string{"F"}, Prices: []string{"P"}}, Window: schemas.CutYear.Window("U", jan), Calendar: calendar.US(),
		Holdings: holdings,
		Renames:  []schemas.Rename{{Source: "r", Date: jun, Old: "FB", New: "META"}},
		Spells:   []schemas.Spell{{Index: "IX", Symbol: "BRK.B", From: day(time.January, 1) - 4000, To: schemas.NoDate}, {Index: "IX", Symbol: "FB", From: day(time.January, 1) - 300, To: schemas.NoDate}},
		Listed: []Listing{
			{"P", "brk-b.us", jan - 10, dec},
			{"P", "META", jan - 10, dec},
			{"P", "ZZZZ", jan, dec},
			{"P", "FB", day(time.September, 1), dec}, // another company's, later
		},
	}
	type told struct{ Source, Symbol, Security, How, Issuer, First, Last string }
	var got []told
	for _, s := range Securities(&in, lines, false) {
		got = append(got, told{s.Source, s.Symbol, s.Security, s.How, s.Issuer, s.First.String()[5:], s.Last.String()})
	}
	const spelled = "as the source spells it"
	want := []told{
		{"holdings F", "XTSLA", "", "no share: the file's asset class is Money Market", "", "01-03", "none"},
		{"holdings F", "BRKB", "BRK.B", "BRKB is BRK.B without the dot, as no list has both and members IX has BRK.B", "cusip:084670", "01-03", "none"},
		{"members IX", "BRK.B", "BRK.B", spelled, "cusip:084670", "01-01", "none"},
		{"prices P", "brk-b.us", "BRK.B", "brk-b.us is written BRK.B", "cusip:084670", "01-01", "none"},
		{"holdings F", "GOLD", "GOLD", spelled, "cusip:067901", "01-03", "none"},
		{"holdings F", "FB", "META", "FB became META on 2022-06-09", "cusip:30303M", "01-03", "2022-01-03"},
		{"holdings F", "META", "META", spelled, "cusip:30303M", "06-09", "none"},
		{"members IX", "FB", "META", "FB became META on 2022-06-09", "cusip:30303M", "01-01", "none"},
		{"prices P", "META", "META", spelled, "cusip:30303M", "01-01", "none"},
		{"holdings F", "cusip:436CVR021", "cusip:436CVR021", "no ticker: the line goes by its CUSIP", "cusip:436CVR", "12-30", "none"},
		{"holdings F", "GOLD", "isin:US00181T1079", "the files also have BARRICK under this ticker, with ISIN CA0679011084: this line goes by its own ISIN", "cusip:00181T", "12-30", "none"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, s := range Securities(&in, lines, true) {
		if s.Last == schemas.NoDate || s.Last > in.Window.Last() {
			t.Errorf("once the year is over, the last day of %s of %s is %s", s.Symbol, s.Source, s.Last)
		}
	}
}
