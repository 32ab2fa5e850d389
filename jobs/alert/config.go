package alert

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"tidemark/jobs"
	"tidemark/load/webhook"
	"tidemark/schemas"
)

// Config says who is told and of what. Its zero value tells nobody.
type Config struct {
	Email   *jobs.EmailConfig `yaml:"email"`
	Slack   *jobs.HookConfig  `yaml:"slack"`   // Slack, and what takes the same messages
	Webhook *jobs.HookConfig  `yaml:"webhook"` // a program that takes all of it as JSON
	Ping    *PingConfig       `yaml:"ping"`
	// AfterSessions is how many sessions behind a table is late; default 1.
	AfterSessions int `yaml:"after_sessions"`
	// LateAfter is how long after its slot a table that is behind is late;
	// default 30 minutes.
	LateAfter   time.Duration    `yaml:"late_after"`
	MinSeverity schemas.Severity `yaml:"min_severity"` // error, the default, or warning
	// Every is the least time between two messages to a channel; default 5 minutes.
	Every time.Duration `yaml:"every"`
	Page  string        `yaml:"page"` // address of the house's page, for the messages
}

// PingConfig is the address of a dead-man's switch.
type PingConfig struct {
	URL   jobs.Secret   `yaml:"url"`
	Every time.Duration `yaml:"every"` // default 5 minutes
}

const (
	defaultPing = 5 * time.Minute
	leastEvery  = time.Minute
)

// Secrets returns the values that may name a variable of the environment, by
// their place below alerts.
func (c *Config) Secrets() map[string]*jobs.Secret {
	out := map[string]*jobs.Secret{}
	if c.Email != nil {
		out["email.password"] = &c.Email.Password
	}
	if c.Slack != nil {
		out["slack.url"] = &c.Slack.URL
	}
	if c.Webhook != nil {
		out["webhook.url"] = &c.Webhook.URL
	}
	if c.Ping != nil {
		out["ping.url"] = &c.Ping.URL
	}
	return out
}

// Validate reports everything in the configuration that cannot work. It asks
// nothing of the services.
func (c *Config) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, err := c.Channels(Wiring{}); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.Heartbeat(Wiring{}); err != nil {
		errs = append(errs, err)
	}
	if c.AfterSessions < 0 {
		fail("alerts.after_sessions: %d sessions cannot be behind", c.AfterSessions)
	}
	if c.LateAfter < 0 {
		fail("alerts.late_after: %s is in the past", c.LateAfter)
	}
	if c.Every != 0 && c.Every < leastEvery {
		fail("alerts.every: %s is too often; a minute is the least", c.Every)
	}
	if p := c.Ping; p != nil && p.Every != 0 && p.Every < leastEvery {
		fail("alerts.ping.every: %s is too often; a minute is the least", p.Every)
	}
	if c.MinSeverity != "" && rank(c.MinSeverity) == 0 {
		fail("alerts.min_severity: %q is neither error nor warning", string(c.MinSeverity))
	}
	if u, err := url.Parse(c.Page); c.Page != "" && (err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil) {
		fail("alerts.page: give the address of the page, such as https://tidemark.example.org, without a password")
	}
	return errors.Join(errs...)
}

// Rules returns the rules with what the configuration says otherwise.
func (c *Config) Rules() Rules {
	r := DefaultRules()
	r.MinSeverity = cmp.Or(c.MinSeverity, r.MinSeverity)
	r.AfterSessions = cmp.Or(c.AfterSessions, r.AfterSessions)
	r.Every = cmp.Or(c.Every, r.Every)
	r.After[Late] = cmp.Or(c.LateAfter, r.After[Late])
	return r
}

// Wiring is what channels are given beside their configuration.
type Wiring struct {
	Now   func() time.Time // may be left out of what is only checked
	Log   *slog.Logger
	Proxy func(*http.Request) (*url.URL, error) // of web services; default none
}

func (w Wiring) hook(place string, address jobs.Secret) (*webhook.Hook, error) {
	h, err := (&jobs.HookConfig{URL: address}).Hook(w.Now, w.Proxy)
	if err != nil {
		return nil, fmt.Errorf("alerts.%s.url: %w", place, err)
	}
	return h, nil
}

// Channels returns the channels that are configured.
func (c *Config) Channels(w Wiring) ([]Channel, error) {
	var out []Channel
	var errs []error
	if e := c.Email; e != nil {
		s, err := e.Sender(w.Now)
		if err != nil {
			errs = append(errs, fmt.Errorf("alerts.email: %w", err))
		} else {
			out = append(out, Email{Sender: s, Log: w.Log})
		}
	}
	if c.Slack != nil {
		h, err := w.hook(nameSlack, c.Slack.URL)
		errs, out = append(errs, err), append(out, Slack{h})
	}
	if c.Webhook != nil {
		h, err := w.hook(nameWebhook, c.Webhook.URL)
		errs, out = append(errs, err), append(out, JSON{h})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// Heartbeat returns the dead-man's switch, nil where there is none.
func (c *Config) Heartbeat(w Wiring) (*Heartbeat, error) {
	if c.Ping == nil {
		return nil, nil
	}
	h, err := w.hook("ping", c.Ping.URL)
	if err != nil {
		return nil, err
	}
	return NewHeartbeat(h, cmp.Or(c.Ping.Every, defaultPing), w.Now, w.Log), nil
}
