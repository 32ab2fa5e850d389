package h41

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// The labels of the six header lines, in order. The last one begins the line
// of names.
var csvLabels = []string{"Series Description", "Unit:", "Multiplier:", "Currency:", "Unique Identifier:", "Time Period"}

// idPrefix begins the unique identifiers of the release's series.
const idPrefix = "H41/H41/"

// ParseCSV reads the CSV of the Data Download Program ("seriescolumn"): six
// header lines, then one line for each Wednesday, oldest first or last. Only
// the series that keep wants are returned, as they stand; Source and Payload
// are left empty. Which and how many columns there are differs from package to
// package, so columns are known by name; at least one must be kept.
func ParseCSV(r io.Reader, keep func(name string) bool) ([]schemas.Observation, error) {
	text, err := extract.Text(r)
	if err != nil {
		return nil, err
	}
	timePeriod := csvLabels[len(csvLabels)-1]
	c, err := extract.NewCSV(text, extract.CSVLayout{HeaderCell: timePeriod, Required: []string{timePeriod}, Others: true})
	if err != nil {
		return nil, err
	}
	kept, err := readCSVHeader(append(c.Preamble(), c.Header()), keep)
	if err != nil {
		return nil, err
	}
	var rows []schemas.Observation
	seen := make(map[schemas.Date]bool)
	for c.Next() {
		day, err := c.Date(timePeriod, time.DateOnly)
		if err != nil {
			return nil, err
		}
		if seen[day] {
			return nil, fmt.Errorf("line %d: a second line for %s", c.Line(), day)
		}
		seen[day] = true
		cells := c.Row()
		for _, col := range kept {
			status, ok := findStatus(cells[col.at])
			if !ok {
				status = normal
			}
			row, err := observation(col.name, day, status, cells[col.at])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", c.Line(), err)
			}
			rows = append(rows, row)
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return rows, nil
}

// column is a series that is kept and where it stands.
type column struct {
	name string
	at   int
}

// readCSVHeader holds the six header lines against the release and each other
// and returns the columns that are kept.
func readCSVHeader(lines [][]string, keep func(name string) bool) ([]column, error) {
	if len(lines) != len(csvLabels) {
		return nil, fmt.Errorf("%d header lines where %d are expected", len(lines), len(csvLabels))
	}
	for i, line := range lines {
		if got := strings.TrimSpace(line[0]); got != csvLabels[i] {
			return nil, fmt.Errorf("line %d begins with %.40q, not %q", i+1, got, csvLabels[i])
		}
		if len(line) != len(lines[0]) {
			return nil, fmt.Errorf("line %d has %d cells where line 1 has %d", i+1, len(line), len(lines[0]))
		}
	}
	units, multipliers, currencies, ids, names := lines[1], lines[2], lines[3], lines[4], lines[5]
	var kept []column
	for i := 1; i < len(names); i++ {
		switch name := names[i]; {
		case ids[i] != idPrefix+name:
			return nil, fmt.Errorf("column %d is named %.60q and identified as %.60q", i+1, name, ids[i])
		case !validName(name):
			return nil, fmt.Errorf("column %d: %.60q is not the name of a series", i+1, name)
		case !keep(name):
		case slices.ContainsFunc(kept, func(c column) bool { return c.name == name }):
			return nil, fmt.Errorf("column %d is the second one named %s", i+1, name)
		default:
			if err := checkUnits(name, units[i], multipliers[i], currencies[i]); err != nil {
				return nil, err
			}
			kept = append(kept, column{name, i})
		}
	}
	if len(kept) == 0 {
		return nil, errNothing
	}
	return kept, nil
}

func checkUnits(name, haveUnit, haveMultiplier, haveCurrency string) error {
	if haveUnit != unit || haveMultiplier != "1000000" || haveCurrency != currency {
		return fmt.Errorf("%s is in unit %.20q, multiplier %.20q, currency %.20q, not in millions of US dollars", name, haveUnit, haveMultiplier, haveCurrency)
	}
	return nil
}
