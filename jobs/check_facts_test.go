package jobs

import (
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// TestCoverage holds that each band of a window's coverage is told once, with
// its worst session.
func TestCoverage(t *testing.T) {
	t.Parallel()
	fact := func(metric string, day schemas.Date, coverage float64) schemas.Fact {
		return schemas.Fact{Metric: metric, Session: day, Coverage: schemas.Some(coverage)}
	}
	whole := product{facts: []schemas.Fact{
		fact("adv", 20000, 0.95), fact("adv", 20001, 1),
		{Metric: "adv", Session: 20002},
		{Metric: "adv", Session: 20003, Coverage: schemas.Some(0.0), Status: schemas.InsufficientHistory},
	}}
	if got, note := coverage.holds(whole); len(got) != 0 || note != "2 sessions" {
		t.Errorf("got %v, %q; want nothing found on 2 sessions", got, note)
	}
	lacking := product{facts: []schemas.Fact{
		fact("adv", 20000, 0.94), fact("adv", 20001, 0.81), fact("adv", 20002, 0.5), fact("adv", 20003, 0.94), fact("trin", 20003, 0.1),
	}}
	const want = "2024-10-06 50.0 % of the members have usable prices; 1 sessions from 2024-10-06 to 2024-10-06 lack more than they may, so their facts have no value; " +
		"2024-10-05 81.0 % of the members have usable prices; 3 sessions from 2024-10-04 to 2024-10-07 lack more than they may, so their facts are partial"
	if got := found(coverage, lacking); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestIdentities holds that the check says on how many weeks the identities
// were held and which week failed.
func TestIdentities(t *testing.T) {
	t.Parallel()
	p := product{facts: []schemas.Fact{
		{Metric: "h41_identity_1", Session: 20000, Value: schemas.Some(0.0)},
		{Metric: "h41_identity_2", Session: 20000, Value: schemas.Some(1.0)},
		{Metric: "h41_identity_1", Session: 20007, Value: schemas.Some(5000.0)},
		{Metric: "h41_identity_1", Session: 20014},
		{Metric: "h41_identity_5", Session: 20021, Value: schemas.Some(7.0)},
	}}
	if _, note := identities.holds(p); note != "they hold on 2 of 2 Wednesdays" {
		t.Errorf("got %q", note)
	}
	p.findings = []transform.Finding{{Check: "h41_identity_1", Date: 20007, Message: "off"}, {Check: "h41_identity_5", Date: 20021, Message: "revised"}}
	if got, want := found(identities, p), "they hold on 1 of 2 Wednesdays; 2024-10-11 off"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLevelDrift holds the band of a total-return level around its price level.
func TestLevelDrift(t *testing.T) {
	t.Parallel()
	levels := func(n int, total func(day int) float64) product {
		in := &transform.Inputs{Universe: transform.Universe{Level: "index:X", LevelTR: "fund:X"}}
		for d := range n {
			in.Levels = append(in.Levels, schemas.Observation{Source: "index:X", Date: schemas.Date(20000 + d), Value: schemas.Some(100.0)},
				schemas.Observation{Source: "fund:X", Date: schemas.Date(20000 + d), Value: schemas.Some(total(d))})
		}
		return product{in: in}
	}
	for _, test := range []struct {
		name string
		p    product
		want string
	}{
		{"a dividend of 2 % a year", levels(600, func(d int) float64 { return 50 * (1 + 0.02*float64(d)/252) }), ""},
		{
			"a fund of another market", levels(253, func(d int) float64 { return 50 * (1 + 0.30*float64(d)/252) }),
			"2025-06-13 fund:X: moves by +30.0 % from 2024-10-04, and index:X by +0.0 %",
		},
		{"a split of the fund that was not adjusted", levels(5, func(d int) float64 {
			if d > 2 {
				return 25
			}
			return 50
		}), "2024-10-07 fund:X: moves by -50.0 % from 2024-10-06, and index:X by +0.0 %"},
	} {
		if got := found(levelDrift, test.p); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	pair := levels(5, func(int) float64 { return 1 })
	pair.in.Universe.Against = "Y"
	if _, note := levelDrift.holds(pair); note != "" {
		t.Errorf("a pair of universes is checked a second time: %q", note)
	}
}
