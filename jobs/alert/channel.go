package alert

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"tidemark/load/mail"
	"tidemark/load/webhook"
	"tidemark/schemas"
)

// The names of the channels.
const (
	nameEmail   = "email"
	nameSlack   = "slack"
	nameWebhook = "webhook"
)

// Email is the channel that sends mail.
type Email struct {
	Sender *mail.Sender
	Log    *slog.Logger // told of recipients who are gone; nil for nobody
}

var (
	_ Channel = Email{}
	_ Channel = Slack{}
	_ Channel = JSON{}
)

// Name returns "email".
func (Email) Name() string { return nameEmail }

// Tell sends one mail. That some recipients are gone is logged, and does not
// keep the message from counting as told.
func (e Email) Tell(ctx context.Context, d Digest) error {
	html, err := d.HTML()
	if err != nil {
		return err
	}
	err = e.Sender.Send(ctx, mail.Message{Subject: d.Subject(), Text: d.Text(), HTML: html, ID: d.ID + "@tidemark"})
	if partial, ok := errors.AsType[*mail.PartialError](err); ok {
		if e.Log != nil {
			e.Log.WarnContext(ctx, "some recipients did not get an alert", "err", partial.Error())
		}
		return nil
	}
	return err
}

// Slack is the channel for services that take Slack's {"text": "..."}.
type Slack struct{ Hook *webhook.Hook }

// Name returns "slack".
func (Slack) Name() string { return nameSlack }

// slackText escapes what would be markup, such as a call to a whole channel.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Tell posts one message.
func (s Slack) Tell(ctx context.Context, d Digest) error {
	return s.Hook.Post(ctx, struct {
		Text string `json:"text"`
	}{slackText.Replace("*" + d.Subject() + "*\n" + d.Text())})
}

// JSON is the channel for programs: the digest with all its incidents.
type JSON struct{ Hook *webhook.Hook }

// Name returns "webhook".
func (JSON) Name() string { return nameWebhook }

type jsonDigest struct {
	ID      string         `json:"id"` // the same when the same is told again
	Subject string         `json:"subject"`
	Text    string         `json:"text"`
	Page    string         `json:"page,omitempty"`
	Open    []jsonIncident `json:"open"`
	Over    []jsonIncident `json:"over"`
}

type jsonIncident struct {
	ID       string    `json:"id"`
	Key      string    `json:"key"`
	Kind     string    `json:"kind"`
	Job      string    `json:"job"`
	Severity string    `json:"severity"`
	Message  string    `json:"message"`
	Opened   time.Time `json:"opened_at"`
	Resolved time.Time `json:"resolved_at,omitzero"`
}

// Tell posts one message.
func (j JSON) Tell(ctx context.Context, d Digest) error {
	list := func(all []schemas.Incident) []jsonIncident {
		out := make([]jsonIncident, len(all))
		for n, i := range all {
			out[n] = jsonIncident{i.ID, i.Key, i.Kind, i.Job, string(i.Severity), i.Message, i.Opened, i.Resolved}
		}
		return out
	}
	return j.Hook.Post(ctx, jsonDigest{d.ID, d.Subject(), d.Text(), d.Page, list(d.Open), list(d.Over)})
}
