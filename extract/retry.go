package extract

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryable reports whether a status says that the same request may succeed
// later.
func retryable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// checkRetry decides whether another attempt makes sense. It is asked after
// the header of an answer has come or failed to, and again after its body was
// read.
func (f *fetch) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	f.tell(resp, err)
	if err == nil && retryable(resp.StatusCode) {
		f.after = f.retryAfter(resp)
		f.last = &StatusError{Publisher: f.ask.Publisher, URL: f.ask.URL, Code: resp.StatusCode, RetryAfter: f.after}
		if f.after > 0 {
			f.limiter.pause(min(f.after, f.o.MaxRetryAfter))
		}
		// Coming back sooner than told would only annoy the publisher.
		return f.after <= f.o.MaxRetryAfter, nil
	}
	f.after = 0
	f.last = err
	return err != nil && transient(err), nil
}

// tell counts each attempt once, by the status of its answer.
func (f *fetch) tell(resp *http.Response, err error) {
	if f.o.Answered == nil || f.counted == f.attempt {
		return
	}
	f.counted = f.attempt
	code := 0
	if err == nil {
		code = resp.StatusCode
	}
	f.o.Answered(f.ask.Publisher, code)
}

// transient reports whether a failure may pass: connections that are refused,
// cut or too slow, and bodies that end early or do not unpack. That a host's
// name does not exist does not pass; that it cannot be looked up may.
func transient(err error) bool {
	var (
		fixed    *permanentError
		status   *StatusError
		large    *TooLargeError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		lookup   *net.DNSError
	)
	if errors.As(err, &lookup) && lookup.IsNotFound {
		return false
	}
	return !errors.As(err, &fixed) && !errors.As(err, &status) && !errors.As(err, &large) && !errors.As(err, &verify) &&
		!errors.As(err, &record) && !errors.As(err, &unknown) && !errors.As(err, &hostname) && !errors.As(err, &invalid)
}

// backoff returns the wait before the next attempt: what the publisher asked
// for, or a random time below a bound that doubles ("full jitter"), so that
// clients that failed together do not come back together.
func (f *fetch) backoff(_, _ time.Duration, retry int, _ *http.Response) time.Duration {
	bound := f.o.MaxWait
	if retry < 30 && f.o.MinWait<<retry > 0 {
		bound = min(bound, f.o.MinWait<<retry)
	}
	wait := rand.N(bound) // #nosec G404 -- jitter is no secret
	if f.after > 0 {
		wait = f.after + rand.N(f.o.MinWait) // #nosec G404 -- jitter is no secret
	}
	f.o.Log.Warn("request failed; will be sent again", "publisher", f.ask.Publisher, "url", f.ask.URL,
		"attempt", f.attempt, "wait_seconds", wait.Seconds(), "err", f.ask.Secret.hide(f.last).Error())
	return wait
}

// giveUp is called when the attempts are used up, or there is no point in
// another.
func (f *fetch) giveUp(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err == nil {
		err = f.statusError(resp)
	}
	if resp != nil {
		_ = resp.Body.Close()
	}
	return nil, err
}

// retryAfter reads how long the publisher wants to be left alone, 0 where it
// does not say. The wish is a number of seconds or a date.
func (f *fetch) retryAfter(resp *http.Response) time.Duration {
	return parseRetryAfter(resp.Header.Get("Retry-After"), f.o.Now())
}

func parseRetryAfter(text string, now time.Time) time.Duration {
	const longest = 366 * 24 * time.Hour
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	if digits(text) {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(longest/time.Second) {
			return longest
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), longest))
}
