package excel_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/xuri/excelize/v2"

	"tidemark/load/excel"
	"tidemark/schemas"
)

// bigBook is a book of about a million facts.
func bigBook() schemas.Book {
	return syntheticBook(schemas.NewDate(2015, 6, 1), schemas.NewDate(2025, 12, 5))
}

// BenchmarkWorkbook writes a workbook of about a million cells. The figure to
// hold it against is that of BenchmarkBareStream in the same run.
func BenchmarkWorkbook(b *testing.B) {
	book := bigBook()
	for b.Loop() {
		if err := excel.Write(io.Discard, book); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(book.Facts)), "facts")
}

// BenchmarkBareStream writes as many numbers with excelize alone: one sheet,
// one style, no charts.
func BenchmarkBareStream(b *testing.B) {
	book := bigBook()
	const columns = 120
	for b.Loop() {
		if err := bare(book, columns); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(book.Facts)), "facts")
}

func bare(book schemas.Book, columns int) error {
	f := excelize.NewFile()
	style, err := f.NewStyle(&excelize.Style{NumFmt: 2})
	if err != nil {
		return err
	}
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	row := make([]any, columns)
	for i, n := 0, 0; i+columns <= len(book.Facts); i += columns {
		for j := range row {
			row[j] = excelize.Cell{StyleID: style, Value: book.Facts[i+j].Value.V}
		}
		n++
		if err := w.SetRow(fmt.Sprintf("A%d", n), row); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Write(io.Discard); err != nil {
		return err
	}
	return f.Close()
}
