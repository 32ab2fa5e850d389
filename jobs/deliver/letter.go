package deliver

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"tidemark/load/excel"
	"tidemark/load/mail"
	"tidemark/load/picture"
)

// letter is the mail that goes with a workbook: the summary in words, figures
// and pictures.
type letter struct {
	parcel
	Attached bool
	Link     string
}

const (
	mostFigures   = 6 // of a family
	pictureWidth  = 632
	pictureHeight = 190
)

//go:embed letter.html
var letterHTML string

var letterTemplate = template.Must(template.New("letter").Parse(letterHTML))

type letterPage struct {
	Subject, Title, AsOf, KnownBy string
	Missing                       []string
	Families                      []letterFamily
	File, Link                    string
	Attached                      bool
}

type letterFamily struct {
	excel.BriefFamily
	Picture, ChartTitle string
	Width               int
}

// message writes the letter. Its ID is the same for the same date, so that a
// mailbox that looks for repetitions finds one.
func (l letter) message() (mail.Message, error) {
	m := mail.Message{Subject: l.subject(), Text: l.text(), ID: l.id() + "@tidemark"}
	page := letterPage{
		Subject: m.Subject, Title: l.brief.Title, AsOf: l.brief.AsOf, KnownBy: l.brief.KnownBy, Missing: l.missing, File: l.file, Link: l.Link, Attached: l.Attached,
	}
	for _, f := range l.brief.Families {
		part := letterFamily{BriefFamily: f, ChartTitle: f.Chart.Title, Width: pictureWidth}
		part.Figures = part.Figures[:min(mostFigures, len(part.Figures))]
		png, err := draw(f.Chart)
		switch {
		case errors.Is(err, picture.ErrNothing):
		case err != nil:
			return m, fmt.Errorf("draw %s: %w", f.Name, err)
		default:
			part.Picture = f.ID + ".png"
			m.Inline = append(m.Inline, mail.Attachment{Name: part.Picture, Type: "image/png", Data: png})
		}
		page.Families = append(page.Families, part)
	}
	var b bytes.Buffer
	if err := letterTemplate.Execute(&b, page); err != nil {
		return m, fmt.Errorf("write the letter: %w", err)
	}
	m.HTML = b.String()
	return m, nil
}

func draw(c excel.Curves) ([]byte, error) {
	chart := picture.Chart{Percent: c.Share, Width: pictureWidth, Height: pictureHeight}
	for _, l := range c.Lines {
		chart.Lines = append(chart.Lines, picture.Line{Name: l.Name, Color: l.Color, Days: l.Days, Values: l.Values})
	}
	var b bytes.Buffer
	err := chart.PNG(&b)
	return b.Bytes(), err
}

func (l letter) subject() string {
	return strings.Join(strings.Fields(l.brief.Title+", "+l.brief.AsOf), " ")
}

// text is the letter for readers that show no HTML.
func (l letter) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nAs of %s. What was known by %s.\n\n", l.brief.Title, l.brief.AsOf, l.brief.KnownBy)
	if len(l.missing) > 0 {
		fmt.Fprintf(&b, "Not there yet: %s.\n\n", strings.Join(l.missing, "; "))
	}
	for _, f := range l.brief.Families {
		fmt.Fprintf(&b, "%s\n\n", f.Headline)
	}
	switch {
	case l.Link != "":
		fmt.Fprintf(&b, "The workbook: %s\n", l.Link)
	case l.Attached:
		fmt.Fprintf(&b, "The workbook %s is attached.\n", l.file)
	default:
		fmt.Fprintf(&b, "The workbook %s is too large for mail.\n", l.file)
	}
	return b.String()
}
