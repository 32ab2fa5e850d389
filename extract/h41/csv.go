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
// the series in keep are returned, series by series as they stand; Source and
// Payload are left empty. Which and how many columns there are differs from
// package to package, so columns are known by name; at least one must be kept.
func ParseCSV(r io.Reader, keep map[string]bool) ([]schemas.Observation, error) {
	text, err := extract.Text(r)
	if err != nil {
		return nil, err
	}
	c, err := extract.NewCSV(text, extract.CSVLayout{
		HeaderCell: csvLabels[len(csvLabels)-1],
		Required:   []string{csvLabels[len(csvLabels)-1]},
		Optional:   sortedNames(keep),
		Others:     true,
	})
	if err != nil {
		return nil, err
	}
	kept, err := readCSVHeader(c.Preamble(), keep)
	if err != nil {
		return nil, err
	}
	if err := checkNames(c.Header(), c.Preamble()[4]); err != nil {
		return nil, fmt.Errorf("line %d: %w", c.Line(), err)
	}
	var rows []schemas.Observation
	seen := make(map[schemas.Date]bool)
	for c.Next() {
		day, err := c.Date("Time Period", time.DateOnly)
		if err != nil {
			return nil, err
		}
		if seen[day] {
			return nil, fmt.Errorf("line %d: a second line for %s", c.Line(), day)
		}
		seen[day] = true
		for _, name := range kept {
			cell := c.Cell(name)
			status, ok := findStatus(cell)
			if !ok {
				status = normal
			}
			row, err := observation(name, day, status, cell)
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

func sortedNames(keep map[string]bool) []string {
	out := make([]string, 0, len(keep))
	for name := range keep {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// readCSVHeader holds the header lines above the line of names against the
// release and returns the names that are kept, in order.
func readCSVHeader(lines [][]string, keep map[string]bool) ([]string, error) {
	if len(lines) != len(csvLabels)-1 {
		return nil, fmt.Errorf("%d header lines above the names where %d are expected", len(lines), len(csvLabels)-1)
	}
	for i, line := range lines {
		if got := strings.TrimSpace(line[0]); got != csvLabels[i] {
			return nil, fmt.Errorf("line %d begins with %.40q, not %q", i+1, got, csvLabels[i])
		}
		if len(line) != len(lines[0]) {
			return nil, fmt.Errorf("line %d has %d cells where line 1 has %d", i+1, len(line), len(lines[0]))
		}
	}
	var kept []string
	for i, id := range lines[4] {
		if i == 0 {
			continue
		}
		name, ok := strings.CutPrefix(id, idPrefix)
		if !ok || !validName(name) {
			return nil, fmt.Errorf("line 5: %.60q is not the identifier of a series of the H.4.1", id)
		}
		if !keep[name] {
			continue
		}
		if err := checkUnits(name, lines[1][i], lines[2][i], lines[3][i]); err != nil {
			return nil, err
		}
		kept = append(kept, name)
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

// checkNames holds the line of names against the line of identifiers: what is
// said above a column must speak of the column.
func checkNames(names, ids []string) error {
	if len(names) != len(ids) {
		return fmt.Errorf("%d names where there are %d identifiers", len(names), len(ids))
	}
	for i := 1; i < len(names); i++ {
		if idPrefix+names[i] != ids[i] {
			return fmt.Errorf("column %d is named %.60q and identified as %.60q", i+1, names[i], ids[i])
		}
	}
	return nil
}
