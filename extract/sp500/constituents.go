package sp500

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"tidemark/extract"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

var constituentColumns = extract.CSVLayout{
	Required: []string{"Symbol", "Security", "GICS Sector", "GICS Sub-Industry", "Date added", "CIK"},
	Optional: []string{"Headquarters Location", "Founded"},
	MaxRows:  maxRows,
}

// Constituents returns the source of raw.constituent, sorted by day and symbol.
// A list does not say of which day it is. It is given the day on which the
// newest of its members joined, so that the same list stays the same rows
// however often it is fetched; see [Config.AsOf] for saved lists.
func Constituents(g extract.Getter, cfg Config) extract.Source[schemas.Constituent] {
	return source[schemas.Constituent]{func(ctx context.Context, w schemas.Window) ([]schemas.Constituent, error) {
		addresses := cfg.Files
		if len(addresses) == 0 {
			addresses = []string{cmp.Or(cfg.Constituents, DefaultConstituents)}
		}
		var rows []schemas.Constituent
		from := make(map[schemas.Date]string)
		for _, address := range addresses {
			name := extract.FileName(address)
			list, err := constituents(ctx, g, &cfg, w, address)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			day := list[0].AsOf
			if other, ok := from[day]; ok {
				return nil, fmt.Errorf("both %s and %s are of %s; keep one of them, or name their days in their names", other, name, day)
			}
			from[day] = name
			if w.Contains(day) {
				rows = append(rows, list...)
			}
		}
		slices.SortStableFunc(rows, func(a, b schemas.Constituent) int { return cmp.Compare(a.AsOf, b.AsOf) })
		return rows, nil
	}}
}

// dayInName finds the day in the name of a saved list.
var dayInName = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// constituents gets a list, which has at least one row, and tells its day.
func constituents(ctx context.Context, g extract.Getter, cfg *Config, w schemas.Window, address string) ([]schemas.Constituent, error) {
	p, err := g.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: maxBytes})
	if err != nil {
		return nil, err
	}
	fetched := schemas.DateOf(p.FetchedAt.In(calendar.NewYork()))
	list, err := read(p, func(r io.Reader) ([]schemas.Constituent, error) { return parseConstituents(r, cfg, fetched) })
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	day := cfg.AsOf
	if day == 0 {
		if name := dayInName.FindString(extract.FileName(address)); name != "" {
			if day, err = schemas.ParseDate(name); err != nil {
				return nil, fmt.Errorf("tell the day from the name: %w", err)
			}
		} else if day = newest(list); day < schemas.MinDate {
			day = fetched // no day is known, or none that a table can hold
		}
	}
	for i := range list {
		list[i].Index, list[i].AsOf, list[i].Payload = Index, day, p.Hash
	}
	return list, nil
}

// newest returns the last day on which a member joined, NoDate where no day is
// known.
func newest(list []schemas.Constituent) schemas.Date {
	day := schemas.NoDate
	for i := range list {
		day = max(day, list[i].DateAdded)
	}
	return day
}

// parseConstituents reads a list that was made on asOf or before. No-break spaces become spaces,
// also inside column names.
func parseConstituents(r io.Reader, cfg *Config, asOf schemas.Date) ([]schemas.Constituent, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	text, err := decode(body, cfg.Encoding)
	if err != nil {
		return nil, err
	}
	c, err := extract.NewCSV(strings.NewReader(text), constituentColumns)
	if err != nil {
		return nil, err
	}
	var rows []schemas.Constituent
	var added []string
	for c.Next() {
		row := schemas.Constituent{
			Symbol: c.Cell("Symbol"), Name: strings.TrimSpace(c.Cell("Security")), Sector: strings.TrimSpace(c.Cell("GICS Sector")),
			SubIndustry: strings.TrimSpace(c.Cell("GICS Sub-Industry")), DateAdded: schemas.NoDate,
		}
		if err := checkSymbol(row.Symbol); err != nil {
			return nil, c.Errorf("Symbol", "%w", err)
		}
		if row.Sector == "" {
			return nil, c.Errorf("GICS Sector", "empty for %s", row.Symbol)
		}
		if row.CIK, err = strconv.ParseInt(c.Cell("CIK"), 10, 64); err != nil || row.CIK <= 0 {
			return nil, c.Errorf("CIK", "%.20q is not a registrant number", c.Cell("CIK"))
		}
		rows = append(rows, row)
		added = append(added, strings.TrimSpace(c.Cell("Date added")))
	}
	if c.Err() != nil {
		return nil, c.Err()
	}
	if len(rows) == 0 {
		return nil, errors.New("the list has no constituents")
	}
	days, err := parseDays(added, cfg.DateLayout, asOf)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", "Date added", err)
	}
	for i := range rows {
		rows[i].DateAdded = days[i]
	}
	slices.SortFunc(rows, func(a, b schemas.Constituent) int { return cmp.Compare(a.Symbol, b.Symbol) })
	for i := 1; i < len(rows); i++ {
		if rows[i].Symbol == rows[i-1].Symbol {
			return nil, fmt.Errorf("%s is listed twice", rows[i].Symbol)
		}
	}
	return rows, nil
}

// encodings other than UTF-8 in which lists are saved by spreadsheets.
var encodings = []struct {
	name string
	cm   *charmap.Charmap
}{{"windows-1252", charmap.Windows1252}, {"macintosh", charmap.Macintosh}}

// decode turns a list into UTF-8. Which of the encodings a list is in shows in
// its header, where a no-break space must come out as such; a header that fits
// several needs the configuration.
func decode(body []byte, encoding string) (string, error) {
	if encoding == "" && utf8.Valid(body) || encoding == "utf-8" {
		return plainSpaces(string(body)), nil
	}
	var fits []string
	var text string
	for _, e := range encodings {
		if encoding != "" && encoding != e.name {
			continue
		}
		decoded, err := e.cm.NewDecoder().Bytes(body)
		if err != nil || strings.ContainsRune(string(decoded), utf8.RuneError) {
			continue
		}
		candidate := plainSpaces(string(decoded))
		if _, err := extract.NewCSV(strings.NewReader(candidate), constituentColumns); err == nil {
			fits = append(fits, e.name)
			text = candidate
		}
	}
	switch {
	case len(fits) == 1:
		return text, nil
	case len(fits) > 1:
		return "", fmt.Errorf("the text is not UTF-8, and its header does not tell which of %s it is; give the encoding in the configuration", strings.Join(fits, " and "))
	case encoding != "":
		return "", fmt.Errorf("the columns are not those expected when the text is read as %s", encoding)
	}
	return "", errors.New("the text is not UTF-8, and in no other known encoding are its columns those expected")
}

func plainSpaces(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

// dayLayouts are the ways in which lists write their days.
var dayLayouts = []string{time.DateOnly, "January 2, 2006", "02/01/2006", "01/02/2006", "02/01/06", "01/02/06"}

// parseDays reads a column of days in the one layout that fits all of them.
// Empty cells are unknown days. A year of two digits is the latest that does
// not lie after asOf: nobody joined the index after the list was made.
func parseDays(cells []string, layout string, asOf schemas.Date) ([]schemas.Date, error) {
	layouts := dayLayouts
	if layout != "" {
		layouts = []string{layout}
	}
	var fits []string
	var days []schemas.Date
	var firstErr error
	for _, l := range layouts {
		got, err := parseDaysIn(cells, l, asOf)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		if len(fits) > 0 && slices.Equal(got, days) {
			continue
		}
		fits, days = append(fits, l), got
	}
	switch len(fits) {
	case 0:
		return nil, firstErr
	case 1:
		return days, nil
	}
	return nil, fmt.Errorf("its dates can be read as %s; give the layout in the configuration", strings.Join(fits, " and as "))
}

func parseDaysIn(cells []string, layout string, asOf schemas.Date) ([]schemas.Date, error) {
	shortYear := !strings.Contains(layout, "2006")
	days := make([]schemas.Date, len(cells))
	for i, cell := range cells {
		if cell == "" {
			days[i] = schemas.NoDate
			continue
		}
		day, err := schemas.ParseDateLayout(layout, cell)
		if err != nil {
			return nil, err
		}
		if shortYear && day > asOf {
			day = day.AddYears(-100)
		}
		days[i] = day
	}
	return days, nil
}

// Probe asks for the list of changes and holds it against the contract. It
// returns what it saw in a line.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	w := schemas.CutWhole.Window(Index, 0)
	cfg.Files = nil
	n, last := 0, schemas.NoDate
	for rows, err := range Changes(g, cfg).Fetch(ctx, w) {
		if err != nil {
			return "", err
		}
		n, last = len(rows), rows[len(rows)-1].Date
	}
	return fmt.Sprintf("%d changes of the S&P 500, the last on %s", n, last), nil
}
