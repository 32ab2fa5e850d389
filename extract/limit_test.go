package extract

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/extract/archive"
)

// spacing sends n requests at once and returns when each was sent.
func spacing(t *testing.T, limits map[string]Limit, url string, n int) []time.Duration {
	t.Helper()
	dir := t.TempDir()
	var out []time.Duration
	synctest.Test(t, func(t *testing.T) {
		a, err := archive.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		s := &script{}
		for range n {
			s.then(200, "ok")
		}
		c, err := NewClient(Options{Archive: a, Limits: limits, Transport: serial(s)})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				// Copies of a client share its limits.
				if _, err := c.Observe(func(*Payload) {}).Get(t.Context(), Request{Publisher: "p", URL: url}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, at := range s.asked {
			out = append(out, at.Sub(start))
		}
	})
	return out
}

func TestLimitSpacesOutRequestsOfAllGoroutines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limits map[string]Limit
		url    string
		want   []float64 // seconds
	}{
		"one each 12 seconds": {map[string]Limit{"p": {Every: 12 * time.Second}}, "https://example.com/", []float64{0, 12, 24, 36}},
		"three, then one":     {map[string]Limit{"p": {Every: time.Second, Burst: 3}}, "https://example.com/", []float64{0, 0, 0, 1, 2}},
		"no limit of its own": {map[string]Limit{"q": {Every: time.Hour}}, "https://example.com/", []float64{0, 0, 0.5, 1}},
		"as often as it may":  {map[string]Limit{"p": {}}, "https://example.com/", []float64{0, 0, 0, 0}},
		"this machine":        {nil, "http://127.0.0.1:1/", []float64{0, 0, 0, 0}},
		"this machine, limit": {map[string]Limit{"p": {Every: time.Second}}, "http://localhost:1/", []float64{0, 1, 2}},
	} {
		got := spacing(t, tc.limits, tc.url, len(tc.want))
		for i, want := range tc.want {
			if d := got[i].Seconds() - want; d < -1e-6 || d > 1e-6 {
				t.Errorf("%s: sent at %v, want %v seconds", name, got, tc.want)
				break
			}
		}
	}
}

func TestRetryAfterHoldsBackEveryone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := (&shared{o: Options{Limits: map[string]Limit{"p": {}}}, limits: map[string]*limiter{}}).limiter("p", "example.com")
		l.pause(time.Minute)
		l.pause(time.Second) // a shorter wish changes nothing
		start := time.Now()
		if err := l.wait(t.Context()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("waited %s, %v; want a minute", time.Since(start), err)
		}
		l.pause(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("waited %s, %v; want the context to end it", time.Since(start), err)
		}
	})
}

func TestLimitThatLeavesNoTimeFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := (&shared{o: Options{Limits: map[string]Limit{"p": {Every: time.Hour}}}, limits: map[string]*limiter{}}).limiter("p", "example.com")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.wait(ctx); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
