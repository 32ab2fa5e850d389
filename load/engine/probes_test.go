package engine_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// probeWait bounds how long a probe listens for an answer that need not come.
const probeWait = 150 * time.Millisecond

// hello is the first packet of the native protocol.
func hello(user, password string) []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b := []byte{0}
	b = text(b, "probe")
	for _, n := range []uint64{26, 7, 54460} { // version, protocol
		b = binary.AppendUvarint(b, n)
	}
	b = text(b, "system")
	b = text(b, user)
	return text(b, password)
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp4", addr)
	if err != nil {
		t.Fatalf("the engine does not listen any more: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// send writes something, listens for a moment and closes.
func send(t *testing.T, addr string, bytes []byte) {
	t.Helper()
	conn := dial(t, addr)
	_, _ = conn.Write(bytes) // it may be cut off: that is the engine's right
	_ = conn.SetReadDeadline(time.Now().Add(probeWait))
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

// reset writes something and tears the connection down.
func reset(t *testing.T, addr string, bytes []byte) {
	t.Helper()
	conn := dial(t, addr)
	_, _ = conn.Write(bytes)
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

func logIn(t *testing.T, a engine.Access) {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{a.Addr}, Auth: clickhouse.Auth{Username: a.User, Password: a.Password}, DialTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Errorf("%s could log in", a.User)
	}
	_ = conn.Close()
}

// shakeHands offers TLS.
func shakeHands(t *testing.T, addr string) {
	t.Helper()
	conn := tls.Client(dial(t, addr), &tls.Config{ServerName: "x"})
	ctx, cancel := context.WithTimeout(t.Context(), probeWait)
	defer cancel()
	if conn.HandshakeContext(ctx) == nil {
		t.Errorf("%s speaks TLS", addr)
	}
	_ = conn.Close()
}

// Each of these is what a network does to a server sooner or later. Without a
// terminal as its standard input, most of them end the engine.
func TestHostileConnections(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	loader := e.Loader()
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	good := hello(loader.User, loader.Password)
	huge := binary.AppendUvarint([]byte{0}, 1<<60)
	probes := []struct {
		name string
		do   func()
	}{
		{"wrong password", func() {
			logIn(t, engine.Access{Addr: loader.Addr, User: loader.User, Password: "wrong"})
		}},
		{"unknown user", func() { logIn(t, engine.Access{Addr: loader.Addr, User: "nobody", Password: "x"}) }},
		{"default user", func() { logIn(t, engine.Access{Addr: loader.Addr, User: "default"}) }},
		{"connect and leave", func() { reset(t, loader.Addr, nil) }},
		{"noise", func() { send(t, loader.Addr, noise(4096)) }},
		{"half a hello", func() { send(t, loader.Addr, good[:len(good)/2]) }},
		{"reset in the hello", func() { reset(t, loader.Addr, good[:len(good)/2]) }},
		{"reset after the hello", func() { reset(t, loader.Addr, good) }},
		{"string without end", func() { send(t, loader.Addr, huge) }},
		{"number without end", func() { send(t, loader.Addr, []byte(strings.Repeat("\xff", 4096))) }},
		{"noise after the hello", func() { send(t, loader.Addr, append(slices.Clip(good), noise(4096)...)) }},
		{"HTTP on the native port", func() { send(t, loader.Addr, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) }},
		{"TLS on the native port", func() { shakeHands(t, loader.Addr) }},
		{"native on the HTTP port", func() { send(t, loader.HTTPAddr, good) }},
		{"TLS on the HTTP port", func() { shakeHands(t, loader.HTTPAddr) }},
		{"header without end", func() {
			send(t, loader.HTTPAddr, []byte("GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 1<<20)))
		}},
		{"reset in a result", func() { resetInResult(t, loader) }},
	}
	pid := e.Pid()
	for round := range 3 {
		for _, probe := range probes {
			probe.do()
			if n := countOnce(t, loader); n != 1 {
				t.Fatalf("round %d, %s: the engine answers %d", round+1, probe.name, n)
			}
		}
	}
	if e.Pid() != pid || e.Restarts() != 0 {
		t.Errorf("the engine was restarted %d times", e.Restarts())
	}
}

func countOnce(t *testing.T, a engine.Access) uint64 {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{a.Addr}, Auth: clickhouse.Auth{Username: a.User, Password: a.Password}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return count(t, conn, "SELECT count() FROM system.one")
}

// resetInResult tears a connection down while the server sends rows.
func resetInResult(t *testing.T, a engine.Access) {
	t.Helper()
	var raw *net.TCPConn
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{a.Addr}, Auth: clickhouse.Auth{Username: a.User, Password: a.Password}, MaxOpenConns: 1,
		DialContext: func(context.Context, string) (net.Conn, error) {
			raw = dial(t, a.Addr)
			return raw, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(100000000000)")
	if err != nil || !rows.Next() {
		t.Fatalf("no rows to leave: %v", err)
	}
	_ = raw.SetLinger(0)
	_ = raw.Close()
	_ = rows.Close()
	_ = conn.Close()
}
