package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Options says how to reach a ClickHouse server.
type Options struct {
	Addr     []string // host:port of the native protocol; further ones are tried in order
	User     string
	Password string
	TLS      *tls.Config // nil for a plain connection
	Compress bool        // LZ4 on the wire; costs time on a loopback connection
	// MaxConns bounds the open connections. Default 8.
	MaxConns int
	// Log receives what happens beside the calls, such as a swap of another
	// process that was finished. Default: nothing is logged.
	Log *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Owner is added to how this process is named in the journal, for people
	// who read it. May be empty.
	Owner string
}

// ParseDSN reads the address of a warehouse in the form
// clickhouse://user:password@host:9000,host2:9000?secure=true&compress=lz4.
// Its errors do not repeat the password.
func ParseDSN(dsn string) (Options, error) {
	o, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return Options{}, fmt.Errorf("clickhouse: read address: %w", err)
	}
	if o.Protocol != clickhouse.Native {
		return Options{}, errors.New("clickhouse: read address: only the native protocol is spoken (clickhouse://, port 9000 or 9440)")
	}
	return Options{
		Addr: o.Addr, User: o.Auth.Username, Password: o.Auth.Password, TLS: o.TLS,
		Compress: o.Compression != nil && o.Compression.Method != clickhouse.CompressionNone,
	}, nil
}

// Warehouse is a connection to the warehouse. It may be used from many
// goroutines at once.
type Warehouse struct {
	conn    driver.Conn
	columns *connections // for the rows of tables
	log     *slog.Logger
	now     func() time.Time
	owner   owner

	mu     sync.Mutex
	active map[string]bool // swaps that a Replace of this Warehouse is working on

	// at is called before and after each step of a swap that changes
	// something, and tells the log. Tests stop or disturb the swap there.
	at func(step string)
}

const dialTimeout = 10 * time.Second

// Open connects to the server and checks that it answers. The caller closes
// the Warehouse.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	if o.MaxConns == 0 {
		o.MaxConns = 8
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the clock of those who bring none
	}
	co := &clickhouse.Options{
		Addr: o.Addr,
		Auth: clickhouse.Auth{Username: o.User, Password: o.Password},
		TLS:  o.TLS,
		// A batch that waits in the server's memory would be acknowledged
		// before it is stored.
		Settings:     clickhouse.Settings{"async_insert": 0},
		DialTimeout:  dialTimeout,
		MaxOpenConns: o.MaxConns,
		MaxIdleConns: o.MaxConns,
		ClientInfo: clickhouse.ClientInfo{Products: []struct{ Name, Version string }{
			{Name: "tidemark", Version: ""},
		}},
	}
	if o.Compress {
		co.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	conn, err := clickhouse.Open(co)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: open %v: %w", o.Addr, err)
	}
	w := &Warehouse{
		conn: conn, columns: newConnections(o), log: o.Log, now: o.Now, owner: newOwner(o.Owner),
		active: make(map[string]bool),
		at:     func(step string) { o.Log.Debug("step of a swap", "step", step) },
	}
	if err := w.Ping(ctx); err != nil {
		_ = conn.Close() // the ping's error says what is wrong
		return nil, fmt.Errorf("clickhouse: open %v as %q: %w", o.Addr, o.User, err)
	}
	return w, nil
}

// Close closes every connection. It may be called twice.
func (w *Warehouse) Close() error {
	w.columns.close()
	if err := w.conn.Close(); err != nil {
		return fmt.Errorf("clickhouse: close: %w", err)
	}
	return nil
}

// Ping asks the server for a sign of life.
func (w *Warehouse) Ping(ctx context.Context) error {
	return w.retry(ctx, func() error { return w.conn.Ping(ctx) })
}

// Version returns the server's version, such as 26.7.2.1.
func (w *Warehouse) Version(ctx context.Context) (string, error) {
	var v string
	if err := w.row(ctx, "SELECT version()", nil, &v); err != nil {
		return "", fmt.Errorf("clickhouse: ask for the version: %w", err)
	}
	return v, nil
}

// exec runs a statement that may be run twice, again if the connection broke.
func (w *Warehouse) exec(ctx context.Context, sql string, args ...any) error {
	return w.retry(ctx, func() error { return w.conn.Exec(ctx, sql, args...) })
}

// row scans the single row that a query returns.
func (w *Warehouse) row(ctx context.Context, sql string, args []any, dest ...any) error {
	return w.retry(ctx, func() error { return w.conn.QueryRow(ctx, sql, args...).Scan(dest...) })
}

// lookUp is how a few lines of a log are found at the least cost: a server that
// asks itself how best to read them takes longer than reading them takes.
var lookUp = map[string]string{"max_threads": "1", "optimize_move_to_prewhere": "0", "local_filesystem_read_method": "pread"}

// lines is each for a few lines of a log.
func (w *Warehouse) lines(ctx context.Context, sql string, args []any, begin func(), scan func(driver.Rows) error) error {
	settings := make(clickhouse.Settings, len(lookUp))
	for name, value := range lookUp {
		settings[name] = value
	}
	return w.each(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), sql, args, begin, scan)
}

// each calls scan for every row that a query returns. The rows may come again
// from the first one on after a broken connection: begin is called before
// each attempt.
func (w *Warehouse) each(ctx context.Context, sql string, args []any, begin func(), scan func(driver.Rows) error) error {
	return w.retry(ctx, func() (err error) {
		begin()
		rows, err := w.conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		defer func() {
			if e := rows.Close(); err == nil {
				err = e
			}
		}()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
