package sandbox

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// The packages of the Data Download Program that are simulated.
const (
	packageCondition = "65cb5d86fcaca4f4a8129301bd9502bd" // consolidated statement of condition
	packageFactors   = "2704b6bc9b50bc034baf9660364dfb26" // factors affecting reserve balances
)

// h41 answers for the Federal Reserve Board: the release page's archive and
// the older download program.
func (w *world) h41(q *request) *answer {
	switch {
	case q.path == "/releases/h41/data/FRB_h41_xml.zip":
		return w.h41Archive(q)
	case q.path == "/datadownload/Output.aspx" && strings.EqualFold(q.query.Get("rel"), "H41"):
		if q.query.Get("filetype") == "zip" {
			return w.h41Archive(q)
		}
		return w.h41CSV(q)
	}
	return notFound()
}

// archive is the packed statement up to a number of weeks.
type archive struct {
	weeks int
	body  []byte
	tag   string
}

const (
	memberData   = "H41_data.xml"
	memberStruct = "H41_struct.xml"
	memberSchema = "H41_H41.xsd"
	memberCommon = "frb_common.xsd"
)

// smallMembers are the members of the archive other than the data. Readers of
// the data need them to be there and nothing in them.
func smallMembers() (map[string]string, []string) {
	const note = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<!-- simulated: the definitions of the real archive stand here -->\n"
	return map[string]string{
		memberStruct: note + `<message:Structure xmlns:message="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message"/>` + "\n",
		memberSchema: note + `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>` + "\n",
		memberCommon: note + `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>` + "\n",
	}, []string{memberStruct, memberSchema, memberCommon}
}

func (w *world) h41Archive(q *request) *answer {
	weeks := w.wednesdays()
	if len(weeks) == 0 {
		return notFound()
	}
	// A correction is posted some time after the release.
	released := w.cal.H41Release(weeks[len(weeks)-1]).Add(time.Duration(w.posts) * time.Minute)
	a := &answer{
		kind:  "application/x-zip-compressed",
		text:  func(out io.Writer) error { return w.writeSDMX(out, weeks, released) },
		pack:  packArchive,
		twist: sdmxTwister(),
		bomb: func() ([]byte, error) {
			small, order := smallMembers()
			var head strings.Builder
			if err := w.writeSDMX(&head, weeks[len(weeks)-1:], released); err != nil {
				return nil, err
			}
			return zipBomb(small, order, memberData, head.String())
		},
	}
	body, tag, err := w.packed(a, len(weeks))
	if err != nil {
		return refused(http.StatusInternalServerError, "text/plain", err.Error())
	}
	a.ready = body
	a.header = map[string]string{"ETag": tag, "Last-Modified": released.UTC().Format(http.TimeFormat), "Accept-Ranges": "none"}
	if notModified(q, tag, released) {
		a.status = http.StatusNotModified
	}
	return a
}

// packed returns the archive for the given number of weeks, packing it when it
// is asked for first.
func (w *world) packed(a *answer, weeks int) (body []byte, tag string, err error) {
	w.memory.archiveMu.Lock()
	defer w.memory.archiveMu.Unlock()
	if held := w.memory.archive; held != nil && held.weeks == weeks {
		return held.body, held.tag, nil
	}
	if body, err = a.render(); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(body)
	tag = strconv.Quote(hex.EncodeToString(sum[:8]))
	w.memory.archive = &archive{weeks, body, tag}
	return body, tag, nil
}

// notModified reports whether the client has what it asks for.
func notModified(q *request, tag string, modified time.Time) bool {
	if match := q.Header.Get("If-None-Match"); match != "" {
		return strings.Contains(match, tag)
	}
	since, err := http.ParseTime(q.Header.Get("If-Modified-Since"))
	return err == nil && !modified.Truncate(time.Second).After(since)
}

func packArchive(w io.Writer, text func(io.Writer) error) error {
	z := zip.NewWriter(w)
	small, order := smallMembers()
	data, err := z.Create(memberData)
	if err != nil {
		return err
	}
	if err := text(data); err != nil {
		return err
	}
	for _, name := range order {
		m, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(m, small[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

func sdmxTwister() *textTwister {
	return &textTwister{
		key: "OBS_VALUE=", to: "OBS_AMOUNT=", extra: `OBS_EXTRA="1" `,
		figure: regexp.MustCompile(`OBS_STATUS="A" OBS_VALUE="(-?[0-9]+)"`),
		day:    regexp.MustCompile(`TIME_PERIOD="(\d{4}-\d{2}-\d{2})"`),
		layout: time.DateOnly,
	}
}

const noValue = "-9999"

// writeSDMX writes the statement of the given Wednesdays in SDMX 1.0.
func (w *world) writeSDMX(out io.Writer, weeks []schemas.Date, released time.Time) error {
	b := bufio.NewWriterSize(out, 1<<16)
	_, err := fmt.Fprintf(b, `<?xml version="1.0" encoding="UTF-8"?>
<message:MessageGroup xmlns="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message" xmlns:message="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message" xmlns:common="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/common" xmlns:frb="http://www.federalreserve.gov/structure/compact/common" xmlns:kf="http://www.federalreserve.gov/structure/compact/H41_H41" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <message:Header>
    <message:ID>H41</message:ID>
    <message:Test>true</message:Test>
    <message:Name>H.4.1 Factors Affecting Reserve Balances%s</message:Name>
    <message:Prepared>%s</message:Prepared>
    <message:Sender id="FRB"><message:Name xml:lang="en">Federal Reserve Board%s</message:Name></message:Sender>
  </message:Header>
  <frb:DataSet id="H41">
`, simulated, released.In(calendar.NewYork()).Format("2006-01-02T15:04:05"), simulated)
	if err != nil {
		return err
	}
	items := statement()
	var line []byte
	for i := range items {
		s := &items[i]
		for _, v := range w.variants(s) {
			var text bytes.Buffer
			if err := xml.EscapeText(&text, []byte(v.text+simulated)); err != nil {
				return err
			}
			_, err := fmt.Fprintf(b, `    <kf:Series CATEGORY="%s" SUBCATEGORY="%s" COMPONENT="%s" CURRENCY="USD" DISTRIBUTION="%s" FREQ="19" SERIESTYPE="L" SERIES_NAME="%s" UNIT="Currency" UNIT_MULT="1000000">
      <frb:Annotations>
        <common:Annotation><common:AnnotationType>Short Description</common:AnnotationType><common:AnnotationText>%s</common:AnnotationText></common:Annotation>
      </frb:Annotations>
`, s.category, s.sub, s.component, s.distribution, v.name, text.Bytes())
			if err != nil {
				return err
			}
			for _, d := range weeks {
				p := v.at(d)
				line = append(line[:0], `      <frb:Obs OBS_STATUS="`...)
				line = append(line, p.status...)
				line = append(line, `" OBS_VALUE="`...)
				if p.status == "A" {
					line = strconv.AppendInt(line, p.value, 10)
				} else {
					line = append(line, noValue...)
				}
				line = append(line, `" TIME_PERIOD="`...)
				line = d.Time().AppendFormat(line, time.DateOnly)
				line = append(line, "\"/>\n"...)
				if _, err := b.Write(line); err != nil {
					return err
				}
			}
			if _, err := b.WriteString("    </kf:Series>\n"); err != nil {
				return err
			}
		}
	}
	if _, err := b.WriteString("  </frb:DataSet>\n</message:MessageGroup>\n"); err != nil {
		return err
	}
	return b.Flush()
}

// variant finds a published series by its name.
func (w *world) variant(name string) (variant, bool) {
	items := statement()
	for i := range items {
		if !strings.HasPrefix(name, items[i].code+"_") {
			continue
		}
		for _, v := range w.variants(&items[i]) {
			if v.name == name {
				return v, true
			}
		}
	}
	return variant{}, false
}

// h41CSV answers as the Data Download Program: six lines of header, then one
// per Wednesday. An unknown package, and the factors with lastobs, give a page
// without content and status 200, as some of the real ones do.
func (w *world) h41CSV(q *request) *answer {
	hash := q.query.Get("series")
	factors := hash == packageFactors
	if hash != packageCondition && !factors || factors && q.query.Get("lastobs") != "" || q.query.Get("filetype") != "csv" {
		return plain("text/html; charset=utf-8", "<html><head><title></title></head><body></body></html>\n")
	}
	weeks := w.wednesdays()
	from, to := schemas.MinDate, schemas.MaxDate
	for name, d := range map[string]*schemas.Date{"from": &from, "to": &to} {
		if text := q.query.Get(name); text != "" {
			day, err := schemas.ParseDateLayout("01/02/2006", text)
			if err != nil {
				return refused(http.StatusBadRequest, "text/html; charset=utf-8", errorPage("400 Bad Request"))
			}
			*d = day
		}
	}
	if last, err := strconv.Atoi(q.query.Get("lastobs")); err == nil && last < len(weeks) {
		weeks = weeks[len(weeks)-last:]
	}
	var chosen []variant
	items := statement()
	for i := range items {
		if factors && !items[i].factors || !factors && !items[i].condition {
			continue
		}
		for _, v := range w.variants(&items[i]) {
			if average := strings.Contains(v.name, "_XAW_"); factors || !average {
				chosen = append(chosen, v)
			}
		}
	}
	return &answer{
		kind:   "text/csv",
		header: map[string]string{"Content-Disposition": `attachment; filename="FRB_H41.csv"`},
		text: func(out io.Writer) error {
			var b bytes.Buffer
			head := func(label string, cell func(v variant) string) {
				fmt.Fprintf(&b, "%q", label)
				for _, v := range chosen {
					fmt.Fprintf(&b, ",%q", cell(v))
				}
				fmt.Fprint(&b, "\r\n")
			}
			head("Series Description", func(v variant) string { return v.text + simulated })
			head("Unit:", func(variant) string { return "Currency" })
			head("Multiplier:", func(variant) string { return "1000000" })
			head("Currency:", func(variant) string { return "USD" })
			head("Unique Identifier: ", func(v variant) string { return "H41/H41/" + v.name })
			head("Time Period", func(v variant) string { return v.name })
			first := true
			for _, d := range weeks {
				if d < from || d > to {
					continue
				}
				if !first {
					fmt.Fprint(&b, "\r\n")
				}
				first = false
				fmt.Fprint(&b, d)
				for _, v := range chosen {
					if p := v.at(d); p.status == "A" {
						fmt.Fprintf(&b, ",%d", p.value)
					} else {
						fmt.Fprintf(&b, ",%s", p.status)
					}
				}
			}
			_, err := out.Write(b.Bytes())
			return err
		},
		twist: &tableTwister{column: chosen[0].name},
	}
}
