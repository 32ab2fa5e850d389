package jobs

import (
	"testing"
	"time"

	"tidemark/extract"
)

// TestPublishersHaveLanes has more windows ready than workers: those of a publisher
// under a limit begin beside them, two at a time, and hold back nobody else's.
func TestPublishersHaveLanes(t *testing.T) {
	t.Parallel()
	p := &pass{
		Runner: &Runner{Workers: 1, Limits: map[string]extract.Limit{"slow": {Every: time.Second}, "slower": {Every: time.Minute}, "quick": {Every: time.Millisecond}}},
		ready:  map[string]*queue{},
	}
	for i, publisher := range []string{"slow", "slow", "slow", "slower", "quick", "", ""} {
		p.push(&node{job: &Job{Publisher: publisher}, rank: [4]int{i}})
	}
	began := map[string]int{}
	atWork := map[string]int{}
	for n := p.next(atWork); n != nil; n = p.next(atWork) {
		began[n.job.Publisher]++
		atWork[p.lane(n.job)]++
	}
	if want := (map[string]int{"slow": 2, "slower": 1, "quick": 1}); len(began) != len(want) || began["slow"] != 2 || began["slower"] != 1 || began["quick"] != 1 {
		t.Errorf("there began %v, want %v", began, want)
	}
	atWork["slow"]--
	if n := p.next(atWork); n == nil || n.job.Publisher != "slow" || n.rank[0] != 2 {
		t.Errorf("after one of the slow publisher's ended: %+v", n)
	}
	atWork[""]--
	if n := p.next(atWork); n == nil || n.job.Publisher != "" || n.rank[0] != 5 {
		t.Errorf("after the worker was free: %+v", n)
	}
}
