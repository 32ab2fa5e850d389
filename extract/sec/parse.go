package sec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// Concept is a tag that companies file figures under.
type Concept struct {
	Taxonomy, Tag, Unit string
	Instant             bool // a count on a day rather than over a period
}

// The concepts that are read.
var (
	SharesOutstanding = Concept{"dei", "EntityCommonStockSharesOutstanding", "shares", true}
	NetIncome         = Concept{"us-gaap", "NetIncomeLoss", "USD", false}
)

// Figure is one filed value.
type Figure struct {
	Filed      schemas.Date
	Start, End schemas.Date // Start is NoDate for a count on a day
	Value      float64
}

// ParseConcept reads what a company has filed under a tag, by day of filing and
// period; a figure that one filing gives for several frames is there once. Figures in
// other units are left out. Any departure from the documented form is an error that
// says what was found; what a company has filed is taken as it is, mistakes of scale
// included, because one company's mistake must not keep the others out.
func ParseConcept(r io.Reader, company int64, of Concept) ([]Figure, error) {
	type fact struct {
		Start string       `json:"start"`
		End   string       `json:"end"`
		Value *json.Number `json:"val"`
		Accn  string       `json:"accn"`
		Year  *int         `json:"fy"`
		Part  *string      `json:"fp"`
		Form  string       `json:"form"`
		Filed string       `json:"filed"`
		Frame string       `json:"frame"`
	}
	var body struct {
		CIK         *json.Number      `json:"cik"`
		Taxonomy    string            `json:"taxonomy"`
		Tag         string            `json:"tag"`
		Label       *string           `json:"label"`
		Description *string           `json:"description"`
		Entity      string            `json:"entityName"`
		Units       map[string][]fact `json:"units"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	switch {
	case body.CIK == nil || body.CIK.String() != strconv.FormatInt(company, 10):
		return nil, errors.New("the answer is about another company")
	case body.Taxonomy != of.Taxonomy || body.Tag != of.Tag:
		return nil, fmt.Errorf("the answer is about %.40s/%.80s, not %s/%s", body.Taxonomy, body.Tag, of.Taxonomy, of.Tag)
	case len(body.Units) == 0:
		return nil, errors.New("the answer has no units")
	case body.Units[of.Unit] == nil:
		return nil, nil // in another currency
	}
	out := make([]Figure, 0, len(body.Units[of.Unit]))
	for i, x := range body.Units[of.Unit] {
		f := Figure{Start: schemas.NoDate}
		var err error
		if f.Filed, err = schemas.ParseDate(x.Filed); err != nil {
			return nil, fmt.Errorf("figure %d: filed: %w", i+1, err)
		}
		if f.End, err = schemas.ParseDate(x.End); err != nil {
			return nil, fmt.Errorf("figure %d: end: %w", i+1, err)
		}
		if !of.Instant {
			if f.Start, err = schemas.ParseDate(x.Start); err != nil {
				return nil, fmt.Errorf("figure %d: start: %w", i+1, err)
			}
		}
		if x.Value == nil {
			return nil, fmt.Errorf("figure %d: val is missing", i+1)
		}
		if f.Value, err = extract.ParseFloat(x.Value.String()); err != nil {
			return nil, fmt.Errorf("figure %d: val: %w", i+1, err)
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Filed, b.Filed), cmp.Compare(a.End, b.End), cmp.Compare(a.Start, b.Start), cmp.Compare(b.Value, a.Value))
	})
	return slices.Compact(out), nil
}

// ParseCompanies reads the list of companies: their registrant numbers, the largest
// first, each once.
func ParseCompanies(r io.Reader) ([]int64, error) {
	var body map[string]struct {
		CIK    int64  `json:"cik_str"`
		Ticker string `json:"ticker"`
		Title  string `json:"title"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	type line struct {
		at  int
		cik int64
	}
	lines := make([]line, 0, len(body))
	for key, x := range body {
		at, err := strconv.Atoi(key)
		if err != nil || at < 0 {
			return nil, fmt.Errorf("line %.20q has no number", key)
		}
		if x.CIK <= 0 || x.CIK >= 1e10 || strings.TrimSpace(x.Ticker) == "" {
			return nil, fmt.Errorf("line %d has the registrant number %d and the ticker %.20q", at, x.CIK, x.Ticker)
		}
		lines = append(lines, line{at, x.CIK})
	}
	if len(lines) == 0 {
		return nil, errors.New("the list of companies is empty")
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	seen := make(map[int64]bool, len(lines))
	var out []int64
	for _, l := range lines {
		if !seen[l.cik] {
			out = append(out, l.cik)
		}
		seen[l.cik] = true
	}
	return out, nil
}
