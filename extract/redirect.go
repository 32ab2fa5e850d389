package extract

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects bounds how often an answer may send the client elsewhere.
const maxRedirects = 5

// permanentError marks a failure that another attempt would only repeat.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

func permanent(format string, args ...any) error {
	return &permanentError{fmt.Errorf(format, args...)}
}

// checkRedirect allows a redirect that stays with the publisher.
func (c *Client) checkRedirect(a *ask) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		from, to := via[len(via)-1].URL, next.URL
		switch {
		case len(via) > maxRedirects:
			return permanent("more than %d redirects", maxRedirects)
		case to.Scheme != "https" && to.Scheme != "http":
			return permanent("redirected to a %s: address; refused", to.Scheme)
		case from.Scheme == "https" && to.Scheme != "https":
			return permanent("redirected from https to plain http on %s; refused", to.Host)
		case to.User != nil:
			return permanent("redirected to an address with a password on %s; refused", to.Host)
		case !c.allowed(a, to):
			return permanent("redirected to %s, which is not among the hosts of %s; if the publisher has moved, add it there", to.Host, a.Publisher)
		case !sameHost(to, a.url) && a.Secret.in(to.String()):
			return permanent("redirected to %s with the secret in the address; refused", to.Host)
		}
		return nil
	}
}

// allowed reports whether u is where the publisher was asked, or one of its
// other hosts.
func (c *Client) allowed(a *ask, u *url.URL) bool {
	if sameHost(u, a.url) {
		return true
	}
	if u.Scheme == "http" && !c.plainHTTP(a.Publisher, u.Host) {
		return false
	}
	return slices.ContainsFunc(c.o.Hosts[a.Publisher], func(entry string) bool {
		host := strings.TrimPrefix(entry, "http://")
		return strings.EqualFold(host, u.Host) || (strings.EqualFold(host, u.Hostname()) && defaultPort(u))
	})
}

// plainHTTP reports whether the configuration allows plain http for the host.
func (c *Client) plainHTTP(publisher, host string) bool {
	return slices.ContainsFunc(c.o.Hosts[publisher], func(entry string) bool {
		return strings.EqualFold(entry, "http://"+host)
	})
}

// sameHost reports whether two addresses lead to one server: the same host and
// port, or the same host where http became https.
func sameHost(x, y *url.URL) bool {
	if !strings.EqualFold(x.Hostname(), y.Hostname()) {
		return false
	}
	return port(x) == port(y) || (defaultPort(x) && defaultPort(y))
}

func defaultPort(u *url.URL) bool {
	p := u.Port()
	return p == "" || (u.Scheme == "https" && p == "443") || (u.Scheme == "http" && p == "80")
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// isLoopback reports whether a host is this machine, as all names below
// localhost are (RFC 6761, section 6.3).
func isLoopback(host string) bool {
	if host = strings.ToLower(host); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
