package sandbox

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// twister disfigures a text for the faults that concern its content.
type twister interface {
	twist(k Kind, text []byte) ([]byte, error)
}

const (
	renamedSuffix = "_new"
	extraName     = "sandbox_extra"
)

// wrongBy is the distance of a wrong day from the right one: out of any year
// that was asked for.
const wrongBy = -3653

// textTwister disfigures JSON and XML.
type textTwister struct {
	key    string         // what is renamed, as it stands in the text: `"percentRate"`
	to     string         // what it is called then
	extra  string         // what is put before the first key
	figure *regexp.Regexp // its first group is a figure of the main key
	day    *regexp.Regexp // its first group is a day
	layout string         // of that day
}

// jsonKey is the twister of objects with the given main key and day key.
func jsonKey(key, day string) *textTwister {
	return &textTwister{
		key:    strconv.Quote(key),
		to:     strconv.Quote(key + renamedSuffix),
		extra:  strconv.Quote(extraName) + ": 1, ",
		figure: regexp.MustCompile(regexp.QuoteMeta(strconv.Quote(key)) + `\s*:\s*"?(-?[0-9][0-9.]*)`),
		day:    regexp.MustCompile(regexp.QuoteMeta(strconv.Quote(day)) + `\s*:\s*"(\d{4}-\d{2}-\d{2})"`),
		layout: time.DateOnly,
	}
}

func (x *textTwister) twist(k Kind, text []byte) ([]byte, error) {
	switch k {
	case RenamedColumn:
		return bytes.ReplaceAll(text, []byte(x.key), []byte(x.to)), nil
	case ExtraColumn:
		return bytes.ReplaceAll(text, []byte(x.key), []byte(x.extra+x.key)), nil
	case WrongUnit:
		return replaceGroup(x.figure, text, -1, thousandth)
	case NotANumber:
		return replaceGroup(x.figure, text, 1, func(string) (string, error) { return "NaN", nil })
	case TooLarge:
		return replaceGroup(x.figure, text, 1, func(string) (string, error) { return "1e309", nil })
	case WrongDate:
		return replaceGroup(x.day, text, 1, func(day string) (string, error) { return shiftDay(x.layout, day) })
	default:
		return nil, fmt.Errorf("%s does not concern the text", k)
	}
}

// replaceGroup rewrites the first group of up to n matches.
func replaceGroup(re *regexp.Regexp, text []byte, n int, with func(string) (string, error)) ([]byte, error) {
	var out bytes.Buffer
	last := 0
	for _, m := range re.FindAllSubmatchIndex(text, n) {
		s, err := with(string(text[m[2]:m[3]]))
		if err != nil {
			return nil, err
		}
		out.Write(text[last:m[2]])
		out.WriteString(s)
		last = m[3]
	}
	out.Write(text[last:])
	return out.Bytes(), nil
}

func thousandth(figure string) (string, error) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(figure, ",", ""), 64)
	if err != nil {
		return "", err
	}
	return strconv.FormatFloat(v/1000, 'f', -1, 64), nil
}

// The layouts of a day that is written as an instant, counted from 1970 on.
const (
	seconds = "s"
	millis  = "ms"
)

func shiftDay(layout, day string) (string, error) {
	if unit := map[string]time.Duration{seconds: time.Second, millis: time.Millisecond}[layout]; unit > 0 {
		n, err := strconv.ParseInt(day, 10, 64)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(n+int64(wrongBy*24*time.Hour/unit), 10), nil
	}
	t, err := time.Parse(layout, day)
	if err != nil {
		return "", err
	}
	return t.AddDate(0, 0, wrongBy).Format(layout), nil
}

// tableTwister disfigures a table in CSV, whose header may stand below a
// preamble.
type tableTwister struct {
	column string         // the main column
	day    *regexp.Regexp // its first group is a day; nil: the first cell like 2006-01-02
	layout string
}

func (x *tableTwister) twist(k Kind, text []byte) ([]byte, error) {
	if k == WrongDate {
		day, layout := x.day, x.layout
		if day == nil {
			day, layout = regexp.MustCompile(`(\d{4}-\d{2}-\d{2})`), time.DateOnly
		}
		return replaceGroup(day, text, 1, func(s string) (string, error) { return shiftDay(layout, s) })
	}
	lines := strings.SplitAfter(string(text), "\n")
	column, header := -1, -1
	for i, line := range lines {
		cells, err := splitLine(line)
		if err != nil || len(cells) == 0 {
			continue
		}
		if header < 0 {
			if column = slices.Index(cells, x.column); column >= 0 && len(cells) > 1 {
				header = i
				lines[i] = joinLine(line, retitle(k, cells, column))
			}
			continue
		}
		if len(cells) <= column {
			break // the end of the table
		}
		touched, err := x.cell(k, &cells[column])
		if err != nil {
			return nil, err
		}
		if k == ExtraColumn {
			cells, touched = append(cells, "1"), true
		}
		if touched {
			lines[i] = joinLine(line, cells)
		}
		if touched && (k == NotANumber || k == TooLarge) {
			break
		}
	}
	if header < 0 {
		return nil, fmt.Errorf("there is no column %q", x.column)
	}
	return []byte(strings.Join(lines, "")), nil
}

func retitle(k Kind, cells []string, column int) []string {
	switch k {
	case RenamedColumn:
		cells[column] += renamedSuffix
	case ExtraColumn:
		cells = append(cells, extraName)
	default: // the titles stay
	}
	return cells
}

// cell disfigures one cell of the main column. Empty cells are left alone, and
// by a wrong unit those without a figure.
func (x *tableTwister) cell(k Kind, cell *string) (touched bool, err error) {
	if *cell == "" || *cell == "-" {
		return false, nil
	}
	switch k {
	case WrongUnit:
		if _, err := strconv.ParseFloat(strings.ReplaceAll(*cell, ",", ""), 64); err != nil {
			return false, nil //nolint:nilerr // a day has no unit
		}
		*cell, err = thousandth(*cell)
	case NotANumber:
		*cell = "NaN"
	case TooLarge:
		*cell = "1e309"
	default:
		return false, nil
	}
	return true, err
}

func splitLine(line string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(line, "\ufeff")))
	r.LazyQuotes = true
	return r.Read()
}

// joinLine writes cells in the manner of the line they came from.
func joinLine(line string, cells []string) string {
	end := line[len(strings.TrimRight(line, "\r\n")):]
	if strings.HasPrefix(line, `"`) {
		return `"` + strings.Join(cells, `","`) + `"` + end
	}
	for i, c := range cells {
		if strings.ContainsAny(c, `,"`) {
			cells[i] = strconv.Quote(c)
		}
	}
	return strings.Join(cells, ",") + end
}
