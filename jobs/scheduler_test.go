package jobs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// scheduler returns a scheduler of the house on a connection of its own, as
// another process would have.
func (h *house) scheduler(t *testing.T) *Scheduler {
	t.Helper()
	s := NewScheduler(h.open(t, h.engine, false))
	s.Command = RoleServe
	lease, err := s.Warehouse.Lease(t.Context(), RoleServe)
	if err != nil {
		t.Fatal(err)
	}
	s.lease = lease
	t.Cleanup(lease.Release)
	return s
}

// tick does a round and waits for what it started.
func (s *Scheduler) tick(t *testing.T) {
	t.Helper()
	if err := s.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wg.Wait()
}

// slots lists what the ledger has of a job, oldest first, as
// "state time (count) reason", in New York time.
func (h *house) slots(t *testing.T, job string) []string {
	t.Helper()
	lines, err := h.Warehouse.Slots(t.Context(), job, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range slices.Backward(lines) {
		text := string(l.State) + " " + l.At.In(newYork).Format("Mon 2 Jan 15:04")
		if l.Count > 1 {
			text += " since " + l.First.In(newYork).Format("Mon 2 Jan 15:04")
		}
		out = append(out, strings.TrimSpace(text+" "+l.Reason))
	}
	return out
}

func newYorkTime(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2025, month, day, hour, minute, 0, 0, newYork)
}

// TestSlots holds that every slot of a job is accounted for: over a working
// day, a night of sleep, a restart, a second scheduler and a clock that was
// set ahead.
func TestSlots(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.June, 1))
	const job = "files:vendor" // 18:30 and 06:00 on weekdays
	expect := func(what string, want ...string) {
		t.Helper()
		got := h.slots(t, job)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the ledger has\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	h.clock.at = newYorkTime(time.December, 4, 12, 0)
	s := h.scheduler(t)
	s.tick(t)
	if !s.Leads() {
		t.Fatal("the only scheduler does not schedule")
	}
	began := "began Thu 4 Dec 12:00 the schedule was first seen"
	expect("at the start", began)
	for _, table := range schemas.FactTables {
		if rows(t, s.Runner, table.Dataset) == 0 {
			t.Errorf("%s is empty after the start", table)
		}
	}

	h.clock.at = newYorkTime(time.December, 4, 18, 29)
	s.tick(t)
	expect("a minute before", began)
	h.clock.at = newYorkTime(time.December, 4, 18, 30)
	s.tick(t)
	s.tick(t)
	thursday := "ran Thu 4 Dec 18:30 1 ok"
	expect("on time, looked at twice", began, thursday)
	if newest := h.newest(t, schemas.Breadth.Dataset, "SPX_MEMBERS"); newest != schemas.NewDate(2025, time.December, 4) {
		t.Errorf("what follows reaches to %s, want the same evening", newest)
	}

	standby := h.scheduler(t)
	h.clock.at = newYorkTime(time.December, 5, 6, 0)
	standby.tick(t)
	if standby.Leads() {
		t.Error("the second scheduler schedules too")
	}
	expect("seen by the one that stands by", began, thursday)

	// Both processes sleep over the weekend and wake up on Monday morning.
	h.clock.at = newYorkTime(time.December, 8, 5, 0)
	s.tick(t)
	missed := "missed Fri 5 Dec 06:00 a later slot runs in its place (latest)"
	friday := "ran Fri 5 Dec 18:30 1 ok"
	expect("after a sleep", began, thursday, missed, friday)

	s.lease.Release()
	standby.lookAfter = time.Time{}
	standby.tick(t)
	if !standby.Leads() {
		t.Fatal("the second scheduler does not take over")
	}
	expect("after another took over", began, thursday, missed, friday)

	t.Run("a clock that was ahead", func(t *testing.T) {
		h.clock.at = newYorkTime(time.December, 10, 12, 0)
		standby.tick(t)
		ahead := h.slots(t, job)
		if len(ahead) < 5 {
			t.Fatalf("nothing was noted while the clock was ahead: %q", ahead)
		}
		h.clock.at = newYorkTime(time.December, 8, 5, 30)
		standby.tick(t)
		// The slot of the next half hour counts as accounted for; later ones come again.
		for _, line := range h.slots(t, job)[5:] {
			if !strings.HasPrefix(line, "void") {
				t.Errorf("after the clock was set right the ledger has %q", line)
			}
		}
		h.clock.at = newYorkTime(time.December, 8, 6, 0)
		standby.tick(t)
		h.clock.at = newYorkTime(time.December, 8, 18, 30)
		standby.tick(t)
		expect("when their time comes", began, thursday, missed, friday,
			"missed Mon 8 Dec 06:00 a later slot runs in its place (latest)", "ran Mon 8 Dec 18:30 1 not_yet",
			"void Tue 9 Dec 18:30 since Mon 8 Dec 18:30 recorded while the clock was ahead", "void Wed 10 Dec 06:00 recorded while the clock was ahead")
	})

	t.Run("a run that its process left", func(t *testing.T) {
		run := schemas.Run{
			ID: "left", Command: "serve", Job: "h41", Dataset: schemas.Observations.String(), Window: schemas.CutWhole.Window("h41", 0),
			StartedAt: h.clock.at, Outcome: string(Running), Owner: strings.Replace(h.Warehouse.Owner(), " ", " 999999", 1), Cause: "slot",
		}
		if err := h.note(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		h.clock.at = h.clock.at.Add(time.Minute)
		standby.tick(t)
		standby.tick(t)
		runs, err := h.Warehouse.FindRuns(t.Context(), clickhouse.RunFilter{ID: "left"})
		if err != nil || len(runs) != 1 || runs[0].Outcome != string(Died) {
			t.Errorf("the run ended as %+v, %v", runs, err)
		}
	})
}

func (h *house) newest(t *testing.T, d schemas.Dataset, part string) schemas.Date {
	t.Helper()
	days, err := h.Warehouse.Days(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return days[part].Newest
}

// TestPolicyFor holds that the most exact name decides, field by field.
func TestPolicyFor(t *testing.T) {
	c := Scheduling{
		Policy: schedule.Policy{CatchUp: schedule.All, Cap: 3},
		Jobs:   map[string]schedule.Policy{"nyfed:*": {CatchUp: schedule.None}, "nyfed:SOFR": {Overlap: schedule.Queue}, "*": {Cap: 7}},
	}
	for job, want := range map[string]schedule.Policy{
		"h41":        {CatchUp: schedule.All, Cap: 7},
		"nyfed:EFFR": {CatchUp: schedule.None, Cap: 3},
		"nyfed:SOFR": {CatchUp: schedule.All, Cap: 3, Overlap: schedule.Queue},
	} {
		if got := c.PolicyFor(job); got != want {
			t.Errorf("%s: %+v, want %+v", job, got, want)
		}
	}
}
