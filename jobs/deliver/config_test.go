package deliver

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tidemark/jobs"
)

func TestConfig(t *testing.T) {
	house := &jobs.Config{Universes: []jobs.Universe{{ID: "SPX_MEMBERS"}}}
	const good = "folder: {path: share}"
	for name, tc := range map[string]struct{ text, want string }{
		"a folder":            {"[{name: a, " + good + "}]", ""},
		"all of it":           {"[{name: a, after: '07:30', by: '08:00', " + good + ", email: {host: localhost, tls: none, from: a@example.org, to: [b@example.org], attach_mb: 0, link: 'https://files.example.com/x'}, webhook: {url: 'https://example.com/hook'}, bucket: {endpoint: 'https://s3.example.com', bucket: b, access_key: k, secret_key: s}}]", ""},
		"no name":             {"[{" + good + "}]", "name is missing"},
		"a name with a slash": {"[{name: ../a, " + good + "}]", "part of file names"},
		"twice":               {"[{name: a, " + good + "}, {name: a, " + good + "}]", "a second subscription is called a"},
		"nowhere":             {"[{name: a}]", "there is none of them"},
		"no folder":           {"[{name: a, folder: {}}]", "say which folder"},
		"no time":             {"[{name: a, by: 9am, " + good + "}]", "not a time of day"},
		"the wrong way round": {"[{name: a, after: '10:00', " + good + "}]", "comes before after"},
		"an unknown sheet":    {"[{name: a, workbook: {sheets: [Nothing]}, " + good + "}]", `deliver.a.workbook.sheets: there is no sheet "Nothing"`},
		"an unknown universe": {"[{name: a, workbook: {universes: [X]}, " + good + "}]", "deliver.a.workbook.universes: X"},
		"mail to nobody":      {"[{name: a, email: {host: localhost, tls: none, from: a@example.org}}]", "deliver.a.email: mail: to names nobody"},
		"too much mail":       {"[{name: a, email: {host: localhost, tls: none, from: a@example.org, to: [b@example.org], attach_mb: 101}}]", "outside 0 to 100"},
		"a link with a name":  {"[{name: a, email: {host: localhost, tls: none, from: a@example.org, to: [b@example.org], link: 'https://u:secret@example.com'}}]", "without a password"},
		"a plain bucket":      {"[{name: a, bucket: {endpoint: 'http://s3.example.com', bucket: b, access_key: k, secret_key: secret}}]", "not https"},
		"a plain hook":        {"[{name: a, webhook: {url: 'http://example.com/secret'}}]", "not https"},
	} {
		var c Config
		if err := yaml.UnmarshalWithOptions([]byte(tc.text), &c, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err := c.Validate(house)
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	c := Config{{Name: "a", Email: &EmailConfig{}, Webhook: &jobs.HookConfig{}, Bucket: &BucketConfig{}, Folder: &FolderConfig{}}}
	if len(c.Secrets()) != 4 || len(c.Paths()) != 3 {
		t.Errorf("%d secrets and %d paths", len(c.Secrets()), len(c.Paths()))
	}
}
