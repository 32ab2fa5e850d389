// Package fred reads series of FRED, the database of the Federal Reserve Bank
// of St. Louis: through its API where a key is configured, else through the
// keyless CSV of its charts, or from saved files of either form.
//
// Units are the danger here. FRED restated WRESBAL, WTREGEN and WCURCIR from
// billions to millions of dollars for their whole history at once. So the unit
// of a row is never assumed: the API's metadata states it, or the catalogue or
// the configuration declares it, and in each case the values must look like
// it; see [Spec].
package fred

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher. New values arrive minutes to hours after their
// origin has published them; the origin's revisions replace history.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "fred"
	// DefaultBase is the address of the API. It takes 120 requests a minute
	// and refuses bursts above about two a second. Any User-Agent will do.
	DefaultBase = "https://api.stlouisfed.org"
	// DefaultGraphBase is the address of the keyless CSV. It is no API: it
	// promises nothing, and blocks some clients with a web page.
	DefaultGraphBase = "https://fred.stlouisfed.org"
	// Every is the time to leave between two requests.
	Every = 600 * time.Millisecond
	// PartPrefix begins the part of every window: "fred:WALCL".
	PartPrefix = "fred:"

	// maxRows is the most observations the API returns at once: 270 years of
	// a daily series that has weekends too.
	maxRows  = 100_000
	maxBytes = 32 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"api.stlouisfed.org", "fred.stlouisfed.org"} }

// Config says where answers come from. The zero Config reads the keyless CSV.
type Config struct {
	// Base is the address of the API; empty means [DefaultBase].
	Base string
	// GraphBase is the address of the keyless CSV; empty means Base where
	// that is not FRED's own, else [DefaultGraphBase].
	GraphBase string
	// Key is the API key, 32 lower-case hexadecimal characters. Empty means
	// the keyless CSV. It is sent as a secret, never as part of an address.
	Key string
	// Files are saved answers, as file: URLs, to read instead of asking. The
	// series of a file is a word of its name, in any case, as in WALCL.csv or
	// fredgraph_walcl_2026-07.csv; files of other series are not opened.
	// They are read in order; where two speak of the same day, the later
	// counts.
	Files []string
	// Units declares the unit in which keyless answers and files are, by
	// series ("WRESBAL") or by file name ("WRESBAL_2024.csv", which comes
	// first), where it is not the one of the catalogue. The text is FRED's
	// own: "Billions of U.S. Dollars".
	Units map[string]string
}

func (c Config) base() string { return strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/") }

func (c Config) graphBase() string {
	switch {
	case c.GraphBase != "":
		return strings.TrimRight(c.GraphBase, "/")
	case c.base() != DefaultBase: // a stand-in answers for both
		return c.base()
	}
	return DefaultGraphBase
}

// Part returns the part of raw.observation that holds a series.
func Part(id string) string { return PartPrefix + id }

type source struct {
	get extract.Getter
	cfg Config
}

var _ extract.Source[schemas.Observation] = source{}

// Series returns the source of the parts of raw.observation that are FRED
// series: a window's Part is "fred:" and the series' id. Values are as
// published, in Unit; Multiplier is what one of them stands for in dollars,
// or 1 for percent and indices. A day for which FRED has a row without a value
// (a holiday of a daily series) is a row without a value. Days before 1970 are
// left out.
func Series(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return source{g, cfg}
}

// Fetch implements [extract.Source].
func (s source) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.Observation, error] {
	return func(yield func([]schemas.Observation, error) bool) {
		yield(s.fetch(ctx, w))
	}
}

func (s source) fetch(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	id, ok := strings.CutPrefix(w.Part, PartPrefix)
	if !ok || !validID(id) {
		return nil, fmt.Errorf("fred: %q is not the part of a series, such as %q", w.Part, Part("WALCL"))
	}
	spec, known := Lookup(id)
	if !known {
		spec = Spec{ID: id}
	}
	var rows []schemas.Observation
	var err error
	switch {
	case len(s.cfg.Files) > 0:
		rows, err = s.fromFiles(ctx, w, spec)
	case s.cfg.Key != "":
		rows, err = s.fromAPI(ctx, w, spec)
	default:
		rows, err = s.fromGraph(ctx, w, spec)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("fred: %s: %w", w, extract.ErrNoData)
	}
	return rows, nil
}

// declared returns the unit in which a keyless answer or a file is.
func (s source) declared(spec Spec, file string) (string, error) {
	if u, ok := s.cfg.Units[file]; ok && file != "" {
		return u, nil
	}
	if u, ok := s.cfg.Units[spec.ID]; ok {
		return u, nil
	}
	if spec.Unit == "" {
		return "", fmt.Errorf("fred: the unit of %s is not known here: declare it in the configuration, or configure an API key", spec.ID)
	}
	return spec.Unit, nil
}

// fromGraph reads the keyless CSV.
func (s source) fromGraph(ctx context.Context, w schemas.Window, spec Spec) ([]schemas.Observation, error) {
	unit, err := s.declared(spec, "")
	if err != nil {
		return nil, err
	}
	q := url.Values{"id": {spec.ID}}
	if !whole(w) {
		q.Set("cosd", w.From.String())
		q.Set("coed", w.Last().String())
	}
	address := s.cfg.graphBase() + "/graph/fredgraph.csv?" + q.Encode()
	p, data, err := s.read(ctx, w, extract.Request{URL: address, Header: http.Header{"Accept": {"text/csv"}}})
	if err != nil {
		return nil, err
	}
	rows, err := ParseCSV(bytes.NewReader(data), spec.ID)
	if err == nil && !bytes.HasSuffix(data, []byte("\n")) {
		// The last value may lack digits, which nothing else would show.
		err = errors.New("the last line is cut off: it has no end")
	}
	if err == nil {
		err = finish(rows, w, spec, label{unit: unit, frequency: spec.Frequency, payload: p.Hash})
	}
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	return inside(rows, w), nil
}

// fromFiles reads the saved answers of one series.
func (s source) fromFiles(ctx context.Context, w schemas.Window, spec Spec) ([]schemas.Observation, error) {
	byDay := make(map[schemas.Date]schemas.Observation)
	found := false
	for _, address := range s.cfg.Files {
		name := fileName(address)
		if !slices.Contains(words(name), spec.ID) {
			continue
		}
		found = true
		unit, err := s.declared(spec, name)
		if err != nil {
			return nil, err
		}
		p, data, err := s.read(ctx, w, extract.Request{URL: address})
		if err != nil {
			return nil, err
		}
		rows, err := parseFile(data, spec.ID)
		if err == nil {
			err = finish(rows, schemas.CutWhole.Window(w.Part, w.From), spec, label{unit: unit, frequency: spec.Frequency, payload: p.Hash})
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, extract.Contract(Publisher, w, p.Hash, err))
		}
		for _, row := range inside(rows, w) {
			byDay[row.Date] = row
		}
	}
	if !found {
		return nil, fmt.Errorf("fred: none of %d files has %s in its name: %w", len(s.cfg.Files), spec.ID, extract.ErrNoData)
	}
	out := make([]schemas.Observation, 0, len(byDay))
	for _, row := range byDay {
		out = append(out, row)
	}
	sortRows(out)
	return out, nil
}

func parseFile(data []byte, id string) ([]schemas.Observation, error) {
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n\ufeff"), []byte("{")) {
		rows, _, err := ParseObservations(bytes.NewReader(data))
		return rows, err
	}
	return ParseCSV(bytes.NewReader(data), id)
}

func (s source) read(ctx context.Context, w schemas.Window, r extract.Request) (*extract.Payload, []byte, error) {
	r.Publisher = Publisher
	r.MaxBytes = maxBytes
	return extract.Read(ctx, s.get, r, w)
}

// label is what a whole answer says of each of its rows.
type label struct{ unit, frequency, payload string }

// finish labels the rows of an answer that should have the days of w, sorts
// them and holds them against days and unit.
func finish(rows []schemas.Observation, w schemas.Window, spec Spec, l label) error {
	multiplier, ok := Multiplier(l.unit)
	if !ok {
		return fmt.Errorf("%s is in %.60q, a unit that is not known here", spec.ID, l.unit)
	}
	if err := spec.accepts(l.unit); err != nil {
		return err
	}
	if len(rows) == 0 && whole(w) && !spec.Discontinued {
		return fmt.Errorf("%s has no value in its whole history", spec.ID)
	}
	sortRows(rows)
	for i := range rows {
		row := &rows[i]
		if i > 0 && rows[i-1].Date == row.Date {
			return fmt.Errorf("%s has two values for %s", spec.ID, row.Date)
		}
		if !whole(w) && !w.Contains(row.Date) {
			return fmt.Errorf("%s has a value for %s, which was not asked for", spec.ID, row.Date)
		}
		if err := spec.checkDay(row.Date); err != nil {
			return err
		}
		row.Source = w.Part
		row.Series = spec.ID
		row.Unit = l.unit
		row.Multiplier = multiplier
		row.Frequency = l.frequency
		row.Payload = l.payload
	}
	return spec.checkScale(rows, l.unit)
}

func sortRows(rows []schemas.Observation) {
	slices.SortStableFunc(rows, func(a, b schemas.Observation) int { return cmp.Compare(a.Date, b.Date) })
}

func inside(rows []schemas.Observation, w schemas.Window) []schemas.Observation {
	return slices.DeleteFunc(rows, func(r schemas.Observation) bool { return !w.Contains(r.Date) })
}

func whole(w schemas.Window) bool { return w == schemas.CutWhole.Window(w.Part, w.From) }

func validID(id string) bool {
	for _, c := range id {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return id != "" && len(id) <= 40
}

// fileName returns the last element of a file: URL.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return path.Base(address)
	}
	return path.Base(u.Path)
}

// words splits a file name, in upper case, where a series' id cannot go on.
func words(name string) []string {
	return strings.FieldsFunc(strings.ToUpper(name), func(c rune) bool { return !validID(string(c)) })
}
