package clickhouse

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// A process that works on the warehouse gives a sign of life every so often,
// and counts as gone when it has given none for leaseTime. A process that is
// killed is so found within leaseTime by processes of other hosts, and at once
// by those of its own, which look for it.
const (
	leaseTime  = 15 * time.Second
	leaseEvery = 4 * time.Second
)

// Lease is a process's standing among those that work on the warehouse. While
// it is held, what the process has begun is left to it.
type Lease struct {
	w     *Warehouse
	role  string
	since time.Time

	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	renewed time.Time // by this machine's clock, since it is compared with itself only
}

// Lease gives the first sign of life of this process and goes on giving them
// until Release. The role (run, backfill, serve) is for those who look on.
func (w *Warehouse) Lease(ctx context.Context, role string) (*Lease, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &Lease{w: w, role: role, stop: stop, done: make(chan struct{})}
	err := w.row(ctx, "SELECT toUnixTimestamp64Milli(now64(3))", nil, scanTime{&l.since})
	if err == nil {
		err = l.sign(ctx, leaseTime)
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("clickhouse: take a lease: %w", err)
	}
	go l.keep(ctx)
	return l, nil
}

// Held reports whether the lease has not run out. A process that was suspended
// for long finds that others may have taken over its work.
func (l *Lease) Held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.renewed) < leaseTime
}

// Release ends the lease; others take over at once. It may be called twice.
func (l *Lease) Release() {
	l.stop()
	<-l.done
}

func (l *Lease) keep(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseEvery)
			defer cancel()
			if err := l.sign(ctx, 0); err != nil {
				l.w.log.DebugContext(ctx, "lease not released, it runs out by itself", "err", err)
			}
			return
		case <-tick.C:
			if err := l.sign(ctx, leaseTime); err != nil && ctx.Err() == nil {
				l.w.log.WarnContext(ctx, "lease not renewed", "err", err)
			}
		}
	}
}

// sign writes a sign of life that is good for the given time.
func (l *Lease) sign(ctx context.Context, good time.Duration) error {
	at := time.Now() //nolint:forbidigo // a lease goes by the machine's clock, whatever clock the warehouse was given
	err := l.w.exec(ctx, fmt.Sprintf(
		"INSERT INTO ops.lease (owner, role, since, seen_at, expires_at) SELECT %s, %s, fromUnixTimestamp64Milli(%d), now64(3), now64(3) + INTERVAL %d MILLISECOND",
		schemas.QuoteText(l.w.Owner()), schemas.QuoteText(l.role), l.since.UnixMilli(), good.Milliseconds()))
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.renewed = at
	l.mu.Unlock()
	return nil
}

// Leases returns the newest sign of life of each process that has not gone,
// those that came first first.
func (w *Warehouse) Leases(ctx context.Context) ([]schemas.Lease, error) {
	all, err := w.leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the leases: %w", err)
	}
	var out []schemas.Lease
	for _, l := range all {
		if o, ok := parseOwner(l.Owner); l.alive && (!ok || w.running(o)) {
			out = append(out, l.Lease)
		}
	}
	return out, nil
}

type leaseSeen struct {
	schemas.Lease
	alive bool // by the server's clock
}

func (w *Warehouse) leases(ctx context.Context) ([]leaseSeen, error) {
	const sql = "SELECT owner, argMax(role, seen_at), toUnixTimestamp64Milli(argMax(since, seen_at)) AS came, toUnixTimestamp64Milli(max(seen_at))," +
		" toUnixTimestamp64Milli(argMax(expires_at, seen_at)), toUInt8(argMax(expires_at, seen_at) > now64(3))" +
		" FROM ops.lease WHERE seen_at > now64(3) - INTERVAL 1 DAY GROUP BY owner ORDER BY came, owner"
	var out []leaseSeen
	err := w.each(ctx, sql, nil, func() { out = nil }, func(rows driver.Rows) error {
		var l leaseSeen
		var alive uint8
		if err := rows.Scan(&l.Owner, &l.Role, scanTime{&l.Since}, scanTime{&l.Seen}, scanTime{&l.Expires}, &alive); err != nil {
			return err
		}
		l.alive = alive == 1
		out = append(out, l)
		return nil
	})
	return out, err
}

// Living returns a function that reports whether the process that called
// itself owner may still be at work, having last been heard of at seen. A
// process of this host that has ended is known to have; of any other, its
// lease tells; one without a lease counts as alive for an hour.
func (w *Warehouse) Living(ctx context.Context) (func(owner string, seen time.Time) bool, error) {
	all, err := w.leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the leases: %w", err)
	}
	alive := make(map[string]bool, len(all))
	for _, l := range all {
		alive[l.Owner] = l.alive
	}
	return func(owner string, seen time.Time) bool {
		if o, ok := parseOwner(owner); ok && !w.running(o) {
			return false
		}
		if lives, leased := alive[owner]; leased {
			return lives
		}
		return w.Alive(owner, seen)
	}, nil
}

// scanTime takes the milliseconds that a query delivers.
type scanTime struct{ to *time.Time }

// Scan implements sql.Scanner.
func (s scanTime) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%T is no instant", v)
	}
	*s.to = time.UnixMilli(ms).UTC()
	return nil
}
