package clickhouse

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/schemas"
)

// Finding is what Diagnose has found out about one thing. An error says what to do.
type Finding struct {
	Check, Note string
	Err         error
}

const (
	// oldestMajor and oldestMinor are the oldest version of the server that is
	// worked with.
	oldestMajor, oldestMinor = 25, 3
	// mostSkew is how far the server's clock may be from this machine's: whether a
	// process still lives is told by how old its newest sign of life is.
	mostSkew = 5 * time.Second
	// greetingTime is how long a server has to answer the first word.
	greetingTime = 5 * time.Second
)

// Codes of the server's errors.
const (
	codeSyntax           = 62
	codeUnknownUser      = 192
	codeWrongPassword    = 193
	codeRequiredPassword = 194
	codeNotAuthenticated = 516
)

// Diagnose looks at a server step by step, as far as each lets the next be looked at:
// whether something listens at each address, whether that speaks the native protocol with
// or without TLS, whether it knows the user, how old it is, how its clock goes and what
// the user may do. It changes nothing.
func Diagnose(ctx context.Context, o Options) []Finding {
	var found []Finding
	reached := Options{}
	for _, addr := range o.Addr {
		err := reach(ctx, addr, o.TLS)
		if err == nil {
			only := o
			only.Addr = []string{addr}
			if err = speaks(ctx, only); err == nil && reached.Addr == nil {
				reached = only
			}
		}
		note := "speaks the native protocol"
		if o.TLS != nil {
			note += " with TLS"
		}
		found = append(found, Finding{"address " + addr, note, err})
	}
	if reached.Addr == nil {
		return found
	}
	w, err := Open(ctx, reached)
	found = append(found, Finding{"user " + o.User, "is known", refusedLogin(o.User, err)})
	if err != nil {
		return found
	}
	defer func() { _ = w.Close() }()
	return append(found, w.age(ctx), w.clock(ctx), w.rights(ctx, o.User))
}

// reach connects to an address.
func reach(ctx context.Context, addr string, config *tls.Config) error {
	dialer := &net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	var dns *net.DNSError
	var late net.Error
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("there is no host %s (%w): the name in warehouse.dsn is wrong, or this machine's name server does not know it", dns.Name, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens there (%w): see whether the server runs, and whether the port is that of the native protocol (9000, with TLS 9440)", err)
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf("nobody answers (%w): a firewall may stand between, or the host is down", err)
	case err != nil:
		return err
	}
	defer func() { _ = conn.Close() }()
	if config == nil {
		return nil
	}
	return secure(ctx, conn, addr, config)
}

// secure agrees on TLS, and says why that could not be.
func secure(ctx context.Context, conn net.Conn, addr string, config *tls.Config) error {
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	err := tls.Client(conn, config).HandshakeContext(ctx)
	var plain tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &plain):
		return fmt.Errorf("the port speaks without TLS (%w): use the one with TLS, 9440 by default, or leave secure=true out of warehouse.dsn", err)
	case errors.As(err, &authority):
		return fmt.Errorf("its certificate is signed by nobody whom this machine trusts (%w): put the certificate of that authority into a file and name it in warehouse.ca", err)
	case errors.As(err, &name):
		return fmt.Errorf("its certificate is for another name (%w): use that name in warehouse.dsn", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("its certificate is out of date, or a clock is wrong (%w): renew it, or set the clock", err)
	case err != nil:
		return fmt.Errorf("agree on TLS: %w", err)
	}
	return nil
}

// speaks holds what listens at an address against the native protocol. That it
// refuses the user is no fault of the address.
func speaks(ctx context.Context, o Options) error {
	asked, cancel := context.WithTimeout(ctx, greetingTime)
	defer cancel()
	o.MaxConns = 1
	client, err := ch.Dial(asked, newConnections(o).each) // once, where Open would wait for a server that is being restarted
	if err == nil {
		return client.Close()
	}
	if _, answered := ch.AsException(err); answered {
		return nil
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	dial := dialer.DialContext
	if o.TLS != nil {
		dial = (&tls.Dialer{NetDialer: dialer, Config: o.TLS}).DialContext
	} else if conn, e := (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", o.Addr[0]); e == nil { //nolint:gosec // nothing is said over it
		_ = conn.Close()
		return fmt.Errorf("the port speaks with TLS (%w): add ?secure=true to warehouse.dsn, or use the one without, 9000 by default", err)
	}
	conn, e := dial(ctx, "tcp", o.Addr[0])
	if e != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(greetingTime)) //nolint:forbidigo // the network's own
	if _, e := conn.Write([]byte("GET /ping HTTP/1.0\r\n\r\n")); e == nil {
		head := make([]byte, 5)
		if _, e := conn.Read(head); e == nil && bytes.HasPrefix(head, []byte("HTTP/")) {
			return fmt.Errorf("the port speaks HTTP (%w): use that of the native protocol, 9000 by default and 9440 with TLS", err)
		}
	}
	return fmt.Errorf("what listens there does not speak ClickHouse's native protocol (%w): see whether the port is right", err)
}

func refusedLogin(user string, err error) error {
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		switch e.Code {
		case codeUnknownUser, codeWrongPassword, codeRequiredPassword, codeNotAuthenticated:
			return fmt.Errorf("the server does not let %q in (%w): see whether user and password in warehouse.dsn are right, and whether the user may come from this host", user, err)
		}
	}
	return err
}

// age holds the server's version against the oldest that is worked with.
func (w *Warehouse) age(ctx context.Context) Finding {
	v, err := w.Version(ctx)
	f := Finding{"version", "ClickHouse " + v, err}
	if err == nil {
		f.Err = oldVersion(v)
	}
	return f
}

func oldVersion(v string) error {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) < 2 {
		return fmt.Errorf("the version %q cannot be read", v)
	}
	major, e1 := strconv.Atoi(parts[0])
	minor, e2 := strconv.Atoi(parts[1])
	if err := errors.Join(e1, e2); err != nil {
		return fmt.Errorf("the version %q cannot be read: %w", v, err)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Errorf("ClickHouse %s is too old: %d.%d or newer is needed", v, oldestMajor, oldestMinor)
	}
	return nil
}

// clock holds the server's clock against this machine's.
func (w *Warehouse) clock(ctx context.Context) Finding {
	f := Finding{Check: "clock"}
	var theirs int64
	before := w.now()
	if f.Err = w.row(ctx, "SELECT toUnixTimestamp64Milli(now64(3))", nil, &theirs); f.Err != nil {
		return f
	}
	ours := before.Add(w.now().Sub(before) / 2)
	skew := time.UnixMilli(theirs).Sub(ours).Round(time.Millisecond)
	f.Note = fmt.Sprintf("%s apart", skew.Abs())
	if skew.Abs() > mostSkew {
		f.Err = fmt.Errorf("the server's clock and this machine's are %s apart: let both follow a time server, for which process still lives is told by the clock", skew.Abs())
	}
	return f
}

// loaderRights are what the user must be allowed to do in each database.
var loaderRights = []string{"SELECT", "INSERT", "ALTER", "CREATE TABLE", "CREATE VIEW", "DROP TABLE", "DROP VIEW"}

// rights asks whether the user may do what the pipeline does.
func (w *Warehouse) rights(ctx context.Context, user string) Finding {
	f := Finding{Check: "rights", Note: "all that are needed"}
	missing := map[string]bool{}
	var order []string
	for _, database := range schemas.Databases() {
		for _, right := range loaderRights {
			var granted uint8
			err := w.row(ctx, "CHECK GRANT "+right+" ON "+schemas.QuoteName(database)+".*", nil, &granted)
			if e, ok := errors.AsType[*clickhouse.Exception](err); ok && e.Code == codeSyntax {
				f.Note = "this version cannot be asked"
				return f
			}
			if err != nil {
				f.Err = fmt.Errorf("ask for the rights: %w", err)
				return f
			}
			if granted == 0 && !missing[database] {
				missing[database], order = true, append(order, database)
			}
		}
	}
	if len(order) > 0 {
		grants := make([]string, len(order))
		for i, database := range order {
			grants[i] = fmt.Sprintf("GRANT %s ON %s.* TO %s", strings.Join(loaderRights, ", "), database, schemas.QuoteName(user))
		}
		f.Err = fmt.Errorf("the user %q may not do all that is needed: let an administrator run %s", user, strings.Join(grants, "; "))
	}
	return f
}
