package schemas

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDateBounds(t *testing.T) {
	for d, want := range map[Date]string{MinDate: "1970-01-01", MaxDate: "2149-06-06", MinLongDate: "1900-01-01", MaxLongDate: "2299-12-31", NoDate: "none"} {
		if got := d.String(); got != want {
			t.Errorf("%d is %s, want %s", int32(d), got, want)
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	for _, s := range []string{"", "2025-02-29", "2100-02-29", "0000-01-01", "9999-12-31", "1899-12-31", "2300-01-01", "2025-1-1", "2025-01-01T00:00:00Z", " 2025-01-01", "+2025-01-01"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %s, want an error", s, d)
		}
	}
	if d, err := ParseDate("2024-02-29"); err != nil || d != NewDate(2024, time.February, 29) {
		t.Errorf("ParseDate(2024-02-29) = %s, %v", d, err)
	}
}

func TestAddYears(t *testing.T) {
	leap := NewDate(2024, time.February, 29)
	for n, want := range map[int]string{1: "2025-02-28", 4: "2028-02-29", -1: "2023-02-28", 0: "2024-02-29"} {
		if got := leap.AddYears(n).String(); got != want {
			t.Errorf("2024-02-29 and %d years is %s, want %s", n, got, want)
		}
	}
}

// TestDateAgreesWithTime holds days to package time over all that can be stored.
func TestDateAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Date(rapid.Int32Range(int32(MinLongDate), int32(MaxLongDate)).Draw(t, "day"))
		at := d.Time()
		if DateOf(at) != d || d.Weekday() != at.Weekday() || d.Year() != at.Year() || d.Month() != at.Month() || d.Day() != at.Day() {
			t.Fatalf("%s is not the day of %s", d, at)
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back Date
		if err := json.Unmarshal(text, &back); err != nil || back != d {
			t.Fatalf("%s came back as %s: %v", d, back, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2025-12-05", "none", "0001-01-01", "2025-13-45", "２０２５-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err == nil && d.String() != s {
			t.Errorf("ParseDate(%q) = %s", s, d)
		}
	})
}
