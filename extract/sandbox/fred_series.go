package sandbox

import (
	"math"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// fredSeries is a series as FRED carries it.
type fredSeries struct {
	id, title, units, frequency string
	// rows calls visit for each day of the series in [from, to], oldest first,
	// that is published; missing says that the row has no value.
	rows func(w *world, from, to schemas.Date, visit func(d schemas.Date, value float64, missing bool))
	// decimals printed
	decimals int
}

const (
	unitMillions = "Millions of U.S. Dollars"
	unitBillions = "Billions of U.S. Dollars"
	unitPercent  = "Percent"
	weeklyAsOf   = "Weekly, As of Wednesday"
	weeklyEnding = "Weekly, Ending Wednesday"
)

// fredCatalogue lists the series that are simulated.
func fredCatalogue() []fredSeries {
	level := func(id, item, title string) fredSeries {
		return fredSeries{id: id, title: title + ": Wednesday Level", units: unitMillions, frequency: weeklyAsOf, rows: weekly(item + "_N.WW")}
	}
	average := func(id, item, title string) fredSeries {
		return fredSeries{id: id, title: title + ": Week Average", units: unitMillions, frequency: weeklyEnding, rows: weekly(item + "_XAW_N.WW")}
	}
	const (
		assets      = "Assets: "
		liabilities = "Liabilities and Capital: "
	)
	return []fredSeries{
		level("WALCL", "RESPPMA", assets+"Total Assets: Total Assets (Less Eliminations from Consolidation)"),
		level("WSHOSHO", "RESPPALG", assets+"Securities Held Outright: Securities Held Outright"),
		level("TREAST", "RESPPALGUO", assets+"Securities Held Outright: U.S. Treasury Securities: All"),
		level("WSHOMCB", "RESPPALGASMO", assets+"Securities Held Outright: Mortgage-Backed Securities"),
		level("WRBWFRBL", "RESH4R", liabilities+"Other Factors Draining Reserve Balances: Reserve Balances with Federal Reserve Banks"),
		average("WRESBAL", "RESH4R", liabilities+"Other Factors Draining Reserve Balances: Reserve Balances with Federal Reserve Banks"),
		level("WDTGAL", "RESPPLLDT", liabilities+"Deposits with F.R. Banks: U.S. Treasury, General Account"),
		average("WTREGEN", "RESPPLLDT", liabilities+"Deposits with F.R. Banks: U.S. Treasury, General Account"),
		level("WLRRAL", "RESPPLLR", liabilities+"Liabilities: Reverse Repurchase Agreements"),
		level("WLRRAFOIAL", "RESPPLLRF", liabilities+"Liabilities: Reverse Repurchase Agreements: Foreign Official and International Accounts"),
		level("WLRRAOL", "RESPPLLRD", liabilities+"Liabilities: Reverse Repurchase Agreements: Others"),
		level("WORAL", "RESPPALGTR", assets+"Other: Repurchase Agreements"),
		level("WLCFLPCL", "RESPPALDP", assets+"Liquidity and Credit Facilities: Loans: Primary Credit"),
		average("WCURCIR", "RESTBC", liabilities+"Other Factors Draining Reserve Balances: Currency in Circulation"),
		{
			id: "RRPONTSYD", title: "Overnight Reverse Repurchase Agreements: Treasury Securities Sold by the Federal Reserve in the Temporary Open Market Operations",
			units: unitBillions, frequency: "Daily", rows: rowsOvernight, decimals: 3,
		},
		{id: "SOFR", title: "Secured Overnight Financing Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("SOFR"), decimals: 2},
		{id: "TGCRRATE", title: "Tri-Party General Collateral Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("TGCR"), decimals: 2},
		{id: "EFFR", title: "Effective Federal Funds Rate", units: unitPercent, frequency: "Daily", rows: rowsRate("EFFR"), decimals: 2},
		{id: "IORB", title: "Interest Rate on Reserve Balances (IORB Rate)", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(reserveFrom(), 0, (*fed).reserveRate), decimals: 2},
		{id: "IOER", title: "Interest Rate on Excess Reserves (DISCONTINUED)", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(schemas.NewDate(2008, time.October, 9), reserveFrom()-1, (*fed).reserveRate), decimals: 2},
		{id: "DFEDTARL", title: "Federal Funds Target Range - Lower Limit", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(targetRangeFrom(), 0, func(f *fed, d schemas.Date) float64 { return f.target(d).lower }), decimals: 2},
		{id: "DFEDTARU", title: "Federal Funds Target Range - Upper Limit", units: unitPercent, frequency: "Daily, 7-Day", rows: rowsPolicy(targetRangeFrom(), 0, func(f *fed, d schemas.Date) float64 { return f.target(d).upper }), decimals: 2},
		{id: "RRPONTSYAWARD", title: "Overnight Reverse Repurchase Agreements Award Rate: Treasury Securities Sold by the Federal Reserve", units: unitPercent, frequency: "Daily", rows: rowsAward, decimals: 2},
		{id: "GDP", title: "Gross Domestic Product", units: "Billions of Dollars", frequency: "Quarterly", rows: rowsProduct, decimals: 3},
		{id: "TLAACBW027SBOG", title: "Total Assets, All Commercial Banks", units: unitBillions, frequency: weeklyEnding, rows: rowsBanks, decimals: 4},
		{id: "SP500", title: "S&P 500", units: "Index", frequency: "Daily, Close", rows: rowsLarge, decimals: 2},
	}
}

// reserveFrom is the day from which interest is paid on all reserve balances.
func reserveFrom() schemas.Date { return schemas.NewDate(2021, time.July, 29) }

func isWeekday(d schemas.Date) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

type rowVisitor = func(d schemas.Date, value float64, missing bool)

func weekly(name string) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		v, known := w.variant(name)
		if !known {
			return
		}
		for _, d := range w.wednesdays() {
			if d >= from && d <= to {
				p := v.at(d)
				visit(d, float64(p.value), p.status != "A")
			}
		}
	}
}

func rowsOvernight(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := max(from, overnightFrom()); d <= to && w.published(w.cal.OperationKnown(d, "13:15")); d++ {
		if !isWeekday(d) {
			continue
		}
		if !w.cal.IsFedDay(d) {
			visit(d, 0, true)
			continue
		}
		for i, o := range w.fed.operations(d) {
			if o.reverse && !o.exercise {
				accepted, _, _ := w.settled(&numbered{o, i + 1})
				visit(d, float64(accepted)/1e9, false)
			}
		}
	}
}

func rowsRate(name string) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		x, _ := referenceByName(name)
		for d := max(from, x.since); d <= to && w.published(w.cal.RateKnown(d, x.secured)); d++ {
			switch {
			case w.fed.open(x, d):
				r := w.fed.rate(x, d)
				percent, _ := w.quoted(x, &r)
				visit(d, percent, false)
			case isWeekday(d):
				visit(d, 0, true)
			}
		}
	}
}

// rowsPolicy are rates that hold on every day of the week; until is 0 for
// those still published.
func rowsPolicy(since, until schemas.Date, of func(*fed, schemas.Date) float64) func(*world, schemas.Date, schemas.Date, rowVisitor) {
	return func(w *world, from, to schemas.Date, visit rowVisitor) {
		to = min(to, w.today())
		if until != 0 {
			to = min(to, until)
		}
		for d := max(from, since); d <= to; d++ {
			visit(d, of(w.fed, d), false)
		}
	}
}

func rowsAward(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := max(from, overnightFrom()); d <= to && w.published(w.cal.OperationKnown(d, "13:15")); d++ {
		if isWeekday(d) {
			visit(d, w.fed.reverseRate(d), !w.cal.IsFedDay(d))
		}
	}
}

// rowsProduct is nominal product at an annual rate, USD bn, dated by the first
// day of the quarter.
func rowsProduct(w *world, from, to schemas.Date, visit rowVisitor) {
	for y := w.market.from.Year() - 1; y <= w.market.to.Year(); y++ {
		for _, month := range []time.Month{time.January, time.April, time.July, time.October} {
			d := schemas.NewDate(y, month, 1)
			if d < from || d > to || !w.published(w.cal.GDPKnown(d)) {
				continue
			}
			noise := 1 + .004*w.fed.seed.bell(streamFed, 1, int(d))
			visit(d, math.Round(31000e3*math.Exp(-.045*w.fed.tau(d))*noise)/1e3, false)
		}
	}
}

// rowsBanks are the total assets of commercial banks, USD bn.
func rowsBanks(w *world, from, to schemas.Date, visit rowVisitor) {
	for d := from; d <= to; d++ {
		if d.Weekday() == time.Wednesday && w.published(w.cal.H8Known(d)) {
			noise := 1 + .001*w.fed.seed.bell(streamFed, 2, int(d))
			visit(d, math.Round(25000e4*math.Exp(-.035*w.fed.tau(d))*noise)/1e4, false)
		}
	}
}

// indexScale makes the level of the large index look like the real one's.
const indexScale = 4.2

func rowsLarge(w *world, from, to schemas.Date, visit rowVisitor) {
	indices, _ := w.levels()
	for d := from; d <= to && w.published(fredKnown(d)); d++ {
		t, open := w.market.session(d)
		switch {
		case open:
			visit(d, indices[indexLarge].price[t]*indexScale, false)
		case isWeekday(d):
			visit(d, 0, true)
		}
	}
}

// fredKnown is when FRED has the closes of day d: 20:00.
func fredKnown(d schemas.Date) time.Time { return d.In(calendar.NewYork(), 20, 0) }
