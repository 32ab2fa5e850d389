package jobs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// simulated is a window of a simulated backfill: what it will really take.
type simulated struct {
	planned Planned
	needs   []int // windows that have to end before
	seconds float64
}

// tenYears is a backfill of fetched years and facts built from them, newest
// first, whose windows take what log-normal draws around their job's median
// say: from a fifth of a second to most of a minute.
func tenYears(r *rand.Rand) []simulated {
	var all []simulated
	draw := func(median float64) float64 { return median * math.Exp(0.25*r.NormFloat64()) }
	add := func(job, dataset, publisher string, median float64, needs ...int) int {
		all = append(all, simulated{Planned{Job: job, Dataset: dataset, Publisher: publisher, Verdict: Build, Cost: Cost{Requests: 1}}, needs, draw(median)})
		return len(all) - 1
	}
	previous := -1
	for range 12 {
		bars := add("files:vendor", "raw.bar", "vendor", 6)
		var funds []int
		for _, fund := range []string{"IVV", "IJR", "IWM"} {
			funds = append(funds, add("ishares:"+fund, "raw.holding", "ishares", 2))
		}
		for i, u := range []string{"SPX", "SP600", "R2000"} {
			needs := []int{bars, funds[i]}
			if previous >= 0 {
				needs = append(needs, previous)
			}
			add("breadth:"+u, "facts.breadth", "", 14, needs...)
			add("concentration:"+u, "facts.concentration", "", 3, bars, funds[i])
		}
		previous = bars
	}
	// What is made of all history at once comes last, and takes several times
	// what it took when there was a year of it; the plan has scaled that, and is
	// a fifth off.
	before := make([]int, len(all))
	for i := range before {
		before[i] = i
	}
	for _, u := range []string{"SPX", "SP600", "R2000"} {
		last := add("size:"+u, "facts.size", "", 18, before...)
		w := &all[last].planned
		w.Window, w.Inputs, w.Cost.Seconds = schemas.CutWhole.Window(u, 0), last, 18*(0.8+0.4*r.Float64())
	}
	return all
}

// TestTimeLeft holds that from the second minute on the estimate of a long
// backfill is within 25 % of the truth, or of half a minute at its end. Two
// workers, a pause of an hour in the middle, nothing known before.
func TestTimeLeft(t *testing.T) {
	worst := 0.0
	for seed := range uint64(60) {
		all := tenYears(rand.New(rand.NewPCG(seed, 7)))
		type event struct {
			from, to time.Time
			i        int
		}
		start := time.Date(2025, time.December, 6, 9, 0, 0, 0, time.UTC)
		var events []event
		ended := make([]time.Time, len(all))
		begun := make([]bool, len(all))
		free := []time.Time{start, start}
		const paused = time.Hour
		var pausedFrom, pausedTo time.Time // when the windows at work have ended
		for n := range all {
			if n == len(all)/2 {
				pausedFrom = free[0]
				if free[1].After(pausedFrom) {
					pausedFrom = free[1]
				}
				pausedTo = pausedFrom.Add(paused)
				free = []time.Time{pausedTo, pausedTo}
			}
			k := 0
			if free[1].Before(free[0]) {
				k = 1
			}
			best, at := -1, time.Time{}
			for i, w := range all {
				if begun[i] {
					continue
				}
				ready := free[k]
				known := true
				for _, n := range w.needs {
					if !begun[n] {
						known = false
						break
					}
					if ended[n].After(ready) {
						ready = ended[n]
					}
				}
				if known && (best < 0 || ready.Before(at)) {
					best, at = i, ready
				}
			}
			begun[best] = true
			ended[best] = at.Add(time.Duration(all[best].seconds * float64(time.Second)))
			free[k] = ended[best]
			events = append(events, event{at, ended[best], best})
		}
		last := start
		for _, e := range events {
			if e.to.After(last) {
				last = e.to
			}
		}
		if last.Sub(start) < paused+4*time.Minute {
			t.Fatalf("seed %d: the whole backfill takes only %s", seed, last.Sub(start)-paused)
		}
		for now := start.Add(2 * time.Minute); now.Before(last); now = now.Add(5 * time.Second) {
			truth := last.Sub(now)
			if !now.Before(pausedFrom) && now.Before(pausedTo) {
				continue
			} else if now.Before(pausedFrom) {
				truth -= paused
			}
			p := pace{now: now, planned: map[string]Planned{}, workers: 2}
			for _, e := range events {
				w := all[e.i].planned
				run := schemas.Run{ID: fmt.Sprint(e.i), Job: w.Job, Dataset: w.Dataset, Outcome: string(OK), StartedAt: e.from, FinishedAt: e.to}
				switch {
				case !e.to.After(now):
					p.runs = append(p.runs, run)
				case !e.from.After(now):
					run.FinishedAt = time.Time{}
					p.open = append(p.open, run)
					p.planned[run.ID] = w
				default:
					p.left = append(p.left, w)
				}
			}
			got, ok := p.timeLeft()
			if !ok {
				t.Fatalf("seed %d: nothing can be told after %s", seed, now.Sub(start))
			}
			off := math.Abs((got - truth).Seconds())
			allowed := math.Max(0.25*truth.Seconds(), 30)
			worst = math.Max(worst, off/math.Max(truth.Seconds(), 120))
			if off > allowed {
				t.Errorf("seed %d: after %s of %s the estimate is %s, the truth %s", seed, now.Sub(start), last.Sub(start), got.Round(time.Second), truth.Round(time.Second))
				break
			}
		}
	}
	t.Logf("farthest from the truth: %.1f %%", 100*worst)
}

// TestTimeLeftUnderLimits holds that a rate limit bounds the estimate, and that
// what was learnt before serves until something is learnt here.
func TestTimeLeftUnderLimits(t *testing.T) {
	at := time.Date(2025, time.December, 6, 9, 0, 0, 0, time.UTC)
	run := schemas.Run{Job: "ishares:IVV", Dataset: "raw.holding", Outcome: string(OK), StartedAt: at, FinishedAt: at.Add(time.Second)}
	left := func(job, dataset, publisher string, requests int64) Planned {
		return Planned{Job: job, Dataset: dataset, Publisher: publisher, Verdict: Build, Cost: Cost{Requests: requests}}
	}
	limits := map[string]extract.Limit{"ishares": {Every: 2 * time.Second}}
	breadth := left("breadth:SPX", "facts.breadth", "", 0)
	breadth.Cost.Seconds = 9
	for _, c := range []struct {
		name string
		pace pace
		want time.Duration
		ok   bool
	}{
		{"nothing has ended", pace{now: at, left: []Planned{left("ishares:IVV", "raw.holding", "ishares", 1)}}, 0, false},
		{"as before", pace{now: at, runs: []schemas.Run{run}, left: []Planned{left("ishares:IJR", "raw.holding", "ishares", 1)}}, time.Second, true},
		{"under a limit", pace{now: at, limits: limits, runs: []schemas.Run{run}, left: []Planned{left("ishares:IJR", "raw.holding", "ishares", 50)}}, 100 * time.Second, true},
		{"learnt before", pace{now: at, runs: []schemas.Run{run}, left: []Planned{breadth}}, 9 * time.Second, true},
		{"no less than the longest", pace{now: at, runs: []schemas.Run{run, run}, left: []Planned{breadth}}, 9 * time.Second, true},
		{"done", pace{now: at, runs: []schemas.Run{run}}, 0, true},
	} {
		if got, ok := c.pace.timeLeft(); got != c.want || ok != c.ok {
			t.Errorf("%s: %s, %v; want %s, %v", c.name, got, ok, c.want, c.ok)
		}
	}
	unchanged := run
	unchanged.Outcome = string(Unchanged)
	perhaps := left("breadth:SPX", "facts.breadth", "", 0)
	perhaps.Perhaps = true
	if got := fmt.Sprint(pace{now: at, runs: []schemas.Run{unchanged}, left: []Planned{perhaps}}.timeLeft()); got != "0s true" {
		t.Errorf("what follows unchanged windows takes %s", got)
	}
}

// TestWholeHistoryCostsMore holds that what is made of all history at once is
// expected to take as much longer as there is more of it to come, and what is
// made of a year is not.
func TestWholeHistoryCostsMore(t *testing.T) {
	c := newCosts([]clickhouse.RunCost{
		{Job: "size:SPX", Dataset: "facts.size", Runs: 2, Rows: 1000, Seconds: 3, Inputs: 4},
		{Job: "breadth:SPX", Dataset: "facts.breadth", Runs: 2, Rows: 1000, Seconds: 3, Inputs: 4},
	}, nil, nil)
	needs := func(schemas.Window) []Need { return nil }
	for name, table := range map[string]schemas.Dataset{"size:SPX": schemas.Size.Dataset, "breadth:SPX": schemas.Breadth.Dataset} {
		want := Cost{Rows: 1000, Seconds: 3}
		if table.Cut == schemas.CutWhole {
			want = Cost{Rows: 3000, Seconds: 9}
		}
		w := Planned{Window: table.Cut.Window("SPX", 0), Inputs: 12}
		if got := c.of(&Job{Name: name, Dataset: table, Needs: needs}, w, time.Time{}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
