package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// DeliveryError says that a server did not take a message.
type DeliveryError struct {
	Server string // host:port
	Code   int    // the server's answer; 0 where there was none
	Err    error
	// Uncertain says that the server had the whole message and did not answer: it
	// may have taken it.
	Uncertain bool

	permanent bool
	recipient bool // it is a recipient that was refused
}

func (e *DeliveryError) Error() string {
	return fmt.Sprintf("mail: deliver to %s: %v", e.Server, e.Err)
}

// Unwrap returns what went wrong.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Permanent reports that another attempt would end in the same way: the server
// said so, or it cannot be trusted.
func (e *DeliveryError) Permanent() bool { return e.permanent }

// PartialError says that the server would not have some of the recipients,
// while the others have the message.
type PartialError struct {
	Delivered int // recipients who have it
	Failed    []*DeliveryError
}

func (e *PartialError) Error() string {
	parts := make([]string, len(e.Failed))
	for i, f := range e.Failed {
		parts[i] = f.Error()
	}
	return fmt.Sprintf("mail: %d recipients have the message, %d do not: %s", e.Delivered, len(e.Failed), strings.Join(parts, "; "))
}

// failure describes the end of a delivery. While the connection is set up,
// what is neither the network nor an answer is a server that lacks what is
// asked of it, such as STARTTLS, and will lack it again.
func (s *Sender) failure(ctx context.Context, err error, setUp bool) *DeliveryError {
	e := &DeliveryError{Server: s.Server(), Err: s.clean(ctx, err)}
	if sent, ok := errors.AsType[*gomail.SendError](err); ok {
		e.Code = sent.ErrorCode()
	} else if answer, ok := errors.AsType[*textproto.Error](err); ok {
		e.Code = answer.Code
	}
	switch {
	case ctx.Err() != nil:
	case untrusted(err):
		e.permanent = true
	case e.Code != 0:
		e.permanent = e.Code >= 500
	case setUp:
		e.permanent = !broken(err)
	}
	return e
}

// untrusted reports whether the server could not prove who it is.
func untrusted(err error) bool {
	var (
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &unknown) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

// broken reports whether the connection could not be made or did not last.
func broken(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// clean takes the password out of an error, in the forms in which it goes over
// the wire: a server may repeat what it was sent. An error that shows it loses
// its identity. The end of the context is told rather than the closed
// connection in which it shows.
func (s *Sender) clean(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text := err.Error()
	shown := text
	if p := s.c.Password; p != "" {
		encode := base64.StdEncoding.EncodeToString
		for _, form := range []string{encode([]byte("\x00" + s.c.User + "\x00" + p)), encode([]byte(p)), p} {
			shown = strings.ReplaceAll(shown, form, "***")
		}
	}
	if shown = oneLine(shown); shown == text {
		return err
	}
	return errors.New(shown)
}

// oneLine makes a text of a server fit for a log.
func oneLine(text string) string {
	const most = 500
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return text
}
