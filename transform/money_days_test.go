package transform

import (
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// TestTargetRange holds the steps of the target range, by the days from which on
// they held, against what the Committee announced.
func TestTargetRange(t *testing.T) {
	t.Parallel()
	in := &Inputs{Calendar: calendar.US(), Universe: Universe{ID: "FED"}, Window: schemas.CutWhole.Window("FED", 0)}
	steps := map[string]struct {
		lower, upper, change float64
		detail               string
	}{
		"2024-09-19": {4.75, 5.00, -50, "range=4.75..5.00"},
		"2024-11-08": {4.50, 4.75, -25, "range=4.50..4.75"},
		"2024-12-19": {4.25, 4.50, -25, "range=4.25..4.50"},
		"2025-09-18": {4.00, 4.25, -25, "range=4.00..4.25"},
		"2025-10-30": {3.75, 4.00, -25, "range=3.75..4.00"},
	}
	lower, upper := 5.25, 5.50
	for _, d := range in.Calendar.FedDays(day(t, "2024-09-03"), day(t, "2025-11-05")) {
		if s, ok := steps[d.String()]; ok {
			lower, upper = s.lower, s.upper
		}
		in.Rates = append(in.Rates, schemas.Rate{Name: "EFFR", Date: d, Percent: schemas.Some(lower + 0.08), TargetFrom: schemas.Some(lower), TargetTo: schemas.Some(upper)})
	}
	facts, findings := Compute(schemas.Liquidity.String(), in)
	got := newFactSet(t, facts, findings)
	got.wantNone("target_change", day(t, "2024-09-03"), schemas.InsufficientHistory)
	changes := 0
	for _, f := range facts {
		if f.Metric != "target_change" || !f.Value.OK {
			continue
		}
		want := steps[f.Session.String()]
		if f.Value.V != want.change || f.Detail != want.detail {
			t.Errorf("%s: %v %q, want %v %q", f.Session, f.Value.V, f.Detail, want.change, want.detail)
		}
		if f.Value.V != 0 {
			changes++
		}
	}
	if changes != len(steps) {
		t.Errorf("%d changes, want %d", changes, len(steps))
	}
	for flag, days := range map[string]map[string]float64{
		"cal_quarter_end":       {"2024-09-30": 1, "2024-10-31": 0, "2024-12-31": 1},
		"cal_month_end":         {"2024-09-30": 1, "2024-10-31": 1, "2025-05-30": 1, "2025-05-29": 0},
		"cal_month_end_p1":      {"2025-06-02": 1},
		"cal_year_end_m1":       {"2024-12-30": 1},
		"cal_tax_date":          {"2025-06-16": 1, "2025-06-13": 0},
		"cal_coupon_settlement": {"2025-07-15": 1},
	} {
		for d, want := range days {
			got.want(flag, day(t, d), want, 0)
		}
	}
	if _, ok := got.by[factKey{"cal_month_end", day(t, "2024-10-14")}]; ok {
		t.Error("a day on which the Federal Reserve is closed has flags")
	}
}
