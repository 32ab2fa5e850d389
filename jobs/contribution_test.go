package jobs

import (
	"strings"
	"testing"

	"tidemark/schemas"
)

// TestContributionsAddUp holds that the check passes what adds up and tells
// what does not: weights, and each way to link.
func TestContributionsAddUp(t *testing.T) {
	t.Parallel()
	session := func(change func(rows []schemas.Contribution)) []schemas.Contribution {
		rows := make([]schemas.Contribution, 2)
		for i, v := range []float64{0.75, 0.25} {
			linked := schemas.Some(v / 10)
			rows[i] = schemas.Contribution{Session: 20000, Weight: schemas.Some(v)}
			rows[i].Windows[2] = schemas.Linked{BuyHold: linked, Carino: linked, Menchero: linked}
		}
		change(rows)
		return rows
	}
	if got, note := contributionsAddUp.holds(session(func([]schemas.Contribution) {})); len(got) != 0 || note != "2 rows of 1 sessions" {
		t.Errorf("got %v, %q", got, note)
	}
	for want, change := range map[string]func(rows []schemas.Contribution){
		"the weights add up to 1.250000000":                                        func(rows []schemas.Contribution) { rows[0].Weight.V = 1 },
		"over 126 add up to 0.100000000 bought and held, 0.125000000 after Carino": func(rows []schemas.Contribution) { rows[0].Windows[2].Carino.V = 0.1 },
		"0.100000000 after Carino and 0.125000000 after Menchero":                  func(rows []schemas.Contribution) { rows[0].Windows[2].Menchero.V = 0.1 },
	} {
		if got := found(contributionsAddUp, session(change)); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}
