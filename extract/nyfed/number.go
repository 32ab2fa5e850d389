package nyfed

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// decimal is a finite JSON number. A number in quotes is not one.
type decimal float64

func (d *decimal) UnmarshalJSON(b []byte) error {
	v, err := finite(b)
	if err != nil {
		return err
	}
	*d = decimal(v)
	return nil
}

// whole is a JSON number without a fraction that fits 64 bits, read without
// passing through a float: amounts of the desk exceed 2^31 and are exact to
// the dollar.
type whole int64

func (n *whole) UnmarshalJSON(b []byte) error {
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*n = whole(v)
		return nil
	}
	v, err := finite(b)
	if err != nil {
		return err
	}
	// The bounds keep the exact arithmetic below small: an exponent of a
	// billion is a finite float (zero) and an enormous fraction.
	if _, exp, ok := strings.Cut(strings.ToLower(string(b)), "e"); ok && len(strings.TrimLeft(exp, "+-0")) > 2 || math.Abs(v) > math.MaxInt64 {
		return fmt.Errorf("%s is not a whole number of 64 bits", b)
	}
	r, ok := new(big.Rat).SetString(string(b))
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return fmt.Errorf("%s is not a whole number of 64 bits", b)
	}
	*n = whole(r.Num().Int64())
	return nil
}

func finite(b []byte) (float64, error) {
	if len(b) > 0 && (b[0] == '"' || b[0] == '+') {
		return 0, fmt.Errorf("%.40s is not a JSON number", b)
	}
	return extract.ParseFloat(string(b))
}

func optFloat(d *decimal) schemas.Opt[float64] {
	if d == nil {
		return schemas.None[float64]()
	}
	return schemas.Some(float64(*d))
}

func optInt(n *whole) schemas.Opt[int64] {
	if n == nil {
		return schemas.None[int64]()
	}
	return schemas.Some(int64(*n))
}
