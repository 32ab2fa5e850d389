package vendor

import (
	"math"
	"path/filepath"
	"testing"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func mustFetch[T any](t *testing.T, s extract.Source[T], w schemas.Window) []T {
	t.Helper()
	rows, err := extracttest.All(t, s, w)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func date(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func year(part string, n int) schemas.Window {
	return schemas.CutYear.Window(part, schemas.NewDate(n, 1, 1))
}

func allOf(part string) schemas.Window { return schemas.CutWhole.Window(part, 0) }

func TestRealBars(t *testing.T) {
	t.Parallel()
	file := File{
		Name: "sp500", Kind: KindBars, Paths: []string{sharedtest.File(t, "market", "prices", "sp500_daily_2022-2025.csv.gz")},
		Columns: map[string]string{"symbol": "ticker"}, Adjustment: schemas.AdjustedSplit,
	}
	bars := mustFetch(t, Bars(extracttest.Client(t), file), schemas.Window{Part: "sp500", From: date("2022-01-01"), To: date("2026-01-01")})
	if len(bars) != 459_649 {
		t.Errorf("%d bars in four years, want 459,649", len(bars))
	}
	for i, b := range bars {
		if b.Close <= 0 || !b.Volume.OK || b.Publisher != "sp500" || b.Payload != bars[0].Payload {
			t.Fatalf("row %d: %+v", i, b)
		}
	}
	got, want := bars[0], schemas.Bar{
		Publisher: "sp500", Symbol: "A", Session: date("2022-01-03"), Open: schemas.Some(158.195), High: schemas.Some(158.634), Low: schemas.Some(153.153),
		Close: 155.685, Volume: schemas.Some(1614483.9931424), Adjustment: "split", Payload: bars[0].Payload,
	}
	if got != want || len(got.Payload) != 64 {
		t.Errorf("first bar %+v, want %+v", got, want)
	}
	if last := bars[len(bars)-1]; last.Symbol != "ZTS" || last.Session != date("2025-09-09") || last.Close != 149.79 {
		t.Errorf("last bar %+v", last)
	}
}

func TestRealActions(t *testing.T) {
	t.Parallel()
	file := File{
		Name: "sp500", Kind: KindActions, Paths: []string{sharedtest.File(t, "market", "prices", "corporate_actions.csv.gz")},
		Columns: map[string]string{"date": "ex_date", "kind": "event_type", "amount": "cash_amount"}, Ignore: []string{"record_date", "pay_date"},
	}
	actions := mustFetch(t, Actions(extracttest.Client(t), file), allOf("sp500"))
	count := map[string]int{}
	symbols := map[string]bool{}
	first := schemas.MaxDate
	for _, a := range actions {
		count[a.Kind]++
		symbols[a.Symbol] = true
		first = min(first, a.ExDate)
		if a.Symbol == "GE" && a.ExDate == date("2024-04-02") && a.Ratio != schemas.Some(1.253) {
			t.Errorf("GE's spin-off of 2024: ratio %v, want 1.253 as published", a.Ratio)
		}
	}
	if len(actions) != 49_790 || count["dividend"] != 48_275 || count["split"] != 1_515 || len(symbols) != 468 || first != date("1962-01-16") {
		t.Errorf("%d actions, %v, of %d symbols, from %s; want 49,790 of 468 symbols", len(actions), count, len(symbols), first)
	}
}

// A session's row of the raw files holds price, split and dividend alike. RTX
// books one spin-off as a split and as a dividend.
func TestRealSessionsWithActions(t *testing.T) {
	t.Parallel()
	path := sharedtest.File(t, "market", "prices", "raw_split_examples_2020.csv")
	file := File{
		Name: "raw", Kind: KindActions, Paths: []string{path},
		Columns: map[string]string{"symbol": "ticker", "split": "split_coefficient", "dividend": "dividend_amount"}, IgnoreOthers: true,
	}
	actions := mustFetch(t, Actions(extracttest.Client(t), file), allOf("raw"))
	found := map[string]schemas.Action{}
	for _, a := range actions {
		found[a.Symbol+" "+a.Kind+" "+a.ExDate.String()] = a
	}
	for key, want := range map[string]float64{"AAPL split 2020-08-31": 4, "NEE split 2020-10-27": 4, "ROL split 2020-12-11": 1.5, "RTX split 2020-04-03": 1.589, "PFE split 2020-11-17": 1.054} {
		if got := found[key].Ratio; !got.OK || math.Abs(got.V-want) > 0.0005 {
			t.Errorf("%s: ratio %v, want %v", key, got, want)
		}
	}
	if got := found["RTX dividend 2020-04-03"].Amount; !got.OK || math.Abs(got.V-13.28) > 0.005 {
		t.Errorf("RTX dividend: %v, want 13.28", got)
	}
	file.Kind, file.Columns, file.Adjustment = KindBars, map[string]string{"symbol": "ticker"}, schemas.AdjustedNone
	bars := mustFetch(t, Bars(extracttest.Client(t), file), year("raw", 2020))
	if b := bars[0]; b.Symbol != "AAPL" || b.Close != 300.35 || b.Volume != schemas.Some(33911864.0) {
		t.Errorf("first bar %+v", b)
	}
}

func TestRealLevels(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(sharedtest.Dir(t), "market", "prices")
	for _, test := range []struct {
		name        string
		file        File
		part        string
		rows        int
		first, last schemas.Observation
	}{
		{
			name: "single series of Investing.com", part: "index:SPX", rows: 1394,
			file: File{
				Paths: []string{filepath.Join(dir, "SPX_index_daily_2021-2026.csv")}, Columns: map[string]string{"date": "Date", "value": "Price"},
				Defaults: map[string]string{"symbol": "SPX"}, DateLayout: "01/02/2006", Thousands: ",", Ignore: []string{"Open", "High", "Low", "Vol.", "Change %"},
			},
			first: schemas.Observation{Source: "index:SPX", Series: "SPX", Date: date("2021-01-04"), Value: schemas.Some(3700.70), Unit: "Index", Multiplier: 1},
			last:  schemas.Observation{Source: "index:SPX", Series: "SPX", Date: date("2026-07-23"), Value: schemas.Some(7408.30), Unit: "Index", Multiplier: 1},
		},
		{
			name: "wide", part: "index:RUT", rows: 504,
			file: File{
				Paths: []string{filepath.Join(dir, "index_levels_2024-2026.csv")}, Wide: true, IgnoreOthers: true,
			},
			first: schemas.Observation{Source: "index:RUT", Series: "RUT", Date: date("2024-08-22"), Value: schemas.Some(2150.030029296875), Unit: "Index", Multiplier: 1},
			last:  schemas.Observation{Source: "index:RUT", Series: "RUT", Date: date("2026-08-21"), Value: schemas.Some(3017.8701171875), Unit: "Index", Multiplier: 1},
		},
		{
			name: "long", part: "fund:SPY_TR", rows: 1387,
			file: File{
				Paths: []string{filepath.Join(dir, "etf_adjclose_2021-2026.csv.gz")}, Columns: map[string]string{"symbol": "ticker", "value": "adj_close"},
				Series: map[string]string{"fund:SPY_TR": "SPY"},
			},
			first: schemas.Observation{Source: "fund:SPY_TR", Series: "SPY", Date: date("2021-01-04"), Value: schemas.Some(342.4369812011719), Unit: "USD per share", Multiplier: 1},
			last:  schemas.Observation{Source: "fund:SPY_TR", Series: "SPY", Date: date("2026-07-14")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.file.Name, test.file.Kind = "levels", KindLevels
			rows := mustFetch(t, Levels(extracttest.Client(t), test.file), allOf(test.part))
			if len(rows) != test.rows {
				t.Errorf("%d levels, want %d", len(rows), test.rows)
			}
			got := []schemas.Observation{rows[0], rows[len(rows)-1]}
			for i, want := range []schemas.Observation{test.first, test.last} {
				if !want.Value.OK {
					want.Value, want.Unit, want.Multiplier = got[i].Value, got[i].Unit, got[i].Multiplier
				}
				if got[i].Payload = ""; got[i] != want {
					t.Errorf("got %+v, want %+v", got[i], want)
				}
			}
		})
	}
}
