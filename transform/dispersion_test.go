package transform

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

func TestDispersion_WE2_9(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 2, "2025-06-30")
	weights, returns := []float64{40, 30, 20, 10}, []float64{.03, -.01, .02, -.06}
	var lines []schemas.Holding
	for i, r := range returns {
		symbol := "T" + strconv.Itoa(i)
		m.member(symbol)
		m.closes(symbol, 100, 100*(1+r))
		lines = append(lines, line(symbol, weights[i]))
	}
	m.file(m.sessions[0], lines...)
	got, last := m.facts(t, schemas.Dispersion.String()), m.sessions[1]
	got.want("dispersion_w_1", last, 0.02794638, 5e-9)
	got.want("dispersion_pop_1", last, 0.035, 1e-12)
	got.want("dispersion_sample_1", last, 0.04041452, 5e-9)
	got.want("ret_mean_1", last, -0.005, 1e-12)
	got.want("ret_median_1", last, 0.005, 1e-12)
	got.wantNone("dispersion_w_21", last, schemas.InsufficientHistory)
	got.wantNone("corr_implied_21", last, schemas.InsufficientHistory)
	r := newMemberReturns(newAttribution(m.inputs(), NewPanel(m.inputs())))
	near(t, "R", r.ret(0, 1), 0.007, 1e-12)
	for _, b := range []beating{r.live(0, 1), r.asOfBase(0, 1)} {
		if want := (beating{ahead: 2, of: 4, members: 4}); b != want {
			t.Errorf("beating %+v, want %+v", b, want)
		}
	}
}

func TestCorrelation_WE2_10(t *testing.T) {
	t.Parallel()
	var c comovement
	c.reset(5)
	for i, x := range []struct {
		weight, sd float64
		returns    []float64
	}{
		{.5, 0.00561249, []float64{.010, -.005, .002, .004, -.001}},
		{.3, 0.00439318, []float64{.008, -.002, -.001, .006, .001}},
		{.2, 0.00472229, []float64{-.003, .004, .002, -.006, .005}},
	} {
		_, sd := meanSD(x.returns)
		near(t, "standard deviation "+strconv.Itoa(i), sd, x.sd, 5e-9)
		c.add(x.weight, x.returns, sd)
	}
	c.finish()
	_, sd := meanSD(c.basket)
	near(t, "standard deviation of the basket", sd, 0.00331436, 5e-9)
	near(t, "mean of the pairs", c.pairMean(), -0.234731, 5e-7)
	nearOpt(t, "implied", c.implied(), 0.031671, 5e-7)
	nearOpt(t, "variance ratio", c.varianceRatio(), 0.427578, 5e-7)
}

// Of the members of today one has traded throughout and one has joined; of those
// of then one has ceased to trade and one has gaps.
func TestBeatingLiveAndPointInTime(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 22, "2025-06-30")
	rising, falling, halted := make([]float64, 22), make([]float64, 22), make([]float64, 22)
	for s := range rising {
		rising[s], falling[s], halted[s] = 100*math.Pow(1.01, float64(s)), 100*math.Pow(0.995, float64(s)), 100*math.Pow(1.02, float64(s))
	}
	clear(halted[5:14])
	ceased := slices.Clone(rising)
	clear(ceased[12:])
	for symbol, closes := range map[string][]float64{"UP": rising, "DOWN": falling, "HALT": halted, "NEW": rising, "GONE": ceased} {
		from, to := m.sessions[0].AddDays(-10), schemas.NoDate
		switch symbol {
		case "NEW":
			from = m.sessions[10]
		case "GONE":
			to = m.sessions[12]
		}
		m.stay(symbol, from, to)
		m.closes(symbol, closes...)
	}
	m.file(m.sessions[0], line("UP", 20), line("DOWN", 60), line("HALT", 10), line("GONE", 10))
	m.file(m.sessions[10], line("UP", 20), line("DOWN", 50), line("HALT", 10), line("GONE", 10), line("NEW", 10))
	r := newMemberReturns(newAttribution(m.inputs(), NewPanel(m.inputs())))
	// HALT has no returns while nobody knows what it is worth.
	if got, want := r.live(0, 21), (beating{ahead: 2, of: 3, members: 4}); got != want {
		t.Errorf("today's members: %+v, want %+v", got, want)
	}
	if got, want := r.asOfBase(0, 21), (beating{ahead: 2, of: 3, members: 4}); got != want {
		t.Errorf("members of then: %+v, want %+v", got, want)
	}
	near(t, "what remains of GONE", r.over(slices.Index(r.Securities, "GONE"), 0, 21), math.Pow(1.01, 11)-1, 1e-12)
}

// Members that move in step have a correlation of 1. Nothing is told of how
// prices move together that do not move, and none is ahead of an index that did
// what it did, however its sum is rounded.
func TestMembersInStep(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 22, "2025-06-30")
	var lines []schemas.Holding
	for i := range 7 {
		symbol := "T" + strconv.Itoa(i)
		m.member(symbol)
		closes := make([]float64, 22)
		for s := range closes {
			closes[s] = float64(3+i) * (1 + 0.01*math.Sin(float64(s)))
			if i == 6 {
				closes[s] = 12
			}
		}
		m.closes(symbol, closes...)
		lines = append(lines, line(symbol, 100.0/7))
	}
	m.file(m.sessions[0], lines...)
	got, last := m.facts(t, schemas.Dispersion.String()), m.sessions[21]
	got.want("corr_pair_mean_21", last, 1, 1e-9)
	got.want("corr_implied_21", last, 1, 1e-9)
	got.want("vol_ratio2_21", last, 1, 1e-9)
	got.want("pct_beating_21_live", last, 6.0/7, 1e-15) // six rose and one stood still
	got.want("pct_beating_21_pit", last, 6.0/7, 1e-15)

	m.Holdings = nil
	m.file(m.sessions[0], line("T5", 50), line("T6", 50))
	got = m.facts(t, schemas.Dispersion.String())
	got.want("pct_beating_21_live", last, 0.5, 1e-15)
	got.wantNone("corr_pair_mean_21", last, schemas.InsufficientHistory)
	if f := got.fact("corr_pair_mean_21", last); f.Members != 1 {
		t.Errorf("one member moves: %+v", f)
	}

	m.Holdings = nil
	m.file(m.sessions[0], line("T0", 30), line("T3", 30), line("T5", 40))
	m.Spells = slices.DeleteFunc(m.Spells, func(s schemas.Spell) bool { return !slices.Contains([]string{"T0", "T3", "T5"}, s.Symbol) })
	got = m.facts(t, schemas.Dispersion.String())
	got.want("pct_beating_21_live", last, 0, 0)
	got.want("pct_beating_21_pit", last, 0, 0)
}

// The figures of a window are those that its returns give one by one: the mean
// over all pairs of their correlations, and the weighted mean of them.
func TestCorrelationIsTheMeanOfThePairs(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 20, "2025-01-15")
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		m := drawnMarket(t, at)
		r := newMemberReturns(newAttribution(m.inputs(), NewPanel(m.inputs())))
		b := rapid.IntRange(0, 16).Draw(t, "base")
		end := rapid.IntRange(b+2, 19).Draw(t, "end")
		if end >= len(r.Sessions) {
			return // nobody traded in the end
		}
		f := factDay{session: r.Sessions[end]}
		x := newCorrelations(r)
		x.from = end
		x.workOut(0, end-b)
		r.addCorrelation(&f, correlationIDs("21"), b, end, &x.of[0][0])
		if !f.facts[0].Value.OK {
			return
		}
		type one struct {
			weight, sd float64
			returns    []float64
		}
		var lines []one
		for i := range r.Securities {
			lo, _ := r.column(i)
			if r.lines[lo+end] == lineIn && r.sessions(i, b, end) == end-b {
				returns := r.total[lo+b+1 : lo+end+1]
				_, sd := meanSD(returns)
				if sd < 1e-7 {
					return // and what is made of it, of nothing but rounding
				}
				lines = append(lines, one{r.weight[lo+end], sd, returns})
				near(t, "deviation", r.deviation(i, b, end), sd, 1e-9*sd)
			}
		}
		plain, weighted, weights, pairs := 0.0, 0.0, 0.0, 0.0
		for i := range lines {
			for _, o := range lines[:i] {
				both := lines[i].weight * lines[i].sd * o.weight * o.sd
				rho := correlation(lines[i].returns, o.returns)
				plain += rho
				weighted += both * rho
				weights += both
				pairs++
			}
		}
		compared++
		near(t, "mean of pairs", f.facts[0].Value.V, plain/pairs, 1e-9)
		// Where nearly all of the weight is one line's, rounding is all that is left of the others.
		if weights < 1e-6*x.c[0].linear*x.c[0].linear {
			return
		}
		lost := 1e-9 + 1e-12*x.c[0].linear*x.c[0].linear/weights
		near(t, "implied", f.facts[1].Value.V, weighted/weights, lost)
		// The ratio is above the implied correlation where that is positive.
		if implied, ratio := f.facts[1].Value.V, f.facts[2].Value.V; implied > 0 && ratio < implied-lost {
			t.Errorf("variance ratio %v below the implied correlation %v", ratio, implied)
		}
	})
	if compared < 20 {
		t.Errorf("only %d windows compared", compared)
	}
}

// correlation is Pearson's, from its definition.
func correlation(x, y []float64) float64 {
	mx, _ := meanSD(x)
	my, _ := meanSD(y)
	xy, xx, yy := 0.0, 0.0, 0.0
	for k := range x {
		xy += (x[k] - mx) * (y[k] - my)
		xx += (x[k] - mx) * (x[k] - mx)
		yy += (y[k] - my) * (y[k] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// Mean less median is the skew that stands with the contributions.
func TestMeanLessMedianOfReturns(t *testing.T) {
	t.Parallel()
	m := syntheticMarket(t, 40, 300)
	m.repeatFile()
	m.Window.From = m.sessions[280]
	returns, spread := m.facts(t, schemas.Dispersion.String()), m.facts(t, schemas.ContributionSummary.String())
	for _, d := range m.sessions[280:] {
		for _, w := range []string{"1", "21", "252"} {
			mean, mid := returns.fact("ret_mean_"+w, d), returns.fact("ret_median_"+w, d)
			if !mean.Value.OK || mean.Members < 30 {
				t.Fatalf("%+v", mean)
			}
			spread.want("mean_minus_median_"+w, d, mean.Value.V-mid.Value.V, 1e-15)
		}
	}
}

func BenchmarkDispersion(b *testing.B) {
	m := syntheticMarket(b, 3000, 532)
	m.repeatFile()
	m.Window.From = m.sessions[280]
	b.ReportAllocs()
	for b.Loop() {
		if facts, _ := Compute(schemas.Dispersion.String(), m.inputs()); len(facts) < 252*30 {
			b.Fatal(len(facts))
		}
	}
}
