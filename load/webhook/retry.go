package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one Post or Ping with all its attempts.
type call struct {
	*Hook
	tries int
	after time.Duration // asked for by the last answer
}

// checkRetry decides whether another attempt makes sense.
func (c *call) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	c.tries++
	c.after = 0
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return transient(err), nil
	}
	c.after = retryAfter(resp, c.o.Now())
	return retryable(resp.StatusCode) && c.after <= c.o.MaxRetryAfter, nil
}

// retryable reports whether a status says that the same message may be taken
// later.
func retryable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// transient reports whether a failure may pass, as connections that are
// refused or cut do. A server that cannot prove who it is, and one that sends
// us elsewhere, would do so again.
func transient(err error) bool {
	var (
		redirect *redirectError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	return !errors.As(err, &redirect) && !errors.As(err, &verify) && !errors.As(err, &record) &&
		!errors.As(err, &unknown) && !errors.As(err, &hostname) && !errors.As(err, &invalid)
}

// backoff returns the wait before the next attempt: what the service asked
// for, or one that doubles, a half of it by chance.
func (c *call) backoff(_, _ time.Duration, retry int, _ *http.Response) time.Duration {
	if c.after > 0 {
		return c.after
	}
	wait := c.o.MinWait << min(retry, 5)
	return wait/2 + rand.N(wait/2+1) // #nosec G404 -- jitter is no secret
}

// retryAfter reads how long the service wants to be left alone, in seconds or
// as a date; 0 where it does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	const longest = 24 * time.Hour
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longest)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), longest))
}

// redirectError says where an answer would have sent the message. It names
// hosts only.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// checkRedirect follows a redirect that stays on the host and keeps the
// method: a message that becomes a GET on its way is lost with a success.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from := via[0]
	switch {
	case len(via) > maxRedirects:
		return &redirectError{"too many redirects"}
	case next.URL.Scheme != from.URL.Scheme || !strings.EqualFold(next.URL.Host, from.URL.Host):
		return &redirectError{"redirected to " + next.URL.Scheme + "://" + next.URL.Host + "; refused"}
	case next.Method != from.Method:
		return &redirectError{"redirected in a way that drops the message; refused"}
	}
	return nil
}
