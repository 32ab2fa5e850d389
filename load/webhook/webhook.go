// Package webhook tells a web service something: a message as JSON, or a sign
// of life. The address is a credential, as it is with Slack and with
// dead-man's switches, so only its host is ever named.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"tidemark/load/loopback"
)

// Options say how hard a [Hook] tries. The zero value will do.
type Options struct {
	Timeout  time.Duration // of one attempt; default 10 seconds
	Attempts int           // default 3
	// MinWait is the wait before the second attempt, and doubles; default 1 second.
	MinWait time.Duration
	// MaxRetryAfter is the longest wait that the service may impose; default 30
	// seconds. Where it wants more, the call ends with the wish in its [*Error].
	MaxRetryAfter time.Duration
	// Now is the clock; default [time.Now].
	Now func() time.Time
	// Proxy chooses a proxy, as in [http.Transport]; default none.
	Proxy func(*http.Request) (*url.URL, error)
	// Transport takes the place of the network, for tests.
	Transport http.RoundTripper
}

// Hook is one address. It may be used from many goroutines at once.
type Hook struct {
	address *url.URL
	o       Options
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 10

// maxRedirects bounds how often the service may send the client elsewhere on
// its own host.
const maxRedirects = 3

// New checks the address and asks nothing of it. The address is https, unless
// it is on this machine.
func New(address string, o Options) (*Hook, error) {
	// The parser's error repeats the address.
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("webhook: the address cannot be read; it looks like https://host/path")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())) {
		return nil, fmt.Errorf("webhook: the address on %s is not https", u.Host)
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	if o.MinWait <= 0 {
		o.MinWait = time.Second
	}
	if o.MaxRetryAfter <= 0 {
		o.MaxRetryAfter = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the clock of those who bring none
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.Proxy = o.Proxy
		o.Transport = t
	}
	return &Hook{address: u, o: o}, nil
}

// Host names the service, and nothing that is secret.
func (h *Hook) Host() string { return h.address.Host }

// String is the host, so that a hook that is printed gives nothing away.
func (h *Hook) String() string { return h.address.Host }

// GoString is the host.
func (h *Hook) GoString() string { return h.address.Host }

// Post sends the payload as JSON. An error is an [*Error], unless the payload
// has no JSON form. A message whose acknowledgement was lost is sent again.
func (h *Hook) Post(ctx context.Context, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("webhook: write the message for %s: %w", h.Host(), err)
	}
	return h.send(ctx, http.MethodPost, body)
}

// Ping gives a sign of life: a GET whose answer does not matter beyond its
// being a success.
func (h *Hook) Ping(ctx context.Context) error { return h.send(ctx, http.MethodGet, nil) }

// send makes the attempts of one call.
func (h *Hook) send(ctx context.Context, method string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, h.address.String(), bytes.NewReader(body))
	if err != nil {
		return h.failure(ctx, err, 0)
	}
	req.Header.Set("User-Agent", "tidemark")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	retry, err := retryablehttp.FromRequest(req)
	if err != nil {
		return h.failure(ctx, err, 0)
	}
	c := &call{Hook: h}
	client := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: h.o.Transport, CheckRedirect: checkRedirect, Timeout: h.o.Timeout},
		RetryMax:     h.o.Attempts - 1,
		CheckRetry:   c.checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(retry)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return h.failure(ctx, err, c.tries)
	}
	// Reading a success to its end lets the connection be used again.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return h.refusal(resp, string(answer), c.tries)
	}
	return nil
}
