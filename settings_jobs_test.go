package main

import (
	"strings"
	"testing"
	"time"

	"tidemark/jobs/schedule"
)

const leastConfig = "history: {from: 2024-01-01}\npublishers:\n  h41: {}\n"

// TestScheduleIsCheckedWhenRead holds that whatever cannot work in schedules,
// policies, the page and alerts is refused when the configuration is read, in
// words that say what is wrong.
func TestScheduleIsCheckedWhenRead(t *testing.T) {
	line := func(text string) string {
		return "history: {from: 2024-01-01}\npublishers:\n  h41: {schedule: [\"" + text + "\"]}\n"
	}
	for _, c := range []struct{ name, config, says string }{
		{"a zone without fields", line("TZ=UTC"), "TZ=UTC"},
		{"no time between two slots", line("@every 0s"), "@every"},
		{"a day that never comes", line("0 0 30 2 *"), "no year has such a date"},
		{"a zone that is none", line("TZ=Europe/Atlantis 0 7 * * *"), "Atlantis"},
		{"a condition that is none", line("0 7 * * * on holidays"), "fed_days"},
		{"a condition that never meets the fields", line("0 7 * * 0 on sessions"), "none of its days is one of the sessions"},
		{"no fields", line(""), "schedule"},
		{"a policy that is none", leastConfig + "scheduling: {catch_up: some}\n", "all, latest, none"},
		{"an overlap that is none", leastConfig + "scheduling: {jobs: {h41: {overlap: both}}}\n", "skip, queue, cancel"},
		{"a policy for nobody", leastConfig + "scheduling: {jobs: {\"nyfed:*\": {cap: 2}}}\n", "nyfed:*"},
		{"a form of log that is none", leastConfig + "serve: {log: xml}\n", "text nor json"},
		{"a mail server without people", leastConfig + "alerts: {email: {host: localhost, from: a@example.com}}\n", "alerts.email"},
		{"a hook in clear text", leastConfig + "alerts: {slack: {url: \"http://hooks.example.com/secret-part\"}}\n", "alerts.slack"},
		{"a key that nothing reads", leastConfig + "scheduling: {catchup: all}\n", "unknown"},
	} {
		_, err := parseSettings([]byte(c.config), func(string) (string, bool) { return "", false })
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error does not say %q: %v", c.name, c.says, err)
		}
		if strings.Contains(err.Error(), "secret-part") {
			t.Errorf("%s: the error tells a secret: %v", c.name, err)
		}
	}
}

// TestScheduleIsRead holds that schedules, policies and secrets arrive where
// they belong.
func TestScheduleIsRead(t *testing.T) {
	s, err := parseSettings([]byte(leastConfig+`
scheduling:
  catch_up: all
  window: 48h
  jobs:
    h41: {overlap: queue}
serve: {listen: "127.0.0.1:0", log: json}
alerts:
  slack: {url: "${HOOK}"}
  every: 10m
`), func(name string) (string, bool) {
		return "https://hooks.example.com/" + strings.ToLower(name), name == "HOOK"
	})
	if err != nil {
		t.Fatal(err)
	}
	want := schedule.Policy{CatchUp: schedule.All, Window: 48 * time.Hour, Overlap: schedule.Queue}
	if got := s.Scheduling.PolicyFor("h41"); got != want {
		t.Errorf("the policy of h41 is %+v, want %+v", got, want)
	}
	if string(s.Alerts.Slack.URL) != "https://hooks.example.com/hook" {
		t.Error("the address of the hook was not taken from the environment")
	}
	if s.Alerts.Slack.URL.String() != "***" {
		t.Error("the address of the hook prints itself")
	}
}
