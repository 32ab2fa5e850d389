package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificates serves a certificate from files and reads them again when they
// change, so that a renewal needs no restart.
type certificates struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  [2]time.Time // of the files that loaded was read from
}

// newCertificates fails where the files cannot be used.
func newCertificates(cert, key string, log *slog.Logger) (*certificates, error) {
	c := &certificates{cert: cert, key: key, log: log}
	stamp, err := c.stamps()
	if err != nil {
		return nil, err
	}
	return c, c.load(stamp)
}

func (c *certificates) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get returns the certificate of the files as they are now. While they cannot
// be read, such as in the middle of a renewal, the one before is served.
func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stamps()
	if err == nil && stamp != c.stamp {
		err = c.load(stamp)
	}
	if err != nil {
		c.log.Warn("the certificate cannot be read again; the one before is served", "err", err)
	}
	return c.loaded, nil
}

func (c *certificates) load(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	c.loaded, c.stamp = &pair, stamp
	return nil
}

func (c *certificates) stamps() (out [2]time.Time, err error) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return out, fmt.Errorf("read the certificate: %w", err)
		}
		out[i] = info.ModTime()
	}
	return out, nil
}
