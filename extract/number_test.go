package extract

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestParseFloatTakesPlainDecimals(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		"0": 0, "-0.0": math.Copysign(0, -1), "1": 1, "+1.5": 1.5, "-225085": -225085, ".05": 0.05, "7.": 7,
		"1.12117471e+08": 112117471, "1E3": 1000, "0e999": 0, "6747704": 6747704, "1.7976931348623157e308": math.MaxFloat64,
	} {
		got, err := ParseFloat(in)
		if err != nil || got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("ParseFloat(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseFloatRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", ".", "-", "+", "--1", "+-1", "NaN", "nan", "Inf", "-inf", "infinity", "0x1p4", "0X10", "1_000", "1e", "1e+", "e5",
		"1e309", "-1e309", "1e-400", " 1", "1 ", "1,000", "1.2.3", "1e5.0", "1e0x1", "١٢", "−5", "1\n", "null", "NA",
		strings.Repeat("9", 65),
	} {
		if got, err := ParseFloat(in); err == nil {
			t.Errorf("ParseFloat(%q) = %v, want an error", in, got)
		} else if got != 0 {
			t.Errorf("ParseFloat(%q) = %v beside its error, want 0", in, got)
		}
	}
}

func TestParseGroupedChecksGroups(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		"41,700,670,815.44": 41700670815.44, "-1,000": -1000, "999": 999, "12,345": 12345, "1,234.5e2": 123450,
	} {
		if got, err := ParseGrouped(in); err != nil || got != want {
			t.Errorf("ParseGrouped(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{",1", "1,", "1,00", "1,0000", "1234,567", "1,,000", "1,000,", "1.000,5", "1,0e3", "--1,000", "NaN", "1,00O", strings.Repeat("9,", 40)} {
		if got, err := ParseGrouped(in); err == nil {
			t.Errorf("ParseGrouped(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzParseFloat(f *testing.F) {
	for _, s := range []string{"1", "-.5", "1e309", "NaN", "0x1", "1_0", "1,000", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseFloat(s)
		if err != nil {
			return
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("ParseFloat(%q) = %v", s, v)
		}
		if strings.Trim(s, "0123456789.eE+-") != "" {
			t.Fatalf("ParseFloat took %q", s)
		}
		if want, err := strconv.ParseFloat(s, 64); err != nil || want != v {
			t.Fatalf("ParseFloat(%q) = %v, the library says %v, %v", s, v, want, err)
		}
	})
}

func FuzzParseGrouped(f *testing.F) {
	for _, s := range []string{"1,000", "41,700,670,815.44", "1,0", "-1,000.5", "1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseGrouped(s)
		if err != nil {
			return
		}
		want, err := ParseFloat(strings.ReplaceAll(s, ",", ""))
		if err != nil || want != v {
			t.Fatalf("ParseGrouped(%q) = %v, without commas %v, %v", s, v, want, err)
		}
	})
}
