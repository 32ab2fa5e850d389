package sandbox_test

import (
	"math"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/nyfed"
	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

// These tests fetch from the sandbox with the sources that fetch from the real
// publishers, and hold what they read against what really happened.

func start(tb testing.TB, change func(*sandbox.Config)) *sandbox.Sandbox {
	tb.Helper()
	c := sandbox.Config{Seed: 11, Securities: 200, From: day(2024, time.January, 1), To: day(2025, time.December, 31)}
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

const key = "0123456789abcdef0123456789abcdef"

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
	hold(t, "h41", "", whole("h41"), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return h41.Archive(g, h41.Config{Base: base})
		})
	hold(t, "fred", key, whole(fred.Part("WRESBAL")), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: base, Key: key})
		})
	hold(t, "fred", "", whole(fred.Part("RRPONTSYD")), func(r *schemas.Observation) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return fred.Series(g, fred.Config{Base: base})
		})
	hold(t, "fiscaldata", "", year("dts", 2025), func(r *schemas.CashBalance) schemas.Date { return r.Date },
		func(g extract.Getter, base string) extract.Source[schemas.CashBalance] {
			return fiscaldata.OperatingCash(g, fiscaldata.Config{Base: base})
		})
}

func TestRatesAreThoseOfTheMarket(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	for _, name := range nyfed.RateNames() {
		rows := fetch(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: s.Base("nyfed")}), year(name, 2025))
		got := map[schemas.Date]schemas.Rate{}
		for _, r := range rows {
			got[r.Date] = r
		}
		for d := day(2025, time.January, 1); d.Year() == 2025; d++ {
			want := truth.Rate(name, d)
			if r, ok := got[d]; ok != want.OK || ok && r.Percent != want {
				t.Errorf("%s of %s is %v, want %v", name, d, r.Percent, want)
			}
		}
	}
}

func TestOperationsAreThoseOfTheMarket(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	rows := fetch(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Base: s.Base("nyfed")}), year("nyfed", 2025))
	repo, reverse, small := map[schemas.Date]int64{}, map[schemas.Date]int64{}, 0
	for _, o := range rows {
		switch {
		case o.Line > 0:
		case o.Type == schemas.OperationRepo:
			repo[o.Date] += o.TotalAccepted.V
		case o.CloseTime == "13:15":
			reverse[o.Date] += o.TotalAccepted.V
		default:
			small++
		}
	}
	for d := day(2025, time.January, 1); d.Year() == 2025; d++ {
		if want := truth.StandingRepo(d); repo[d] != want.V {
			t.Errorf("standing repo of %s is %d, want %d", d, repo[d], want.V)
		}
		if want := truth.OvernightReverseRepo(d); reverse[d] != want.V {
			t.Errorf("reverse repo of %s is %d, want %d", d, reverse[d], want.V)
		}
	}
	if small != 1 {
		t.Errorf("%d small-value exercises, want 1", small)
	}
}

// The statement, FRED's copy of it, the Treasury's own and the desk's operations
// must tell one story, and the statement must add up.
func TestMoneyAgreesAcrossPublishers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	truth := s.Truth()
	g := extracttest.Client(t)
	statement := map[string]map[schemas.Date]float64{}
	for _, o := range fetch(t, h41.Archive(g, h41.Config{Base: s.Base("h41")}), whole("h41")) {
		if !o.Value.OK {
			continue
		}
		if statement[o.Series] == nil {
			statement[o.Series] = map[schemas.Date]float64{}
		}
		statement[o.Series][o.Date] = o.Value.V
	}
	weeks := statement["RESPPMA_N.WW"]
	if len(weeks) != 105 {
		t.Fatalf("%d weeks, want 105", len(weeks))
	}
	for _, name := range h41.Series() {
		if len(statement[name]) == 0 && truth.Statement(name, day(2025, time.June, 4)).OK {
			t.Errorf("the statement of the sandbox lacks %s", name)
		}
	}
	at := func(name string, d schemas.Date) float64 {
		v, ok := statement[name][d]
		if !ok {
			t.Fatalf("no %s for %s", name, d)
		}
		return v
	}
	for d := range weeks {
		for _, x := range []string{"", "_XAW"} {
			n := func(code string) float64 { return at(code+x+"_N.WW", d) }
			credit := n("RESPPALG") + n("RESPPALSP") + n("RESPPALSD") + n("RESPPALGTR") + n("RESPPALD") + n("RESPPAAEH") + n("RESH4SCF") + n("RESH4SCS") + n("RESH4SO")
			for name, gap := range map[string]float64{
				"credit":    credit - n("RESH4SC"),
				"supplying": n("RESH4SC") + n("RESPPAOF") + n("RESTBMG") + n("RESPPAS") + n("RESTBMT") - n("RESH4S"),
				"reserves":  n("RESH4S") - n("RESH4A") - n("RESH4R"),
				"held":      n("RESPPALGUO") + n("RESPPALGAO") + n("RESPPALGASMO") - n("RESPPALG"),
				"reverse":   n("RESPPLLRF") + n("RESPPLLRD") - n("RESPPLLR"),
			} {
				if math.Abs(gap) > 3 {
					t.Errorf("%s of %s%s: off by %g", name, d, x, gap)
				}
			}
		}
		if gap := at("RESPPMLL_N.WW", d) + at("RESPPLC_N.WW", d) - at("RESPPMA_N.WW", d); gap != 0 {
			t.Errorf("assets of %s are off by %g", d, gap)
		}
		if at("RESH4R_N.WW", d) < 1e6 || at("RESPPLLDT_N.WW", d) <= 0 {
			t.Errorf("%s: reserves %g, Treasury's account %g", d, at("RESH4R_N.WW", d), at("RESPPLLDT_N.WW", d))
		}
		if want := truth.OvernightReverseRepo(d); want.OK && at("RESPPLLRD_N.WW", d) != float64(want.V/1e6) {
			t.Errorf("reverse repo of %s is %g, the operation %d", d, at("RESPPLLRD_N.WW", d), want.V)
		}
	}
	for id, name := range map[string]string{
		"WALCL": "RESPPMA_N.WW", "WRESBAL": "RESH4R_XAW_N.WW", "WRBWFRBL": "RESH4R_N.WW", "WDTGAL": "RESPPLLDT_N.WW",
		"WTREGEN": "RESPPLLDT_XAW_N.WW", "WLRRAOL": "RESPPLLRD_N.WW", "WCURCIR": "RESTBC_XAW_N.WW",
	} {
		rows := fetch(t, fred.Series(g, fred.Config{Base: s.Base("fred")}), whole(fred.Part(id)))
		if len(rows) != len(weeks) {
			t.Errorf("%s has %d rows, want %d", id, len(rows), len(weeks))
		}
		for _, o := range rows {
			if o.Value.V != statement[name][o.Date] {
				t.Errorf("%s of %s is %g, %s is %g", id, o.Date, o.Value.V, name, statement[name][o.Date])
			}
		}
	}
	days := 0
	for y := 2024; y <= 2025; y++ {
		for _, b := range fetch(t, fiscaldata.OperatingCash(g, fiscaldata.Config{Base: s.Base("fiscaldata")}), year("dts", y)) {
			closing, ok := b.Closing()
			if !ok {
				continue
			}
			days++
			if closing != truth.Cash(b.Date) {
				t.Errorf("the Treasury has %d on %s, want %d", closing, b.Date, truth.Cash(b.Date))
			}
			if v, wednesday := statement["RESPPLLDT_N.WW"][b.Date]; wednesday && v != float64(closing) {
				t.Errorf("the Treasury has %d on %s, the statement says %g", closing, b.Date, v)
			}
		}
	}
	if days < 490 {
		t.Errorf("%d closing balances in two years", days)
	}
}

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
	} {
		if line, err := probe(); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Log(line)
		}
	}
}
