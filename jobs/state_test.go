package jobs

import (
	"strconv"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// TestStoppedRunsTellNothing stops, after a run that said how a window stands,
// more runs than are remembered of one: whether the publisher was late and how
// often it failed in a row is still known, and so is when to try again.
func TestStoppedRunsTellNothing(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.October, 1))
	at := time.Date(2025, time.December, 5, 18, 0, 0, 0, newYork)
	dataset := schemas.Rates.String()
	windows := map[Outcome]schemas.Window{
		NotYet: schemas.CutYear.Window("SOFR", schemas.DateOf(at)),
		Failed: schemas.CutYear.Window("EFFR", schemas.DateOf(at)),
	}
	for told, w := range windows {
		for i, o := range []Outcome{told, Stopped, Died, Stopped, Stopped, Stopped, Stopped, Stopped, Stopped, Stopped} {
			began := at.Add(time.Duration(i) * time.Second)
			err := clickhouse.Append(t.Context(), h.Warehouse, schemas.Runs, []schemas.Run{{
				ID: string(told) + strconv.Itoa(i), Job: "nyfed", Dataset: dataset, Window: w,
				StartedAt: began, FinishedAt: began, Outcome: string(o), Error: string(o),
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	h.clock.at = at.Add(time.Minute)
	state, err := LoadState(t.Context(), h.Warehouse)
	if err != nil {
		t.Fatal(err)
	}
	for told, pause := range map[Outcome]time.Duration{NotYet: lateEvery, Failed: retryPauses[0]} {
		a := state.Attempts[dataset][windows[told]]
		if a.Last.Outcome != string(told) || a.Last.Error != string(told) {
			t.Errorf("the newest run that told something was %s, the state says %q, %q", told, a.Last.Outcome, a.Last.Error)
		}
		if next := a.nextTry(); !next.Equal(at.Add(pause)) {
			t.Errorf("after %s the window is tried again at %s, want %s", told, next, at.Add(pause))
		}
	}
	if n := state.Failing(dataset, windows[Failed]); n != 1 {
		t.Errorf("it failed once in a row, the state says %d times", n)
	}
}
