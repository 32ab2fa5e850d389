package jobs

import (
	"testing"

	"tidemark/schemas"
)

// TestRowCount holds the band of a window's rows: fewer is an error, more for
// the same days a warning, and new days are no growth.
func TestRowCount(t *testing.T) {
	t.Parallel()
	rows := func(days, each int) []schemas.Bar {
		var out []schemas.Bar
		for d := range days {
			for range each {
				out = append(out, schemas.Bar{Session: schemas.Date(20000 + d)})
			}
		}
		return out
	}
	for _, test := range []struct {
		name       string
		fresh, old []schemas.Bar
		want       string
	}{
		{"the same", rows(10, 10), rows(10, 10), ""},
		{"a first fetch", rows(10, 10), nil, ""},
		{"four fifths are left", rows(8, 10), rows(10, 10), ""},
		{"less than four fifths are left", rows(10, 7), rows(10, 10), "70 rows, where there were 100 before"},
		{"nothing is left", nil, rows(10, 10), "0 rows, where there were 100 before"},
		{"few rows come and go", rows(1, 1), rows(1, 19), ""},
		{"ten times the days", rows(100, 10), rows(10, 10), ""},
		{"half as many again", rows(10, 15), rows(10, 10), ""},
		{"every row twice", rows(12, 20), rows(10, 10), "mild 200 rows from 2024-10-04 to 2024-10-13, where there were 100 before"},
	} {
		if got := found(rowCount(schemas.Bars), arrival[schemas.Bar]{fresh: test.fresh, old: stands(test.old)}); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestEveryFetchedTableHasDays holds that rows can be counted by their days.
func TestEveryFetchedTableHasDays(t *testing.T) {
	t.Parallel()
	dayOf(schemas.Bars)
	dayOf(schemas.Actions)
	dayOf(schemas.Holdings)
	dayOf(schemas.Spells)
	dayOf(schemas.Changes)
	dayOf(schemas.Constituents)
	dayOf(schemas.Renames)
	dayOf(schemas.Observations)
	dayOf(schemas.Rates)
	dayOf(schemas.Operations)
	dayOf(schemas.CashBalances)
}
