package transform

import (
	"math"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// threeLines is the market of WE-1.3: market values of 500, 300 and 200, and
// two days of prices.
func threeLines(tb testing.TB, last string) *market {
	tb.Helper()
	m := newMarket(tb, 3, last)
	for _, x := range []struct {
		symbol       string
		value        float64
		price, moves []float64
	}{
		{"X", 500, []float64{100}, []float64{0.02, -0.01}},
		{"Y", 300, []float64{100}, []float64{-0.01, 0.03}},
		{"Z", 200, []float64{100}, []float64{0.05, 0}},
	} {
		m.member(x.symbol)
		for _, r := range x.moves {
			x.price = append(x.price, x.price[len(x.price)-1]*(1+r))
		}
		m.closes(x.symbol, x.price...)
	}
	m.file(m.sessions[0], line("X", 50), line("Y", 30), line("Z", 20))
	return m
}

func TestLinking_WE1_3(t *testing.T) {
	t.Parallel()
	m := threeLines(t, "2025-06-30")
	a := newAttribution(m.inputs(), NewPanel(m.inputs()))
	near(t, "R_1", a.days[1].ret, 0.017, 1e-12)
	near(t, "R_2", a.days[2].ret, 0.00374631, 1e-8)
	near(t, "R", a.ret(0, 2), 0.02081, 1e-12)
	near(t, "k", carinoFactor(a.ret(0, 2)), 0.98973714, 1e-8)
	near(t, "k_1", a.carino[1], 0.99159512, 1e-8)
	near(t, "k_2", a.carino[2], 0.99813151, 1e-8)
	scale, slope := a.menchero(0, 2)
	near(t, "A", scale, 1.00517571, 1e-8)
	near(t, "A + a R_1", scale+slope*a.days[1].ret, 1.00272476, 1e-8)
	near(t, "A + a R_2", scale+slope*a.days[2].ret, 1.00463559, 1e-8)

	scales := a.scales(2, 3)
	w := newRowWriter(a, 2, 3, scales)
	ws := &windowScale{ok: true, base: 0, carino: 1 / carinoFactor(a.ret(0, 2)), scale: scale, slope: slope}
	var sums [4]float64
	for i, want := range []struct{ second, plain, held, carino, menchero float64 }{
		{-0.00501475, 0.00498525, 0.0049, 0.00496149, 0.00498925},
		{0.00876106, 0.00576106, 0.00591, 0.00582974, 0.00579350},
		{0, 0.01, 0.01, 0.01001877, 0.01002725},
	} {
		lo, _ := a.column(i)
		w.sum(lo, nil, &w.plain)
		w.sum(lo, a.carino, &w.carinoSums)
		w.sum(lo, a.returns, &w.product)
		got := w.linked(i, ws, 2)
		name := a.Securities[i]
		near(t, name+" on day 2", a.contribution(lo+2, 2), want.second, 5e-9)
		near(t, name+" plain sum", a.sum(w.plain[0], w.plain[1], 0, 2), want.plain, 5e-9)
		nearOpt(t, name+" bought and held", got.BuyHold, want.held, 5e-9)
		nearOpt(t, name+" Carino", got.Carino, want.carino, 5e-9)
		nearOpt(t, name+" Menchero", got.Menchero, want.menchero, 5e-9)
		for k, v := range []float64{a.sum(w.plain[0], w.plain[1], 0, 2), got.BuyHold.V, got.Carino.V, got.Menchero.V} {
			sums[k] += v
		}
	}
	near(t, "plain sum", sums[0], 0.02074631, 5e-9)
	for k, name := range []string{"bought and held", "Carino", "Menchero"} {
		near(t, name, sums[k+1], 0.02081, 1e-12)
	}
}

func TestShareOfReturn_WE1_4(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ ret, contribution, want float64 }{{0.1788, 0.0752, 0.4206}, {-0.02, -0.03, 1.5}, {-0.02, 0.01, -0.5}} {
		got, status := groupReturn{ret: x.ret, contribution: x.contribution}.share()
		if near(t, "share", got, x.want, 5e-5); status != schemas.StatusOK {
			t.Errorf("share of %v: %s", x.ret, status)
		}
	}
	if got, status := (groupReturn{ret: 0.0004, contribution: 0.0031}).share(); status != schemas.BelowMinAbsReturn {
		t.Errorf("share of 0.0004: %v, %s", got, status)
	}
	// The index provider's 2025: 42 % is of points, and the rest as a basket did better.
	g := linkGroup([]groupDay{{ret: 0.1788, contribution: 0.0752, weight: 0.335}})
	near(t, "points", g.exPoints(), 0.1036, 1e-12)
	nearOpt(t, "rescaled", g.rest, 0.1558, 5e-5)
	if whole := linkGroup([]groupDay{{ret: 0.1, contribution: 0.1, weight: 1}}); whole.rest.OK {
		t.Errorf("what is left of nothing returned %v", whole.rest.V)
	}
}

func TestPerformersAndContributors_WE1_5(t *testing.T) {
	t.Parallel()
	weights, returns := []float64{.40, .25, .15, .10, .06, .04}, []float64{.05, .08, -.02, .20, .30, .25}
	var lines []performer
	index := 0.0
	for i, w := range weights {
		lines = append(lines, performer{security: i, ret: returns[i], contrib: w * returns[i]})
		index += w * returns[i]
	}
	rankPerformers(lines)
	near(t, "R", index, 0.085, 1e-12)
	for place, security := range []int{0, 1, 3, 4, 5, 2} {
		if got := lines[security]; int(got.byContrib) != place {
			t.Errorf("place %d by contribution: %+v, want line %d", place, got, security)
		}
	}
	for place, security := range []int{4, 5, 3} {
		if got := lines[security]; int(got.byRet) != place {
			t.Errorf("place %d by return: %+v, want line %d", place, got, security)
		}
	}
	both := overlap(lines, 3)
	near(t, "overlap", float64(both), 1, 0)
	near(t, "overlap of K", float64(both)/3, 0.333333, 5e-7)
	near(t, "Jaccard", jaccard(both, 3), 0.2, 1e-12)
	nearOpt(t, "Spearman", rankCorrelation(lines), -0.085714, 5e-7)
	mean, mid := meanAndMedian(slices.Clone(returns))
	near(t, "equal-weighted", mean, 0.143333, 5e-7)
	near(t, "cap-weighted less equal-weighted", index-mean, -0.058333, 5e-7)
	near(t, "median", mid, 0.14, 1e-12)
	if got := rankCorrelation(lines[:1]); got.OK {
		t.Errorf("rank correlation of one line: %v", got.V)
	}
}

func TestLaggards(t *testing.T) {
	t.Parallel()
	got := lagging([]issuerReturn{
		{"AAPL", 0.5, 0.5 * 0.1}, {"AMZN", 0.5, 0.5 * 0.3}, {"GOOGL", 0.3 + 0.2, 0.3*0.05 + 0.2*0.20}, {"TSLA", 0, 0}, {"MSFT", 0.2, 0.2 * 0.1099},
	}, 0.11)
	if !slices.Equal(got.behind, []string{"AAPL", "MSFT"}) || got.compared != 4 || got.excluded != 1 {
		t.Errorf("got %+v; Alphabet's two lines made exactly the index's return", got)
	}
}

func TestActiveShare_WE1_6(t *testing.T) {
	t.Parallel()
	index := ranking.Weights{0.30, 0.25, 0.12, 0.10, 0.09, 0.08, 0.04, 0.02}
	near(t, "top 3", activeShare(topBasket(index, 3), index), 0.33, 1e-12)
	near(t, "top 5", activeShare(topBasket(index, 5), index), 0.14, 1e-12)
	for n := 1; n <= 10; n++ {
		near(t, "top "+strconv.Itoa(n), activeShare(topBasket(index, n), index), 1-index.Top(n), 1e-12)
	}
}

// drawnMarket is a market of random prices, dividends, splits, halts and
// changes of the index over a year's end, with two files of holdings.
func drawnMarket(t *rapid.T, at *market) *market {
	m := *at
	m.Bars, m.Holdings, m.Spells, m.Actions = nil, nil, nil, nil
	n := rapid.IntRange(1, 7).Draw(t, "lines")
	var files [2][]schemas.Holding
	second := rapid.IntRange(1, len(m.sessions)-1).Draw(t, "second file")
	for i := range n {
		symbol := "T" + strconv.Itoa(i)
		from, to := m.sessions[0].AddDays(-10), schemas.NoDate
		if i > 0 && rapid.IntRange(0, 3).Draw(t, "leaves") == 0 {
			to = m.sessions[rapid.IntRange(1, len(m.sessions)-1).Draw(t, "left")]
		}
		m.stay(symbol, from, to)
		price := rapid.Float64Range(5, 500).Draw(t, "price")
		for s := range m.sessions {
			price *= 1 + rapid.Float64Range(-0.15, 0.15).Draw(t, "move")
			if s > 0 && s < len(m.sessions)-1 && rapid.IntRange(0, 15).Draw(t, "event") == 0 {
				ratio := rapid.SampledFrom([]float64{0.1, 1.5, 3, 20}).Draw(t, "ratio")
				price /= ratio
				m.Actions = append(m.Actions, schemas.Action{Publisher: "P", Symbol: symbol, ExDate: m.sessions[s], Kind: schemas.ActionSplit, Ratio: schemas.Some(ratio)})
			} else if rapid.IntRange(0, 9).Draw(t, "dividend") == 0 {
				m.Actions = append(m.Actions, schemas.Action{Publisher: "P", Symbol: symbol, ExDate: m.sessions[s], Kind: schemas.ActionDividend, Amount: schemas.Some(price * 0.01)})
			} else if s > 0 && rapid.IntRange(0, 15).Draw(t, "halt") == 0 {
				continue
			}
			m.bar(symbol, s, price, 100)
		}
		for k := range files {
			files[k] = append(files[k], schemas.Holding{Ticker: symbol, MarketValue: schemas.Some(rapid.Float64Range(1, 1e6).Draw(t, "value"))})
		}
	}
	m.file(m.sessions[0], files[0]...)
	m.file(m.sessions[second], files[1]...)
	return &m
}

func TestInvariants3And4_ContributionsAddUp(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 20, "2025-01-15")
	rapid.Check(t, func(t *rapid.T) {
		m := drawnMarket(t, at)
		a := newAttribution(m.inputs(), NewPanel(m.inputs()))
		checkAttribution(t, a, 1e-9)
	})
}

// checkAttribution holds that contributions add up to the index's return, on
// each session and linked over windows of all lengths, and that what bought and
// held does so by each day at which the window may be cut.
func checkAttribution(t testingT, a *attribution, tolerance float64) {
	n := len(a.Sessions)
	w := newRowWriter(a, 0, n, nil)
	for s := 1; s < n; s++ {
		sum, weights := 0.0, 0.0
		for i := range a.Securities {
			sum += a.contribution(i*n+s, s)
			weights += a.weight[i*n+s]
		}
		if a.days[s].status.HasValue() && (math.Abs(sum-a.days[s].ret) > tolerance || math.Abs(weights-1) > 1e-9) {
			t.Errorf("%s: contributions add up to %v, the return is %v; weights to %v", a.Sessions[s], sum, a.days[s].ret, weights)
		}
	}
	ends := []int{n - 1, n / 2, max(a.first[len(a.first)-1], 1)}
	for _, end := range ends {
		for base := 0; base < end; base += 1 + n/25 {
			if !a.whole(base, end) {
				continue
			}
			index := 1.0
			for s := base + 1; s <= end; s++ {
				index *= 1 + a.days[s].ret
			}
			if math.Abs(a.ret(base, end)-(index-1)) > tolerance {
				t.Errorf("return over (%d, %d] is %v, want %v", base, end, a.ret(base, end), index-1)
			}
			scale, slope := a.menchero(base, end)
			ws := &windowScale{ok: true, base: base, carino: 1 / carinoFactor(a.ret(base, end)), scale: scale, slope: slope}
			var sums [3]float64
			middle := (base + end) / 2
			for i := range a.Securities {
				lo, _ := a.column(i)
				w.sum(lo, nil, &w.plain)
				w.sum(lo, a.carino, &w.carinoSums)
				w.sum(lo, a.returns, &w.product)
				l := w.linked(i, ws, end)
				for k, v := range []float64{l.BuyHold.V, l.Carino.V, l.Menchero.V} {
					sums[k] += v
				}
				if parts := a.heldOver(i, base, middle) + (1+a.ret(base, middle))*a.heldOver(i, middle, end); middle > base && math.Abs(parts-l.BuyHold.V) > tolerance {
					t.Errorf("%s over (%d, %d]: %v, in two parts %v", a.Securities[i], base, end, l.BuyHold.V, parts)
				}
				naive, value := 0.0, 1.0
				for s := base + 1; s <= end; s++ {
					naive += a.contribution(lo+s, s) * value
					value *= 1 + a.days[s].ret
				}
				if math.Abs(naive-l.BuyHold.V) > tolerance {
					t.Errorf("%s over (%d, %d]: %v, by the sum itself %v", a.Securities[i], base, end, l.BuyHold.V, naive)
				}
			}
			for k, name := range []string{"bought and held", "Carino", "Menchero"} {
				if math.Abs(sums[k]-(index-1)) > tolerance {
					t.Errorf("%s over (%d, %d]: contributions add up to %v, the return is %v", name, base, end, sums[k], index-1)
				}
			}
		}
	}
}

// testingT is a test, or one draw of a property test.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
}

// A name that is held throughout contributes its weight at the beginning times
// its return, where the weights drift with the prices and nobody joins, leaves
// or pays a dividend.
func TestInvariant3_BoughtAndHeldIsWeightTimesReturn(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 20, "2025-01-15")
	rapid.Check(t, func(t *rapid.T) {
		m := *at
		m.Bars, m.Holdings, m.Spells = nil, nil, nil
		var lines []schemas.Holding
		for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
			symbol := "T" + strconv.Itoa(i)
			m.member(symbol)
			price := rapid.Float64Range(5, 500).Draw(t, "price")
			for s := range m.sessions {
				price *= 1 + rapid.Float64Range(-0.15, 0.15).Draw(t, "move")
				m.bar(symbol, s, price, 100)
			}
			lines = append(lines, schemas.Holding{Ticker: symbol, MarketValue: schemas.Some(rapid.Float64Range(1, 1e6).Draw(t, "value"))})
		}
		m.file(m.sessions[0], lines...)
		a := newAttribution(m.inputs(), NewPanel(m.inputs()))
		last := len(a.Sessions) - 1
		base := rapid.IntRange(0, last-1).Draw(t, "base")
		for i := range a.Securities {
			ret := a.returnOver(i, base, last)
			want := a.weight[i*len(a.Sessions)+base+1] * ret.V
			if got := a.heldOver(i, base, last); !ret.OK || math.Abs(got-want) > 1e-9 {
				t.Errorf("%s since %d: %v, want %v", a.Securities[i], base, got, want)
			}
		}
	})
}

// However many work at a time, with whatever run-in and in whatever order the
// rows come, contributions are the same, bit for bit; and a window of months
// gives what the year gives.
func TestContributionsDoNotDependOnTheCut(t *testing.T) {
	m := syntheticMarket(t, 60, 640)
	for i := 0; i < 640; i += 21 { // a file each month
		var lines []schemas.Holding
		for _, h := range m.Holdings[:59] {
			h.MarketValue.V *= 1 + 0.01*float64(i%7)
			lines = append(lines, h)
		}
		m.file(m.sessions[i], lines...)
	}
	m.Actions = append(m.Actions,
		schemas.Action{Publisher: "P", Symbol: "S0003", ExDate: m.sessions[500], Kind: schemas.ActionDividend, Amount: schemas.Some(0.3)})
	for i := range m.Bars { // splits whose ratio has no end in binary, some of them late
		b := &m.Bars[i]
		b.Adjustment = schemas.AdjustedNone
		for k, at := range []int{450, 610, 635} {
			if b.Symbol == []string{"S0001", "S0002", "S0004"}[k] && b.Session >= m.sessions[at] {
				b.Close /= 3
			}
		}
	}
	for k, at := range []int{450, 610, 635} {
		m.Actions = append(m.Actions, schemas.Action{
			Publisher: "P", Symbol: []string{"S0001", "S0002", "S0004"}[k], ExDate: m.sessions[at], Kind: schemas.ActionSplit, Ratio: schemas.Some(3.0),
		})
	}
	m.Window.From = m.sessions[560]
	want := Contributions(m.inputs())
	daily := func(m *market) []schemas.Fact {
		facts, _ := Compute("facts.contribution_summary", m.inputs())
		more, _ := Compute("facts.dispersion", m.inputs())
		return append(facts, more...)
	}
	facts := daily(m)
	if len(want) < 60*79 || len(facts) < 79*(70+37) {
		t.Fatalf("%d rows and %d facts", len(want), len(facts))
	}
	linked := 0
	for _, r := range want {
		if r.Windows[3].BuyHold.OK {
			linked++
		}
	}
	if linked < len(want)*9/10 {
		t.Fatalf("only %d of %d rows are linked over a year", linked, len(want))
	}
	same := func(what string, rows []schemas.Contribution, fs []schemas.Fact) {
		t.Helper()
		first := rows[0].Session
		last := rows[len(rows)-1].Session
		var a []schemas.Contribution
		for _, r := range want {
			if r.Session >= first && r.Session <= last {
				a = append(a, r)
			}
		}
		if !reflect.DeepEqual(rows, a) {
			t.Errorf("%s: %d rows differ from %d", what, len(rows), len(a))
			for i := range min(len(rows), len(a)) {
				if !reflect.DeepEqual(rows[i], a[i]) {
					t.Errorf("first: %+v\nwant %+v", rows[i], a[i])
					break
				}
			}
		}
		var b []schemas.Fact
		for _, f := range facts {
			if f.Session >= first && f.Session <= last {
				b = append(b, f)
			}
		}
		if !reflect.DeepEqual(fs, b) {
			t.Errorf("%s: %d facts differ from %d", what, len(fs), len(b))
			for i := range min(len(fs), len(b)) {
				if !reflect.DeepEqual(fs[i], b[i]) {
					t.Errorf("first: %+v\nwant %+v", fs[i], b[i])
					break
				}
			}
		}
	}
	both := func(m *market) ([]schemas.Contribution, []schemas.Fact) {
		return Contributions(m.inputs()), daily(m)
	}
	was := runtime.GOMAXPROCS(1)
	rows, fs := both(m)
	runtime.GOMAXPROCS(was)
	same("one processor", rows, fs)

	short := *m
	since := m.sessions[560-Warmup("facts.contribution_summary")]
	short.Bars = slices.DeleteFunc(slices.Clone(m.Bars), func(b schemas.Bar) bool { return b.Session < since })
	short.Holdings = slices.DeleteFunc(slices.Clone(m.Holdings), func(h schemas.Holding) bool { return h.AsOf < since.AddDays(-maxFileAge) })
	rows, fs = both(&short)
	same("the run-in alone", rows, fs)

	part := *m
	part.Window.From, part.Window.To = m.sessions[570], m.sessions[600]
	rows, fs = both(&part)
	same("thirty sessions before the late splits", rows, fs)

	reversed := *m
	reversed.Bars, reversed.Holdings, reversed.Actions = slices.Clone(m.Bars), slices.Clone(m.Holdings), slices.Clone(m.Actions)
	slices.Reverse(reversed.Bars)
	slices.Reverse(reversed.Holdings)
	slices.Reverse(reversed.Actions)
	rows, fs = both(&reversed)
	same("rows in reverse", rows, fs)
}

func BenchmarkContributions(b *testing.B) {
	m := syntheticMarket(b, 3000, 532)
	m.repeatFile()
	m.Window.From = m.sessions[280]
	b.ReportAllocs()
	for b.Loop() {
		if rows := Contributions(m.inputs()); len(rows) < 700_000 {
			b.Fatal(len(rows))
		}
	}
}
