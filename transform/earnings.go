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

// earningsBook holds the trailing earnings of a panel's companies, oldest filing
// first, by issuer or security.
type earningsBook map[string][]trailingYear

func newEarningsBook(in *Inputs, p *Panel) earningsBook {
	filed := make(map[string][]schemas.Earning)
	for _, s := range p.Securities {
		filed[s], filed[p.issuers.of[s]] = nil, nil
	}
	for _, e := range in.Earnings {
		key := companyKey(p.identity, e.Company, e.Filed)
		if rows, wanted := filed[key]; wanted {
			filed[key] = append(rows, e)
		}
	}
	out := make(earningsBook, len(filed))
	for key, rows := range filed {
		slices.SortFunc(rows, func(a, b schemas.Earning) int {
			return cmp.Or(cmp.Compare(a.Filed, b.Filed), cmp.Compare(a.Until, b.Until), cmp.Compare(a.From, b.From), cmp.Compare(a.Publisher, b.Publisher))
		})
		oldest := 0
		for i := range rows {
			if i+1 < len(rows) && rows[i+1].Filed == rows[i].Filed {
				continue
			}
			for rows[i].Filed-rows[oldest].Filed > FilingsKept-maxEarningsAge {
				oldest++
			}
			if t, ok := fourQuarters(rows[oldest : i+1]); ok {
				out[key] = append(out[key], t)
			}
		}
	}
	return out
}

// on returns what was known of a company before a day.
func (b earningsBook) on(key string, day schemas.Date) (trailingYear, bool) {
	all := b[key]
	i, _ := slices.BinarySearchFunc(all, day, func(t trailingYear, d schemas.Date) int { return cmp.Compare(t.from, d) })
	if i == 0 || day-all[i-1].until > maxEarningsAge {
		return trailingYear{}, false
	}
	return all[i-1], true
}

// period is a fiscal period, from the day before its first to its last.
type period struct{ from, until schemas.Date }

// fourQuarters puts together the newest four quarters of what a company has
// filed, oldest filing first: of quarters, or of a year, or of the last year and
// the part of this one, less the same part of the year before. Of one period the
// newest filing counts.
func fourQuarters(filed []schemas.Earning) (trailingYear, bool) {
	income := make(map[period]float64)
	var periods []period
	newest := schemas.NoDate
	for _, e := range filed {
		p := period{e.From - 1, e.Until}
		if _, have := income[p]; !have {
			periods = append(periods, p)
		}
		income[p] = e.NetIncome
		newest = max(newest, e.Until)
	}
	slices.SortFunc(periods, func(a, b period) int { return cmp.Or(cmp.Compare(b.until, a.until), cmp.Compare(a.from, b.from)) })
	for i, p := range periods {
		if newest-p.until > maxEarningsAge {
			break
		}
		if i > 0 && p.until == periods[i-1].until {
			continue
		}
		if total, ok := yearTo(p.until, periods, income); ok {
			return trailingYear{from: filed[len(filed)-1].Filed, until: p.until, income: total}, true
		}
	}
	return trailingYear{}, false
}

// yearTo returns the income of the year that ends with a day, by the fewest
// periods that lead back to its beginning: each is gone back over and added, or
// forward over and taken away.
func yearTo(end schemas.Date, periods []period, income map[period]float64) (float64, bool) {
	type place struct {
		day   schemas.Date
		total float64
	}
	reached := []place{{end, 0}}
	seen := map[schemas.Date]bool{end: true}
	for range yearSteps {
		var next []place
		for _, at := range reached {
			for _, p := range periods {
				to := place{p.from, at.total + income[p]}
				if p.from == at.day {
					to = place{p.until, at.total - income[p]}
				} else if p.until != at.day {
					continue
				}
				if seen[to.day] {
					continue
				}
				if back := end - to.day; back >= yearLeast && back <= yearMost {
					return to.total, true
				}
				seen[to.day] = true
				next = append(next, to)
			}
		}
		reached = next
	}
	return 0, false
}
