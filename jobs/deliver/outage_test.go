package deliver

import (
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// TestMailServerAwayForAWeek has a mail server that is away while five sessions end. It is
// asked a few times for each, and when it is back the newest workbook goes out once,
// and none that nobody waits for any more.
func TestMailServerAwayForAWeek(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.subs[0].Folder, o.subs[0].Bucket, o.subs[0].Webhook = nil, nil, nil
	back := o.subs[0].Email.Port
	o.subs[0].Email.Port = 1 // nobody listens there
	d := o.deliverer(t)
	cal := calendar.US()
	looks := 0
	last := friday
	for range 5 {
		o.figures(t, d, schemas.Concentration, "conc_top10_sec", last)
		o.figures(t, d, schemas.Breadth, "pct_above_sma_200", last)
		next := cal.NextSession(last)
		for o.now = last.In(calendar.NewYork(), 18, 45); o.now.Before(next.In(calendar.NewYork(), 18, 30)); o.now = o.now.Add(45 * time.Minute) {
			step(t, d, Ask{})
			looks++
		}
		last = next
	}
	lines, err := Recent(t.Context(), d.runner.Warehouse, o.now)
	if err != nil {
		t.Fatal(err)
	}
	tries := map[schemas.Date]int{}
	for _, l := range lines {
		if l.State != schemas.DeliveryFailed {
			t.Errorf("the ledger says %+v", l)
		}
		tries[l.Session]++
	}
	for session, n := range tries {
		if n > mostTries {
			t.Errorf("%s was tried %d times, want %d at most", session, n, mostTries)
		}
	}
	if len(tries) != 5 || looks < 150 {
		t.Errorf("%d sessions were tried in %d looks", len(tries), looks)
	}

	o.subs[0].Email.Port = back
	d = o.deliverer(t)
	o.figures(t, d, schemas.Concentration, "conc_top10_sec", last)
	o.figures(t, d, schemas.Breadth, "pct_above_sma_200", last)
	for range 3 {
		step(t, d, Ask{})
		o.now = o.now.Add(15 * time.Minute)
	}
	if len(o.mails) != 1 {
		t.Errorf("%d letters after the server is back, want 1", len(o.mails))
	}
}
