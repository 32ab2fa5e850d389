package fred_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"

	"tidemark/extract"
	"tidemark/schemas"
)

// client gets answers without an archive, from servers and files.
type client struct{}

func newClient(t *testing.T) extract.Getter {
	t.Helper()
	return client{}
}

func (client) Get(ctx context.Context, r extract.Request) (*extract.Payload, error) {
	data, err := body(ctx, r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return &extract.Payload{
		Payload: schemas.Payload{Hash: hex.EncodeToString(sum[:]), Publisher: r.Publisher, Request: "GET " + r.URL},
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}, nil
}

func body(ctx context.Context, r extract.Request) ([]byte, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "file" {
		return os.ReadFile(u.Path)
	}
	q := u.Query()
	if r.Secret.Query != "" && r.Secret.Value != "" {
		q.Set(r.Secret.Query, r.Secret.Value)
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}
