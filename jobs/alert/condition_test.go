package alert

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/jobs"
	"tidemark/schemas"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	friday := schemas.NewDate(2025, time.December, 5)
	year := schemas.CutYear.Window("vendor", friday)
	before := schemas.CutYear.Window("vendor", friday.AddYears(-1))
	slot := start.Add(2 * time.Hour)
	ran := start.Add(-time.Hour)
	st := &jobs.Status{
		At: start,
		Jobs: []jobs.JobStatus{
			{Name: "h41", Dataset: "raw.observation", Part: "H41", Outcome: "failed", Error: "GET https://x:\nno route", LastRun: ran, Next: slot},
			{Name: "rates", Dataset: "raw.rate", Part: "SOFR", Outcome: "running", LastRun: ran, Next: slot},
			{Name: "vendor", Dataset: "raw.bar", Part: "vendor", Outcome: "ok", Behind: 2, Newest: friday - 2, Expected: friday, LastRun: ran, Next: slot},
			{Name: "saved", Dataset: "raw.bar", Part: "saved", Outcome: "ok", Behind: 500, LastRun: ran, Next: time.Unix(1<<40, 0)},
			{Name: "size:SPX", Dataset: "facts.size", Part: "SPX", Outcome: "held", Behind: 2, LastRun: ran},
			{Name: "cash", Dataset: "raw.cash", Part: "DTS", Outcome: "not_yet", LastRun: ran, Next: slot},
		},
		Checks: []schemas.CheckResult{
			{Check: "shrunk", Dataset: "raw.bar", Window: before, Severity: schemas.SeverityWarning, Message: "fewer rows", At: ran.Add(time.Minute)},
			{Check: "shrunk", Dataset: "raw.bar", Window: year, Severity: schemas.SeverityError, Message: "no rows", At: ran},
			{Check: "shrunk", Dataset: "raw.bar", Window: year, Severity: schemas.SeverityError, Message: "again", At: ran},
			{Check: "rescaled", Dataset: "raw.bar", Window: year, Severity: schemas.SeverityError, Passed: true},
		},
	}
	more := Facts{
		Missed: []schemas.Slot{
			{Job: "cash", At: ran.Add(30 * time.Minute), First: ran.Add(10 * time.Minute), Count: 3, State: schemas.SlotMissed},
			{Job: "cash", At: ran.Add(-time.Minute), First: ran.Add(-time.Minute), Count: 1, State: schemas.SlotMissed}, // it has run since
			{Job: "gone", At: start, First: start, Count: 1, State: schemas.SlotMissed},
		},
		Backfills: []schemas.Backfill{
			{ID: "b1", Jobs: "h41", From: friday - 100, To: friday, State: schemas.BackfillFailed, Note: "3 windows failed", At: ran, Started: ran.Add(-time.Hour)},
			{ID: "b2", Jobs: "rates", From: friday - 100, To: friday, State: schemas.BackfillFailed, At: ran, Started: ran.Add(-time.Hour)},
			{ID: "b3", Jobs: "", From: friday - 200, To: friday, State: schemas.BackfillRunning, At: ran, Started: ran.Add(-2 * time.Hour)},
			{ID: "b4", Jobs: "rates", From: friday - 100, To: friday, State: schemas.BackfillDone, At: ran, Started: ran},
		},
	}
	more.Deliveries = []schemas.Delivery{
		{ID: "d1", Subscription: "morning", Target: "email", Session: friday, State: schemas.DeliveryUncertain, Where: "ann@example.org", Error: "no answer", At: ran},
		{ID: "d2", Subscription: "morning", Target: "folder", Session: friday, State: schemas.DeliveryFailed, Where: "/srv", Error: "full", At: ran.Add(-time.Hour)},
		{ID: "d3", Subscription: "morning", Target: "folder", Session: friday, State: schemas.DeliveryDone, At: ran},
		{ID: "d4", Subscription: "evening", Target: "bucket", Session: friday, State: schemas.DeliveryFailed, Where: "s3://b", Error: "no such bucket", At: ran},
		{ID: "d5", Subscription: "noon", Target: "email", Session: friday, State: schemas.DeliveryHanded, At: ran},
	}
	want := []Condition{
		{Key: "backfill b1", Kind: BackfillFailed, Job: "h41", Severity: schemas.SeverityError, Message: "the backfill of h41 from 2025-08-27 to 2025-12-05 failed: 3 windows failed", From: ran},
		{Key: "check shrunk of raw.bar vendor", Kind: CheckFailing, Job: "vendor", Severity: schemas.SeverityError, Message: "raw.bar vendor fails the check shrunk: fewer rows (in 2 windows)", From: ran},
		{Key: "delivery evening bucket", Kind: Undelivered, Job: "evening", Severity: schemas.SeverityError, Message: "the workbook of 2025-12-05 did not get to s3://b (bucket of evening): no such bucket", From: ran},
		{
			Key: "delivery morning email", Kind: Undelivered, Job: "morning", Severity: schemas.SeverityError, From: ran,
			Message: "the workbook of 2025-12-05 may not have got to ann@example.org (email of morning): no answer; ask a recipient, and run `tidemark deliver morning --date 2025-12-05 --again` if it has not",
		},
		{Key: "delivery noon email", Kind: Undelivered, Job: "noon", Severity: schemas.SeverityError, From: ran, Unsure: true},
		{Key: "failing h41", Kind: Failing, Job: "h41", Severity: schemas.SeverityError, Message: "h41 failed: GET https://x: no route", From: ran},
		{Key: "failing rates", Kind: Failing, Job: "rates", Severity: schemas.SeverityError, From: ran, Unsure: true},
		{Key: "late raw.bar vendor", Kind: Late, Job: "vendor", Severity: schemas.SeverityError, Message: "raw.bar vendor is 2 sessions behind: it has 2025-12-03 and should have 2025-12-05", From: slot},
		{Key: "missed cash", Kind: Missed, Job: "cash", Severity: schemas.SeverityError, Message: "cash missed 3 slots, the last of Fri 5 Dec 2025 15:30 EST", From: ran.Add(10 * time.Minute)},
	}
	if diff := cmp.Diff(want, Conditions(st, more, DefaultRules())); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	patient := DefaultRules()
	patient.AfterSessions = 3
	for _, c := range Conditions(st, more, patient) {
		if c.Kind == Late {
			t.Errorf("late in spite of after_sessions: %+v", c)
		}
	}
}
