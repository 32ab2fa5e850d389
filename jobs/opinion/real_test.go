package opinion

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/schemas/sharedtest"
	"tidemark/transform"
)

// readCSV returns the rows of a file of the real data after the given number of
// lines.
func readCSV(t *testing.T, skip int, path ...string) [][]string {
	t.Helper()
	b, err := os.ReadFile(sharedtest.File(t, path...))
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = bytes.NewReader(b)
	if strings.HasSuffix(path[len(path)-1], ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.LazyQuotes = -1, true
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[skip:]
}

func number(t *testing.T, text string) schemas.Opt[float64] {
	t.Helper()
	if text = strings.ReplaceAll(text, ",", ""); text == "" || text == "-" {
		return schemas.None[float64]()
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Some(v)
}

func day(t *testing.T, text string) schemas.Date {
	t.Helper()
	d, err := schemas.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// realYear is the S&P 500 of 2025 until the last price: the lines of IVV of
// December 2024, whose shares make a file at the end of each month.
func realYear(t *testing.T) *transform.Inputs {
	t.Helper()
	in := &transform.Inputs{
		Calendar: calendar.US(), Universe: transform.Universe{ID: "OWN_IVV", Funds: []string{"IVV"}, Prices: []string{"vendor"}},
		Window: schemas.Window{Part: "OWN_IVV", From: schemas.NewDate(2025, time.January, 1), To: schemas.NewDate(2026, time.January, 1)},
	}
	var bars []schemas.Bar
	closes := make(map[string]map[schemas.Date]float64)
	since := day(t, "2024-11-01")
	for _, row := range readCSV(t, 1, "market", "prices", "sp500_daily_2022-2025.csv.gz") {
		d := day(t, row[1])
		if d < since {
			continue
		}
		v := number(t, row[5]).V
		bars = append(bars, schemas.Bar{Publisher: "vendor", Symbol: row[0], Session: d, Close: v, Volume: schemas.Some(max(number(t, row[6]).V, 1)), Adjustment: schemas.AdjustedSplit})
		if closes[row[0]] == nil {
			closes[row[0]] = make(map[schemas.Date]float64)
		}
		closes[row[0]][d] = v
	}
	in.Bars = schemas.BarSeriesOf(bars)
	for _, row := range readCSV(t, 1, "market", "prices", "corporate_actions.csv.gz") {
		if d := day(t, row[2]); d >= since {
			in.Actions = append(in.Actions, schemas.Action{Publisher: "vendor", Symbol: row[0], Kind: row[1], ExDate: d, Ratio: number(t, row[5]), Amount: number(t, row[6])})
		}
	}
	asOf := day(t, "2024-12-06")
	table := readCSV(t, 9, "market", "holdings", "IVV_2024-12-06.csv")
	column := func(name string) int { return slices.Index(table[0], name) }
	for i, row := range table[1:] {
		if len(row) < len(table[0]) {
			break
		}
		in.Holdings = append(in.Holdings, schemas.Holding{
			Fund: "IVV", AsOf: asOf, Line: int64(i + 1), Ticker: row[column("Ticker")], Name: row[column("Name")], Sector: row[column("Sector")],
			AssetClass: row[column("Asset Class")], MarketValue: number(t, row[column("Market Value")]),
		})
	}
	file := in.Holdings
	for _, d := range in.Calendar.Sessions(asOf+1, day(t, "2025-09-09")) {
		if in.Calendar.NextSession(d).Month() == d.Month() {
			continue
		}
		for _, h := range file {
			h.AsOf = d
			if now, then := closes[h.Ticker][d], closes[h.Ticker][asOf]; now > 0 && then > 0 {
				h.MarketValue.V *= now / then
			}
			in.Holdings = append(in.Holdings, h)
		}
	}
	return in
}

// storeInputs puts what figures are made of into the raw tables.
func storeInputs(t *testing.T, w *clickhouse.Warehouse, in *transform.Inputs) {
	t.Helper()
	var bars []schemas.Bar
	for _, s := range in.Bars {
		for i, d := range s.Sessions {
			bars = append(bars, schemas.Bar{Publisher: s.Publisher, Symbol: s.Symbol, Session: d, Close: s.Close[i], Volume: schemas.Some(s.Volume[i]), Adjustment: s.Adjustment})
		}
	}
	store(t, w, schemas.Bars, bars)
	store(t, w, schemas.Actions, in.Actions)
	store(t, w, schemas.Holdings, in.Holdings)
}

// TestRealYear holds what is made of a year of real history against queries over
// the raw tables.
func TestRealYear(t *testing.T) {
	t.Parallel()
	in := realYear(t)
	w, connect := openWarehouse(t)
	storeInputs(t, w, in)
	compute := func(table schemas.Table[schemas.Fact]) []schemas.Fact {
		facts, _ := transform.Compute(table.String(), in)
		return facts
	}
	t.Run("concentration", func(t *testing.T) {
		secondOpinionOfConcentration(t, connect(t), in.Universe, in.Window, compute(schemas.Concentration))
	})
	t.Run("contributions", func(t *testing.T) {
		secondOpinion(t, connect(t), in.Universe, in.Window, transform.Contributions(in), compute(schemas.ContributionSummary))
	})
	t.Run("dispersion", func(t *testing.T) {
		secondOpinionOfDispersion(t, connect(t), in.Universe, in.Window, compute(schemas.Dispersion))
	})
	t.Run("breadth", func(t *testing.T) {
		secondOpinionOfBreadth(t, connect(t), in.Universe, in.Window, compute(schemas.Breadth), in.Window.From)
	})
}
