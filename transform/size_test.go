package transform

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

const tolerance = 1e-6

// levels makes observations of one source from pairs of day and value.
func levels(t *testing.T, source string, pairs ...any) []schemas.Observation {
	t.Helper()
	var out []schemas.Observation
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, schemas.Observation{
			Source: source, Series: source, Date: day(t, pairs[i].(string)), Value: schemas.Some(pairs[i+1].(float64)), Unit: "index", Multiplier: 1,
		})
	}
	return out
}

// onSessions makes a level of consecutive sessions.
func onSessions(from schemas.Date, values ...float64) level {
	l := level{suffix: "pr", basis: "index_pr"}
	d := from - 1
	for _, v := range values {
		d = calendar.US().NextSession(d)
		l.days, l.value = append(l.days, d), append(l.value, v)
	}
	return l
}

func pairInputs(levels []schemas.Observation) *Inputs {
	return &Inputs{
		Universe: Universe{
			ID: "SMALL~LARGE", Against: "LARGE", Level: "index:S", AgainstLevel: "index:L", LevelBasis: "index_pr",
			LevelTR: "index:STR", AgainstLevelTR: "index:LTR", LevelTRBasis: "index_tr",
		},
		Window: schemas.CutWhole.Window("SMALL~LARGE", 0), Calendar: calendar.US(), Levels: levels,
	}
}

func singleInputs(levels []schemas.Observation) *Inputs {
	return &Inputs{
		Universe: Universe{ID: "LARGE", Level: "index:L", LevelBasis: "index_pr", LevelTR: "index:LTR", LevelTRBasis: "index_tr"},
		Window:   schemas.CutWhole.Window("LARGE", 0), Calendar: calendar.US(), Levels: levels,
	}
}

// factOf returns the fact of a metric and day, which must be there.
func factOf(t *testing.T, facts map[string]map[schemas.Date]schemas.Fact, metric, on string) schemas.Fact {
	t.Helper()
	f, ok := facts[metric][day(t, on)]
	if !ok {
		t.Fatalf("no fact %s on %s", metric, on)
	}
	return f
}

// valueOf returns its value, which must be there too.
func valueOf(t *testing.T, facts map[string]map[schemas.Date]schemas.Fact, metric, on string) float64 {
	t.Helper()
	f := factOf(t, facts, metric, on)
	if f.Status != schemas.StatusOK || !f.Value.OK {
		t.Fatalf("%s on %s has status %s", metric, on, f.Status)
	}
	return f.Value.V
}

func TestRelativeStrength_WE3_1(t *testing.T) {
	t.Parallel()
	start := schemas.NewDate(2025, time.March, 3)
	large := onSessions(start, 100, 103, 101, 106, 110, 112)
	small := onSessions(start, 100, 101, 98, 100, 99, 103)
	s := &levelFacts{in: pairInputs(nil)}
	s.strengthFacts(&small, &large)
	got := byMetric(s.facts)
	near(t, "ratio", valueOf(t, got, "rs_ratio_pr", "2025-03-10"), 0.919643, tolerance)
	near(t, "log ratio", valueOf(t, got, "rs_log_pr", "2025-03-10"), -0.083770, tolerance)
	if f := factOf(t, got, "rs_z_pr", "2025-03-10"); f.Status != schemas.InsufficientHistory {
		t.Errorf("z-score after 6 sessions has status %s", f.Status)
	}
	logs := logRatios(&small, &large)
	z, status := zScore(logs)
	if status != schemas.StatusOK {
		t.Fatal(status)
	}
	near(t, "z-score", z, -0.851314, tolerance)
	near(t, "percentile rank", percentileRank(logs), 0.25, tolerance)
}

func TestStrengthWarmsUpAfter1260Sessions(t *testing.T) {
	t.Parallel()
	values := make([]float64, strengthWindow+2)
	ones := make([]float64, len(values))
	for i := range values {
		values[i], ones[i] = 100+float64(i%7), 1
	}
	// The first value is an outlier that leaves the window one session
	// before the last.
	values[0] = 1e6
	small, large := onSessions(calendar.First, values...), onSessions(calendar.First, ones...)
	s := &levelFacts{in: pairInputs(nil)}
	s.strengthFacts(&small, &large)
	got := byMetric(s.facts)
	for i, want := range map[int]schemas.Status{
		strengthLeast - 2: schemas.InsufficientHistory, strengthLeast - 1: schemas.StatusOK, len(values) - 1: schemas.StatusOK,
	} {
		for _, metric := range []string{"rs_z_pr", "rs_pctl_pr"} {
			if f := got[metric][small.days[i]]; f.Status != want || f.Value.OK != want.HasValue() {
				t.Errorf("%s of session %d has status %s, want %s", metric, i+1, f.Status, want)
			}
		}
	}
	// The days with the outlier in their window are far from the mean, the
	// last two are not.
	inside, outside := got["rs_z_pr"][small.days[strengthWindow-1]], got["rs_z_pr"][small.days[strengthWindow]]
	if math.Abs(inside.Value.V) > 0.5 || math.Abs(outside.Value.V) < 1 {
		t.Errorf("z-scores %g and %g do not show a window of %d sessions", inside.Value.V, outside.Value.V, strengthWindow)
	}
}

func TestGaps_WE3_2(t *testing.T) {
	t.Parallel()
	a, _ := arithmeticGap(0.128, 0.1788)
	g, status := geometricGap(0.128, 0.1788)
	near(t, "arithmetic", a, -0.0508, tolerance)
	near(t, "geometric", g, -0.043095, tolerance)
	if status != schemas.StatusOK {
		t.Error(status)
	}
	if _, status := geometricGap(0.1, -1); status != schemas.ZeroDenominator {
		t.Errorf("a total loss of the large gives %s", status)
	}

	// The base of the year to date is the last close before it, not the
	// first price in it.
	facts, _ := Compute(schemas.Size.String(), singleInputs(append(
		levels(t, "index:L", "2024-12-31", 5881.63, "2025-01-02", 5903.26, "2025-12-31", 6845.50),
		levels(t, "index:LTR", "2024-12-31", 12911.82, "2025-12-31", 15220.45)...)))
	got := byMetric(facts)
	near(t, "price return", valueOf(t, got, "ret_ytd_pr", "2025-12-31"), 0.163878, tolerance)
	near(t, "total return", valueOf(t, got, "ret_ytd_tr", "2025-12-31"), 0.178800, tolerance)
	if f := factOf(t, got, "ret_ytd_pr", "2025-12-31"); f.Basis != "index_pr" || !f.KnownAt.Equal(calendar.US().Close(f.Session)) {
		t.Errorf("basis %s, known at %s", f.Basis, f.KnownAt)
	}
}

func TestGapsOfSmallAgainstLarge(t *testing.T) {
	t.Parallel()
	in := pairInputs(append(
		levels(t, "index:S", "2024-12-31", 100.0, "2025-12-31", 112.8),
		levels(t, "index:L", "2024-12-31", 100.0, "2025-12-31", 117.88)...))
	facts, findings := Compute(schemas.Size.String(), in)
	if len(findings) != 0 {
		t.Errorf("findings: %v", findings)
	}
	got := byMetric(facts)
	for metric, want := range map[string]float64{
		"size_gap_arith_ytd_pr": -0.0508, "size_gap_geo_ytd_pr": -0.043095, "size_gap_arith_1y_pr": -0.0508, "size_gap_geo_1y_pr": -0.043095,
	} {
		near(t, metric, valueOf(t, got, metric, "2025-12-31"), want, tolerance)
	}
	if f := factOf(t, got, "size_gap_arith_qtd_pr", "2025-12-31"); f.Status != schemas.StaleInput || f.Value.OK {
		t.Errorf("a gap from a base of nine months ago has status %s", f.Status)
	}
	if f := factOf(t, got, "size_gap_geo_10y_pr", "2025-12-31"); f.Status != schemas.InsufficientHistory {
		t.Errorf("a gap over ten years has status %s", f.Status)
	}
	// A session between two levels without one has a reason.
	if f := factOf(t, got, "rs_ratio_pr", "2025-06-16"); f.Status != schemas.NotPublished || f.Value.OK || f.KnownAt.IsZero() {
		t.Errorf("a session without levels gives %+v", f)
	}
	for _, f := range facts {
		if strings.HasSuffix(f.Metric, "_tr") {
			t.Fatalf("%s without total-return levels", f.Metric)
		}
	}
}

func TestChain_WE3_3(t *testing.T) {
	t.Parallel()
	facts, _ := Compute(schemas.Size.String(), singleInputs(append(
		levels(t, "index:L", "2024-12-31", 100.0, "2025-06-30", 98.2, "2025-09-30", 98.2*1.124),
		levels(t, "index:LTR", "2024-12-31", 100.0, "2025-06-30", 106.1, "2025-09-30", 106.1*1.08)...)))
	got := byMetric(facts)
	near(t, "Russell 2000, half year", valueOf(t, got, "ret_ytd_pr", "2025-06-30"), -0.018, tolerance)
	near(t, "Russell 2000, quarter", valueOf(t, got, "ret_qtd_pr", "2025-09-30"), 0.124, tolerance)
	near(t, "Russell 2000, nine months", valueOf(t, got, "ret_ytd_pr", "2025-09-30"), 0.103768, tolerance)
	near(t, "Russell 1000, nine months", valueOf(t, got, "ret_ytd_tr", "2025-09-30"), 0.14588, tolerance)
}

func TestLongReturnsAreAnnualised(t *testing.T) {
	t.Parallel()
	facts, _ := Compute(schemas.Size.String(), singleInputs(
		levels(t, "index:L", "2015-11-27", 50.0, "2022-11-28", 90.0, "2022-11-29", 100.0, "2025-11-28", 133.1)))
	got := byMetric(facts)
	// 28 November 2022 to 28 November 2025: 1,096 days.
	near(t, "three years", valueOf(t, got, "ret_3y_pr", "2025-11-28"), math.Pow(133.1/90, 365.25/1096)-1, 1e-12)
	// 28 November 2015 is a Saturday: the base is the day before.
	near(t, "ten years", valueOf(t, got, "ret_10y_pr", "2025-11-28"), math.Pow(133.1/50, 365.25/3654)-1, 1e-12)
	if f := factOf(t, got, "ret_5y_pr", "2025-11-28"); f.Status != schemas.StaleInput {
		t.Errorf("five years, with the base missing for years: %s", f.Status)
	}
}

func TestDrawdown_WE3_4(t *testing.T) {
	t.Parallel()
	l := onSessions(schemas.NewDate(2025, time.March, 3), 100, 104, 98, 101, 93, 97, 105, 99)
	s := &levelFacts{in: singleInputs(nil)}
	s.drawdownFacts(&l)
	got := byMetric(s.facts)
	near(t, "depth at 93", valueOf(t, got, "drawdown_pr", "2025-03-07"), -0.105769, tolerance)
	near(t, "maximum", valueOf(t, got, "mdd_pr", "2025-03-12"), -0.105769, tolerance)
	near(t, "current", valueOf(t, got, "drawdown_pr", "2025-03-12"), -0.057143, tolerance)
	near(t, "days under water", valueOf(t, got, "days_under_pr", "2025-03-10"), 6, 0) // since Tuesday the 4th
	near(t, "days under water at a high", valueOf(t, got, "days_under_pr", "2025-03-11"), 0, 0)
	if f := factOf(t, got, "drawdown_pr", "2025-03-12"); f.Detail != "peak=2025-03-11" {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestDistanceFromHigh_WE2_11(t *testing.T) {
	t.Parallel()
	facts, _ := Compute(schemas.Size.String(), singleInputs(levels(t, "index:L", "2024-09-30", 5762.48, "2024-10-07", 5695.94)))
	got := byMetric(facts)
	near(t, "distance", valueOf(t, got, "dist_ath", "2024-10-07"), -0.011547, tolerance)
	if f := factOf(t, got, "dist_ath", "2024-10-07"); f.Detail != "ath_since=2024-09-30" {
		t.Errorf("detail %q", f.Detail)
	}
	if f := factOf(t, got, "dist_52w", "2024-10-07"); f.Status != schemas.InsufficientHistory {
		t.Errorf("52 weeks after a week: %s", f.Status)
	}
}

func TestFiftyTwoWeekHighNeeds252Sessions(t *testing.T) {
	t.Parallel()
	values := make([]float64, highWindow+1)
	for i := range values {
		values[i] = 100 - float64(i)/10
	}
	l := onSessions(schemas.NewDate(2024, time.January, 2), values...)
	s := &levelFacts{in: singleInputs(nil)}
	s.highFacts(&l)
	got := byMetric(s.facts)["dist_52w"]
	if f := got[l.days[highWindow-2]]; f.Status != schemas.InsufficientHistory {
		t.Errorf("after 251 sessions: %s", f.Status)
	}
	near(t, "after 252 sessions", got[l.days[highWindow-1]].Value.V, values[highWindow-1]/values[0]-1, 1e-12)
	near(t, "after 253 sessions", got[l.days[highWindow]].Value.V, values[highWindow]/values[1]-1, 1e-12)
}

func TestLevelsThatCannotBe(t *testing.T) {
	t.Parallel()
	rows := levels(t, "index:L", "2025-03-07", 100.0, "2025-03-08", 101.0, "2025-03-09", 101.0, "2025-03-10", 102.0, "2025-03-10", 103.0, "2025-03-11", 0.0, "2025-03-12", 104.0)
	facts, findings := Compute(schemas.Size.String(), singleInputs(rows))
	got := byMetric(facts)
	if f := factOf(t, got, "drawdown_pr", "2025-03-11"); f.Status != schemas.NotPublished {
		t.Errorf("a level of zero gives %s", f.Status)
	}
	if _, have := got["drawdown_pr"][day(t, "2025-03-08")]; have {
		t.Error("a Saturday has a fact")
	}
	var checks []string
	for _, f := range findings {
		checks = append(checks, f.Check)
	}
	if want := "level_once level_positive level_session"; strings.Join(checks, " ") != want {
		t.Errorf("findings %v, want %s", checks, want)
	}
}

func TestIndexAgainstFundIsFound(t *testing.T) {
	t.Parallel()
	in := pairInputs(nil)
	in.Universe.AgainstLevel = "fund:SPY"
	_, findings := Compute(schemas.Size.String(), in)
	if len(findings) != 1 || findings[0].Check != "same_basis" {
		t.Errorf("findings: %v", findings)
	}
}

// Appendix B 9.
func TestGeometricGapsChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Float64Range(-0.9, 3)
		s1, s2, l1, l2 := r.Draw(t, "s1"), r.Draw(t, "s2"), r.Draw(t, "l1"), r.Draw(t, "l2")
		g1, _ := geometricGap(s1, l1)
		g2, _ := geometricGap(s2, l2)
		both, status := geometricGap((1+s1)*(1+s2)-1, (1+l1)*(1+l2)-1)
		if chained := (1+g1)*(1+g2) - 1; status != schemas.StatusOK || math.Abs(chained-both) > 1e-9*(1+math.Abs(both)) {
			t.Fatalf("chained %g, whole %g", chained, both)
		}
	})
}

// Appendix B 10, and what a factor on the level must not change.
func TestDrawdownIsBoundedAndScaleFree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0.01, 1e5), 1, 60).Draw(t, "values")
		factor := math.Ldexp(1, rapid.IntRange(-20, 20).Draw(t, "factor")) // exact
		scaled := make([]float64, len(values))
		for i, v := range values {
			scaled[i] = v * factor
		}
		a, b := onSessions(calendar.First, values...), onSessions(calendar.First, scaled...)
		u, w := underwaterOf(&a), underwaterOf(&b)
		for i := range values {
			if u.worst[i] > u.depth[i] || u.depth[i] > 0 || u.worst[i] < -1 {
				t.Fatalf("day %d: worst %g, depth %g", i, u.worst[i], u.depth[i])
			}
			if u.depth[i] != w.depth[i] || u.worst[i] != w.worst[i] || u.peak[i] != w.peak[i] {
				t.Fatalf("day %d changes with the scale of the level", i)
			}
		}
	})
}

// Facts never depend on the order of the rows, and only on rows up to their
// own day.
func TestSizeFactsNeitherShuffleNorLookAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "days")
		cut := rapid.IntRange(1, n).Draw(t, "cut")
		var rows []schemas.Observation
		d := schemas.NewDate(2024, time.December, 20)
		for range n {
			d = calendar.US().NextSession(d)
			for _, source := range []string{"index:S", "index:L", "index:STR", "index:LTR"} {
				if rapid.IntRange(0, 9).Draw(t, "there") > 0 {
					rows = append(rows, schemas.Observation{Source: source, Date: d, Value: schemas.Some(rapid.Float64Range(1, 200).Draw(t, "level"))})
				}
			}
		}
		whole, _ := Compute(schemas.Size.String(), pairInputs(rows))
		shuffled, _ := Compute(schemas.Size.String(), pairInputs(rapid.Permutation(rows).Draw(t, "order")))
		if len(whole) != len(shuffled) {
			t.Fatal("the order of the rows changes the facts")
		}
		for i := range whole {
			if whole[i] != shuffled[i] {
				t.Fatalf("the order of the rows changes %+v to %+v", whole[i], shuffled[i])
			}
		}
		last := schemas.NewDate(2024, time.December, 20)
		for range cut {
			last = calendar.US().NextSession(last)
		}
		var early []schemas.Observation
		for _, o := range rows {
			if o.Date <= last {
				early = append(early, o)
			}
		}
		then, _ := Compute(schemas.Size.String(), pairInputs(early))
		now := byMetric(whole)
		for _, f := range then {
			if f.Status == schemas.NotElapsed {
				continue // the one thing that later days tell
			}
			if now[f.Metric][f.Session] != f {
				t.Fatalf("%s of %s was %+v and became %+v", f.Metric, f.Session, f, now[f.Metric][f.Session])
			}
		}
	})
}

// A pair of universes since 1990, on both bases.
func BenchmarkSizePair(b *testing.B) {
	var rows []schemas.Observation
	for i, d := range calendar.US().Sessions(schemas.NewDate(1990, time.January, 1), schemas.NewDate(2026, time.January, 1)) {
		for k, source := range []string{"index:S", "index:L", "index:STR", "index:LTR"} {
			rows = append(rows, schemas.Observation{Source: source, Date: d, Value: schemas.Some(100 + float64((i*(k+3))%97))})
		}
	}
	in := pairInputs(rows)
	for b.Loop() {
		Compute(schemas.Size.String(), in)
	}
}
