package fred

import (
	"fmt"
	"io"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// ParseCSV reads the keyless CSV of one series: two columns, the day and the
// id. The day's column was called DATE until the end of 2024. A missing value
// is an empty cell, formerly a point. Only Date and Value are filled. A day
// that occurs twice is left for the caller to find, as are units.
func ParseCSV(r io.Reader, id string) ([]schemas.Observation, error) {
	text, err := extract.Text(r)
	if err != nil {
		return nil, err
	}
	c, err := extract.NewCSV(text, extract.CSVLayout{
		Required:   []string{id},
		Optional:   []string{"observation_date", "DATE"},
		MaxColumns: 8,
		MaxLine:    4096,
		MaxRows:    maxRows,
	})
	if err != nil {
		return nil, err
	}
	day := "observation_date"
	switch current, former := c.Has(day), c.Has("DATE"); {
	case current && former:
		return nil, fmt.Errorf("line %d: both observation_date and DATE are columns", c.Line())
	case former:
		day = "DATE"
	case !current:
		return nil, fmt.Errorf("line %d: neither observation_date nor DATE is a column", c.Line())
	}
	var rows []schemas.Observation
	for c.Next() {
		var row schemas.Observation
		if row.Date, err = c.Date(day, time.DateOnly); err != nil {
			return nil, err
		}
		if cell := c.Cell(id); cell != "" && cell != missing {
			v, err := c.Float(id)
			if err != nil {
				return nil, err
			}
			row.Value = schemas.Some(v)
		}
		rows = append(rows, row)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return rows, nil
}

// missing is how FRED writes a value it does not have.
const missing = "."
