package transform

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
	"tidemark/transform/ranking"
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

// portfolio is a cleaned holdings file: the weights of its securities, adding
// up to 1.
type portfolio struct {
	fund     string
	asOf     schemas.Date
	session  schemas.Date // as-of day, or the session after it where it is none
	index    []int32      // of the securities in the book's list, ascending
	weights  []float64
	sectors  []int8    // by what the file says
	residual float64   // share of the fund that was dropped
	prices   []float64 // USD per share as the file gives them, 0 where it gives none
	fullCap  []float64 // USD; 0 where not known, nil where nobody counts shares
}

// holders numbers the securities that holdings name, as an identity knows them.
type holders struct {
	id         *identity
	numbers    map[string]int32
	securities []string
	names      map[*holdingNames][]int32 // numbers of the names; dated where the day tells who it is
}

const (
	unresolved = -1
	dated      = -2
)

func newHolders(id *identity) *holders {
	return &holders{id: id, numbers: make(map[string]int32), names: make(map[*holdingNames][]int32)}
}

// of returns a function that tells the number of a line's security.
func (h *holders) of(f *HoldingsFile) func(*equityLine) int32 {
	numbers := h.names[f.names]
	for n := len(numbers); n < len(f.names.securities); n++ {
		numbers = append(numbers, unresolved)
	}
	h.names[f.names] = numbers
	return func(line *equityLine) int32 {
		if n := numbers[line.name]; n >= 0 {
			return n
		}
		name := f.names.securities[line.name]
		if !name.ticker {
			numbers[line.name] = h.number(name.text)
			return numbers[line.name]
		}
		spelled := h.id.spell(name.text)
		if numbers[line.name] == unresolved {
			if len(h.id.renames[spelled]) == 0 {
				numbers[line.name] = h.number(spelled)
				return numbers[line.name]
			}
			numbers[line.name] = dated
		}
		return h.number(h.id.follow(spelled, f.AsOf))
	}
}

func (h *holders) number(security string) int32 { return numberOf(h.numbers, &h.securities, security) }

// lineNumbers is where numbers for the lines of a file are worked out.
type lineNumbers struct {
	of      []int32 // by line of the file
	isins   []int32 // by number: ISIN of the first line that has one
	touched []int32
}

// assign numbers the lines of a file. Where it has two securities under one ticker,
// as their ISINs show, the later goes by its ISIN.
func (h *holders) assign(f *HoldingsFile, s *lineNumbers) []int32 {
	s.of, s.touched = s.of[:0], s.touched[:0]
	grow := func(n int32) {
		for len(s.isins) <= int(n) {
			s.isins = append(s.isins, 0)
		}
	}
	number := h.of(f)
	for k := range f.lines {
		line := &f.lines[k]
		n := number(line)
		grow(n)
		if was := s.isins[n]; was != 0 && line.isin != 0 && was != line.isin {
			n = h.number(isinSecurity(f.names.isins[line.isin]))
			grow(n)
		}
		if s.isins[n] == 0 && line.isin != 0 {
			s.isins[n] = line.isin
			s.touched = append(s.touched, n)
		}
		s.of = append(s.of, n)
	}
	for _, n := range s.touched {
		s.isins[n] = 0
	}
	return s.of
}

// clean turns a file, of whose lines the numbers are given, into a portfolio: two
// lines of one security are added up, the weights scaled to 1. Its index is by the
// numbers, in no order.
func (f *HoldingsFile) clean(numbers []int32, scratch *[]int32) portfolio {
	p := portfolio{fund: f.Fund, asOf: f.AsOf, residual: f.residual}
	p.index, p.weights, p.sectors = make([]int32, 0, len(f.lines)), make([]float64, 0, len(f.lines)), make([]int8, 0, len(f.lines))
	p.prices = make([]float64, 0, len(f.lines))
	at := *scratch // by number: place in the portfolio, counted from 1
	place := func(number int32) int {
		for len(at) <= int(number) {
			at = append(at, 0)
		}
		return int(at[number]) - 1
	}
	for k, n := range numbers {
		line := &f.lines[k]
		i := place(n)
		if i < 0 {
			i = len(p.index)
			at[n] = int32(i + 1)
			p.index, p.weights, p.sectors = append(p.index, n), append(p.weights, 0), append(p.sectors, int8(sectorUnknown))
			p.prices = append(p.prices, 0)
		}
		if int(line.sector) != sectorUnknown {
			p.sectors[i] = line.sector
		}
		if line.price > 0 {
			p.prices[i] = line.price
		}
		p.weights[i] += line.value
	}
	for _, n := range p.index {
		at[n] = 0
	}
	*scratch = at
	normalise(p.weights)
	return p
}

// renumber gives the securities of the portfolio the numbers of another list,
// and puts them in its order.
func (p *portfolio) renumber(number []int32) {
	type line struct{ to, from int32 }
	order := make([]line, len(p.index))
	for k, n := range p.index {
		order[k] = line{number[n], int32(k)}
	}
	slices.SortFunc(order, func(a, b line) int { return cmp.Compare(a.to, b.to) })
	weights, sectors, prices := slices.Clone(p.weights), slices.Clone(p.sectors), slices.Clone(p.prices)
	for k, l := range order {
		p.index[k], p.weights[k], p.sectors[k], p.prices[k] = l.to, weights[l.from], sectors[l.from], prices[l.from]
	}
}

// placesOf returns where lines of the portfolio, in its order, stand in it.
func (p *portfolio) placesOf(lines []int32) []int32 {
	out := make([]int32, len(lines))
	at := int32(0)
	for k, line := range lines {
		for p.index[at] != line {
			at++
		}
		out[k] = at
	}
	return out
}

func normalise(weights []float64) {
	total := ranking.Sum(weights)
	for i := range weights {
		weights[i] /= total
	}
}

// fundBook holds the usable files of each fund, oldest first.
type fundBook struct {
	securities []string // of all files, sorted
	files      map[string][]portfolio
}

// newFundBook cleans the files of the universe's funds.
func newFundBook(in *Inputs, files []HoldingsFile, h *holders) (fundBook, []Finding) {
	book := fundBook{files: make(map[string][]portfolio)}
	var findings []Finding
	var numbers lineNumbers
	var scratch []int32
	for i := range files {
		f := &files[i]
		if f.AsOf >= in.Window.To || !slices.Contains(in.Universe.Funds, f.Fund) {
			continue
		}
		if f.unusable != nil {
			findings = append(findings, Finding{
				Check: "holdings_rejected", Severity: schemas.SeverityWarning, Date: f.AsOf,
				Message: fmt.Sprintf("the holdings of %s as of %s are not used: %v", f.Fund, f.AsOf, f.unusable),
			})
			continue
		}
		if math.Abs(f.residual) > maxResidual {
			findings = append(findings, Finding{
				Check: "holdings_residual", Severity: schemas.SeverityWarning, Date: f.AsOf,
				Message: fmt.Sprintf("%.2f %% of the holdings of %s as of %s is not shares", 100*f.residual, f.Fund, f.AsOf),
			})
		}
		p := f.clean(h.assign(f, &numbers), &scratch)
		p.session = in.sessionOf(f.AsOf)
		book.files[f.Fund] = append(book.files[f.Fund], p)
	}
	book.sort(h)
	return book, findings
}

// sort lists the securities of the book's files, which are numbered by h, and
// puts each file in the order of the list.
func (b *fundBook) sort(h *holders) {
	number := make([]int32, len(h.securities))
	for _, files := range b.files {
		for i := range files {
			for _, n := range files[i].index {
				if number[n] == 0 {
					number[n] = 1
					b.securities = append(b.securities, h.securities[n])
				}
			}
		}
	}
	slices.Sort(b.securities)
	for i, s := range b.securities {
		number[h.numbers[s]] = int32(i)
	}
	for _, files := range b.files {
		for i := range files {
			files[i].renumber(number)
		}
	}
}

// within makes securities the book's list; all of the book's are among them,
// and they are sorted.
func (b *fundBook) within(securities []string) {
	number := make([]int32, len(b.securities))
	for i, s := range b.securities {
		at, _ := slices.BinarySearch(securities, s)
		number[i] = int32(at)
	}
	b.securities = securities
	for _, files := range b.files {
		for i := range files {
			for k, n := range files[i].index {
				files[i].index[k] = number[n]
			}
		}
	}
}

// at returns the file in force on session t: of the first fund in order of
// preference that has one not older than maxFileAge, the newest. It returns
// nil where there is none.
func (b *fundBook) at(funds []string, t schemas.Date) *portfolio {
	for _, fund := range funds {
		files := b.files[fund]
		i, _ := slices.BinarySearchFunc(files, t+1, func(p portfolio, d schemas.Date) int { return cmp.Compare(p.session, d) })
		if i > 0 && int(t-files[i-1].asOf) <= maxFileAge {
			return &files[i-1]
		}
	}
	return nil
}

// file returns the file of a fund as of a day, or nil.
func (b *fundBook) file(fund string, asOf schemas.Date) *portfolio {
	files := b.files[fund]
	i, ok := slices.BinarySearchFunc(files, asOf, func(p portfolio, d schemas.Date) int { return cmp.Compare(p.asOf, d) })
	if !ok {
		return nil
	}
	return &files[i]
}

// sessions returns the first and last session with a file; ok is false where
// there is no file at all.
func (b *fundBook) sessions() (first, last schemas.Date, ok bool) {
	first, last = schemas.MaxLongDate, schemas.MinLongDate
	for _, files := range b.files {
		for _, p := range files {
			first, last, ok = min(first, p.session), max(last, p.session), true
		}
	}
	return first, last, ok
}
