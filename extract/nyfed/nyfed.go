// Package nyfed reads the New York Fed's Markets API: the reference rates, the
// repo and reverse repo operations of its desk, and the Treasury securities of
// the System Open Market Account.
//
// The API answers with hand-assembled JSON, newest row first, in which keys
// that do not apply are absent. A key this package does not know is an error,
// as is a missing key that every row has; a key that only some rows have may
// be absent.
package nyfed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "nyfed"
	// DefaultBase is the address of the Markets API. It needs no key, takes
	// any User-Agent and documents no rate limit; [Every] is a matter of
	// manners. Every time of day in an answer is New York's.
	DefaultBase = "https://markets.newyorkfed.org"
	// Every is the time to leave between two requests.
	Every = 2 * time.Second
	// RateLag is how far back a published rate may still change: a correction
	// comes on the day of publication, about 14:30 New York.
	RateLag = 1 * 24 * time.Hour
	// OperationLag is how far back operations are still amended: settled
	// amounts and notes change by a day or more afterwards.
	OperationLag = 14 * 24 * time.Hour
	// maxBytes bounds an answer. A year of operations is about 0.5 MB.
	maxBytes = 16 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"markets.newyorkfed.org", "www.newyorkfed.org"} }

// Config says where answers come from. The zero Config asks the publisher.
type Config struct {
	// Base is the address of the API; empty means [DefaultBase].
	Base string
	// Files are saved answers, as file: URLs, to read instead of asking: of
	// rates, of operations, or of both. They are read in order; where two
	// speak of the same row, the later counts.
	Files []string
}

func (c Config) base() string {
	if c.Base == "" {
		return DefaultBase
	}
	return strings.TrimRight(c.Base, "/")
}

// search returns the address of a search over the days of w. It depends on
// nothing else, so that a replay asks the same question.
func (c Config) search(path string, w schemas.Window) string {
	q := url.Values{"startDate": {w.From.String()}, "endDate": {w.Last().String()}}
	return c.base() + path + "?" + q.Encode()
}

// answer gets one answer and hands its body to parse. What parse does not
// like is a breach of the publisher's contract; what goes wrong before is not.
func answer[T any](ctx context.Context, g extract.Getter, w schemas.Window, address string, parse func(io.Reader) ([]T, error)) ([]T, string, error) {
	return answerOf(ctx, g, w, extract.Request{URL: address}, parse)
}

func answerOf[T any](ctx context.Context, g extract.Getter, w schemas.Window, r extract.Request, parse func(io.Reader) ([]T, error)) ([]T, string, error) {
	r.Publisher, r.Header, r.MaxBytes = Publisher, http.Header{"Accept": {"application/json"}}, maxBytes
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		return nil, "", err
	}
	rows, err := parse(bytes.NewReader(data))
	if err != nil {
		return nil, "", breach(w, p.Hash, err)
	}
	return rows, p.Hash, nil
}

// errOtherKind says that an answer is of the publisher's, and of another of
// its endpoints than the one that was asked.
var errOtherKind = errors.New("the answer is of another kind")

// skipOtherKind makes nothing of an answer of another kind. Saved answers of
// both kinds may lie in one folder.
func skipOtherKind[T any](parse func(io.Reader) ([]T, error)) func(io.Reader) ([]T, error) {
	return func(r io.Reader) ([]T, error) {
		rows, err := parse(r)
		if errors.Is(err, errOtherKind) {
			return nil, nil
		}
		return rows, err
	}
}

func breach(w schemas.Window, hash string, err error) error {
	return extract.Contract(Publisher, w, hash, err)
}

func noData(w schemas.Window) error { return fmt.Errorf("nyfed: %s: %w", w, extract.ErrNoData) }
