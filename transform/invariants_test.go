package transform

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/transform/ranking"
	"tidemark/transform/series"
)

// drawCaps draws market values of lines, and who issued them.
func drawCaps(t *rapid.T) (values []float64, lines []int32, by issuers) {
	values = rapid.SliceOfN(rapid.Float64Range(0.001, 1e6), 1, 60).Draw(t, "caps")
	by.ids = make([]string, 41)
	for i := range values {
		lines = append(lines, int32(i))
		by.of = append(by.of, rapid.Int32Range(0, 40).Draw(t, "issuer"))
	}
	return values, lines, by
}

func TestInvariant1_WeightsDoNotDependOnScaleOrderOrSplits(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 2, "2025-06-30")
	rapid.Check(t, func(rt *rapid.T) {
		values, _, _ := drawCaps(rt)
		scale := rapid.Float64Range(1e-3, 1e3).Draw(rt, "scale")
		split := rapid.SampledFrom([]float64{0.1, 0.5, 1.5, 2, 3, 20}).Draw(rt, "split")
		compute := func(change func(m *market)) []schemas.Fact {
			m := *at
			m.Holdings, m.Bars = nil, nil
			for i, v := range values {
				h := schemas.Holding{Ticker: "T" + strconv.Itoa(i), MarketValue: schemas.Some(v)}
				m.file(m.sessions[0], append([]schemas.Holding(nil), h)...)
				m.Holdings[i].Line = int64(i)
				m.bar(h.Ticker, 0, 10+float64(i), 5)
				m.bar(h.Ticker, 1, 11+float64(i%3), 5)
			}
			change(&m)
			facts, _ := Compute("facts.concentration", m.inputs())
			return facts
		}
		plain := compute(func(*market) {})
		for name, change := range map[string]func(m *market){
			"scaled": func(m *market) {
				for i := range m.Holdings {
					m.Holdings[i].MarketValue.V *= scale
				}
			},
			"permuted": func(m *market) {
				slices.Reverse(m.Holdings)
				slices.Reverse(m.Bars)
			},
			"split": func(m *market) {
				m.Bars[1].Close /= split
				m.Actions = []schemas.Action{{Publisher: "P", Symbol: "T0", ExDate: m.sessions[1], Kind: schemas.ActionSplit, Ratio: schemas.Some(split)}}
			},
		} {
			got := compute(change)
			if len(got) != len(plain) || len(got) == 0 {
				rt.Fatalf("%s: %d facts, want %d", name, len(got), len(plain))
			}
			for i, f := range got {
				want := plain[i]
				if f.Metric != want.Metric || f.Status != want.Status || math.Abs(f.Value.V-want.Value.V) > 1e-9*max(1, math.Abs(want.Value.V)) {
					rt.Errorf("%s: %s is %v, want %v", name, f.Metric, f, want)
				}
			}
		}
		p := NewPanel(schemasInputs(at, values).inputs())
		if total := ranking.Sum(p.book.files["F"][0].weights); math.Abs(total-1) > 1e-9 {
			rt.Errorf("weights add up to %v", total)
		}
	})
}

// schemasInputs returns the market with one file of the given market values.
func schemasInputs(at *market, values []float64) *market {
	m := *at
	m.Holdings, m.Bars = nil, nil
	var lines []schemas.Holding
	for i, v := range values {
		lines = append(lines, schemas.Holding{Ticker: "T" + strconv.Itoa(i), MarketValue: schemas.Some(v)})
	}
	m.file(m.sessions[0], lines...)
	return &m
}

func TestInvariant2_Concentration(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values, lines, issuers := drawCaps(t)
		normalise(values)
		sec, iss := ranking.Ranked(values), ranking.Ranked(issuers.merge(lines, values))
		const slack = 1e-12
		for what, w := range map[string]ranking.Weights{"sec": sec, "iss": iss} {
			n, hhi := float64(len(w)), w.HHI()
			if hhi < 1/n-slack || hhi > 1+slack {
				t.Errorf("%s: HHI %v of %v", what, hhi, n)
			}
			for k := 1; k < len(w); k++ {
				if w.Top(k+1) < w.Top(k) {
					t.Errorf("%s: top %d below top %d", what, k+1, k)
				}
			}
			if math.Exp(w.Entropy()) < 1/hhi-1e-9 {
				t.Errorf("%s: exp(H) %v below 1/HHI %v", what, math.Exp(w.Entropy()), 1/hhi)
			}
			if g := w.Gini(); g < 0 || g > (n-1)/n+slack {
				t.Errorf("%s: Gini %v of %v", what, g, n)
			}
			if j := w.Evenness(w.Entropy()); j.OK && (j.V < 0 || j.V > 1+slack) {
				t.Errorf("%s: evenness %v", what, j.V)
			}
		}
		for k := 1; k <= len(sec); k++ {
			if iss.Top(k) < sec.Top(k)-slack {
				t.Errorf("top %d: %v by issuer, %v by line", k, iss.Top(k), sec.Top(k))
			}
		}
		if iss.HHI() < sec.HHI()-slack {
			t.Errorf("HHI: %v by issuer, %v by line", iss.HHI(), sec.HHI())
		}
	})
}

func TestInvariants5And7_Counts(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 12, "2025-06-30")
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, at)
		p := NewPanel(m.inputs())
		got := p.tally(0, len(p.Sessions), shortWindows)
		mirror := *m
		mirror.Bars = slices.Clone(m.Bars)
		for i := range mirror.Bars {
			b := &mirror.Bars[i]
			b.Close = 1000 / b.Close
			b.High, b.Low = schemas.Some(b.Close), schemas.Some(b.Close)
		}
		mirrored := NewPanel(mirror.inputs()).tally(0, len(p.Sessions), shortWindows)
		var mcc, mccMirrored series.McClellan
		for s, d := range got.days {
			if d.adv+d.dec+d.unch+d.noPrint+d.noPrev != d.members {
				t.Errorf("session %d: counts do not add up: %+v", s, d)
			}
			total := 0.0
			for _, b := range m.Bars {
				if b.Session == p.Sessions[s] {
					total += max(b.Volume.V, 0)
				}
			}
			if d.up+d.down > total {
				t.Errorf("session %d: up and down volume %v above the total %v", s, d.up+d.down, total)
			}
			for i := range d.above {
				if d.above[i] > d.averaged[i] || d.averaged[i] > d.members {
					t.Errorf("session %d: %+v", s, d)
				}
			}
			atHigh := 0
			for _, distance := range got.distances[s] {
				if distance > 0 || distance < -1 {
					t.Errorf("session %d: distance %v", s, distance)
				}
				atHigh += one(distance == 0)
			}
			if d.closes.high+d.closes.low > d.closes.of || len(got.distances[s]) != d.closes.of || atHigh < d.closes.high {
				t.Errorf("session %d: %+v, distances %v", s, d, got.distances[s])
			}
			if d.within2 > d.within10 || d.within10+d.below20 > d.closes.of {
				t.Errorf("session %d: %+v", s, d)
			}
			o := mirrored.days[s]
			if o.adv != d.dec || o.dec != d.adv || o.up != d.down || o.down != d.up || o.unch != d.unch {
				t.Errorf("session %d: mirrored %+v of %+v", s, o, d)
			}
			a, b := armsTerms{float64(d.adv), float64(d.dec), d.up, d.down}.index(), armsTerms{float64(o.adv), float64(o.dec), o.up, o.down}.index()
			if a.OK != b.OK || a.OK && math.Abs(a.V*b.V-1) > 1e-12 {
				t.Errorf("session %d: TRIN %v, mirrored %v", s, a, b)
			}
			mcc.Add(float64(d.adv - d.dec))
			mccMirrored.Add(float64(o.adv - o.dec))
			if math.Abs(mcc.Oscillator()+mccMirrored.Oscillator()) > 1e-9 {
				t.Errorf("session %d: oscillator %v, mirrored %v", s, mcc.Oscillator(), mccMirrored.Oscillator())
			}
		}
	})
}

func TestInvariant6_McClellan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m series.McClellan
		running := 0.0
		for i, x := range rapid.SliceOfN(rapid.Float64Range(-3000, 3000), 1, 300).Draw(t, "net advances") {
			before := m
			m.Add(x)
			running += m.Oscillator()
			if i == 0 {
				continue
			}
			if change := m.Summation(series.RawSummationBase) - before.Summation(series.RawSummationBase); math.Abs(change-m.Oscillator()) > 1e-9 {
				t.Errorf("day %d: the summation changes by %v at an oscillator of %v", i, change, m.Oscillator())
			}
		}
		if m.Days > 0 && math.IsNaN(running) {
			t.Error("not a number")
		}
	})
}

func TestQuantileIsType7(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ q, want float64 }{{0, 1}, {0.1, 1.3}, {0.25, 1.75}, {0.5, 2.5}, {0.95, 3.85}, {1, 4}} {
		near(t, fmt.Sprint(test.q), ranking.Quantile([]float64{1, 2, 3, 4}, test.q), test.want, 1e-12)
	}
	near(t, "median of one", median([]float64{7}), 7, 0)
}

// syntheticMarket has n members with prices over the given sessions, every
// tenth of them listed on the way, with holes.
func syntheticMarket(tb testing.TB, n, sessions int) *market {
	tb.Helper()
	m := newMarket(tb, sessions, "2025-06-30")
	m.Bars = make([]schemas.Bar, 0, n*sessions)
	seed := uint64(1)
	next := func() float64 { // xorshift, so that every run has the same market
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return float64(seed>>11) / (1 << 53)
	}
	var lines []schemas.Holding
	for i := range n {
		symbol := fmt.Sprintf("S%04d", i)
		m.member(symbol)
		price, from := 20+100*next(), 0
		if i%10 == 0 {
			from = int(next() * float64(sessions))
		}
		for s := from; s < sessions; s++ {
			price = math.Round(price*(1+0.03*(next()-0.499))*100) / 100
			price = max(price, 1)
			if next() < 0.002 || i%10 == 7 && s > sessions-300+i && s < sessions-300+i+10+i/3 {
				continue
			}
			m.Bars = append(m.Bars, schemas.Bar{
				Publisher: "P", Symbol: symbol, Session: m.sessions[s], High: schemas.Some(price * 1.01), Low: schemas.Some(price * 0.99), Close: price,
				Volume: schemas.Some(1e6 * next()), Adjustment: schemas.AdjustedSplit,
			})
		}
		lines = append(lines, schemas.Holding{Ticker: symbol, MarketValue: schemas.Some(1e6 + 1e9*next()*next()*next())})
	}
	m.file(m.sessions[max(0, sessions-58)], lines...)
	m.file(m.sessions[max(1, sessions-15)], lines[1:]...)
	return m
}

// However many work at a time, and in whatever order the rows come, the facts
// are the same, bit for bit.
func TestFactsDoNotDependOnTheMachineOrTheOrder(t *testing.T) {
	m := syntheticMarket(t, 150, 300)
	m.Window.From = m.sessions[260]
	want := make(map[string][]schemas.Fact)
	for _, table := range []string{"facts.breadth", "facts.concentration"} {
		want[table], _ = Compute(table, m.inputs())
	}
	t.Run("processors", func(t *testing.T) {
		was := runtime.GOMAXPROCS(1)
		defer runtime.GOMAXPROCS(was)
		for table, facts := range want {
			if got, _ := Compute(table, m.inputs()); !reflect.DeepEqual(got, facts) {
				t.Errorf("%s differs on one processor", table)
			}
		}
	})
	slices.Reverse(m.Bars)
	slices.Reverse(m.Holdings)
	slices.Reverse(m.Spells)
	for table, facts := range want {
		if got, _ := Compute(table, m.inputs()); len(facts) == 0 || !reflect.DeepEqual(got, facts) {
			t.Errorf("%s differs when the rows come in reverse", table)
		}
	}
}

// A window computed with the run-in that the family asks for equals the same
// sessions of a window computed with all history.
func TestRunInIsEnough(t *testing.T) {
	t.Parallel()
	m := syntheticMarket(t, 60, 640)
	for _, dataset := range []string{"facts.breadth", "facts.concentration"} {
		m.Window.From = m.sessions[600]
		all, _ := Compute(dataset, m.inputs())
		short := *m
		since := m.sessions[600-Warmup(dataset)]
		short.Bars = slices.DeleteFunc(slices.Clone(m.Bars), func(b schemas.Bar) bool { return b.Session < since })
		got, _ := Compute(dataset, short.inputs())
		if !reflect.DeepEqual(got, all) || len(got) == 0 {
			t.Errorf("%s: %d facts with the run-in alone, %d with all history", dataset, len(got), len(all))
			for i := range min(len(got), len(all)) {
				if !reflect.DeepEqual(got[i], all[i]) {
					t.Errorf("first difference: %+v, want %+v", got[i], all[i])
					break
				}
			}
		}
	}
}

func BenchmarkBreadth(b *testing.B) {
	m := syntheticMarket(b, 3000, 2520)
	m.Window.From = m.sessions[breadthWarmup]
	b.Run("panel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewPanel(m.inputs())
		}
		b.ReportMetric(float64(len(m.Bars))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mbars/s")
	})
	p := NewPanel(m.inputs())
	b.Run("facts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			breadthFacts(m.inputs(), p)
		}
		b.ReportMetric(float64(len(m.Bars))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mbars/s")
	})
}
