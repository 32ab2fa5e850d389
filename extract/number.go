package extract

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxNumberLen bounds the text of a number. The longest that publishers write
// have some twenty characters.
const maxNumberLen = 64

// ParseFloat reads a plain decimal number: an optional sign, digits with an
// optional point, an optional exponent. It refuses what [strconv.ParseFloat]
// takes beyond that (NaN, Inf, hexadecimal, underscores), surrounding white
// space, numbers too large for a float64, and numbers so small that they would
// become zero.
func ParseFloat(s string) (float64, error) {
	if len(s) > maxNumberLen {
		return 0, fmt.Errorf("%.16q… is not a number: %d characters", s, len(s))
	}
	rest := strings.TrimLeft(s, "+-")
	if len(s)-len(rest) > 1 {
		return 0, notNumber(s)
	}
	mantissa, exponent, hasExponent := cutExponent(rest)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !digits(whole) || !digits(fraction) {
		return 0, notNumber(s)
	}
	if hasExponent {
		e := exponent
		if e != "" && (e[0] == '+' || e[0] == '-') {
			e = e[1:]
		}
		if e == "" || !digits(e) {
			return 0, notNumber(s)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%q is too large for a number", s)
	case err != nil:
		return 0, notNumber(s)
	case v == 0 && strings.Trim(whole+fraction, "0") != "":
		return 0, fmt.Errorf("%q is too small for a number", s)
	}
	return v, nil
}

// ParseGrouped is [ParseFloat] for text whose thousands may be separated by
// commas, as in 41,700,670,815.44. Where there are commas, every group but the
// first has three digits.
func ParseGrouped(s string) (float64, error) {
	if !strings.Contains(s, ",") {
		return ParseFloat(s)
	}
	if len(s) > maxNumberLen {
		return 0, fmt.Errorf("%.16q… is not a number: %d characters", s, len(s))
	}
	whole, _, _ := strings.Cut(s, ".")
	unsigned := strings.TrimLeft(whole, "+-")
	first, others, _ := strings.Cut(unsigned, ",")
	if len(first) == 0 || len(first) > 3 || !digits(first) {
		return 0, notNumber(s)
	}
	for group := range strings.SplitSeq(others, ",") {
		if len(group) != 3 || !digits(group) {
			return 0, notNumber(s)
		}
	}
	v, err := ParseFloat(strings.ReplaceAll(whole, ",", "") + s[len(whole):])
	if err != nil {
		return 0, notNumber(s)
	}
	return v, nil
}

func cutExponent(s string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func notNumber(s string) error { return fmt.Errorf("%q is not a number", s) }
