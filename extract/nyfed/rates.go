package nyfed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// rate is what is known of one reference rate: where it is asked for and the
// day on which its history begins.
type rate struct {
	name  string
	path  string
	since schemas.Date
}

// rateCatalogue lists the rates. Secured ones are published about 08:00, the
// others about 09:00 of the next business day.
var rateCatalogue = []rate{
	{"SOFR", "/api/rates/secured/sofr", schemas.NewDate(2018, time.April, 2)},
	{"TGCR", "/api/rates/secured/tgcr", schemas.NewDate(2018, time.April, 2)},
	{"BGCR", "/api/rates/secured/bgcr", schemas.NewDate(2018, time.April, 2)},
	{"EFFR", "/api/rates/unsecured/effr", schemas.NewDate(2000, time.July, 3)},
	{"OBFR", "/api/rates/unsecured/obfr", schemas.NewDate(2016, time.March, 1)},
}

// RateNames lists the reference rates in a fixed order. Each is a part of
// raw.reference_rate.
func RateNames() []string {
	out := make([]string, len(rateCatalogue))
	for i, r := range rateCatalogue {
		out[i] = r.name
	}
	return out
}

func findRate(name string) (rate, bool) {
	i := slices.IndexFunc(rateCatalogue, func(r rate) bool { return r.name == name })
	if i < 0 {
		return rate{}, false
	}
	return rateCatalogue[i], true
}

type rates struct {
	get extract.Getter
	cfg Config
}

// Rates returns the source of raw.reference_rate. A window's Part is the name
// of the rate. Rates are in percent, volumes in USD bn. Days without a row
// (SIFMA holidays for secured rates, Federal Reserve holidays for unsecured
// ones) have none here either; a window without any row, and one that ends
// before the rate begins, is [extract.ErrNoData].
func Rates(g extract.Getter, cfg Config) extract.Source[schemas.Rate] {
	return extract.AtOnce[schemas.Rate](rates{g, cfg}.fetch)
}

func (s rates) fetch(ctx context.Context, w schemas.Window) ([]schemas.Rate, error) {
	r, ok := findRate(w.Part)
	if !ok {
		return nil, fmt.Errorf("nyfed: there is no reference rate %q; there are %v", w.Part, RateNames())
	}
	if w.To <= r.since {
		return nil, noData(w)
	}
	var rows []schemas.Rate
	var err error
	if len(s.cfg.Files) > 0 {
		rows, err = s.fromFiles(ctx, w)
	} else {
		rows, err = s.ask(ctx, w, r)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, noData(w)
	}
	slices.SortFunc(rows, func(a, b schemas.Rate) int { return int(a.Date) - int(b.Date) })
	return rows, nil
}

func (s rates) ask(ctx context.Context, w schemas.Window, r rate) ([]schemas.Rate, error) {
	rows, hash, err := answer(ctx, s.get, w, s.cfg.search(r.path+"/search.json", w), ParseRates)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		row := &rows[i]
		row.Payload = hash
		switch {
		case row.Name != r.name:
			return nil, breach(w, hash, fmt.Errorf("asked for %s and got a row of %s on %s", r.name, row.Name, row.Date))
		case !w.Contains(row.Date):
			return nil, breach(w, hash, fmt.Errorf("got a row of %s, which was not asked for", row.Date))
		}
	}
	return rows, nil
}

// fromFiles reads the saved answers that may speak of the rate: one may hold
// several rates, but one named for other rates alone is not opened.
func (s rates) fromFiles(ctx context.Context, w schemas.Window) ([]schemas.Rate, error) {
	byDay := make(map[schemas.Date]schemas.Rate)
	for _, f := range s.cfg.Files {
		if named := ratesNamed(f); len(named) > 0 && !slices.Contains(named, w.Part) {
			continue
		}
		rows, hash, err := answer(ctx, s.get, w, f, skipOtherKind(ParseRates))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		for _, row := range rows {
			if row.Name == w.Part && w.Contains(row.Date) {
				row.Payload = hash
				byDay[row.Date] = row
			}
		}
	}
	out := make([]schemas.Rate, 0, len(byDay))
	for _, row := range byDay {
		out = append(out, row)
	}
	return out, nil
}

// ratesNamed lists the rates that are words of a file's name.
func ratesNamed(address string) []string {
	words := strings.FieldsFunc(strings.ToUpper(path.Base(address)), func(c rune) bool { return c < 'A' || c > 'Z' })
	var out []string
	for _, name := range RateNames() {
		if slices.Contains(words, name) {
			out = append(out, name)
		}
	}
	return out
}

type rateRow struct {
	EffectiveDate     *string  `json:"effectiveDate"`
	Type              *string  `json:"type"`
	PercentRate       *decimal `json:"percentRate"`
	P1                *decimal `json:"percentPercentile1"`
	P25               *decimal `json:"percentPercentile25"`
	P75               *decimal `json:"percentPercentile75"`
	P99               *decimal `json:"percentPercentile99"`
	VolumeInBillions  *decimal `json:"volumeInBillions"`
	TargetRateFrom    *decimal `json:"targetRateFrom"`
	TargetRateTo      *decimal `json:"targetRateTo"`
	IntraDayLow       *decimal `json:"intraDayLow"`
	IntraDayHigh      *decimal `json:"intraDayHigh"`
	StdDeviation      *decimal `json:"stdDeviation"`
	RevisionIndicator *string  `json:"revisionIndicator"`
	FootnoteID        footnote `json:"footnoteId"`
}

// footnote is a code written as text or as a number.
type footnote string

func (f *footnote) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(s) >= 2 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	for _, c := range s {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '{' || c == '[' {
			return fmt.Errorf("footnoteId %.40s is not a code", b)
		}
	}
	if s != "null" {
		*f = footnote(s)
	}
	return nil
}

// ParseRates reads an answer of the rates endpoints, in the order in which it
// is written. Payload is left empty. Any departure from the documented form
// is an error that says what was found.
func ParseRates(r io.Reader) ([]schemas.Rate, error) {
	var body struct {
		RefRates *[]rateRow      `json:"refRates"`
		Repo     json.RawMessage `json:"repo"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	if body.RefRates == nil && body.Repo != nil {
		return nil, fmt.Errorf("%w: operations, not rates", errOtherKind)
	}
	if body.RefRates == nil {
		return nil, errors.New("the key refRates is missing")
	}
	type key struct {
		name string
		day  schemas.Date
	}
	seen := make(map[key]bool, len(*body.RefRates))
	rows := make([]schemas.Rate, 0, len(*body.RefRates))
	for i := range *body.RefRates {
		row, err := (*body.RefRates)[i].read()
		if err != nil {
			return nil, fmt.Errorf("refRates row %d: %w", i+1, err)
		}
		k := key{row.Name, row.Date}
		if seen[k] {
			return nil, fmt.Errorf("refRates has two rows of %s for %s", row.Name, row.Date)
		}
		seen[k] = true
		rows = append(rows, row)
	}
	return rows, nil
}

func (r *rateRow) read() (schemas.Rate, error) {
	switch {
	case r.EffectiveDate == nil:
		return schemas.Rate{}, errors.New("effectiveDate is missing")
	case r.Type == nil:
		return schemas.Rate{}, errors.New("type is missing")
	case r.PercentRate == nil:
		return schemas.Rate{}, errors.New("percentRate is missing")
	case r.RevisionIndicator == nil:
		return schemas.Rate{}, errors.New("revisionIndicator is missing")
	}
	if _, ok := findRate(*r.Type); !ok {
		return schemas.Rate{}, fmt.Errorf("type %.40q is not one of %v", *r.Type, RateNames())
	}
	day, err := schemas.ParseDate(*r.EffectiveDate)
	if err != nil {
		return schemas.Rate{}, fmt.Errorf("effectiveDate: %w", err)
	}
	for _, p := range []struct {
		name string
		v    *decimal
	}{
		{"percentRate", r.PercentRate},
		{"percentPercentile1", r.P1},
		{"percentPercentile25", r.P25},
		{"percentPercentile75", r.P75},
		{"percentPercentile99", r.P99},
		{"targetRateFrom", r.TargetRateFrom},
		{"targetRateTo", r.TargetRateTo},
	} {
		if err := checkPercent(p.v); err != nil {
			return schemas.Rate{}, fmt.Errorf("%s %s: %w", day, p.name, err)
		}
	}
	if err := checkVolume(r.VolumeInBillions); err != nil {
		return schemas.Rate{}, fmt.Errorf("%s volumeInBillions: %w", day, err)
	}
	return schemas.Rate{
		Name:       *r.Type,
		Date:       day,
		Percent:    optFloat(r.PercentRate),
		P1:         optFloat(r.P1),
		P25:        optFloat(r.P25),
		P75:        optFloat(r.P75),
		P99:        optFloat(r.P99),
		Volume:     optFloat(r.VolumeInBillions),
		TargetFrom: optFloat(r.TargetRateFrom),
		TargetTo:   optFloat(r.TargetRateTo),
		Low:        optFloat(r.IntraDayLow),
		High:       optFloat(r.IntraDayHigh),
		StdDev:     optFloat(r.StdDeviation),
		Revised:    *r.RevisionIndicator != "",
		Footnote:   string(r.FootnoteID),
	}, nil
}

// maxPercent and maxVolume bound what is believable: the largest rate since
// 2000 is below 10 percent, the largest volume about 3,500 bn. Beyond them
// the unit has changed.
const (
	maxPercent = 50
	maxVolume  = 50_000 // USD bn
)

// checkPercent holds a rate against its unit. Rates are published in percent
// to the basis point, so a rate in another unit shows by its digits.
func checkPercent(d *decimal) error {
	if d == nil {
		return nil
	}
	v := float64(*d)
	bp := v * 100
	if math.Abs(v) > maxPercent || math.Abs(bp-math.Round(bp)) > 1e-6 {
		return fmt.Errorf("%v is not a rate in percent to the basis point", v)
	}
	return nil
}

// checkVolume holds a volume against its unit, whole billions of dollars.
func checkVolume(d *decimal) error {
	if d == nil {
		return nil
	}
	if v := float64(*d); v < 0 || v > maxVolume || v != math.Trunc(v) {
		return fmt.Errorf("%v is not a volume in whole billions of dollars", v)
	}
	return nil
}
