package h41

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Suffixes of the names: the level of Wednesday and the average of the week.
const (
	levelSuffix   = "_N.WW"
	averageSuffix = "_XAW_N.WW"
)

// table1 lists the items of table 1, factors affecting reserve balances. Each
// has a level and an average. Together they are what the identities of the
// release need.
var table1 = []string{
	// supplying
	"RESH4SC",      // Reserve Bank credit
	"RESPPALG",     // securities held outright
	"RESPPALGUO",   // Treasury securities
	"RESPPALGUOB",  // bills
	"RESPPALGUOMN", // notes and bonds, nominal
	"RESPPALGUOMI", // notes and bonds, inflation-indexed
	"RESPPALGUOMC", // inflation compensation
	"RESPPALGAO",   // federal agency debt
	"RESPPALGASMO", // mortgage-backed securities
	"RESPPALSP",    // unamortized premiums
	"RESPPALSD",    // unamortized discounts
	"RESPPALGTR",   // repurchase agreements
	"RESPPALGTRF",  // with foreign official accounts
	"RESPPALGTRO",  // with others
	"RESPPALD",     // loans
	"RESPPALDN",    // loans, net; zero, not missing, before 2021-12-29
	"RESPPALDP",    // primary credit
	"RESPPALDQ",    // secondary credit
	"RESPPALDS",    // seasonal credit
	"RESPPALDJ",    // Paycheck Protection Program Liquidity Facility
	"RESPPALDK",    // Bank Term Funding Program
	"RESPPALDC",    // other credit extensions
	"RESH4SCF",     // float
	"RESH4SCS",     // central bank liquidity swaps
	"RESH4SO",      // other Federal Reserve assets
	"RESPPAOF",     // foreign currency denominated assets
	"RESTBMG",      // gold stock
	"RESPPAS",      // special drawing rights certificate account
	"RESTBMT",      // Treasury currency outstanding
	"RESH4S",       // total factors supplying reserve funds
	// absorbing
	"RESTBC",    // currency in circulation
	"RESPPLLR",  // reverse repurchase agreements
	"RESPPLLRF", // with foreign official and international accounts
	"RESPPLLRD", // with others
	"RESTBHT",   // Treasury cash holdings
	"RESPPLLB",  // deposits other than reserve balances
	"RESPPLLDA", // term deposits
	"RESPPLLDT", // Treasury General Account
	"RESPPLLDF", // foreign official deposits
	"RESPPLLDO", // other deposits
	"RESH4E",    // Treasury contribution to credit facilities
	"RESH4AO",   // other liabilities and capital
	"RESH4A",    // total factors other than reserve balances
	"RESH4R",    // reserve balances
}

// table5 lists the items that only table 5, the consolidated statement of
// condition, has. They have levels and no averages.
var table5 = []string{
	"RESPPMA",   // total assets, less eliminations
	"RESPPAL",   // securities, premiums, discounts, repos and loans
	"RESPPAG",   // gold certificate account
	"RESPPAC",   // coin
	"RESPPAP",   // bank premises
	"RESPPAO",   // other assets
	"RESPPMAI",  // items in process of collection
	"RESPPLLN",  // Federal Reserve notes, net
	"RESPPLLDD", // other deposits of depository institutions
	"RESPPMLLD", // deposits, less eliminations
	"RESPPMLLC", // deferred availability cash items
	"RESPPLLO",  // other liabilities and accrued dividends
	"RESPPMLL",  // total liabilities, less eliminations
	"RESPPLC",   // total capital
	"RESPPLCP",  // capital paid in
	"RESPPLCS",  // surplus
}

// holdingsPrefix begins the items "net portfolio holdings of … LLC": the
// vehicles through which the Board has lent in 2008 and in 2020. They come and
// go, and Reserve Bank credit does not add up without them.
const holdingsPrefix = "RESPPAA"

// Series lists the names of the series that are always kept: of table 1 the
// level and the average of each item, of table 5 the levels. Levels and
// averages of net portfolio holdings (RESPPAA…) are kept as well, whatever
// they are called.
func Series() []string {
	out := make([]string, 0, 2*len(table1)+len(table5))
	for _, item := range table1 {
		out = append(out, item+levelSuffix, item+averageSuffix)
	}
	for _, item := range table5 {
		out = append(out, item+levelSuffix)
	}
	return out
}

// Select returns whether a series is kept: those of [Series], net portfolio
// holdings, and more.
func Select(more ...string) func(name string) bool {
	keep := make(map[string]bool)
	for _, name := range slices.Concat(Series(), more) {
		keep[name] = true
	}
	return func(name string) bool {
		if strings.HasPrefix(name, holdingsPrefix) {
			return keep[name] || !strings.Contains(name, "_XCH") && validName(name)
		}
		return keep[name]
	}
}

// core lists the series without which an archive is not the H.4.1 as we know
// it: a missing one was renamed or dropped.
var core = []string{
	"RESPPMA_N.WW", "RESPPALG_N.WW", "RESPPALGUO_N.WW", "RESPPALGASMO_N.WW", "RESPPLLDT_N.WW", "RESPPLLDT_XAW_N.WW",
	"RESPPLLR_N.WW", "RESPPLLRD_N.WW", "RESPPLLRF_N.WW", "RESH4R_N.WW", "RESH4R_XAW_N.WW", "RESH4S_N.WW", "RESH4A_N.WW",
	"RESTBC_N.WW", "RESPPALGTR_N.WW", "RESPPALDP_N.WW",
}

func checkCore(rows []schemas.Observation) error {
	have := make(map[string]bool)
	for i := range rows {
		have[rows[i].Series] = true
	}
	var missing []string
	for _, name := range core {
		if !have[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("series are missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// validName reports whether s is formed like the name of a series.
func validName(s string) bool {
	item, ok := strings.CutSuffix(s, levelSuffix)
	if !ok || item == "" || len(item) > 40 {
		return false
	}
	for _, c := range item {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// normal marks a value that is there.
const normal = "A"

// statuses are the Board's marks of a value: normal, not available, no data,
// not calculated.
var statuses = []string{normal, "NA", "ND", "NC"}

// findStatus returns the mark that is spelt like s. The text returned is this
// package's own, so that rows do not keep that of the answer alive.
func findStatus(s string) (string, bool) {
	i := slices.Index(statuses, s)
	if i < 0 {
		return "", false
	}
	return statuses[i], true
}

// maxValue bounds what is believable in millions of dollars: the largest
// figure so far is about nine million.
const maxValue = 500e6

// totalAssets and assetsLow: total assets have been above 1.8 trillion dollars
// since 2009. A smaller figure is in another unit.
const totalAssets = "RESPPMA_N.WW"

const assetsLow = 1e6 // USD mn

var assetsLowSince = schemas.NewDate(2009, time.January, 1)

// observation reads one value of a series. The figures are whole millions; a
// fraction means that the unit has changed.
func observation(series string, day schemas.Date, status, value string) (schemas.Observation, error) {
	row := schemas.Observation{
		Series: series, Date: day, Status: status,
		Unit: unit, Multiplier: multiplier, Frequency: frequency,
	}
	if day.Weekday() != time.Wednesday {
		return row, fmt.Errorf("%s has a value for %s, a %s; the release has Wednesdays", series, day, day.Weekday())
	}
	if status != normal {
		return row, nil
	}
	v, err := extract.ParseFloat(value)
	if err != nil {
		return row, fmt.Errorf("%s for %s: %w", series, day, err)
	}
	switch {
	case v != math.Trunc(v), math.Abs(v) > maxValue:
		return row, fmt.Errorf("%s is %v for %s, not a whole number of millions of dollars: the unit has changed", series, v, day)
	case series == totalAssets && day >= assetsLowSince && v < assetsLow:
		return row, fmt.Errorf("total assets (%s) of %v for %s are not believable in millions of dollars: the unit has changed", series, v, day)
	}
	row.Value = schemas.Some(v)
	return row, nil
}

var errNothing = errors.New("none of the series that are kept is in it")
