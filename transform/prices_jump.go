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
	// which jumpKnown must be known, is one of the market. All ten such falls of
	// S&P 500 members in 2022-2025 came with more than seven times the usual.
	jumpTurnover = 3.0
	jumpBefore   = 20
	jumpKnown    = 5
	// In a crash every session has news, and turnover is high before it. A move
	// of less than jumpNeighbours times the median of the other members is
	// theirs as well. Of 453 small companies in 2020 that leaves ten moves of
	// 65; on an ordinary session, when the median is 1 %, it excuses nothing.
	jumpNeighbours = 8.0
)

// jumps finds members whose adjusted close jumps within the sessions [from,
// to) without an action beside it, without the trading that news would bring,
// and by more than the market of the day explains: a split that nobody
// reported, a wrong figure, another company's price.
func (p *Panel) jumps(from, to int) []Finding {
	up, down := math.Exp(jumpMove), math.Exp(-jumpMove)
	medians := make(map[int]float64)
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
			move, s := p.close[at]/p.close[before], at-lo
			if move < up && move > down || p.actionNear(i, s) {
				continue
			}
			turnover, known := p.turnover(lo, before, at)
			if known && turnover >= jumpTurnover {
				continue
			}
			if _, have := medians[s]; !have {
				medians[s] = p.medianMove(s)
			}
			if math.Abs(math.Log(move)) < jumpNeighbours*medians[s] {
				continue
			}
			trading := "and nobody gives its volume"
			if known {
				trading = fmt.Sprintf("at %.1f times its usual turnover", turnover)
			}
			out = append(out, Finding{
				Check: "actions_missing", Severity: schemas.SeverityWarning, Security: id, Date: p.Sessions[s],
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
// until the cell before. It is reckoned at the lower of the two closes, so that
// a wrong price does not bring a turnover of its own.
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

// medianMove returns the median logarithmic move, either way, of the members
// that traded on session s and the one before it.
func (p *Panel) medianMove(s int) float64 {
	var moves []float64
	for i := range p.Securities {
		lo, _ := p.column(i)
		at := lo + s
		if s > 0 && p.cells[at]&cellMember != 0 && p.cells[at]&p.cells[at-1]&cellPrinted != 0 {
			moves = append(moves, math.Abs(math.Log(p.close[at]/p.close[at-1])))
		}
	}
	if len(moves) < 2 {
		return 0 // there is no other member
	}
	slices.Sort(moves)
	return moves[len(moves)/2]
}
