package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const password = "correct horse battery"

var noon = time.Date(2025, time.December, 5, 17, 0, 0, 0, time.UTC)

// postOffice is a mail server on the loopback.
type postOffice struct {
	addr   *net.TCPAddr
	caFile string

	mu      sync.Mutex
	mails   []mailed
	tries   int
	answers []*smtp.SMTPError          // to the next messages, nil for success
	gone    map[string]*smtp.SMTPError // recipients
	auth    error                      // answer to a wrong password
	hangUp  bool                       // takes the next message and says nothing
}

type mailed struct {
	from, user string
	to         []string
	data       string
	secure     bool
}

// open starts a server that asks for a login. Its certificate is for the given
// names; mode implicit speaks TLS from the first byte, plain never.
func open(t *testing.T, mode TLS, names ...string) *postOffice {
	t.Helper()
	cert, caFile := certificate(t, names...)
	p := &postOffice{caFile: caFile, gone: map[string]*smtp.SMTPError{}, auth: smtp.ErrAuthFailed}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{office: p, conn: c}, nil }))
	server.Domain = "mail.example"
	server.AllowInsecureAuth = mode == None
	server.ErrorLog = discard{}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if mode == StartTLS {
		server.TLSConfig = config
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().(*net.TCPAddr)
	if mode == Implicit {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() { _ = server.Serve(l); close(done) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = l.Close() // of a server that was closed before it began
		<-done
	})
	return p
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

type session struct {
	office *postOffice
	conn   *smtp.Conn
	mail   mailed
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		if user != "tidemark" || given != password {
			return s.office.auth
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.mail.user == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.from, s.mail.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refusal := s.office.gone[to]; refusal != nil {
		return refusal
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.tries++
	if len(s.office.answers) > 0 {
		answer := s.office.answers[0]
		s.office.answers = s.office.answers[1:]
		if answer != nil {
			return answer
		}
	}
	s.mail.data = string(b)
	_, s.mail.secure = s.conn.TLSConnectionState()
	s.office.mails = append(s.office.mails, s.mail)
	if s.office.hangUp {
		s.office.hangUp = false
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (p *postOffice) box() []mailed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mails)
}

// certificate makes one that signs itself.
func certificate(t *testing.T, names ...string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: names,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// sender returns a sender to the server, changed by edit.
func (p *postOffice) sender(t *testing.T, mode TLS, edit func(*Config)) *Sender {
	t.Helper()
	c := Config{
		Host: "localhost", Port: p.addr.Port, From: "Tidemark <tidemark@example.org>", To: []string{"ann@example.org", "Bo <bo@example.org>"},
		User: "tidemark", Password: password, TLS: mode, CAFile: p.caFile, Timeout: 20 * time.Second, Now: func() time.Time { return noon },
	}
	if edit != nil {
		edit(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var letter = Message{
	Subject: "2 things are wrong \u2013 Tidemark", Text: "First line.\n.\nA line of one dot.\n", HTML: "<p>First line.</p>", ID: "digest-1@tidemark",
	Attachments: []Attachment{{Name: "facts.csv", Type: "text/csv", Data: []byte("a,b\n1,2\n")}},
}

func TestDeliveredOnceOverTLS(t *testing.T) {
	t.Parallel()
	for _, mode := range []TLS{StartTLS, Implicit, None} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			p := open(t, mode, "localhost")
			if err := p.sender(t, mode, nil).Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			box := p.box()
			if len(box) != 1 || box[0].secure != (mode != None) || box[0].from != "tidemark@example.org" ||
				!slices.Equal(box[0].to, []string{"ann@example.org", "bo@example.org"}) {
				t.Fatalf("got %+v", box)
			}
			m, err := netmail.ReadMessage(strings.NewReader(box[0].data))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{
				"Message-ID": "<digest-1@tidemark>", "Date": "Fri, 05 Dec 2025 17:00:00 +0000", "Auto-Submitted": "auto-generated",
				"From": `"Tidemark" <tidemark@example.org>`, "To": `<ann@example.org>, "Bo" <bo@example.org>`,
			} {
				if got := m.Header.Get(name); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
			for _, part := range []string{"multipart/mixed", "multipart/alternative", "\r\n.\r\nA line of one dot.", "<p>First line.</p>", `filename="facts.csv"`, base64.StdEncoding.EncodeToString([]byte("a,b\n1,2\n"))} {
				if !strings.Contains(box[0].data, part) {
					t.Errorf("the message lacks %q", part)
				}
			}
		})
	}
}

// failed sends and returns the delivery error.
func failed(t *testing.T, s *Sender) *DeliveryError {
	t.Helper()
	err := s.Send(t.Context(), letter)
	d, ok := errors.AsType[*DeliveryError](err)
	if !ok {
		t.Fatalf("got %v, want a delivery error", err)
	}
	if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(password))) {
		t.Errorf("the error shows the password: %v", err)
	}
	return d
}

func TestCertificateThatIsNotTrustedIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mode TLS
		cert string
		ca   bool
		want string
	}{
		"of another host":           {StartTLS, "mail.other.example", true, "valid for mail.other.example, not localhost"},
		"of nobody known":           {StartTLS, "localhost", false, "unknown authority"},
		"of another host, implicit": {Implicit, "mail.other.example", true, "valid for mail.other.example, not localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, tc.mode, tc.cert)
			err := failed(t, p.sender(t, tc.mode, func(c *Config) {
				if !tc.ca {
					_, c.CAFile = certificate(t, "localhost")
				}
			}))
			if !err.Permanent() || !strings.Contains(err.Error(), tc.want) || len(p.box()) != 0 {
				t.Errorf("permanent %v: %v", err.Permanent(), err)
			}
		})
	}
}

func TestServerWithoutTLSIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t, None)
	if err := failed(t, p.sender(t, StartTLS, nil)); !err.Permanent() || !strings.Contains(err.Error(), "does not support STARTTLS") {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	wrong := func(c *Config) { c.Password = "wrong horse" }
	if err := failed(t, p.sender(t, StartTLS, wrong)); !err.Permanent() || err.Code != 535 {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
	// A server that repeats what it was told must not put it into our log.
	p.auth = &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "cannot check wrong horse, sent as " + base64.StdEncoding.EncodeToString([]byte("\x00tidemark\x00wrong horse"))}
	err := failed(t, p.sender(t, StartTLS, wrong))
	if err.Permanent() || err.Code != 454 || strings.Contains(err.Error(), "horse") || !strings.Contains(err.Error(), "cannot check ***, sent as ***") {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
}

func TestRefusalsTellWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	p.answers = []*smtp.SMTPError{
		{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "greylisted"},
		nil,
		{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam\nreally"},
	}
	s := p.sender(t, StartTLS, nil)
	if err := failed(t, s); err.Permanent() || err.Code != 451 {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
	if err := s.Send(t.Context(), letter); err != nil || len(p.box()) != 1 {
		t.Errorf("second try: %v", err)
	}
	if err := failed(t, s); !err.Permanent() || err.Code != 554 || strings.Contains(err.Error(), "\n") {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
	if p.tries != 3 {
		t.Errorf("%d messages were offered, want 3", p.tries)
	}
}

func TestRecipientWhoIsGoneKeepsNothingFromTheOthers(t *testing.T) {
	t.Parallel()
	p := open(t, StartTLS, "localhost")
	p.gone["bo@example.org"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	s := p.sender(t, StartTLS, nil)
	err := s.Send(t.Context(), letter)
	partial, ok := errors.AsType[*PartialError](err)
	if !ok || partial.Delivered != 1 || len(partial.Failed) != 1 || !strings.Contains(err.Error(), "bo@example.org") {
		t.Fatalf("got %v", err)
	}
	if box := p.box(); len(box) != 1 || !slices.Equal(box[0].to, []string{"ann@example.org"}) {
		t.Errorf("got %+v", box)
	}
	p.gone["ann@example.org"] = p.gone["bo@example.org"]
	if err := failed(t, s); !err.Permanent() || err.Code != 550 {
		t.Errorf("nobody is there: %v", err)
	}
}

func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{addr: l.Addr().(*net.TCPAddr)}
	s := p.sender(t, None, nil)

	// It takes the call and says nothing.
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		accepted <- conn
		cancel()
	}()
	err = s.Send(ctx, letter)
	if d, ok := errors.AsType[*DeliveryError](err); !ok || d.Permanent() || !errors.Is(err, context.Canceled) {
		t.Errorf("silent server: %v", err)
	}
	_ = (<-accepted).Close()

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := failed(t, s); err.Permanent() || err.Code != 0 {
		t.Errorf("permanent %v: %v", err.Permanent(), err)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	p := open(t, None)
	s := p.sender(t, None, nil)
	for name, edit := range map[string]func(*Message){
		"subject":    func(m *Message) { m.Subject = "x\r\nBcc: eve@example.org" },
		"line feed":  func(m *Message) { m.Subject = "x\ny" },
		"separator":  func(m *Message) { m.Subject = "x\u2028y" },
		"no subject": func(m *Message) { m.Subject = " " },
		"id":         func(m *Message) { m.ID = "a@b>\r\nBcc: eve@example.org" },
		"no id":      func(m *Message) { m.ID = "" },
		"file name":  func(m *Message) { m.Attachments = []Attachment{{Name: "a\r\nb"}} },
		"folder":     func(m *Message) { m.Attachments = []Attachment{{Name: "../a"}} },
	} {
		m := letter
		edit(&m)
		err := s.Send(t.Context(), m)
		if _, sent := errors.AsType[*DeliveryError](err); err == nil || sent {
			t.Errorf("%s: got %v, want it refused before anybody is asked", name, err)
		}
	}
	if len(p.box()) != 0 {
		t.Error("something was sent")
	}
}

func TestConfigurationThatCannotWork(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*Config){
		"is no mail server's name":      func(c *Config) { c.Host = "smtp://x" },
		"is none of starttls, implicit": func(c *Config) { c.TLS = "ssl" },
		"servers on this machine":       func(c *Config) { c.TLS = None },
		"belong together":               func(c *Config) { c.Password = "" },
		"names nobody":                  func(c *Config) { c.To = nil },
		"control character":             func(c *Config) { c.To = []string{"a@example.org\r\nBcc: eve@example.org"} },
		"from: address":                 func(c *Config) { c.From = "nobody" },
		"out of range":                  func(c *Config) { c.Port = 70000 },
		"read certificates":             func(c *Config) { c.CAFile = "/nowhere/ca.pem" },
		"no certificate in PEM form":    func(c *Config) { c.CAFile = "mail_test.go" },
	} {
		c := Config{Host: "mail.example", From: "a@example.org", To: []string{"b@example.org"}, User: "u", Password: password}
		edit(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	s, err := New(Config{Host: "mail.example", From: "a@example.org", To: []string{"b@example.org"}})
	if err != nil || s.Server() != "mail.example:587" {
		t.Errorf("defaults: %v, %v", s, err)
	}
}
