// Package bucket puts files into a bucket of a service that speaks S3: Amazon's,
// MinIO, Ceph, R2 and others. A file that is put again takes its own place.
package bucket

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"tidemark/load/loopback"
	"tidemark/load/trust"
)

// Config says which bucket, and with whose rights.
type Config struct {
	Endpoint  string // https://s3.eu-central-1.amazonaws.com
	Region    string // asked of the service where it is empty
	Bucket    string
	Prefix    string // folder in the bucket; may be empty
	AccessKey string
	SecretKey string
	CAFile    string // PEM certificates that are trusted in place of the system's
	// Attempts is how often a request is sent at most; default 4.
	Attempts int
	// Timeout bounds a Put whose context has no nearer end; default 5 minutes.
	Timeout time.Duration
	// Proxy chooses a proxy, as in [http.Transport]; default none.
	Proxy func(*http.Request) (*url.URL, error)
}

// Bucket is one bucket. It may be used from many goroutines at once.
type Bucket struct {
	c      Config
	client *minio.Client
}

// New checks the configuration and reads the file of certificates. It asks
// nothing of the service.
func New(c Config) (*Bucket, error) {
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, errors.New("bucket: give the endpoint as https://host, without a path")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())):
		return nil, fmt.Errorf("bucket: the endpoint %s is not https", u.Host)
	case c.Bucket == "":
		return nil, errors.New("bucket: the bucket has no name")
	case c.AccessKey == "" || c.SecretKey == "":
		return nil, errors.New("bucket: an access key and a secret key are needed")
	case strings.Contains(c.Prefix, ".."):
		return nil, fmt.Errorf("bucket: the prefix %q leaves the bucket", c.Prefix)
	}
	if c.Attempts <= 0 {
		c.Attempts = 4
	}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Minute
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = c.Proxy
	pool, err := trust.Pool(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: u.Scheme == "https", Region: c.Region, Transport: transport, MaxRetries: c.Attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	return &Bucket{c: c, client: client}, nil
}

// String names the bucket and the folder in it, and nothing that is secret.
func (b *Bucket) String() string { return "s3://" + path.Join(b.c.Bucket, b.c.Prefix) }

// Put stores data under a name in the folder. What goes wrong on the way is
// tried again; the error is of the last attempt.
func (b *Bucket) Put(ctx context.Context, name, kind string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, b.c.Timeout)
	defer cancel()
	_, err := b.client.PutObject(ctx, b.c.Bucket, path.Join(b.c.Prefix, name), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{
		ContentType: kind, SendContentMd5: true,
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if text := err.Error(); strings.Contains(text, b.c.SecretKey) {
		err = errors.New(strings.ReplaceAll(text, b.c.SecretKey, "***"))
	}
	return fmt.Errorf("bucket: put %s into %s: %w", name, b, err)
}
