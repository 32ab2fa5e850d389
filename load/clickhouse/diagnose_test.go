package clickhouse

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidemark/load/engine/enginetest"
)

// TestDiagnose has a server that can be worked with, and every way in which one cannot.
// Each says what is wrong, and what to do.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	loader, reader := e.Loader(), e.BI()
	good := Options{Addr: []string{loader.Addr}, User: loader.User, Password: loader.Password}
	if w, err := Open(t.Context(), good); err != nil {
		t.Fatal(err)
	} else if _, err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Options)) Options {
		o := good
		change(&o)
		return o
	}
	trusted := newAuthority(t)
	sound := trusted.certificate(t, "localhost", time.Hour)
	secured := tlsBefore(t, loader.Addr, sound)
	trusting := func(a *authority) *tls.Config { return &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12} }
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	for _, c := range []struct {
		name  string
		o     Options
		check string // that fails; empty where none does
		says  string
	}{
		{"all is well", good, "", ""},
		{"with TLS", with(func(o *Options) { o.Addr, o.TLS = []string{"localhost:" + secured}, trusting(trusted) }), "", ""},
		{"nothing listens", with(func(o *Options) { o.Addr = []string{"127.0.0.1:1"} }), "address", "nothing listens there"},
		{"the second of two", with(func(o *Options) { o.Addr = []string{loader.Addr, "127.0.0.1:1"} }), "address", "nothing listens there"},
		{"HTTP", with(func(o *Options) { o.Addr = []string{page.Listener.Addr().String()} }), "address", "speaks HTTP"},
		{"something else", with(func(o *Options) { o.Addr = []string{silent(t)} }), "address", "does not speak ClickHouse's native protocol"},
		{"TLS, not configured", with(func(o *Options) { o.Addr = []string{"localhost:" + secured} }), "address", "add ?secure=true"},
		{"TLS, not there", with(func(o *Options) { o.TLS = trusting(trusted) }), "address", "speaks without TLS"},
		{"an authority unknown", with(func(o *Options) { o.Addr, o.TLS = []string{"localhost:" + secured}, trusting(newAuthority(t)) }), "address", "warehouse.ca"},
		{"another name", with(func(o *Options) { o.Addr, o.TLS = []string{"127.0.0.1:" + secured}, trusting(trusted) }), "address", "for another name"},
		{"out of date", with(func(o *Options) {
			o.Addr, o.TLS = []string{"localhost:" + tlsBefore(t, loader.Addr, trusted.certificate(t, "localhost", -time.Hour))}, trusting(trusted)
		}), "address", "out of date"},
		{"a wrong password", with(func(o *Options) { o.Password = "wrong" }), "user", "does not let"},
		{"clocks apart", with(func(o *Options) { o.Now = func() time.Time { return time.Now().Add(-time.Minute) } }), "clock", "apart"},
		{"a reader", with(func(o *Options) { o.User, o.Password = reader.User, reader.Password }), "rights", "GRANT SELECT, INSERT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			failed := ""
			for _, f := range Diagnose(t.Context(), c.o) {
				if f.Err == nil {
					continue
				}
				failed += f.Check + ": " + f.Err.Error() + "\n"
				if !strings.HasPrefix(f.Check, c.check) || c.check == "" || !strings.Contains(f.Err.Error(), c.says) {
					t.Errorf("%s: %v", f.Check, f.Err)
				}
				if strings.Contains(f.Err.Error(), good.Password) {
					t.Error("the password is repeated")
				}
			}
			if (failed == "") != (c.check == "") {
				t.Errorf("failed: %q, want %q", failed, c.check)
			}
		})
	}
}

func TestOldVersion(t *testing.T) {
	t.Parallel()
	for v, old := range map[string]bool{"26.7.3.1": false, "25.3.1.2": false, "25.2.9.1": true, "24.12.1.1": true, "x": true, "25.x": true} {
		if err := oldVersion(v); (err != nil) != old {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

// certificate signs one for a host, which ends so much later.
func (a *authority) certificate(t *testing.T, host string, ends time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(ends)}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tlsBefore puts TLS before a server, and returns the port.
func tlsBefore(t *testing.T, addr string, cert tls.Certificate) (port string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, func(conn net.Conn) {
		server, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer func() { _ = server.Close() }()
		go func() { _, _ = io.Copy(server, conn); _ = server.Close() }()
		_, _ = io.Copy(conn, server)
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// silent is a server that hangs up whatever it is told.
func silent(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, func(net.Conn) {})
	return l.Addr().String()
}

func serve(t *testing.T, l net.Listener, handle func(net.Conn)) {
	t.Helper()
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			}()
		}
	}()
}
