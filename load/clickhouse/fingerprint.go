package clickhouse

import (
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"

	"tidemark/schemas"
)

// fingerprint stands for a set of rows in any order.
type fingerprint struct {
	rows, sum, xor uint64
}

// add takes in one row by its encoding.
func (f *fingerprint) add(row []byte) {
	h := xxhash.Sum64(row)
	f.rows++
	f.sum += h // wraps, as the server's sum of UInt64 does
	f.xor ^= h
}

// join takes in the rows of another fingerprint.
func (f *fingerprint) join(o fingerprint) {
	f.rows += o.rows
	f.sum += o.sum
	f.xor ^= o.xor
}

// part takes out the rows of another fingerprint, which are among its own.
func (f *fingerprint) part(o fingerprint) {
	f.rows -= o.rows
	f.sum -= o.sum
	f.xor ^= o.xor
}

// String returns the form that is stored and compared.
func (f fingerprint) String() string {
	return fmt.Sprintf("%d-%016x%016x", f.rows, f.sum, f.xor)
}

// parseFingerprint reads the stored form.
func parseFingerprint(stored string) (f fingerprint, ok bool) {
	n, err := fmt.Sscanf(stored, "%d-%16x%16x", &f.rows, &f.sum, &f.xor)
	return f, err == nil && n == 3 && f.String() == stored
}

// rowHashSQL returns the expression that hashes a row of d in the server as
// encoder does here: over all columns, or over the content alone.
func rowHashSQL(d schemas.Dataset, all bool) string {
	var content, origin []string
	for _, c := range d.Columns {
		if c.Origin {
			origin = append(origin, columnHashSQL(c))
		} else {
			content = append(content, columnHashSQL(c))
		}
	}
	if all {
		content = append(content, origin...)
	}
	return "xxHash64(concat(" + strings.Join(content, ", ") + "))"
}

// columnHashSQL returns the bytes of a column that go into its row's hash.
func columnHashSQL(c schemas.Column) string {
	name := schemas.QuoteName(c.Name)
	nullable := func(bytes string) string {
		return fmt.Sprintf("if(isNull(%s), char(0), concat(char(1), %s))", name, bytes)
	}
	switch c.Kind {
	case schemas.KindText, schemas.KindSymbol:
		return fmt.Sprintf("reinterpretAsFixedString(toUInt32(length(%s))), CAST(%[1]s, 'String')", name)
	case schemas.KindDate, schemas.KindLongDate:
		return fmt.Sprintf("reinterpretAsFixedString(toInt32(%s))", name)
	case schemas.KindOptDate:
		return nullable(fmt.Sprintf("reinterpretAsFixedString(toInt32(assumeNotNull(%s)))", name))
	case schemas.KindTime:
		return fmt.Sprintf("reinterpretAsFixedString(toUnixTimestamp64Milli(%s))", name)
	case schemas.KindOptTime:
		return nullable(fmt.Sprintf("reinterpretAsFixedString(toUnixTimestamp64Milli(assumeNotNull(%s)))", name))
	case schemas.KindFloat, schemas.KindInt:
		return fmt.Sprintf("reinterpretAsFixedString(%s)", name)
	case schemas.KindOptFloat, schemas.KindOptInt:
		return nullable(fmt.Sprintf("reinterpretAsFixedString(assumeNotNull(%s))", name))
	case schemas.KindBool:
		return fmt.Sprintf("char(toUInt8(%s))", name)
	}
	panic(fmt.Sprintf("clickhouse: column %s has an unknown kind", c.Name))
}

// fingerprintSQL returns the three columns that make the fingerprint of the
// rows a query selects.
func fingerprintSQL(hash string) string {
	return fmt.Sprintf("count(), sum(%s), groupBitXor(%[1]s)", hash)
}
