package web

import (
	"context"
	"sync"
	"time"

	"tidemark/jobs"
)

// How long an answer of the house is shown to others who ask, and how long it
// may take. With many pages open the warehouse is asked no more often.
const (
	cacheTime  = 2 * time.Second
	figureTime = time.Minute // of the figures on the overview, which change once a day
	askTime    = time.Minute
)

// cached keeps the newest answer for a moment. Those who ask while it is being
// fetched wait for it.
type cached[T any] struct {
	mu    sync.Mutex
	at    time.Time
	value T
}

func (c *cached[T]) get(ctx context.Context, now func() time.Time, keep time.Duration, ask func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now().Sub(c.at); !c.at.IsZero() && age >= 0 && age < keep {
		return c.value, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	value, err := ask(ctx)
	if err == nil {
		c.at, c.value = now(), value
	}
	return value, err
}

func (c *cached[T]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
}

// status returns the state of the house. It is shared: nobody changes it.
func (s *Server) status(ctx context.Context) (*jobs.Status, error) {
	return s.statuses.get(ctx, s.now, cacheTime, s.house.Status)
}

// grids returns the windows of every table. They are shared, like the status.
func (s *Server) grids(ctx context.Context) ([]jobs.Grid, error) {
	return s.windows.get(ctx, s.now, cacheTime, s.house.Grids)
}

// forget makes the next page show what an action has changed.
func (s *Server) forget() {
	s.statuses.forget()
	s.windows.forget()
}

// refresh sets the gauges that are read off the house. Where it does not
// answer they keep their values, and the scrape counts an error.
func (s *Server) refresh(ctx context.Context) {
	failed := func(err error) bool {
		if err != nil {
			s.metrics.scrapeFailed.Inc()
			s.log.Warn("gauges cannot be set", "request_id", requestID(ctx), "err", err)
		}
		return err != nil
	}
	if st, err := s.status(ctx); !failed(err) {
		s.metrics.observeStatus(st)
	}
	if incidents, err := s.house.Incidents(ctx, maxIncidents); !failed(err) {
		s.metrics.observeIncidents(incidents)
	}
	if backfills, err := s.house.Backfills(ctx); !failed(err) {
		s.metrics.observeBackfills(backfills)
	}
}
