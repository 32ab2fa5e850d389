package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"tidemark/extract/archive"
)

// keptHeaders are those of an answer that go into its record. Nothing else of
// the header reaches publishers, so that an archived answer is the same to
// them as a new one.
var keptHeaders = []string{"Content-Disposition", "Content-Type", "Date", "Etag", "Last-Modified"}

// fetch is one request over the network with all its attempts.
type fetch struct {
	*Client
	ask     *ask
	limiter *limiter
	held    archive.Record // the answer that the publisher may say still holds; zero if there is none
	attempt int            // from 1
	counted int            // the newest attempt that Options.Answered was told of
	rec     archive.Record // of the answer, once there is one
	sent    bool           // whether it came over the network whole
	last    error          // why the last attempt failed
	after   time.Duration  // asked for by the last answer
}

// fetch asks the publisher, and reports whether it sent the answer or said that the
// one in the archive still holds.
func (c *Client) fetch(ctx context.Context, a *ask) (rec archive.Record, sent bool, err error) {
	if err := c.resting(a.url.Host); err != nil {
		return rec, false, a.wrap(err)
	}
	f := &fetch{Client: c, ask: a, limiter: c.limiter(a.Publisher, a.url.Hostname())}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url.String(), nil)
	if err != nil {
		return rec, false, a.wrap(err)
	}
	for name, values := range a.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.o.UserAgent)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if known, ok := c.known(ctx, a); ok {
		f.held = known
		req.Header.Set("If-None-Match", known.Header.Get("Etag"))
	}
	retry, err := retryablehttp.FromRequest(req)
	if err != nil {
		return rec, false, a.wrap(err)
	}
	retry.SetResponseHandler(f.take)
	if err := f.start(ctx); err != nil {
		return rec, false, a.wrap(err)
	}
	resp, err := f.client().Do(retry)
	if resp != nil {
		// The handler has read it; closing again is harmless.
		_ = resp.Body.Close()
	}
	if err != nil {
		return rec, false, f.failure(ctx, err)
	}
	return f.rec, f.sent, nil
}

// client makes the client for this one request. What is costly, the transport
// with its connections, is shared.
func (f *fetch) client() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     &secretTransport{base: f.transport, secret: f.ask.Secret, origin: f.ask.url},
			CheckRedirect: f.checkRedirect(f.ask),
			Timeout:       f.o.Timeout,
		},
		RetryMax:     f.o.Attempts - 1,
		CheckRetry:   f.checkRetry,
		Backoff:      f.backoff,
		PrepareRetry: func(r *http.Request) error { return f.start(r.Context()) },
		ErrorHandler: f.giveUp,
	}
}

// start begins an attempt when the publisher may be asked.
func (f *fetch) start(ctx context.Context) error {
	if err := f.limiter.wait(ctx); err != nil {
		return err
	}
	f.attempt++
	f.o.Log.DebugContext(ctx, "asking publisher", "publisher", f.ask.Publisher, "url", f.ask.URL, "attempt", f.attempt)
	return nil
}

// take reads an answer that another attempt would not change: a success to its
// end into the archive, a refusal into an error.
func (f *fetch) take(resp *http.Response) error {
	// What counts was read by then, or failed to be.
	defer func() { _ = resp.Body.Close() }()
	ctx := resp.Request.Context()
	if resp.StatusCode == http.StatusNotModified && f.held.Hash != "" {
		return f.unchanged(ctx)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 || resp.StatusCode == http.StatusPartialContent {
		return f.refused(ctx, resp)
	}
	body, err := f.ask.body(resp)
	if err != nil {
		return err
	}
	masked := f.ask.Secret.masked(body)
	rec, err := f.store(ctx, masked, f.answered(ctx, resp))
	if err != nil {
		return err
	}
	if masked.found {
		f.o.Log.WarnContext(ctx, "the answer repeats the secret; masked", "publisher", f.ask.Publisher, "url", f.ask.URL)
	}
	f.rec, f.sent = rec, true
	f.o.Log.DebugContext(ctx, "answer archived", "publisher", f.ask.Publisher, "sha256", rec.Hash)
	return nil
}

// unchanged takes the known answer for a new one: the publisher says that it
// would send the same bytes.
func (f *fetch) unchanged(ctx context.Context) error {
	rec := f.record(ctx, f.ask)
	rec.Status, rec.Header, rec.Hash, rec.Bytes = f.held.Status, f.held.Header, f.held.Hash, f.held.Bytes
	rec, err := f.o.Archive.Repeat(rec)
	if err != nil {
		return &permanentError{err}
	}
	f.rec = rec
	return nil
}

// answered begins the record of an answer.
func (f *fetch) answered(ctx context.Context, resp *http.Response) archive.Record {
	rec := f.record(ctx, f.ask)
	rec.Status = resp.StatusCode
	for _, name := range keptHeaders {
		for _, v := range resp.Header[name] {
			if rec.Header == nil {
				rec.Header = http.Header{}
			}
			rec.Header.Add(name, f.ask.Secret.redact(printable(v, 500)))
		}
	}
	return rec
}

// refused makes the error of an answer that is no success. That something is
// not there, or is gone, is kept in the archive, with the excerpt in place of
// the body: it is what a publisher's code may conclude from, and offline must
// conclude from again. Other refusals speak of us or of the hour, and are not
// kept.
func (f *fetch) refused(ctx context.Context, resp *http.Response) error {
	e := f.statusError(resp)
	if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusGone {
		return e
	}
	if _, err := f.store(ctx, strings.NewReader(e.Body), f.answered(ctx, resp)); err != nil {
		return errors.Join(e, err)
	}
	return e
}

// statusError reads the beginning of the body for people.
func (f *fetch) statusError(resp *http.Response) *StatusError {
	e := &StatusError{Publisher: f.ask.Publisher, URL: f.ask.URL, Code: resp.StatusCode, RetryAfter: f.retryAfter(resp)}
	if body, err := f.ask.body(resp); err == nil {
		e.Body = excerpt(f.ask.Secret.masked(body))
		e.Body = f.ask.Secret.redact(e.Body)
	}
	return e
}

// excerpt reads what a person needs of the body of a refusal: its first few
// hundred bytes, or the title if it is a page.
func excerpt(body io.Reader) string {
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && n == 0 {
		return ""
	}
	head = head[:n]
	if LooksHTML(head) {
		return "a web page" + titleOf(head)
	}
	return printable(string(head), 300)
}

// failure says what became of the request in the end.
func (f *fetch) failure(ctx context.Context, err error) error {
	var (
		status *StatusError
		large  *TooLargeError
	)
	switch {
	case ctx.Err() != nil && f.last != nil:
		return f.ask.wrap(fmt.Errorf("%w, after %s: %s", ctx.Err(), attempts(f.attempt), f.ask.Secret.hide(f.last).Error()))
	case ctx.Err() != nil:
		return f.ask.wrap(ctx.Err())
	case errors.As(err, &large):
		return large
	case errors.As(err, &status):
		return err
	}
	err = f.unreachable(f.ask.url.Host, f.ask.Secret.hide(err))
	if f.attempt > 1 {
		err = fmt.Errorf("%s failed: %w", attempts(f.attempt), err)
	}
	return f.ask.wrap(err)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
