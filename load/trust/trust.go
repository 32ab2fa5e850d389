// Package trust reads the certificates that stand in for the system's.
package trust

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Pool reads a file of certificates in PEM form. Without a file it is nil, which
// stands for those of the system.
func Pool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the configuration names the file
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return pool, nil
}
