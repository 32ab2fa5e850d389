package sandbox_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"tidemark/extract/extracttest"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/nyfed"
	"tidemark/extract/ofr"
	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

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

func TestMoneyAgreesAcrossPublishers(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2024, time.January, 1) })
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

func TestTriPartyMarket(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sandbox.Config) { c.From = day(2023, time.January, 3) })
	cfg := ofr.Config{Base: s.Base("ofr")}
	rows := fetch(t, ofr.Series(extracttest.Client(t), cfg), whole(ofr.Part("REPO-TRI_AR_OO-P")))
	withheld := 0
	for _, r := range rows {
		want := s.Truth().Rate("TGCR", r.Date)
		switch {
		case !r.Value.OK:
			withheld++
		case want.OK && want != r.Value:
			t.Errorf("%v on %s, want %v", r.Value, r.Date, want)
		}
	}
	if len(rows) < 700 || withheld == 0 || withheld > 20 {
		t.Errorf("%d days, %d of them withheld", len(rows), withheld)
	}
	if says, err := ofr.Probe(t.Context(), extracttest.Client(t), cfg); err != nil || !strings.Contains(says, "%") {
		t.Errorf("the probe says %q, error %v", says, err)
	}
}

func TestVintagesOfASeries(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	g := extracttest.Client(t)
	cfg := fred.Config{Base: s.Base("fred"), Key: key}
	wednesday := day(2025, time.June, 11)
	before := fetch(t, fred.Vintages(g, cfg), whole(fred.VintagePrefix+"WALCL"))
	if err := s.ReviseObservation("RESPPMA_N.WW", wednesday, 6_600_000); err != nil {
		t.Fatal(err)
	}
	after := fetch(t, fred.Vintages(g, cfg), whole(fred.VintagePrefix+"WALCL"))
	var of []schemas.Vintage
	last := map[schemas.Date]schemas.Opt[float64]{}
	for _, v := range after {
		if v.Date == wednesday {
			of = append(of, v)
		}
		if v.KnownTo == schemas.NoDate {
			last[v.Date] = v.Value
		}
	}
	if len(after) != len(before)+1 || len(of) != 2 || of[0].KnownTo+1 != of[1].KnownFrom || of[0].KnownFrom != wednesday+1 || of[1].Value.V != 6_600_000 || of[0].Value == of[1].Value {
		t.Errorf("%d vintages after %d; of the day %+v", len(after), len(before), of)
	}
	now := fetch(t, fred.Series(g, cfg), whole(fred.Part("WALCL")))
	for _, r := range now {
		if last[r.Date] != r.Value {
			t.Errorf("FRED has %v on %s, ALFRED %v", r.Value, r.Date, last[r.Date])
		}
	}
	if len(now) != len(last) || len(now) < 40 {
		t.Errorf("FRED has %d days, ALFRED %d", len(now), len(last))
	}
}
