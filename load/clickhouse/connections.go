package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// connections are those over which blocks of columns are read. The client that
// the statements go over delivers rows cell by cell; its own foundation, ch-go,
// delivers columns as they lie on the wire, and knows no pool that notices when
// the server was restarted.
type connections struct {
	addr  []string
	tls   *tls.Config
	each  ch.Options
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []*ch.Client
	closed bool
}

func newConnections(o Options) *connections {
	c := &connections{addr: o.Addr, tls: o.TLS, slots: make(chan struct{}, o.MaxConns)}
	c.each = ch.Options{
		User: o.User, Password: o.Password, ClientName: "tidemark", Dialer: c,
		// A longer pause between two packets is no fault; the query is waited for
		// until its context ends.
		ReadTimeout: 10 * time.Second,
	}
	if o.Compress {
		c.each.Compression = ch.CompressionLZ4
	}
	return c
}

// DialContext connects to the first address that answers.
func (c *connections) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	var errs []error
	for _, addr := range c.addr {
		plain := &net.Dialer{Timeout: dialTimeout}
		dial := plain.DialContext
		if c.tls != nil {
			dial = (&tls.Dialer{NetDialer: plain, Config: c.tls}).DialContext
		}
		conn, err := dial(ctx, network, addr)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// do runs one query over a connection of its own.
func (c *connections) do(ctx context.Context, q ch.Query) error {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	client, err := c.take(ctx)
	if err != nil {
		return err
	}
	// The client looks at the context between packets only.
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	err = client.Do(ctx, q)
	whole := stop()
	if refused, ok := ch.AsException(err); ok {
		err = &clickhouse.Exception{Code: int32(refused.Code), Name: refused.Name, Message: refused.Message, StackTrace: refused.Stack}
	} else if err != nil {
		whole = false
	}
	c.giveBack(client, whole && !client.IsClosed())
	return err
}

func (c *connections) take(ctx context.Context) (*ch.Client, error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		client := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return client, nil
	}
	c.mu.Unlock()
	return ch.Dial(ctx, c.each)
}

// giveBack keeps a connection for the next query. One that broke is closed, and
// with it those that wait, because what broke was probably the server.
func (c *connections) giveBack(client *ch.Client, whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if whole && !c.closed {
		c.idle = append(c.idle, client)
		return
	}
	_ = client.Close() // nothing was written over it
	c.drop()
}

func (c *connections) drop() {
	for _, client := range c.idle {
		_ = client.Close()
	}
	c.idle = nil
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.drop()
}

// blocks asks for the fields of a query and hands on block after block: put
// writes the columns into rows, which must be as many as there are. The blocks
// may come again from the first one on after a broken connection: begin is
// called before each attempt.
func blocks[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], q Query, begin func(), take func(rows int, put func([]T))) error {
	parameters, err := parametersOf(q.Args)
	if err != nil {
		return err
	}
	var settings []ch.Setting
	if t.Log() {
		for name, value := range lookUp {
			settings = append(settings, ch.Setting{Key: name, Value: value})
		}
	}
	return w.retry(ctx, func() error {
		begin()
		var result proto.Results
		var columns []blockColumn[T]
		for _, f := range fieldsOf(t, q) {
			c := newColumn(f)
			columns = append(columns, c)
			result = append(result, proto.ResultColumn{Name: f.Name, Data: c.data})
		}
		put := func(rows []T) {
			for _, c := range columns {
				c.put(rows)
			}
		}
		return w.columns.do(ctx, ch.Query{
			Body: selectSQL(t, q), Parameters: parameters, Settings: settings, Result: result,
			OnResult: func(_ context.Context, b proto.Block) error {
				if b.Rows > 0 {
					take(b.Rows, put)
				}
				return nil
			},
		})
	})
}

// parametersOf writes the values of a query as the protocol wants them: as
// text, in quotes.
func parametersOf(args []any) ([]proto.Parameter, error) {
	out := make([]proto.Parameter, 0, len(args))
	for _, arg := range args {
		named, ok := arg.(driver.NamedValue)
		if !ok {
			return nil, fmt.Errorf("a value of type %T has no name", arg)
		}
		var text string
		switch v := named.Value.(type) {
		case string:
			text = escaped.Replace(v)
		case []string:
			var b strings.Builder
			for i, s := range v {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString("'" + strings.ReplaceAll(escaped.Replace(s), "'", `\'`) + "'")
			}
			text = "[" + b.String() + "]"
		case schemas.Date:
			text = v.String()
		case time.Time:
			text = strconv.FormatFloat(float64(v.UnixMilli())/1000, 'f', 3, 64)
		case int64:
			text = strconv.FormatInt(v, 10)
		default:
			return nil, fmt.Errorf("the value %s is of type %T", named.Name, named.Value)
		}
		out = append(out, proto.Parameter{Key: named.Name, Value: "'" + quoted.Replace(text) + "'"})
	}
	return out, nil
}

var (
	// escaped writes what ends a value, or is dropped, where text is read.
	escaped = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)
	// quoted writes what would end the quotes around a value.
	quoted = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
)
