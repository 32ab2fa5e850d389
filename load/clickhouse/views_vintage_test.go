package clickhouse

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// TestVintagesInOneUnit restates a series in millions: the figure was revised once.
func TestVintagesInOneUnit(t *testing.T) {
	w := stocked(t)
	day := func(text string) schemas.Date {
		d, err := schemas.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	row := func(from, to schemas.Date, value, multiplier float64) schemas.Vintage {
		return schemas.Vintage{Source: "alfred:WRESBAL", Series: "WRESBAL", Date: day("2025-07-30"), KnownFrom: from, KnownTo: to, Value: schemas.Some(value), Unit: "U.S. Dollars", Multiplier: multiplier}
	}
	replace(t, w, schemas.Vintages, []schemas.Vintage{
		row(day("2025-07-31"), day("2025-08-06"), 3347, 1e9),
		row(day("2025-08-07"), day("2025-08-31"), 3348, 1e9),
		row(day("2025-09-01"), schemas.NoDate, 3348000, 1e6),
	})
	got := lines(t, w, "SELECT known_from, known_to, value / 1e9 FROM mart.vintage WHERE series = 'WRESBAL' ORDER BY known_from")
	want := []string{"2025-07-31|2025-08-07|3347", "2025-08-07|2025-09-01|3348", "2025-09-01|2200-01-01|3348"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := lines(t, w, "SELECT value / 1e9 FROM mart.vintage WHERE known_from <= '2025-08-06' AND known_to > '2025-08-06'"); len(got) != 1 || got[0] != "3347" {
		t.Errorf("known on the day before the revision: %v", got)
	}
}
