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
	if got := found(c, arrival[schemas.Observation]{fresh: series(1), old: series(1000)}); !strings.Contains(got, "0.001 times") {
		t.Errorf("a thousandfold fall: got %q", got)
	}
	if got := found(c, arrival[schemas.Observation]{fresh: series(1.01), old: series(1)}); got != "" {
		t.Errorf("a revision of a percent: got %q, want nothing", got)
	}
	billions, millions := series(1), series(1000)
	for i := range millions {
		millions[i].Multiplier = 1e3
	}
	if got := found(c, arrival[schemas.Observation]{fresh: millions, old: billions}); got != "" {
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
	got := found(rescaled(paid, split), arrival[schemas.Action]{fresh: actions(100), old: actions(1)})
	if want := "8 figures are 100 times what they were: a change of unit?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
