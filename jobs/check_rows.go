package jobs

import (
	"fmt"
	"iter"

	"tidemark/schemas"
)

// The band in which the number of a window's rows may move from one fetch to
// the next. Publishers correct a few rows and fill a few gaps; a fifth fewer
// is an answer that was cut short or a filter that changed, and half as many
// again for days that were there already is a file in which rows stand twice
// or another file altogether. Windows of less than leastRows rows move by such
// shares for no reason at all.
const (
	leastRows   = 20
	leastShare  = 0.8
	mostGrowth  = 1.5
	rowCountSay = "A window does not shrink by more than a fifth, and the days that it had do not grow by more than half."
)

// arrival is what a check of a fetched window sees.
type arrival[T any] struct {
	fresh  []T         // in the order in which they came
	old    standing[T] // the window as it is stored
	before []T         // what is stored of the days before the window
}

// standing is rows that checks go through, one after the other. They need not
// all be in memory: a year of bars is a million, of which a close each is
// looked at.
type standing[T any] struct {
	n    int
	each func(yield func(*T) bool) // a row is good until the next one; nil where there are none
}

// stands lets checks go through rows at hand.
func stands[T any](rows []T) standing[T] {
	return standing[T]{len(rows), func(yield func(*T) bool) {
		for i := range rows {
			if !yield(&rows[i]) {
				return
			}
		}
	}}
}

// all goes through the rows.
func (s standing[T]) all() iter.Seq[*T] {
	if s.each == nil {
		return stands[T](nil).each
	}
	return s.each
}

// rowCount holds the number of rows. Shrinking is an error. Growth is a
// warning, and judged over the days that were there before: new days come of
// themselves.
func rowCount[T any](table schemas.Table[T]) check[arrival[T]] {
	day := dayOf(table)
	return check[arrival[T]]{
		CheckInfo: CheckInfo{Name: "row_count", Severity: schemas.SeverityError, Says: rowCountSay},
		holds: func(a arrival[T]) ([]finding, string) {
			fresh, old := len(a.fresh), a.old.n
			if old < leastRows {
				return nil, ""
			}
			if float64(fresh) < leastShare*float64(old) {
				return []finding{{day: schemas.NoDate, says: fmt.Sprintf("%d rows, where there were %d before", fresh, old)}}, ""
			}
			first, last := firstAndLast(table, a.old)
			again := 0
			for i := range a.fresh {
				if d := day(&a.fresh[i]); d >= first && d <= last {
					again++
				}
			}
			if float64(again) > mostGrowth*float64(old) {
				return []finding{{mild: true, day: schemas.NoDate, says: fmt.Sprintf("%d rows from %s to %s, where there were %d before", again, first, last, old)}}, ""
			}
			return nil, ""
		},
	}
}

// firstAndLast returns the oldest and the newest day of rows, or NoDate.
func firstAndLast[T any](table schemas.Table[T], rows standing[T]) (oldest, newest schemas.Date) {
	if rows.n == 0 {
		return schemas.NoDate, schemas.NoDate
	}
	day := dayOf(table)
	oldest, newest = schemas.MaxLongDate, schemas.MinLongDate
	for row := range rows.all() {
		d := day(row)
		oldest, newest = min(oldest, d), max(newest, d)
	}
	return oldest, newest
}

// dayOf returns the function that reads a row's day.
func dayOf[T any](table schemas.Table[T]) func(*T) schemas.Date {
	for _, f := range table.Fields {
		if f.Name == table.DateColumn {
			return func(row *T) schemas.Date { return *f.Date(row) }
		}
	}
	panic(table.String() + " has no column of days")
}
