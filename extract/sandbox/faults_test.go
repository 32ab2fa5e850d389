package sandbox_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
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
	"tidemark/extract/sandbox"
	"tidemark/extract/sec"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/extract/stooq"
	"tidemark/extract/tiingo"
	"tidemark/extract/vendor"
	"tidemark/extract/yahoo"
	"tidemark/schemas"
)

// probe is one fetch of one publisher.
type probe struct {
	name, publisher string
	window          schemas.Window
	fetch           func(ctx context.Context, g extract.Getter) (int, error)
	// plausible are the faults after which the answer could be right as far as
	// its format goes.
	plausible []sandbox.Kind
}

// count drains a source.
func count[T any](src extract.Source[T], w schemas.Window) func(ctx context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		n := 0
		for rows, err := range src.Fetch(ctx, w) {
			if err != nil {
				return n, err
			}
			n += len(rows)
		}
		return n, nil
	}
}

func probeOf[T any](name, publisher string, w schemas.Window, open func(extract.Getter) extract.Source[T], plausible ...sandbox.Kind) probe {
	return probe{name, publisher, w, func(ctx context.Context, g extract.Getter) (int, error) { return count(open(g), w)(ctx) }, plausible}
}

func probes(s *sandbox.Sandbox) []probe {
	return []probe{
		probeOf("rates", "nyfed", year("SOFR", 2025), func(g extract.Getter) extract.Source[schemas.Rate] {
			return nyfed.Rates(g, nyfed.Config{Base: s.Base("nyfed")})
		}),
		probeOf("operations", "nyfed", year("nyfed", 2025), func(g extract.Getter) extract.Source[schemas.Operation] {
			return nyfed.Operations(g, nyfed.Config{Base: s.Base("nyfed")})
		}),
		// XML grows by attributes.
		probeOf("archive", "h41", whole("h41"), func(g extract.Getter) extract.Source[schemas.Observation] {
			return h41.Archive(g, h41.Config{Base: s.Base("h41")})
		}, sandbox.ExtraColumn),
		// A series may begin on any day.
		probeOf("api", "fred", whole(fred.Part("WALCL")), func(g extract.Getter) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: s.Base("fred"), Key: key})
		}, sandbox.WrongDate),
		// What a unit is, the metadata tell; a series may begin on any day.
		probeOf("vintages", "fred", whole(fred.VintagePrefix+"WALCL"), func(g extract.Getter) extract.Source[schemas.Vintage] {
			return fred.Vintages(g, fred.Config{Base: s.Base("fred"), Key: key})
		}, sandbox.WrongUnit, sandbox.WrongDate),
		probeOf("csv", "fred", whole(fred.Part("WALCL")), func(g extract.Getter) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: s.Base("fred")})
		}, sandbox.WrongDate),
		probeOf("cash", "fiscaldata", year("dts", 2025), func(g extract.Getter) extract.Source[schemas.CashBalance] {
			return fiscaldata.OperatingCash(g, fiscaldata.Config{Base: s.Base("fiscaldata")})
		}),
		probeOf("json", "ishares", year("IWM", 2025), func(g extract.Getter) extract.Source[schemas.Holding] {
			return ishares.Holdings(g, ishares.Config{Base: s.Base("ishares"), Days: days(day(2025, time.March, 31))})
		}),
		probeOf("csv", "ishares", year("IWM", 2025), func(g extract.Getter) extract.Source[schemas.Holding] {
			return ishares.Holdings(g, ishares.Config{Base: s.Base("ishares"), Format: ishares.FormatCSV, Days: days(day(2025, time.March, 31))})
		}),
		// The newest workbook may be of any day.
		probeOf("workbook", "ssga", year("SPY", 2025), func(g extract.Getter) extract.Source[schemas.Holding] {
			return ssga.Holdings(g, ssga.Config{Base: s.Base("ssga")})
		}, sandbox.WrongDate),
		// Lists hold no figures, and days of any year.
		probeOf("spells", "sp500", whole("SP500"), func(g extract.Getter) extract.Source[schemas.Spell] {
			return sp500.Spells(g, sp500.Config{Base: s.Base("sp500")})
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// As above.
		probeOf("changes", "sp500", whole("SP500"), func(g extract.Getter) extract.Source[schemas.Change] {
			return sp500.Changes(g, sp500.Config{Base: s.Base("sp500")})
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// A member may have joined on any day.
		probeOf("constituents", "sp500", whole("SP500"), func(g extract.Getter) extract.Source[schemas.Constituent] {
			return sp500.Constituents(g, sp500.Config{Constituents: s.Base("sp500") + "/constituents.csv"})
		}, sandbox.WrongDate),
		probeOf("bars", "polygon", year(polygon.Publisher, 2025), func(g extract.Getter) extract.Source[schemas.Bar] {
			return polygon.Bars(g, polygon.Config{Base: s.Base("polygon"), Key: key, Days: days(day(2025, time.March, 31))})
		}),
		probeOf("bars", "tiingo", year(tiingo.Publisher, 2025), func(g extract.Getter) extract.Source[schemas.Bar] {
			return tiingo.Bars(g, tiingo.Config{Base: s.Base("tiingo"), Token: key, Symbols: []string{"AAPL"}})
		}),
		// A series may begin on any day.
		probeOf("levels", "tiingo", whole("fund:SPY"), func(g extract.Getter) extract.Source[schemas.Observation] {
			return tiingo.Levels(g, tiingo.Config{Base: s.Base("tiingo"), Token: key})
		}, sandbox.WrongDate),
		// A series may begin on any day.
		probeOf("levels", "stooq", whole("index:SPX"), func(g extract.Getter) extract.Source[schemas.Observation] {
			return stooq.Levels(g, stooq.Config{Base: s.Base("stooq"), Key: key, Series: map[string]string{"index:SPX": "^spx"}})
		}, sandbox.WrongDate),
		// A series may begin on any day.
		probeOf("bars", "yahoo", year(yahoo.Publisher, 2025), func(g extract.Getter) extract.Source[schemas.Bar] {
			return yahoo.Bars(g, yahoo.Config{Base: s.Base("yahoo"), Symbols: []string{"AAPL"}})
		}, sandbox.WrongDate),
		// A series may begin on any day, and be of a small part of the market.
		probeOf("volumes", "ofr", whole(ofr.Part("REPO-TRI_TV_OO-P")), func(g extract.Getter) extract.Source[schemas.Observation] {
			return ofr.Series(g, ofr.Config{Base: s.Base("ofr")})
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// Whether a figure is believable is not for its format to say.
		probeOf("earnings", "sec", year(sec.Publisher, 2025), func(g extract.Getter) extract.Source[schemas.Earning] {
			return sec.Earnings(g, sec.Config{Base: s.Base("sec"), FilesBase: s.Base("sec"), Contact: contact, Companies: 1})
		}, sandbox.WrongDate),
		// Whether a ratio or an amount is believable is not for the format to say.
		probeOf("actions", "polygon", year(polygon.Publisher, 2025), func(g extract.Getter) extract.Source[schemas.Action] {
			return polygon.Actions(g, polygon.Config{Base: s.Base("polygon"), Key: key})
		}, sandbox.WrongUnit),
		// Whether a price is believable is not for its format to say, and rows of
		// other years are left out.
		probeOf("gz", "vendor", year("vendor", 2025), func(g extract.Getter) extract.Source[schemas.Bar] {
			return vendor.Bars(g, bars(s.Base("vendor")+"/bars/2025.csv.gz"))
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// As above.
		probeOf("parquet", "vendor", year("vendor", 2025), func(g extract.Getter) extract.Source[schemas.Bar] {
			return vendor.Bars(g, bars(s.Base("vendor")+"/bars/2025.parquet"))
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// As above.
		probeOf("actions", "vendor", whole("vendor"), func(g extract.Getter) extract.Source[schemas.Action] {
			return vendor.Actions(g, actions(s.Base("vendor")))
		}, sandbox.WrongUnit, sandbox.WrongDate),
		// As above, and the series stands before the cut.
		probeOf("levels", "vendor", whole("index:SPX"), func(g extract.Getter) extract.Source[schemas.Observation] {
			return vendor.Levels(g, levels(s.Base("vendor"), "close"))
		}, sandbox.Truncated, sandbox.WrongUnit, sandbox.WrongDate),
		// As above.
		probeOf("renames", "vendor", whole("vendor"), func(g extract.Getter) extract.Source[schemas.Rename] {
			return vendor.Renames(g, renames(s.Base("vendor")))
		}, sandbox.WrongUnit, sandbox.WrongDate),
	}
}

// eachProbe runs a subtest for every source, each with a sandbox of its own.
func eachProbe(t *testing.T, run func(t *testing.T, s *sandbox.Sandbox, p probe, i int)) {
	t.Helper()
	for i, p := range probes(start(t, nil)) {
		t.Run(p.publisher+" "+p.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			run(t, s, probes(s)[i], i)
		})
	}
}

func asked(s *sandbox.Sandbox, publisher string) int {
	n := 0
	for _, times := range s.Requests()[publisher] {
		n += times
	}
	return n
}

func TestPassingFaultsAreRiddenOut(t *testing.T) {
	t.Parallel()
	kinds := []sandbox.Kind{
		sandbox.TooMany, sandbox.TooManySeconds, sandbox.TooManyDate, sandbox.ServerError, sandbox.Unavailable,
		sandbox.Cut, sandbox.Reset, sandbox.Slow,
	}
	// All sources ask with the same client, so three kinds for each will do.
	eachProbe(t, func(t *testing.T, s *sandbox.Sandbox, p probe, i int) {
		t.Helper()
		want, err := p.fetch(t.Context(), extracttest.Client(t))
		if err != nil || want == 0 {
			t.Fatalf("without faults: %d rows, %v", want, err)
		}
		for _, k := range []sandbox.Kind{kinds[i%len(kinds)], kinds[(i+3)%len(kinds)], kinds[(i+5)%len(kinds)]} {
			before := asked(s, p.publisher)
			s.Inject(sandbox.Fault{Publisher: p.publisher, Kind: k, Times: 1, Wait: time.Millisecond})
			got, err := p.fetch(t.Context(), extracttest.Client(t))
			if err != nil || got != want {
				t.Errorf("%s: %d rows, %v; want %d", k, got, err, want)
			}
			if k != sandbox.Slow && asked(s, p.publisher) < before+2 {
				t.Errorf("%s: not asked again", k)
			}
		}
	})
}

func TestRottenAnswersAreRefused(t *testing.T) {
	t.Parallel()
	eachProbe(t, func(t *testing.T, s *sandbox.Sandbox, p probe, _ int) {
		t.Helper()
		for _, k := range []sandbox.Kind{
			sandbox.Truncated, sandbox.HTML, sandbox.Empty, sandbox.RenamedColumn, sandbox.ExtraColumn, sandbox.WrongUnit,
			sandbox.NotANumber, sandbox.TooLarge, sandbox.WrongDate,
		} {
			if slices.Contains(p.plausible, k) {
				continue
			}
			s.Clear()
			s.Inject(sandbox.Fault{Publisher: p.publisher, Kind: k})
			n, err := p.fetch(t.Context(), extracttest.Client(t))
			broken, ok := errors.AsType[*extract.ContractError](err)
			if !ok || n > 0 {
				t.Errorf("%s: %d rows, %v; want a ContractError", k, n, err)
				continue
			}
			if broken.Publisher != p.publisher || broken.Window != p.window || broken.What == "" {
				t.Errorf("%s: %v does not name publisher, window and cause", k, err)
			}
		}
	})
}

func TestBombsAndForeignHostsAreRefused(t *testing.T) {
	// Not in parallel: memory is measured.
	for i, p := range probes(start(t, nil)) {
		t.Run(p.publisher+" "+p.name, func(t *testing.T) {
			s := start(t, nil)
			p := probes(s)[i]
			for _, k := range []sandbox.Kind{sandbox.GzipBomb, sandbox.ArchiveBomb, sandbox.ForeignRedirect} {
				s.Clear()
				s.Inject(sandbox.Fault{Publisher: p.publisher, Kind: k})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				n, err := p.fetch(t.Context(), extracttest.Client(t))
				runtime.ReadMemStats(&after)
				if err == nil || n > 0 {
					t.Errorf("%s: %d rows, %v", k, n, err)
					continue
				}
				if !strings.HasPrefix(err.Error(), p.publisher+": ") {
					t.Errorf("%s: %v does not name the publisher", k, err)
				}
				// Both sides of the connection are in here.
				if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<20 {
					t.Errorf("%s: %d MB were allocated", k, grown>>20)
				}
			}
		})
	}
}

func TestStalledAnswerEndsWithItsReader(t *testing.T) {
	t.Parallel()
	eachProbe(t, func(t *testing.T, s *sandbox.Sandbox, p probe, _ int) {
		t.Helper()
		s.Inject(sandbox.Fault{Publisher: p.publisher, Kind: sandbox.Stall})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for asked(s, p.publisher) == 0 && t.Context().Err() == nil {
				runtime.Gosched()
			}
			cancel()
		}()
		if n, err := p.fetch(ctx, extracttest.Client(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%d rows, %v, want context.Canceled", n, err)
		}
	})
}

func TestFaultsAreCountedAndMatched(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.Inject(sandbox.Fault{Publisher: "fred", Match: "id=WALCL", Kind: sandbox.HTML, Times: 1})
	g := extracttest.Client(t)
	series := fred.Series(g, fred.Config{Base: s.Base("fred")})
	if _, err := extracttest.All(t, series, whole(fred.Part("SOFR"))); err != nil {
		t.Errorf("another series: %v", err)
	}
	if _, err := extracttest.All(t, series, whole(fred.Part("WALCL"))); err == nil {
		t.Error("the fault did not strike")
	}
	if _, err := extracttest.All(t, series, whole(fred.Part("WALCL"))); err != nil {
		t.Errorf("the fault struck more than once: %v", err)
	}
}
