package transform

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

// eventful is a market with everything that may change what is known of older
// sessions: splits and special dividends, halts over ex-dates, renames and
// tickers that are taken over, share classes in several spellings, files with
// new lines and new issuers, a second publisher of prices.
func eventful(t *rapid.T, at *market) *market {
	m := *at
	m.Bars, m.Holdings, m.Spells, m.Actions, m.Renames, m.Constituents, m.Shares, m.Earnings = nil, nil, nil, nil, nil, nil, nil, nil
	rare := func(name string, one int) bool { return rapid.IntRange(1, one).Draw(t, name) == 1 }
	one := func(name string) int { return rapid.IntRange(1, len(m.sessions)-2).Draw(t, name) }
	n := rapid.IntRange(2, 5).Draw(t, "lines")
	symbols := make([]string, n)
	for i := range n {
		symbols[i] = "T" + strconv.Itoa(i)
		if i == 1 {
			symbols[i] = rapid.SampledFrom([]string{"BF.B", "BFB", "T1"}).Draw(t, "class")
		}
		m.quote(t, symbols[i])
	}
	if rare("renamed", 3) {
		old := symbols[0]
		d := one("renamed on")
		m.Renames = append(m.Renames, schemas.Rename{Date: m.sessions[d], Old: old, New: "N0"})
		for k := range m.Bars {
			if b := &m.Bars[k]; b.Symbol == old && (b.Session >= m.sessions[d] && !rare("late", 40)) {
				b.Symbol = "N0"
			}
		}
		if rare("taken over", 2) {
			for s := d + one("taken over on")%5; s < len(m.sessions); s++ {
				if !slices.ContainsFunc(m.Bars, func(b schemas.Bar) bool { return b.Symbol == old && b.Session == m.sessions[s] }) {
					m.bar(old, s, 50, 10)
				}
			}
		}
	}
	if rare("second spelling", 3) {
		first := one("spelled")
		for s := first; s < len(m.sessions); s++ {
			m.bar(rapid.SampledFrom([]string{"BF.B", "BFB", "BF.A"}).Draw(t, "spelling"), s, 40, 10).Publisher = "Q"
		}
	}
	if rare("reinvested", 4) {
		for s := one("reinvested from"); s < len(m.sessions); s++ {
			b := m.bar(symbols[n-1], s, 30, 10)
			b.Publisher, b.Adjustment = "Q", schemas.AdjustedSplitDividend
		}
	}
	slices.SortStableFunc(m.Bars, func(a, b schemas.Bar) int { return int(a.Session - b.Session) })
	for _, fund := range []string{"F", "L"} {
		for s := 0; s < len(m.sessions); s += rapid.IntRange(2, 9).Draw(t, "next file") {
			for i, symbol := range symbols {
				if i > 0 && rare("not held", 12) {
					continue
				}
				h := schemas.Holding{
					Fund: fund, AsOf: m.sessions[s], Line: int64(i), Ticker: symbol, Name: symbol, AssetClass: "Equity", Sector: "Energy",
					MarketValue: schemas.Some(rapid.Float64Range(1, 1e6).Draw(t, "value")), Price: schemas.Some(50.0), CUSIP: "00000" + strconv.Itoa(i) + "100",
				}
				if rare("other issuer", 40) {
					h.CUSIP = "999999100"
				}
				m.Holdings = append(m.Holdings, h)
			}
		}
	}
	for _, symbol := range symbols {
		m.report(t, symbol)
		to := schemas.NoDate
		if rare("leaves", 5) {
			to = m.sessions[one("left")]
		}
		m.stay(symbol, m.sessions[0].AddDays(-10), to)
	}
	return &m
}

// quote adds the bars and actions of a symbol.
func (m *market) quote(t *rapid.T, symbol string) {
	rare := func(name string, one int) bool { return rapid.IntRange(1, one).Draw(t, name) == 1 }
	price := rapid.Float64Range(5, 500).Draw(t, "price")
	quiet := rapid.Bool().Draw(t, "quiet") // most companies see nothing of the kind
	for s := range m.sessions {
		price *= 1 + rapid.Float64Range(-0.1, 0.1).Draw(t, "move")
		act := schemas.Action{Publisher: "P", Symbol: symbol, ExDate: m.sessions[s]}
		switch {
		case rare("dividend", 8):
			act.Kind, act.Amount = schemas.ActionDividend, schemas.Some(price*0.01)
		case quiet || s == 0:
		case rare("split", 15):
			ratio := rapid.SampledFrom([]float64{0.1, 1.5, 3, 20}).Draw(t, "ratio")
			act.Kind, act.Ratio = schemas.ActionSplit, schemas.Some(ratio)
			price /= ratio
		case rare("special", 25):
			act.Kind, act.Amount = schemas.ActionSpecial, schemas.Some(price*0.1)
		}
		if act.Kind != "" {
			m.Actions = append(m.Actions, act)
		}
		if rare("halt", 12) {
			continue
		}
		m.bar(symbol, s, price, 100)
	}
}

// report adds what a company has filed: shares, a year's earnings, and what it
// corrects later.
func (m *market) report(t *rapid.T, symbol string) {
	start := m.sessions[0]
	for k := range 3 {
		filed := m.sessions[rapid.IntRange(0, len(m.sessions)-1).Draw(t, "filed")]
		if k == 0 {
			filed = start
		}
		m.Shares = append(m.Shares, schemas.ShareCount{Publisher: "S", Company: symbol, Filed: filed, AsOf: start.AddDays(-40 + k), Line: 1, Shares: float64(rapid.IntRange(1, 9).Draw(t, "shares")) * 1e5})
		m.Earnings = append(m.Earnings, schemas.Earning{
			Publisher: "S", Company: symbol, Filed: filed, From: start.AddDays(-405 + k), Until: start.AddDays(-41 + k), NetIncome: float64(rapid.IntRange(-5, 20).Draw(t, "income")) * 1e5,
		})
	}
}

// until is the market as it was known on the evening of a day.
func (m *market) until(d schemas.Date) *Inputs {
	known := *m
	known.Bars = slices.DeleteFunc(slices.Clone(m.Bars), func(b schemas.Bar) bool { return b.Session > d })
	known.Holdings = slices.DeleteFunc(slices.Clone(m.Holdings), func(h schemas.Holding) bool { return h.AsOf > d })
	known.Shares = slices.DeleteFunc(slices.Clone(m.Shares), func(c schemas.ShareCount) bool { return c.Filed > d })
	known.Earnings = slices.DeleteFunc(slices.Clone(m.Earnings), func(e schemas.Earning) bool { return e.Filed > d })
	known.Actions = slices.DeleteFunc(slices.Clone(m.Actions), func(a schemas.Action) bool { return a.ExDate > d })
	return known.inputs()
}

// tableDay is what a table has of a session.
type tableDay struct {
	table   string
	session schemas.Date
}

// dailyTables computes everything that may be continued, rows of contributions
// included, by table and session, and says up to which day each table was kept.
func dailyTables(in *Inputs) (out map[tableDay][]any, kept map[string]schemas.Opt[schemas.Date]) {
	out, kept = make(map[tableDay][]any), make(map[string]schemas.Opt[schemas.Date])
	universe := in.Universe
	for _, table := range []schemas.Table[schemas.Fact]{schemas.Concentration, schemas.Breadth, schemas.ContributionSummary, schemas.Dispersion, schemas.Valuation, schemas.SizeMembers} {
		side := *in
		if table.String() == schemas.SizeMembers.String() {
			side.Universe = Universe{ID: "F~L", Funds: universe.Funds, Prices: universe.Prices, Against: "L", AgainstFunds: []string{"L"}, AgainstPrices: universe.Prices}
		}
		facts, _ := Compute(table.String(), &side)
		for _, f := range facts {
			k := tableDay{table.String(), f.Session}
			out[k] = append(out[k], f)
		}
		kept[table.String()] = side.Kept
	}
	rows := schemas.Contributions.String()
	for _, r := range Contributions(in) {
		k := tableDay{rows, r.Session}
		out[k] = append(out[k], r)
	}
	kept[rows] = in.Kept
	return out, kept
}

// TestFactsStand holds that what has been computed of a session stays as it is
// when rows of later days come, unless the panel says that it does not; and that
// facts of new sessions are those of the whole window.
func TestFactsStand(t *testing.T) {
	t.Parallel()
	at := newMarket(t, 75, "2025-02-14")
	at.Universe.Prices = []string{"P", "Q"}
	at.Window = schemas.CutYear.Window("OWN_TEST", day(t, "2025-01-10"))
	added, partly, rewritten := make(map[string]int), make(map[string]int), make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		m := eventful(t, at)
		kept := len(m.sessions) - rapid.IntRange(2, 25).Draw(t, "sessions left")
		newest := min(kept+rapid.IntRange(1, 3).Draw(t, "new sessions"), len(m.sessions)-1)
		before, _ := dailyTables(m.until(m.sessions[kept]))
		after, _ := dailyTables(m.until(m.sessions[newest]))
		in := m.until(m.sessions[newest])
		in.Kept = schemas.Some(m.sessions[kept])
		more, stands := dailyTables(in)
		at := make(map[string]int) // the session that each table was kept up to
		for table, day := range stands {
			switch {
			case !day.OK:
				rewritten[table]++
				continue
			case day.V < m.sessions[kept]:
				partly[table]++
			default:
				added[table]++
			}
			at[table] = slices.Index(m.sessions, day.V)
		}
		days := make(map[string]int)
		for k := range more {
			days[k.table]++
		}
		for k, want := range after {
			stood, ok := at[k.table]
			if !ok {
				continue
			}
			if k.session <= m.sessions[stood] && !reflect.DeepEqual(before[k], want) {
				t.Fatalf("%s on %s, with %s: %s", k.table, k.session, m.sessions[newest], firstGap(before[k], want))
			}
			if got := more[k]; k.session > m.sessions[max(stood-sessionsAgain, 0)] && !reflect.DeepEqual(got, want) {
				t.Fatalf("%s of %s alone: %s", k.table, k.session, firstGap(got, want))
			}
			if days[k.table] > newest-stood+sessionsAgain {
				t.Fatalf("%s: %d sessions were computed, for %d new ones", k.table, days[k.table], newest-stood)
			}
		}
	})
	t.Logf("tables were added to %v, in part rewritten %v, rewritten %v", added, partly, rewritten)
	for _, table := range []schemas.Dataset{schemas.Breadth.Dataset, schemas.Concentration.Dataset, schemas.Dispersion.Dataset, schemas.Contributions.Dataset, schemas.Valuation.Dataset} {
		if added[table.String()] < 10 || rewritten[table.String()] < 5 {
			t.Errorf("%s was added to %d times and rewritten %d times", table, added[table.String()], rewritten[table.String()])
		}
	}
	if a, b := added[schemas.Dispersion.String()], added[schemas.Breadth.String()]; a <= b {
		t.Errorf("what goes by returns was added to %d times, what goes by prices %d times: splits are nothing to the former", a, b)
	}
}

// TestLateActionRewritesFromItOn holds that a close which comes after a halt, and
// tells what an action did, changes the sessions from the action on and none
// before it; but where prices go by the newest share basis, all.
func TestLateActionRewritesFromItOn(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 75, "2025-02-14")
	m.Window = schemas.CutYear.Window("OWN_TEST", day(t, "2025-01-10"))
	const action, trades = 68, 72
	m.Actions = []schemas.Action{{Publisher: "P", Symbol: "HALTED", ExDate: m.sessions[action], Kind: schemas.ActionSpecial, Amount: schemas.Some(5.0)}}
	for _, symbol := range []string{"HALTED", "OTHER"} {
		m.member(symbol)
		for s := range m.sessions {
			if symbol == "OTHER" || s < action || s >= trades {
				m.bar(symbol, s, 50+float64(s%7), 100)
			}
		}
	}
	m.file(m.sessions[0], line("HALTED", 60), line("OTHER", 40))
	m.repeatFile()
	slices.SortStableFunc(m.Bars, func(a, b schemas.Bar) int { return int(a.Session - b.Session) })
	whole := m.until(m.sessions[trades])
	in := m.until(m.sessions[trades])
	in.Kept = schemas.Some(m.sessions[trades-1])
	rows := Contributions(in)
	if want := schemas.Some(m.sessions[action-1]); in.Kept != want {
		t.Fatalf("contributions are kept up to %v, want %v: %s", in.Kept, want, in.Anew)
	}
	want := slices.DeleteFunc(Contributions(whole), func(c schemas.Contribution) bool { return c.Session < rows[0].Session })
	if len(rows) == 0 || !reflect.DeepEqual(rows, want) {
		t.Errorf("%d rows are not the last of the whole window's, which are %d", len(rows), len(want))
	}
	in = m.until(m.sessions[trades])
	in.Kept = schemas.Some(m.sessions[trades-1])
	if Compute(schemas.Breadth.String(), in); in.Kept.OK {
		t.Errorf("breadth is kept up to %v, though closes have another basis", in.Kept)
	}
}

// TestTakenOverAfterSilence holds that prices under a ticker that was given up,
// which a publisher went on with for a few days, are seen to have been another
// company's all along when the ticker comes back after it has been silent.
func TestTakenOverAfterSilence(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 75, "2025-02-14")
	m.Window = schemas.CutYear.Window("OWN_TEST", day(t, "2025-01-10"))
	const renamed, comesBack = 10, 74
	m.Renames = []schemas.Rename{{Date: m.sessions[renamed], Old: "OLD", New: "NEW"}}
	m.stay("OLD", m.sessions[0].AddDays(-10), schemas.NoDate)
	m.member("OTHER")
	for s := range m.sessions {
		m.bar("OTHER", s, 20+float64(s)/10, 100)
		if s < renamed+4 || s == comesBack {
			m.bar("OLD", s, 50, 100)
		}
	}
	slices.SortStableFunc(m.Bars, func(a, b schemas.Bar) int { return int(a.Session - b.Session) })
	for _, test := range []struct {
		newest int
		anew   string
	}{{comesBack - 1, ""}, {comesBack, "OLD stands for somebody else since it was given up"}} {
		in := m.until(m.sessions[test.newest])
		in.Kept = schemas.Some(m.sessions[test.newest-1])
		Compute(schemas.Breadth.String(), in)
		if in.Anew != test.anew || in.Kept.OK == (test.anew != "") {
			t.Errorf("on %s: kept %v, anew because %q, want %q", m.sessions[test.newest], in.Kept, in.Anew, test.anew)
		}
	}
}

// firstGap shows the first of two lists that differ.
func firstGap(a, b []any) string {
	for i := range min(len(a), len(b)) {
		if !reflect.DeepEqual(a[i], b[i]) {
			return strconv.Itoa(i) + ": " + show(a[i]) + " and " + show(b[i])
		}
	}
	return strconv.Itoa(len(a)) + " and " + strconv.Itoa(len(b)) + " rows"
}

func show(row any) string { return fmt.Sprintf("%+v", row) }

// TestSharedInputs holds that copies of inputs that share their work, computed at
// the same time, give what each gives alone.
func TestSharedInputs(t *testing.T) {
	t.Parallel()
	m := syntheticMarket(t, 60, 320)
	m.repeatFile()
	m.Window.From = m.sessions[290]
	tables := []string{schemas.ContributionSummary.String(), schemas.Dispersion.String()}
	for _, kept := range []schemas.Opt[schemas.Date]{schemas.None[schemas.Date](), schemas.Some(m.sessions[310])} {
		alone := func() Inputs {
			in := *m.inputs()
			in.Kept = kept
			return in
		}
		want := make([][]schemas.Fact, len(tables))
		for i, table := range tables {
			in := alone()
			want[i], _ = Compute(table, &in)
		}
		in := alone()
		rows := Contributions(&in)
		if len(rows) == 0 || len(want[0]) == 0 || len(want[1]) == 0 {
			t.Fatal("nothing was computed")
		}
		all := alone()
		all.Share()
		var wg sync.WaitGroup
		for i, table := range tables {
			wg.Go(func() {
				own := all
				if got, _ := Compute(table, &own); !reflect.DeepEqual(got, want[i]) || own.Kept != kept {
					t.Errorf("%s: %d facts, alone %d; kept %v", table, len(got), len(want[i]), own.Kept)
				}
			})
		}
		wg.Go(func() {
			own := all
			if got := Contributions(&own); !reflect.DeepEqual(got, rows) {
				t.Errorf("%d rows, alone %d", len(got), len(rows))
			}
		})
		wg.Wait()
	}
}
