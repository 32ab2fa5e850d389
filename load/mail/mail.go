// Package mail delivers messages to a mail server over SMTP. It speaks TLS
// unless the server is on this machine, tells a refusal that another attempt
// may change from one that it will not, and keeps the password out of errors.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"tidemark/load/loopback"
	"tidemark/load/trust"
)

// TLS says how the connection to the mail server is protected.
type TLS string

// The ways to protect the connection. There is no way that does without when
// the server does not offer it.
const (
	StartTLS TLS = "starttls" // plain at first, then TLS before anything is said; port 587
	Implicit TLS = "implicit" // TLS from the first byte; port 465
	None     TLS = "none"     // for servers on this machine only; port 25
)

// Config says which server takes the mail, from whom and for whom.
type Config struct {
	Host     string
	Port     int // default: the one that belongs to TLS
	From     string
	To       []string
	User     string // empty where the server asks for no login
	Password string
	TLS      TLS    // default StartTLS
	CAFile   string // PEM certificates that are trusted in place of the system's
	// Timeout bounds a delivery whose context has no nearer end; default one minute.
	Timeout time.Duration
	// Now is the clock that dates the messages; default [time.Now].
	Now func() time.Time
}

// Sender delivers messages. It may be used from many goroutines at once; each
// delivery has a connection of its own.
type Sender struct {
	c    Config
	from *netmail.Address
	to   []*netmail.Address
	tls  *tls.Config
}

// New checks the configuration and reads the file of certificates. It asks
// nothing of the server.
func New(c Config) (*Sender, error) {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the clock of those who bring none
	}
	port, known := map[TLS]int{StartTLS: 587, Implicit: 465, None: 25}[c.TLS]
	if c.Port == 0 {
		c.Port = port
	}
	switch {
	case !known:
		return nil, fmt.Errorf("mail: tls %q is none of starttls, implicit, none", string(c.TLS))
	case c.Host == "" || strings.ContainsFunc(c.Host, func(r rune) bool { return r <= ' ' || r == '/' || r == '@' }):
		return nil, fmt.Errorf("mail: host %q is no mail server's name", c.Host)
	case c.Port < 1 || c.Port > 65535:
		return nil, fmt.Errorf("mail: port %d is out of range", c.Port)
	case c.TLS == None && !loopback.Is(c.Host):
		return nil, fmt.Errorf("mail: tls none is for servers on this machine; %s is not", c.Host)
	case (c.User == "") != (c.Password == ""):
		return nil, errors.New("mail: a user and a password belong together")
	case len(c.To) == 0:
		return nil, errors.New("mail: to names nobody")
	}
	s := &Sender{c: c, tls: &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}}
	var err error
	if s.from, err = address(c.From); err != nil {
		return nil, fmt.Errorf("mail: from: %w", err)
	}
	for _, to := range c.To {
		a, err := address(to)
		if err != nil {
			return nil, fmt.Errorf("mail: to: %w", err)
		}
		s.to = append(s.to, a)
	}
	if s.tls.RootCAs, err = trust.Pool(c.CAFile); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return s, nil
}

// address reads an address that fits into a line of a header.
func address(text string) (*netmail.Address, error) {
	if strings.ContainsFunc(text, control) {
		return nil, fmt.Errorf("address %q holds a control character", text)
	}
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", text, err)
	}
	return a, nil
}

// Send delivers one message to all recipients. Its error is a
// [*DeliveryError], or a [*PartialError] where the server would not have some
// of the recipients and the others have the message, or says what is wrong
// with the message. A delivery that seems to have failed may have arrived: who
// repeats it gives the message the same ID.
func (s *Sender) Send(ctx context.Context, m Message) error { return s.SendOnce(ctx, m, nil) }

// SendOnce is Send for a message that must not arrive twice. It calls handing
// when the server has all of the message but its end: from then on it may
// arrive, whatever becomes of this process, and before it cannot. An error of
// handing keeps the server from taking the message. A [DeliveryError] tells by
// Uncertain that the message may have arrived.
func (s *Sender) SendOnce(ctx context.Context, m Message, handing func(context.Context) error) error {
	if err := m.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	refusal := s.deliver(ctx, m, s.to, handing)
	if refusal == nil {
		return nil
	}
	if !refusal.recipient || !refusal.permanent || len(s.to) == 1 {
		return refusal
	}
	// One recipient who is gone must not keep the message from the others.
	partial := &PartialError{}
	for _, to := range s.to {
		if err := s.deliver(ctx, m, []*netmail.Address{to}, handing); err != nil {
			partial.Failed = append(partial.Failed, err)
			continue
		}
		partial.Delivered++
	}
	switch {
	case partial.Delivered == 0:
		return refusal
	case len(partial.Failed) == 0:
		return nil
	}
	return partial
}

// deliver sends the message over a new connection.
func (s *Sender) deliver(ctx context.Context, m Message, to []*netmail.Address, handing func(context.Context) error) *DeliveryError {
	dial, hangUp := s.dialer(ctx)
	defer hangUp()
	client, err := gomail.NewClient(s.c.Host, s.options(dial)...)
	if err != nil {
		return s.failure(ctx, err, true)
	}
	line, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.failure(ctx, err, true)
	}
	t := transaction{client: line, handing: handing}
	if err := t.run(ctx, m.build(s.from, to, s.c.Now()), s.from, to); err != nil {
		e := s.failure(ctx, err, false)
		e.recipient, e.Uncertain = t.step == stepRecipient, t.step == stepEnd && e.Code == 0
		return e
	}
	_ = client.CloseWithSMTPClient(line) // the server has taken the message
	return nil
}

// transaction is one message on its way over a connection.
type transaction struct {
	client  *smtp.Client
	handing func(context.Context) error
	step    step
}

type step int

const (
	stepBegin step = iota
	stepRecipient
	stepBody
	stepEnd // the server may have all of it
)

func (t *transaction) run(ctx context.Context, msg *gomail.Msg, from *netmail.Address, to []*netmail.Address) error {
	if err := t.client.Mail(from.Address); err != nil {
		return err
	}
	t.step = stepRecipient
	for _, a := range to {
		if err := t.client.Rcpt(a.Address); err != nil {
			return fmt.Errorf("recipient %s: %w", a.Address, err)
		}
	}
	t.step = stepBody
	body, err := t.client.Data()
	if err != nil {
		return err
	}
	if _, err := msg.WriteTo(body); err != nil {
		return err
	}
	if t.handing != nil {
		if err := t.handing(ctx); err != nil {
			return err
		}
	}
	t.step = stepEnd
	return body.Close()
}

func (s *Sender) options(dial gomail.DialContextFunc) []gomail.Option {
	policy := gomail.NoTLS // the line itself is encrypted, or stays on this machine
	if s.c.TLS == StartTLS {
		policy = gomail.TLSMandatory
	}
	o := []gomail.Option{
		gomail.WithPort(s.c.Port), gomail.WithTimeout(s.c.Timeout), gomail.WithDialContextFunc(dial), gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(policy),
	}
	if s.c.User == "" {
		return o
	}
	login := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if s.c.TLS == None {
		login = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	return append(o, gomail.WithOpportunisticSMTPAuth(login...), gomail.WithUsername(s.c.User), gomail.WithPassword(s.c.Password))
}

// dialer returns what opens the connection of one delivery. The mail library
// minds the context while it dials and no longer; the connection is cut when
// the context ends.
func (s *Sender) dialer(ctx context.Context) (dial gomail.DialContextFunc, hangUp func()) {
	closing := func() {}
	dial = func(dialing context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(dialing, network, addr)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		closing = func() {
			stop()
			_ = conn.Close() // most often closed by then
		}
		if s.c.TLS != Implicit {
			return conn, nil
		}
		secure := tls.Client(conn, s.tls)
		if err := secure.HandshakeContext(dialing); err != nil {
			return nil, err
		}
		return secure, nil
	}
	return dial, func() { closing() }
}

// Server names the mail server as host:port.
func (s *Sender) Server() string { return net.JoinHostPort(s.c.Host, strconv.Itoa(s.c.Port)) }
