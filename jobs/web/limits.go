package web

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one client may ask for. A page that is left open asks every two
// seconds at most; opening one takes about ten requests.
const (
	requestsPerSecond = 25
	requestsAtOnce    = 150
	attemptsAtOnce    = 5 // wrong tokens, before the slow rate below
	attemptEvery      = 6 * time.Second
	maxClients        = 10_000
	maxBody           = 64 << 10
	maxHeader         = 32 << 10
)

// limits holds a limiter for each client address.
type limits struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	clients map[string]*client
}

type client struct {
	limiter *rate.Limiter
	seen    time.Time
}

func newLimits(r rate.Limit, burst int, now func() time.Time) *limits {
	return &limits{rate: r, burst: burst, now: now, clients: map[string]*client{}}
}

// allow takes one request of the client's allowance and reports whether there
// was one left.
func (l *limits) allow(key string) bool {
	now := l.now()
	return l.of(key, now).AllowN(now, 1)
}

// spent reports whether the client has no allowance left, and takes none.
func (l *limits) spent(key string) bool {
	now := l.now()
	return l.of(key, now).TokensAt(now) < 1
}

func (l *limits) of(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.clients[key]
	if !ok {
		if len(l.clients) >= maxClients {
			l.sweep(now)
		}
		c = &client{limiter: rate.NewLimiter(l.rate, l.burst)}
		l.clients[key] = c
	}
	c.seen = now
	return c.limiter
}

// sweep forgets clients whose allowance is full again, and all of them where
// that is not enough: memory is bounded before anything else.
func (l *limits) sweep(now time.Time) {
	for key, c := range l.clients {
		if c.limiter.TokensAt(now) >= float64(l.burst) {
			delete(l.clients, key)
		}
	}
	if len(l.clients) >= maxClients {
		clear(l.clients)
	}
}

// clientOf names the other end of the connection. Headers that claim another
// address are not believed.
func clientOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
