package fred

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// FRED's units, and what one of each stands for.
const (
	Millions = "Millions of U.S. Dollars"
	Billions = "Billions of U.S. Dollars"
	Percent  = "Percent"
	Index    = "Index"
)

// Multiplier returns what one of a unit stands for: dollars for amounts, 1 for
// percent and indices. FRED spells the same unit in several ways.
func Multiplier(unit string) (float64, bool) {
	switch unit {
	case Millions, "Millions of Dollars", "Millions of US Dollars", "Mil. of U.S. $", "Mil. of $":
		return 1e6, true
	case Billions, "Billions of Dollars", "Billions of US Dollars", "Bil. of U.S. $", "Bil. of $":
		return 1e9, true
	case Percent, Index:
		return 1, true
	}
	return 0, false
}

// Spec is what is expected of a series. An answer that does not meet it is
// refused rather than loaded a thousand times too small.
type Spec struct {
	ID string
	// Unit is the one in which FRED publishes the series today. It is what
	// keyless answers and files are taken to be in, unless the configuration
	// says otherwise. The API states the unit itself; there any unit with the
	// same meaning will do, millions as well as billions.
	Unit string
	// Frequency as FRED writes it. Only its first word is insisted on, and
	// that days fit it.
	Frequency string
	// Discontinued series may be empty: FRED drops one now and then.
	Discontinued bool
	// Title holds words that FRED's title has, in any case. Ids that look
	// alike (levels and averages, reverse repos and reserves) are told apart
	// by them.
	Title []string
	// Low bounds the values since 2009 that are above zero, High the size of
	// all values, in the multiplier's base (dollars, percent). Zero and small
	// negative values say nothing about the unit; whether they are possible is
	// for the checks.
	Low, High float64
	// Step is the smallest difference that is published, in the same base: a
	// million dollars for the Board's H.4.1, a basis point for rates. Values
	// between two steps mean that the unit is wrong. 0 where there is none.
	Step float64
}

const (
	mn = 1e6
	bn = 1e9
)

const (
	asOfWednesday   = "Weekly, As of Wednesday"
	endingWednesday = "Weekly, Ending Wednesday"
	daily           = "Daily"
	dailyClose      = "Daily, Close"
	everyDay        = "Daily, 7-Day"
	quarterly       = "Quarterly"
)

// level and average describe a series of the H.4.1 in whole millions.
func level(id string, low, high float64, title ...string) Spec {
	return Spec{
		ID: id, Unit: Millions, Frequency: asOfWednesday, Title: append(title, "Wednesday Level"),
		Low: low, High: high, Step: mn,
	}
}

func average(id string, low, high float64, title ...string) Spec {
	return Spec{
		ID: id, Unit: Millions, Frequency: endingWednesday, Title: append(title, "Week Average"),
		Low: low, High: high, Step: mn,
	}
}

func percent(id, frequency string, title ...string) Spec {
	return Spec{ID: id, Unit: Percent, Frequency: frequency, Title: title, Low: 0.01, High: 50, Step: 0.01}
}

// Catalogue lists the series whose unit, frequency and size are known. The
// bounds leave room on both sides of what was seen from 2009 to 2026: total
// assets were 1.8 to 9.0 trillion dollars, reserves 0.6 to 4.3, the Treasury's
// account 0.0045 to 1.8.
func Catalogue() []Spec {
	return []Spec{
		level("WALCL", 1000*bn, 50_000*bn, "Total Assets"),
		level("WSHOSHO", 100*bn, 50_000*bn, "Securities Held Outright"),
		level("TREAST", 100*bn, 50_000*bn, "Treasury Securities"),
		level("WSHOMCB", 1*bn, 20_000*bn, "Mortgage-Backed Securities"),
		level("WRBWFRBL", 100*bn, 20_000*bn, "Reserve Balances"),
		average("WRESBAL", 100*bn, 20_000*bn, "Reserve Balances"),
		level("WDTGAL", 2*bn, 5000*bn, "General Account"),
		average("WTREGEN", 2*bn, 5000*bn, "General Account"),
		level("WLRRAL", 10*bn, 10_000*bn, "Reverse Repurchase"),
		level("WLRRAFOIAL", 1*bn, 5000*bn, "Reverse Repurchase", "Foreign"),
		level("WLRRAOL", 0, 10_000*bn, "Reverse Repurchase", "Others"),
		level("WORAL", 0, 5000*bn, "Repurchase Agreements"),
		level("WLCFLPCL", 0, 5000*bn, "Primary Credit"),
		average("WCURCIR", 500*bn, 10_000*bn, "Currency in Circulation"),
		{ID: "RRPONTSYD", Unit: Billions, Frequency: daily, Title: []string{"Reverse Repurchase"}, Low: 1 * mn, High: 10_000 * bn, Step: mn},
		percent("SOFR", daily, "Secured Overnight Financing Rate"),
		percent("EFFR", daily, "Effective Federal Funds Rate"),
		percent("IORB", everyDay, "Reserve Balances"),
		{ID: "IOER", Unit: Percent, Frequency: everyDay, Title: []string{"Excess Reserves"}, Low: 0.01, High: 50, Step: 0.01, Discontinued: true},
		percent("RRPONTSYAWARD", daily, "Reverse Repurchase", "Award Rate"),
		percent("DFEDTARL", everyDay, "Target Range", "Lower"),
		percent("DFEDTARU", everyDay, "Target Range", "Upper"),
		percent("TGCRRATE", daily, "Tri-Party General Collateral"),
		{ID: "GDP", Unit: "Billions of Dollars", Frequency: quarterly, Title: []string{"Gross Domestic Product"}, Low: 10_000 * bn, High: 200_000 * bn},
		{ID: "TLAACBW027SBOG", Unit: Billions, Frequency: endingWednesday, Title: []string{"Total Assets", "Commercial Banks"}, Low: 8000 * bn, High: 200_000 * bn},
		{ID: "SP500", Unit: Index, Frequency: dailyClose, Title: []string{"S&P 500"}, Low: 500, High: 100_000},
	}
}

// Lookup finds a series in the catalogue.
func Lookup(id string) (Spec, bool) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(s Spec) bool { return s.ID == id })
	if i < 0 {
		return Spec{}, false
	}
	return all[i], true
}

// matches holds FRED's metadata against what is expected.
func (s Spec) matches(m Metadata) error {
	if m.ID != s.ID {
		return fmt.Errorf("asked for %s and got %.40q", s.ID, m.ID)
	}
	title := strings.ToLower(m.Title)
	for _, words := range s.Title {
		if !strings.Contains(title, strings.ToLower(words)) {
			return fmt.Errorf("%s is titled %.200q, which does not speak of %q: another series", s.ID, m.Title, words)
		}
	}
	if want, _, _ := strings.Cut(s.Frequency, ","); !strings.HasPrefix(m.Frequency, want) {
		return fmt.Errorf("%s is %.40q, not %q: the frequency has changed", s.ID, m.Frequency, s.Frequency)
	}
	return nil
}

// accepts reports whether the series can be in the unit: an amount of money in
// any scale, a percentage or an index only as such.
func (s Spec) accepts(unit string) error {
	if s.Unit == "" {
		return nil
	}
	have, _ := Multiplier(unit)
	want, _ := Multiplier(s.Unit)
	if (have == 1 || want == 1) && unit != s.Unit {
		return fmt.Errorf("%s is in %.60q where %q is expected", s.ID, unit, s.Unit)
	}
	return nil
}

// checkDay holds a day against the frequency of the series.
func (s Spec) checkDay(d schemas.Date) error {
	fits := true
	switch s.Frequency {
	case asOfWednesday, endingWednesday:
		fits = d.Weekday() == time.Wednesday
	case daily, dailyClose:
		fits = d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
	case quarterly:
		fits = d.Day() == 1 && (d.Month()-1)%3 == 0
	}
	if !fits {
		return fmt.Errorf("%s has a value for %s %s, which does not fit %q", s.ID, d.Weekday(), d, s.Frequency)
	}
	return nil
}

// scaleSince is the day from which values are held against the lower bound.
// Before the financial crisis reserves were a hundredth of what they are.
var scaleSince = schemas.NewDate(2009, time.January, 1)

// checkScale holds values against the unit they are said to be in.
func (s Spec) checkScale(rows []schemas.Observation, unit string) error {
	if s.High == 0 {
		return nil
	}
	multiplier, _ := Multiplier(unit)
	for _, row := range rows {
		if !row.Value.OK {
			continue
		}
		v := row.Value.V
		if !s.believable(row.Date, v*multiplier) {
			return fmt.Errorf("%s is %v for %s, which is not believable in %q%s", s.ID, v, row.Date, unit, s.suggest(row, multiplier))
		}
		if s.Step > 0 {
			if n := v * multiplier / s.Step; math.Abs(n-math.Round(n)) > 1e-6 {
				return fmt.Errorf("%s is %v for %s, finer than is published in %q%s", s.ID, v, row.Date, unit, s.suggest(row, multiplier))
			}
		}
	}
	return nil
}

// believable reports whether the series can have had the value, in its base.
func (s Spec) believable(day schemas.Date, v float64) bool {
	tooSmall := day >= scaleSince && v > 0 && v < s.Low
	return !tooSmall && math.Abs(v) <= s.High
}

// suggest names the other unit in which a value would be believable.
func (s Spec) suggest(row schemas.Observation, multiplier float64) string {
	if multiplier == 1 {
		return ""
	}
	for _, u := range []string{Millions, Billions} {
		if m, _ := Multiplier(u); m != multiplier && s.believable(row.Date, row.Value.V*m) {
			return fmt.Sprintf(": it looks like %q; if so, declare that unit for the series or the file", u)
		}
	}
	return ""
}
