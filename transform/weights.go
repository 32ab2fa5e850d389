package transform

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"tidemark/schemas"
)

const (
	// maxResidual is the largest share of a fund that may be something other
	// than stock before its weights stop speaking for the index.
	maxResidual = 0.02
	// maxFileAge is how many calendar days a holdings file stays in use: the
	// longest stretch between the last sessions of two months.
	maxFileAge = 35
	// Published weights add up to 100 but for rounding: 2,000 lines of two
	// decimals have been seen to add up to 99.5.
	minWeightSum, maxWeightSum = 97, 103
	// Weights by market value and as published differ by the rounding of the
	// latter, half a unit of the second decimal in all files seen.
	maxWeightGap = 0.25
)

// portfolio is a cleaned holdings file: the weights of its equity lines, one
// per security, adding up to 1.
type portfolio struct {
	fund       string
	asOf       schemas.Date
	session    schemas.Date // as-of day, or the session after it where it is none
	securities []string     // sorted
	index      []int32      // of securities in the panel
	weights    []float64
	sectors    []int     // by what the file says
	residual   float64   // share of the fund that was dropped
	prices     []float64 // USD per share as the file gives them, 0 where it gives none
	fullCap    []float64 // USD; 0 where not known, nil where nobody counts shares
}

func isEquity(h *schemas.Holding) bool { return strings.EqualFold(h.AssetClass, "equity") }

// isCash says whether a line may be negative without spoiling the file:
// payables, collateral and the like.
func isCash(h *schemas.Holding) bool {
	class := strings.ToLower(h.AssetClass)
	return strings.Contains(class, "cash") || strings.Contains(class, "money market")
}

func hasTicker(h *schemas.Holding) bool { return h.Ticker != "" && h.Ticker != "-" }

// holdingSecurity returns the permanent id of an equity line. Lines without a
// ticker, such as escrows and rights, go by their numbers, or by their name.
func holdingSecurity(h *schemas.Holding, id *identity) string {
	switch {
	case hasTicker(h):
		return id.resolve(h.Ticker, h.AsOf)
	case len(h.ISIN) == 12:
		return "isin:" + h.ISIN
	case len(h.CUSIP) == 9:
		return "cusip:" + h.CUSIP
	case len(h.SEDOL) == 7:
		return "sedol:" + h.SEDOL
	}
	return "name:" + strings.Join(strings.Fields(strings.ToLower(h.Name)), " ")
}

// weightMeasure says by what the lines of a file are weighed.
type weightMeasure func(*schemas.Holding) schemas.Opt[float64]

func byMarketValue(h *schemas.Holding) schemas.Opt[float64] { return h.MarketValue }
func byWeight(h *schemas.Holding) schemas.Opt[float64]      { return h.Weight }

// measureOf chooses the market value where every line has one, because
// published weights are rounded, and the published weight otherwise.
func measureOf(lines []*schemas.Holding) (weightMeasure, bool) {
	for _, m := range []weightMeasure{byMarketValue, byWeight} {
		if !slices.ContainsFunc(lines, func(h *schemas.Holding) bool { return !m(h).OK }) {
			return m, true
		}
	}
	return nil, false
}

// cleanHoldings turns the lines of one file into a portfolio: what is no share
// is dropped, two lines of one security are added up, the rest is scaled to 1.
// It returns an error that says why a file cannot be used.
func cleanHoldings(lines []*schemas.Holding, id *identity, buckets sectorBuckets) (portfolio, error) {
	first := lines[0]
	p := portfolio{fund: first.Fund, asOf: first.AsOf}
	if err := checkWeights(lines); err != nil {
		return p, err
	}
	measure, ok := measureOf(lines)
	if !ok {
		return p, errors.New("some lines have no market value and some no weight")
	}
	if err := checkMeasures(lines); err != nil {
		return p, err
	}
	type holder struct {
		security, isin string
		sum, price     float64
		sector         int
	}
	var held []holder
	at := make(map[string]int32, len(lines)) // of held
	equity, all := make([]float64, 0, len(lines)), make([]float64, 0, len(lines))
	for _, h := range lines {
		v := measure(h).V
		all = append(all, v)
		if !isEquity(h) {
			continue
		}
		equity = append(equity, v)
		security := holdingSecurity(h, id)
		i, known := at[security]
		if known && held[i].isin != "" && h.ISIN != "" && held[i].isin != h.ISIN {
			security = "isin:" + h.ISIN // one ticker, two securities
			i, known = at[security]
		}
		if !known {
			i = int32(len(held))
			at[security] = i
			held = append(held, holder{security: security, sector: sectorUnknown})
		}
		if k := buckets.of(h.Sector); k != sectorUnknown {
			held[i].sector = k
		}
		held[i].isin = cmp.Or(held[i].isin, h.ISIN)
		held[i].sum += v
		if h.Price.OK && h.Price.V > 0 {
			held[i].price = h.Price.V
		}
	}
	total, whole := sum(equity), sum(all)
	if total <= 0 || whole <= 0 {
		return p, errors.New("its equity lines have no weight")
	}
	p.residual = (whole - total) / whole
	slices.SortFunc(held, func(a, b holder) int { return strings.Compare(a.security, b.security) })
	p.securities, p.weights, p.sectors = make([]string, len(held)), make([]float64, len(held)), make([]int, len(held))
	p.prices = make([]float64, len(held))
	for i, h := range held {
		p.securities[i], p.weights[i], p.sectors[i], p.prices[i] = h.security, h.sum, h.sector, h.price
	}
	normalise(p.weights)
	return p, nil
}

// checkWeights refuses a file with a short position, and one whose published
// weights do not add up: lines are missing, or the unit is another.
func checkWeights(lines []*schemas.Holding) error {
	var published []float64
	for _, h := range lines {
		if (h.Weight.V < 0 || h.MarketValue.V < 0) && !isCash(h) {
			return fmt.Errorf("line %d, %s, is negative and not cash", h.Line, cmp.Or(h.Ticker, h.Name))
		}
		if h.Weight.OK {
			published = append(published, h.Weight.V)
		}
	}
	if s := sum(published); len(published) == len(lines) && (s < minWeightSum || s > maxWeightSum) {
		return fmt.Errorf("its weights add up to %.2f %%", s)
	}
	return nil
}

// checkMeasures refuses a file whose market values and published weights tell
// different stories: a value in another unit, a column that has moved.
func checkMeasures(lines []*schemas.Holding) error {
	var values []float64
	for _, h := range lines {
		if !h.MarketValue.OK || !h.Weight.OK {
			return nil
		}
		values = append(values, h.MarketValue.V)
	}
	total := sum(values)
	for _, h := range lines {
		if byValue := 100 * h.MarketValue.V / total; !(math.Abs(byValue-h.Weight.V) <= maxWeightGap) {
			return fmt.Errorf("line %d, %s, is %.2f %% by its market value and %.2f %% as published", h.Line, cmp.Or(h.Ticker, h.Name), byValue, h.Weight.V)
		}
	}
	return nil
}

// sum adds in order of size, so that the order of the rows does not matter.
func sum(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

func normalise(weights []float64) {
	total := sum(weights)
	for i := range weights {
		weights[i] /= total
	}
}

// fundBook holds the usable files of each fund, oldest first.
type fundBook map[string][]portfolio

// newFundBook cleans the files of the given funds. sessionOf returns the
// session that a file's day belongs to.
func newFundBook(in *Inputs, id *identity, sessionOf func(schemas.Date) schemas.Date) (fundBook, []Finding) {
	type key struct {
		fund string
		asOf schemas.Date
	}
	files := make(map[key][]*schemas.Holding)
	for i := range in.Holdings {
		h := &in.Holdings[i]
		if slices.Contains(in.Universe.Funds, h.Fund) && h.AsOf < in.Window.To {
			k := key{h.Fund, h.AsOf}
			files[k] = append(files[k], h)
		}
	}
	keys := slices.SortedFunc(maps.Keys(files), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.fund, b.fund), cmp.Compare(a.asOf, b.asOf))
	})
	book, buckets := make(fundBook), make(sectorBuckets)
	var findings []Finding
	for _, k := range keys {
		lines := files[k]
		slices.SortFunc(lines, func(a, b *schemas.Holding) int { return cmp.Compare(a.Line, b.Line) })
		p, err := cleanHoldings(lines, id, buckets)
		if err != nil {
			findings = append(findings, Finding{
				Check: "holdings_rejected", Severity: schemas.SeverityWarning, Date: k.asOf,
				Message: fmt.Sprintf("the holdings of %s as of %s are not used: %v", k.fund, k.asOf, err),
			})
			continue
		}
		if math.Abs(p.residual) > maxResidual {
			findings = append(findings, Finding{
				Check: "holdings_residual", Severity: schemas.SeverityWarning, Date: k.asOf,
				Message: fmt.Sprintf("%.2f %% of the holdings of %s as of %s is not shares", 100*p.residual, k.fund, k.asOf),
			})
		}
		p.session = sessionOf(k.asOf)
		book[k.fund] = append(book[k.fund], p)
	}
	return book, findings
}

// at returns the file in force on session t: of the first fund in order of
// preference that has one not older than maxFileAge, the newest. It returns
// nil where there is none.
func (b fundBook) at(funds []string, t schemas.Date) *portfolio {
	for _, fund := range funds {
		files := b[fund]
		i, _ := slices.BinarySearchFunc(files, t+1, func(p portfolio, d schemas.Date) int { return cmp.Compare(p.session, d) })
		if i > 0 && int(t-files[i-1].asOf) <= maxFileAge {
			return &files[i-1]
		}
	}
	return nil
}

// file returns the file of a fund as of a day, or nil.
func (b fundBook) file(fund string, asOf schemas.Date) *portfolio {
	files := b[fund]
	i, ok := slices.BinarySearchFunc(files, asOf, func(p portfolio, d schemas.Date) int { return cmp.Compare(p.asOf, d) })
	if !ok {
		return nil
	}
	return &files[i]
}

// sessions returns the first and last session with a file; ok is false where
// there is no file at all.
func (b fundBook) sessions() (first, last schemas.Date, ok bool) {
	first, last = schemas.MaxLongDate, schemas.MinLongDate
	for _, files := range b {
		for _, p := range files {
			first, last, ok = min(first, p.session), max(last, p.session), true
		}
	}
	return first, last, ok
}
