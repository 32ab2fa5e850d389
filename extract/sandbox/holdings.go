package sandbox

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"tidemark/schemas"
)

// position is one line of a fund's holdings.
type position struct {
	line     int // of the market, -1 for what is not a share
	ticker   string
	name     string
	sector   string
	class    string
	value    float64 // USD
	weight   float64 // percent of the whole fund
	notional float64
	quantity float64
	price    float64
	location string
	exchange string
	cusip    string
	isin     string
	sedol    string
	accrual  schemas.Date // NoDate: none
}

const (
	classEquity     = "Equity"
	classCash       = "Cash"
	classMoney      = "Money Market"
	classCollateral = "Cash Collateral and Margins"
	classFutures    = "Futures"
	sectorCash      = "Cash and/or Derivatives"
)

// shareLines returns what a fund holds of its index at the close of session t,
// largest first, and their value. Tickers carry a dot before the class.
func (w *world) shareLines(f fund, t int) (lines []position, total float64) {
	m := w.market
	table := sectors()
	for _, id := range m.indices[f.index].members(t) {
		s := m.lines[id]
		quantity := math.Max(1, math.Floor(m.outstanding(s, t)*s.float*f.share))
		if factor, revised := w.fixes.holdings[holdingKey{f.ticker, m.days[t], id}]; revised {
			quantity = math.Round(quantity * factor)
		}
		price := w.closeAt(id, t)
		p := position{
			line: id, ticker: s.symbolAt(t), name: s.name, sector: table[s.sector].name, class: classEquity,
			quantity: quantity, price: price, value: cents(quantity * price), notional: cents(quantity * price),
			location: "United States", exchange: s.exchange, cusip: s.cusip, isin: s.isin, sedol: s.sedol, accrual: schemas.NoDate,
		}
		lines = append(lines, p)
		total += p.value
	}
	sortPositions(lines)
	return lines, total
}

func sortPositions(lines []position) {
	slices.SortStableFunc(lines, func(a, b position) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.ticker, b.ticker))
	})
}

// weigh sets the weights, in percent of the sum of all values.
func weigh(lines []position) {
	var total float64
	for i := range lines {
		total += lines[i].value
	}
	for i := range lines {
		lines[i].weight = 100 * lines[i].value / total
	}
}

// wholeFund adds to a fund's shares what such files also list: cash, which may
// be owed, a money market fund, margins, futures, and in funds of small
// companies the rights left over from takeovers.
func (w *world) wholeFund(f fund, t int) []position {
	lines, total := w.shareLines(f, t)
	u := w.market.seed.unit(streamHoldings, t, 0)
	idle := func(ticker, name, class string, value float64, price float64) position {
		value = cents(value)
		return position{
			line: -1, ticker: ticker, name: name + simulated, sector: sectorCash, class: class, value: value, notional: value,
			quantity: math.Round(value / price * unitOf(class)), price: price, location: "United States", exchange: "-", accrual: schemas.NoDate,
		}
	}
	cash := total * .0012 * u
	if t%17 == 3 { // a purchase not yet settled
		cash = -total * .0003
	}
	money := idle("XTSLA", "BLK CSH FND TREASURY SL AGENCY", classMoney, total*.0011*(1-u)+1, 1)
	money.cusip, money.isin, money.sedol = identifiers(1_000_000, 0)
	lines = append(lines, money, idle("USD", "USD CASH", classCash, cash, 100))
	margin := idle("UBFUT", "CASH COLLATERAL USD UBFUT", classCollateral, total*.0001, 100)
	margin.accrual = schemas.NewDate(2015, time.October, 1)
	lines = append(lines, margin)
	if f.index == indexSmall || f.index == indexBroad || f.index == indexMicro {
		rights := position{
			line: -1, ticker: "-", name: "LEFTOVER PHARMA CVR" + simulated, sector: "Health Care", class: classEquity, value: 1035.5, notional: 1035.5,
			quantity: 103550, price: .01, location: "United States", exchange: "NO MARKET (E.G. UNLISTED)", accrual: schemas.NoDate,
		}
		escrow := rights
		escrow.ticker, escrow.name, escrow.value, escrow.notional, escrow.price, escrow.quantity = "P5N994", "LEFTOVER BANCORP ESCROW"+simulated, 0, 0, 0, 45210
		escrow.sector = "Financials"
		lines = append(lines, rights, escrow)
	}
	sortPositions(lines)
	indices, _ := w.levels()
	future := position{
		line: -1, ticker: w.futureTicker(t), name: "S&P500 EMINI" + simulated, sector: sectorCash, class: classFutures,
		price: cents(indices[f.index].price[t] * indexScale), location: "-", exchange: "Index And Options Market", accrual: schemas.NoDate,
	}
	const pointValue = 50
	future.quantity = math.Max(1, math.Floor(total*.002/(future.price*pointValue)))
	future.notional = cents(future.quantity * future.price * pointValue)
	lines = append(lines, future)
	weigh(lines)
	return lines
}

// unitOf is the number of units per price that iShares prints for cash: a
// price of 100.00 and as many units as dollars.
func unitOf(class string) float64 {
	if class == classMoney {
		return 1
	}
	return 100
}

// futureTicker is the code of the future of the quarter of session t.
func (w *world) futureTicker(t int) string {
	d := w.market.days[t]
	letters := [...]string{"H", "M", "U", "Z"}
	return fmt.Sprintf("ES%s%d", letters[(int(d.Month())-1)/3], d.Year()%10)
}

// hole reports whether the publisher has no holdings for session t although it
// ought to: about one session in two hundred, never the last of a month.
func (w *world) hole(f fund, t int) bool {
	m := w.market
	if t+1 >= len(m.days) || m.days[t+1].Month() != m.days[t].Month() {
		return false
	}
	key := 0
	for i := range len(f.ticker) {
		key = key*31 + int(f.ticker[i])
	}
	return m.seed.unit(streamHoldings, t, key) < .005
}
