package transform

import (
	"cmp"
	"slices"

	"tidemark/schemas"
)

const (
	// maxEarningsAge is how many days after the end of their last quarter
	// earnings still speak: a quarter, and the months that a report takes.
	maxEarningsAge = 280
	// yearLeast and yearMost are the days of four quarters: fiscal years of 52 and
	// 53 weeks are 364 and 371.
	yearLeast, yearMost = 357, 379
	// yearSteps is how many periods a year may be put together of: three quarters,
	// the year before, and less its first three quarters, are seven.
	yearSteps = 8
)

// FilingsKept is for how many days before a day a filing may be part of what is
// told of it.
const FilingsKept = 1830

// trailingYear is what a company earned in the four quarters that were the newest
// known from a day on.
type trailingYear struct {
	from   schemas.Date // day on which it became known
	until  schemas.Date // last day of the quarters
	income float64
}

// earnedYears is the trailing earnings of a company, oldest filing first.
type earnedYears []trailingYear

// earningsBook holds the trailing earnings of a panel's companies: what they
// filed under their registrant numbers, and under the tickers of their lines.
type earningsBook struct {
	byIssuer, bySecurity []earnedYears
}

func newEarningsBook(in *Inputs, p *Panel) earningsBook {
	keys := make(map[string]int32, 2*len(p.Securities))
	var names []string
	book := earningsBook{make([]earnedYears, len(p.issuers.ids)), make([]earnedYears, len(p.Securities))}
	for _, list := range [][]string{p.issuers.ids, p.Securities} {
		for _, name := range list {
			numberOf(keys, &names, name)
		}
	}
	filed := make([][]schemas.Earning, len(names))
	for _, e := range in.Earnings {
		if n, wanted := keys[companyKey(p.identity, e.Company, e.Filed)]; wanted {
			filed[n] = append(filed[n], e)
		}
	}
	all := make([]earnedYears, len(names))
	inBlocks(len(names), func(_, lo, hi int) {
		for n := lo; n < hi; n++ {
			all[n] = trailingOf(filed[n])
		}
	})
	for i, id := range p.issuers.ids {
		book.byIssuer[i] = all[keys[id]]
	}
	for i, s := range p.Securities {
		book.bySecurity[i] = all[keys[s]]
	}
	return book
}

// trailingOf follows what a company has filed.
func trailingOf(rows []schemas.Earning) earnedYears {
	slices.SortFunc(rows, func(a, b schemas.Earning) int {
		return cmp.Or(cmp.Compare(a.Filed, b.Filed), cmp.Compare(a.Until, b.Until), cmp.Compare(a.From, b.From), cmp.Compare(a.Publisher, b.Publisher))
	})
	var out earnedYears
	oldest := 0
	for i := range rows {
		if i+1 < len(rows) && rows[i+1].Filed == rows[i].Filed {
			continue
		}
		for rows[i].Filed-rows[oldest].Filed > FilingsKept-maxEarningsAge {
			oldest++
		}
		if t, ok := fourQuarters(rows[oldest : i+1]); ok {
			out = append(out, t)
		}
	}
	return out
}

// on returns what was known of a company before a day.
func (all earnedYears) on(day schemas.Date) (trailingYear, bool) {
	i, _ := slices.BinarySearchFunc(all, day, func(t trailingYear, d schemas.Date) int { return cmp.Compare(t.from, d) })
	if i == 0 || day-all[i-1].until > maxEarningsAge {
		return trailingYear{}, false
	}
	return all[i-1], true
}

// period is what was earned in a fiscal period, which is given from the day
// before its first to its last.
type period struct {
	from, until schemas.Date
	income      float64
}

// fourQuarters puts together the newest four quarters of what a company has
// filed, oldest filing first: of quarters, or of a year, or of the last year and
// the part of this one, less the same part of the year before. Of one period the
// newest filing counts.
func fourQuarters(filed []schemas.Earning) (trailingYear, bool) {
	periods := make([]period, 0, len(filed))
	newest := schemas.NoDate
	for i := range filed {
		p := period{filed[i].From - 1, filed[i].Until, filed[i].NetIncome}
		same := func(o period) bool { return o.from == p.from && o.until == p.until }
		if k := slices.IndexFunc(periods, same); k >= 0 {
			periods[k] = p
		} else {
			periods = append(periods, p)
		}
		newest = max(newest, p.until)
	}
	slices.SortFunc(periods, func(a, b period) int { return cmp.Or(cmp.Compare(b.until, a.until), cmp.Compare(a.from, b.from)) })
	for i, p := range periods {
		if newest-p.until > maxEarningsAge {
			break
		}
		if i > 0 && p.until == periods[i-1].until {
			continue
		}
		if total, ok := yearTo(p.until, periods); ok {
			return trailingYear{from: filed[len(filed)-1].Filed, until: p.until, income: total}, true
		}
	}
	return trailingYear{}, false
}

// yearTo returns the income of the year that ends with a day, by the fewest
// periods that lead back to its beginning: each is gone back over and added, or
// forward over and taken away.
func yearTo(end schemas.Date, periods []period) (float64, bool) {
	type place struct {
		day   schemas.Date
		total float64
	}
	reached := []place{{end, 0}} // step by step
	for step, lo := 0, 0; step < yearSteps; step++ {
		hi := len(reached)
		for _, at := range reached[lo:hi] {
			for _, p := range periods {
				to := place{p.from, at.total + p.income}
				if p.from == at.day {
					to = place{p.until, at.total - p.income}
				} else if p.until != at.day {
					continue
				}
				if slices.ContainsFunc(reached, func(been place) bool { return been.day == to.day }) {
					continue
				}
				if back := end - to.day; back >= yearLeast && back <= yearMost {
					return to.total, true
				}
				reached = append(reached, to)
			}
		}
		lo = hi
	}
	return 0, false
}
