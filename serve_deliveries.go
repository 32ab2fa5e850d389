package main

import (
	"context"
	"net/http"
	"time"

	"tidemark/jobs"
	"tidemark/jobs/deliver"
)

// deliveries brings workbooks to their subscribers while serving.
type deliveries struct {
	scheduler *jobs.Scheduler
	deliverer *deliver.Deliverer // nil where nobody subscribes
}

// deliveryRound is how often it is looked at what is due.
const deliveryRound = 10 * time.Second

func (a *app) newDeliveries(h *house, s *jobs.Scheduler) (*deliveries, error) {
	out := &deliveries{scheduler: s}
	if len(h.settings.Deliver) == 0 {
		return out, nil
	}
	var err error
	out.deliverer, err = deliver.New(s.Runner, h.settings.Deliver, version, deliver.Wiring{Now: h.now, Proxy: http.ProxyFromEnvironment})
	return out, err
}

// run looks after the subscriptions until the context ends. Of several that
// serve one warehouse the one that schedules does it.
func (d *deliveries) run(ctx context.Context) error {
	if d.deliverer == nil {
		return nil
	}
	tick := time.NewTicker(deliveryRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !d.scheduler.Leads() {
			continue
		}
		if _, err := d.deliverer.Step(ctx, deliver.Ask{}); err != nil && ctx.Err() == nil {
			d.scheduler.Log.ErrorContext(ctx, "what is to be delivered could not be looked at", "err", err)
		}
	}
}
