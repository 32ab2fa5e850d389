package alert

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Digest is one message to one channel: everything that the channel is to be
// told at a moment.
type Digest struct {
	// ID is the same when the same is told again, because it is not known
	// whether it arrived.
	ID     string
	Open   []schemas.Incident // what is wrong
	Over   []schemas.Incident // what was told before and is over
	Page   string             // address of the house's page; may be empty
	Sender string             // name of the house in the subject
}

// mostListed bounds the lines of a message, not what counts as told.
const mostListed = 20

// NewDigest gathers what a channel is to be told now. There is nothing while
// the last message to it is younger than Rules.Every.
func NewDigest(now time.Time, channel string, known []schemas.Incident, r Rules) (Digest, bool) {
	d := Digest{Sender: "Tidemark"}
	var says strings.Builder
	says.WriteString(channel)
	for _, i := range slices.SortedFunc(slices.Values(known), byWeight) {
		was, knows := last(i, channel)
		if knows && within(now, was.at, r.Every) {
			return Digest{}, false
		}
		what, ok := news(now, i, channel, r)
		if !ok {
			continue
		}
		if what == isOver {
			d.Over = append(d.Over, i)
		} else {
			d.Open = append(d.Open, i)
		}
		fmt.Fprintf(&says, "\n%s %s after %s %s", i.ID, what, was.what, was.at)
	}
	if len(d.Open)+len(d.Over) == 0 {
		return Digest{}, false
	}
	sum := sha256.Sum256([]byte(says.String()))
	d.ID = hex.EncodeToString(sum[:12])
	return d, true
}

// byWeight puts what is worse and older first.
func byWeight(x, y schemas.Incident) int {
	return cmp.Or(cmp.Compare(rank(y.Severity), rank(x.Severity)), x.Opened.Compare(y.Opened), cmp.Compare(x.Key, y.Key), cmp.Compare(x.ID, y.ID))
}

// Noted returns the given lines with the mark that the channel was told what
// the digest says, those that it says nothing of left out. The lines may be
// newer than the digest.
func (d Digest) Noted(known []schemas.Incident, channel string, at time.Time) []schemas.Incident {
	said := map[string]string{}
	for _, i := range d.Open {
		said[i.ID] = string(i.Severity)
	}
	for _, i := range d.Over {
		said[i.ID] = isOver
	}
	var out []schemas.Incident
	for _, i := range known {
		what, ok := said[i.ID]
		if !ok {
			continue
		}
		i = mark(i, told{channel, what, at})
		newer := at.UTC().Truncate(time.Millisecond)
		if !newer.After(i.At) {
			newer = i.At.Add(time.Millisecond)
		}
		i.At = newer
		out = append(out, i)
	}
	return out
}

// Subject says in a line what it is about.
func (d Digest) Subject() string {
	const most = 90
	open, over := len(d.Open), len(d.Over)
	switch {
	case open == 1 && over == 0:
		return d.Sender + ": " + short(d.Open[0].Message, most)
	case open == 0 && over == 1:
		return d.Sender + ": over: " + short(d.Over[0].Message, most)
	case over == 0:
		return fmt.Sprintf("%s: %d things are wrong", d.Sender, open)
	case open == 0:
		return fmt.Sprintf("%s: %d things are over", d.Sender, over)
	}
	return fmt.Sprintf("%s: %d wrong, %d over", d.Sender, open, over)
}

// Text says it in plain words.
func (d Digest) Text() string {
	var b strings.Builder
	for n, s := range d.sections() {
		if n > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n", s.Title)
		for _, i := range s.Items {
			fmt.Fprintf(&b, "- %s\n  %s\n", i.Message, i.When)
		}
		if s.More > 0 {
			fmt.Fprintf(&b, "- and %d more\n", s.More)
		}
	}
	if len(d.Open) > 0 {
		b.WriteString("\nWhat to do next: run `tidemark status`, which says more.\n")
	}
	if d.Page != "" {
		fmt.Fprintf(&b, "The page: %s\n", d.Page)
	}
	return b.String()
}

//go:embed digest.html
var digestHTML string

var digestTemplate = template.Must(template.New("digest").Parse(digestHTML))

// HTML says the same for mail readers that show it. It fetches nothing.
func (d Digest) HTML() (string, error) {
	var b bytes.Buffer
	err := digestTemplate.Execute(&b, struct {
		Title    string
		Sections []section
		Open     bool
		Page     string
	}{d.Subject(), d.sections(), len(d.Open) > 0, d.Page})
	if err != nil {
		return "", fmt.Errorf("write the message as HTML: %w", err)
	}
	return b.String(), nil
}

type section struct {
	Title string
	Color string
	Items []item
	More  int
}

type item struct{ Message, When string }

func (d Digest) sections() []section {
	var out []section
	add := func(title, color string, incidents []schemas.Incident, when func(schemas.Incident) string) {
		if len(incidents) == 0 {
			return
		}
		s := section{Title: title, Color: color, More: max(0, len(incidents)-mostListed)}
		for _, i := range incidents[:min(len(incidents), mostListed)] {
			s.Items = append(s.Items, item{i.Message, when(i)})
		}
		out = append(out, s)
	}
	add("What is wrong", "#b42318", d.Open, func(i schemas.Incident) string {
		if i.Severity == schemas.SeverityWarning {
			return "a warning, since " + clock(i.Opened)
		}
		return "since " + clock(i.Opened)
	})
	add("What is over", "#067647", d.Over, func(i schemas.Incident) string {
		return "from " + clock(i.Opened) + " to " + clock(i.Resolved)
	})
	return out
}

var newYork = calendar.NewYork()

// clock writes a time as people in New York read it.
func clock(t time.Time) string { return t.In(newYork).Format("Mon 2 Jan 2006 15:04 MST") }
