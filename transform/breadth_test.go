package transform

import (
	"strings"
	"testing"

	"tidemark/schemas"
)

// marketWE21 is the market of worked example 2.1. On the split-adjusted basis
// prices are as traded; on the total-return basis they are the publisher's.
func marketWE21(t *testing.T, adjustment string) *market {
	t.Helper()
	m := newMarket(t, 2, "2024-03-05")
	const before, now = 0, 1
	for _, s := range []string{"M1", "M2", "M3", "M4", "M5", "M6", "M7", "M9"} {
		m.member(s)
	}
	m.stay("M8", m.sessions[before].AddDays(-10), m.sessions[now])
	m.stay("M10", m.sessions[now], schemas.NoDate)
	pair := func(symbol string, was, is, volume float64) {
		m.bar(symbol, before, was, 10)
		m.bar(symbol, now, is, volume)
	}
	pair("M1", 10.00, 10.10, 100)
	pair("M2", 50.00, 49.50, 300)
	pair("M3", 20.00, 20.00, 50)
	if adjustment == schemas.AdjustedNone {
		pair("M4", 120, 61.20, 200)
		pair("M5", 30.00, 29.70, 80)
		m.Actions = []schemas.Action{
			{Publisher: "P", Symbol: "M4", ExDate: m.sessions[now], Kind: schemas.ActionSplit, Ratio: schemas.Some(2.0)},
			{Publisher: "P", Symbol: "M5", ExDate: m.sessions[now], Kind: schemas.ActionDividend, Amount: schemas.Some(0.50)},
		}
	} else {
		pair("M4", 60, 61.20, 200)
		pair("M5", 29.50, 29.70, 80)
	}
	m.bar("M6", before, 15, 10)
	m.bar("M7", now, 33, 999)
	m.bar("M8", before, 5, 10)
	m.bar("M9", before, 8, 10)
	m.bar("M9", now, 8, 0)
	pair("M10", 40.00, 40.40, 70)
	for i := range m.Bars {
		m.Bars[i].Adjustment = adjustment
	}
	return m
}

func TestWE2_1_DailyCounts(t *testing.T) {
	t.Parallel()
	m := marketWE21(t, schemas.AdjustedNone)
	got := m.facts(t, "facts.breadth")
	d := m.sessions[1]
	for metric, want := range map[string]float64{
		"adv": 3, "dec": 2, "unch": 1, "no_print": 2, "no_prev": 1, "breadth_members": 9, "net_adv": 1, "adr": 1.5, "adv_share": 0.5,
		"up_vol": 370, "down_vol": 380, "rana": 200, "trin": 1.540541, "up_vol_share": 370.0 / 750,
	} {
		got.want(metric, d, want, 1e-6)
	}
	if f := got.fact("adv", d); f.Basis != "split_adj" || f.Members != 9 || f.Excluded != 3 || f.Method != 1 || f.Universe != "OWN_TEST" {
		t.Errorf("adv says %+v", f)
	}
	if known := got.fact("adv", d).KnownAt; !known.Equal(utc(t, "2024-03-05T21:00:00Z")) {
		t.Errorf("known at %s, want the close", known)
	}
}

func TestWE2_1_DailyCountsTotalReturn(t *testing.T) {
	t.Parallel()
	m := marketWE21(t, schemas.AdjustedSplitDividend)
	got := m.facts(t, "facts.breadth")
	for metric, want := range map[string]float64{"adv": 4, "dec": 1, "up_vol": 450, "down_vol": 300, "trin": 2.666667} {
		got.want(metric, m.sessions[1], want, 1e-6)
	}
	if f := got.fact("adv", m.sessions[1]); f.Basis != "tr_adj" {
		t.Errorf("basis %s, want tr_adj", f.Basis)
	}
}

func TestTRIN_WE2_2(t *testing.T) {
	t.Parallel()
	a := armsTerms{1521, 1561, 384035, 657357}
	near(t, "A/D", a.adv/a.dec, 0.9744, 5e-5)
	near(t, "UV/DV", a.up/a.down, 0.5842, 5e-5)
	nearOpt(t, "TRIN", a.index(), 1.6678, 5e-5)
}

// The table of NYSE days that was published with its TRIN.
func TestTRIN_PublishedTable(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		day                 string
		adv, dec, up, down  float64
		published, distance float64
	}{
		{"2001-06-13", 1521, 1561, 384035, 657357, 1.67, 0.005},
		{"2001-06-14", 927, 2150, 218634, 997425, 1.97, 0.005},
		{"2001-06-15", 1437, 1588, 649006, 904083, 1.26, 0.005},
		{"2001-06-18", 1309, 1776, 408501, 682268, 1.23, 0.005},
		{"2001-06-19", 1498, 1541, 543321, 615409, 1.10, 0.005},
		{"2001-06-20", 1823, 1269, 716273, 610436, 1.22, 0.005},
	} {
		nearOpt(t, row.day, armsTerms{row.adv, row.dec, row.up, row.down}.index(), row.published, row.distance)
	}
}

func TestTRINNamesItsZeroTerms(t *testing.T) {
	t.Parallel()
	a := armsTerms{adv: 5, dec: 0, up: 100, down: 0}
	if a.index().OK || a.zero() != "dec=0 down_vol=0" {
		t.Errorf("got %v, %q", a.index(), a.zero())
	}
	m := newMarket(t, 2, "2024-03-05")
	m.member("A")
	m.member("B")
	m.closes("A", 10, 11)
	m.closes("B", 10, 12)
	got := m.facts(t, "facts.breadth")
	got.wantNone("trin", m.sessions[1], schemas.ZeroDenominator)
	got.wantNone("adr", m.sessions[1], schemas.ZeroDenominator)
	got.want("adv_share", m.sessions[1], 1, 0)
	if f := got.fact("trin", m.sessions[1]); f.Detail != "dec=0 down_vol=0" {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestWE2_5_PercentAboveAverage(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2024-03-05")
	for _, s := range []string{"A", "B", "C", "D", "E"} {
		m.member(s)
	}
	m.closes("A", 10, 11, 12)
	m.closes("B", 12, 11, 10)
	m.closes("C", 10, 10, 10)
	m.closes("D", 7, 8)
	m.closes("E", 8, 0, 9)
	got, _ := m.tallyOf(windows{averages: [4]int{3, 3, 3, 3}, high: 3, calendar: 5, gap: 9, gapDays: 9, gone: 99})
	if got.above[0] != 2 || got.averaged[0] != 4 || got.members-got.averaged[0] != 1 {
		t.Errorf("above %d of %d, %d members", got.above[0], got.averaged[0], got.members)
	}
}

func TestWE2_6_NewHighsAndLows(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 5, "2024-03-05")
	series := func(symbol string, closes, highs, lows []float64) {
		m.member(symbol)
		for i, c := range closes {
			b := m.bar(symbol, len(m.sessions)-len(closes)+i, c, 100)
			if highs != nil {
				b.High = schemas.Some(highs[i])
			}
			if lows != nil {
				b.Low = schemas.Some(lows[i])
			}
		}
	}
	series("M1", []float64{10, 11, 12, 11, 12}, nil, nil)
	series("M2", []float64{20, 19, 18, 17, 16.5}, nil, []float64{19.7, 18.8, 17.6, 16.4, 16.45})
	series("M3", []float64{30, 31, 30.5, 31.5, 32}, []float64{30.3, 31.4, 31.2, 31.9, 32.4}, nil)
	series("M4", []float64{5, 6, 7}, nil, nil)
	got, _ := m.tallyOf(windows{averages: [4]int{2, 2, 2, 2}, high: 5, calendar: 7, gap: 9, gapDays: 9, gone: 99})
	if want := (extremes{high: 1, low: 1, of: 3}); got.closes != want {
		t.Errorf("on closes: %+v, want %+v", got.closes, want)
	}
	if want := (extremes{high: 1, low: 0, of: 3}); got.ranges != want {
		t.Errorf("intraday: %+v, want %+v", got.ranges, want)
	}
}

func TestWE2_11_MemberDistances(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2024-10-07")
	for s, drop := range map[string]float64{"A": 0, "B": 0.021, "C": 0.064, "D": 0.127, "E": 0.305} {
		m.member(s)
		m.closes(s, 50, 100, 100*(1-drop))
	}
	got, distances := m.tallyOf(windows{averages: [4]int{2, 2, 2, 2}, high: 3, calendar: 5, gap: 9, gapDays: 9, gone: 99})
	near(t, "median", median(distances), -0.064, 1e-9)
	if got.within2 != 1 || got.within10 != 3 || got.below20 != 1 {
		t.Errorf("within 2 %%: %d, within 10 %%: %d, below 20 %%: %d", got.within2, got.within10, got.below20)
	}
}

// A close exactly 2 % below the high is within 2 %, and one exactly 20 % below
// is not below 20 %, whatever the fractions do in binary.
func TestDistanceLimitsAreExact(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 2, "2024-10-07")
	for s, c := range map[string]float64{"A": 98, "B": 90, "C": 80, "D": 79.999999} {
		m.member(s)
		m.closes(s, 100, c)
	}
	got, _ := m.tallyOf(windows{averages: [4]int{2, 2, 2, 2}, high: 2, calendar: 3, gap: 9, gapDays: 9, gone: 99})
	if got.within2 != 1 || got.within10 != 2 || got.below20 != 1 {
		t.Errorf("within 2 %%: %d, within 10 %%: %d, below 20 %%: %d", got.within2, got.within10, got.below20)
	}
}

func TestNewHighsOverCalendarWeeks(t *testing.T) {
	t.Parallel()
	// The high of exactly 7 days ago still counts, the one of 8 days ago does not.
	m := newMarket(t, 8, "2024-03-14") // a Thursday; 7 days before is a session
	m.member("A")
	m.closes("A", 5, 30, 11, 12, 13, 14, 15, 16) // the 30 is on 2024-03-06
	m.member("B")
	m.closes("B", 5, 6, 30, 12, 13, 14, 15, 16) // the 30 is on 2024-03-07
	m.member("C")
	m.closes("C", 14, 15, 16) // too young
	got, _ := m.tallyOf(windows{averages: [4]int{2, 2, 2, 2}, high: 3, calendar: 7, gap: 9, gapDays: 9, gone: 99})
	if want := (extremes{high: 1, low: 0, of: 2}); got.weeks != want {
		t.Errorf("got %+v, want %+v", got.weeks, want)
	}
}

func TestHaltsCarryTheCloseForFiveSessions(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 8, "2024-03-14")
	m.member("A")
	m.member("B")
	m.closes("A", 10, 0, 0, 0, 0, 0, 0, 0)
	m.closes("B", 1, 2, 3, 4, 5, 6, 7, 8)
	m.Window.From = m.sessions[0]
	p := NewPanel(m.inputs())
	a, _ := p.security("A")
	lo, hi := p.column(a)
	for s, c := range p.cells[lo:hi] {
		if carried := c&cellCarried != 0; carried != (s >= 1 && s <= 5) {
			t.Errorf("session %d: carried is %v", s, carried)
		}
	}
	got := newTallies(p)
	if d := got.days[5]; d.noPrint != 1 || d.missing != 0 {
		t.Errorf("fifth session of the halt: %+v", d)
	}
	if d := got.days[6]; d.noPrint != 1 || d.missing != 1 {
		t.Errorf("sixth session of the halt: %+v", d)
	}
}

func newTallies(p *Panel) tallies { return p.tally(0, len(p.Sessions), standardWindows) }

// After a halt the previous close is that of the last trade.
func TestReturnAfterHalt(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 10, "2024-03-14")
	m.member("A")
	m.closes("A", 10, 0, 0, 0, 0, 0, 0, 0, 0, 9)
	got, _ := m.tallyOf(standardWindows)
	if got.dec != 1 || got.noPrev != 0 {
		t.Errorf("got %+v", got)
	}
}

// A ticker that comes back after more than a year is a new listing, whoever
// had it before.
func TestTickerThatComesBack(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 300, "2025-02-24")
	m.member("A")
	m.bar("A", 0, 50, 10)
	m.bar("A", 252, 60, 10)
	p := NewPanel(m.inputs())
	if d := p.tally(252, 253, standardWindows).days[0]; d.adv != 1 || d.noPrev != 0 {
		t.Errorf("after 252 sessions: %+v", d)
	}
	m.Bars[1].Session = m.sessions[253]
	p = NewPanel(m.inputs())
	if d := p.tally(253, 254, standardWindows).days[0]; d.adv != 0 || d.noPrev != 1 {
		t.Errorf("after 253 sessions: %+v", d)
	}
}

func TestLowCoverageHasNoCounts(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 2, "2024-03-05")
	for i := range 100 {
		s := "S" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		m.member(s)
		if i < 79 {
			m.closes(s, 10, 11)
		}
	}
	got := m.facts(t, "facts.breadth")
	got.wantNone("adv", m.sessions[1], schemas.LowCoverage)
	got.want("no_print", m.sessions[1], 21, 0)
	if f := got.fact("no_print", m.sessions[1]); f.Detail != "21 without prices" {
		t.Errorf("detail %q", f.Detail)
	}
	if n := len(got.found("prices_missing")); n != 21 {
		t.Errorf("%d findings of missing prices, want 21", n)
	}
}

// A session for which the publisher gave only part of the market is a gap, not
// a market in which a third of the members are halted.
func TestHalfPublishedSessionIsNoHalt(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 3, "2024-03-06")
	for i := range 100 {
		s := "S" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		m.member(s)
		if i < 65 {
			m.closes(s, 10, 11, 12)
		} else {
			m.closes(s, 10, 11, 0)
		}
	}
	got := m.facts(t, "facts.breadth")
	got.wantNone("adv", m.sessions[2], schemas.LowCoverage)
	if f := got.fact("adv", m.sessions[2]); f.Coverage.V != 0.70 {
		t.Errorf("coverage %v, want 0.70", f.Coverage.V)
	}
}

func TestFirstSessionHasNoHistory(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 1, "2024-03-05")
	for i := range 30 {
		s := "S" + string(rune('A'+i))
		m.member(s)
		m.closes(s, 10)
	}
	got := m.facts(t, "facts.breadth")
	for _, metric := range []string{"adv", "trin", "pct_above_sma_20", "new_high_close", "new_low_cal52w", "dist_52w_median"} {
		got.wantNone(metric, m.sessions[0], schemas.InsufficientHistory)
	}
	got.want("no_prev", m.sessions[0], 30, 0)
}

func TestNoMembers(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 2, "2024-03-05")
	m.stay("A", m.sessions[0].AddDays(-5), m.sessions[1])
	m.stay("B", m.sessions[1]+1, schemas.NoDate)
	m.closes("A", 10, 11)
	m.closes("B", 10, 11)
	got := m.facts(t, "facts.breadth")
	for _, metric := range []string{"adv", "dec", "unch", "no_print", "breadth_members", "up_vol", "new_high_close", "new_low_intraday"} {
		got.want(metric, m.sessions[1], 0, 0)
	}
	for _, metric := range []string{"adr", "adv_share", "rana", "trin", "up_vol_share", "pct_above_sma_50", "rec_high_pct", "dist_52w_median"} {
		got.wantNone(metric, m.sessions[1], schemas.NoMembers)
	}
}

func TestPricesWithoutMembers(t *testing.T) {
	t.Parallel()
	for index, want := range map[string]string{"T": "no list of members of T", "": "no holdings of F"} {
		m := newMarket(t, 2, "2024-03-05")
		m.Universe.Index = index
		m.closes("A", 10, 11)
		got := m.facts(t, "facts.breadth")
		if found := got.found("members_none"); len(got.all) != 0 || len(found) != 1 || !strings.Contains(found[0].Message, want) || found[0].Universe != "OWN_TEST" {
			t.Errorf("%d facts, findings %v", len(got.all), got.findings)
		}
	}
}

// A share of members in an upward trend of whole ticks stays exact: a price
// that has not moved is never above its average.
func TestConstantPriceIsNotAboveItsAverage(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 260, "2024-03-05")
	m.member("A")
	prices := make([]float64, 260)
	for i := range prices {
		prices[i] = 0.1 + 0.2 // not a binary fraction
	}
	prices[0] = 1e6
	m.closes("A", prices...)
	got := m.facts(t, "facts.breadth")
	for _, metric := range []string{"pct_above_sma_20", "pct_above_sma_50", "pct_above_sma_100", "pct_above_sma_200"} {
		got.want(metric, m.sessions[259], 0, 0)
	}
	got.want("new_high_close", m.sessions[259], 0, 0)
	got.want("new_low_close", m.sessions[259], 0, 0)
}

func TestMembersFromHoldings(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 4, "2024-03-05")
	m.Universe.Index = ""
	m.Window.From = m.sessions[0]
	m.file(m.sessions[0], line("A", 60), line("B", 40))
	m.file(m.sessions[2], line("A", 50), line("C", 50))
	for _, s := range []string{"A", "B", "C"} {
		m.closes(s, 10, 11, 12, 13)
	}
	got := m.facts(t, "facts.breadth")
	if n := len(sessionsOf(got.all)); n != 3 {
		t.Errorf("facts of %d sessions, want the 3 after the first file", n)
	}
	got.want("breadth_members", m.sessions[1], 2, 0)
	got.want("breadth_members", m.sessions[2], 2, 0)
	if f := got.fact("adv", m.sessions[2]); f.Detail != "members of "+m.sessions[0].String() {
		t.Errorf("on the day of the second file: %q", f.Detail)
	}
	if f := got.fact("adv", m.sessions[3]); f.Detail != "members of "+m.sessions[2].String() {
		t.Errorf("on the day after the second file: %q", f.Detail)
	}
}
