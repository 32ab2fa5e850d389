package extract

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// restAfterUnreachable is how long a host that could not be reached is not
// asked again: the other windows of its publisher would each wait out every
// attempt for the same answer.
const restAfterUnreachable = time.Minute

// UnreachableError says that no connection to a publisher's host could be made.
type UnreachableError struct {
	Host string
	Err  error
}

func (e *UnreachableError) Error() string { return e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// outage is the newest failure to reach a host.
type outage struct {
	err   error
	until time.Time // when the host may be asked again
}

// unreachable notes that a host could not be reached, if err says so.
func (c *Client) unreachable(host string, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" && op.Op != "proxyconnect" {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outages[host] = outage{err: err, until: time.Now().Add(restAfterUnreachable)} //nolint:forbidigo // pauses go by the machine's clock
	return &UnreachableError{Host: host, Err: err}
}

// resting returns an error for a host that could not be reached a moment ago.
func (c *Client) resting(host string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.outages[host]
	if !ok || time.Now().After(o.until) { //nolint:forbidigo // see above
		return nil
	}
	return &UnreachableError{Host: host, Err: fmt.Errorf("not asked, since %s could not be reached a moment ago: %w", host, o.err)}
}
