package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

// issuers maps securities to whoever issued them.
type issuers struct {
	of map[string]string // security -> issuer id
}

// newIssuers reads issuers off registrant numbers, and where a security has
// none off the issuer part of its CUSIP or of an ISIN made of one. A CUSIP
// issuer that holds one registrant joins it, so that two lines of one company
// agree though only one is in the constituents. It tells which lines of
// holdings remain without.
func newIssuers(in *Inputs, id *identity, securities []string) (*issuers, []Finding) {
	var findings []Finding
	cik := make(map[string]int64)
	for _, c := range newestConstituents(in.Constituents) {
		if c.CIK != 0 {
			cik[id.resolve(c.Symbol, c.AsOf)] = c.CIK
		}
	}
	cusip, held := make(map[string]string), make(map[string]bool)
	for i := range in.Holdings {
		h := &in.Holdings[i]
		if !isEquity(h) {
			continue
		}
		security := holdingSecurity(h, id)
		held[security] = true
		if base := cusipIssuer(h); base != "" {
			cusip[security] = base
		}
	}
	registrant := make(map[string]int64) // CUSIP issuer -> the one registrant of its lines, -1 for several
	for _, sec := range securities {
		base, number := cusip[sec], cik[sec]
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
	out := &issuers{of: make(map[string]string, len(securities))}
	for _, sec := range securities {
		base := cusip[sec]
		switch {
		case cik[sec] != 0:
			out.of[sec] = "cik:" + strconv.FormatInt(cik[sec], 10)
		case base != "" && registrant[base] > 0:
			out.of[sec] = "cik:" + strconv.FormatInt(registrant[base], 10)
		case base != "" && registrant[base] == 0:
			out.of[sec] = "cusip:" + base
		default:
			out.of[sec] = sec
			if held[sec] {
				unknown = append(unknown, sec)
			}
		}
	}
	if n := len(unknown); n > 0 {
		findings = append(findings, Finding{
			Check: "identity_issuer", Severity: schemas.SeverityWarning, Date: schemas.NoDate,
			Message: fmt.Sprintf("%d of %d lines have neither registrant number nor CUSIP and count as issuers of their own: %s",
				n, len(held), someOf(unknown)),
		})
	}
	return out, findings
}

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
