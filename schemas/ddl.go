package schemas

import (
	"fmt"
	"strings"
)

// Type returns the ClickHouse type of the kind.
func (k Kind) Type() string {
	switch k {
	case KindText:
		return "String"
	case KindSymbol:
		return "LowCardinality(String)"
	case KindDate:
		return "Date"
	case KindLongDate:
		return "Date32"
	case KindOptDate:
		return "Nullable(Date32)"
	case KindTime:
		return "DateTime64(3, 'UTC')"
	case KindOptTime:
		return "Nullable(DateTime64(3, 'UTC'))"
	case KindFloat:
		return "Float64"
	case KindOptFloat:
		return "Nullable(Float64)"
	case KindInt:
		return "Int64"
	case KindOptInt:
		return "Nullable(Int64)"
	case KindBool:
		return "Bool"
	}
	panic(fmt.Sprintf("schemas: kind %d has no type", k))
}

// codec returns how a column of the kind is compressed, or nothing where the
// server's default serves. Days and instants mostly step evenly within the
// sort order. Prices, values and shares have few digits, whose bytes repeat: to
// take the difference of their bits first, as Gorilla does, makes a table of
// prices half as large again and takes longer both ways.
func (k Kind) codec() string {
	switch k {
	case KindDate, KindLongDate, KindOptDate, KindTime, KindOptTime:
		return "DoubleDelta, ZSTD(1)"
	case KindInt, KindOptInt:
		return "T64, ZSTD(1)"
	case KindText, KindFloat, KindOptFloat:
		return "ZSTD(1)"
	case KindSymbol, KindBool:
		return ""
	}
	panic(fmt.Sprintf("schemas: kind %d has no codec", k))
}

// Doc returns the column's comment with its unit, as people read it in the
// warehouse: "Closing price; unit: USD per share".
func (c Column) Doc() string { return DocWithUnit(c.Comment, c.Unit) }

// DocWithUnit joins a sentence and a unit the way every comment in the
// warehouse does. Without a unit the sentence stays as it is.
func DocWithUnit(comment, unit string) string {
	if unit == "" {
		return comment
	}
	return strings.TrimSuffix(comment, ".") + "; unit: " + unit
}

// SortKey returns the columns the stored table is sorted by: the part, where
// the table has parts, and then Order.
func (d Dataset) SortKey() []string {
	if d.Log() {
		return d.Order
	}
	return append([]string{d.PartColumn}, d.Order...)
}

// partitionKey returns the expressions whose values make a window's
// partition: a window is exactly one partition, so that it can be replaced
// in one step.
func (d Dataset) partitionKey() []string {
	if d.Log() {
		return nil
	}
	part, date := QuoteName(d.PartColumn), QuoteName(d.DateColumn)
	switch d.Cut {
	case CutYear:
		return []string{part, "toYear(" + date + ")"}
	case CutMonth:
		return []string{part, "toYYYYMM(" + date + ")"}
	case CutWhole:
		return []string{part}
	}
	panic(fmt.Sprintf("schemas: %s is cut in an unknown way", d))
}

// Partition returns the literal that names the partition of w in ALTER TABLE
// … PARTITION.
func (d Dataset) Partition(w Window) string {
	part := QuoteText(w.Part)
	switch d.Cut {
	case CutYear:
		return fmt.Sprintf("(%s, %d)", part, w.From.Year())
	case CutMonth:
		return fmt.Sprintf("(%s, %d)", part, w.From.Year()*100+int(w.From.Month()))
	case CutWhole:
		return part
	}
	panic(fmt.Sprintf("schemas: %s is cut in an unknown way", d))
}

// CreateStatement returns the statement that makes the table where it does
// not exist yet.
//
// Logs remember the tokens of their latest inserts: a line whose
// acknowledgement was lost can be sent again without being written twice.
func (d Dataset) CreateStatement() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s.%s\n(\n", QuoteName(d.Database), QuoteName(d.Name))
	lines := make([]string, 0, len(d.Columns)+1)
	for _, c := range d.Columns {
		line := fmt.Sprintf("    %s %s COMMENT %s", QuoteName(c.Name), c.Kind.Type(), QuoteText(c.Doc()))
		if codec := c.Kind.codec(); codec != "" {
			line += " CODEC(" + codec + ")"
		}
		lines = append(lines, line)
	}
	if d.Answered() {
		// How far the rows of each answer reach, for mart.source: it is kept beside
		// the rows, so that millions of them need not be read for a handful of lines.
		part, date := QuoteName(d.PartColumn), QuoteName(d.DateColumn)
		lines = append(lines, fmt.Sprintf("    PROJECTION stretches (SELECT %s, `payload`, min(%s), max(%[2]s), count() GROUP BY %[1]s, `payload`)", part, date))
	}
	b.WriteString(strings.Join(lines, ",\n") + "\n")
	b.WriteString(")\nENGINE = MergeTree\n")
	if key := d.partitionKey(); key != nil {
		fmt.Fprintf(&b, "PARTITION BY (%s)\n", strings.Join(key, ", "))
	}
	names := make([]string, 0, len(d.Order)+1)
	for _, name := range d.SortKey() {
		names = append(names, QuoteName(name))
	}
	fmt.Fprintf(&b, "ORDER BY (%s)\n", strings.Join(names, ", "))
	if d.KeepDays > 0 {
		fmt.Fprintf(&b, "TTL toDateTime(%s) + INTERVAL %d DAY\n", QuoteName(d.KeepBy), d.KeepDays)
	}
	if d.Log() {
		b.WriteString("SETTINGS non_replicated_deduplication_window = 1000\n")
	}
	fmt.Fprintf(&b, "COMMENT %s\n", QuoteText(d.Comment))
	return b.String()
}

// QuoteName writes an identifier for SQL.
func QuoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

// QuoteText writes a string literal for SQL.
func QuoteText(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'", "\x00", "\\0").Replace(s) + "'"
}
