package nyfed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

const (
	// Treasury is the part of raw.soma_holding: the Treasury securities of the
	// System Open Market Account.
	Treasury = "treasury"
	// holdingsSettled is how many days after their own the holdings of a day are
	// taken to stay as they are.
	holdingsSettled = 35
)

// holdingsSince is the first day of which the API has holdings.
var holdingsSince = schemas.NewDate(2003, time.July, 9)

type portfolio struct {
	get  extract.Getter
	cfg  Config
	days func(w schemas.Window) []schemas.Date
}

// Portfolio returns the source of raw.soma_holding, par in dollars, sorted by day
// and CUSIP. Of the days of which the publisher has holdings, mostly Wednesdays,
// those are asked for that days returns for a window; nil asks for all. Each takes
// a request, and one that has long passed only the first time.
func Portfolio(g extract.Getter, cfg Config, days func(w schemas.Window) []schemas.Date) extract.Source[schemas.SOMAHolding] {
	return extract.AtOnce[schemas.SOMAHolding](portfolio{g, cfg, days}.fetch)
}

func (s portfolio) fetch(ctx context.Context, w schemas.Window) ([]schemas.SOMAHolding, error) {
	if w.Part != Treasury {
		return nil, fmt.Errorf("nyfed: there is no portfolio %q; there is %q", w.Part, Treasury)
	}
	if w.To <= holdingsSince {
		return nil, noData(w)
	}
	var byDay map[schemas.Date][]schemas.SOMAHolding
	var err error
	if len(s.cfg.Files) > 0 {
		byDay, err = s.fromFiles(ctx, w)
	} else {
		byDay, err = s.ask(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	var out []schemas.SOMAHolding
	for _, rows := range byDay {
		out = append(out, rows...)
	}
	if len(out) == 0 {
		return nil, noData(w)
	}
	slices.SortFunc(out, func(a, b schemas.SOMAHolding) int {
		if a.AsOf != b.AsOf {
			return int(a.AsOf) - int(b.AsOf)
		}
		return strings.Compare(a.CUSIP, b.CUSIP)
	})
	return out, nil
}

func (s portfolio) ask(ctx context.Context, w schemas.Window) (map[schemas.Date][]schemas.SOMAHolding, error) {
	dates, _, err := answer(ctx, s.get, w, s.cfg.base()+"/api/soma/asofdates/list.json", parseAsOfDates)
	if err != nil {
		return nil, fmt.Errorf("list the days with holdings: %w", err)
	}
	wanted := dates
	if s.days != nil {
		wanted = s.days(w)
	}
	out := make(map[schemas.Date][]schemas.SOMAHolding)
	for _, d := range slices.Compact(slices.Sorted(slices.Values(dates))) {
		if !w.Contains(d) || !slices.Contains(wanted, d) {
			continue
		}
		rows, hash, err := s.holdings(ctx, w, fmt.Sprintf("%s/api/soma/tsy/get/asof/%s.json", s.cfg.base(), d), d.AddDays(holdingsSettled).Time(), ParsePortfolio)
		if err != nil {
			return nil, fmt.Errorf("fetch the holdings of %s: %w", d, err)
		}
		if i := slices.IndexFunc(rows, func(r schemas.SOMAHolding) bool { return r.AsOf != d }); i >= 0 {
			return nil, breach(w, hash, fmt.Errorf("asked for the holdings of %s and got %s of %s", d, rows[i].CUSIP, rows[i].AsOf))
		}
		if len(rows) > 0 {
			out[d] = rows
		}
	}
	return out, nil
}

// fromFiles reads saved answers; where two hold one day, the later counts.
func (s portfolio) fromFiles(ctx context.Context, w schemas.Window) (map[schemas.Date][]schemas.SOMAHolding, error) {
	out := make(map[schemas.Date][]schemas.SOMAHolding)
	for _, f := range s.cfg.Files {
		rows, _, err := s.holdings(ctx, w, f, time.Time{}, skipOtherKind(ParsePortfolio))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		byDay := make(map[schemas.Date][]schemas.SOMAHolding)
		for _, r := range rows {
			if w.Contains(r.AsOf) {
				byDay[r.AsOf] = append(byDay[r.AsOf], r)
			}
		}
		maps.Copy(out, byDay)
	}
	return out, nil
}

func (s portfolio) holdings(ctx context.Context, w schemas.Window, address string, reuseAfter time.Time, parse func(io.Reader) ([]schemas.SOMAHolding, error)) ([]schemas.SOMAHolding, string, error) {
	rows, hash, err := answerOf(ctx, s.get, w, extract.Request{URL: address, ReuseAfter: reuseAfter}, parse)
	for i := range rows {
		rows[i].Portfolio, rows[i].Payload = w.Part, hash
	}
	return rows, hash, err
}

// somaLine is a line of the holdings. All values are texts, and an empty one says
// that there is none.
type somaLine struct {
	AsOfDate              string `json:"asOfDate"`
	CUSIP                 string `json:"cusip"`
	MaturityDate          string `json:"maturityDate"`
	ParValue              string `json:"parValue"`
	InflationCompensation string `json:"inflationCompensation"`
	SecurityType          string `json:"securityType"`
}

// ParsePortfolio reads an answer of the SOMA holdings endpoints, in the order in
// which it is written. Portfolio and Payload are left empty. Keys that it does not
// know are passed over; a line without a day, a CUSIP, a maturity or a par value,
// and a security that stands twice on one day, is an error.
func ParsePortfolio(r io.Reader) ([]schemas.SOMAHolding, error) {
	var body struct {
		SOMA *struct {
			Holdings *[]somaLine `json:"holdings"`
		} `json:"soma"`
	}
	if err := extract.DecodeJSONLeniently(r, &body); err != nil {
		return nil, err
	}
	if body.SOMA == nil || body.SOMA.Holdings == nil {
		return nil, fmt.Errorf("%w: no soma.holdings", errOtherKind)
	}
	type line struct {
		day   schemas.Date
		cusip string
	}
	seen := make(map[line]bool)
	out := make([]schemas.SOMAHolding, 0, len(*body.SOMA.Holdings))
	for i := range *body.SOMA.Holdings {
		row, err := (*body.SOMA.Holdings)[i].row()
		if err != nil {
			return nil, fmt.Errorf("line %d (%.12q): %w", i+1, (*body.SOMA.Holdings)[i].CUSIP, err)
		}
		k := line{row.AsOf, row.CUSIP}
		if seen[k] {
			return nil, fmt.Errorf("line %d: %s stands twice on %s", i+1, row.CUSIP, row.AsOf)
		}
		seen[k] = true
		out = append(out, row)
	}
	return out, nil
}

func (l *somaLine) row() (schemas.SOMAHolding, error) {
	out := schemas.SOMAHolding{CUSIP: strings.TrimSpace(l.CUSIP), Kind: strings.TrimSpace(l.SecurityType)}
	var err error
	if len(out.CUSIP) != 9 {
		return out, errors.New("not a CUSIP of nine characters")
	}
	if len(out.Kind) > 32 {
		return out, fmt.Errorf("securityType: %.40q is not a kind of security", out.Kind)
	}
	if out.AsOf, err = schemas.ParseDate(l.AsOfDate); err != nil {
		return out, fmt.Errorf("asOfDate: %w", err)
	}
	if out.Maturity, err = schemas.ParseDate(l.MaturityDate); err != nil {
		return out, fmt.Errorf("maturityDate: %w", err)
	}
	par, err := somaAmount(l.ParValue)
	if err != nil {
		return out, fmt.Errorf("parValue: %w", err)
	}
	if !par.OK {
		return out, errors.New("no parValue")
	}
	out.Par = par.V
	if out.Compensation, err = somaAmount(l.InflationCompensation); err != nil {
		return out, fmt.Errorf("inflationCompensation: %w", err)
	}
	return out, nil
}

func somaAmount(text string) (schemas.Opt[float64], error) {
	if text = strings.TrimSpace(text); text == "" {
		return schemas.None[float64](), nil
	}
	v, err := extract.ParseFloat(text)
	if err != nil {
		return schemas.None[float64](), err
	}
	return schemas.Some(v), nil
}

// parseAsOfDates reads the list of days with holdings: texts, or objects with an
// asOfDate.
func parseAsOfDates(r io.Reader) ([]schemas.Date, error) {
	var body struct {
		SOMA *struct {
			Dates []json.RawMessage `json:"asOfDates"`
		} `json:"soma"`
	}
	if err := extract.DecodeJSONLeniently(r, &body); err != nil {
		return nil, err
	}
	if body.SOMA == nil || len(body.SOMA.Dates) == 0 {
		return nil, fmt.Errorf("%w: no soma.asOfDates", errOtherKind)
	}
	out := make([]schemas.Date, len(body.SOMA.Dates))
	for i, raw := range body.SOMA.Dates {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			var object struct {
				AsOfDate string `json:"asOfDate"`
			}
			if err := json.Unmarshal(raw, &object); err != nil {
				return nil, fmt.Errorf("asOfDates, number %d: %w", i+1, err)
			}
			text = object.AsOfDate
		}
		d, err := schemas.ParseDate(text)
		if err != nil {
			return nil, fmt.Errorf("asOfDates, number %d: %w", i+1, err)
		}
		out[i] = d
	}
	return out, nil
}
