package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of a workbook. Those of publishers have some fifteen members and half
// a megabyte, and shrink by ten when compressed.
const (
	maxWorkbookMembers = 1000
	maxWorkbookBytes   = 64 << 20
	maxWorkbookRatio   = 200
	// Below this size the ratio says nothing: a sheet of styles alone shrinks
	// by a hundred.
	minRatioBytes = 8 << 20
	// Shared strings are kept in memory, at some hundred bytes each however
	// short they are in the file.
	maxSharedElements = 2_000_000
)

// WorkbookRows yields the rows of a sheet of an xlsx workbook from the first
// on, as the texts that its cells hold: numbers unrounded and without their
// format, dates as serial numbers. Rows without cells are empty, and cells
// after the last filled one are left out. An empty sheet name means the first
// sheet. The text of cells is as strict as the file's XML: a workbook that is
// cut off, not well formed, or far larger than its file is refused before the
// first row.
func WorkbookRows(file []byte, sheet string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if err := checkWorkbook(file); err != nil {
			yield(nil, err)
			return
		}
		book, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{
			RawCellValue: true, UnzipSizeLimit: maxWorkbookBytes, UnzipXMLSizeLimit: maxWorkbookBytes,
		})
		if err != nil {
			yield(nil, fmt.Errorf("open the workbook: %w", err))
			return
		}
		// Nothing is written and nothing unpacked to disk below the limit.
		defer func() { _ = book.Close() }()
		names := book.GetSheetList()
		if sheet == "" && len(names) > 0 {
			sheet = names[0]
		}
		if !slices.Contains(names, sheet) {
			yield(nil, fmt.Errorf("no sheet %q in the workbook; it has %s", sheet, quoteList(names)))
			return
		}
		rows, err := book.Rows(sheet)
		if err != nil {
			yield(nil, fmt.Errorf("read sheet %q: %w", sheet, err))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			cells, err := rows.Columns(excelize.Options{RawCellValue: true})
			if err != nil {
				yield(nil, fmt.Errorf("read sheet %q: %w", sheet, err))
				return
			}
			if !yield(cells, nil) {
				return
			}
		}
		if err := rows.Error(); err != nil {
			yield(nil, fmt.Errorf("read sheet %q: %w", sheet, err))
		}
	}
}

// checkWorkbook refuses what the reader of workbooks would unpack without
// bound, or read in silence although it is damaged.
func checkWorkbook(file []byte) error {
	if len(file) == 0 {
		return ErrEmpty
	}
	if LooksHTML(file) {
		return errors.New("the answer is a web page" + titleOf(file[:min(len(file), sniffLen)]) + ", not a workbook")
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return fmt.Errorf("not a workbook, or cut off: %w", err)
	}
	if len(z.File) > maxWorkbookMembers {
		return fmt.Errorf("the workbook has %d members, more than %d; refused", len(z.File), maxWorkbookMembers)
	}
	var total uint64
	for _, m := range z.File {
		// Each alone first: the sum could wrap.
		if m.UncompressedSize64 > maxWorkbookBytes {
			return tooLargeUnpacked(m.Name, m.UncompressedSize64)
		}
		if total += m.UncompressedSize64; total > maxWorkbookBytes {
			return tooLargeUnpacked("the workbook", total)
		}
	}
	if total > minRatioBytes && total > maxWorkbookRatio*uint64(len(file)) {
		return fmt.Errorf("the workbook unpacks to %d times its size; refused", total/uint64(len(file)))
	}
	for _, m := range z.File {
		if err := wellFormed(m); err != nil {
			return fmt.Errorf("the workbook is damaged: %s: %w", printable(m.Name, 60), err)
		}
	}
	return nil
}

func tooLargeUnpacked(name string, size uint64) error {
	return fmt.Errorf("%s unpacks to %d bytes, more than %d; refused", printable(name, 60), size, uint64(maxWorkbookBytes))
}

// wellFormed reads a member to its end, which also checks its size and sum. The
// library that reads workbooks takes a member that breaks off for a short one.
func wellFormed(m *zip.File) (err error) {
	name := strings.ToLower(m.Name)
	if m.FileInfo().IsDir() {
		return nil
	}
	r, err := m.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels") {
		_, err := io.CopyN(io.Discard, r, maxWorkbookBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	d := xml.NewDecoder(r)
	for elements := 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if _, ok := token.(xml.StartElement); !ok {
			continue
		}
		if elements++; elements > maxSharedElements && strings.HasSuffix(name, "sharedstrings.xml") {
			return fmt.Errorf("more than %d elements", maxSharedElements)
		}
	}
}
