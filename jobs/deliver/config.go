// Package deliver brings the workbook of each session to those who subscribe to
// it: into a folder, a bucket, a mailbox or a web service. What is due is a pure
// function of the time, of what is missing and of the lines of ops.delivery, so
// that a restart forgets nothing and nobody is sent the same date twice.
package deliver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"tidemark/jobs"
	"tidemark/load/bucket"
)

// Config lists the subscriptions.
type Config []Subscription

// Subscription says what goes where, and when.
type Subscription struct {
	Name string `yaml:"name"`
	// After and By are times of the day after a session, in New York, such as
	// 07:30. The workbook goes out when all of the session's figures are there,
	// but not before After; at By it goes out with those that are there. Without
	// After it goes out at once; By is 09:00 where it is not given.
	After string `yaml:"after"`
	By    string `yaml:"by"`
	// Workbook takes the place of the block of that name for this subscription.
	Workbook *jobs.WorkbookConfig `yaml:"workbook"`

	Folder  *FolderConfig    `yaml:"folder"`
	Bucket  *BucketConfig    `yaml:"bucket"`
	Email   *EmailConfig     `yaml:"email"`
	Webhook *jobs.HookConfig `yaml:"webhook"`
}

// FolderConfig is a folder of this machine or of what it has mounted.
type FolderConfig struct {
	Path string `yaml:"path"`
}

// BucketConfig is a bucket of a service that speaks S3.
type BucketConfig struct {
	Endpoint  string      `yaml:"endpoint"` // https://s3.eu-central-1.amazonaws.com
	Region    string      `yaml:"region"`
	Bucket    string      `yaml:"bucket"`
	Prefix    string      `yaml:"prefix"`
	AccessKey jobs.Secret `yaml:"access_key"`
	SecretKey jobs.Secret `yaml:"secret_key"`
	CAFile    string      `yaml:"ca_file"` // certificates that are trusted in place of the system's
}

// EmailConfig is a letter with the summary.
type EmailConfig struct {
	jobs.EmailConfig `yaml:",inline"`
	// Largest is how many MB of workbook go with the letter; a larger one is
	// linked. Default 10; 0 attaches none.
	Largest *int `yaml:"attach_mb"`
	// Link is where the workbook can be had: the folder's or the bucket's address,
	// to which the name of the file is added.
	Link string `yaml:"link"`
}

const (
	defaultBy      = "09:00"
	defaultLargest = 10
	mostLargest    = 100
)

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Secrets returns the values that may name a variable of the environment, by
// their place below deliver.
func (c Config) Secrets() map[string]*jobs.Secret {
	out := map[string]*jobs.Secret{}
	for i := range c {
		s := &c[i]
		if s.Email != nil {
			out[s.Name+".email.password"] = &s.Email.Password
		}
		if s.Webhook != nil {
			out[s.Name+".webhook.url"] = &s.Webhook.URL
		}
		if s.Bucket != nil {
			out[s.Name+".bucket.access_key"] = &s.Bucket.AccessKey
			out[s.Name+".bucket.secret_key"] = &s.Bucket.SecretKey
		}
	}
	return out
}

// Paths returns the paths in it, which may be relative ones.
func (c Config) Paths() []*string {
	var out []*string
	for i := range c {
		s := &c[i]
		if s.Folder != nil {
			out = append(out, &s.Folder.Path)
		}
		if s.Bucket != nil {
			out = append(out, &s.Bucket.CAFile)
		}
		if s.Email != nil {
			out = append(out, &s.Email.CAFile)
		}
	}
	return out
}

// Validate reports everything in the configuration that cannot work. It asks
// nothing of the services.
func (c Config) Validate(house *jobs.Config) error {
	var errs []error
	names := map[string]bool{}
	for i := range c {
		s := &c[i]
		place := fmt.Sprintf("deliver[%d]", i)
		fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
		switch {
		case s.Name == "":
			fail("%s: name is missing", place)
		case !validName.MatchString(s.Name):
			fail("%s: name %q becomes a part of file names: letters, digits, - and _ will do", place, s.Name)
		case names[s.Name]:
			fail("%s: a second subscription is called %s", place, s.Name)
		default:
			place = "deliver." + s.Name
		}
		names[s.Name] = true
		if _, err := s.times(); err != nil {
			fail("%s: %w", place, err)
		}
		if s.Workbook != nil {
			house.ValidateWorkbook(place+".workbook", s.Workbook, fail)
		}
		if _, err := s.targets(Wiring{}); err != nil {
			fail("%s.%w", place, err)
		}
	}
	return errors.Join(errs...)
}

// hours are the times of a subscription, as so long after midnight of the day
// after the session.
type hours struct{ after, by time.Duration }

func (s *Subscription) times() (hours, error) {
	var out hours
	var err error
	if s.After != "" {
		if out.after, err = clock("after", s.After); err != nil {
			return out, err
		}
	}
	by := s.By
	if by == "" {
		by = defaultBy
	}
	if out.by, err = clock("by", by); err != nil {
		return out, err
	}
	if out.by < out.after {
		return out, fmt.Errorf("by: %s comes before after: %s", by, s.After)
	}
	return out, nil
}

func clock(key, text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a time of day such as 07:30", key, text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// Wiring is what targets are given beside their configuration.
type Wiring struct {
	Now   func() time.Time // may be left out of what is only checked
	Proxy func(*http.Request) (*url.URL, error)
}

// targets returns where the workbook goes.
func (s *Subscription) targets(w Wiring) ([]target, error) {
	var out []target
	if f := s.Folder; f != nil {
		if f.Path == "" {
			return nil, errors.New("folder.path: say which folder")
		}
		out = append(out, folderTarget{f.Path})
	}
	if c := s.Bucket; c != nil {
		b, err := bucket.New(bucket.Config{
			Endpoint: c.Endpoint, Region: c.Region, Bucket: c.Bucket, Prefix: c.Prefix, AccessKey: string(c.AccessKey), SecretKey: string(c.SecretKey),
			CAFile: c.CAFile, Proxy: w.Proxy,
		})
		if err != nil {
			return nil, fmt.Errorf("bucket: %w", err)
		}
		out = append(out, bucketTarget{b})
	}
	if c := s.Webhook; c != nil {
		h, err := c.Hook(w.Now, w.Proxy)
		if err != nil {
			return nil, fmt.Errorf("webhook.url: %w", err)
		}
		out = append(out, hookTarget{h})
	}
	if c := s.Email; c != nil {
		m, err := c.Sender(w.Now)
		if err != nil {
			return nil, fmt.Errorf("email: %w", err)
		}
		t := mailTarget{sender: m, to: c.To, largest: defaultLargest, link: strings.TrimRight(c.Link, "/")}
		if c.Largest != nil {
			t.largest = *c.Largest
		}
		switch u, err := url.Parse(c.Link); {
		case t.largest < 0 || t.largest > mostLargest:
			return nil, fmt.Errorf("email.attach_mb: %d is outside 0 to %d", t.largest, mostLargest)
		case c.Link != "" && (err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http"):
			return nil, errors.New("email.link: give the address of the folder of workbooks, such as https://files.example.com/tidemark, without a password")
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, errors.New("folder, bucket, email or webhook says where the workbook goes; there is none of them")
	}
	return out, nil
}
