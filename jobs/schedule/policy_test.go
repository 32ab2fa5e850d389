package schedule

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestPolicyFromYAML(t *testing.T) {
	t.Parallel()
	var got Policy
	text := "catch_up: all\nwindow: 36h\ncap: 3\noverlap: queue\n"
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if want := (Policy{CatchUp: All, Window: 36 * time.Hour, Cap: 3, Overlap: Queue}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var again Policy
	if out, err := yaml.Marshal(got); err != nil {
		t.Error(err)
	} else if err := yaml.Unmarshal(out, &again); err != nil || again != got {
		t.Errorf("written as %q it is read as %+v, %v", out, again, err)
	}
	for text, want := range map[string]string{
		"catch_up: newest": `catch_up: "newest" is none of all, latest, none`,
		"overlap: wait":    `overlap: "wait" is none of skip, queue, cancel`,
		`overlap: ""`:      `overlap: "" is none of skip, queue, cancel`,
	} {
		if err := yaml.Unmarshal([]byte(text), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestPolicyOr(t *testing.T) {
	t.Parallel()
	if got, want := (Policy{}).Or(DefaultPolicy()), (Policy{Latest, 72 * time.Hour, 10, Skip}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	full := Policy{None, time.Hour, 1, Cancel}
	if got := full.Or(DefaultPolicy()); got != full {
		t.Errorf("got %+v, want %+v", got, full)
	}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	for _, p := range []Policy{{}, DefaultPolicy(), {CatchUp: All, Window: time.Minute, Cap: 1, Overlap: Cancel}} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for want, p := range map[string]Policy{
		`catch_up: "some" is none of all, latest, none`:  {CatchUp: "some"},
		`overlap: "kill" is none of skip, queue, cancel`: {Overlap: "kill"},
		`window: -1h0m0s is less than the minute`:        {Window: -time.Hour},
		`window: 30s is less than the minute`:            {Window: 30 * time.Second},
		`cap: -1 slots cannot run`:                       {Cap: -1},
	} {
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", p, err, want)
		}
	}
}

func TestOnOverlap(t *testing.T) {
	t.Parallel()
	none, running, waiting := time.Time{}, at(t, "2025-03-10T11:30Z"), at(t, "2025-03-10T12:30Z")
	for _, tt := range []struct {
		overlap          Overlap
		running, waiting time.Time
		verdict          Verdict
		reason           string
	}{
		{Skip, none, none, Start, ""},
		{Queue, none, none, Start, ""},
		{Cancel, none, none, Start, ""},
		{"", running, none, Drop, "the run of the slot 2025-03-10 07:30 EDT is still going"},
		{Skip, running, none, Drop, "the run of the slot 2025-03-10 07:30 EDT is still going"},
		{Queue, running, none, Wait, "the run of the slot 2025-03-10 07:30 EDT is still going"},
		{Queue, running, waiting, Drop, "the slot 2025-03-10 08:30 EDT already waits for its turn (queue)"},
		{Cancel, running, none, Replace, "stopped for a later slot (cancel)"},
		{Cancel, running, waiting, Replace, "stopped for a later slot (cancel)"},
	} {
		if v, reason := OnOverlap(tt.overlap, tt.running, tt.waiting); v != tt.verdict || reason != tt.reason {
			t.Errorf("%+v: got %s, %q", tt, v, reason)
		}
	}
}
