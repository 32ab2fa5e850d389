package sandbox

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

const ssgaDay = "02-Jan-2006"

// ssga answers for the daily holdings workbooks. There is only the newest.
func (w *world) ssga(q *request) *answer {
	m := regexp.MustCompile(`/holdings-daily-us-en-([a-z]+)\.xlsx$`).FindStringSubmatch(q.path)
	if m == nil {
		return notFound()
	}
	f, known := fundByTicker(strings.ToUpper(m[1]))
	t := w.lastSession(w.cal.HoldingsKnown)
	if !known || f.product != "" || f.index == "" || t < 0 {
		return notFound()
	}
	rows := w.ssgaRows(f, t)
	return &answer{
		kind: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		// The text is the sheet as CSV; packing makes a workbook of it.
		text: func(out io.Writer) error {
			c := csv.NewWriter(out)
			if err := c.WriteAll(rows); err != nil {
				return err
			}
			return c.Error()
		},
		pack:  packWorkbook,
		twist: &tableTwister{column: "Weight", day: regexp.MustCompile(`As of (\d{2}-[A-Z][a-z]{2}-\d{4})`), layout: ssgaDay},
		bomb: func() ([]byte, error) {
			return zipBomb(workbookMembers(), workbookOrder(), workbookSheet, sheetHead)
		},
	}
}

// ssgaRows is the sheet: four lines of preamble, the table, and small print.
func (w *world) ssgaRows(f fund, t int) [][]string {
	lines, total := w.shareLines(f, t)
	lines = append(lines, w.contra(f, t)...)
	cash := position{
		name: "US DOLLAR", ticker: "-", cusip: "999USDZ92", sedol: "-", sector: "-",
		value: cents(total * .0015 * w.market.seed.unit(streamHoldings, t, 1)),
	}
	cash.quantity = cash.value
	lines = append(lines, cash)
	sortPositions(lines)
	weigh(lines)
	rows := [][]string{
		{"Fund Name:", f.name + simulated},
		{"Ticker Symbol:", f.ticker},
		{"Holdings:", "As of " + w.market.days[t].Time().Format(ssgaDay)},
		{""},
		{"Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"},
	}
	for i := range lines {
		p := &lines[i]
		sector := p.sector
		if f.index == indexLarge {
			sector = "-"
		}
		rows = append(rows, []string{
			p.name, dotted(p.ticker), p.cusip, p.sedol, strconv.FormatFloat(p.weight, 'f', 6, 64), sector,
			strconv.FormatFloat(p.quantity, 'f', -1, 64), "USD",
		})
	}
	for range 3 {
		rows = append(rows, []string{""})
	}
	for _, text := range []string{
		"These holdings are simulated. Nothing in this workbook is real.",
		"Weights and shares held are those of a market drawn from a seed.",
	} {
		rows = append(rows, []string{text, "", "", "", "", "", "", ""})
	}
	for range 90 {
		rows = append(rows, []string{"", "", "", "", "", "", "", ""})
	}
	return rows
}

// contra lists the lines that stand for shares of companies taken over within
// the last week.
func (w *world) contra(f fund, t int) []position {
	var out []position
	m := w.market
	for _, sp := range m.indices[f.index].spells {
		s := m.lines[sp.line]
		if s.gone != sp.to || s.failed || sp.to > t || sp.to <= t-5 {
			continue
		}
		number := 2600000 + s.id
		out = append(out, position{
			name: "CONTRA " + strings.ToUpper(s.name), ticker: fmt.Sprintf("%dD", number), cusip: s.cusip[:6] + "C9" + s.cusip[8:],
			sedol: "-", sector: "-", class: classEquity, quantity: math100(m.outstanding(s, s.gone-1) * s.float * f.share), value: 1,
			accrual: schemas.NoDate,
		})
	}
	return out
}

// math100 cuts a number of shares to whole hundreds.
func math100(x float64) float64 { return float64(int64(x/100)) * 100 }

// The workbook is written by hand: the publisher's has shared strings, and
// numbers as Java prints them.

const (
	workbookSheet = "xl/worksheets/sheet1.xml"
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetHead     = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetTail     = `</sheetData></worksheet>`
	stringsHead   = xmlHead + `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`
	stringsTail   = `</sst>`
	stringsName   = "xl/sharedStrings.xml"
)

func workbookMembers() map[string]string {
	const (
		main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
		rel  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		pack = "http://schemas.openxmlformats.org/package/2006/"
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	return map[string]string{
		"[Content_Types].xml": xmlHead + `<Types xmlns="` + pack + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + kind + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + kind + `worksheet+xml"/>` +
			`<Override PartName="/xl/sharedStrings.xml" ContentType="` + kind + `sharedStrings+xml"/><Override PartName="/xl/styles.xml" ContentType="` + kind + `styles+xml"/></Types>`,
		"_rels/.rels":     xmlHead + `<Relationships xmlns="` + pack + `relationships"><Relationship Id="rId1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": xmlHead + `<workbook xmlns="` + main + `" xmlns:r="` + rel + `"><sheets><sheet name="holdings" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": xmlHead + `<Relationships xmlns="` + pack + `relationships"><Relationship Id="rId1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + rel + `/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="` + rel + `/styles" Target="styles.xml"/></Relationships>`,
		"xl/styles.xml": xmlHead + `<styleSheet xmlns="` + main + `"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills>` +
			`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs></styleSheet>`,
		stringsName: stringsHead + stringsTail,
	}
}

func workbookOrder() []string {
	return []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", stringsName}
}

// packWorkbook makes a workbook of a sheet written as CSV. Cells of the columns
// Weight and Shares Held are numbers where they hold some.
func packWorkbook(out io.Writer, text func(io.Writer) error) error {
	var b bytes.Buffer
	if err := text(&b); err != nil {
		return err
	}
	r := csv.NewReader(&b)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	sheet, shared := sheetOf(rows)
	members := workbookMembers()
	members[stringsName] = shared
	z := zip.NewWriter(out)
	for _, name := range append(workbookOrder(), workbookSheet) {
		content := members[name]
		if name == workbookSheet {
			content = sheet
		}
		m, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(m, content); err != nil {
			return err
		}
	}
	return z.Close()
}

func sheetOf(rows [][]string) (sheet, shared string) {
	var cells, list strings.Builder
	cells.WriteString(sheetHead)
	list.WriteString(stringsHead)
	known := map[string]int{}
	refer := func(s string) int {
		i, ok := known[s]
		if !ok {
			i = len(known)
			known[s] = i
			list.WriteString("<si><t>")
			_ = xml.EscapeText(&list, []byte(s)) // a builder does not fail
			list.WriteString("</t></si>")
		}
		return i
	}
	var numeric []int
	for i, row := range rows {
		if i > 0 && len(row) == 1 && row[0] == "" {
			continue // no such row in the file
		}
		fmt.Fprintf(&cells, `<row r="%d">`, i+1)
		for j, text := range row {
			at := string(rune('A'+j)) + strconv.Itoa(i+1)
			if slices.Contains(numeric, j) && text != "" && text != "-" {
				if v, err := strconv.ParseFloat(text, 64); err == nil && v-v == 0 { // finite
					text = javaDouble(v)
				}
				fmt.Fprintf(&cells, `<c r="%s"><v>%s</v></c>`, at, text)
				continue
			}
			fmt.Fprintf(&cells, `<c r="%s" t="s"><v>%d</v></c>`, at, refer(text))
		}
		cells.WriteString("</row>")
		if slices.Contains(row, "Shares Held") {
			for j, title := range row {
				if strings.HasPrefix(title, "Weight") || title == "Shares Held" {
					numeric = append(numeric, j)
				}
			}
		}
	}
	cells.WriteString(sheetTail)
	list.WriteString(stringsTail)
	return cells.String(), list.String()
}

// javaDouble prints a number as Java's Double.toString does: 1010957.0, and
// 2.89183866E8 from ten million on.
func javaDouble(v float64) string {
	abs := v
	if abs < 0 {
		abs = -abs
	}
	if abs != 0 && (abs >= 1e7 || abs < 1e-3) {
		s := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		sign := ""
		if exponent[0] == '-' {
			sign = "-"
		}
		return mantissa + "E" + sign + strings.TrimLeft(exponent, "+-0")
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
