package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const secret = "not-to-be-told"

// service is an S3 service on the loopback whose next answers may be failures.
func service(t *testing.T) (backend *s3mem.Backend, c Config, failures *atomic.Int32) {
	t.Helper()
	backend = s3mem.New()
	if err := backend.CreateBucket("research"); err != nil {
		t.Fatal(err)
	}
	failures = new(atomic.Int32)
	fake := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && failures.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return backend, Config{Endpoint: server.URL, Region: "us-east-1", Bucket: "research", Prefix: "tidemark/daily", AccessKey: "key", SecretKey: secret}, failures
}

func TestPut(t *testing.T) {
	backend, c, failures := service(t)
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "s3://research/tidemark/daily" {
		t.Errorf("called %s", got)
	}
	failures.Store(2)
	for _, text := range []string{"one", "two"} {
		if err := b.Put(t.Context(), "book.xlsx", "text/plain", []byte(text)); err != nil {
			t.Fatal(err)
		}
		o, err := backend.GetObject("research", "tidemark/daily/book.xlsx", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(o.Contents)
		if err != nil || !bytes.Equal(got, []byte(text)) || o.Metadata["Content-Type"] != "text/plain" {
			t.Errorf("the bucket holds %q of type %s, %v", got, o.Metadata["Content-Type"], err)
		}
	}
}

func TestPutFails(t *testing.T) {
	_, c, failures := service(t)
	c.Attempts = 1
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	failures.Store(9)
	err = b.Put(t.Context(), "book.xlsx", "text/plain", []byte("x"))
	if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "s3://research/tidemark/daily") {
		t.Errorf("got %v", err)
	}
	failures.Store(0)
	c.Bucket = "missing"
	if b, err = New(c); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "book.xlsx", "text/plain", []byte("x")); err == nil || !strings.Contains(err.Error(), "bucket does not exist") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Nanosecond, errors.New("out of time"))
	defer cancel()
	if err := b.Put(ctx, "book.xlsx", "text/plain", []byte("x")); err == nil {
		t.Error("put after its time")
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := Config{Endpoint: "https://s3.example.com", Bucket: "b", AccessKey: "k", SecretKey: secret}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"plain http":     func(c *Config) { c.Endpoint = "http://s3.example.com" },
		"a path":         func(c *Config) { c.Endpoint += "/b" },
		"no endpoint":    func(c *Config) { c.Endpoint = "" },
		"a password":     func(c *Config) { c.Endpoint = "https://u:" + secret + "@s3.example.com" },
		"no bucket":      func(c *Config) { c.Bucket = "" },
		"no key":         func(c *Config) { c.SecretKey = "" },
		"another folder": func(c *Config) { c.Prefix = "../b" },
		"no certificate": func(c *Config) { c.CAFile = "/does/not/exist" },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
