package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

// ErrNoData says that the publisher has nothing for the window: a holiday, a
// weekend, a day before the series begins. It is not a failure.
var ErrNoData = errors.New("the publisher has no data for this window")

// NotYetError says that the publication is expected but not there yet. Asking
// again before Until is useless; it costs no attempt.
type NotYetError struct {
	Publisher string
	What      string
	Until     time.Time
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("%s: %s is not published yet; expected by %s", e.Publisher, e.What, e.Until.UTC().Format(time.RFC3339))
}

// StatusError is an HTTP answer that is not a success, after retries where
// they make sense.
type StatusError struct {
	Publisher  string
	URL        string // without secrets
	Code       int
	RetryAfter time.Duration // as asked by the publisher, 0 if it did not
	Body       string        // the first few hundred bytes, for people
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: GET %s: HTTP %d", e.Publisher, e.URL, e.Code)
	if e.Body != "" {
		s += ": " + e.Body
	}
	return s
}

// TooLargeError says that a body, compressed or not, passed its bound.
type TooLargeError struct {
	Publisher string
	URL       string
	Limit     int64 // bytes
	Ratio     int64 // set where it was refused for unpacking to more than so many times its size
}

func (e *TooLargeError) Error() string {
	if e.Ratio > 0 {
		return fmt.Sprintf("%s: GET %s: the answer unpacks to more than %d times its size; refused", e.Publisher, e.URL, e.Ratio)
	}
	return fmt.Sprintf("%s: GET %s: the answer is larger than %d bytes; refused", e.Publisher, e.URL, e.Limit)
}

// ContractError says that an answer arrived but is not what the publisher
// promised: HTML in place of CSV, a renamed column, a unit that changed, a
// value out of range. The window's old rows stay.
type ContractError struct {
	Publisher string
	Window    schemas.Window
	Payload   string // SHA-256 of the answer
	What      string // what was expected and what was found, for people
}

func (e *ContractError) Error() string {
	return fmt.Sprintf("%s: %s: answer %.12s breaks the contract: %s", e.Publisher, e.Window, e.Payload, e.What)
}

// Contract wraps what a parser found wrong with an answer into a
// [*ContractError] that names publisher, window and answer. It leaves alone
// nil and what is no fault of the answer's content: the end of the context,
// [ErrNoData], a failure of the archive, and errors that already are one of
// this package's types.
func Contract(publisher string, w schemas.Window, payload string, err error) error {
	var (
		notYet   *NotYetError
		status   *StatusError
		large    *TooLargeError
		contract *ContractError
		file     *fs.PathError
		damaged  *archive.CorruptError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrNoData),
		errors.As(err, &notYet), errors.As(err, &status), errors.As(err, &large), errors.As(err, &contract), errors.As(err, &file), errors.As(err, &damaged):
		return err
	}
	return &ContractError{Publisher: publisher, Window: w, Payload: payload, What: err.Error()}
}
