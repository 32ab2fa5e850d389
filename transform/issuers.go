package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

// issuers says who issued the securities of a list.
type issuers struct {
	ids []string // each once
	of  []int32  // by security, in ids
}

// id is the issuer of a security.
func (x *issuers) id(security int) string { return x.ids[x.of[security]] }

// merge adds up the weights of the lines of each issuer, in order of their first
// lines.
func (x *issuers) merge(lines []int32, weights []float64) []float64 {
	at := make([]int32, len(x.ids)) // place in sums, from 1
	sums := make([]float64, 0, len(lines))
	for k, line := range lines {
		place := &at[x.of[line]]
		if *place == 0 {
			sums = append(sums, 0)
			*place = int32(len(sums))
		}
		sums[*place-1] += weights[k]
	}
	return sums
}

// count is how many issuers the lines have.
func (x *issuers) count(lines []int32) int {
	seen, n := make([]bool, len(x.ids)), 0
	for _, line := range lines {
		if issuer := x.of[line]; !seen[issuer] {
			seen[issuer] = true
			n++
		}
	}
	return n
}

// newIssuers reads issuers off registrant numbers, and where a security has
// none off the issuer part of its CUSIP or of an ISIN made of one. A CUSIP
// issuer that holds one registrant joins it, so that two lines of one company
// agree though only one is in the constituents. It tells which lines of
// holdings remain without.
func newIssuers(in *Inputs, files []HoldingsFile, h *holders, securities []string) (*issuers, []Finding) {
	var findings []Finding
	cik := make(map[string]int64)
	for _, c := range newestConstituents(in.Constituents) {
		if c.CIK != 0 {
			cik[h.id.resolve(c.Symbol, c.AsOf)] = c.CIK
		}
	}
	var held []string // by number: the CUSIP issuer, noIssuer, or empty where no file has it
	lines := 0
	var lineOf lineNumbers
	for i := range files {
		f := &files[i]
		for k, n := range h.assign(f, &lineOf) {
			line := &f.lines[k]
			for len(held) <= int(n) {
				held = append(held, "")
			}
			if held[n] == "" {
				held[n] = noIssuer
				lines++
			}
			if line.issuer != 0 {
				held[n] = f.names.issuers[line.issuer]
			}
		}
	}
	holding := func(security string) (cusip string, ok bool) {
		n, ok := h.numbers[security]
		if !ok || int(n) >= len(held) || held[n] == "" {
			return "", false
		}
		return strings.TrimPrefix(held[n], noIssuer), true
	}
	registrant := make(map[string]int64) // CUSIP issuer -> the one registrant of its lines, -1 for several
	for _, sec := range securities {
		number := cik[sec]
		base, _ := holding(sec)
		if base == "" || number == 0 {
			continue
		}
		switch registrant[base] {
		case 0, number:
			registrant[base] = number
		default:
			registrant[base] = -1
			findings = append(findings, Finding{
				Check: "identity_issuer", Severity: schemas.SeverityWarning, Security: sec, Date: schemas.NoDate,
				Message: fmt.Sprintf("CUSIP issuer %s has more than one registrant, %d among them; lines without a registrant stand alone", base, number),
			})
		}
	}
	var unknown []string
	out := &issuers{of: make([]int32, len(securities))}
	numbers := make(map[string]int32, len(securities))
	for i, sec := range securities {
		base, isHeld := holding(sec)
		issuer := sec
		switch {
		case cik[sec] != 0:
			issuer = "cik:" + strconv.FormatInt(cik[sec], 10)
		case base != "" && registrant[base] > 0:
			issuer = "cik:" + strconv.FormatInt(registrant[base], 10)
		case base != "" && registrant[base] == 0:
			issuer = "cusip:" + base
		case isHeld:
			unknown = append(unknown, sec)
		}
		out.of[i] = numberOf(numbers, &out.ids, issuer)
	}
	if n := len(unknown); n > 0 {
		findings = append(findings, Finding{
			Check: "identity_issuer", Severity: schemas.SeverityWarning, Date: schemas.NoDate,
			Message: fmt.Sprintf("%d of %d lines have neither registrant number nor CUSIP and count as issuers of their own: %s",
				n, lines, someOf(unknown)),
		})
	}
	return out, findings
}

// noIssuer stands for the issuer of a line whose file gives none.
const noIssuer = "-"

// newestConstituents orders constituents so that the newest word on a symbol
// comes last.
func newestConstituents(cs []schemas.Constituent) []schemas.Constituent {
	return slices.SortedStableFunc(slices.Values(cs), func(a, b schemas.Constituent) int { return int(a.AsOf) - int(b.AsOf) })
}

// cusipIssuer returns the six characters that name the issuer, or "".
func cusipIssuer(h *schemas.Holding) string {
	if len(h.CUSIP) == 9 {
		return h.CUSIP[:6]
	}
	if len(h.ISIN) == 12 && strings.Contains(cusipCountries, h.ISIN[:2]) {
		return h.ISIN[2:8]
	}
	return ""
}

// cusipCountries are the countries whose ISINs are made of a CUSIP.
const cusipCountries = "US CA BM KY VG PA MH"

// someOf names the first few of a list.
func someOf(names []string) string {
	const few = 8
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:few], ", ") + ", …"
}
