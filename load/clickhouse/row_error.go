package clickhouse

import "fmt"

// RowError says that a row cannot be stored as it is, and why. Nothing of its
// window was sent.
type RowError struct {
	Table   string // raw.bar
	Row     int    // position among the rows given, from 0
	Key     string // the row's sort key: "publisher=vendor symbol=A session=2025-01-02"
	Column  string // empty when the row as a whole is wrong
	Problem string
}

func (e *RowError) Error() string {
	where := fmt.Sprintf("%s: row %d (%s)", e.Table, e.Row, e.Key)
	if e.Column != "" {
		where += ": column " + e.Column
	}
	return where + ": " + e.Problem
}
