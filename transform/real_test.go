package transform

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/schemas/sharedtest"
)

// table is a file with a header line, read whole.
type table struct {
	column map[string]int
	rows   [][]string
}

func (r table) text(row []string, column string) string { return row[r.column[column]] }

// readTable reads a CSV file of the real data, gzipped or not; skip lines come
// before the header.
func readTable(tb testing.TB, skip int, path ...string) table {
	tb.Helper()
	f, err := os.Open(sharedtest.File(tb, path...))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path[len(path)-1], ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			tb.Fatal(err)
		}
	}
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	rows, err := c.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	rows = rows[skip:]
	out := table{make(map[string]int), rows[1:]}
	for i, name := range rows[0] {
		out.column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	return out
}

func number(tb testing.TB, text string) schemas.Opt[float64] {
	tb.Helper()
	text = strings.ReplaceAll(text, ",", "")
	if text == "" || text == "-" {
		return schemas.None[float64]()
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return schemas.Some(v)
}

// realRenames are the changes of ticker of S&P 500 members, 2022 to 2025.
var realRenames = []struct{ date, old, new string }{
	{"2022-01-10", "WLTW", "WTW"},
	{"2022-02-17", "VIAC", "PARA"},
	{"2022-05-10", "BLL", "BALL"},
	{"2022-06-09", "FB", "META"},
	{"2022-06-28", "ANTM", "ELV"},
	{"2022-11-08", "NLOK", "GEN"},
	{"2023-05-16", "PKI", "RVTY"},
	{"2023-06-07", "FISV", "FI"},
	{"2023-07-10", "RE", "EG"},
	{"2023-08-30", "ABC", "COR"},
	{"2024-02-01", "CDAY", "DAY"},
	{"2024-03-04", "PEAK", "DOC"},
	{"2024-03-25", "FLT", "CPAY"},
	{"2024-10-02", "CHK", "EXE"},
	{"2025-01-21", "SQ", "XYZ"},
	{"2025-08-07", "PARA", "PSKY"},
	{"2025-11-11", "FI", "FISV"},
}

// realMarket reads the S&P 500 of the real data once.
var realMarket = sync.OnceValue(func() *realInputs { return &realInputs{} })

type realInputs struct {
	once sync.Once
	in   Inputs
}

func (r *realInputs) get(tb testing.TB) Inputs {
	tb.Helper()
	sharedtest.Dir(tb) // skips
	r.once.Do(func() {
		r.in.Calendar = calendar.US()
		r.in.Universe = Universe{ID: "SPX_MEMBERS", Index: "SP500", Funds: []string{"IVV", "SPY"}, Prices: []string{"vendor"}}
		r.readPrices(tb)
		r.readMembership(tb)
		for _, x := range realRenames {
			r.in.Renames = append(r.in.Renames, schemas.Rename{Date: day(tb, x.date), Old: x.old, New: x.new})
		}
		for _, file := range []string{"IVV_2023-04-06", "IVV_2024-12-06"} {
			r.in.Holdings = append(r.in.Holdings, readISharesFile(tb, "IVV", day(tb, file[4:]), file+".csv", 9)...)
		}
		for _, file := range []string{"SPY_2024-05-10", "SPY_2025-02-07", "SPY_2025-09-05"} {
			r.in.Holdings = append(r.in.Holdings, readSPYFile(tb, day(tb, file[4:]), file+".xlsx")...)
		}
	})
	return r.in
}

func (r *realInputs) readPrices(tb testing.TB) {
	tb.Helper()
	var bars []schemas.Bar
	for _, row := range readTable(tb, 0, "market", "prices", "sp500_daily_2022-2025.csv.gz").rows {
		bars = append(bars, schemas.Bar{
			Publisher: "vendor", Symbol: row[0], Session: day(tb, row[1]), Open: number(tb, row[2]), High: number(tb, row[3]), Low: number(tb, row[4]),
			Close: number(tb, row[5]).V, Volume: number(tb, row[6]), Adjustment: schemas.AdjustedSplit,
		})
	}
	r.in.Bars = schemas.BarSeriesOf(bars)
	actions := readTable(tb, 0, "market", "prices", "corporate_actions.csv.gz")
	for _, row := range actions.rows {
		r.in.Actions = append(r.in.Actions, schemas.Action{
			Publisher: "vendor", Symbol: row[0], Kind: row[1], ExDate: day(tb, row[2]), Ratio: number(tb, row[5]), Amount: number(tb, row[6]),
		})
	}
}

func (r *realInputs) readMembership(tb testing.TB) {
	tb.Helper()
	for _, row := range readTable(tb, 0, "market", "membership", "sp500_ticker_start_end.csv").rows {
		to := schemas.NoDate
		if row[2] != "" {
			to = day(tb, row[2])
		}
		r.in.Spells = append(r.in.Spells, schemas.Spell{Index: "SP500", Symbol: row[0], From: day(tb, row[1]), To: to})
	}
	for _, row := range readTable(tb, 0, "market", "membership", "sp500_changes_since_2019.csv").rows {
		for i, added := range []bool{true, false} {
			for symbol := range strings.SplitSeq(row[i+1], ",") {
				if symbol = strings.TrimSpace(symbol); symbol != "" {
					r.in.Changes = append(r.in.Changes, schemas.Change{Index: "SP500", Date: day(tb, row[0]), Symbol: symbol, Added: added})
				}
			}
		}
	}
	list := readTable(tb, 0, "market", "membership", "constituents_2026-08-08.csv")
	for _, row := range list.rows {
		r.in.Constituents = append(r.in.Constituents, schemas.Constituent{
			Index: "SP500", AsOf: day(tb, "2026-08-08"), Symbol: list.text(row, "Symbol"), Name: list.text(row, "Security"),
			CIK: int64(number(tb, list.text(row, "CIK")).V),
		})
	}
}

// readISharesFile reads a holdings file of iShares with skip lines before its header.
func readISharesFile(tb testing.TB, fund string, asOf schemas.Date, name string, skip int) []schemas.Holding {
	tb.Helper()
	file := readTable(tb, skip, "market", "holdings", name)
	var out []schemas.Holding
	for i, row := range file.rows {
		if len(row) < len(file.column) {
			break // the legal text after the table
		}
		h := schemas.Holding{
			Fund: fund, AsOf: asOf, Line: int64(i + 1), Ticker: file.text(row, "Ticker"), Name: file.text(row, "Name"), Sector: file.text(row, "Sector"),
			AssetClass: file.text(row, "Asset Class"), MarketValue: number(tb, file.text(row, "Market Value")), Weight: number(tb, file.text(row, "Weight (%)")),
		}
		if _, ok := file.column["ISIN"]; ok {
			h.CUSIP, h.ISIN = file.text(row, "CUSIP"), file.text(row, "ISIN")
		}
		out = append(out, h)
	}
	return out
}

func readSPYFile(tb testing.TB, asOf schemas.Date, name string) []schemas.Holding {
	tb.Helper()
	f, err := excelize.OpenFile(sharedtest.File(tb, "market", "holdings", name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		tb.Fatal(err)
	}
	header := rows[4]
	at := func(row []string, name string) string {
		if i := slices.Index(header, name); i >= 0 && i < len(row) {
			return row[i]
		}
		return ""
	}
	var out []schemas.Holding
	for i, row := range rows[5:] {
		if at(row, "Weight") == "" {
			break
		}
		h := schemas.Holding{
			Fund: "SPY", AsOf: asOf, Line: int64(i + 1), Name: at(row, "Name"), Ticker: at(row, "Ticker"), CUSIP: at(row, "Identifier"),
			Weight: number(tb, at(row, "Weight")), AssetClass: "Equity",
		}
		if h.Ticker == "-" {
			h.AssetClass = "Cash"
		}
		out = append(out, h)
	}
	return out
}

func year(y int) schemas.Window {
	return schemas.Window{Part: "SPX_MEMBERS", From: schemas.NewDate(y, time.January, 1), To: schemas.NewDate(y+1, time.January, 1)}
}

// readPublished reads a history of closes in the layout of Investing.com.
func readPublished(tb testing.TB, name string) map[schemas.Date]float64 {
	tb.Helper()
	out := make(map[schemas.Date]float64)
	file := readTable(tb, 0, "market", "published", name)
	for _, row := range file.rows {
		d, err := schemas.ParseDateLayout("01/02/2006", file.text(row, "Date"))
		if err != nil {
			tb.Fatal(err)
		}
		out[d] = number(tb, file.text(row, "Price")).V
	}
	return out
}

// Shares of members above their averages against the figures that others
// publish for the same index.
func TestRealPercentAboveAverage(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	for _, y := range []struct {
		year            int
		median, largest float64
	}{{2025, 0.25, 1.0}, {2024, 0.85, 2.5}} {
		in.Window = year(y.year)
		facts, findings := Compute("facts.breadth", &in)
		got := newFactSet(t, facts, findings)
		for file, metric := range map[string]string{"S5TH": "pct_above_sma_200", "S5OH": "pct_above_sma_100", "S5FI": "pct_above_sma_50"} {
			var distances []float64
			for d, published := range readPublished(t, file+"_2022-2026.csv") {
				f, ok := got.by[factKey{metric, d}]
				if !ok || !f.Value.OK {
					continue
				}
				if distance := math.Abs(100*f.Value.V - published); distance > y.largest {
					t.Errorf("%s on %s: %.2f, published %.2f", metric, d, 100*f.Value.V, published)
				} else {
					distances = append(distances, distance)
				}
			}
			if len(distances) < 160 {
				t.Fatalf("%d: only %d sessions of %s to compare", y.year, len(distances), metric)
			}
			m := median(distances)
			t.Logf("%d %s: %d sessions, median distance %.3f, largest %.3f", y.year, metric, len(distances), m, distances[len(distances)-1])
			if m > y.median {
				t.Errorf("%d %s: median distance %.3f, want at most %.2f", y.year, metric, m, y.median)
			}
		}
	}
}

// The index has 503 lines on every session of 2023 to 2025 until the last
// price; the README of the data says which members have no prices.
func TestRealMembership(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	in.Window = schemas.Window{Part: "SPX_MEMBERS", From: year(2022).From, To: year(2026).From}
	p := NewPanel(&in)
	got := newTallies(p)
	coverage := make(map[int][]float64)
	for s, d := range p.Sessions {
		if s >= p.priced {
			break
		}
		t := got.days[s]
		coverage[d.Year()] = append(coverage[d.Year()], float64(t.members-t.missing))
	}
	for s, d := range p.Sessions {
		want := int32(503)
		if d == day(t, "2024-09-30") {
			want = 504 // Amentum was spun off into the index a day before another left
		}
		if n := p.members[s]; d.Year() >= 2023 && d < day(t, "2025-09-10") && n != want {
			t.Errorf("%s: %d members, want %d", d, n, want)
		}
	}
	for y, want := range map[int]float64{2022: 444, 2023: 462, 2024: 483, 2025: 495} {
		near(t, "members with prices in "+strconv.Itoa(y), median(coverage[y]), want, 12)
		t.Logf("%d: median %v members with prices, least %v", y, median(coverage[y]), coverage[y][0])
	}
	s, _ := p.session(day(t, "2025-09-09"))
	if d := got.days[s]; d.missing != 2 || d.members != 503 {
		t.Errorf("2025-09-09: %d of %d members without prices, want 2 of 503", d.missing, d.members)
	}
	for _, f := range p.Findings {
		if f.Check != "prices_missing" {
			t.Logf("%s %s %s: %s", f.Check, f.Security, f.Date, f.Message)
		}
	}
}

// What the files of the two funds say, as the data's README gives it.
func TestRealConcentration(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	holdings := in.Holdings
	for _, want := range []struct {
		fund, date      string
		lines           float64
		top10, hhi, mag float64
	}{
		{"IVV", "2023-04-06", 503, 27.48, 144.7, 24.44},
		{"SPY", "2024-05-10", 503, 33.07, 172.6, 29.71},
		{"IVV", "2024-12-06", 503, 36.15, 201.8, 32.86},
		{"SPY", "2025-02-07", 504, 35.80, 189.6, 32.05},
		{"SPY", "2025-09-05", 503, 38.40, 212.9, 33.87},
	} {
		d := day(t, want.date)
		in.Universe.Funds = []string{want.fund}
		in.Window = year(d.Year())
		in.Holdings = slices.DeleteFunc(slices.Clone(holdings), func(h schemas.Holding) bool { return h.AsOf != d })
		facts, findings := Compute("facts.concentration", &in)
		got := newFactSet(t, facts, findings)
		got.want("conc_members", d, want.lines, 0)
		got.want("conc_top10_sec", d, want.top10/100, 0.00005+1e-9)
		got.want("conc_hhi10k_sec", d, want.hhi, 0.05+1e-9)
		got.want("conc_mag7", d, want.mag/100, 0.00005+1e-9)
		lines, issuers := got.fact("conc_members", d).Value.V, got.fact("conc_issuers", d).Value.V
		if lines-issuers != 3 { // Alphabet, Fox, News Corp
			t.Errorf("%s %s: %v lines of %v issuers", want.fund, d, lines, issuers)
		}
		if f := got.fact("conc_top10_iss", d); f.Value.V <= want.top10/100 {
			t.Errorf("%s %s: top 10 by issuer is %v", want.fund, d, f.Value.V)
		}
		if f := got.fact("conc_mag7", d); !strings.HasSuffix(f.Detail, "8 of 8 lines, both of Alphabet counted") || f.Basis != "file" {
			t.Errorf("%s %s: %q, basis %s", want.fund, d, f.Detail, f.Basis)
		}
	}
}

// The published HHI of 184 for the end of May 2024, from the file of the 10th.
func TestRealRolledHHI(t *testing.T) {
	t.Parallel()
	in := realMarket().get(t)
	in.Universe.Funds = []string{"SPY"}
	in.Window = year(2024)
	facts, findings := Compute("facts.concentration", &in)
	got := newFactSet(t, facts, findings)
	end := day(t, "2024-05-31")
	got.want("conc_hhi10k_sec", end, 184, 1)
	got.want("conc_hhi10k_iss", end, 192.7, 1)
	f := got.fact("conc_hhi10k_sec", end)
	t.Logf("HHI %.2f by line, %.2f by issuer, coverage %.4f, %s", f.Value.V, got.fact("conc_hhi10k_iss", end).Value.V, f.Coverage.V, f.Detail)
	if f.Basis != "rolled" || f.Detail != "fund=SPY file=2024-05-10" || f.Coverage.V < 0.97 || f.Coverage.V >= 1 {
		t.Errorf("got %+v", f)
	}
	got.wantNone("conc_hhi10k_sec", day(t, "2024-06-17"), schemas.StaleInput)
	got.want("conc_hhi10k_sec", day(t, "2024-06-10"), 190, 10)
}

func TestRealSmallCapFile(t *testing.T) {
	t.Parallel()
	sharedtest.Dir(t)
	asOf := day(t, "2021-03-10")
	in := Inputs{
		Calendar: calendar.US(), Universe: Universe{ID: "SP600_MEMBERS", Funds: []string{"IJR"}}, Window: year(2021),
		Holdings: readISharesFile(t, "IJR", asOf, "IJR_2021-03_undated.csv", 0),
	}
	facts, findings := Compute("facts.concentration", &in)
	got := newFactSet(t, facts, findings)
	equity := 0
	for i := range in.Holdings {
		if isEquity(&in.Holdings[i]) {
			equity++
		}
	}
	f := got.fact("conc_members", asOf)
	if float64(equity)-f.Value.V != 85 {
		t.Errorf("%d equity lines became %v securities, want 85 fewer", equity, f.Value.V)
	}
	residual := got.fact("residual_weight", asOf)
	t.Logf("%v securities, %v issuers, residual %.4f", f.Value.V, got.fact("conc_issuers", asOf).Value.V, residual.Value.V)
	if residual.Value.V < 0 || residual.Value.V > 0.01 {
		t.Errorf("residual weight %v", residual.Value.V)
	}
	// Cardtronics, Endo and Trinseo have ISINs of countries that number otherwise, which name no issuer.
	if len(findings) != 1 || !strings.HasPrefix(findings[0].Message, "3 of 602 lines") {
		t.Errorf("findings: %v", findings)
	}
}

func TestRealRussellFile(t *testing.T) {
	t.Parallel()
	sharedtest.Dir(t)
	asOf := day(t, "2025-05-13")
	in := Inputs{
		Calendar: calendar.US(), Universe: Universe{ID: "R2000_MEMBERS", Funds: []string{"IWM"}}, Window: year(2025),
		Holdings: readISharesFile(t, "IWM", asOf, "IWM_2025-05-13.csv", 9),
	}
	facts, findings := Compute("facts.concentration", &in)
	got := newFactSet(t, facts, findings)
	t.Logf("%v lines, top ten %.4f, HHI %.2f, residual %.4f", got.fact("conc_members", asOf).Value.V, got.fact("conc_top10_sec", asOf).Value.V,
		got.fact("conc_hhi10k_sec", asOf).Value.V, got.fact("residual_weight", asOf).Value.V)
	got.want("conc_mag7", asOf, 0, 0)
	if n := got.fact("conc_members", asOf).Value.V; n < 1900 || n > 2050 {
		t.Errorf("%v lines", n)
	}
	got.want("residual_weight", asOf, 0.0039, 0.0005)
}
