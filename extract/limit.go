package extract

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// defaultLimit holds for publishers that are asked over the internet and have
// no limit of their own.
var defaultLimit = Limit{Every: 500 * time.Millisecond, Burst: 2}

// limiter spaces out the requests to one publisher.
type limiter struct {
	rate *rate.Limiter

	mu    sync.Mutex
	until time.Time // the publisher wants to be left alone till then
}

// limiter returns the one limiter of the publisher at that host.
func (s *shared) limiter(publisher, host string) *limiter {
	key := publisher
	l, own := s.o.Limits[publisher]
	_, ours := s.o.Local[host]
	switch {
	case ours, !own && isLoopback(host):
		l = Limit{}
		key += " on this machine"
	case !own:
		l = defaultLimit
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.limits[key]; !ok {
		every := rate.Inf
		if l.Every > 0 {
			every = rate.Every(l.Every)
		}
		s.limits[key] = &limiter{rate: rate.NewLimiter(every, max(l.Burst, 1))}
	}
	return s.limits[key]
}

// wait returns when the publisher may be asked.
func (l *limiter) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		d := time.Until(l.until)
		l.mu.Unlock()
		if d <= 0 {
			break
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
	if err := l.rate.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the rate limit leaves no time for it: %w", context.DeadlineExceeded)
	}
	return nil
}

// pause lets nobody ask for d. Like the timers it works with, it goes by the
// machine's clock, whatever clock the client was given.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := time.Now().Add(d) //nolint:forbidigo // see above
	if until.After(l.until) {
		l.until = until
	}
}
