package transform

import (
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func rate(name string, d schemas.Date, percent float64) schemas.Rate {
	return schemas.Rate{Name: name, Date: d, Percent: schemas.Some(percent)}
}

func TestSpreads_WE4_8(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	d := day(t, "2025-09-30")
	effr := rate("EFFR", d, 4.09)
	effr.TargetFrom, effr.TargetTo = schemas.Some(4.00), schemas.Some(4.25)
	reverse := operation(schemas.OperationReverseRepo, "RP 093025 2", d, "13:15", "Overnight", 40_000_000_000)
	reverse.AwardRate, reverse.OfferingRate = schemas.Some(4.00), schemas.Some(4.00)
	stress := rate("SOFR", day(t, "2019-09-17"), 5.25)
	stress.P1, stress.P25, stress.P75, stress.P99, stress.Volume = schemas.Some(2.25), schemas.Some(5.00), schemas.Some(5.85), schemas.Some(9.00), schemas.Some(1177.0)
	in.Rates = []schemas.Rate{stress, rate("SOFR", d, 4.24), effr, rate("TGCR", d, 99)}
	in.Operations = []schemas.Operation{reverse}
	in.Observations = []schemas.Observation{
		fred("IORB", "Percent", 1, d, 4.15), fred("IOER", "Percent", 1, day(t, "2019-09-17"), 2.10),
		// After its end the old rate says nothing.
		fred("IOER", "Percent", 1, d, 0.10),
	}
	got := liquidity(t, in)
	for metric, want := range map[string]float64{
		"spread_sofr_iorb": 9, "spread_effr_iorb": -6, "spread_sofr_rrp": 24, "spread_sofr_upper": -1,
		"sofr": 4.24, "effr": 4.09, "iorb": 4.15, "onrrp_rate": 4, "target_lower": 4, "target_upper": 4.25,
	} {
		near(t, metric, valueOf(t, got, metric, "2025-09-30"), want, 0)
	}
	for metric, want := range map[string]float64{
		"spread_sofr_iorb": 315, "sofr_p99_p25": 400, "sofr_p75_p25": 85, "sofr_p99_p1": 675, "sofr_volume": 1177,
	} {
		near(t, metric+" in 2019", valueOf(t, got, metric, "2019-09-17"), want, 0)
	}
	f := factOf(t, got, "spread_sofr_iorb", "2025-09-30")
	if f.Basis != "fred+nyfed" || !f.KnownAt.Equal(utc(t, "2025-10-01T12:00:00Z")) {
		t.Errorf("basis %s, known at %s", f.Basis, f.KnownAt)
	}
	if f := factOf(t, got, "effr", "2025-09-30"); !f.KnownAt.Equal(utc(t, "2025-10-01T13:00:00Z")) {
		t.Errorf("EFFR is known at %s", f.KnownAt)
	}
	if f := factOf(t, got, "iorb", "2019-09-17"); f.Detail != "interest on excess reserves" {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestSpreadsNeedBothLegs(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	thursday, friday, monday := day(t, "2023-04-06"), day(t, "2023-04-07"), day(t, "2023-04-10") // over Good Friday
	in.Rates = []schemas.Rate{
		rate("SOFR", thursday, 4.81), rate("SOFR", monday, 4.81), rate("SOFR", monday+2, 4.80),
		rate("EFFR", thursday, 4.83), rate("EFFR", friday, 4.83), rate("EFFR", monday, 4.83),
	}
	for d := thursday; d <= monday+2; d++ { // also over the weekend
		in.Observations = append(in.Observations, fred("IORB", "Percent", 1, d, 4.90))
	}
	got := liquidity(t, in)
	for _, tt := range []struct {
		metric, on string
		want       schemas.Status
	}{
		{"sofr", "2023-04-07", schemas.MarketClosed},
		{"spread_sofr_iorb", "2023-04-07", schemas.MarketClosed},
		{"spread_effr_iorb", "2023-04-07", schemas.StatusOK},
		{"sofr", "2023-04-11", schemas.NotPublished},
		{"spread_sofr_iorb", "2023-04-11", schemas.NotPublished},
		{"spread_sofr_iorb", "2023-04-12", schemas.StatusOK},
	} {
		if f := factOf(t, got, tt.metric, tt.on); f.Status != tt.want || f.Value.OK != tt.want.HasValue() {
			t.Errorf("%s on %s: %s, want %s", tt.metric, tt.on, f.Status, tt.want)
		}
	}
	for _, metric := range []string{"iorb", "spread_sofr_iorb"} {
		if f, have := got[metric][friday+1]; have {
			t.Errorf("%s has a fact on a Saturday: %+v", metric, f)
		}
	}
	if f, have := got["spread_effr_iorb"][monday+1]; have {
		t.Errorf("a spread is carried beyond its legs: %+v", f)
	}
}

func TestRevisedRatesAreKnownLater(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	r := rate("SOFR", day(t, "2025-09-30"), 4.24)
	r.Revised, r.Footnote = true, "4"
	in.Rates = []schemas.Rate{r}
	if f := factOf(t, liquidity(t, in), "sofr", "2025-09-30"); !f.KnownAt.Equal(utc(t, "2025-10-01T18:30:00Z")) || f.Detail != "revised; footnote=4" {
		t.Errorf("known at %s, detail %q", f.KnownAt, f.Detail)
	}
}

func TestTargetBeforeTheRangeIsNone(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	old, now := rate("EFFR", day(t, "2008-12-15"), 0.18), rate("EFFR", day(t, "2008-12-16"), 0.14)
	old.TargetFrom = schemas.Some(1.0)
	now.TargetFrom, now.TargetTo = schemas.Some(0.0), schemas.Some(0.25)
	in.Rates = []schemas.Rate{old, now}
	got := liquidity(t, in)
	if len(got["target_lower"]) != 1 || len(got["target_upper"]) != 1 {
		t.Errorf("target range of %v and %v", got["target_lower"], got["target_upper"])
	}
	near(t, "lower limit", valueOf(t, got, "target_lower", "2008-12-16"), 0, 0)
}

func TestAbnormalDayLeavesCalendarEffectsOut(t *testing.T) {
	t.Parallel()
	cal := calendar.US()
	spread := newReadings()
	put := func(d schemas.Date, bp float64) {
		spread.put(d, reading{value: bp, status: schemas.StatusOK, inputs: 2})
	}
	d, plain := schemas.NewDate(2024, time.January, 2), 0
	for plain < abnormalWindow {
		d = cal.NextFedDay(d)
		if cal.Flags(d) != 0 {
			put(d, 1000) // dear at every calendar effect
			continue
		}
		plain++
		put(d, float64(plain%20)) // 0 to 19; the 95th percentile is 18 or 19
	}
	warm := d
	next := func() schemas.Date {
		for d = cal.NextFedDay(d); cal.Flags(d) != 0; d = cal.NextFedDay(d) {
		}
		return d
	}
	calm, strained := next(), next()
	put(calm, 18)
	put(strained, 25)
	got := abnormalDays(spread, cal)
	if x := got.at[warm]; x.status != schemas.InsufficientHistory {
		t.Errorf("after 251 observations: %s", x.status)
	}
	for on, want := range map[schemas.Date]float64{calm: 0, strained: 1} {
		if x := got.at[on]; x.status != schemas.StatusOK || x.value != want {
			t.Errorf("%s: %+v, want %g", on, x, want)
		}
	}
}
