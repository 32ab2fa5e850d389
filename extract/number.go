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
	if v, ok := short(s); ok {
		return v, nil
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

// maxShort is how many decimal digits a float64 holds exactly as an integer.
const maxShort = 15

// pow10 has the powers of ten up to 10^maxShort, all of which a float64 holds
// exactly.
var pow10 = [maxShort + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// short reads digits with an optional point, which prices and volumes are made
// of, when they are few: the quotient of two exact numbers is the nearest
// float64 to the decimal one. ok is false for everything else.
func short(s string) (v float64, ok bool) {
	var n uint64
	digits, fraction := 0, -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
			digits++
		case c == '.' && fraction < 0:
			fraction = digits
		default:
			return 0, false
		}
		if digits > maxShort {
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	if fraction < 0 {
		return float64(n), true
	}
	return float64(n) / pow10[digits-fraction], true
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
