package fred

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"tidemark/extract"
	"tidemark/schemas"
)

// fromAPI asks for the series' metadata, then for its observations.
func (s source) fromAPI(ctx context.Context, w schemas.Window, spec Spec) ([]schemas.Observation, error) {
	if err := checkKey(s.cfg.Key); err != nil {
		return nil, err
	}
	p, data, err := s.read(ctx, w, s.call("/fred/series", url.Values{"series_id": {spec.ID}}))
	if err != nil {
		return nil, err
	}
	meta, err := ParseMetadata(bytes.NewReader(data))
	if err == nil {
		err = spec.matches(meta)
	}
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}

	q := url.Values{"series_id": {spec.ID}, "limit": {strconv.Itoa(maxRows)}}
	if !whole(w) {
		q.Set("observation_start", w.From.String())
		q.Set("observation_end", w.Last().String())
	}
	p, data, err = s.read(ctx, w, s.call("/fred/series/observations", q))
	if err != nil {
		return nil, err
	}
	rows, total, err := ParseObservations(bytes.NewReader(data))
	if err == nil && len(rows) != total {
		err = fmt.Errorf("%s has %d values where %d were promised", spec.ID, len(rows), total)
	}
	if err == nil {
		err = finish(rows, w, spec, label{unit: meta.Units, frequency: meta.Frequency, payload: p.Hash})
	}
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	return inside(rows, w), nil
}

func (s source) call(path string, q url.Values) extract.Request {
	q.Set("file_type", "json")
	return extract.Request{
		URL:    s.cfg.base() + path + "?" + q.Encode(),
		Header: http.Header{"Accept": {"application/json"}},
		Secret: extract.Secret{Query: "api_key", Value: s.cfg.Key},
	}
}

// checkKey spares the publisher a question that it answers with HTTP 400. The
// key is not repeated in the error.
func checkKey(key string) error {
	const length = 32
	ok := len(key) == length
	for _, c := range key {
		ok = ok && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f')
	}
	if !ok {
		return errors.New("fred: the API key is not 32 lower-case hexadecimal characters; correct it in the configuration, or remove it to use the keyless CSV")
	}
	return nil
}

// Metadata is what FRED says of a series.
type Metadata struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Units     string `json:"units"`
	Frequency string `json:"frequency"`

	period // in which it said so
}

// ParseMetadata reads an answer of /fred/series, which is about exactly one
// series. What else FRED says of it is not looked at: remarks come and go.
func ParseMetadata(r io.Reader) (Metadata, error) {
	all, _, err := parseMetadata(r)
	if err != nil {
		return Metadata{}, err
	}
	if len(all) != 1 {
		return Metadata{}, fmt.Errorf("metadata of %d series where one was asked for", len(all))
	}
	return all[0], nil
}

// parseMetadata reads what FRED says of a series, and has said of it in the period
// of the answer.
func parseMetadata(r io.Reader) ([]Metadata, period, error) {
	var body struct {
		errorAnswer
		period
		Series []json.RawMessage `json:"seriess"` // spelt so by the publisher
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, period{}, err
	}
	if err := body.check(); err != nil {
		return nil, period{}, err
	}
	out := make([]Metadata, len(body.Series))
	for i, text := range body.Series {
		m := &out[i]
		if err := json.Unmarshal(text, m); err != nil {
			return nil, period{}, fmt.Errorf("metadata: %w", err)
		}
		if m.ID == "" || m.Title == "" || m.Units == "" || m.Frequency == "" {
			return nil, period{}, errors.New("the metadata lack id, title, units or frequency")
		}
	}
	return out, body.period, nil
}

// period is when something was what FRED said.
type period struct {
	Start string `json:"realtime_start"`
	End   string `json:"realtime_end"`
}

// wireObservations is the answer of /fred/series/observations.
type wireObservations struct {
	errorAnswer
	period
	ObservationStart string `json:"observation_start"`
	ObservationEnd   string `json:"observation_end"`
	Units            string `json:"units"`
	OutputType       int    `json:"output_type"`
	FileType         string `json:"file_type"`
	OrderBy          string `json:"order_by"`
	SortOrder        string `json:"sort_order"`
	Count            *int   `json:"count"`
	Offset           int    `json:"offset"`
	Limit            int    `json:"limit"`
	Observations     *[]struct {
		period
		Date  *string `json:"date"`
		Value *string `json:"value"`
	} `json:"observations"`
}

// parseObservations reads one page of values, each text, "." where there is none.
// It takes only untransformed values. Only Date and Value of the rows are filled.
func parseObservations(r io.Reader) (*wireObservations, []schemas.Observation, error) {
	var body wireObservations
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, nil, err
	}
	if err := body.check(); err != nil {
		return nil, nil, err
	}
	switch {
	case body.Observations == nil || body.Count == nil:
		return nil, nil, errors.New("observations or count is missing")
	case body.Units != "lin":
		return nil, nil, fmt.Errorf("the values were transformed by the server: units is %.20q, not \"lin\"", body.Units)
	case body.OutputType != 1:
		return nil, nil, fmt.Errorf("output_type is %d, not 1", body.OutputType)
	case len(*body.Observations) > *body.Count:
		return nil, nil, fmt.Errorf("%d values where count is %d", len(*body.Observations), *body.Count)
	}
	rows := make([]schemas.Observation, len(*body.Observations))
	var err error
	for i, o := range *body.Observations {
		if o.Date == nil || o.Value == nil {
			return nil, nil, fmt.Errorf("observation %d lacks date or value", i+1)
		}
		if rows[i].Date, err = schemas.ParseDate(*o.Date); err != nil {
			return nil, nil, fmt.Errorf("observation %d: %w", i+1, err)
		}
		if *o.Value == missing {
			continue
		}
		v, err := extract.ParseFloat(*o.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("value for %s: %w", rows[i].Date, err)
		}
		rows[i].Value = schemas.Some(v)
	}
	return &body, rows, nil
}

// ParseObservations reads an answer of /fred/series/observations: one page of
// values, and how many there are in all. Only Date and Value of the rows are
// filled. It takes only untransformed values of a single vintage. A day that
// occurs twice is left for the caller to find, as are units.
func ParseObservations(r io.Reader) (rows []schemas.Observation, total int, err error) {
	body, rows, err := parseObservations(r)
	if err != nil {
		return nil, 0, err
	}
	return rows, *body.Count, nil
}

// errorAnswer is what the API answers in place of data.
type errorAnswer struct {
	Code    *int   `json:"error_code"`
	Message string `json:"error_message"`
}

func (e errorAnswer) check() error {
	if e.Code != nil {
		return fmt.Errorf("FRED answers with error %d: %.300s", *e.Code, e.Message)
	}
	return nil
}
