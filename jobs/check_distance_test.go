package jobs

import (
	"fmt"
	"testing"

	"tidemark/schemas"
)

// session makes the closes of n symbols on a day; each moves by the given
// factor.
func session(day schemas.Date, n int, factor float64) []schemas.Bar {
	var out []schemas.Bar
	for i := range n {
		out = append(out, schemas.Bar{Symbol: fmt.Sprint("S", i), Session: day, Close: float64(10+i) * factor})
	}
	return out
}

func bars(days ...[]schemas.Bar) []schemas.Bar {
	var out []schemas.Bar
	for _, d := range days {
		out = append(out, d...)
	}
	return out
}

// TestDistance holds what a newest day cannot be: yesterday's file again, half
// of a file, another market.
func TestDistance(t *testing.T) {
	t.Parallel()
	weekdays := func(d schemas.Date) bool { return d != 20003 }
	for _, test := range []struct {
		name string
		arrival[schemas.Bar]
		want string
	}{
		{"a fall by a fifth", arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 100, 0.8))}, ""},
		{
			"a copy under a new date",
			arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 100, 1))},
			"2024-10-06 100 of 100 figures are exactly those of 2024-10-05: a copy under a new date?",
		},
		{"half of the names", arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 50, 1.01))}, "2024-10-06 50 of the 100 names of 2024-10-05 are missing"},
		{"a fifth of the names", arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 80, 1.01))}, ""},
		{
			"cents",
			arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 100, 100))},
			"2024-10-06 half of 100 figures are more than 9900 % away from those of 2024-10-05",
		},
		{"few names", arrival[schemas.Bar]{fresh: bars(session(20001, 19, 1), session(20002, 19, 1))}, ""},
		{
			"the first day of a window",
			arrival[schemas.Bar]{fresh: session(20002, 100, 1), before: session(20001, 100, 1)},
			"2024-10-06 100 of 100 figures are exactly those of 2024-10-05: a copy under a new date?",
		},
		{"a day that is no session", arrival[schemas.Bar]{fresh: bars(session(20001, 100, 1), session(20002, 100, 1.01), session(20003, 100, 1.01))}, ""},
		{"an older day of a first fetch", arrival[schemas.Bar]{fresh: bars(session(20000, 100, 1), session(20001, 100, 1), session(20002, 100, 1.01))}, ""},
		{
			"a day that came together with the newest",
			arrival[schemas.Bar]{old: stands(session(20000, 100, 1)), fresh: bars(session(20000, 100, 1), session(20001, 100, 1), session(20002, 100, 1.01))},
			"mild 2024-10-05 100 of 100 figures are exactly those of 2024-10-04: a copy under a new date?",
		},
		{"two months apart", arrival[schemas.Bar]{fresh: bars(session(20002, 100, 1), session(20062, 30, 3))}, ""},
	} {
		if got := found(distance(closed, weekdays), test.arrival); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
