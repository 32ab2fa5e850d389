package transform

import (
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform/series"
)

// dailyFacts makes the daily facts of sessions that end with last; a negative
// count means that the day's counts have no value.
type dailyFacts struct {
	t        *testing.T
	in       Inputs
	sessions []schemas.Date
}

func newDailyFacts(t *testing.T, n int) *dailyFacts {
	t.Helper()
	cal := calendar.US()
	sessions := cal.Sessions(day(t, "2024-01-02"), day(t, "2026-01-01"))
	d := &dailyFacts{t: t, sessions: sessions[:n]}
	d.in = Inputs{Calendar: cal, Universe: Universe{ID: "NYSE_ALL"}, Window: schemas.CutWhole.Window("NYSE_ALL", 0)}
	return d
}

func (d *dailyFacts) set(metric string, session int, value float64) {
	f := schemas.Fact{
		Metric: metric, Universe: "NYSE_ALL", Session: d.sessions[session], Status: schemas.StatusOK, Members: 3000,
		Basis: "split_adj", KnownAt: d.in.Calendar.Close(d.sessions[session]),
	}
	f.Value = schemas.Some(value)
	d.in.Facts = append(d.in.Facts, f)
}

func (d *dailyFacts) none(metric string, session int, why schemas.Status) {
	d.set(metric, session, 0)
	f := &d.in.Facts[len(d.in.Facts)-1]
	f.Value, f.Status = schemas.None[float64](), why
}

func (d *dailyFacts) counts(session int, adv, dec, unch float64) {
	d.set("adv", session, adv)
	d.set("dec", session, dec)
	d.set("unch", session, unch)
}

func (d *dailyFacts) facts() factSet {
	facts, findings := Compute("facts.breadth_trend", &d.in)
	return newFactSet(d.t, facts, findings)
}

func TestMcClellan_WE2_3(t *testing.T) {
	t.Parallel()
	const net = 2329 - 444
	before := series.McClellan{T10: (361.300 - 0.10*net) / 0.90, T5: (117.333 - 0.05*net) / 0.95, Days: 1}
	near(t, "previous T10", before.T10, 192.000, 5e-4)
	near(t, "previous T5", before.T5, 24.298, 5e-4)
	near(t, "previous MO", before.Oscillator(), 167.702, 5e-4)
	m := before
	m.Add(net)
	near(t, "MO", m.Oscillator(), 243.967, 5e-4)
	near(t, "Miekka", m.Summation(series.RawSummationBase), -22.373, 5e-4)
	near(t, "SI - MO", -22.378-m.Oscillator(), -266.345, 5e-4)
	unchanged, zero := 2*m.T10-m.T5, 19*m.T5-18*m.T10
	near(t, "unchanged-value", unchanged, 605.3, 0.05)
	near(t, "zero-value", zero, -4274.1, 0.05)
	same, none := m, m
	same.Add(unchanged)
	none.Add(zero)
	near(t, "MO after the unchanged-value", same.Oscillator(), m.Oscillator(), 1e-9)
	near(t, "MO after the zero-value", none.Oscillator(), 0, 1e-9)
}

func TestMcClellan_WE2_4(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 6)
	for i, ad := range [][2]float64{{1800, 1200}, {900, 2100}, {1600, 1400}, {2400, 600}, {0, 0}, {1500, 1500}} {
		d.counts(i, ad[0], ad[1], 0)
	}
	got := d.facts()
	running := 0.0
	for i, want := range []struct{ t10, t5, mo, si float64 }{
		{200, 200, 0, 0},
		{140, 170, -30, -30},
		{132.666667, 164.833333, -32.166667, -62.166667},
		{179.4, 186.591667, -7.191667, -69.358333},
		{},
		{161.46, 177.262083, -15.802083, -85.160417},
	} {
		s := d.sessions[i]
		if i == 4 {
			for _, metric := range mcclellanIDs("_ratio") {
				got.wantNone(metric, s, schemas.ZeroDenominator)
			}
			continue
		}
		running += want.mo
		near(t, "SI from 0", running, want.si, 1e-6)
		got.want("mcc_t10_ratio", s, want.t10, 1e-6)
		got.want("mcc_t5_ratio", s, want.t5, 1e-6)
		got.want("mcc_osc_ratio", s, want.mo, 1e-6)
		got.want("mcc_sum_ratio", s, 2000+want.si, 1e-6)
		if f := got.fact("mcc_osc_ratio", s); f.Status != schemas.StatusWarmup {
			t.Errorf("%s has status %s", s, f.Status)
		}
	}
	got.want("mcc_sum_ratio", d.sessions[5], 1914.839583, 1e-6)
}

func TestMcClellanWarmUpIs135Sessions(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 140)
	for i := range d.sessions {
		d.counts(i, 1500+float64(i%11), 1400, 100)
	}
	got := d.facts()
	for i, want := range map[int]schemas.Status{0: schemas.StatusWarmup, 134: schemas.StatusWarmup, 135: schemas.StatusOK} {
		if f := got.fact("mcc_sum_raw", d.sessions[i]); f.Status != want {
			t.Errorf("session %d: %s, want %s", i+1, f.Status, want)
		}
	}
	for i, want := range map[int]schemas.Status{34: schemas.StatusWarmup, 35: schemas.StatusOK} {
		if f := got.fact("zbt_ema10", d.sessions[i]); f.Status != want {
			t.Errorf("session %d: zbt_ema10 %s, want %s", i+1, f.Status, want)
		}
	}
}

func TestWE2_7_HighLowIndex(t *testing.T) {
	t.Parallel()
	window := series.Last{N: 3}
	var index []schemas.Opt[float64]
	for i, hl := range [][2]int{{40, 10}, {0, 0}, {30, 30}, {90, 10}} {
		percent := recordHighPercent(hl[0], hl[1])
		if i == 1 {
			if percent.OK {
				t.Errorf("0/0 gives %v", percent.V)
			}
		} else {
			nearOpt(t, "record-high percent", percent, []float64{0.8, 0, 0.5, 0.9}[i], 1e-12)
			window.Add(100 * percent.V)
		}
		mean, ok := window.Mean()
		index = append(index, schemas.Opt[float64]{V: mean, OK: ok})
	}
	if index[0].OK || index[1].OK || index[2].OK {
		t.Errorf("index before three valid days: %v", index[:3])
	}
	nearOpt(t, "index on day 4", index[3], 73.333333, 1e-6)
}

func TestHighLowIndexPassesOverEmptyDays(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 13)
	for i := range d.sessions {
		switch i {
		case 4:
			d.none("rec_high_pct", i, schemas.ZeroDenominator)
		case 12:
			d.none("rec_high_pct", i, schemas.LowCoverage)
		default:
			d.set("rec_high_pct", i, float64(i)/10)
		}
	}
	got := d.facts()
	got.wantNone("high_low_index", d.sessions[9], schemas.InsufficientHistory)
	got.want("high_low_index", d.sessions[10], 10*(0+1+2+3+5+6+7+8+9+10)/10.0, 1e-9)
	got.want("high_low_index", d.sessions[11], 10*(1+2+3+5+6+7+8+9+10+11)/10.0, 1e-9)
	got.wantNone("high_low_index", d.sessions[12], schemas.LowCoverage)
}

func TestZweig_WE2_8(t *testing.T) {
	t.Parallel()
	advances := []float64{1500, 1500, 1500, 900, 750, 600, 900, 600, 450, 900, 1050, 2550, 2700, 2400, 2550, 2700, 2550, 1500}
	d := newDailyFacts(t, len(advances))
	for i, a := range advances {
		d.counts(i, a, 3000-a, 50)
	}
	got := d.facts()
	bar := func(n int) schemas.Date { return d.sessions[n-1] }
	for n, want := range map[int]float64{6: 0.383922, 11: 0.311645, 12: 0.409528, 15: 0.607397, 16: 0.660598} {
		got.want("zbt_ema10", bar(n), want, 1e-6)
	}
	for n, want := range map[int]float64{13: 0.38, 17: 0.615, 18: 0.645} {
		got.want("zbt_sma10", bar(n), want, 1e-9)
	}
	for n := 1; n <= 18; n++ {
		ema, sma := 0.0, 0.0
		if n == 16 {
			ema = 1
		}
		if n == 18 {
			sma = 1
		}
		got.want("zbt_signal_ema10", bar(n), ema, 0)
		if n < 10 {
			got.wantNone("zbt_signal_sma10", bar(n), schemas.InsufficientHistory)
			continue
		}
		got.want("zbt_signal_sma10", bar(n), sma, 0)
	}
	for metric, n := range map[string]int{"zbt_signal_ema10": 16, "zbt_signal_sma10": 18} {
		if f := got.fact(metric, bar(n)); f.Detail != "span=5" {
			t.Errorf("%s: %q", metric, f.Detail)
		}
	}
}

// The exact tie of the worked example, in an order of the days whose rounded
// sum comes out above the threshold.
func TestZweigTieIsExactInAnyOrder(t *testing.T) {
	t.Parallel()
	advances := []int64{600, 900, 600, 450, 900, 2550, 2700, 2400, 2550, 2700, 2550}
	advances = advances[1:] // sums to 18,300; the tie needs 18,450
	advances[2] += 150
	for shift := range advances {
		var m zweigMean
		for i := range advances {
			m.add(zweigShare{advances[(i+shift)%len(advances)], 3000})
		}
		if !m.full() || m.compare(zweigHigh) != 0 {
			t.Errorf("order %d: compares %d with 0.615", shift, m.compare(zweigHigh))
		}
	}
}

func TestThrustOnceForEachLow(t *testing.T) {
	t.Parallel()
	var th thrust
	var signals []int
	for i, v := range []float64{0.39, 0.5, 0.62, 0.5, 0.63, 0.39, 0.62, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.62, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7} {
		if _, signal := th.step(compareFloat(v, 0.40), compareFloat(v, 0.615)); signal {
			signals = append(signals, i)
		}
	}
	// The third low is 10 sessions before its 0.62; the fourth is 11 before its 0.7.
	if len(signals) != 3 || signals[0] != 2 || signals[1] != 6 || signals[2] != 17 {
		t.Errorf("signals on %v", signals)
	}
}

func TestAdvanceDeclineLines(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 4)
	d.counts(0, 300, 100, 100)
	for _, metric := range []string{"adv", "dec", "unch"} {
		d.none(metric, 1, schemas.LowCoverage)
	}
	d.counts(2, 100, 250, 150)
	d.counts(3, 0, 0, 0)
	got := d.facts()
	got.want("ad_line", d.sessions[0], 200, 0)
	got.want("ad_line_ratio", d.sessions[0], 0.4, 1e-12)
	got.wantNone("ad_line", d.sessions[1], schemas.LowCoverage)
	got.want("ad_line", d.sessions[2], 50, 0)
	got.want("ad_line_ratio", d.sessions[2], 0.4-0.3, 1e-12)
	got.wantNone("ad_line", d.sessions[3], schemas.ZeroDenominator)
	if f := got.fact("ad_line", d.sessions[2]); f.Detail != "base="+d.sessions[0].String() {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestOpenTRIN(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 11)
	var adv, dec, up, down, mean float64
	for i := range d.sessions {
		a, b, u, v := 100+float64(i), 120-float64(i), 5000+100*float64(i), 6000-50*float64(i)
		d.counts(i, a, b, 0)
		d.set("up_vol", i, u)
		d.set("down_vol", i, v)
		trin := armsTerms{a, b, u, v}.index().V
		d.set("trin", i, trin)
		if i > 0 {
			adv, dec, up, down, mean = adv+a, dec+b, up+u, down+v, mean+trin/10
		}
	}
	got := d.facts()
	got.wantNone("trin_open10", d.sessions[8], schemas.InsufficientHistory)
	got.want("trin_open10", d.sessions[10], (adv/dec)/(up/down), 1e-12)
	got.want("trin_sma10", d.sessions[10], mean, 1e-12)
}

// A fact of the second stage is known when the last of its inputs is.
func TestTrendIsKnownWithItsInputs(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 2)
	d.counts(0, 300, 100, 100)
	late := d.in.Calendar.HoldingsKnown(d.sessions[1])
	for i := range d.in.Facts {
		d.in.Facts[i].KnownAt = late
	}
	d.counts(1, 300, 100, 100)
	if f := d.facts().fact("ad_line", d.sessions[1]); !f.KnownAt.Equal(late) {
		t.Errorf("known at %s, want %s", f.KnownAt, late)
	}
}
