package clickhouse

import (
	"testing"
	"time"

	"tidemark/schemas"
)

// bars makes a year of daily bars of as many symbols as give n rows.
func bars(n int) []schemas.Bar {
	rows := make([]schemas.Bar, n)
	for i := range rows {
		p := 20 + float64(i%977)/7
		rows[i] = schemas.Bar{
			Publisher: "vendor", Symbol: symbol(i / 250), Session: schemas.NewDate(2025, time.January, 1).AddDays(i % 250),
			Open: schemas.Some(p), High: schemas.Some(p * 1.01), Low: schemas.Some(p * 0.99), Close: p * 1.005, Volume: schemas.Some(float64(i)),
			Adjustment: schemas.AdjustedSplit, Payload: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
		}
	}
	return rows
}

const benchRows = 1_000_000

var benchWindow = schemas.CutYear.Window("vendor", day2025)

// BenchmarkReplaceBars replaces a window of a million bars by other ones:
// checks, hashes, wire, staging, verification and exchange.
func BenchmarkReplaceBars(b *testing.B) {
	w := fresh(b)
	rows := bars(benchRows)
	for b.Loop() {
		rows[0].Close++ // or nothing would be swapped
		if _, err := Replace(b.Context(), w, schemas.Bars, build(benchWindow), rows); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMeasureBars is the part of it that checks and hashes the rows.
func BenchmarkMeasureBars(b *testing.B) {
	enc := newEncoder(schemas.Bars)
	rows := bars(benchRows)
	for b.Loop() {
		if err := enc.checkWindow(benchWindow, rows); err != nil {
			b.Fatal(err)
		}
		if _, err := enc.measure(rows); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkReadBars reads them back.
func BenchmarkReadBars(b *testing.B) {
	w := fresh(b)
	if _, err := Replace(b.Context(), w, schemas.Bars, build(benchWindow), bars(benchRows)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		got, err := Read(b.Context(), w, schemas.Bars, Query{})
		if err != nil || len(got) != benchRows {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkReplaceSmall replaces a window of five hundred lines, where the
// steps of the swap are what counts.
func BenchmarkReplaceSmall(b *testing.B) {
	w := fresh(b)
	rows := holdings("IVV", day2025, 500, 1)
	for b.Loop() {
		rows[0].Weight.V++
		if _, err := Replace(b.Context(), w, schemas.Holdings, build(year2025), rows); err != nil {
			b.Fatal(err)
		}
	}
}
