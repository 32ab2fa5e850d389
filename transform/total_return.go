package transform

import "tidemark/schemas"

// exStep is what a holder of a security sees at the open of a session beside
// the trading: what its price is multiplied by, and the ordinary dividend.
type exStep struct {
	session  int
	factor   float64 // of the price before, for splits and special payments: 1 where there is none
	dividend float64 // USD per share, on the share basis of its publisher's prices
}

// totalReturns returns the simple daily returns of a security by session: with
// ordinary dividends, (P_t + D_t)/P_{t-1} - 1, which is what an index of total
// return earns on it, and without. A session on which it did not trade while
// its close is carried has a return of 0; known is false where there is no
// close on the session or on the one before.
//
// They are taken from closes as published and not from those on the newest
// session's share basis, so that a later split does not touch their last bits.
func (p *Panel) totalReturns(security int) (total, price []float64, known []bool) {
	lo, hi := p.column(security)
	cells, closes := p.cells[lo:hi], p.close[lo:hi]
	if own := p.asTraded[security]; own != nil {
		closes = own
	}
	total, price, known = make([]float64, len(cells)), make([]float64, len(cells)), make([]bool, len(cells))
	steps := p.exSteps[security]
	base, last := 0.0, -1 // the last close, on the share basis of the session at hand, and its session
	for s, c := range cells {
		dividend := 0.0
		for len(steps) > 0 && steps[0].session <= s {
			if last >= 0 && cells[last]&cellRaw != 0 {
				base *= steps[0].factor
			}
			if last >= 0 && cells[last]&cellReinvested == 0 {
				dividend += steps[0].dividend
			}
			steps = steps[1:]
		}
		known[s] = s > 0 && last >= 0 && c&cellPriced != 0 && cells[s-1]&cellPriced != 0
		now := base
		if c&cellPrinted != 0 {
			now = closes[s]
		}
		if known[s] {
			total[s], price[s] = (now+dividend)/base-1, now/base-1
		}
		if c&cellPrinted != 0 {
			base, last = now, s
		}
	}
	return total, price, known
}

// returnBasis names what totalReturns takes into account: tr where the prices
// do or somebody publishes dividends, pr where neither is the case, and mixed
// where some publishers' prices do and nobody publishes the dividends of the
// others.
func (p *Panel) returnBasis(in *Inputs) string {
	switch {
	case p.Basis == "tr_adj":
		return "tr"
	case paysDividends(in.Actions, in.Window.To):
		return "tr"
	case p.Basis == "mixed":
		return "mixed"
	}
	return "pr"
}

func paysDividends(actions []schemas.Action, before schemas.Date) bool {
	for i := range actions {
		if actions[i].Kind == schemas.ActionDividend && actions[i].ExDate < before {
			return true
		}
	}
	return false
}

// priceGrowth is what the price of a security has become from one session to a later
// one, on one share basis and without ordinary dividends; it must have a close
// on both. Like totalReturns it does not depend on what happened later.
func (p *Panel) priceGrowth(security, from, to int) float64 {
	lo, _ := p.column(security)
	own := p.asTraded[security]
	if own == nil {
		return p.close[lo+to] / p.close[lo+from]
	}
	then, now := p.lastPrint(lo, lo+from+1)-lo, p.lastPrint(lo, lo+to+1)-lo
	if (p.cells[lo+then]^p.cells[lo+now])&cellRaw != 0 {
		return p.close[lo+to] / p.close[lo+from]
	}
	base := own[then]
	for _, step := range p.exSteps[security] {
		if step.session > then && step.session <= now && p.cells[lo+then]&cellRaw != 0 {
			base *= step.factor
		}
	}
	return own[now] / base
}
