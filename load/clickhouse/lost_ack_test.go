package clickhouse

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/schemas"
)

// cutter is a TCP proxy before the server. Once armed, it lets the first
// connection that sends more than a query's worth of bytes send on but keeps
// the answers back; when told that the server has the rows, it cuts that
// connection. So the rows arrive and their acknowledgement does not.
type cutter struct {
	l      net.Listener
	server string
	wg     sync.WaitGroup

	mu     sync.Mutex
	armed  bool
	held   net.Conn      // the client's side of the connection whose answers are kept back
	caught chan struct{} // closed when there is one
}

// dataBytes is more than any query text has and less than the rows of the tests.
const dataBytes = 32 << 10

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{l: l, server: server, caught: make(chan struct{})}
	c.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.wg.Wait()
	})
	return c
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var answers sync.WaitGroup
	answers.Go(func() {
		defer client.Close()
		buf := make([]byte, 4096)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if c.holds(client) {
				continue // read by nobody
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	buf := make([]byte, 4096)
	for sent := 0; ; {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		c.mu.Lock()
		if c.armed {
			if sent += n; sent > dataBytes && c.held == nil {
				c.held = client
				close(c.caught)
			}
		}
		c.mu.Unlock()
		if _, err := server.Write(buf[:n]); err != nil {
			break
		}
	}
	_ = server.Close()
	answers.Wait()
}

func (c *cutter) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

func (c *cutter) holds(client net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held == client
}

// cut ends the connection whose answers were kept back.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	_ = c.held.Close()
}

// TestLostAcknowledgement loses the answer to the insert of a swap after the
// server has stored the rows. The insert is sent again and adds nothing.
func TestLostAcknowledgement(t *testing.T) {
	direct := fresh(t)
	a := sharedEngine(t).Loader()
	proxy := newCutter(t, a.Addr)
	w, err := Open(t.Context(), Options{Addr: []string{proxy.l.Addr().String()}, User: a.User, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var staged []uint64 // rows in the staging table when the acknowledgement was lost
	done := make(chan struct{})
	w.at = func(step string) {
		switch step {
		case "created":
			proxy.arm()
			go func() {
				defer close(done)
				<-proxy.caught
				staged = append(staged, stagedRows(t, direct))
				proxy.cut()
			}()
		case "inserted":
			<-done
		}
	}
	const n = 5000
	win := schemas.CutYear.Window("IVV", day2025)
	res, err := Replace(t.Context(), w, schemas.Holdings, build(win), holdings("IVV", day2025, n, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(staged) != 1 || staged[0] != n {
		t.Fatalf("when the acknowledgement was lost the server had %v rows, want %d", staged, n)
	}
	if !res.Changed {
		t.Error("the swap went unnoticed")
	}
	holds(t, direct, "IVV", n, 1)
	clean(t, direct)
}

// stagedRows waits until the one staging table has rows and returns how many.
func stagedRows(t *testing.T, w *Warehouse) uint64 {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		var n uint64
		err := w.row(context.Background(), "SELECT ifNull(sum(rows), 0) FROM system.parts WHERE active AND database = 'ops' AND startsWith(table, 'stage_')", nil, &n)
		if err != nil {
			t.Error(err)
			return 0
		}
		if n > 0 {
			return n
		}
	}
	t.Error("the rows never arrived")
	return 0
}

// TestInsertTwice shows what the token of an insert does, and that one insert
// is one part however many blocks it is sent in.
func TestInsertTwice(t *testing.T) {
	w := fresh(t)
	const table = "stage_by_hand"
	into := qualified("ops", table)
	if err := w.createStaging(t.Context(), schemas.Holdings.Dataset, into); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.dropStaging(context.Background(), table); err != nil {
			t.Error(err)
		}
	})
	rows := holdings("IVV", day2025, insertBlock+10, 1)
	for _, c := range []struct {
		token       string
		rows, parts uint64
	}{
		{"a", insertBlock + 10, 1},
		{"a", insertBlock + 10, 1},       // a repetition
		{"b", 2 * (insertBlock + 10), 2}, // the same rows, meant a second time
	} {
		if err := insert(t.Context(), w, schemas.Holdings, into, c.token, rows); err != nil {
			t.Fatal(err)
		}
		var n, parts uint64
		if err := w.row(t.Context(), "SELECT sum(rows), count() FROM system.parts WHERE active AND database = 'ops' AND table = '"+table+"'", nil, &n, &parts); err != nil {
			t.Fatal(err)
		}
		if n != c.rows || parts != c.parts {
			t.Errorf("after token %s: %d rows in %d parts, want %d in %d", c.token, n, parts, c.rows, c.parts)
		}
	}
}

// TestAlteredOnTheWay changes the staged rows behind the swap's back: what the
// server holds is not what was sent, and the window keeps its old rows.
func TestAlteredOnTheWay(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 1))
	w.at = func(step string) {
		if step != "inserted" {
			return
		}
		for _, table := range stagings(t, w) {
			if err := insert(t.Context(), w, schemas.Holdings, qualified("ops", table), "foreign", holdings("IVV", day2025, 1, 9)); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := Replace(t.Context(), w, schemas.Holdings, build(year2025), holdings("IVV", day2025, 30, 2)); err == nil {
		t.Error("31 rows passed for 30")
	}
	holds(t, w, "IVV", 40, 1)
	clean(t, w)
}

// TestUnreachable names the server and says what happened, within the time
// that the caller has.
func TestUnreachable(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = Open(ctx, Options{Addr: []string{addr}, User: "loader", Password: "secret"})
	if err == nil {
		t.Fatal("a closed port answers")
	}
	for _, want := range []string{addr, "loader", "connection refused", context.DeadlineExceeded.Error()} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%q gives the password away", err)
	}
}
