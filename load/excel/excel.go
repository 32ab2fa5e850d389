// Package excel writes a Book as a workbook that can be forwarded as it is: a
// summary in words, figures and charts, a sheet for each family of metrics, who
// moved the indices, when the small were left behind, and what a reader needs in order to trust them: data quality, definitions
// and sources. The same Book always gives the same bytes.
package excel

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"tidemark/load/folder"
	"tidemark/schemas"
)

// Names of the sheets beside those of the families, which stand after the first.
const (
	summarySheet     = "Summary"
	contributorSheet = "Contributors"
	episodeSheet     = "Episodes"
	qualitySheet     = "Data quality"
	definitionSheet  = "Definitions"
	sourceSheet      = "Sources"
)

// workbook is a workbook while it is written.
type workbook struct {
	file     *excelize.File
	book     schemas.Book
	families []*family
	styles   map[style]int
	names    map[string]bool // defined names in use, in lower case
	charts   int
}

// WriteFile makes the workbook the content of the file at path, in one step. The
// folder is made when it is missing. After an error the path holds what it held
// before.
func WriteFile(path string, b schemas.Book) error {
	var inside error
	err := folder.Replace(path, func(w io.Writer) error {
		inside = Write(w, b)
		return inside
	})
	if err != nil && inside == nil {
		return fmt.Errorf("excel: %w", err)
	}
	return err
}

// Write writes the workbook to w. It fails, before anything is written, when a
// fact is of a metric outside the register or has a value that is not a number.
func Write(w io.Writer, b schemas.Book) (err error) {
	families, err := shownFamilies(b)
	if err != nil {
		return err
	}
	x := &workbook{
		file: excelize.NewFile(), book: b, families: families,
		styles: map[style]int{}, names: map[string]bool{},
	}
	defer func() { err = errors.Join(err, x.file.Close()) }()
	x.file.SetZipWriter(newArchive)
	if err := x.build(); err != nil {
		return fmt.Errorf("excel: %w", err)
	}
	if err := x.file.Write(w); err != nil {
		return fmt.Errorf("excel: write the workbook: %w", err)
	}
	return nil
}

// shownFamilies are the families of those sheets that the book asks for.
func shownFamilies(b schemas.Book) ([]*family, error) {
	families, err := gather(b)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(families, func(f *family) bool { return !shownIn(b, f.sheet) }), nil
}

// Sheets lists the sheets that a book may name beside the summary, in their order.
func Sheets() []string {
	var out []string
	for _, l := range familyLooks {
		out = append(out, l.sheet)
	}
	for _, t := range tables {
		out = append(out, t.sheet)
	}
	return out
}

// FamilySheet is the sheet of a family of metrics.
func FamilySheet(family string) string {
	i := slices.IndexFunc(familyLooks, func(l familyLook) bool { return l.id == family })
	return familyLooks[i].sheet
}

// tables are the sheets after those of the families, and what writes each.
var tables = []struct {
	sheet string
	write func(*workbook) error
}{
	{contributorSheet, (*workbook).writeContributors},
	{episodeSheet, (*workbook).writeEpisodes},
	{qualitySheet, (*workbook).writeQuality},
	{definitionSheet, (*workbook).writeDefinitions},
	{sourceSheet, (*workbook).writeSources},
}

// shownIn reports whether a book has a sheet.
func shownIn(b schemas.Book, sheet string) bool {
	return len(b.Sheets) == 0 || slices.Contains(b.Sheets, sheet)
}

func (x *workbook) build() error {
	sheets := []string{summarySheet}
	for _, name := range Sheets() {
		if shownIn(x.book, name) {
			sheets = append(sheets, name)
		}
	}
	if err := x.file.SetSheetName("Sheet1", sheets[0]); err != nil {
		return err
	}
	for _, name := range sheets[1:] {
		if _, err := x.file.NewSheet(name); err != nil {
			return fmt.Errorf("add sheet %s: %w", name, err)
		}
	}
	if err := x.properties(); err != nil {
		return err
	}
	if err := x.writeSummary(); err != nil {
		return fmt.Errorf("sheet %s: %w", summarySheet, err)
	}
	if err := x.writeFamilies(); err != nil {
		return err
	}
	for _, t := range tables {
		if !shownIn(x.book, t.sheet) {
			continue
		}
		if err := t.write(x); err != nil {
			return fmt.Errorf("sheet %s: %w", t.sheet, err)
		}
	}
	x.orderCharts()
	// excelize adds these in the order of a map.
	types := x.file.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	return nil
}

// properties describes the document. Its dates are the knowledge time of the
// book, so that writing it tomorrow gives the same bytes.
func (x *workbook) properties() error {
	at := "" // excelize keeps a fixed date of its own
	if !x.book.KnownAt.IsZero() {
		at = x.book.KnownAt.UTC().Format(time.RFC3339)
	}
	err := x.file.SetDocProps(&excelize.DocProperties{
		Title:          x.title(),
		Subject:        "Market concentration, breadth, size and liquidity as of " + longDate(x.book.AsOf),
		Creator:        "Tidemark",
		LastModifiedBy: "Tidemark",
		Description:    "Written by Tidemark " + clean(x.book.Version),
		Created:        at, Modified: at,
		Language: "en-US",
	})
	if err != nil {
		return fmt.Errorf("document properties: %w", err)
	}
	if err := x.file.SetAppProps(&excelize.AppProperties{Application: "Tidemark"}); err != nil {
		return fmt.Errorf("document properties: %w", err)
	}
	return nil
}

func (x *workbook) title() string {
	if t := strings.TrimSpace(clean(x.book.Title)); t != "" {
		return t
	}
	return "Market structure"
}
