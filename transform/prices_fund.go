package transform

import (
	"fmt"
	"math"

	"tidemark/schemas"
)

const (
	// fundPriceTolerance is how far a close may lie from the price at which a fund
	// values the line on the same day: both are the closing auction's.
	fundPriceTolerance = 0.003
	// maxFundPriceGap is from where on the two differ by a split that came later,
	// which adjusted prices know and the file does not. No split is as small.
	maxFundPriceGap = 0.1
	// otherDay is the part of a file's lines that must be apart for the file to be
	// of another day than it says, or to value its lines at another hour.
	otherDay = 0.1
)

// fundPrices holds closes against the prices of the funds' files of the window.
// Adjusted prices in which one security's are adjusted for dividends too, and the
// others' are not, show here: nothing else in them tells.
func (p *Panel) fundPrices(in *Inputs) []Finding {
	var out []Finding
	if len(p.close) == 0 {
		return nil
	}
	for _, fund := range in.Universe.Funds {
		for i := range p.book.files[fund] {
			f := &p.book.files[fund][i]
			if f.asOf < in.Window.From || f.asOf >= in.Window.To || f.session != f.asOf {
				continue
			}
			s := p.from(f.asOf)
			if s >= p.priced {
				continue
			}
			compared := 0
			var apart []Finding
			for k, security := range f.index {
				price, ok := p.givenClose(int(security), s)
				if !ok || f.prices[k] <= 0 {
					continue
				}
				compared++
				if gap := price/f.prices[k] - 1; math.Abs(gap) > fundPriceTolerance && math.Abs(gap) < maxFundPriceGap {
					apart = append(apart, Finding{
						Check: "prices_of_fund", Severity: schemas.SeverityWarning, Security: p.Securities[security], Date: f.asOf,
						Message: fmt.Sprintf("closed at %.2f USD where %s values it at %.2f, %+.1f %%: are its prices adjusted for dividends?", price, fund, f.prices[k], 100*gap),
					})
				}
			}
			if float64(len(apart)) > otherDay*float64(compared) {
				apart = []Finding{{
					Check: "prices_of_fund", Severity: schemas.SeverityWarning, Security: fund, Date: f.asOf,
					Message: fmt.Sprintf("the file values %d of %d lines at other prices than their closes: is it of another day?", len(apart), compared),
				}}
			}
			out = append(out, apart...)
		}
	}
	return out
}

// givenClose returns the close of a session as the publisher gave it, with the
// splits within the panel taken back where it had adjusted for them.
func (p *Panel) givenClose(security, s int) (float64, bool) {
	lo, _ := p.column(security)
	if c := p.cells[lo+s]; c&cellPrinted == 0 || c&cellReinvested != 0 {
		return 0, false
	}
	given := p.close[lo+s]
	if p.asTraded[security] != nil {
		given = p.asTraded[security][s]
	}
	if p.cells[lo+s]&cellRaw == 0 {
		for _, step := range p.exSteps[security] {
			if step.session > s {
				given /= step.factor
			}
		}
	}
	return given, true
}
