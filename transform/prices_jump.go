package transform

import (
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
)

const (
	// jumpMove is the logarithmic move of a close from which on it must have a
	// reason: a fall by a third, a rise by a half. Ratios of splits begin there.
	jumpMove = 0.4
	// jumpActions is how many sessions from the jump an action may be dated:
	// publishers differ by a day on ex-dates, and a weekend lies between.
	jumpActions = 2
	// News brings trading, and a mistake in the prices does not: a move on
	// jumpTurnover times the turnover of the jumpBefore sessions before it, of
	// which jumpKnown must be known, is one of the market. All falls by a third
	// of S&P 500 members in 2022-2025 came with five times the usual turnover.
	jumpTurnover = 3.0
	jumpBefore   = 20
	jumpKnown    = 5
)

// jumps finds members whose adjusted close jumps within the sessions [from,
// to) without an action beside it and without the trading that news would
// bring: a split that nobody reported, a wrong figure, another company's price.
func (p *Panel) jumps(from, to int) []Finding {
	up, down := math.Exp(jumpMove), math.Exp(-jumpMove)
	var out []Finding
	for i, id := range p.Securities {
		lo, _ := p.column(i)
		prev := p.lastPrint(lo, lo+from)
		for at := lo + from; at < lo+to; at++ {
			if p.cells[at]&cellPrinted == 0 {
				continue
			}
			before := prev
			prev = at
			if before < 0 || at-before > carryLimit || p.cells[at]&cellMember == 0 {
				continue
			}
			move := p.close[at] / p.close[before]
			if move < up && move > down || p.actionNear(i, at-lo) {
				continue
			}
			turnover, known := p.turnover(lo, before, at)
			if known && turnover >= jumpTurnover {
				continue
			}
			trading := "and nobody gives its volume"
			if known {
				trading = fmt.Sprintf("at %.1f times its usual turnover", turnover)
			}
			out = append(out, Finding{
				Check: "actions_missing", Severity: schemas.SeverityWarning, Security: id, Date: p.Sessions[at-lo],
				Message: fmt.Sprintf("the close moves by %+.1f %% from %s with no action beside it, %s", 100*(move-1), p.Sessions[before-lo], trading),
			})
		}
	}
	return out
}

// actionNear reports whether the security has an action other than an ordinary
// dividend within jumpActions sessions of session s.
func (p *Panel) actionNear(security, s int) bool {
	first, last := p.Sessions[max(0, s-jumpActions)], p.Sessions[min(len(p.Sessions)-1, s+jumpActions)]
	return slices.ContainsFunc(p.actions[security], func(a schemas.Action) bool {
		return a.Kind != schemas.ActionDividend && a.ExDate >= first && a.ExDate <= last
	})
}

// turnover returns the turnover in the cell at as a multiple of the usual one
// until the cell before. Both are reckoned at the lower of the two closes, so
// that a wrong price does not bring a turnover of its own.
func (p *Panel) turnover(lo, before, at int) (float64, bool) {
	if p.cells[at]&cellVolume == 0 {
		return 0, false
	}
	var usual []float64
	for i := max(lo, before+1-jumpBefore); i <= before; i++ {
		if p.cells[i]&cellVolume != 0 {
			usual = append(usual, p.volume[i]*p.close[i])
		}
	}
	if len(usual) < jumpKnown {
		return 0, false
	}
	slices.Sort(usual)
	return p.volume[at] * min(p.close[before], p.close[at]) / usual[len(usual)/2], true
}
