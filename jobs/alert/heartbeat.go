package alert

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Pinger gives a sign of life to somebody who misses it when it stays out.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Heartbeat is the dead-man's switch: it pings while the scheduler turns and
// the warehouse answers. Somebody else's service tells people when the pings
// stay out, which is the one alert that a house on fire can still give.
type Heartbeat struct {
	pinger Pinger
	every  time.Duration
	now    func() time.Time
	log    *slog.Logger
	wg     sync.WaitGroup

	mu   sync.Mutex
	busy bool
	last time.Time // of the last ping that arrived
	bad  bool      // the last one did not
}

// longestPing bounds one ping with all its attempts.
const longestPing = time.Minute

// NewHeartbeat returns a heartbeat that pings at most once in every.
func NewHeartbeat(p Pinger, every time.Duration, now func() time.Time, log *slog.Logger) *Heartbeat {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Heartbeat{pinger: p, every: every, now: now, log: log}
}

// Step is called once in each cycle of the scheduler and says whether the
// cycle was good. It never waits: the ping runs beside it and ends with ctx. A
// ping that does not arrive is sent again in the next good cycle.
func (h *Heartbeat) Step(ctx context.Context, good bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !good || h.busy || (!h.last.IsZero() && within(h.now(), h.last, h.every)) {
		return
	}
	h.busy = true
	h.wg.Go(func() { h.ping(ctx) })
}

// Wait returns when no ping is under way any more.
func (h *Heartbeat) Wait() { h.wg.Wait() }

func (h *Heartbeat) ping(ctx context.Context) {
	started := h.now()
	bounded, cancel := context.WithTimeout(ctx, longestPing)
	defer cancel()
	err := h.pinger.Ping(bounded)

	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = false
	if err == nil {
		h.last, h.bad = started, false
		return
	}
	// Once is enough: who listens at the other end notices by himself.
	if !h.bad && ctx.Err() == nil {
		h.log.WarnContext(ctx, "sign of life could not be given; will be tried again", "err", err.Error())
	}
	h.bad = true
}
