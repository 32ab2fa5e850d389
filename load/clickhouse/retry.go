package clickhouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// retryDelays are the pauses before a broken connection is tried again. An
// embedded engine is back after a crash within a second; together they outlast
// a server that is being restarted.
var retryDelays = []time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
	800 * time.Millisecond, 1600 * time.Millisecond, 3200 * time.Millisecond,
}

// retry calls f until it succeeds, fails for a reason that lies in the
// request, or has been tried often enough. f must be safe to call again after
// its first call took effect and only the answer was lost.
func (w *Warehouse) retry(ctx context.Context, f func() error) error {
	for i := 0; ; i++ {
		err := f()
		if err == nil {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			// The client reports a deadline as "i/o timeout".
			return fmt.Errorf("%w (%w)", cause, err)
		}
		if i == len(retryDelays) || !broken(err) {
			return err
		}
		w.log.DebugContext(ctx, "warehouse connection broke, trying again", "attempt", i+1, "err", err)
		t := time.NewTimer(retryDelays[i])
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		case <-t.C:
		}
	}
}

// broken reports whether err speaks of the connection and not of the request.
func broken(err error) bool {
	if errors.Is(err, sql.ErrNoRows) {
		return false
	}
	if refused, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return refused.Code == aborted
	}
	var netErr net.Error
	return errors.As(err, &netErr) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED)
}

// aborted is the server's code for what it does not begin, or leaves, because it
// shuts down: for as long as that takes it still answers.
const aborted = 236

// notEnoughSpace is the server's code for a disk that is full.
const notEnoughSpace = 243

// DiskFull reports whether err says that the server's disk is full.
func DiskFull(err error) bool {
	refused, ok := errors.AsType[*clickhouse.Exception](err)
	return ok && refused.Code == notEnoughSpace
}

// Lost reports whether err says that the server could not be reached, or was
// lost and did not come back.
func Lost(err error) bool {
	var op *net.OpError
	return err != nil && errors.As(err, &op) && broken(err)
}
