package fred

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// VintagePrefix begins the part of a series' vintages: "alfred:WALCL". ALFRED, the
// archive of FRED, is asked through the same API.
const VintagePrefix = "alfred:"

// always is the period from before the first to after the last vintage.
var always = period{"1776-07-04", "9999-12-31"}

// pieces cuts always into periods with fewer vintages than the API gives at once,
// some 2,000: a daily series has one each working day.
func pieces() []period {
	var out []period
	start := always.Start
	for year := 2000; year <= 2100; year += 5 {
		out = append(out, period{start, fmt.Sprintf("%d-12-31", year-1)})
		start = fmt.Sprintf("%d-01-01", year)
	}
	return append(out, period{start, always.End})
}

// Vintages returns the source of raw.vintage: everything that FRED has said of each
// day of a series, and when it said so. A window's Part is [VintagePrefix] and the
// series' id, and holds its whole history. Each value is in the unit that the series
// had at the time. Days before 1970 are left out. The API's key is needed.
func Vintages(g extract.Getter, cfg Config) extract.Source[schemas.Vintage] {
	return extract.AtOnce[schemas.Vintage](source{g, cfg}.vintages)
}

func (s source) vintages(ctx context.Context, w schemas.Window) ([]schemas.Vintage, error) {
	id, ok := strings.CutPrefix(w.Part, VintagePrefix)
	if !ok || !validID(id) {
		return nil, fmt.Errorf("fred: %q is not the part of a series' vintages, such as %q", w.Part, VintagePrefix+"WALCL")
	}
	if err := checkKey(s.cfg.Key); err != nil {
		return nil, err
	}
	q := always.query()
	q.Set("series_id", id)
	p, data, err := s.read(ctx, w, s.call("/fred/series", q))
	if err != nil {
		return nil, err
	}
	said, echo, err := parseMetadata(bytes.NewReader(data))
	if err == nil && echo != always {
		err = fmt.Errorf("the answer is about %s to %s", echo.Start, echo.End)
	}
	if err == nil {
		err = checkSaid(said, id)
	}
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	rows, err := s.saidIn(ctx, w, id, always)
	if status, ok := errors.AsType[*extract.StatusError](err); ok && status.Code == http.StatusBadRequest && strings.Contains(status.Body, "vintage") {
		rows = nil
		for _, piece := range pieces() {
			more, err := s.saidIn(ctx, w, id, piece)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	} else if err != nil {
		return nil, err
	}
	rows = joined(rows)
	if len(rows) == 0 {
		return nil, fmt.Errorf("fred: %s: %w", w, extract.ErrNoData)
	}
	for i := range rows {
		r := &rows[i]
		if i > 0 && rows[i-1].Date == r.Date && (rows[i-1].KnownTo == schemas.NoDate || rows[i-1].KnownTo >= r.KnownFrom) {
			return nil, extract.Contract(Publisher, w, r.Payload, fmt.Errorf("%s had two values for %s at once, on %s", id, r.Date, r.KnownFrom))
		}
		r.Source, r.Series = w.Part, id
		m := said[max(0, begun(said, r.KnownFrom)-1)]
		r.Unit, r.Frequency = m.Units, m.Frequency
		if r.Multiplier, ok = Multiplier(m.Units); !ok {
			return nil, extract.Contract(Publisher, w, p.Hash, fmt.Errorf("%s was in %.60q, a unit that is not known here", id, m.Units))
		}
	}
	return rows, nil
}

// begun returns how many of the descriptions had been given by a day.
func begun(said []Metadata, by schemas.Date) int {
	n, _ := slices.BinarySearchFunc(said, by, func(m Metadata, by schemas.Date) int {
		if saidOn(m.Start) <= by {
			return -1
		}
		return 1
	})
	return n
}

func (p period) query() url.Values {
	return url.Values{"realtime_start": {p.Start}, "realtime_end": {p.End}}
}

// saidOn reads a day of a period. Those before 1970 are one.
func saidOn(text string) schemas.Date {
	d, err := schemas.ParseDate(text)
	if err != nil {
		return schemas.MinDate
	}
	return d
}

// checkSaid holds descriptions against the series, and sorts them by time.
func checkSaid(said []Metadata, id string) error {
	if len(said) == 0 {
		return errors.New("the metadata of no series")
	}
	for _, m := range said {
		if m.ID != id {
			return fmt.Errorf("the metadata are of %.40q", m.ID)
		}
		if _, err := m.days(); err != nil {
			return fmt.Errorf("the metadata: %w", err)
		}
	}
	slices.SortFunc(said, func(a, b Metadata) int { return cmp.Compare(a.Start, b.Start) })
	return nil
}

// days reads a period: its last day is NoDate where it has not ended.
func (p period) days() (out [2]schemas.Date, err error) {
	for i, text := range []string{p.Start, p.End} {
		switch {
		case text == always.End:
			out[i] = schemas.NoDate
		case len(text) == len("2006-01-02") && text < schemas.MinDate.String():
			out[i] = schemas.MinDate
		default:
			if out[i], err = schemas.ParseDate(text); err != nil {
				return out, fmt.Errorf("the period %.20q to %.20q: %w", p.Start, p.End, err)
			}
		}
	}
	if p.Start > p.End || p.Start == always.End {
		return out, fmt.Errorf("the period %.20q to %.20q ends before it begins", p.Start, p.End)
	}
	return out, nil
}

// saidIn gets what was said within a period, page by page.
func (s source) saidIn(ctx context.Context, w schemas.Window, id string, within period) ([]schemas.Vintage, error) {
	var out []schemas.Vintage
	for total := 1; len(out) < total; {
		q := within.query()
		q.Set("series_id", id)
		q.Set("limit", strconv.Itoa(maxRows))
		q.Set("offset", strconv.Itoa(len(out)))
		p, data, err := s.read(ctx, w, s.call("/fred/series/observations", q))
		if err != nil {
			return nil, err
		}
		page, count, err := ParseVintages(bytes.NewReader(data), within.Start, within.End)
		if err == nil && len(page) == 0 && len(out) < count {
			err = fmt.Errorf("%s has %d values where %d were promised", id, len(out), count)
		}
		if err != nil {
			return nil, extract.Contract(Publisher, w, p.Hash, err)
		}
		for i := range page {
			page[i].Payload = p.Hash
		}
		out, total = append(out, page...), count
	}
	return slices.DeleteFunc(out, func(r schemas.Vintage) bool { return r.Date < schemas.MinDate }), nil
}

// ParseVintages reads a page of everything that was said of a series in the period
// that was asked for, which the answer has to repeat, and how much there is in all.
// Only Date, Value, KnownFrom and KnownTo of the rows are filled.
func ParseVintages(r io.Reader, start, end string) ([]schemas.Vintage, int, error) {
	body, values, err := parseObservations(r)
	if err != nil {
		return nil, 0, err
	}
	if asked := (period{start, end}); body.period != asked {
		return nil, 0, fmt.Errorf("the answer is about %.20q to %.20q, not %s to %s", body.Start, body.End, start, end)
	}
	out := make([]schemas.Vintage, len(values))
	for i, v := range values {
		said, err := (*body.Observations)[i].days()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", v.Date, err)
		}
		out[i] = schemas.Vintage{Date: v.Date, Value: v.Value, KnownFrom: said[0], KnownTo: said[1]}
	}
	return out, *body.Count, nil
}

// joined puts together what one answer ended and the next went on with, and sorts by
// day and time.
func joined(rows []schemas.Vintage) []schemas.Vintage {
	slices.SortStableFunc(rows, func(a, b schemas.Vintage) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.KnownFrom, b.KnownFrom))
	})
	out := rows[:0]
	for _, r := range rows {
		if n := len(out); n > 0 && out[n-1].Date == r.Date && out[n-1].Value == r.Value && out[n-1].KnownTo != schemas.NoDate && out[n-1].KnownTo+1 == r.KnownFrom {
			out[n-1].KnownTo = r.KnownTo
			continue
		}
		out = append(out, r)
	}
	return out
}
