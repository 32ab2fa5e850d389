package transform

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

const (
	energy     = 3
	financials = 4
	technology = 7
)

// basketOf makes the returns of one line per sector.
func basketOf(weights, returns map[int]float64) sectorReturns {
	var r sectorReturns
	for k := range sectorNames {
		if w, ok := weights[k]; ok {
			growth := schemas.None[float64]()
			if v, priced := returns[k]; priced {
				growth = schemas.Some(1 + v)
			}
			r.add(k, w, growth)
		}
	}
	return r
}

// Energy .2 (-.06), financials .3 (+.07), technology .5 (-.10): -4.1 %, where
// the plain gap, 3.8 % - 10.5 %, is -6.7 %.
func TestSectorNeutralGap(t *testing.T) {
	t.Parallel()
	large := basketOf(map[int]float64{energy: 0.2, financials: 0.3, technology: 0.5}, map[int]float64{energy: 0.10, financials: -0.05, technology: 0.20})
	small := basketOf(map[int]float64{energy: 0.5, financials: 0.4, technology: 0.1}, map[int]float64{energy: 0.04, financials: 0.02, technology: 0.10})
	g := sectorNeutral(&small, &large)
	near(t, "gap", g.value, -0.041, 1e-12)
	near(t, "coverage", g.coverage, 1, 1e-12)
	if g.used != 6 || g.excluded != 0 || len(g.leftOut) != 0 {
		t.Errorf("%+v", g)
	}

	// Without technology in the small the other weights are scaled up: (-.012 + .021)/.5.
	small = basketOf(map[int]float64{energy: 0.5, financials: 0.4, technology: 0.1}, map[int]float64{energy: 0.04, financials: 0.02})
	g = sectorNeutral(&small, &large)
	near(t, "gap without technology", g.value, 0.018, 1e-12)
	near(t, "coverage without technology", g.coverage, 0.5, 1e-12)
	if g.used != 4 || g.excluded != 2 || !slices.Equal(g.leftOut, []string{"information_technology"}) {
		t.Errorf("%+v", g)
	}

	// A sector that the large does not have is nobody's business.
	small = basketOf(map[int]float64{energy: 0.1, financials: 0.1, technology: 0.1, 0: 0.7}, map[int]float64{energy: 0.04, financials: 0.02, technology: 0.10, 0: 9})
	near(t, "gap with another sector", sectorNeutral(&small, &large).value, -0.041, 1e-12)
}

// Half of a sector's weight without prices covers half of the large's weight
// in it, whichever side it is; what has no sector takes part, and is no cover.
func TestSectorNeutralCoverage(t *testing.T) {
	t.Parallel()
	side := func(priced, unknown float64) sectorReturns {
		var r sectorReturns
		r.add(energy, (1-unknown)*priced, schemas.Some(1.1))
		r.add(energy, (1-unknown)*(1-priced), schemas.None[float64]())
		r.add(sectorUnknown, unknown, schemas.Some(1.2))
		return r
	}
	for _, c := range []struct{ small, large sectorReturns }{
		{side(0.5, 0), side(1, 0)},
		{side(1, 0), side(0.5, 0)},
		{side(0.5, 0), side(0.6, 0)},
		{side(1, 0.5), side(1, 0.1)},
		{side(1, 0.1), side(1, 0.5)},
	} {
		g := sectorNeutral(&c.small, &c.large)
		near(t, "coverage", g.coverage, 0.5, 1e-12)
		near(t, "gap", g.value, 0, 1e-12)
	}
	unknown := side(1, 1)
	if g := sectorNeutral(&unknown, &unknown); g.coverage != 0 {
		t.Errorf("files without sectors are covered: %+v", g)
	}
	if g := sectorNeutral(&sectorReturns{}, &sectorReturns{}); g.coverage != 0 || g.value != 0 {
		t.Errorf("nothing against nothing: %+v", g)
	}
}

func drawBasket(t *rapid.T, name string, sectors int, growth func(k int) float64) sectorReturns {
	var r sectorReturns
	var total float64
	n := rapid.IntRange(1, 4).Draw(t, name+" lines per sector")
	weights := rapid.SliceOfN(rapid.Float64Range(0.01, 1), n*sectors, n*sectors).Draw(t, name+" weights")
	for _, w := range weights {
		total += w
	}
	for i, w := range weights {
		r.add(i%sectors, w/total, schemas.Some(growth(i%sectors)))
	}
	return r
}

func TestSectorNeutralProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sectors := rapid.IntRange(1, sectorUnknown).Draw(t, "sectors")
		rate := rapid.SliceOfN(rapid.Float64Range(0.1, 3), sectors, sectors)
		a, b := rate.Draw(t, "growth of the small"), rate.Draw(t, "growth of the large")

		// Sectors that do the same on both sides leave no gap, whatever the weights.
		small := drawBasket(t, "small", sectors, func(k int) float64 { return b[k] })
		large := drawBasket(t, "large", sectors, func(k int) float64 { return b[k] })
		g := sectorNeutral(&small, &large)
		if math.Abs(g.value) > 1e-12 || math.Abs(g.coverage-1) > 1e-12 {
			t.Fatalf("same sector returns: gap %g, coverage %g", g.value, g.coverage)
		}

		// A large of one sector is compared with that sector of the small alone.
		small = drawBasket(t, "small", sectors, func(k int) float64 { return a[k] })
		k := rapid.IntRange(0, sectors-1).Draw(t, "sector")
		large = basketOf(map[int]float64{k: 1}, map[int]float64{k: b[k] - 1})
		if g := sectorNeutral(&small, &large); math.Abs(g.value-(a[k]-b[k])) > 1e-12 {
			t.Fatalf("one sector: gap %g, want %g", g.value, a[k]-b[k])
		}

		// The gap lies among those of the sectors.
		large = drawBasket(t, "large", sectors, func(k int) float64 { return b[k] })
		g = sectorNeutral(&small, &large)
		least, most := math.Inf(1), math.Inf(-1)
		for k := range sectors {
			least, most = min(least, a[k]-b[k]), max(most, a[k]-b[k])
		}
		if g.value < least-1e-12 || g.value > most+1e-12 {
			t.Fatalf("gap %g of sectors from %g to %g", g.value, least, most)
		}
	})
}

// pairMarket is a small and a large universe of three sectors over the turn of
// a year. By the file of 31 December, energy is .2 of the large, financials .3
// and technology .5.
func pairMarket(t *testing.T) *market {
	t.Helper()
	m := newMarket(t, 12, "2025-01-10")
	m.Universe = Universe{
		ID: "SMALL~LARGE", Funds: []string{"S"}, Prices: []string{"P"}, Against: "LARGE", AgainstFunds: []string{"L"}, AgainstPrices: []string{"P"},
	}
	m.Window = schemas.CutYear.Window(m.Universe.ID, day(t, "2025-01-10"))
	d := day(t, "2024-12-31")
	m.sectorFile(t, "L", d, "LE 20 Energy", "LF 30 Financials", "LT 25 Information Technology", "LU 25 Information Technology")
	m.sectorFile(t, "S", d, "SE 50 Energy", "SF 40 Financials", "ST 10 Information Technology")
	for symbol, end := range map[string]float64{"LE": 11, "LF": 9.5, "LT": 11, "LU": 13, "SE": 10.4, "SF": 10.2, "ST": 11} {
		closes := slices.Repeat([]float64{10}, 12)
		closes[11] = end
		m.closes(symbol, closes...)
	}
	slices.SortFunc(m.Bars, func(a, b schemas.Bar) int { return strings.Compare(a.Symbol, b.Symbol) })
	return m
}

// sectorFile adds a holdings file; a line is "ticker percent sector".
func (m *market) sectorFile(tb testing.TB, fund string, asOf schemas.Date, lines ...string) {
	tb.Helper()
	for i, text := range lines {
		f := strings.SplitN(text, " ", 3)
		m.Holdings = append(m.Holdings, schemas.Holding{
			Fund: fund, AsOf: asOf, Line: int64(i + 1), Ticker: f[0], Name: f[0], AssetClass: "Equity", Sector: f[2], Weight: number(tb, f[1]),
		})
	}
}

func (m *market) gaps(t *testing.T) (map[string]map[schemas.Date]schemas.Fact, []Finding) {
	t.Helper()
	facts, findings := Compute(schemas.SizeMembers.String(), m.inputs())
	return byMetric(facts), findings
}

// The worked example of the formula, from files and prices: -4.1 %.
func TestSectorGapOfMembers(t *testing.T) {
	t.Parallel()
	m := pairMarket(t)
	got, _ := m.gaps(t)
	for _, metric := range []string{"gap_sector_neutral_ytd_pr", "gap_sector_neutral_qtd_pr"} {
		near(t, metric, valueOf(t, got, metric, "2025-01-10"), -0.041, 1e-12)
		near(t, metric+" before the move", valueOf(t, got, metric, "2025-01-08"), 0, 1e-12)
		if n := len(got[metric]); n != 6 {
			t.Errorf("%s has facts on %d sessions, want those of the year, 6", metric, n)
		}
	}
	f := factOf(t, got, "gap_sector_neutral_ytd_pr", "2025-01-10")
	want := "base=2024-12-31; fund=S file=2024-12-31 scheme=gics2023; fund=L file=2024-12-31 scheme=gics2023"
	if f.Universe != "SMALL~LARGE" || f.Basis != "split_adj" || f.Members != 7 || f.Excluded != 0 || f.Coverage.V != 1 || f.Detail != want ||
		!f.KnownAt.Equal(m.Calendar.Close(f.Session)) {
		t.Errorf("%+v", f)
	}
	if f := factOf(t, got, "gap_sector_neutral_1y_pr", "2025-01-10"); f.Status != schemas.InsufficientHistory || f.Value.OK {
		t.Errorf("a year without prices: %+v", f)
	}
}

// A split, told by two publishers of actions, is no loss, and the company's
// new ticker no exit.
func TestSectorGapOverSplitAndRename(t *testing.T) {
	t.Parallel()
	m := pairMarket(t)
	last := m.sessions[11]
	for i := range m.Bars {
		if b := &m.Bars[i]; b.Symbol == "SE" && b.Session == last {
			b.Close, b.High, b.Low = b.Close/4, schemas.Some(b.Close/4), schemas.Some(b.Close/4)
			b.Symbol = "NEW"
		}
	}
	m.Renames = []schemas.Rename{{Date: last, Old: "SE", New: "NEW"}}
	for _, publisher := range []string{"P", "Q"} {
		m.Actions = append(m.Actions, schemas.Action{Publisher: publisher, Symbol: "NEW", ExDate: last, Kind: schemas.ActionSplit, Ratio: schemas.Some(4.0)})
	}
	got, _ := m.gaps(t)
	near(t, "gap", valueOf(t, got, "gap_sector_neutral_ytd_pr", "2025-01-10"), -0.041, 1e-12)
}

// A file of some days before the base is carried to it by the prices, so that
// the weights are those at the base.
func TestSectorGapCarriesTheFile(t *testing.T) {
	t.Parallel()
	m := pairMarket(t)
	for i := range m.Holdings {
		m.Holdings[i].AsOf = m.sessions[0] // when LT cost a third and LU as much as now
	}
	for i := range m.Bars {
		if b := &m.Bars[i]; b.Session == m.sessions[0] {
			switch b.Symbol {
			case "LT":
				b.Close = 10.0 / 3
			case "LU":
				b.Close = 10
			}
		}
	}
	got, _ := m.gaps(t)
	// Technology: the .25 of LT had become .75 and LU still was .25: weights .2 .3 1.0 of 1.5, return .75*.10 + .25*.30 = .15.
	near(t, "gap", valueOf(t, got, "gap_sector_neutral_ytd_pr", "2025-01-10"), (0.2*-0.06+0.3*0.07+1.0*(0.10-0.15))/1.5, 1e-12)
}

func TestSectorGapWithoutPrices(t *testing.T) {
	t.Parallel()
	without := func(symbol string, from schemas.Date) *market {
		m := pairMarket(t)
		m.Bars = slices.DeleteFunc(m.Bars, func(b schemas.Bar) bool { return b.Symbol == symbol && b.Session >= from })
		return m
	}
	const metric = "gap_sector_neutral_ytd_pr"
	// Half of technology, .25 of the large, has no price at all.
	got, _ := without("LU", 0).gaps(t)
	f := factOf(t, got, metric, "2025-01-10")
	if f.Status != schemas.LowCoverage || f.Value.OK || f.Excluded != 1 || f.Members != 6 || math.Abs(f.Coverage.V-0.75) > 1e-12 {
		t.Errorf("%+v", f)
	}
	// A fifth of the large, the whole sector of the small: just enough.
	got, _ = without("SE", 0).gaps(t)
	f = factOf(t, got, metric, "2025-01-10")
	near(t, "gap without energy", f.Value.V, (0.3*0.07+0.5*-0.10)/0.8, 1e-12)
	if f.Status != schemas.StatusPartial || f.Excluded != 2 || !strings.HasSuffix(f.Detail, "; left out: energy") {
		t.Errorf("%+v", f)
	}
	// A price is carried for five sessions: one that ended with the old year
	// still counts on 8 January and no longer on 10 January.
	m := without("SE", day(t, "2025-01-01"))
	got, _ = m.gaps(t)
	if f := factOf(t, got, metric, "2025-01-08"); f.Excluded != 0 || f.Status != schemas.StatusOK {
		t.Errorf("carried: %+v", f)
	}
	if f := factOf(t, got, metric, "2025-01-10"); f.Excluded != 2 {
		t.Errorf("no longer carried: %+v", f)
	}
}

func TestSectorGapSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	const metric = "gap_sector_neutral_ytd_pr"
	for name, c := range map[string]struct {
		change func(m *market)
		want   schemas.Status
	}{
		"no sectors": {func(m *market) {
			for i := range m.Holdings {
				m.Holdings[i].Sector = "-"
			}
		}, schemas.LowCoverage},
		"an old file": {func(m *market) {
			for i := range m.Holdings {
				if m.Holdings[i].Fund == "L" {
					m.Holdings[i].AsOf = m.sessions[0].AddDays(-60)
				}
			}
		}, schemas.StaleInput},
		"no file yet": {func(m *market) {
			for i := range m.Holdings {
				if m.Holdings[i].Fund == "S" {
					m.Holdings[i].AsOf = m.sessions[8]
				}
			}
		}, schemas.InsufficientHistory},
		"prices that take dividends into account": {func(m *market) {
			for i := range m.Bars {
				m.Bars[i].Adjustment = schemas.AdjustedSplitDividend
			}
		}, schemas.BadInput},
		"too much that is no share": {func(m *market) {
			for i := range m.Holdings {
				m.Holdings[i].Weight.V *= 0.9
			}
			for _, fund := range []string{"S", "L"} {
				m.Holdings = append(m.Holdings, schemas.Holding{Fund: fund, AsOf: m.Holdings[0].AsOf, Line: 9, Name: "USD", AssetClass: "Cash", Weight: schemas.Some(10.0)})
			}
		}, schemas.BadInput},
		"prices of one side only": {func(m *market) {
			m.Universe.AgainstPrices = []string{"Q"}
			for i := range m.Bars {
				if strings.HasPrefix(m.Bars[i].Symbol, "L") {
					m.Bars[i].Publisher = "Q"
				}
			}
			m.Bars = slices.DeleteFunc(m.Bars, func(b schemas.Bar) bool { return b.Publisher == "Q" && b.Session > m.sessions[9] })
		}, schemas.StaleInput},
	} {
		m := pairMarket(t)
		c.change(m)
		got, _ := m.gaps(t)
		if f := factOf(t, got, metric, "2025-01-10"); f.Status != c.want || f.Value.OK {
			t.Errorf("%s: status %s, want %s; %s", name, f.Status, c.want, f.Detail)
		}
	}
}

// What happens later changes nothing, nor does the order of the rows.
func TestSectorGapKnowsNoFuture(t *testing.T) {
	t.Parallel()
	m := pairMarket(t)
	whole, _ := m.gaps(t)
	rapid.Check(t, func(rt *rapid.T) {
		cut := *m
		cut.Bars = rapid.Permutation(m.Bars).Draw(rt, "bars")
		cut.Holdings = rapid.Permutation(m.Holdings).Draw(rt, "holdings")
		cut.Window.To = m.sessions[rapid.IntRange(7, 11).Draw(rt, "last session")] + 1
		got, _ := Compute(schemas.SizeMembers.String(), cut.inputs())
		if len(got) == 0 {
			rt.Fatal("no facts")
		}
		for _, f := range got {
			if f != whole[f.Metric][f.Session] {
				rt.Fatalf("%+v, want %+v", f, whole[f.Metric][f.Session])
			}
		}
	})
}

// What concerns both sides is found once.
func TestSectorGapFindsOnce(t *testing.T) {
	t.Parallel()
	m := pairMarket(t)
	m.Renames = []schemas.Rename{{Date: m.sessions[3], Old: "X", New: "Y"}, {Date: m.sessions[3], Old: "X", New: "Z"}}
	m.Bars = slices.DeleteFunc(m.Bars, func(b schemas.Bar) bool { return b.Symbol == "LU" })
	_, findings := m.gaps(t)
	count := make(map[string]int)
	for _, f := range findings {
		count[f.Check+" "+f.Security]++
	}
	if count["identity_rename X"] != 1 || count["prices_missing LU"] != 1 {
		t.Errorf("%v", count)
	}
}

// The basket of the recorded file of December 2024, carried to the year's end
// and held, is worth what the index was, 6,460.26 after 5,881.63, though two of its
// lines have no prices and nine are gone; and a universe leaves no gap to itself.
func TestRealSectorBasket(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	in.Universe = Universe{
		ID: "A~B", Index: "SP500", Funds: []string{"IVV"}, Prices: []string{"vendor"}, Against: "B", AgainstIndex: "SP500", AgainstFunds: []string{"IVV"}, AgainstPrices: []string{"vendor"},
	}
	in.Window = year(2025)
	end := day(t, "2025-08-29")
	side := newGapSide(&in, NewPanel(&in))
	if status := side.buy(day(t, "2024-12-31")); status != schemas.StatusOK {
		t.Fatal(status)
	}
	r, ok := side.returns(end)
	if !ok {
		t.Fatal("no prices")
	}
	var priced, value float64
	for k := range r.weight {
		priced, value = priced+r.priced[k], value+r.value[k]
	}
	t.Logf("%.4f of the weight has prices and became %.4f", priced, value/priced)
	if priced < 0.975 {
		t.Errorf("only %g of the weight has prices", priced)
	}
	near(t, "return of the basket", value/priced-1, 6460.26/5881.63-1, 0.003)

	facts, _ := Compute(schemas.SizeMembers.String(), &in)
	got := byMetric(facts)
	f := factOf(t, got, "gap_sector_neutral_ytd_pr", "2025-08-29")
	if f.Status != schemas.StatusOK || f.Value.V != 0 || f.Coverage.V < 0.975 {
		t.Errorf("%+v", f)
	}
	if f := factOf(t, got, "gap_sector_neutral_1y_pr", "2025-08-29"); f.Status != schemas.StaleInput { // no file of August 2024
		t.Errorf("%+v", f)
	}
}

// One year of 500 lines against 500, with the reading of four years of prices.
func BenchmarkSectorGaps(b *testing.B) {
	in := realMarket().get(b)
	in.Universe = Universe{
		ID: "A~B", Index: "SP500", Funds: []string{"IVV"}, Prices: []string{"vendor"}, Against: "B", AgainstIndex: "SP500", AgainstFunds: []string{"IVV"}, AgainstPrices: []string{"vendor"},
	}
	in.Window = year(2025)
	b.ReportAllocs()
	for b.Loop() {
		Compute(schemas.SizeMembers.String(), &in)
	}
}
