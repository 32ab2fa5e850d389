package excel

import (
	"fmt"
	"math"
	"strings"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// One font, few greys, one accent for each family.
const (
	fontName = "Calibri"
	monoName = "Consolas"
	inkColor = "1F2933"
	dimColor = "6B7785"
	lineGrey = "E3E7EB"
	ruleGrey = "9AA5B1"
	gapFill  = "F1F3F5" // behind a cell whose fact has no value
	badColor = "B42318"
)

// style is what a cell looks like. The zero style is plain text.
type style struct {
	format string // number format; empty for text
	color  string // of the text; ink when empty
	fill   string
	size   float64 // points; 10 when zero
	bold   bool
	italic bool
	mono   bool
	wrap   bool
	right  bool
	left   bool
	line   bool   // thin line below
	rule   string // colour of a stronger line below
	start  bool   // thin line at the left: a group of columns begins
	top    bool   // aligned at the top
	bottom bool   // aligned at the bottom
	indent int
}

const (
	dateFormat   = "yyyy-mm-dd"
	momentFormat = "yyyy-mm-dd hh:mm"
	countFormat  = "#,##0"
)

// styleID returns the number of the style in the workbook.
func (x *workbook) styleID(s style) (int, error) {
	if id, ok := x.styles[s]; ok {
		return id, nil
	}
	font := &excelize.Font{Family: fontName, Size: 10, Color: inkColor, Bold: s.bold, Italic: s.italic}
	if s.size != 0 {
		font.Size = s.size
	}
	if s.color != "" {
		font.Color = s.color
	}
	if s.mono {
		font.Family = monoName
	}
	e := &excelize.Style{Font: font, Alignment: &excelize.Alignment{Vertical: "center", WrapText: s.wrap, Indent: s.indent}}
	switch {
	case s.top:
		e.Alignment.Vertical = "top"
	case s.bottom:
		e.Alignment.Vertical = "bottom"
	}
	switch {
	case s.right:
		e.Alignment.Horizontal = "right"
	case s.left, s.indent > 0:
		e.Alignment.Horizontal = "left"
	}
	if s.fill != "" {
		e.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{s.fill}}
	}
	switch {
	case s.rule != "":
		e.Border = append(e.Border, excelize.Border{Type: "bottom", Color: s.rule, Style: 2})
	case s.line:
		e.Border = append(e.Border, excelize.Border{Type: "bottom", Color: lineGrey, Style: 1})
	}
	if s.start {
		e.Border = append(e.Border, excelize.Border{Type: "left", Color: ruleGrey, Style: 1})
	}
	if s.format != "" {
		e.CustomNumFmt = &s.format
	}
	id, err := x.file.NewStyle(e)
	if err != nil {
		return 0, fmt.Errorf("cell style: %w", err)
	}
	x.styles[s] = id
	return id, nil
}

// digits is the number format with the given digits after the point.
func digits(decimals int) string {
	if decimals == 0 {
		return countFormat
	}
	return countFormat + "." + strings.Repeat("0", decimals)
}

// formatOf is the number format of a metric: shares as percentages, all else
// in its own unit with the digits of the register.
func formatOf(m schemas.Metric) string {
	if m.Unit == "fraction" {
		return strings.TrimPrefix(digits(m.Decimals), "#,##") + " %"
	}
	return digits(m.Decimals)
}

// changeFormat is the number format of a change: with its sign, unless it is
// shown as zero; changes of shares are stored and shown in percentage points.
func changeFormat(m schemas.Metric, v float64) string {
	d := digits(m.Decimals)
	if m.Unit == "fraction" {
		d += `" pp"`
	}
	if math.Abs(v) < 0.5*math.Pow10(-m.Decimals) {
		return d + ";" + d
	}
	return "+" + d + ";-" + d
}
