package jobs

import (
	"net/http"
	"net/url"
	"time"

	"tidemark/load/mail"
	"tidemark/load/webhook"
)

// EmailConfig is a mail server and who gets the mail.
type EmailConfig struct {
	Host     string   `yaml:"host"`
	Port     int      `yaml:"port"` // default: 587, with tls implicit 465, with none 25
	From     string   `yaml:"from"`
	To       []string `yaml:"to"`
	User     string   `yaml:"user"`
	Password Secret   `yaml:"password"`
	TLS      mail.TLS `yaml:"tls"`     // starttls, the default, implicit, or none for this machine
	CAFile   string   `yaml:"ca_file"` // certificates that are trusted in place of the system's
}

// Sender returns what delivers the mail. Its error says what is wrong with the
// configuration; the server is asked nothing.
func (c *EmailConfig) Sender(now func() time.Time) (*mail.Sender, error) {
	return mail.New(mail.Config{
		Host: c.Host, Port: c.Port, From: c.From, To: c.To, User: c.User, Password: string(c.Password), TLS: c.TLS, CAFile: c.CAFile, Now: now,
	})
}

// HookConfig is the address of a web service. It is a credential.
type HookConfig struct {
	URL Secret `yaml:"url"`
}

// Hook returns what calls the service. Its error says what is wrong with the
// address; the service is asked nothing.
func (c *HookConfig) Hook(now func() time.Time, proxy func(*http.Request) (*url.URL, error)) (*webhook.Hook, error) {
	return webhook.New(string(c.URL), webhook.Options{Now: now, Proxy: proxy})
}
