package alert

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/load/webhook"
	"tidemark/schemas"
)

// memory is a store that can be away.
type memory struct {
	mu   sync.Mutex
	l    ledger
	away error
}

func (m *memory) Incidents(context.Context, time.Time) ([]schemas.Incident, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.l.last), m.away
}

func (m *memory) Append(_ context.Context, lines []schemas.Incident) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		m.l.add(lines)
	}
	return m.away
}

func (m *memory) set(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

// mouth is a channel that remembers what it was given and answers as it is told.
type mouth struct {
	mu     sync.Mutex
	start  time.Time
	heard  []string
	ids    []string
	answer func(ctx context.Context, n int) error // to the nth message, from 1
}

func (*mouth) Name() string { return "mouth" }

func (m *mouth) Tell(ctx context.Context, d Digest) error {
	m.mu.Lock()
	m.heard = append(m.heard, fmt.Sprintf("%s %s", time.Since(m.start), d.Subject()))
	m.ids = append(m.ids, d.ID)
	n := len(m.heard)
	m.mu.Unlock()
	if m.answer == nil {
		return nil
	}
	return m.answer(ctx, n)
}

func (m *mouth) expect(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Equal(m.heard, want) {
		t.Errorf("heard:\n%s\nwant:\n%s", strings.Join(m.heard, "\n"), strings.Join(want, "\n"))
	}
}

// cycles runs the scheduler's part for so long, in steps of half a minute.
func cycles(t *testing.T, a *Alerter, d time.Duration, wrong ...Condition) {
	t.Helper()
	for range d / (30 * time.Second) {
		if err := a.Step(t.Context(), wrong); err != nil {
			t.Error(err)
		}
		time.Sleep(30 * time.Second) // the bubble's
	}
	synctest.Wait()
}

func newAlerter(s Store, c ...Channel) *Alerter {
	return New(Options{Store: s, Channels: c, Rules: DefaultRules(), Now: time.Now})
}

type final struct{ error }

func (final) Permanent() bool { return true }

const h41Failed = "Tidemark: h41 failed: no route to host"

func TestFailedDeliveriesAreRepeatedWithPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mouth{start: time.Now(), answer: func(_ context.Context, n int) error {
			switch {
			case n <= 6:
				return errors.New("busy")
			case n == 7:
				return final{errors.New("unknown user")}
			}
			return nil
		}}
		a := newAlerter(&memory{}, m)
		cycles(t, a, 3*time.Hour, failing("h41"))
		m.expect(t, "0s "+h41Failed, "1m0s "+h41Failed, "3m0s "+h41Failed, "8m0s "+h41Failed, "23m0s "+h41Failed, "53m0s "+h41Failed, "1h23m0s "+h41Failed, "1h53m0s "+h41Failed)
		if len(slices.Compact(m.ids)) != 1 {
			t.Errorf("the same message went by the names %v", m.ids)
		}
		cycles(t, a, 10*time.Minute)
		a.Wait()
		if last := m.heard[len(m.heard)-1]; last != "3h5m0s Tidemark: over: h41 failed: no route to host" {
			t.Errorf("last heard: %s", last)
		}
	})
}

func TestFinalRefusalIsLeftAloneForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mouth{start: time.Now(), answer: func(context.Context, int) error { return fmt.Errorf("deliver: %w", final{errors.New("no such user")}) }}
		cycles(t, newAlerter(&memory{}, m), time.Hour, failing("h41"))
		m.expect(t, "0s "+h41Failed, "30m0s "+h41Failed)
	})
}

func TestWishToBeLeftAloneIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wishes := []time.Duration{10 * time.Minute, 24 * time.Hour}
		m := &mouth{start: time.Now(), answer: func(_ context.Context, n int) error {
			if n > len(wishes) {
				return nil
			}
			return &webhook.Error{Code: http.StatusTooManyRequests, RetryAfter: wishes[n-1]}
		}}
		cycles(t, newAlerter(&memory{}, m), time.Hour, failing("h41"))
		m.expect(t, "0s "+h41Failed, "10m0s "+h41Failed, "40m0s "+h41Failed)
	})
}

// TestSilentChannelHoldsUpNobody has one channel that never answers beside one that does.
func TestSilentChannelHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := &mouth{start: time.Now(), answer: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		heard := &named{mouth{start: time.Now()}}
		a := newAlerter(&memory{}, silent, heard)
		before := time.Now()
		if err := a.Step(t.Context(), []Condition{failing("h41")}); err != nil || time.Since(before) != 0 {
			t.Errorf("a step took %s: %v", time.Since(before), err)
		}
		cycles(t, a, 10*time.Minute, failing("h41"))
		heard.expect(t, "0s "+h41Failed)
		// Each attempt is given up after two minutes; then come the pauses.
		silent.expect(t, "0s "+h41Failed, "3m0s "+h41Failed, "7m0s "+h41Failed)
		a.Wait()
	})
}

// named is a second channel.
type named struct{ mouth }

func (*named) Name() string { return "named" }

func TestStoreThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		m := &mouth{start: time.Now(), answer: func(context.Context, int) error {
			store.set(errors.New("the warehouse does not answer")) // between telling and noting
			return nil
		}}
		a := newAlerter(store, m)
		if err := a.Step(t.Context(), []Condition{failing("h41")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for range 20 {
			if err := a.Step(t.Context(), []Condition{failing("h41")}); err == nil {
				t.Error("a step without a store went well")
			}
			time.Sleep(30 * time.Second)
		}
		store.set(nil)
		cycles(t, a, 10*time.Minute, failing("h41"))
		m.expect(t, "0s "+h41Failed)
		if _, knows := last(store.l.last[0], "mouth"); !knows {
			t.Error("the delivery was never noted")
		}
	})
}

// TestCrashBetweenTellingAndNoting tells twice, by the same name.
func TestCrashBetweenTellingAndNoting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		m := &mouth{start: time.Now(), answer: func(_ context.Context, n int) error {
			if n == 1 {
				store.set(errors.New("gone"))
			}
			return nil
		}}
		if err := newAlerter(store, m).Step(t.Context(), []Condition{failing("h41")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		store.set(nil)
		cycles(t, newAlerter(store, m), time.Hour, failing("h41"))
		m.expect(t, "0s "+h41Failed, "0s "+h41Failed)
		if m.ids[0] != m.ids[1] {
			t.Errorf("the repetition cannot be recognised: %v", m.ids)
		}
	})
}

// TestStopEndsDeliveries stops the service while a channel does not answer.
func TestStopEndsDeliveries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mouth{start: time.Now(), answer: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		a := newAlerter(&memory{}, m)
		ctx, stop := context.WithCancel(t.Context())
		if err := a.Step(ctx, []Condition{failing("h41")}); err != nil {
			t.Fatal(err)
		}
		stop()
		a.Wait()
		if time.Since(m.start) != 0 {
			t.Errorf("the stop took %s", time.Since(m.start))
		}
	})
}

// pulse counts pings.
type pulse struct {
	mouth
	fail bool
}

func (p *pulse) Ping(context.Context) error {
	p.heard = append(p.heard, time.Since(p.start).String())
	if p.fail {
		return errors.New("no route to host")
	}
	return nil
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pulse{mouth: mouth{start: time.Now()}}
		h := NewHeartbeat(p, 5*time.Minute, time.Now, nil)
		beat := func(d time.Duration, good bool) {
			for range d / (30 * time.Second) {
				h.Step(t.Context(), good)
				time.Sleep(30 * time.Second)
			}
			h.Wait()
		}
		beat(12*time.Minute, true)
		beat(20*time.Minute, false)
		beat(time.Minute, true)
		p.fail = true
		beat(5*time.Minute, true)
		p.fail = false
		beat(2*time.Minute, true)
		p.expect(t, "0s", "5m0s", "10m0s", "32m0s", "37m0s", "37m30s", "38m0s")
	})
}
