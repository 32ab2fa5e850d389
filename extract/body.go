package extract

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"tidemark/extract/archive"
)

// A body may unpack to at most maxRatio times its size; small ones to
// freeUnpacked bytes whatever the ratio.
const (
	maxRatio     = 200
	freeUnpacked = 8 << 20
)

// body returns the decoded body of an answer. It never gives more than a.max
// bytes, nor reads more than that; past it, reading fails with a
// [*TooLargeError].
func (a *ask) body(resp *http.Response) (io.Reader, error) {
	if resp.ContentLength > a.max {
		return nil, a.tooLarge()
	}
	in := &bounded{in: resp.Body, left: a.max, err: a.tooLarge()}
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return in, nil
	case "gzip", "x-gzip":
		return &unpacker{ask: a, packed: bufio.NewReader(in), in: in}, nil
	default:
		return nil, permanent("the answer is encoded as %s, which was not asked for", printable(encoding, 40))
	}
}

// bounded fails with err when more than left bytes come.
type bounded struct {
	in   io.Reader
	left int64
	read int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	// One byte more than allowed tells a body that fits from one that does not.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	if int64(n) > b.left {
		n = int(b.left)
		b.left = 0
		return n, b.err
	}
	b.left -= int64(n)
	return n, err
}

// unpacker decodes gzip within the bounds of the request.
type unpacker struct {
	ask    *ask
	packed *bufio.Reader
	in     *bounded
	gzip   *gzip.Reader
	out    int64
}

func (u *unpacker) Read(p []byte) (int, error) {
	if u.gzip == nil {
		z, err := gzip.NewReader(u.packed)
		if errors.Is(err, io.EOF) {
			// Some servers label an empty body as gzip.
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("unpack the answer: %w", err)
		}
		u.gzip = z
	}
	n, err := u.gzip.Read(p)
	u.out += int64(n)
	switch {
	case u.out > u.ask.max:
		return n, u.ask.tooLarge()
	case u.out > freeUnpacked && u.out > maxRatio*u.in.read:
		e := u.ask.tooLarge()
		e.Ratio = maxRatio
		return n, e
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("unpack the answer: %w", err)
	}
	return n, err
}

// store reads a body to its end into the archive.
func (c *Client) store(ctx context.Context, body io.Reader, rec archive.Record) (archive.Record, error) {
	w, err := c.o.Archive.Create()
	if err != nil {
		return rec, &permanentError{err}
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil {
			w.Abort()
			return rec, &permanentError{werr}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			w.Abort()
			return rec, err
		}
	}
	rec, err = w.Commit(rec)
	if err != nil {
		return rec, &permanentError{err}
	}
	return rec, nil
}
