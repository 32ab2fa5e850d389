package main

import (
	"context"
	"net/http"
	"time"

	"tidemark/jobs"
	"tidemark/jobs/alert"
	"tidemark/jobs/deliver"
	"tidemark/schemas"
)

// watch tells people what is wrong while serving, and the dead-man's switch
// that nothing is.
type watch struct {
	scheduler *jobs.Scheduler
	alerter   *alert.Alerter
	heartbeat *alert.Heartbeat // nil where there is none
	rules     alert.Rules
}

// watchRound is how often what is wrong is looked at.
const watchRound = 30 * time.Second

func (a *app) newWatch(h *house, s *jobs.Scheduler) (*watch, error) {
	c := &h.settings.Alerts
	wiring := alert.Wiring{Now: h.now, Log: a.log, Proxy: http.ProxyFromEnvironment}
	channels, err := c.Channels(wiring)
	if err != nil {
		return nil, err
	}
	w := &watch{scheduler: s, rules: c.Rules()}
	if w.heartbeat, err = c.Heartbeat(wiring); err != nil {
		return nil, err
	}
	w.alerter = alert.New(alert.Options{
		Store: alert.NewStore(h.warehouse), Channels: channels, Rules: w.rules, Page: c.Page, Now: h.now, Log: a.log,
	})
	return w, nil
}

// run looks after the house until the context ends.
func (w *watch) run(ctx context.Context) error {
	tick := time.NewTicker(watchRound)
	defer tick.Stop()
	defer w.alerter.Wait()
	for {
		select {
		case <-ctx.Done():
			if w.heartbeat != nil {
				w.heartbeat.Wait()
			}
			return nil
		case <-tick.C:
		}
		err := w.step(ctx)
		if err != nil && ctx.Err() == nil {
			w.scheduler.Log.ErrorContext(ctx, "what is wrong could not be looked at", "err", err)
		}
		if w.heartbeat != nil {
			w.heartbeat.Step(ctx, err == nil && w.scheduler.Turning())
		}
	}
}

// step is done by the one scheduler that schedules, so that nothing is told
// twice.
func (w *watch) step(ctx context.Context) error {
	if !w.scheduler.Leads() {
		return nil
	}
	st, err := w.scheduler.Status(ctx)
	if err != nil {
		return err
	}
	var more alert.Facts
	lines, err := w.scheduler.Warehouse.Slots(ctx, "", 0)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.State == schemas.SlotMissed {
			more.Missed = append(more.Missed, l)
		}
	}
	if more.Backfills, err = w.scheduler.Warehouse.Backfills(ctx); err != nil {
		return err
	}
	if more.Deliveries, err = deliver.Recent(ctx, w.scheduler.Warehouse, w.scheduler.Now()); err != nil {
		return err
	}
	return w.alerter.Step(ctx, alert.Conditions(st, more, w.rules))
}
