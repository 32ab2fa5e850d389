package jobs

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// TestPricesOfTheWholeMarket builds the breadth of an index from prices that are
// asked for session by session, beside prices that come by the year: figures agree,
// and a second pass asks for the sessions alone that are not settled.
func TestPricesOfTheWholeMarket(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.Polygon = &Polygon{Key: "0123456789abcdef"}
	u := h.config.Universes[0]
	u.ID, u.Prices, u.Level, u.LevelBasis = "SPX_DAILY", []string{"polygon"}, "", ""
	h.config.Universes = append(h.config.Universes, u)
	h.Runner = h.open(t, h.engine, false)
	h.mustRun(t, Request{})
	breadth := func(universe string) map[schemas.Date]float64 {
		facts, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Breadth, clickhouse.Query{
			Where: "universe = {u:String} AND metric = 'adv' AND session >= '2025-02-01'", Args: []any{clickhouse.Named("u", universe)},
		})
		if err != nil {
			t.Fatal(err)
		}
		out := map[schemas.Date]float64{}
		for _, f := range facts {
			if f.Value.OK {
				out[f.Session] = f.Value.V
			}
		}
		return out
	}
	yearly, daily := breadth("SPX_MEMBERS"), breadth("SPX_DAILY")
	apart := 0
	for d, v := range yearly {
		if v != daily[d] {
			apart++ // a spin-off, of which the publisher knows nothing, or its first session
		}
		if math.Abs(v-daily[d]) > 2 {
			t.Errorf("on %s %g advance by the year and %g by the day", d, v, daily[d])
		}
	}
	if len(yearly) < 200 || len(daily) != len(yearly) || apart > 4 {
		t.Errorf("%d and %d sessions, %d of them apart", len(yearly), len(daily), apart)
	}

	before := grouped(h)
	h.clock.at = h.clock.at.Add(time.Hour)
	h.mustRun(t, Request{Jobs: []string{"polygon:bars"}, Force: true})
	if asked := grouped(h) - before; asked == 0 || asked > 6 {
		t.Errorf("a second pass asked for %d sessions", asked)
	}
}

// grouped is how many sessions of the whole market have been asked for.
func grouped(h *house) (n int) {
	for path, times := range h.box.Requests()["polygon"] {
		if strings.Contains(path, "/grouped/") {
			n += times
		}
	}
	return n
}

// TestDaysToComeAreNotAskedFor holds that days are left out and the calendar that
// they came from, which everybody shares, stays as it is.
func TestDaysToComeAreNotAskedFor(t *testing.T) {
	t.Parallel()
	cal, w := calendar.US(), schemas.CutYear.Window("x", schemas.NewDate(2025, time.June, 1))
	before := slices.Clone(cal.Sessions(w.From, w.To))
	sessions := func(w schemas.Window) []schemas.Date { return cal.Sessions(w.From, w.To) }
	for at, last := range map[time.Time]schemas.Date{
		newYorkTime(time.December, 5, 15, 59): schemas.NewDate(2025, time.December, 4),
		newYorkTime(time.December, 5, 16, 0):  schemas.NewDate(2025, time.December, 5),
		newYorkTime(time.December, 7, 12, 0):  schemas.NewDate(2025, time.December, 5),
	} {
		if got := over(sessions, cal.Close, at)(w); got[0] != before[0] || got[len(got)-1] != last {
			t.Errorf("at %s from %s to %s, want to %s", at, got[0], got[len(got)-1], last)
		}
	}
	if !slices.Equal(before, cal.Sessions(w.From, w.To)) {
		t.Error("the calendar has lost sessions")
	}
}

// TestPricesOfSomeSymbols asks two publishers for two symbols and levels: bars and
// actions are read from one answer each, or from one for all years.
func TestPricesOfSomeSymbols(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.Tiingo = &Tiingo{Token: "0123456789abcdef", Symbols: []string{"AAPL", "MSFT"}, Funds: []string{"SPY"}}
	h.config.Publishers.Yahoo = &Yahoo{Unofficial: true, Symbols: []string{"AAPL", "MSFT"}, Series: map[string]string{"fund:QQQ": "SPY", "index:LARGE": "^GSPC"}}
	h.Runner = h.open(t, h.engine, false)
	h.mustRun(t, Request{Jobs: []string{"tiingo:bars", "tiingo:actions", "tiingo:SPY", "yahoo:bars", "yahoo:actions", "yahoo:fund:QQQ", "yahoo:index:LARGE"}})
	for d, parts := range map[*schemas.Dataset][]string{
		&schemas.Bars.Dataset: {"tiingo", "yahoo"}, &schemas.Actions.Dataset: {"tiingo", "yahoo"}, &schemas.Observations.Dataset: {"fund:SPY", "fund:QQQ", "index:LARGE"},
	} {
		days, err := h.Warehouse.Days(t.Context(), *d)
		for _, part := range parts {
			if err != nil || days[part].Rows == 0 {
				t.Errorf("%s of %s: %+v, error %v", d, part, days[part], err)
			}
		}
	}
	for _, publisher := range []string{"tiingo", "yahoo"} {
		for path, n := range h.box.Requests()[publisher] {
			if n != 1 {
				t.Errorf("%s of %s was asked for %d times", path, publisher, n)
			}
		}
	}
}

// TestValuationFromFilings values an index by what companies have filed with the SEC,
// beside a vendor's file of the same: those of one class agree, and of those with
// several nobody has a count.
func TestValuationFromFilings(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.SEC = &SEC{Contact: "Example Research research@example.com", Companies: 500}
	h.config.Files = slices.DeleteFunc(h.config.Files, func(f File) bool { return f.Kind == KindShares || f.Kind == KindEarnings })
	h.Runner = h.open(t, h.engine, false)
	h.mustRun(t, Request{})
	facts, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Valuation, clickhouse.Query{
		Where: "universe = 'SPX_MEMBERS' AND metric = 'pe_agg'", Order: "session DESC", Limit: 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, f := range facts {
		if f.Value.OK && f.Value.V > 5 && f.Value.V < 100 {
			known++
		}
	}
	if known == 0 {
		t.Errorf("no valuation: %+v", facts)
	}
}

// TestRepoMarketOfTheMonitor fetches two series, of which one is of another unit.
func TestRepoMarketOfTheMonitor(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.OFR = &OFR{Series: []string{"REPO-TRI_AR_OO-P", "REPO-TRI_TV_OO-P"}}
	h.Runner = h.open(t, h.engine, false)
	h.mustRun(t, Request{Jobs: []string{"ofr:REPO-TRI_AR_OO-P", "ofr:REPO-TRI_TV_OO-P"}})
	rows, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Observations, clickhouse.Query{Where: "startsWith(source, 'ofr:')", Order: "source, obs_date"})
	if err != nil || len(rows) < 1000 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	if first, last := rows[0], rows[len(rows)-1]; first.Unit != "Percent" || last.Unit != "U.S. Dollars" || last.Status != "P" || last.Value.V < 1e11 {
		t.Errorf("the first is %+v, the last %+v", first, last)
	}
}

// TestVintagesOfTheFed fetches what was said of a series before and after a
// revision, which the publisher itself tells apart.
func TestVintagesOfTheFed(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.FRED.Key, h.config.Publishers.FRED.Vintages = "0123456789abcdef0123456789abcdef", []string{"WALCL"}
	h.Runner = h.open(t, h.engine, false)
	wednesday := schemas.NewDate(2025, time.June, 11)
	if err := h.box.ReviseObservation("RESPPMA_N.WW", wednesday, 6_600_000); err != nil {
		t.Fatal(err)
	}
	h.mustRun(t, Request{Jobs: []string{"alfred:WALCL"}})
	rows, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Vintages, clickhouse.Query{Where: "obs_date = '2025-06-11'", Order: "known_from"})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%+v, error %v", rows, err)
	}
	if was, is := rows[0], rows[1]; was.KnownTo+1 != is.KnownFrom || is.KnownTo != schemas.NoDate || is.Value.V != 6_600_000 || was.Value == is.Value {
		t.Errorf("it was %+v and is %+v", was, is)
	}
}

// TestLevelsOfFundsAndIndices fetches a fund and an index by the publisher's symbols.
func TestLevelsOfFundsAndIndices(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.config.Publishers.Stooq = &Stooq{Key: "0123456789abcdef", Series: map[string]string{"fund:SPY": "spy.us", "index:LARGE": "^spx"}}
	h.Runner = h.open(t, h.engine, false)
	h.mustRun(t, Request{Jobs: []string{"stooq:fund:SPY", "stooq:index:LARGE"}})
	days, err := h.Warehouse.Days(t.Context(), schemas.Observations.Dataset)
	if err != nil || days["fund:SPY"].Rows == 0 || days["index:LARGE"].Rows != days["fund:SPY"].Rows {
		t.Errorf("%+v, error %v", days, err)
	}
}

func TestPublishersThatWantAKey(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Publishers{
		"publishers.polygon.key":   {Polygon: &Polygon{}},
		"publishers.tiingo.token":  {Tiingo: &Tiingo{Symbols: []string{"SPY"}}},
		"publishers.fred.key":      {FRED: &FRED{Vintages: []string{"WALCL"}}},
		"publishers.stooq.key":     {Stooq: &Stooq{Series: map[string]string{"fund:SPY": "spy.us"}}},
		"brk-b.us and ^spx":        {Stooq: &Stooq{Key: "x", Series: map[string]string{"fund:SPY": "SPY"}}},
		"REPO-TRI_AR_OO-P":         {OFR: &OFR{Series: []string{"REPO-TRI_AR_OO"}}},
		"neither symbols nor":      {Tiingo: &Tiingo{Token: "x"}},
		"unofficial: true":         {Yahoo: &Yahoo{Symbols: []string{"SPY"}}},
		"neither symbols nor ser":  {Yahoo: &Yahoo{Unofficial: true}},
		"BRK-B and ^GSPC":          {Yahoo: &Yahoo{Unofficial: true, Symbols: []string{"brk.b"}}},
		"publishers.sec.contact":   {SEC: &SEC{Companies: 10}},
		"publishers.sec.companies": {SEC: &SEC{Contact: "Example Research research@example.com"}},
		"as in BRK-B":              {Tiingo: &Tiingo{Token: "x", Symbols: []string{"BRK.B"}}},
	} {
		if _, err := NewCatalog(Config{Publishers: p}, calendar.US()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error that says %q", p, err, want)
		}
	}
}
