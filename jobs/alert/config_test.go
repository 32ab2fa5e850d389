package alert

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tidemark/schemas"
)

func read(t *testing.T, text string) *Config {
	t.Helper()
	var c Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c := read(t, `
email: {host: mail.example.org, from: Tidemark <tidemark@example.org>, to: [ann@example.org], user: tidemark, password: hunter2-hunter2}
slack: {url: https://hooks.example/services/SECRET-TOKEN-1}
webhook: {url: https://hooks.example/SECRET-TOKEN-2}
ping: {url: https://ping.example/SECRET-TOKEN-3, every: 10m}
after_sessions: 2
late_after: 1h
min_severity: warning
every: 15m
page: https://tidemark.example.org
`)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	channels, err := c.Channels(Wiring{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ch := range channels {
		names = append(names, ch.Name())
	}
	r := c.Rules()
	if got := strings.Join(names, " "); got != "email slack webhook" || len(c.Secrets()) != 4 ||
		r.AfterSessions != 2 || r.After[Late] != time.Hour || r.MinSeverity != schemas.SeverityWarning || r.Every != 15*time.Minute || r.Calm != 5*time.Minute {
		t.Errorf("channels %s, rules %+v", got, r)
	}
	shown := fmt.Sprintf("%v %+v %+v %+v", c, *c.Email, *c.Slack, *c.Ping)
	if strings.Contains(shown, "SECRET") || strings.Contains(shown, "hunter2") {
		t.Errorf("a printed configuration shows %s", shown)
	}
	none := read(t, "{}")
	if h, err := none.Heartbeat(Wiring{}); h != nil || err != nil || none.Validate() != nil {
		t.Errorf("nothing is configured: %v, %v", h, err)
	}
}

func TestConfigurationThatCannotWork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"slack: {url: http://hooks.example/SECRET-TOKEN}":           "alerts.slack.url: webhook: the address on hooks.example is not https",
		"webhook: {url: SECRET-TOKEN}":                              "alerts.webhook.url: webhook: the address cannot be read",
		"ping: {url: https://ping.example/SECRET-TOKEN, every: 1s}": "alerts.ping.every: 1s is too often",
		"ping: {}": "alerts.ping.url",
		"email: {host: mail.example, from: a@example.org}":                           "alerts.email: mail: to names nobody",
		"email: {host: mail.example, from: a@b.c, to: [a@b.c], password: SECRET-XY}": "a user and a password belong together",
		"min_severity: fatal": `"fatal" is neither error nor warning`,
		"after_sessions: -1":  "alerts.after_sessions",
		"late_after: -1m":     "alerts.late_after",
		"every: 5s":           "alerts.every",
		"page: https://ann:SECRET@tidemark.example.org": "alerts.page",
		"page: javascript:alert(1)":                     "alerts.page",
	} {
		err := read(t, text).Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestHooksReceive(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got[r.URL.Path] = string(body)
	}))
	t.Cleanup(s.Close)
	c := read(t, fmt.Sprintf("slack: {url: %[1]s/slack}\nwebhook: {url: %[1]s/webhook}", s.URL))
	channels, err := c.Channels(Wiring{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	wrong := failing("h41")
	wrong.Message = "<!channel> & all"
	var l ledger
	l.add(Reconcile(start, nil, []Condition{wrong}, DefaultRules()))
	d, _ := NewDigest(start, "slack", l.last, DefaultRules())
	for _, ch := range channels {
		if err := ch.Tell(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	var slack struct{ Text string }
	if err := json.Unmarshal([]byte(got["/slack"]), &slack); err != nil || !strings.HasPrefix(slack.Text, "*Tidemark: &lt;!channel&gt; &amp; all*\n") {
		t.Errorf("slack got %s: %v", got["/slack"], err)
	}
	var all jsonDigest
	if err := json.Unmarshal([]byte(got["/webhook"]), &all); err != nil || all.ID != d.ID || len(all.Open) != 1 || all.Open[0].Message != wrong.Message || !all.Open[0].Opened.Equal(start) {
		t.Errorf("the webhook got %s: %v", got["/webhook"], err)
	}
}
