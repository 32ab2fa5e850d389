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
	now  func() time.Time
	rate *rate.Limiter

	mu    sync.Mutex
	until time.Time // the publisher wants to be left alone till then
}

// limiter returns the one limiter of the publisher.
func (s *shared) limiter(publisher string, local bool) *limiter {
	l, own := s.o.Limits[publisher]
	if !own && !local {
		l = defaultLimit
	}
	key := publisher
	if local && !own {
		key += " on this machine"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.limits[key]; !ok {
		every := rate.Inf
		if l.Every > 0 {
			every = rate.Every(l.Every)
		}
		s.limits[key] = &limiter{now: s.o.Now, rate: rate.NewLimiter(every, max(l.Burst, 1))}
	}
	return s.limits[key]
}

// wait returns when the publisher may be asked.
func (l *limiter) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		d := l.until.Sub(l.now())
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

// pause lets nobody ask for d.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(d); until.After(l.until) {
		l.until = until
	}
}
