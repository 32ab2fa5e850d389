package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/ishares"
	"tidemark/extract/nyfed"
	"tidemark/extract/sandbox"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/extract/vendor"
	"tidemark/schemas"
)

// These tests fetch from the sandbox with the sources that fetch from the real
// publishers, and hold what they read against what really happened.

func start(tb testing.TB, change func(*sandbox.Config)) *sandbox.Sandbox {
	tb.Helper()
	c := sandbox.Config{Seed: 11, Securities: 80, From: day(2025, time.January, 2), To: day(2025, time.December, 31)}
	if change != nil {
		change(&c)
	}
	s, err := sandbox.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Start(""); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func day(year int, month time.Month, d int) schemas.Date { return schemas.NewDate(year, month, d) }

func year(part string, y int) schemas.Window {
	return schemas.CutYear.Window(part, day(y, time.January, 1))
}

func whole(part string) schemas.Window {
	return schemas.CutWhole.Window(part, day(2025, time.January, 1))
}

func fetch[T any](tb testing.TB, s extract.Source[T], w schemas.Window) []T {
	tb.Helper()
	rows, err := extracttest.All(tb, s, w)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

const (
	key     = "0123456789abcdef0123456789abcdef"
	contact = "Example Research research@example.com"
)

func holdingDay(r *schemas.Holding) schemas.Date { return r.AsOf }

// days asks for some days, whatever the window.
func days(list ...schemas.Date) func(schemas.Window) []schemas.Date {
	return func(schemas.Window) []schemas.Date { return list }
}

// The vendor's files as a configuration would describe them.

func bars(address string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindBars, Paths: []string{address}, Adjustment: schemas.AdjustedNone}
}

func actions(base string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindActions, Paths: []string{base + "/actions.csv"}}
}

func levels(base, column string) vendor.File {
	other := map[string]string{"close": "total_return", "total_return": "close"}[column]
	return vendor.File{
		Name: "vendor", Kind: vendor.KindLevels, Paths: []string{base + "/levels.csv"},
		Columns: map[string]string{"value": column}, Ignore: []string{other},
	}
}

func renames(base string) vendor.File {
	return vendor.File{Name: "vendor", Kind: vendor.KindRenames, Paths: []string{base + "/renames.csv"}}
}

// The statement, FRED's copy of it, the Treasury's own and the desk's operations
// must tell one story, and the statement must add up.
func TestEverySeriesOfTheCatalogueIsHere(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2021, time.January, 1) })
	g := extracttest.Client(t)
	for _, spec := range fred.Catalogue() {
		keyed := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred"), Key: key}), whole(fred.Part(spec.ID)))
		keyless := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred")}), whole(fred.Part(spec.ID)))
		if len(keyed) != len(keyless) {
			t.Errorf("%s: %d rows by the API, %d by the CSV", spec.ID, len(keyed), len(keyless))
		}
	}
}

func TestProbesAreContent(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	for name, probe := range map[string]func() (string, error){
		"nyfed": func() (string, error) { return nyfed.Probe(t.Context(), g, nyfed.Config{Base: s.Base("nyfed")}) },
		"h41":   func() (string, error) { return h41.Probe(t.Context(), g, h41.Config{Base: s.Base("h41")}) },
		"fred":  func() (string, error) { return fred.Probe(t.Context(), g, fred.Config{Base: s.Base("fred")}) },
		"fiscaldata": func() (string, error) {
			return fiscaldata.Probe(t.Context(), g, fiscaldata.Config{Base: s.Base("fiscaldata")})
		},
		"ishares": func() (string, error) { return ishares.Probe(t.Context(), g, ishares.Config{Base: s.Base("ishares")}) },
		"ssga":    func() (string, error) { return ssga.Probe(t.Context(), g, ssga.Config{Base: s.Base("ssga")}) },
		"sp500": func() (string, error) {
			return sp500.Probe(t.Context(), g, sp500.Config{Base: s.Base("sp500"), Constituents: s.Base("sp500") + "/constituents.csv"})
		},
	} {
		if line, err := probe(); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Log(line)
		}
	}
}

// The holdings of the three publishers, the lists of members and the levels
// must describe the same indices.
// What a day alone says must be what its year says of it.
func TestHoldingsByDayAndByYear(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	g := extracttest.Client(t)
	var some []schemas.Date
	for i, d := range truth.Sessions() {
		if d.Year() == 2025 && i%9 == 0 {
			some = append(some, d)
		}
	}
	byDay := func(d ...schemas.Date) []schemas.Holding {
		rows, err := extracttest.All(t, ishares.Holdings(g, ishares.Config{Base: s.Base("ishares"), Days: days(d...)}), year("IJR", 2025))
		if err != nil && !errors.Is(err, extract.ErrNoData) {
			t.Fatal(err)
		}
		return rows
	}
	var single []schemas.Holding
	for _, d := range some {
		rows := byDay(d)
		if missing := truth.HoldingsMissing("IJR", d); missing == (len(rows) > 0) {
			t.Errorf("%s: %d rows, missing: %v", d, len(rows), missing)
		}
		single = append(single, rows...)
	}
	if diff := cmp.Diff(single, byDay(some...)); diff != "" {
		t.Errorf("(-days +year):\n%s", diff)
	}
}

// TestMarketOfEachDay asks one publisher of prices day by day and another for the
// year: both saw the same trading, and the same actions but for spin-offs, of which
// the first knows nothing.
// TestSymbolBySymbol asks two publishers for symbols: they say what was traded, and
// every action but spin-offs; the fund's levels with dividends reinvested are the
// vendor's, up to scale.
// traded holds bars and actions of symbols against the market's own, closes and
// amounts within a part of them.
// TestFilingsOfCompanies asks one publisher by registrant number and another by
// symbol: both have the same counts, but for companies with several classes, and the
// same earnings.
// TestTriPartyMarket holds the monitor's rate against the reference rate of the same
// market: days that are withheld have a row without a value.
// TestVintagesOfASeries revises a figure of the Fed: ALFRED has both, with the days on
// which each was the one to be known, and what it has last is what FRED has.
