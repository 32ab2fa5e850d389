// Package ofr reads series of the Short-term Funding Monitor of the Office of
// Financial Research: rates and volumes of the repo market by where it clears.
//
// The answers say nothing of their unit. It follows from the name of the series, and
// what is told must look like it.
package ofr

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher. New figures come at most once a day, about 15:00 New
// York, not on holidays. Final figures take the place of preliminary ones weeks
// later, under a name of their own.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "ofr"
	// DefaultBase is the address of the service. It needs no key, and no limit is
	// documented.
	DefaultBase = "https://data.financialresearch.gov"
	// Every is the time to leave between two requests.
	Every = time.Second
	// PartPrefix begins the part of every window: "ofr:REPO-TRI_AR_OO-P".
	PartPrefix = "ofr:"

	// agent is what the service takes for a client that it answers: it refuses some
	// that name a library.
	agent    = "Mozilla/5.0 (compatible; Tidemark)"
	maxBytes = 16 << 20
)

// since is before the first day of every series.
var since = schemas.NewDate(2014, time.January, 1)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"data.financialresearch.gov"} }

// Config says where answers come from. The zero Config asks the publisher.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
}

// Part returns the part of raw.observation that holds a series.
func Part(mnemonic string) string { return PartPrefix + mnemonic }

// unit is what the figures of a series are in, and how far they may be from zero.
type unit struct {
	name      string
	low, high float64
	least     float64 // the median of those above zero is not below it
}

var (
	percent = unit{name: "Percent", low: -5, high: 25}
	dollars = unit{name: "U.S. Dollars", high: 1e14, least: 1e7}

	mnemonicForm = regexp.MustCompile(`^(?:REPO-(?:TRI|TRIV1|DVP|GCF)_(AR|TV)_[A-Z0-9]+|(FNYR)-[A-Z0-9]+)-([PFA])$`)
)

// unitOf returns the unit of a series, and the letter of its vintage: P for
// preliminary, F for final, A for as of.
func unitOf(mnemonic string) (u unit, vintage string, err error) {
	m := mnemonicForm.FindStringSubmatch(mnemonic)
	switch {
	case m == nil:
		return u, "", fmt.Errorf("%q is no series whose unit is known, such as REPO-TRI_AR_OO-P or REPO-DVP_TV_TOT-F", mnemonic)
	case m[1] == "TV":
		return dollars, m[3], nil
	}
	return percent, m[3], nil
}

// Check finds a series whose unit is not known.
func Check(mnemonic string) error {
	_, _, err := unitOf(mnemonic)
	return err
}

type source struct {
	g   extract.Getter
	cfg Config
}

// Series returns the source of the parts of raw.observation that are series of the
// monitor: a window's Part is "ofr:" and the mnemonic. Rates are in percent, volumes
// in dollars. A day without trades, or of which nothing may be said, is a row
// without a value; Status is the letter of the vintage.
func Series(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return extract.AtOnce[schemas.Observation](source{g, cfg}.fetch)
}

func (s source) fetch(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	mnemonic, ok := strings.CutPrefix(w.Part, PartPrefix)
	if !ok {
		return nil, fmt.Errorf("ofr: %q is not the part of a series, such as %q", w.Part, Part("REPO-TRI_AR_OO-P"))
	}
	u, vintage, err := unitOf(mnemonic)
	if err != nil {
		return nil, fmt.Errorf("ofr: %w", err)
	}
	q := url.Values{"mnemonic": {mnemonic}, "start_date": {max(w.From, since).String()}}
	if w != schemas.CutWhole.Window(w.Part, 0) {
		q.Set("end_date", w.Last().String())
	}
	p, data, err := extract.Read(ctx, s.g, extract.Request{
		Publisher: Publisher, MaxBytes: maxBytes, URL: strings.TrimRight(cmp.Or(s.cfg.Base, DefaultBase), "/") + "/v1/series/timeseries?" + q.Encode(),
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {agent}},
	}, w)
	if err != nil {
		return nil, err
	}
	rows, err := ParseTimeseries(bytes.NewReader(data))
	if err == nil {
		err = u.hold(rows)
	}
	for i := range rows {
		r := &rows[i]
		if err == nil && !w.Contains(r.Date) {
			err = fmt.Errorf("a figure of %s, which was not asked for", r.Date)
		}
		r.Source, r.Series, r.Status, r.Unit, r.Multiplier, r.Frequency, r.Payload = w.Part, mnemonic, vintage, u.name, 1, "Daily", p.Hash
	}
	switch {
	case err != nil:
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	case len(rows) == 0:
		return nil, fmt.Errorf("ofr: %s: %w", w, extract.ErrNoData)
	}
	return rows, nil
}

// hold says where figures do not look like the unit.
func (u unit) hold(rows []schemas.Observation) error {
	var positive []float64
	for _, r := range rows {
		if r.Value.OK && (r.Value.V < u.low || r.Value.V > u.high) {
			return fmt.Errorf("%v on %s cannot be in %s", r.Value.V, r.Date, strings.ToLower(u.name))
		}
		if r.Value.V > 0 {
			positive = append(positive, r.Value.V)
		}
	}
	if len(positive) == 0 || u.least == 0 {
		return nil
	}
	slices.Sort(positive)
	if median := positive[len(positive)/2]; median < u.least {
		return fmt.Errorf("half of the figures are below %v: they are not in %s any more", median, strings.ToLower(u.name))
	}
	return nil
}

// ParseTimeseries reads a list of days and values, oldest first, null where there is
// none. Only Date and Value of the rows are filled. Any departure from that form is
// an error that says what was found.
func ParseTimeseries(r io.Reader) ([]schemas.Observation, error) {
	var body [][]json.RawMessage
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	if body == nil {
		return nil, errors.New("the answer is null, not a list")
	}
	rows := make([]schemas.Observation, 0, len(body))
	for i, pair := range body {
		if len(pair) != 2 {
			return nil, fmt.Errorf("figure %d has %d parts, not a day and a value", i+1, len(pair))
		}
		var day string
		if err := json.Unmarshal(pair[0], &day); err != nil {
			return nil, fmt.Errorf("figure %d: the day is %.40s", i+1, pair[0])
		}
		var row schemas.Observation
		var err error
		if row.Date, err = schemas.ParseDate(day); err != nil {
			return nil, fmt.Errorf("figure %d: %w", i+1, err)
		}
		if n := len(rows); n > 0 && row.Date <= rows[n-1].Date {
			return nil, fmt.Errorf("figure %d is of %s, after one of %s", i+1, row.Date, rows[n-1].Date)
		}
		if text := string(pair[1]); text != "null" {
			v, err := extract.ParseFloat(text)
			if err != nil {
				return nil, fmt.Errorf("value for %s: %w", row.Date, err)
			}
			row.Value = schemas.Some(v)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Probe asks for one series and says in a line what came back.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	const mnemonic = "REPO-TRI_AR_OO-P"
	rows, err := source{g, cfg}.fetch(ctx, schemas.CutWhole.Window(Part(mnemonic), 0))
	if err != nil {
		return "", err
	}
	for _, r := range slices.Backward(rows) {
		if r.Value.OK {
			return fmt.Sprintf("%s of %v %% on %s", mnemonic, r.Value.V, r.Date), nil
		}
	}
	return "", errors.New("ofr: no figure of " + mnemonic)
}
