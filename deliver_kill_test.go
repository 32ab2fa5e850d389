package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// killingServer is a mail server on the loopback that can kill who sends, at a
// point of the conversation.
type killingServer struct {
	port int

	mu    sync.Mutex
	point string
	kill  func()
	box   []string // Message-IDs of what was taken
}

// points are those at which the sender is killed, in their order. Before "taken"
// the server has not all of the message.
var points = []string{"connected", "sender named", "recipient named", "begun", "half", "taken", "answered"}

func startKillingServer(t *testing.T) *killingServer {
	t.Helper()
	k := &killingServer{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		k.at("connected")
		return killingSession{k}, nil
	}))
	server.Domain = "mail.example"
	server.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() { _ = server.Serve(l); close(done) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return k
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// at kills the sender where this is the point.
func (k *killingServer) at(point string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.point == point && k.kill != nil {
		k.kill()
		k.kill = nil
	}
}

// arm says when, and how, the next sender is killed.
func (k *killingServer) arm(point string, kill func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.point, k.kill = point, kill
}

// armed reports whether nobody was killed yet.
func (k *killingServer) armed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kill != nil
}

// taken counts the messages about a session.
func (k *killingServer) taken(session schemas.Date) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, id := range k.box {
		if strings.Contains(id, session.String()) {
			n++
		}
	}
	return n
}

type killingSession struct{ k *killingServer }

func (s killingSession) Mail(string, *smtp.MailOptions) error {
	s.k.at("sender named")
	return nil
}

func (s killingSession) Rcpt(string, *smtp.RcptOptions) error {
	s.k.at("recipient named")
	return nil
}

func (s killingSession) Data(r io.Reader) error {
	s.k.at("begun")
	head := make([]byte, 2000)
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	s.k.at("half")
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err // it never came to its end
	}
	_, id, _ := strings.Cut(string(head), "Message-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	s.k.mu.Lock()
	s.k.box = append(s.k.box, id)
	s.k.mu.Unlock()
	s.k.at("taken")
	return nil
}

func (s killingSession) Reset()        {}
func (s killingSession) Logout() error { s.k.at("answered"); return nil }

// deliveredOnce sends the workbooks of several sessions of a demonstration by
// mail, each time by a process that is killed on its way, and then by one that is
// not: the server takes each of them once.
func deliveredOnce(t *testing.T, dir, cfg string) {
	t.Helper()
	k := startKillingServer(t)
	text, err := os.ReadFile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	// In the folder of the other: they share the warehouse.
	cfg = filepath.Join(dir, "deliver.yaml")
	write(t, cfg, string(text)+fmt.Sprintf("\ndeliver:\n  - name: morning\n    workbook: {sheets: [Concentration], years: 1}\n"+
		"    email: {host: 127.0.0.1, port: %d, tls: none, from: tidemark@example.org, to: [ann@example.org]}\n", k.port))
	_, release := warehouseOf(t, dir) // one engine for all that follows
	defer release()

	if out := must(t, "deliver", "-c", cfg, "--dry-run"); !strings.Contains(out, "due") || !strings.Contains(out, "ann@example.org") || k.taken(schemas.NewDate(2025, time.December, 5)) != 0 {
		t.Fatalf("the dry run says:\n%s", out)
	}
	session := schemas.NewDate(2025, time.December, 8)
	next := func() schemas.Date {
		session = calendar.US().PrevSession(session)
		return session
	}
	// begin starts a process that delivers a session, and returns how to wait for
	// its end and how to bring it about.
	begin := func(day schemas.Date) (wait, kill func()) {
		cmd, _, _ := startProgram(t, "deliver", "-c", cfg, "--date", day.String(), "--now")
		return func() { _ = cmd.Wait() }, func() { _ = cmd.Process.Kill() }
	}
	// after delivers what is left, and returns what the program says of it.
	after := func(day schemas.Date) string {
		k.arm("", nil)
		_, out, errOut := call(t, "deliver", "-c", cfg, "--date", day.String(), "--now")
		if _, again, _ := call(t, "deliver", "-c", cfg, "--date", day.String(), "--now"); !strings.Contains(again, "delivered") && !strings.Contains(again, "uncertain") {
			t.Errorf("%s: at last the delivery is neither delivered nor uncertain:\n%s\n%s", day, again, errOut)
		}
		return out
	}
	var took time.Duration
	for _, point := range points {
		day := next()
		k.arm(point, nil)
		wait, kill := begin(day)
		k.arm(point, kill)
		began := time.Now()
		wait()
		took = time.Since(began)
		if k.armed() {
			t.Errorf("the sender never came to the point %q", point)
		}
		if out := after(day); k.taken(day) != 1 {
			t.Errorf("killed when %s: the server took %d messages, want 1:\n%s", point, k.taken(day), out)
		}
	}
	kills, _ := killsWanted(t)
	lost := 0
	for range kills {
		day := next()
		wait, kill := begin(day)
		timer := time.AfterFunc(rand.N(took+took/2), kill)
		wait()
		timer.Stop()
		out := after(day)
		switch n := k.taken(day); {
		case n == 0 && strings.Contains(out, "uncertain"):
			lost++ // between the line in the ledger and the last bytes: somebody is told
		case n != 1:
			t.Errorf("killed at a random moment: the server took %d messages, want 1:\n%s", n, out)
		}
	}
	t.Logf("killed at %d points and at %d random moments: each message was taken once, but for %d that the ledger calls uncertain", len(points), kills, lost)
	if day := next(); k.taken(day) != 0 || strings.Contains(must(t, "deliver", "-c", cfg, "--date", day.String(), "--dry-run"), "uncertain") {
		t.Errorf("%s: sent by nobody, and yet known", day)
	}
}

// deliveredByServe has a daemon bring the newest workbook by itself.
func deliveredByServe(t *testing.T, dir, cfg string) {
	t.Helper()
	text, err := os.ReadFile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg = filepath.Join(dir, "serve.yaml")
	write(t, cfg, string(text)+"\ndeliver:\n  - {name: shared, folder: {path: share}, workbook: {sheets: [Breadth], years: 1}}\n")
	kill := startDaemon(t, cfg)
	defer kill()
	path := filepath.Join(dir, "share", "shared-2025-12-05.xlsx")
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was delivered in two minutes")
		}
	}
}
