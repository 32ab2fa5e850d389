package jobs

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

// money leaves of a configuration what is known of the Federal Reserve and the Treasury.
func money(c *Config) {
	c.Publishers.IShares, c.Publishers.SSGA, c.Publishers.SP500 = nil, nil, nil
	c.Files, c.Universes, c.Allocations = nil, nil, nil
}

// TestPublisherAwayForAWeek has a publisher that answers nothing for a week. He is asked
// on his slots, and a few times more after each; the others come as ever, nothing piles
// up, and once he is back everything is there.
func TestPublisherAwayForAWeek(t *testing.T) {
	t.Parallel()
	s := openSoak(t, 70, 14, money)
	s.until(newYorkTime(time.January, 6, 0, 0))
	asked := func() int {
		n := 0
		for _, of := range s.h.box.Requests()["nyfed"] {
			n += of
		}
		return n
	}
	before, windows := asked(), s.now.windows
	s.h.box.Inject(sandbox.Fault{Publisher: "nyfed", Kind: sandbox.Unavailable})
	s.until(newYorkTime(time.January, 13, 0, 0))
	slots := 0
	for _, j := range s.s.Catalog.Jobs {
		if j.Scheduled() && j.Publisher == "nyfed" {
			for range j.Schedule.Between(newYorkTime(time.January, 6, 0, 0), newYorkTime(time.January, 13, 0, 0)) {
				slots++
			}
		}
	}
	t.Logf("%d requests on %d slots, %d windows", asked()-before, slots, s.now.windows-windows)
	if most := 2 * (1 + len(retryPauses)) * slots; asked()-before > most { // two attempts on each slot, and on each time to try again
		t.Errorf("the publisher was asked %d times, want %d at most", asked()-before, most)
	}
	if newest := s.h.newest(t, schemas.CashBalances.Dataset, "dts"); newest != schemas.NewDate(2025, time.January, 9) { // it comes a day later
		t.Errorf("what does not need him reaches to %s", newest)
	}
	s.h.box.Clear()
	s.until(newYorkTime(time.January, 14, 0, 0))
	s.settle()
	s.nothingLeft()
	if newest := s.h.newest(t, schemas.Rates.Dataset, "SOFR"); newest != schemas.NewDate(2025, time.January, 10) {
		t.Errorf("what he had meanwhile reaches to %s", newest)
	}
}

// TestWarehouseAwayForAWeek has a warehouse that cannot be reached for a week. Rounds
// fail and begin nothing; once it is back the newest slot of each job makes up for those
// that were missed, each of which is in the ledger, and everything is there.
func TestWarehouseAwayForAWeek(t *testing.T) {
	t.Parallel()
	s := openSoak(t, 70, 14, money)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "warehouse", "127.0.0.1:0", s.h.engine.Loader().Addr)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	s.h.addr = proxy.Listen
	s.takeOver()
	s.until(newYorkTime(time.January, 6, 0, 0))
	started := s.now.windows
	requests := requestsOf(s.h.box)

	proxy.Stop()
	for range 14 {
		s.h.clock.at = s.h.clock.at.Add(12 * time.Hour)
		s.deliver()
		if err := s.s.Tick(t.Context()); err == nil {
			t.Error("a round went well without a warehouse")
		}
		s.s.wg.Wait()
	}
	if s.now.windows != started || !maps.Equal(requestsOf(s.h.box), requests) {
		t.Error("something was done whose end could not be noted")
	}

	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	s.round()
	s.until(newYorkTime(time.January, 14, 9, 30))
	s.settle()
	s.nothingLeft()
	s.end = newYorkTime(time.January, 14, 9, 30)
	s.accounted()
	missed := slices.DeleteFunc(s.h.slots(t, "h41"), func(line string) bool { return !strings.HasPrefix(line, "missed") })
	if len(missed) == 0 {
		t.Error("no slot was missed in a week")
	}
}

// requestsOf is how often each publisher was asked; the vendor's files are the test's
// own doing.
func requestsOf(box *sandbox.Sandbox) map[string]int {
	out := map[string]int{}
	for publisher, paths := range box.Requests() {
		for _, n := range paths {
			if publisher != "vendor" {
				out[publisher] += n
			}
		}
	}
	return out
}
