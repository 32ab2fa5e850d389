package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// probeTimeout bounds one look at a port of this machine.
const probeTimeout = 3 * time.Second

// errStranger says that a port is answered, but not by the engine it should
// be. Waiting does not mend it.
var errStranger = errors.New("another server answers there")

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// verify asks both listeners which engine they are. It returns the server's
// version, or an error that is errStranger when somebody else listens.
func verify(ctx context.Context, s state) (string, error) {
	version, err := verifyNative(ctx, s)
	if err != nil {
		return "", fmt.Errorf("engine: native protocol on %s: %w", loopback(s.TCPPort), err)
	}
	if err := verifyHTTP(ctx, s); err != nil {
		return "", fmt.Errorf("engine: HTTP on %s: %w", loopback(s.HTTPPort), err)
	}
	return version, nil
}

func verifyNative(ctx context.Context, s state) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr:         []string{loopback(s.TCPPort)},
		Auth:         clickhouse.Auth{Database: "system", Username: probeUser, Password: s.Probe},
		DialTimeout:  probeTimeout,
		ReadTimeout:  probeTimeout,
		MaxOpenConns: 1,
	})
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var token string
	if err := conn.QueryRow(ctx, "SELECT getMacro('instance')").Scan(&token); err != nil {
		return "", classify(err)
	}
	if token != s.Token {
		return "", errStranger
	}
	server, err := conn.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("ask its version: %w", err)
	}
	return fmt.Sprintf("%d.%d.%d", server.Version.Major, server.Version.Minor, server.Version.Patch), nil
}

// classify tells nobody (yet), and slow, from somebody else.
func classify(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		return err
	}
	return fmt.Errorf("%w: %w", errStranger, err)
}

func verifyHTTP(ctx context.Context, s state) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	ask := url.URL{Scheme: "http", Host: loopback(s.HTTPPort), Path: "/", RawQuery: url.Values{"query": {"SELECT getMacro('instance')"}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ask.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-ClickHouse-User", probeUser)
	req.Header.Set("X-ClickHouse-Key", s.Probe)
	// A proxy of the environment has no business between us and the loopback,
	// and an idle connection would delay the engine's stop.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return classify(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil {
		return classify(err)
	}
	if resp.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != s.Token {
		return fmt.Errorf("%w: status %d", errStranger, resp.StatusCode)
	}
	return nil
}

// freePort returns a port of the loopback that nobody listens on now.
func freePort(ctx context.Context, port int) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", loopback(port))
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil || !ok {
		return 0, fmt.Errorf("close the listener on %s: %w", l.Addr(), err)
	}
	return addr.Port, nil
}
