package extract

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestUnreachableHostRests holds that one window waits out the attempts, not
// every window of the publisher, and that the host is asked again later.
func TestUnreachableHostRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		down := true
		c := newClient(t, Options{Attempts: 3, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			asked.Add(1)
			if down {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return answer(200, "x"), nil
		})})
		get := func() error {
			_, err := c.Get(t.Context(), Request{Publisher: "p", URL: "https://example.com/x"})
			return err
		}
		first := get()
		started := time.Now()
		second := get()
		for _, err := range []error{first, second} {
			if e, ok := errors.AsType[*UnreachableError](err); !ok || e.Host != "example.com" {
				t.Errorf("got %v, want an UnreachableError for example.com", err)
			}
		}
		if asked.Load() != 3 || time.Since(started) > 0 || !strings.Contains(second.Error(), "could not be reached a moment ago") {
			t.Errorf("asked %d times, the second took %s and says %v", asked.Load(), time.Since(started), second)
		}
		down = false
		time.Sleep(restAfterUnreachable + time.Second) // in the bubble's clock
		if err := get(); err != nil {
			t.Errorf("after the rest: %v", err)
		}
	})
}

// TestHostThatDoesNotExistIsAskedOnce holds that a misspelt host costs no waits.
func TestHostThatDoesNotExistIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"no such host": 1, "server misbehaving": 2} {
		s := &script{}
		for range want {
			s.thenErr(&net.OpError{Op: "dial", Err: &net.DNSError{Err: name, Name: "example.com", IsNotFound: name == "no such host"}})
		}
		_, err := inBubble(t, Options{Attempts: 2}, s)
		if _, ok := errors.AsType[*UnreachableError](err); !ok || len(s.asked) != want {
			t.Errorf("%s: asked %d times, want %d: %v", name, len(s.asked), want, err)
		}
	}
}
