package sandbox

import (
	"math"
	"time"

	"tidemark/schemas"
)

// The sums of the statement, USD mn.

func (b *balances) treasuries() int64 { return b.bills + b.nominal + b.indexed + b.inflation }
func (b *balances) held() int64       { return b.treasuries() + agencyDebt + b.mortgages }
func (b *balances) loans() int64      { return b.primary + b.seasonal + b.term }
func (b *balances) lent() int64 {
	return b.held() + b.premiums + b.discounts + b.repo + b.loans()
}
func (b *balances) float() int64       { return b.collection - b.deferred }
func (b *balances) otherAssets() int64 { return b.premises + b.other }

// credit is Reserve Bank credit.
func (b *balances) credit() int64 {
	return b.lent() + b.facilities + b.float() + b.swaps + b.otherAssets()
}

func (b *balances) supplying() int64 {
	return b.credit() + b.foreignCurrency + goldStock + sdrCertificates + b.treasuryCurrency
}

func (b *balances) reverseRepo() int64  { return b.foreignPool + b.onrrp }
func (b *balances) capital() int64      { return b.paidIn + b.surplus }
func (b *balances) uncommitted() int64  { return b.otherDeposits - b.moved } // other deposits
func (b *balances) nonReserves() int64  { return b.tga + b.foreign + b.uncommitted() }
func (b *balances) otherCapital() int64 { return b.otherLiabilities + b.capital() }

// absorbing is what absorbs reserve funds, other than reserve balances.
func (b *balances) absorbing() int64 {
	return b.currency + b.reverseRepo() + b.treasuryCash + b.nonReserves() + b.otherCapital()
}

func (b *balances) reserves() int64 { return b.supplying() - b.absorbing() }

func (b *balances) assets() int64 {
	return goldCertificate + sdrCertificates + b.coin + b.lent() + b.facilities + b.collection + b.otherAssets() +
		b.swaps + b.foreignCurrency
}

// notes are Federal Reserve notes: currency in circulation less what the
// Treasury issues.
func (b *balances) notes() int64 {
	return b.currency + b.treasuryCash - b.treasuryCurrency + b.coin - (goldStock - goldCertificate) - unexplained
}

func (b *balances) deposits() int64 {
	return b.assets() - b.capital() - b.notes() - b.reverseRepo() - b.deferred - b.otherLiabilities
}

func (b *balances) liabilities() int64 {
	return b.notes() + b.reverseRepo() + b.deposits() + b.deferred + b.otherLiabilities
}

// statementSeries is one item of the H.4.1.
type statementSeries struct {
	code string // without suffix: RESPPMA
	text string
	of   func(b *balances) int64 // nil: discontinued
	// Tables of the item: averages exist for those of table 1 only.
	factors   bool // table 1: factors affecting reserve balances
	condition bool // table 5: consolidated statement of condition
	// attributes of the archive
	category, sub, component, distribution string
}

func constant(v int64) func(*balances) int64 { return func(*balances) int64 { return v } }

const (
	inFactors   = 1
	inCondition = 2
	inBoth      = inFactors | inCondition
)

// statement lists the items of the simulated H.4.1.
func statement() []statementSeries {
	const (
		assets      = "Assets: "
		held        = "Assets: Securities Held Outright: "
		loans       = "Assets: Liquidity and Credit Facilities: Loans: "
		supplying   = "Assets: Other Factors Supplying Reserve Balances: "
		draining    = "Liabilities and Capital: Other Factors Draining Reserve Balances: "
		liabilities = "Liabilities and Capital: Liabilities: "
		deposits    = liabilities + "Deposits with F.R. Banks, other than reserve balances: "
		capital     = "Liabilities and Capital: Capital: "
	)
	item := func(tables int, code, text string, of func(*balances) int64) statementSeries {
		s := statementSeries{code: code, text: text, of: of, factors: tables&inFactors != 0, condition: tables&inCondition != 0}
		s.category, s.component = "ASSET", code
		if len(text) > 0 && text[0] == 'L' {
			s.category = "LIABCAP"
		}
		s.sub, s.distribution = "OTHER", "TOT"
		return s
	}
	out := []statementSeries{
		item(inCondition, "RESPPMA", assets+"Total Assets: Total assets (Less eliminations from consolidation)", (*balances).assets),
		item(inCondition, "RESPPAG", assets+"Other: Gold certificate account", constant(goldCertificate)),
		item(inBoth, "RESPPAS", assets+"Other: Special drawing rights certificate account", constant(sdrCertificates)),
		item(inCondition, "RESPPAC", assets+"Other: Coin", func(b *balances) int64 { return b.coin }),
		item(inCondition, "RESPPAL", assets+"Other: Securities, premiums, discounts, repurchase agreements, and loans", (*balances).lent),
		item(inBoth, "RESPPALG", held+"Securities held outright", (*balances).held),
		item(inBoth, "RESPPALGUO", held+"U.S. Treasury securities", (*balances).treasuries),
		item(inBoth, "RESPPALGUOB", held+"U.S. Treasury securities: Bills", func(b *balances) int64 { return b.bills }),
		item(inBoth, "RESPPALGUOMN", held+"U.S. Treasury securities: Notes and bonds, nominal", func(b *balances) int64 { return b.nominal }),
		item(inBoth, "RESPPALGUOMI", held+"U.S. Treasury securities: Notes and bonds, inflation-indexed", func(b *balances) int64 { return b.indexed }),
		item(inBoth, "RESPPALGUOMC", held+"U.S. Treasury securities: Inflation compensation", func(b *balances) int64 { return b.inflation }),
		item(inBoth, "RESPPALGAO", held+"Federal agency debt securities", constant(agencyDebt)),
		item(inBoth, "RESPPALGASMO", held+"Mortgage-backed securities", func(b *balances) int64 { return b.mortgages }),
		item(inBoth, "RESPPALSP", assets+"Unamortized premiums on securities held outright", func(b *balances) int64 { return b.premiums }),
		item(inBoth, "RESPPALSD", assets+"Unamortized discounts on securities held outright", func(b *balances) int64 { return b.discounts }),
		item(inBoth, "RESPPALGTR", assets+"Other: Repurchase agreements", func(b *balances) int64 { return b.repo }),
		item(inFactors, "RESPPALGTRF", assets+"Other: Repurchase agreements - Foreign official", constant(0)),
		item(inFactors, "RESPPALGTRO", assets+"Other: Repurchase agreements - Others", func(b *balances) int64 { return b.repo }),
		item(inBoth, "RESPPALD", assets+"Liquidity and Credit Facilities: Loans", (*balances).loans),
		item(inBoth, "RESPPALDN", assets+"Liquidity and Credit Facilities: Loans, net", (*balances).loans),
		item(inFactors, "RESPPALDP", loans+"Primary credit", func(b *balances) int64 { return b.primary }),
		item(inFactors, "RESPPALDQ", loans+"Secondary credit", constant(0)),
		item(inFactors, "RESPPALDS", loans+"Seasonal credit", func(b *balances) int64 { return b.seasonal }),
		item(inFactors, "RESPPALDK", loans+"Bank Term Funding Program, net", func(b *balances) int64 { return b.term }),
		item(inFactors, "RESPPALDC", loans+"Other credit extensions", constant(0)),
		item(inBoth, "RESPPAAEH", assets+"Liquidity and Credit Facilities: Net portfolio holdings of MS Facilities 2020 LLC (Main Street Lending Program)", func(b *balances) int64 { return b.facilities }),
		item(inFactors, "RESH4SCF", supplying+"Float", (*balances).float),
		item(inBoth, "RESH4SCS", assets+"Central Bank Liquidity Swaps: Central bank liquidity swaps", func(b *balances) int64 { return b.swaps }),
		item(inFactors, "RESH4SO", supplying+"Other Federal Reserve assets", (*balances).otherAssets),
		item(inCondition, "RESPPMAI", assets+"Other: Items in process of collection (Less eliminations from consolidation)", func(b *balances) int64 { return b.collection }),
		item(inCondition, "RESPPAP", assets+"Other: Bank premises", func(b *balances) int64 { return b.premises }),
		item(inCondition, "RESPPAO", assets+"Other: Other Assets, Consolidated Table", func(b *balances) int64 { return b.other }),
		item(inBoth, "RESPPAOF", supplying+"Foreign currency denominated assets", func(b *balances) int64 { return b.foreignCurrency }),
		item(inFactors, "RESTBMG", supplying+"Gold stock", constant(goldStock)),
		item(inFactors, "RESTBMT", supplying+"Treasury currency outstanding", func(b *balances) int64 { return b.treasuryCurrency }),
		item(inFactors, "RESH4SC", supplying+"Reserve Bank credit", (*balances).credit),
		item(inFactors, "RESH4S", supplying+"Total factors supplying reserve funds", (*balances).supplying),

		item(inFactors, "RESTBC", draining+"Currency in circulation", func(b *balances) int64 { return b.currency }),
		item(inCondition, "RESPPLLN", liabilities+"Federal Reserve notes, net of F.R. Bank holdings", (*balances).notes),
		item(inBoth, "RESPPLLR", liabilities+"Reverse repurchase agreements", (*balances).reverseRepo),
		item(inFactors, "RESPPLLRF", liabilities+"Reverse repurchase agreements: Foreign official and international accounts", func(b *balances) int64 { return b.foreignPool }),
		item(inFactors, "RESPPLLRD", liabilities+"Reverse repurchase agreements: Others", func(b *balances) int64 { return b.onrrp }),
		item(inFactors, "RESTBHT", draining+"Treasury cash holdings", func(b *balances) int64 { return b.treasuryCash }),
		item(inFactors, "RESPPLLB", draining+"Deposits with F.R. Banks, other than reserve balances", (*balances).nonReserves),
		item(inBoth, "RESPPLLDA", deposits+"Term deposits held by depository institutions", constant(0)),
		item(inBoth, "RESPPLLDT", deposits+"U.S. Treasury, General Account", func(b *balances) int64 { return b.tga }),
		item(inBoth, "RESPPLLDF", deposits+"Foreign official", func(b *balances) int64 { return b.foreign }),
		item(inBoth, "RESPPLLDO", liabilities+"Deposits: Other", (*balances).uncommitted),
		item(inCondition, "RESPPLLDD", liabilities+"Deposits: Other deposits held by depository institutions", func(b *balances) int64 { return b.deposits() - b.nonReserves() }),
		item(inCondition, "RESPPMLLD", liabilities+"Deposits (Less eliminations from consolidation)", (*balances).deposits),
		item(inCondition, "RESPPMLLC", liabilities+"Deferred availability cash items (Less eliminations from consolidation)", func(b *balances) int64 { return b.deferred }),
		item(inBoth, "RESH4E", draining+"Treasury Contribution to Credit Facilities (Effective 2020-05-07)", constant(0)),
		item(inCondition, "RESPPLLO", liabilities+"Other liabilities and accrued dividends (Includes the liability for earnings remittances due to the U.S. Treasury)", func(b *balances) int64 { return b.otherLiabilities }),
		item(inFactors, "RESH4AO", draining+"Other liabilities and capital", (*balances).otherCapital),
		item(inFactors, "RESH4A", draining+"Total factors, other than reserve balances, absorbing reserve funds", (*balances).absorbing),
		item(inFactors, "RESH4R", draining+"Reserve balances with Federal Reserve Banks", (*balances).reserves),
		item(inCondition, "RESPPMLL", liabilities+"Total liabilities (Less eliminations from consolidation)", (*balances).liabilities),
		item(inCondition, "RESPPLC", capital+"Total capital", (*balances).capital),
		item(inCondition, "RESPPLCP", capital+"Capital paid in", func(b *balances) int64 { return b.paidIn }),
		item(inCondition, "RESPPLCS", capital+"Surplus", func(b *balances) int64 { return b.surplus }),

		item(inFactors, "RESPPAAML1H", "Discontinued: Assets: Net Portfolio Holdings of Maiden Lane LLCs: Net portfolio holdings of Maiden Lane LLC", nil),
	}
	for i := range out {
		if out[i].code == "RESH4R" {
			out[i].category, out[i].sub, out[i].component = "LIABCAP", "OFDRB", "RBFRB"
		}
	}
	return out
}

// week returns the level on a Wednesday and the average of the seven days that
// end with it, rounded.
func (f *fed) week(of func(*balances) int64, wednesday schemas.Date) (level, average int64) {
	var sum int64
	for d := wednesday - 6; d <= wednesday; d++ {
		sum += of(f.at(d))
	}
	return of(f.at(wednesday)), int64(math.Round(float64(sum) / 7))
}

// wednesdays lists the Wednesdays from the market's first to its last day whose
// release has come.
func (w *world) wednesdays() []schemas.Date {
	first := w.market.from
	for first.Weekday() != time.Wednesday {
		first++
	}
	var out []schemas.Date
	for d := first; d <= w.market.to && w.published(w.cal.H41Release(d)); d += 7 {
		out = append(out, d)
	}
	return out
}

// point is one value of the statement: an amount, or a mark that says why
// there is none.
type point struct {
	value  int64
	status string // A, NA, ND or NC
}

// variant is one published series of an item.
type variant struct {
	name string // RESPPMA_N.WW
	text string
	at   func(wednesday schemas.Date) point
}

// variants lists the published series of an item: level, average, and the
// changes of either.
func (w *world) variants(s *statementSeries) []variant {
	f := w.fed
	level := func(d schemas.Date) point { return w.figure(s, s.code+"_N.WW", d, false) }
	average := func(d schemas.Date) point { return w.figure(s, s.code+"_XAW_N.WW", d, true) }
	change := func(of func(schemas.Date) point, back schemas.Date) func(schemas.Date) point {
		return func(d schemas.Date) point {
			if s.of == nil {
				return point{status: "NA"}
			}
			if d-back-6 < f.first {
				return point{status: "NC"}
			}
			return point{of(d).value - of(d-back).value, "A"}
		}
	}
	out := []variant{{s.code + "_N.WW", s.text + ": Wednesday level", level}}
	if s.factors {
		out = append(out,
			variant{s.code + "_XAW_N.WW", s.text + ": week average", average},
			variant{s.code + "_XAW_XCH1_N.WW", s.text + ": change in week average from previous week average", change(average, 7)},
			variant{s.code + "_XAW_XCH52_N.WW", s.text + ": change in week average from year ago week average", change(average, 364)})
	}
	if s.condition {
		out = append(out,
			variant{s.code + "_XCH1_N.WW", s.text + ": change in Wednesday level from previous Wednesday level", change(level, 7)},
			variant{s.code + "_XCH52_N.WW", s.text + ": change in Wednesday level from year ago level", change(level, 364)})
	}
	return out
}

// figure is a published level or average, corrections included.
func (w *world) figure(s *statementSeries, name string, d schemas.Date, average bool) point {
	if s.of == nil {
		return point{status: "NA"}
	}
	if v, fixed := w.fixes.observations[observationKey{name, d}]; fixed {
		return point{v, "A"}
	}
	level, mean := w.fed.week(s.of, d)
	if average {
		return point{mean, "A"}
	}
	return point{level, "A"}
}
