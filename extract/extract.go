// Package extract fetches what publishers say, in their units, with the day it
// belongs to, and interprets nothing. Each publisher has a folder; they share
// the HTTP client, the payload archive and the errors of this package.
package extract

import (
	"context"
	"io"
	"iter"
	"net/http"
	"time"

	"tidemark/schemas"
)

// Source is one table's worth of one publisher. Fetch yields the rows of the
// window in batches; a row outside the window is never yielded, and after an
// error nothing more comes. Rows are yielded only once the whole answer was
// read and held against the publisher's contract.
type Source[T any] interface {
	Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]T, error]
}

// AtOnce is a [Source] that yields all rows of a window together. Where it fails it
// yields none.
type AtOnce[T any] func(ctx context.Context, w schemas.Window) ([]T, error)

// Fetch implements [Source].
func (f AtOnce[T]) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		rows, err := f(ctx, w)
		if err != nil {
			rows = nil
		}
		yield(rows, err)
	}
}

// Getter gets one answer of one publisher. [Client] is the one used in
// earnest; it retries, limits, archives and keeps secrets out of sight.
type Getter interface {
	Get(ctx context.Context, r Request) (*Payload, error)
}

// Historian is a [Getter] that also has the earlier answers of a request,
// newest first. Publishers that offer only their latest file have their
// history there.
type Historian interface {
	Past(ctx context.Context, r Request) ([]*Payload, error)
}

// Expander turns patterns for files of the user's own into file: URLs, sorted
// and each once. A pattern that matches nothing adds nothing; http(s) URLs
// pass through as they are.
type Expander interface {
	Expand(ctx context.Context, publisher string, patterns []string) ([]string, error)
}

// Request asks a publisher for one answer.
type Request struct {
	// Publisher is the name of the publisher's folder. It chooses the rate
	// limit and the archive's shelf.
	Publisher string
	// URL is the address without any secret. A file of the user's own is
	// named by a file: URL.
	URL string
	// Header holds what the publisher wants to see, such as Accept or a
	// User-Agent of its own. No secrets.
	Header http.Header
	// Secret is added to the request below the logging and the archive.
	Secret Secret
	// MaxBytes bounds the decoded body; 0 means [DefaultMaxBytes].
	MaxBytes int64
	// ReuseAfter lets an archived success that was fetched at or after it
	// serve in place of a new one: what was said about a day long past does
	// not change. Zero means to ask the publisher.
	ReuseAfter time.Time
}

// Secret is a credential: the query parameter or header that carries it, and
// its value. The zero Secret is none.
type Secret struct {
	Query, Header string
	Value         string
}

// String hides the value.
func (s Secret) String() string {
	if s.Value == "" {
		return ""
	}
	return "***"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// DefaultMaxBytes bounds the decoded body of an answer where the request does
// not say otherwise.
const DefaultMaxBytes = 64 << 20

// Payload is an answer that was read to its end and archived.
type Payload struct {
	schemas.Payload
	Header http.Header
	// Sent says that the publisher sent it for this request. Otherwise it lay in the
	// archive before.
	Sent bool
	// Open returns the decoded body. It may be called more than once; each
	// reader is to be closed.
	Open func() (io.ReadCloser, error)
}
