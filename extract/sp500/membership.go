package sp500

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// parseSpells reads ticker,start_date,end_date. An empty end is a stay that
// lasts; the end is the first day out.
func parseSpells(r io.Reader) ([]schemas.Spell, error) {
	c, err := extract.NewCSV(r, extract.CSVLayout{Required: []string{"ticker", "start_date", "end_date"}, MaxRows: maxRows})
	if err != nil {
		return nil, err
	}
	var spells []schemas.Spell
	lasting := false
	for c.Next() {
		s := schemas.Spell{Symbol: c.Cell("ticker"), To: schemas.NoDate}
		if err := checkSymbol(s.Symbol); err != nil {
			return nil, c.Errorf("ticker", "%w", err)
		}
		if s.From, err = c.Date("start_date", time.DateOnly); err != nil {
			return nil, err
		}
		if c.Cell("end_date") == "" {
			lasting = true
		} else if s.To, err = c.Date("end_date", time.DateOnly); err != nil {
			return nil, err
		} else if s.To <= s.From {
			return nil, c.Errorf("end_date", "%s left on %s, not after it entered on %s", s.Symbol, s.To, s.From)
		}
		spells = append(spells, s)
	}
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case len(spells) == 0:
		return nil, errors.New("the list has no spells")
	case !lasting:
		return nil, errors.New("the list has no current member: every spell has an end")
	}
	slices.SortFunc(spells, func(a, b schemas.Spell) int {
		return cmp.Or(cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.From, b.From))
	})
	for i := 1; i < len(spells); i++ {
		a, b := &spells[i-1], &spells[i]
		if a.Symbol == b.Symbol && (a.To == schemas.NoDate || a.To > b.From) {
			return nil, fmt.Errorf("two spells of %s overlap: from %s to %s, and from %s", a.Symbol, a.From, a.To, b.From)
		}
	}
	return spells, nil
}

// parseChanges reads date,add,remove. Both lists may be empty, but not on the
// same line.
func parseChanges(r io.Reader) ([]schemas.Change, error) {
	c, err := extract.NewCSV(r, extract.CSVLayout{Required: []string{"date", "add", "remove"}, MaxRows: maxRows})
	if err != nil {
		return nil, err
	}
	var changes []schemas.Change
	for c.Next() {
		day, err := c.Date("date", time.DateOnly)
		if err != nil {
			return nil, err
		}
		before := len(changes)
		for _, column := range []string{"add", "remove"} {
			list := strings.TrimSpace(c.Cell(column))
			if list == "" {
				continue
			}
			for symbol := range strings.SplitSeq(list, ",") {
				symbol = strings.TrimSpace(symbol)
				if err := checkSymbol(symbol); err != nil {
					return nil, c.Errorf(column, "%w", err)
				}
				changes = append(changes, schemas.Change{Date: day, Symbol: symbol, Added: column == "add"})
			}
		}
		if len(changes) == before {
			return nil, c.Errorf("add", "no symbol enters or leaves on %s", day)
		}
	}
	if c.Err() != nil {
		return nil, c.Err()
	}
	if len(changes) == 0 {
		return nil, errors.New("the list has no changes")
	}
	slices.SortFunc(changes, func(a, b schemas.Change) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), compareBool(a.Added, b.Added), cmp.Compare(a.Symbol, b.Symbol))
	})
	for i := 1; i < len(changes); i++ {
		if changes[i] == changes[i-1] {
			return nil, fmt.Errorf("%s is listed twice on %s", changes[i].Symbol, changes[i].Date)
		}
	}
	return changes, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// checkSymbol refuses what is no ticker: a cell of another column, a sentence.
func checkSymbol(s string) error {
	if s == "" || len(s) > 12 {
		return fmt.Errorf("%.40q is not a symbol", s)
	}
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '/':
		default:
			return fmt.Errorf("%.40q is not a symbol", s)
		}
	}
	return nil
}
