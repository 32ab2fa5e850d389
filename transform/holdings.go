package transform

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

// HoldingsFile is one file of a fund's holdings, with everything that can be
// said of it without knowing who is who. That is most of the work on it, and
// the same for everybody: whoever computes more than one table from the same
// holdings makes these once. Nobody changes them.
type HoldingsFile struct {
	Fund string
	AsOf schemas.Date

	lines    []equityLine // in the order of the file
	names    *holdingNames
	residual float64 // share of the fund that is not equity
	unusable error   // why the file gives no weights; nil where it does
}

// equityLine is a line of a file that is a share. It holds no pointers: there
// are millions of them, which the collector of memory need not follow.
type equityLine struct {
	value  float64 // by what the lines of the file are weighed
	price  float64 // USD per share; 0 where the file gives none
	name   int32
	isin   int32 // 0 where there is none
	issuer int32 // the issuer's part of a CUSIP; 0 where there is none
	sector int8
}

// holdingNames are the names in the lines of some files, each once.
type holdingNames struct {
	securities []holdingName
	isins      []string
	issuers    []string
}

// holdingName is what a line calls its security: a ticker, which means somebody
// on the day of the file, or else a permanent id.
type holdingName struct {
	text   string // a ticker in the spelling of [plainSymbol]
	ticker bool
}

// HoldingsFiles sorts lines into files, in order of fund and day.
func HoldingsFiles(rows []schemas.Holding) []HoldingsFile {
	lines := make([]*schemas.Holding, len(rows))
	for i := range rows {
		lines[i] = &rows[i]
	}
	order := func(a, b *schemas.Holding) int {
		return cmp.Or(strings.Compare(a.Fund, b.Fund), cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.Line, b.Line))
	}
	if !slices.IsSortedFunc(lines, order) { // as they are in the warehouse
		slices.SortStableFunc(lines, order)
	}
	digest := newHoldingsDigest()
	var out []HoldingsFile
	for len(lines) > 0 {
		first := lines[0]
		n := slices.IndexFunc(lines, func(h *schemas.Holding) bool { return h.Fund != first.Fund || h.AsOf != first.AsOf })
		if n < 0 {
			n = len(lines)
		}
		out = append(out, digest.file(lines[:n]))
		lines = lines[n:]
	}
	return out
}

// Size returns roughly how many bytes of memory the file takes.
func (f *HoldingsFile) Size() int {
	const line = 32 // an equityLine
	return line * len(f.lines)
}

// holdingsDigest makes files of lines; what they name has one number in all of
// them.
type holdingsDigest struct {
	names   *holdingNames
	tickers map[string]int32 // by spelling of the publisher
	ids     map[string]int32
	isins   map[string]int32
	issuers map[string]int32
	plain   map[string]int32 // tickers by plain spelling
	buckets sectorBuckets
	classes map[string]bool // asset classes that are equity
}

func newHoldingsDigest() *holdingsDigest {
	return &holdingsDigest{
		names:   &holdingNames{isins: []string{""}, issuers: []string{""}},
		tickers: make(map[string]int32), plain: make(map[string]int32), ids: make(map[string]int32),
		isins: map[string]int32{"": 0}, issuers: map[string]int32{"": 0},
		buckets: make(sectorBuckets), classes: make(map[string]bool),
	}
}

func isEquity(h *schemas.Holding) bool { return strings.EqualFold(h.AssetClass, "equity") }

// isCash says whether a line may be negative without spoiling the file:
// payables, collateral and the like.
func isCash(h *schemas.Holding) bool {
	class := strings.ToLower(h.AssetClass)
	return strings.Contains(class, "cash") || strings.Contains(class, "money market")
}

func hasTicker(h *schemas.Holding) bool { return h.Ticker != "" && h.Ticker != "-" }

// numberOf gives each text a number.
func numberOf(numbers map[string]int32, texts *[]string, text string) int32 {
	n, known := numbers[text]
	if !known {
		n = int32(len(*texts))
		numbers[text] = n
		*texts = append(*texts, text)
	}
	return n
}

// name returns the number of what a line calls its security. Lines without a
// ticker, such as escrows and rights, go by their numbers, or by their name.
func (d *holdingsDigest) name(h *schemas.Holding) int32 {
	numbers, key := d.tickers, h.Ticker
	if !hasTicker(h) {
		numbers = d.ids
		key, _ = numberedSecurity(h)
	}
	if n, known := numbers[key]; known {
		return n
	}
	name := holdingName{text: key}
	if hasTicker(h) {
		name = holdingName{text: plainSymbol(key), ticker: true}
		if n, known := d.plain[name.text]; known {
			numbers[key] = n
			return n
		}
		d.plain[name.text] = int32(len(d.names.securities))
	}
	n := int32(len(d.names.securities))
	d.names.securities = append(d.names.securities, name)
	numbers[key] = n
	return n
}

// numberedSecurity is the permanent id of a line without a ticker, and what it is
// made of.
func numberedSecurity(h *schemas.Holding) (id, what string) {
	switch {
	case len(h.ISIN) == 12:
		return isinSecurity(h.ISIN), "ISIN"
	case len(h.CUSIP) == 9:
		return "cusip:" + h.CUSIP, "CUSIP"
	case len(h.SEDOL) == 7:
		return "sedol:" + h.SEDOL, "SEDOL"
	}
	return "name:" + strings.Join(strings.Fields(strings.ToLower(h.Name)), " "), "name"
}

// isinSecurity is the permanent id of a security that goes by its ISIN.
func isinSecurity(isin string) string { return "isin:" + isin }

// file makes a file of its lines. What it says of a line without a value, in a
// file that cannot be used, is who it was.
func (d *holdingsDigest) file(lines []*schemas.Holding) HoldingsFile {
	f := HoldingsFile{Fund: lines[0].Fund, AsOf: lines[0].AsOf, names: d.names}
	measure, err := checkHoldings(lines)
	f.unusable = err
	f.lines = make([]equityLine, 0, len(lines))
	equity, all := make([]float64, 0, len(lines)), make([]float64, 0, len(lines))
	for _, h := range lines {
		v := measure(h).V
		all = append(all, v)
		if !d.isEquity(h) {
			continue
		}
		equity = append(equity, v)
		f.lines = append(f.lines, equityLine{
			value: v, price: max(h.Price.V, 0), name: d.name(h), isin: numberOf(d.isins, &d.names.isins, h.ISIN),
			issuer: numberOf(d.issuers, &d.names.issuers, cusipIssuer(h)), sector: int8(d.buckets.of(h.Sector)),
		})
	}
	total, whole := ranking.Sum(equity), ranking.Sum(all)
	switch {
	case f.unusable != nil:
	case total <= 0 || whole <= 0:
		f.unusable = errors.New("its equity lines have no weight")
	default:
		f.residual = (whole - total) / whole
	}
	return f
}

func (d *holdingsDigest) isEquity(h *schemas.Holding) bool {
	is, known := d.classes[h.AssetClass]
	if !known {
		is = isEquity(h)
		d.classes[h.AssetClass] = is
	}
	return is
}

// weightMeasure says by what the lines of a file are weighed.
type weightMeasure func(*schemas.Holding) schemas.Opt[float64]

func byMarketValue(h *schemas.Holding) schemas.Opt[float64] { return h.MarketValue }
func byWeight(h *schemas.Holding) schemas.Opt[float64]      { return h.Weight }

// checkHoldings returns by what the lines of a file are weighed, and why they
// cannot be used where that is so.
func checkHoldings(lines []*schemas.Holding) (weightMeasure, error) {
	if err := checkWeights(lines); err != nil {
		return byWeight, err
	}
	measure, ok := measureOf(lines)
	if !ok {
		return byWeight, errors.New("some lines have no market value and some no weight")
	}
	return measure, checkMeasures(lines)
}

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

// checkWeights refuses a file with a short position, and one whose published
// weights do not add up: lines are missing, or the unit is another.
func checkWeights(lines []*schemas.Holding) error {
	published := make([]float64, 0, len(lines))
	for _, h := range lines {
		if (h.Weight.V < 0 || h.MarketValue.V < 0) && !isCash(h) {
			return fmt.Errorf("line %d, %s, is negative and not cash", h.Line, cmp.Or(h.Ticker, h.Name))
		}
		if h.Weight.OK {
			published = append(published, h.Weight.V)
		}
	}
	if s := ranking.Sum(published); len(published) == len(lines) && (s < minWeightSum || s > maxWeightSum) {
		return fmt.Errorf("its weights add up to %.2f %%", s)
	}
	return nil
}

// checkMeasures refuses a file whose market values and published weights tell
// different stories: a value in another unit, a column that has moved.
func checkMeasures(lines []*schemas.Holding) error {
	values := make([]float64, 0, len(lines))
	for _, h := range lines {
		if !h.MarketValue.OK || !h.Weight.OK {
			return nil
		}
		values = append(values, h.MarketValue.V)
	}
	total := ranking.Sum(values)
	for _, h := range lines {
		if byValue := 100 * h.MarketValue.V / total; !(math.Abs(byValue-h.Weight.V) <= maxWeightGap) {
			return fmt.Errorf("line %d, %s, is %.2f %% by its market value and %.2f %% as published", h.Line, cmp.Or(h.Ticker, h.Name), byValue, h.Weight.V)
		}
	}
	return nil
}

// files returns in.Files or, where there are none, those of in.Holdings, in order
// of fund and day.
func (in *Inputs) files() []HoldingsFile {
	if in.Files == nil {
		return HoldingsFiles(in.Holdings)
	}
	return slices.SortedStableFunc(slices.Values(in.Files), func(a, b HoldingsFile) int {
		return cmp.Or(strings.Compare(a.Fund, b.Fund), cmp.Compare(a.AsOf, b.AsOf))
	})
}
