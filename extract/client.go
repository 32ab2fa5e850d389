package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

// Options are what a [Client] is made of. Only Archive must be given.
type Options struct {
	// Archive takes every answer, and gives them back.
	Archive *archive.Archive
	// Offline answers from the archive alone; no socket and no file of the
	// user's is ever opened.
	Offline bool
	// AsOf leaves out, offline, the answers fetched after it. Zero means none.
	AsOf time.Time
	// UserAgent is sent where the request has none of its own; default
	// "tidemark".
	UserAgent string
	// Limits holds how often each publisher may be asked, over all goroutines
	// and hosts. A publisher without a limit is asked at most twice a second,
	// unless it is on this machine.
	Limits map[string]Limit
	// Hosts lists, by publisher, hosts beside the one asked to which it may
	// redirect: "host", or "host:port" where the port is not the scheme's own.
	// An entry "http://host" also allows plain http for that host, which
	// otherwise is for this machine only.
	Hosts map[string][]string
	// Local names servers of our own on this machine, such as simulated
	// publishers: a request to the host "sandbox.localhost" goes to the
	// address that stands beside it here, such as "127.0.0.1:40123". The
	// archive so knows it by one address whatever its port is today. No rate
	// limit holds for these.
	Local map[string]string
	// Timeout bounds one attempt from the connection to the last byte of the
	// body; default 2 minutes.
	Timeout time.Duration
	// Attempts is how often a request is sent at most; default 5.
	Attempts int
	// MinWait and MaxWait bound the growing wait before another attempt;
	// default 1 second and 30 seconds. The wait is drawn from zero to a bound
	// that starts at MinWait and doubles.
	MinWait, MaxWait time.Duration
	// MaxRetryAfter is the longest wait that a publisher may impose; default 2
	// minutes. Where it wants more, the request ends in a [*StatusError] that
	// carries the wish, and it is for the caller to come back.
	MaxRetryAfter time.Duration
	// Now is the clock; default [time.Now].
	Now func() time.Time
	// Answered is told of every attempt, with the status of its answer or 0
	// where none came. It may be called from several goroutines at once. May be
	// nil.
	Answered func(publisher string, status int)
	// Log is told of attempts (debug) and of what is wrong (warn); default
	// nobody.
	Log *slog.Logger
	// Proxy chooses a proxy, as in [http.Transport]; default none.
	Proxy func(*http.Request) (*url.URL, error)
	// Transport takes the place of the network, for tests. Proxy and Local
	// have then no effect on where requests go.
	Transport http.RoundTripper
}

// Limit bounds how often a publisher is asked: Burst requests at once, and
// then one in each Every.
type Limit struct {
	Every time.Duration
	Burst int // 0 means 1
}

// ErrNotArchived is returned, offline, for a request to which the archive has
// no answer.
var ErrNotArchived = errors.New("the archive has no answer")

// Client is the [Getter] used in earnest. It retries what is worth retrying,
// keeps to rate limits, reads every answer to its end into the archive before
// anyone sees it, and keeps secrets out of logs, errors and archive. Its
// methods may be called from any number of goroutines.
type Client struct {
	*shared
	observe []func(*Payload)
}

// shared is what all copies of a client have in common.
type shared struct {
	o         Options
	transport http.RoundTripper // nil offline

	mu      sync.Mutex
	limits  map[string]*limiter
	outages map[string]outage        // by host
	asking  map[string]chan struct{} // by request that may be answered from the archive; closed when it is over
	refused map[refusal]bool         // see Refuse
}

var (
	_ Getter    = (*Client)(nil)
	_ Historian = (*Client)(nil)
	_ Expander  = (*Client)(nil)
)

// NewClient returns a client with the given options.
func NewClient(o Options) (*Client, error) {
	if o.Archive == nil {
		return nil, errors.New("extract: a client needs an archive")
	}
	for publisher, l := range o.Limits {
		if l.Every < 0 || l.Burst < 0 {
			return nil, fmt.Errorf("extract: rate limit of %s: %d at once, one in %s", publisher, l.Burst, l.Every)
		}
	}
	if o.UserAgent == "" {
		o.UserAgent = "tidemark"
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Attempts <= 0 {
		o.Attempts = 5
	}
	if o.MinWait <= 0 {
		o.MinWait = time.Second
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 30 * time.Second
	}
	o.MaxWait = max(o.MaxWait, o.MinWait)
	if o.MaxRetryAfter <= 0 {
		o.MaxRetryAfter = 2 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the clock of those who do not bring one
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &shared{o: o, limits: map[string]*limiter{}, outages: map[string]outage{}, asking: map[string]chan struct{}{}, refused: map[refusal]bool{}}
	if !o.Offline {
		s.transport = o.Transport
		if s.transport == nil {
			s.transport = newTransport(o.Proxy, o.Local, publicNames(o.Hosts))
		}
	}
	return &Client{shared: s}, nil
}

func newTransport(proxy func(*http.Request) (*url.URL, error), local map[string]string, public map[string]bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if _, ours := local[r.URL.Hostname()]; ours || proxy == nil {
				return nil, nil
			}
			return proxy(r)
		},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(addr); err == nil {
				if public[strings.ToLower(host)] {
					guarded := *dialer
					guarded.Control = publicOnly(host)
					return guarded.DialContext(ctx, network, addr)
				}
				addr = cmp.Or(local[host], addr)
			}
			return dialer.DialContext(ctx, network, addr)
		},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    20 * time.Second,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 256 << 10,
		// Bodies are unpacked by this package, within bounds.
		DisableCompression: true,
	}
}

// Observe returns a client that shares everything with c and also reports to
// fn each payload that it hands out, whether new or archived. fn may be called
// from several goroutines at once.
func (c *Client) Observe(fn func(*Payload)) *Client {
	return &Client{shared: c.shared, observe: append(slices.Clip(c.observe), fn)}
}

type originKey struct{}

type origin struct {
	job, dataset string
	window       schemas.Window
}

// WithOrigin notes in the context what requests are made for. It goes into
// their records in the archive.
func WithOrigin(ctx context.Context, job, dataset string, w schemas.Window) context.Context {
	return context.WithValue(ctx, originKey{}, origin{job, dataset, w})
}

// Now is the time by the client's clock.
func (c *Client) Now() time.Time { return c.o.Now() }

// Get gets the answer to a request. What comes back was read to its end, is in
// the archive and is a success. The errors are [*StatusError],
// [*TooLargeError], [*UnreachableError], offline [ErrNotArchived], for a file
// that is not there [io/fs.ErrNotExist], the end of the context, or a failure to connect or to
// store.
func (c *Client) Get(ctx context.Context, r Request) (*Payload, error) {
	a, err := c.newAsk(r)
	if err != nil {
		return nil, err
	}
	rec, sent, err := c.answer(ctx, a)
	if err != nil {
		return nil, err
	}
	return c.handOut(rec, sent), nil
}

// answer also reports whether the answer was sent for this request.
func (c *Client) answer(ctx context.Context, a *ask) (rec archive.Record, sent bool, err error) {
	if err := ctx.Err(); err != nil {
		return rec, false, a.wrap(err)
	}
	if c.o.Offline {
		rec, err = c.archived(ctx, a)
		return rec, false, err
	}
	if !a.ReuseAfter.IsZero() {
		// Who asks at the same time gets the one answer.
		over, err := c.alone(ctx, a)
		if err != nil {
			return rec, false, a.wrap(err)
		}
		defer over()
	}
	if rec, ok := c.reusable(ctx, a); ok {
		return rec, false, nil
	}
	if a.url.Scheme == "file" {
		rec, err = c.readFile(ctx, a)
		return rec, true, err
	}
	return c.fetch(ctx, a)
}

// alone waits until nobody else asks the same.
func (c *Client) alone(ctx context.Context, a *ask) (over func(), err error) {
	key := a.Publisher + " " + a.URL
	for {
		c.mu.Lock()
		other := c.asking[key]
		if other == nil {
			mine := make(chan struct{})
			c.asking[key] = mine
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				delete(c.asking, key)
				close(mine)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-other:
		}
	}
}

func (c *Client) handOut(rec archive.Record, sent bool) *Payload {
	p := &Payload{
		Sent: sent,
		Payload: schemas.Payload{
			Hash: rec.Hash, Publisher: rec.Publisher, Request: rec.Method + " " + rec.URL,
			Status: int64(rec.Status), Bytes: rec.Bytes, FetchedAt: rec.FetchedAt,
		},
		Header: rec.Header,
	}
	if p.Header == nil {
		p.Header = http.Header{}
	}
	p.Open = func() (io.ReadCloser, error) { return c.o.Archive.OpenPayload(rec.Hash) }
	for _, fn := range c.observe {
		fn(p)
	}
	return p
}

// ask is a request that was looked over.
type ask struct {
	Request
	url *url.URL
	max int64 // bytes of the decoded body
}

// newAsk refuses what a request must not be. Its errors do not show an address
// that may hold a secret.
func (c *Client) newAsk(r Request) (*ask, error) {
	if r.Publisher == "" {
		return nil, errors.New("extract: a request without a publisher")
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: the address of a request cannot be read", r.Publisher)
	}
	a := &ask{Request: r, url: u, max: r.MaxBytes}
	if a.max <= 0 {
		a.max = DefaultMaxBytes
	}
	if u.User != nil {
		return nil, fmt.Errorf("%s: the address for %s holds a user or a password; credentials belong into the request's secret", r.Publisher, u.Host)
	}
	if r.Secret.in(r.URL) {
		return nil, fmt.Errorf("%s: the address for %s holds the secret itself", r.Publisher, u.Host)
	}
	for name, values := range r.Header {
		if isCredentialHeader(name) || r.Secret.in(strings.Join(values, " ")) {
			return nil, fmt.Errorf("%s: GET %s: the header %s holds a secret; credentials belong into the request's secret", r.Publisher, r.URL, name)
		}
	}
	switch u.Scheme {
	case "https":
	case "http":
		if !isLoopback(u.Hostname()) && !c.plainHTTP(r.Publisher, u.Host) {
			return nil, a.wrap(fmt.Errorf("plain http is for this machine only; use https, or list http://%s among the publisher's hosts", u.Host))
		}
	case "file":
		if (u.Host != "" && u.Host != "localhost") || !strings.HasPrefix(u.Path, "/") || u.RawQuery != "" {
			return nil, a.wrap(errors.New("a file: address needs a full path and nothing else"))
		}
		if r.Secret.Value != "" {
			return nil, a.wrap(errors.New("a file needs no secret"))
		}
		return a, nil
	default:
		return nil, a.wrap(fmt.Errorf("addresses begin with https:, http: or file:, not %q", u.Scheme))
	}
	if u.Hostname() == "" || u.Fragment != "" {
		return nil, a.wrap(errors.New("the address names no host, or a fragment"))
	}
	if s := r.Secret; s.Value != "" && (s.Query == "") == (s.Header == "") {
		return nil, a.wrap(errors.New("a secret needs the name of a query parameter or of a header, and not both"))
	}
	return a, nil
}

// wrap says whose request failed, and which. The text of err is made safe.
func (a *ask) wrap(err error) error {
	return fmt.Errorf("%s: GET %s: %w", a.Publisher, a.URL, a.Secret.hide(err))
}

func (a *ask) tooLarge() *TooLargeError {
	return &TooLargeError{Publisher: a.Publisher, URL: a.URL, Limit: a.max}
}

// record begins the record of an answer that arrives now.
func (c *Client) record(ctx context.Context, a *ask) archive.Record {
	rec := archive.Record{Publisher: a.Publisher, Method: http.MethodGet, URL: a.URL, FetchedAt: c.o.Now().UTC().Truncate(time.Millisecond)}
	if o, ok := ctx.Value(originKey{}).(origin); ok {
		rec.Job, rec.Dataset, rec.Window = o.job, o.dataset, o.window
	}
	return rec
}
