package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/load/excel"
	"tidemark/schemas"
)

// Deliverer brings workbooks to their subscribers.
type Deliverer struct {
	runner  *jobs.Runner
	subs    []subscriber
	version string
	log     *slog.Logger

	mu   sync.Mutex // one round at a time
	owed []schemas.Delivery
}

type subscriber struct {
	Subscription
	hours   hours
	targets []target
}

// New returns one for the subscriptions of a house.
func New(r *jobs.Runner, c Config, version string, w Wiring) (*Deliverer, error) {
	d := &Deliverer{runner: r, version: version, log: r.Log}
	for i := range c {
		s := subscriber{Subscription: c[i]}
		var err error
		if s.hours, err = s.times(); err != nil {
			return nil, fmt.Errorf("deliver.%s: %w", s.Name, err)
		}
		if s.targets, err = s.Subscription.targets(w); err != nil {
			return nil, fmt.Errorf("deliver.%s.%w", s.Name, err)
		}
		d.subs = append(d.subs, s)
	}
	return d, nil
}

// Ask says which deliveries are looked at. Its zero value is all that are due by
// themselves for the newest session.
type Ask struct {
	Names   []string     // of subscriptions; all where there are none
	Session schemas.Date // NoDate, or zero, for the newest that has ended
	Now     bool         // what is missing, and the time, do not matter
	Again   bool         // what has arrived, or may have, is sent once more
	DryRun  bool         // nothing is sent
}

// Result is what became of a delivery, or with DryRun what would.
type Result struct {
	Subscription, Target, Place string
	Session                     schemas.Date
	File                        string
	Verdict                     Verdict
	Reason                      string
	Bytes                       int64
	Err                         error // why it could not be brought
}

// Step brings what is due. Failures of deliveries are in the results, and in
// ops.delivery; the error is that of the ledger, without which nothing is sent.
func (d *Deliverer) Step(ctx context.Context, a Ask) ([]Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range a.Names {
		if !slices.ContainsFunc(d.subs, func(s subscriber) bool { return s.Name == name }) {
			return nil, fmt.Errorf("there is no subscription %q in the configuration", name)
		}
	}
	session := a.Session
	if session == schemas.NoDate || session == 0 {
		session = d.newestSession(d.runner.Now())
	}
	if err := d.settle(ctx); err != nil {
		return nil, err
	}
	if !a.DryRun {
		if err := d.noteLost(ctx); err != nil {
			return nil, err
		}
	}
	var out []Result
	for _, s := range d.subs {
		if len(a.Names) > 0 && !slices.Contains(a.Names, s.Name) {
			continue
		}
		results, err := d.serve(ctx, s, session, a)
		out = append(out, results...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// newestSession is the newest session that has ended.
func (d *Deliverer) newestSession(now time.Time) schemas.Date {
	c := d.runner.Catalog.Calendar
	day := c.PrevSession(schemas.DateOf(now.UTC()) + 2)
	for c.Close(day).After(now) {
		day = c.PrevSession(day)
	}
	return day
}

// settle writes what could not be written when it happened.
func (d *Deliverer) settle(ctx context.Context) error {
	if len(d.owed) == 0 {
		return nil
	}
	if err := clickhouse.Append(ctx, d.runner.Warehouse, schemas.Deliveries, d.owed); err != nil {
		return fmt.Errorf("write the ledger of deliveries: %w", err)
	}
	d.owed = nil
	return nil
}

// serve looks after one subscription.
func (d *Deliverer) serve(ctx context.Context, s subscriber, session schemas.Date, a Ask) ([]Result, error) {
	lines, err := d.lines(ctx, s.Name, session)
	if err != nil {
		return nil, err
	}
	alive, err := d.alive(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(s.targets))
	st := state{now: d.runner.Now(), session: session, hours: s.hours, begun: true}
	looked := false
	for i, t := range s.targets {
		st.stand = standing(of(lines, t), alive, t.once())
		if st.stand.verdict == Due && !looked {
			// Asking costs, and on most rounds all of it has arrived.
			if st.missing, st.begun, err = d.missing(ctx, s, session); err != nil {
				return nil, err
			}
			looked = true
		}
		out[i] = Result{Subscription: s.Name, Target: t.kind(), Place: t.place(), Session: session, File: fileName(s.Name, session)}
		out[i].Verdict, out[i].Reason = st.verdict(order{a.Now, a.Again})
	}
	if a.DryRun || !slices.ContainsFunc(out, func(r Result) bool { return r.Verdict == Due }) {
		return out, nil
	}
	p, err := d.pack(ctx, s, session)
	if err != nil {
		d.log.ErrorContext(ctx, "the workbook of a subscription cannot be made", "subscription", s.Name, "session", session.String(), "err", err)
	}
	p.missing = st.missing
	for i, t := range s.targets {
		if out[i].Verdict != Due {
			continue
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := d.bring(ctx, t, p, a.Again, &out[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// noteLost writes into the ledger that nobody knows what became of parcels, of
// whichever session, that a process was handing over when it ended.
func (d *Deliverer) noteLost(ctx context.Context) error {
	lines, err := Recent(ctx, d.runner.Warehouse, d.runner.Now())
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(lines, func(l schemas.Delivery) bool { return l.State != schemas.DeliveryHanded })
	if len(lines) == 0 {
		return nil
	}
	alive, err := d.alive(ctx)
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(lines, func(l schemas.Delivery) bool { return alive(l.Owner, l.At) })
	for i := range lines {
		l := &lines[i]
		l.State, l.Error, l.At = schemas.DeliveryUncertain, lost, d.runner.Now()
		d.log.ErrorContext(ctx, "a delivery may have arrived or not", "subscription", l.Subscription, "target", l.Target, "session", l.Session.String(), "err", lost)
	}
	if err := clickhouse.Append(ctx, d.runner.Warehouse, schemas.Deliveries, lines); err != nil {
		return fmt.Errorf("write the ledger of deliveries: %w", err)
	}
	return nil
}

func fileName(subscription string, session schemas.Date) string {
	return subscription + "-" + session.String() + ".xlsx"
}

func of(lines []schemas.Delivery, t target) []schemas.Delivery {
	return slices.DeleteFunc(slices.Clone(lines), func(l schemas.Delivery) bool { return l.Target != t.kind() })
}

// lines returns the newest line of each attempt.
func (d *Deliverer) lines(ctx context.Context, name string, session schemas.Date) ([]schemas.Delivery, error) {
	lines, err := clickhouse.Read(ctx, d.runner.Warehouse, schemas.Deliveries, clickhouse.Query{
		Where: "subscription = {name:String} AND session = {session:Date}",
		Args:  []any{clickhouse.Named("name", name), clickhouse.Named("session", session)},
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger of deliveries: %w", err)
	}
	return newest(lines), nil
}

// recent is how long what became of a delivery is of interest.
const recent = 14 * 24 * time.Hour

// Recent returns the newest line of each attempt of the last two weeks.
func Recent(ctx context.Context, w *clickhouse.Warehouse, now time.Time) ([]schemas.Delivery, error) {
	lines, err := clickhouse.Read(ctx, w, schemas.Deliveries, clickhouse.Query{
		Where: "at > {since:DateTime64(3)}", Args: []any{clickhouse.Named("since", now.Add(-recent))},
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger of deliveries: %w", err)
	}
	return newest(lines), nil
}

// newest returns the newest line of each attempt. Two lines may be of the same
// millisecond.
func newest(lines []schemas.Delivery) []schemas.Delivery {
	rank := []schemas.DeliveryState{schemas.DeliveryBegun, schemas.DeliveryHanded}
	of := func(l schemas.Delivery) int {
		if i := slices.Index(rank, l.State); i >= 0 {
			return i
		}
		return len(rank)
	}
	at := map[string]int{}
	var out []schemas.Delivery
	for _, l := range lines {
		i, seen := at[l.ID]
		switch {
		case !seen:
			at[l.ID] = len(out)
			out = append(out, l)
		case of(l) > of(out[i]):
			out[i] = l
		}
	}
	return out
}

// alive tells who may still be at work. This process is at one attempt at most.
func (d *Deliverer) alive(ctx context.Context) (func(owner string, seen time.Time) bool, error) {
	living, err := d.runner.Warehouse.Living(ctx)
	if err != nil {
		return nil, err
	}
	own := d.runner.Warehouse.Owner()
	return func(owner string, seen time.Time) bool { return owner != own && living(owner, seen) }, nil
}

// missing says in words which figures of the session a subscription lacks.
func (d *Deliverer) missing(ctx context.Context, s subscriber, session schemas.Date) ([]string, bool, error) {
	parts, begun, err := d.runner.Unfinished(ctx, s.workbook(d.runner), session, d.runner.Now())
	if err != nil {
		return nil, false, err
	}
	names := d.runner.Catalog.Config.Names()
	var out []string
	for _, f := range parts {
		who := f.Part
		if name := names[who]; name != "" {
			who = name
		}
		out = append(out, fmt.Sprintf("%s of the %s (up to %s)", f.Dataset[len("facts."):], who, f.Newest))
	}
	return out, begun, nil
}

func (s subscriber) workbook(r *jobs.Runner) *jobs.WorkbookConfig {
	if s.Workbook != nil {
		return s.Workbook
	}
	return &r.Catalog.Config.Workbook
}

// pack makes what is brought.
func (d *Deliverer) pack(ctx context.Context, s subscriber, session schemas.Date) (parcel, error) {
	p := parcel{subscription: s.Name, session: session, file: fileName(s.Name, session)}
	book, err := d.runner.Book(ctx, jobs.BookAsk{Config: s.workbook(d.runner), AsOf: session, Version: d.version})
	if err != nil {
		return p, err
	}
	if p.brief, err = excel.NewBrief(book); err != nil {
		return p, err
	}
	var b bytes.Buffer
	if err := excel.Write(&b, book); err != nil {
		return p, err
	}
	p.data = b.Bytes()
	sum := sha256.Sum256(p.data)
	p.hash = hex.EncodeToString(sum[:])
	return p, nil
}

// bring makes one attempt. It writes into the ledger before and after, and looks
// for others that do the same: of two that begin at the same moment at least one
// sees the other and withdraws.
func (d *Deliverer) bring(ctx context.Context, t target, p parcel, again bool, res *Result) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name a delivery: %w", err)
	}
	line := schemas.Delivery{
		ID: id.String(), Subscription: p.subscription, Target: t.kind(), Session: p.session, State: schemas.DeliveryBegun,
		Where: t.place(), File: p.file, Hash: p.hash, Bytes: int64(len(p.data)), Owner: d.runner.Warehouse.Owner(),
	}
	note := func(ctx context.Context, state schemas.DeliveryState, why string) error {
		line.State, line.Error, line.At = state, why, d.runner.Now()
		if err := clickhouse.Append(ctx, d.runner.Warehouse, schemas.Deliveries, []schemas.Delivery{line}); err != nil {
			return fmt.Errorf("write the ledger of deliveries: %w", err)
		}
		return nil
	}
	if err := note(ctx, schemas.DeliveryBegun, ""); err != nil {
		return err
	}
	end := func(state schemas.DeliveryState, why string) error {
		// The end of a delivery is worth a line when the process is being stopped too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := note(ctx, state, why); err != nil {
			d.owed = append(d.owed, line)
			return err
		}
		return nil
	}
	stands, err := d.beside(ctx, t, p, line.ID)
	if err != nil {
		return errors.Join(err, end(schemas.DeliveryWithdrawn, err.Error()))
	}
	if stands != Due && (stands == Busy || !again) {
		res.Verdict, res.Reason = stands, "another process was at it at the same moment"
		return end(schemas.DeliveryWithdrawn, res.Reason)
	}
	res.Bytes = line.Bytes
	log := d.log.With("subscription", p.subscription, "target", t.kind(), "session", p.session.String(), "file", p.file)
	log.DebugContext(ctx, "handing over", "bytes", line.Bytes)
	err = t.bring(ctx, p, func(ctx context.Context) error { return note(ctx, schemas.DeliveryHanded, "") })
	ok, told := arrived(err)
	switch {
	case ok:
		res.Verdict, res.Reason = Delivered, told
		log.InfoContext(ctx, "delivered", "bytes", line.Bytes, "note", told)
		return end(schemas.DeliveryDone, told)
	case uncertain(err):
		res.Verdict, res.Err = Uncertain, err
		log.ErrorContext(ctx, "a delivery may have arrived or not", "err", err)
		return end(schemas.DeliveryUncertain, err.Error())
	}
	res.Err = err
	log.ErrorContext(ctx, "a delivery failed", "err", err)
	return end(schemas.DeliveryFailed, err.Error())
}

// beside says how the delivery stands but for an attempt of ours.
func (d *Deliverer) beside(ctx context.Context, t target, p parcel, own string) (Verdict, error) {
	lines, err := d.lines(ctx, p.subscription, p.session)
	if err != nil {
		return "", err
	}
	alive, err := d.alive(ctx)
	if err != nil {
		return "", err
	}
	lines = slices.DeleteFunc(of(lines, t), func(l schemas.Delivery) bool { return l.ID == own })
	return standing(lines, alive, t.once()).verdict, nil
}
