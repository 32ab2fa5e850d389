package mail

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// Message is one mail.
type Message struct {
	Subject string
	Text    string
	HTML    string // the same for readers that show it; may be empty
	// ID becomes the Message-ID, by which a repeated delivery is recognised. It
	// has the form name@domain.
	ID          string
	Attachments []Attachment
	// Inline are pictures that the HTML shows, as <img src="cid:NAME">.
	Inline []Attachment
}

// Attachment is a file that goes with a message.
type Attachment struct {
	Name string // without a folder
	Type string // media type, such as text/csv; default application/octet-stream
	Data []byte
}

// check refuses what would end a header's line and begin another.
func (m Message) check() error {
	name, domain, ok := strings.Cut(m.ID, "@")
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return errors.New("mail: the message has no subject")
	case strings.ContainsFunc(m.Subject, control):
		return fmt.Errorf("mail: subject %q holds a control character", m.Subject)
	case !ok || name == "" || domain == "" || strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '<' || r == '>' }):
		return fmt.Errorf("mail: message ID %q is not of the form name@domain", m.ID)
	}
	for _, a := range slices.Concat(m.Attachments, m.Inline) {
		if a.Name == "" || strings.ContainsAny(a.Name, `/\`) || strings.ContainsFunc(a.Name, control) || strings.ContainsFunc(a.Type, control) {
			return fmt.Errorf("mail: an attachment cannot be called %q", a.Name)
		}
	}
	return nil
}

// control reports runes that have no place in a header.
func control(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029'
}

// build makes the library's message of a checked one.
func (m Message) build(from *netmail.Address, to []*netmail.Address, now time.Time) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to...)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(m.ID)
	// Keeps holiday replies away (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Inline {
		msg.EmbedReadSeeker(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(a.kind()))
	}
	for _, a := range m.Attachments {
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(a.kind()))
	}
	return msg
}

func (a Attachment) kind() gomail.ContentType {
	if a.Type == "" {
		return gomail.TypeAppOctetStream
	}
	return gomail.ContentType(a.Type)
}
