package transform

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
	"tidemark/transform/series"
)

// The NYSE's oscillator, published to the cent, from its advances and declines.
func TestMcClellanVectors(t *testing.T) {
	t.Parallel()
	file := readTable(t, 0, "market", "vectors", "mcclellan_nyse_2022-2023.csv")
	first := file.rows[0]
	at := func(row []string, column string) float64 { return number(t, file.text(row, column)).V }
	t10 := at(first, "EMA19")
	m := series.McClellan{T10: t10, T5: t10 - at(first, "MO"), Days: 1} // EMA39 of the first row is printed as 0
	sum, base := at(first, "MSI"), at(first, "MSI")-m.Summation(0)
	for _, row := range file.rows[1:] {
		m.Add(at(row, "A/D Difference"))
		sum += m.Oscillator()
		near(t, row[0]+" EMA19", m.T10, at(row, "EMA19"), 0.0101)
		near(t, row[0]+" EMA39", m.T5, at(row, "EMA39"), 0.0101)
		near(t, row[0]+" MO", m.Oscillator(), at(row, "MO"), 0.0101)
		near(t, row[0]+" MSI", sum, at(row, "MSI"), 0.101)
		near(t, row[0]+" closed form", m.Summation(base), sum, 1e-9)
	}
	if len(file.rows) < 160 {
		t.Errorf("%d rows", len(file.rows))
	}
}

func TestRollingExtremeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		file, column string
		sign         float64
	}{{"rolling_max5_spy.csv", "MAX_5", 1}, {"rolling_min5_spy.csv", "MIN_5", -1}} {
		file := readTable(t, 0, "market", "vectors", v.file)
		src := make([]int64, len(file.rows))
		for i, row := range file.rows {
			src[i] = int64(math.Round(v.sign * 1e6 * number(t, file.text(row, "Close")).V))
		}
		dst, scratch := make([]int64, len(src)), make([]int64, len(src))
		series.Max(dst, src, scratch, 5)
		compared := 0
		for i, row := range file.rows {
			if want := number(t, file.text(row, v.column)); want.OK && i >= 4 {
				compared++
				near(t, v.column+" of "+row[0], v.sign*float64(dst[i])/1e6, want.V, 1e-9)
			}
		}
		if compared < 490 {
			t.Errorf("%s: only %d rows compared", v.file, compared)
		}
	}
}

// The simple average behind the share of members above it, and the exponential
// one, on the Dow Jones industrial average. Closes and averages are both
// rounded to the cent, so half a cent comes on top of half a cent. The
// exponential average is seeded elsewhere: it is compared once its seed has gone.
func TestAverageVectors(t *testing.T) {
	t.Parallel()
	file := readTable(t, 0, "market", "vectors", "sma14_ema14_djia.csv")
	total := make([]int64, len(file.rows)+1)
	e := series.NewEMA(14)
	compared := 0
	for i, row := range file.rows {
		c := number(t, file.text(row, "Close")).V
		total[i+1] = total[i] + ticks(c)
		e.Add(c)
		if want := number(t, file.text(row, "SMA14")); want.OK {
			compared++
			near(t, "SMA14 of "+row[0], float64(series.Sum(total, i, 14))/14/ticksPerDollar, want.V, 0.0101)
		}
		if want := number(t, file.text(row, "EMA14")); want.OK && i > 130 {
			near(t, "EMA14 of "+row[0], e.Value, want.V, 0.0101)
		}
	}
	if compared < 480 {
		t.Errorf("only %d rows compared", compared)
	}
	monthly := readTable(t, 0, "market", "vectors", "ema14_spy_monthly.csv")
	var seed series.EMA
	for i, row := range monthly.rows {
		c := number(t, monthly.text(row, "close")).V
		switch {
		case i < 14:
			seed.Value += c / 14
		case i == 14:
			seed = series.EMA{Alpha: series.NewEMA(14).Alpha, Value: seed.Value, Steps: 1}
			fallthrough
		default:
			seed.Add(c)
			near(t, "EMA14 of month "+strconv.Itoa(i+1), seed.Value, number(t, monthly.text(row, "EMA14")).V, 1e-6)
		}
	}
}

// New highs less new lows of three symbols over three days, today included.
func TestNewHighNewLowVectors(t *testing.T) {
	t.Parallel()
	file := readTable(t, 0, "market", "vectors", "new_highs_new_lows_3day_aapl_goog_ibm.csv")
	var m *market
	expected := make(map[schemas.Date]float64)
	days := len(file.rows) / 3
	last, err := schemas.ParseDateLayout("20060102", file.rows[len(file.rows)-1][0])
	if err != nil {
		t.Fatal(err)
	}
	m = newMarket(t, days, last.String())
	for _, symbol := range []string{"AAPL", "GOOG", "IBM"} {
		m.member(symbol)
	}
	for i, row := range file.rows {
		d, err := schemas.ParseDateLayout("20060102", row[0])
		if err != nil {
			t.Fatal(err)
		}
		if m.sessions[i/3] != d {
			t.Fatalf("row %d is of %s, session %d is %s", i, d, i/3, m.sessions[i/3])
		}
		price := func(column string) float64 { return number(t, file.text(row, column)).V / 1e4 }
		b := m.bar(row[1], i/3, price("Close"), price("Volume"))
		b.High, b.Low = schemas.Some(price("High")), schemas.Some(price("Low"))
		expected[d] = number(t, file.text(row, "NH/NL Difference")).V
	}
	p := NewPanel(m.inputs())
	got := p.tally(0, days, windows{averages: [4]int{2, 2, 2, 2}, high: 3, calendar: 7, gap: 9, gapDays: 9, gone: 99})
	for s := 2; s < days; s++ {
		d := got.days[s]
		if net := float64(d.ranges.high - d.ranges.low); net != expected[p.Sessions[s]] {
			t.Errorf("%s: %d highs, %d lows, published difference %v", p.Sessions[s], d.ranges.high, d.ranges.low, expected[p.Sessions[s]])
		}
	}
}

// The breadth thrust of April 2025 on the counts of the whole NYSE: published
// with a low of 38 % on the 10th and the signal, at 61.7 %, on the 24th. The
// counts of that vendor differ from the McClellans' by some fifty issues a day.
func TestRealBreadthThrust(t *testing.T) {
	t.Parallel()
	d := dailyFacts{t: t, in: Inputs{Calendar: calendar.US(), Universe: Universe{ID: "NYSE_ALL"}, Window: schemas.CutWhole.Window("NYSE_ALL", 0)}}
	dec := make(map[string]float64)
	down := readTable(t, 0, "market", "published", "NYSE_DECL_2022-2026.csv")
	for _, row := range down.rows {
		dec[row[0]] = number(t, down.text(row, "close")).V
	}
	up := readTable(t, 0, "market", "published", "NYSE_ADV_2022-2026.csv")
	for i, row := range up.rows {
		d.sessions = append(d.sessions, day(t, row[0]))
		d.counts(i, number(t, up.text(row, "close")).V, dec[row[0]], 0)
	}
	got := d.facts()
	low, trigger := day(t, "2025-04-10"), day(t, "2025-04-24")
	got.want("zbt_ema10", low, 0.38, 0.005)
	got.want("zbt_ema10", trigger, 0.617, 0.0125)
	var signals []string
	for _, f := range got.all {
		if f.Metric == "zbt_signal_ema10" && f.Value.V == 1 {
			signals = append(signals, f.Session.String()+" "+f.Detail)
		}
	}
	// The three thrusts of these years, by everybody's count.
	if want := []string{"2023-03-31 span=10", "2023-11-03 span=5", "2025-04-24 span=9"}; !slices.Equal(signals, want) {
		t.Errorf("signals %v, want %v", signals, want)
	}
	got.want("mcc_t10_raw", trigger, 361.3, 25)
	got.want("mcc_osc_raw", trigger, 243.967, 20)
	got.want("mcc_sum_raw", trigger, -22.4, 200)
}

// Rows of the McClellans' daily page: each must satisfy every relation between
// its own figures.
func TestMcClellanPublishedRows(t *testing.T) {
	t.Parallel()
	for row := range strings.Lines(`2014-10-20 2357 830 30.355 -84.553 114.908 33.433 -879.706
2019-08-20 1131 1809 85.923 83.692 2.231 47.022 1816.840
2020-04-06 2733 276 -106.383 -211.642 105.259 -39.106 -2063.753
2024-03-18 1430 1386 144.989 183.950 -38.961 -35.106 3190.149
2025-01-16 1737 1028 178.923 34.875 144.048 120.631 52.315
2025-04-24 2329 444 361.300 117.333 243.967 167.702 -22.378
`) {
		f := strings.Fields(row)
		v := make([]float64, len(f))
		for i := 1; i < len(f); i++ {
			v[i] = number(t, f[i]).V
		}
		net, t10, t5, mo, prior, sum := v[1]-v[2], v[3], v[4], v[5], v[6], v[7]
		before := series.McClellan{T10: (t10 - 0.10*net) / 0.90, T5: (t5 - 0.05*net) / 0.95, Days: 1}
		near(t, f[0]+" prior oscillator", before.Oscillator(), prior, 0.002)
		now := before
		now.Add(net)
		near(t, f[0]+" T10", now.T10, t10, 1e-9)
		near(t, f[0]+" T5", now.T5, t5, 1e-9)
		near(t, f[0]+" oscillator", now.Oscillator(), mo, 0.002)
		near(t, f[0]+" summation", now.Summation(series.RawSummationBase), sum, 0.01)
		near(t, f[0]+" change of the summation", now.Summation(0)-before.Summation(0), mo, 0.002)
	}
}
