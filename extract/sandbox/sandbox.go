// Package sandbox simulates the publishers: one HTTP server that speaks the
// wire format of each of them over one market that was drawn from a seed. The
// demonstration, the tests, the load tests and the fault tests all fetch from
// it with the code that fetches from the real ones.
//
// The same [Config] gives the same bytes. Every answer carries the header
// X-Simulated, and the names of funds, companies and series end in
// "(simulated)", so that no figure of the sandbox can be taken for a real one.
//
// What is published when follows [Config.Now]: what is not out yet is absent
// in the way in which each publisher is absent. [Sandbox.Inject] makes an
// answer go wrong, the Revise methods let publishers correct themselves, and
// [Truth] tells what really happened.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Config says which market to simulate. The zero Config is a usable one.
type Config struct {
	// Seed of everything that is drawn.
	Seed uint64
	// Securities is the number of lines ever listed, at least 60; default 800.
	Securities int
	// Sizes of the indices; by default those of the real ones, or less where
	// there are fewer securities.
	Sizes Sizes
	// From and To are the first and the last day of the market, both
	// included. To is by default the last day before Now in New York, or
	// 2025-12-31 where there is no Now; From is by default four years earlier.
	From, To schemas.Date
	// Now decides what is already published. By default everything is.
	Now func() time.Time
	// Calendar of sessions and release days; by default the built-in one.
	Calendar *calendar.Calendar
}

const (
	defaultSecurities = 800
	minSecurities     = 60
	defaultYears      = 4
)

func (c Config) withDefaults() (Config, error) {
	if c.Calendar == nil {
		c.Calendar = calendar.US()
	}
	if c.Securities == 0 {
		c.Securities = defaultSecurities
	}
	if c.Securities < minSecurities {
		return c, fmt.Errorf("sandbox: %d securities are too few; a market needs at least %d", c.Securities, minSecurities)
	}
	c.Sizes = c.Sizes.withDefaults(c.Securities)
	if c.To == 0 {
		c.To = schemas.NewDate(2025, time.December, 31)
		if c.Now != nil {
			c.To = schemas.DateOf(c.Now().In(calendar.NewYork())) - 1
		}
	}
	if c.From == 0 {
		c.From = c.To.AddYears(-defaultYears) + 1
	}
	if c.From >= c.To || c.From < calendar.First || c.To > calendar.Last {
		return c, fmt.Errorf("sandbox: the market cannot run from %s to %s", c.From, c.To)
	}
	return c, nil
}

// Sandbox is a set of simulated publishers. It is safe for concurrent use.
type Sandbox struct {
	world    atomic.Pointer[world]
	revising sync.Mutex // one correction at a time

	faults faultList

	countMu sync.Mutex
	counts  map[string]map[string]int

	server   *http.Server
	listener net.Listener
	stopping chan struct{} // closed by Close: ends stalled answers
	stopOnce sync.Once
	served   chan struct{} // closed when the server has ended
}

// New draws a market. It takes some tens of nanoseconds for each security and
// session.
func New(c Config) (*Sandbox, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMarket(&c)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{counts: map[string]map[string]int{}, stopping: make(chan struct{})}
	s.world.Store(&world{cal: c.Calendar, now: c.Now, market: m, fed: newFed(m), memory: &memory{}})
	return s, nil
}

// Start serves the publishers on a loopback address such as "127.0.0.1:0". An
// empty address means that. It returns once connections are accepted.
func (s *Sandbox) Start(addr string) error {
	if s.listener != nil {
		return errors.New("sandbox: already started")
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("sandbox: address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("sandbox: address %q is not on this machine; use 127.0.0.1", addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.listener = l
	s.server = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.server.Serve(l) // ends with ErrServerClosed when Close is called
	}()
	return nil
}

// Close stops the server and ends answers under way. It may be called twice,
// and before Start.
func (s *Sandbox) Close() error {
	s.stopOnce.Do(func() { close(s.stopping) })
	if s.server == nil {
		return nil
	}
	err := s.server.Close()
	<-s.served
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

// URL is the address of the started server.
func (s *Sandbox) URL() string {
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// Base is the address that stands for a publisher's own: a source whose base
// address is set to it asks the sandbox in place of the publisher. The names
// are those of [Publishers]. Where a publisher has several hosts, such as
// FRED's API and its graphs, one address stands for all. Before Start it is
// only the path under which [Sandbox.Handler] answers.
func (s *Sandbox) Base(publisher string) string { return s.URL() + "/" + publisher }

// Publishers lists the simulated publishers by the names of their folders.
func Publishers() []string {
	return []string{"fiscaldata", "fred", "h41", "ishares", "nyfed", "ofr", "polygon", "sec", "sp500", "ssga", "stooq", "tiingo", "vendor", "yahoo"}
}

// Requests returns how often each path was asked for, by publisher. Faulty
// answers count.
func (s *Sandbox) Requests() map[string]map[string]int {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	out := make(map[string]map[string]int, len(s.counts))
	for publisher, paths := range s.counts {
		out[publisher] = maps.Clone(paths)
	}
	return out
}

func (s *Sandbox) count(publisher, path string) {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	if s.counts[publisher] == nil {
		s.counts[publisher] = map[string]int{}
	}
	s.counts[publisher][path]++
}

// Handler answers for all publishers, each under the path of its name.
func (s *Sandbox) Handler() http.Handler {
	routes := map[string]func(*world, *request) *answer{
		"fiscaldata": (*world).fiscaldata,
		"fred":       (*world).fred,
		"h41":        (*world).h41,
		"ishares":    (*world).ishares,
		"nyfed":      (*world).nyfed,
		"ofr":        (*world).ofr,
		"polygon":    (*world).polygon,
		"sec":        (*world).sec,
		"sp500":      (*world).sp500,
		"ssga":       (*world).ssga,
		"stooq":      (*world).stooq,
		"tiingo":     (*world).tiingo,
		"vendor":     (*world).vendor,
		"yahoo":      (*world).yahoo,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Simulated", "Tidemark sandbox: nothing here is real")
		publisher, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		route, known := routes[publisher]
		if !known {
			s.welcome(w, r)
			return
		}
		q := &request{Request: r, publisher: publisher, path: "/" + rest, query: r.URL.Query()}
		s.count(publisher, q.path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "the sandbox only answers GET", http.StatusMethodNotAllowed)
			return
		}
		s.serve(w, q, func() *answer { return route(s.world.Load(), q) })
	})
}

// welcome tells people what they are looking at.
func (s *Sandbox) welcome(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	m := s.world.Load().market
	plain("text/plain; charset=utf-8", fmt.Sprintf(
		"Tidemark sandbox: simulated publishers. Nothing here is real.\n\nseed %d, %d securities, %s to %s\n\n/%s\n",
		uint64(m.seed), len(m.lines), m.from, m.to, strings.Join(Publishers(), "\n/"),
	)).send(w, &request{Request: r})
}
