package jobs

import (
	"strings"
	"testing"

	"tidemark/schemas"
)

// found returns what a check finds in rows beside those that were there, as
// one text; a warning of a check of severity error begins with "mild".
func found[S any](c check[S], subject S) string {
	list, _ := c.holds(subject)
	texts := make([]string, len(list))
	for i, f := range list {
		texts[i] = f.String()
		if f.mild {
			texts[i] = "mild " + texts[i]
		}
	}
	return strings.Join(texts, "; ")
}

// TestRescaled holds that a silent change of unit is noticed, and that neither
// a revision nor a change that the publisher declares is taken for one.
func TestRescaled(t *testing.T) {
	t.Parallel()
	series := func(scale float64) []schemas.Observation {
		var out []schemas.Observation
		for i := range 10 {
			out = append(out, schemas.Observation{Series: "WRESBAL", Date: schemas.Date(20000 + 7*i), Value: schemas.Some(scale * float64(3000+i)), Multiplier: 1e6})
		}
		return out
	}
	c := rescaled(observed)
	if got := found(c, arrival[schemas.Observation]{fresh: series(1), old: stands(series(1000))}); !strings.Contains(got, "0.001 times") {
		t.Errorf("a thousandfold fall: got %q", got)
	}
	if got := found(c, arrival[schemas.Observation]{fresh: series(1.01), old: stands(series(1))}); got != "" {
		t.Errorf("a revision of a percent: got %q, want nothing", got)
	}
	billions, millions := series(1), series(1000)
	for i := range millions {
		millions[i].Multiplier = 1e3
	}
	if got := found(c, arrival[schemas.Observation]{fresh: millions, old: stands(billions)}); got != "" {
		t.Errorf("declared change of unit: got %q, want nothing", got)
	}
}

// TestRescaledFigures holds that each figure of a row is judged by itself:
// ratios of splits may be as they were where amounts are in cents.
func TestRescaledFigures(t *testing.T) {
	t.Parallel()
	actions := func(scale float64) []schemas.Action {
		var out []schemas.Action
		for i := range 8 {
			out = append(out, schemas.Action{Symbol: "A", ExDate: schemas.Date(20000 + i), Kind: schemas.ActionDividend, Amount: schemas.Some(0.5 * scale)},
				schemas.Action{Symbol: "A", ExDate: schemas.Date(20100 + i), Kind: schemas.ActionSplit, Ratio: schemas.Some(2.0)})
		}
		return out
	}
	got := found(rescaled(paid, split), arrival[schemas.Action]{fresh: actions(100), old: stands(actions(1))})
	if want := "8 figures are 100 times what they were: a change of unit?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A year of a market may have one split only. That it became a thousandth of
// what it was is told by it alone; that it was corrected is no finding.
func TestOneRatioTells(t *testing.T) {
	one := func(ratio float64) []schemas.Action {
		return []schemas.Action{{Symbol: "AAA", ExDate: schemas.NewDate(2025, 6, 2), Kind: schemas.ActionSplit, Ratio: schemas.Some(ratio)}}
	}
	if got := found(rescaledActions(), arrival[schemas.Action]{fresh: one(0.002), old: stands(one(2))}); got != "1 figures are 0.001 times what they were: a change of unit?" {
		t.Errorf("a thousandth: got %q", got)
	}
	if got := found(rescaledActions(), arrival[schemas.Action]{fresh: one(3), old: stands(one(2))}); got != "" {
		t.Errorf("a correction: got %q, want none", got)
	}
}
