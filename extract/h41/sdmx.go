package h41

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"tidemark/extract"
	"tidemark/schemas"
)

// The namespaces of the release's XML. Prefixes are the writer's choice.
const (
	nsMessage = "http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message"
	nsCommon  = "http://www.federalreserve.gov/structure/compact/common"
	nsRelease = "http://www.federalreserve.gov/structure/compact/H41_H41"
)

// freqWednesday is the code of weekly series as of Wednesday.
const freqWednesday = "19"

// maxToken bounds a single tag or text, which the XML decoder keeps whole.
const maxToken = 64 << 10

// maxDepth bounds how deep elements may be nested.
const maxDepth = 16

// ParseXML reads the figures of the release in SDMX 1.0 compact form, as a
// stream. Only the series that keep wants are returned, series by series as they
// stand; Source and Payload are left empty. At least one must be there.
func ParseXML(r io.Reader, keep func(name string) bool) ([]schemas.Observation, error) {
	text, err := extract.Text(r)
	if err != nil {
		return nil, err
	}
	guard := &guard{r: text}
	p := &sdmx{dec: xml.NewDecoder(guard), guard: guard, keep: keep, seen: make(map[string]bool)}
	if err := p.message(); err != nil {
		var syntax *xml.SyntaxError
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
			return nil, errors.New("the XML is cut off before its end")
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("not the XML that was promised: %w", err)
		}
		return nil, err
	}
	if len(p.seen) == 0 {
		return nil, errNothing
	}
	return p.rows, nil
}

// guard ends the XML with an error where one token goes on for too long: the
// decoder would keep all of it.
type guard struct {
	r    io.Reader
	used int
}

func (g *guard) Read(p []byte) (int, error) {
	if g.used > maxToken {
		return 0, fmt.Errorf("a single tag or text is longer than %d bytes", maxToken)
	}
	n, err := g.r.Read(p)
	g.used += n
	return n, err
}

// sdmx reads a message from the outside in; each method reads one kind of
// element up to its end.
type sdmx struct {
	dec   *xml.Decoder
	guard *guard
	depth int
	keep  func(name string) bool
	seen  map[string]bool // series that were met and kept
	rows  []schemas.Observation
}

// next returns the next start or end of an element; nil is the end of the
// input. Text and comments are passed over.
func (p *sdmx) next() (xml.Token, error) {
	for {
		p.guard.used = 0
		token, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch token.(type) {
		case xml.Directive:
			return nil, errors.New("the XML has a DOCTYPE or another directive; refused")
		case xml.StartElement:
			p.depth++
			if p.depth > maxDepth {
				return nil, fmt.Errorf("elements are nested deeper than %d", maxDepth)
			}
			return token, nil
		case xml.EndElement:
			p.depth--
			return token, nil
		}
	}
}

// children calls read for each child of the element just begun.
func (p *sdmx) children(read func(xml.StartElement) error) error {
	for {
		token, err := p.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case nil:
			return io.ErrUnexpectedEOF
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := read(t); err != nil {
				return err
			}
		}
	}
}

// skip reads to the end of the element just begun.
func (p *sdmx) skip() error {
	return p.children(func(xml.StartElement) error { return p.skip() })
}

func (p *sdmx) message() error {
	token, err := p.next()
	if err != nil {
		return err
	}
	root, ok := token.(xml.StartElement)
	if !ok {
		return errors.New("there is no XML element")
	}
	if root.Name.Space != nsMessage || root.Name.Local != "MessageGroup" {
		return fmt.Errorf("the root is %s, not an SDMX 1.0 MessageGroup", show(root.Name))
	}
	sets := 0
	err = p.children(func(e xml.StartElement) error {
		switch {
		case e.Name.Local == "Header" && e.Name.Space == nsMessage:
			return p.skip()
		case e.Name.Local == "DataSet" && (e.Name.Space == nsCommon || e.Name.Space == nsRelease):
			sets++
			return p.dataSet(e)
		}
		return fmt.Errorf("unknown element %s in the message", show(e.Name))
	})
	if err != nil {
		return err
	}
	if sets != 1 {
		return fmt.Errorf("%d data sets where one is expected", sets)
	}
	if token, err = p.next(); err != nil {
		return err
	}
	if token != nil {
		return errors.New("there is something after the end of the XML")
	}
	return nil
}

func (p *sdmx) dataSet(e xml.StartElement) error {
	if id := attribute(e, "id"); id != "H41" {
		return fmt.Errorf("the data set is %.40q, not \"H41\"", id)
	}
	return p.children(func(e xml.StartElement) error {
		switch {
		case e.Name.Local == "Series" && e.Name.Space == nsRelease:
			return p.series(e)
		case e.Name.Local == "Annotations" && e.Name.Space == nsCommon:
			return p.skip()
		}
		return fmt.Errorf("unknown element %s in the data set", show(e.Name))
	})
}

func (p *sdmx) series(e xml.StartElement) error {
	name := attribute(e, "SERIES_NAME")
	if name == "" {
		return errors.New("a series lacks SERIES_NAME")
	}
	if !p.keep(name) {
		return p.skip()
	}
	if p.seen[name] {
		return fmt.Errorf("series %s is there twice", name)
	}
	p.seen[name] = true
	if err := checkUnits(name, attribute(e, "UNIT"), attribute(e, "UNIT_MULT"), attribute(e, "CURRENCY")); err != nil {
		return err
	}
	if f := attribute(e, "FREQ"); f != freqWednesday {
		return fmt.Errorf("%s has the frequency %.20q, not %q (weekly, Wednesday)", name, f, freqWednesday)
	}
	days := make(map[schemas.Date]bool)
	return p.children(func(e xml.StartElement) error {
		switch {
		case e.Name.Local == "Obs" && e.Name.Space == nsCommon:
		case e.Name.Local == "Annotations" && e.Name.Space == nsCommon:
			return p.skip()
		default:
			return fmt.Errorf("unknown element %s in series %s", show(e.Name), name)
		}
		row, err := readObs(name, e)
		if err != nil {
			return err
		}
		if days[row.Date] {
			return fmt.Errorf("%s has two values for %s", name, row.Date)
		}
		days[row.Date] = true
		p.rows = append(p.rows, row)
		return p.skip()
	})
}

var obsAttributes = []string{"OBS_STATUS", "OBS_VALUE", "TIME_PERIOD"}

func readObs(series string, e xml.StartElement) (schemas.Observation, error) {
	for _, a := range e.Attr {
		if !slices.Contains(obsAttributes, a.Name.Local) || a.Name.Space != "" {
			return schemas.Observation{}, fmt.Errorf("%s: an observation has the unknown attribute %s", series, show(a.Name))
		}
	}
	day, err := schemas.ParseDate(attribute(e, "TIME_PERIOD"))
	if err != nil {
		return schemas.Observation{}, fmt.Errorf("%s: TIME_PERIOD: %w", series, err)
	}
	status, ok := findStatus(attribute(e, "OBS_STATUS"))
	if !ok {
		return schemas.Observation{}, fmt.Errorf("%s for %s: OBS_STATUS %.20q is none of %v", series, day, attribute(e, "OBS_STATUS"), statuses)
	}
	value := attribute(e, "OBS_VALUE")
	if value == "" {
		return schemas.Observation{}, fmt.Errorf("%s for %s lacks OBS_VALUE", series, day)
	}
	return observation(series, day, status, value)
}

// attribute returns the value of an attribute without a namespace, empty where
// there is none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func show(n xml.Name) string { return fmt.Sprintf("%.60q of namespace %.90q", n.Local, n.Space) }
