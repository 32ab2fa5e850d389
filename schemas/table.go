package schemas

import (
	"fmt"
	"time"
)

// Kind is what a column holds. Each kind has exactly one ClickHouse type and
// one Go type, so that what is stored is what was meant.
type Kind uint8

// The kinds of columns.
const (
	KindText     Kind = iota // String, string
	KindSymbol               // LowCardinality(String), string: few distinct values
	KindDate                 // Date, Date
	KindLongDate             // Date32, Date: may lie before 1970
	KindOptDate              // Nullable(Date32), Date with NoDate for NULL
	KindTime                 // DateTime64(3, 'UTC'), time.Time
	KindOptTime              // Nullable(DateTime64(3, 'UTC')), time.Time, zero for NULL
	KindFloat                // Float64, float64, finite
	KindOptFloat             // Nullable(Float64), Opt[float64], finite
	KindInt                  // Int64, int64
	KindOptInt               // Nullable(Int64), Opt[int64]
	KindBool                 // Bool, bool
)

// Column describes one column of a table.
type Column struct {
	Name    string
	Kind    Kind
	Unit    string // "USD", "fraction", "percent", …; empty where there is none
	Comment string // one sentence
	// Origin marks where a row came from rather than what it says (payload
	// hash, run). Origin columns take no part in a window's content hash, so
	// the same figures in a re-sent file do not make what depends on them stale.
	Origin bool
}

// Dataset describes a table: its columns, how it is cut into windows, and the
// order of its rows.
type Dataset struct {
	Database string // raw, facts or ops
	Name     string
	Comment  string
	Columns  []Column
	// PartColumn names the column that holds Window.Part, DateColumn the one
	// that Cut cuts. Both are empty for the append-only logs of ops.
	PartColumn, DateColumn string
	Cut                    Cut
	Order                  []string // sort key; unique within a window
	// KeepDays is how long a line of a log is kept after the instant in the
	// column KeepBy; 0 keeps it for ever.
	KeepDays int
	KeepBy   string
}

// String returns the table's full name, such as raw.bar.
func (d Dataset) String() string { return d.Database + "." + d.Name }

// Log reports whether the table is an append-only log without windows.
func (d Dataset) Log() bool { return d.PartColumn == "" }

// Answered reports whether the table's rows were read from answers of publishers.
func (d Dataset) Answered() bool {
	_, ok := d.Column("payload")
	return ok && !d.Log()
}

// Column returns the column with the given name.
func (d Dataset) Column(name string) (Column, bool) {
	for _, c := range d.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// Field ties a column to the struct field of T that holds its value. Exactly
// one of its accessors, the one for the column's Kind, is set. The accessors
// return pointers, so one declaration serves writing and reading.
type Field[T any] struct {
	Column
	Text     func(*T) *string // KindText, KindSymbol
	Date     func(*T) *Date   // KindDate, KindLongDate, KindOptDate
	Time     func(*T) *time.Time
	Float    func(*T) *float64
	OptFloat func(*T) *Opt[float64]
	Int      func(*T) *int64
	OptInt   func(*T) *Opt[int64]
	Bool     func(*T) *bool
}

// Table is a dataset together with the Go type of its rows.
type Table[T any] struct {
	Dataset
	Fields []Field[T]
}

// NewTable completes d with the columns of fields. It panics when the
// description contradicts itself: that is a mistake in the program.
func NewTable[T any](d Dataset, fields ...Field[T]) Table[T] {
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.Name] {
			panic(fmt.Sprintf("schemas: %s has two columns %q", d, f.Name))
		}
		seen[f.Name] = true
		d.Columns = append(d.Columns, f.Column)
	}
	need := append([]string{}, d.Order...)
	if !d.Log() {
		need = append(need, d.PartColumn, d.DateColumn)
	}
	for _, name := range need {
		if !seen[name] {
			panic(fmt.Sprintf("schemas: %s needs a column %q", d, name))
		}
	}
	return Table[T]{Dataset: d, Fields: fields}
}

// WindowOf returns the window in which a row belongs.
func (t Table[T]) WindowOf(row *T) Window {
	var part string
	var day Date
	for i := range t.Fields {
		switch f := &t.Fields[i]; f.Name {
		case t.PartColumn:
			part = *f.Text(row)
		case t.DateColumn:
			day = *f.Date(row)
		}
	}
	return t.Cut.Window(part, day)
}

func field[T any](kind Kind, name, unit, comment string) Field[T] {
	return Field[T]{Column: Column{Name: name, Kind: kind, Unit: unit, Comment: comment}}
}

// AsOrigin marks the column as telling where a row came from; see Column.Origin.
func (f Field[T]) AsOrigin() Field[T] {
	f.Origin = true
	return f
}

// Text declares a String column.
func Text[T any](name, comment string, ref func(*T) *string) Field[T] {
	f := field[T](KindText, name, "", comment)
	f.Text = ref
	return f
}

// Symbol declares a LowCardinality(String) column.
func Symbol[T any](name, comment string, ref func(*T) *string) Field[T] {
	f := field[T](KindSymbol, name, "", comment)
	f.Text = ref
	return f
}

// Day declares a Date column.
func Day[T any](name, comment string, ref func(*T) *Date) Field[T] {
	f := field[T](KindDate, name, "", comment)
	f.Date = ref
	return f
}

// LongDay declares a Date32 column, for days that may lie before 1970.
func LongDay[T any](name, comment string, ref func(*T) *Date) Field[T] {
	f := field[T](KindLongDate, name, "", comment)
	f.Date = ref
	return f
}

// OptDay declares a Nullable(Date32) column; NoDate is NULL.
func OptDay[T any](name, comment string, ref func(*T) *Date) Field[T] {
	f := field[T](KindOptDate, name, "", comment)
	f.Date = ref
	return f
}

// Instant declares a DateTime64(3, 'UTC') column.
func Instant[T any](name, comment string, ref func(*T) *time.Time) Field[T] {
	f := field[T](KindTime, name, "UTC", comment)
	f.Time = ref
	return f
}

// OptInstant declares a nullable instant; the zero time is NULL.
func OptInstant[T any](name, comment string, ref func(*T) *time.Time) Field[T] {
	f := field[T](KindOptTime, name, "UTC", comment)
	f.Time = ref
	return f
}

// Float declares a Float64 column in the given unit.
func Float[T any](name, unit, comment string, ref func(*T) *float64) Field[T] {
	f := field[T](KindFloat, name, unit, comment)
	f.Float = ref
	return f
}

// OptFloat declares a Nullable(Float64) column in the given unit.
func OptFloat[T any](name, unit, comment string, ref func(*T) *Opt[float64]) Field[T] {
	f := field[T](KindOptFloat, name, unit, comment)
	f.OptFloat = ref
	return f
}

// Int declares an Int64 column in the given unit.
func Int[T any](name, unit, comment string, ref func(*T) *int64) Field[T] {
	f := field[T](KindInt, name, unit, comment)
	f.Int = ref
	return f
}

// OptInt declares a Nullable(Int64) column in the given unit.
func OptInt[T any](name, unit, comment string, ref func(*T) *Opt[int64]) Field[T] {
	f := field[T](KindOptInt, name, unit, comment)
	f.OptInt = ref
	return f
}

// Flag declares a Bool column.
func Flag[T any](name, comment string, ref func(*T) *bool) Field[T] {
	f := field[T](KindBool, name, "", comment)
	f.Bool = ref
	return f
}
