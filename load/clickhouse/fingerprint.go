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

// fingerprintSQL is the three columns that make the fingerprint of rows whose
// hashes are named h, as rowHashSQL names them.
const fingerprintSQL = "count(), sum(h), groupBitXor(h)"

// rowHashSQL returns the column h that hashes a row of d in the server as encoder
// does here: over all columns, or over the content alone. One function
// turns the row into bytes: of a short table it is not the rows that take the
// server's time but the functions that it has to understand.
func rowHashSQL(d schemas.Dataset, all bool) string { return rowHash(d, all) + " AS h" }

// rowHash is the same without a name.
func rowHash(d schemas.Dataset, all bool) string {
	var content, origin []string
	for _, c := range d.Columns {
		if c.Origin {
			origin = append(origin, schemas.QuoteName(c.Name))
		} else {
			content = append(content, schemas.QuoteName(c.Name))
		}
	}
	if all {
		content = append(content, origin...)
	}
	return "xxHash64(formatRow('RowBinary', " + strings.Join(content, ", ") + "))"
}
