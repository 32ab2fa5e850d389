package jobs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

// computations collects from the log which sessions of which windows were computed.
type computations struct {
	slog.Handler
	window string
	all    *sync.Map // window to what was said last
	said   *sync.Map // messages
}

func (c computations) Enabled(context.Context, slog.Level) bool { return true }

func (c computations) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		switch a.Key {
		case "job":
			c.window = a.Value.String()
		case "window":
			c.window += " " + a.Value.String()
		}
	}
	return c
}

func (c computations) Handle(_ context.Context, r slog.Record) error {
	c.said.Store(r.Message, true)
	if r.Message == "facts computed" {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "of" {
				c.all.Store(c.window, a.Value.String())
			}
			return true
		})
	}
	return nil
}

// TestEvenings goes through evenings on which a company is renamed and another
// splits its shares, and misses those of a month. Where only sessions have come,
// only they are computed, and what has come together is what computing all of it
// at once gives.
func TestEvenings(t *testing.T) {
	h := openHouse(t, testConfig(schemas.NewDate(2024, time.July, 1)), sandbox.Config{
		Seed: 7, Securities: 70, From: schemas.NewDate(2024, time.January, 1), To: schemas.NewDate(2025, time.December, 31),
	})
	evening := func(month time.Month, day int) time.Time {
		return schemas.NewDate(2025, month, day).In(newYork, 18, 35)
	}
	h.clock.at = evening(time.February, 4)
	h.mustRun(t, Request{})

	isDaily := map[string]bool{}
	for _, j := range h.Catalog.Jobs {
		isDaily[j.Name] = j.daily
	}
	added := map[string]int{} // windows of the job to which sessions were added
	reasons := map[string]bool{}
	for _, at := range []time.Time{
		evening(time.February, 5), evening(time.February, 6), evening(time.February, 7),
		evening(time.March, 26), evening(time.March, 27), evening(time.March, 28), evening(time.March, 31), evening(time.April, 1),
	} {
		h.clock.at = at
		seen := computations{Handler: slog.DiscardHandler, all: new(sync.Map), said: new(sync.Map)}
		h.Log = slog.New(seen)
		report := h.mustRun(t, Request{})
		if _, ok := seen.said.Load("the last sessions come out otherwise than they stand, so all are computed anew"); ok {
			t.Errorf("%s: facts that stood have come out otherwise", at.Format(time.DateOnly))
		}
		for _, r := range report.Results {
			if !isDaily[r.Job] {
				continue
			}
			of, _ := seen.all.Load(r.Job + " " + r.Window.String())
			switch of := of.(string); {
			case strings.HasPrefix(of, "sessions after"):
				added[r.Job]++
			default:
				t.Logf("%s: %s %s: %s", at.Format("2 Jan"), r.Job, r.Window, of)
				reasons[of] = true
			}
		}
	}
	for job, daily := range isDaily {
		if daily && added[job] < 2 {
			t.Errorf("%s: sessions were added on %d evenings", job, added[job])
		}
	}
	for _, why := range []string{"all sessions, because NVDA has another share basis"} {
		if !reasons[why] {
			t.Errorf("no window of which %s were computed", why)
		}
	}

	before := h.hashes(t)
	report := h.mustRun(t, Request{Force: true, Jobs: dailyJobs(h.Catalog)})
	for _, r := range report.Results {
		if r.Outcome != Unchanged {
			t.Errorf("%s %s is %s when all of it is computed", r.Job, r.Window, r.Outcome)
		}
	}
	for table, hash := range h.hashes(t) {
		if hash != before[table] {
			t.Errorf("%s: %s, and computed at once %s", table, before[table], hash)
		}
	}
}

func dailyJobs(c *Catalog) []string {
	var names []string
	for _, j := range c.Jobs {
		if j.daily {
			names = append(names, j.Name)
		}
	}
	return slices.Compact(names)
}

// hashes returns the content of each table of facts.
func (h *house) hashes(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, j := range h.Catalog.Jobs {
		if j.Fetched() {
			continue
		}
		_, content, err := h.Warehouse.TableHash(t.Context(), j.Dataset)
		if err != nil {
			t.Fatal(err)
		}
		out[j.Dataset.String()] = content
	}
	return out
}
