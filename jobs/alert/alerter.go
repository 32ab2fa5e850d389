package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tidemark/load/webhook"
	"tidemark/schemas"
)

// Channel is a way to tell people something.
type Channel interface {
	// Name is short and stays the same; it is what incidents are marked with.
	Name() string
	// Tell delivers one message. An error whose Permanent method reports true
	// is not tried again soon.
	Tell(ctx context.Context, d Digest) error
}

// Options are what an [Alerter] is made of. Only Log may be left out.
type Options struct {
	Store    Store
	Channels []Channel
	Rules    Rules
	Page     string // address of the house's page; may be empty
	Now      func() time.Time
	Log      *slog.Logger
}

// pauses are the waits after failed deliveries; the last one repeats, and
// follows at once on a failure that is permanent.
var pauses = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}

const (
	longestDelivery = 2 * time.Minute    // bound of one delivery with all its attempts
	longestNote     = 10 * time.Second   // bound of writing down that it arrived
	remembered      = 7 * 24 * time.Hour // how long a recovery that could not be told is kept for telling
)

// Alerter turns conditions into incidents and tells the channels of them.
//
// A message is sent first and noted afterwards. A process that dies in between
// sends it once more after its restart, with the same ID; the other way round
// it would never be sent. A failed delivery is tried again with growing
// pauses, by which time the message holds what has come since.
type Alerter struct {
	o  Options
	wg sync.WaitGroup

	mu       sync.Mutex // held while lines are read and written, never while something is delivered
	outboxes []*outbox
}

// outbox is how things stand with one channel.
type outbox struct {
	Channel
	busy     bool
	failures int
	next     time.Time // no delivery before it
	owed     []receipt // deliveries that are not noted yet
}

// receipt says that a digest arrived.
type receipt struct {
	digest Digest
	at     time.Time
}

// New returns an alerter.
func New(o Options) *Alerter {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Alerter{o: o}
	for _, c := range o.Channels {
		a.outboxes = append(a.outboxes, &outbox{Channel: c})
	}
	return a
}

// Step brings the incidents up to date with what is wrong now, and begins to
// tell the channels what they do not know. It waits for the store and never
// for a channel: deliveries run beside it, one at a time for each channel, and
// end with ctx, which therefore is that of the whole service. An error says
// that the store could not be read or written; nothing is lost by it, and
// the next Step goes on.
func (a *Alerter) Step(ctx context.Context, conditions []Condition) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.o.Now()
	known, err := a.settle(ctx)
	if err != nil {
		return err
	}
	changed := Reconcile(now, known, conditions, a.o.Rules)
	if err := a.o.Store.Append(ctx, changed); err != nil {
		return fmt.Errorf("write incidents: %w", err)
	}
	a.report(ctx, known, changed)
	known = replaced(known, changed)
	for _, b := range a.outboxes {
		wait := b.next.Sub(now)
		if b.busy || len(b.owed) > 0 || (wait > 0 && wait <= pauses[len(pauses)-1]) {
			continue
		}
		d, ok := NewDigest(now, b.Name(), known, a.o.Rules)
		if !ok {
			continue
		}
		d.Page = a.o.Page
		b.busy = true
		a.wg.Go(func() { a.deliver(ctx, b, d) })
	}
	return nil
}

// Wait returns when no delivery is under way any more.
func (a *Alerter) Wait() { a.wg.Wait() }

// deliver tells a channel and notes that it did.
func (a *Alerter) deliver(ctx context.Context, b *outbox, d Digest) {
	bounded, cancel := context.WithTimeout(ctx, longestDelivery)
	err := b.Tell(bounded, d)
	cancel()

	a.mu.Lock()
	defer a.mu.Unlock()
	b.busy = false
	now := a.o.Now()
	if err != nil {
		wait := pause(err, b.failures)
		b.failures++
		b.next = now.Add(wait)
		if ctx.Err() == nil {
			a.o.Log.ErrorContext(ctx, "alert could not be delivered; will be sent again", "channel", b.Name(), "incidents", len(d.Open)+len(d.Over), "wait_seconds", wait.Seconds(), "err", err.Error())
		}
		return
	}
	b.failures, b.next = 0, time.Time{}
	b.owed = append(b.owed, receipt{d, now})
	a.o.Log.InfoContext(ctx, "alert delivered", "channel", b.Name(), "open", len(d.Open), "over", len(d.Over))
	// The service may be stopping; what was said is noted all the same.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestNote)
	defer cancel()
	if _, err := a.settle(noting); err != nil {
		a.o.Log.WarnContext(ctx, "alert could not be noted as delivered; will be noted later", "channel", b.Name(), "err", err.Error())
	}
}

// pause returns how long a channel is left alone after a failure.
func pause(err error, failures int) time.Duration {
	longest := pauses[len(pauses)-1]
	wait := pauses[min(failures, len(pauses)-1)]
	if refusal, ok := errors.AsType[*webhook.Error](err); ok {
		wait = max(wait, min(refusal.RetryAfter, longest))
	}
	if final, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err); ok && final.Permanent() {
		wait = longest
	}
	return wait
}

// settle reads the newest lines and notes the deliveries that are not noted.
func (a *Alerter) settle(ctx context.Context) ([]schemas.Incident, error) {
	known, err := a.o.Store.Incidents(ctx, a.o.Now().Add(-remembered))
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	var lines []schemas.Incident
	for _, b := range a.outboxes {
		for _, r := range b.owed {
			noted := r.digest.Noted(known, b.Name(), r.at)
			known = replaced(known, noted)
			lines = replaced(lines, noted)
		}
	}
	if err := a.o.Store.Append(ctx, lines); err != nil {
		return nil, fmt.Errorf("note what was told: %w", err)
	}
	for _, b := range a.outboxes {
		b.owed = nil
	}
	return known, nil
}

// replaced returns the lines with newer ones in their place.
func replaced(lines, newer []schemas.Incident) []schemas.Incident {
	out := slices.Clone(lines)
	at := make(map[string]int, len(out))
	for n, i := range out {
		at[i.ID] = n
	}
	for _, i := range newer {
		if n, ok := at[i.ID]; ok {
			out[n] = i
			continue
		}
		at[i.ID] = len(out)
		out = append(out, i)
	}
	return out
}

// report logs incidents that begin or end.
func (a *Alerter) report(ctx context.Context, known, changed []schemas.Incident) {
	was := make(map[string]schemas.IncidentState, len(known))
	for _, i := range known {
		was[i.ID] = i.State
	}
	for _, i := range changed {
		if i.State == was[i.ID] {
			continue
		}
		switch i.State {
		case schemas.IncidentOpen:
			a.o.Log.WarnContext(ctx, "incident is open", "incident", i.Key, "job", i.Job, "severity", string(i.Severity), "reason", i.Message)
		case schemas.IncidentResolved:
			a.o.Log.InfoContext(ctx, "incident is over", "incident", i.Key, "job", i.Job)
		case schemas.IncidentPending, schemas.IncidentPassed:
		}
	}
}
