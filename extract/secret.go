package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// minMasked is the length from which a secret is looked for inside bodies. A
// shorter one would be found by chance, and masking it would spoil data.
const minMasked = 8

// mask stands where a secret was.
const mask = "***"

// isCredentialHeader reports whether a header is one that carries credentials.
func isCredentialHeader(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie":
		return true
	}
	return false
}

// forms returns the ways in which the value may be written, longest first.
func (s Secret) forms() []string {
	if s.Value == "" {
		return nil
	}
	forms := []string{s.Value, url.QueryEscape(s.Value), url.PathEscape(s.Value)}
	// A header may read "Token <token>"; the token alone is as secret.
	if _, bare, ok := strings.Cut(s.Value, " "); ok && bare != "" {
		forms = append(forms, bare, url.QueryEscape(bare))
	}
	slices.SortFunc(forms, func(x, y string) int {
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(x, y)
	})
	return slices.Compact(forms)
}

// in reports whether text shows the secret.
func (s Secret) in(text string) bool {
	return slices.ContainsFunc(s.forms(), func(form string) bool { return strings.Contains(text, form) })
}

// redact takes the secret out of a text.
func (s Secret) redact(text string) string {
	for _, form := range s.forms() {
		text = strings.ReplaceAll(text, form, mask)
	}
	return text
}

// hide returns err without the layers that print an address, and with the
// secret taken out of its text. An error that shows the secret loses its
// identity, but for the end of the context.
func (s Secret) hide(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	text := err.Error()
	clean := s.redact(text)
	switch {
	case clean == text:
		return err
	case errors.Is(err, context.Canceled):
		return errors.Join(context.Canceled, errors.New(clean))
	case errors.Is(err, context.DeadlineExceeded):
		return errors.Join(context.DeadlineExceeded, errors.New(clean))
	}
	return errors.New(clean)
}

// secretTransport adds the secret to requests on their way out, below
// everything that logs or reports them, and to the host that was asked only.
type secretTransport struct {
	base   http.RoundTripper
	secret Secret
	origin *url.URL
}

func (t *secretTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r
	if t.secret.Value != "" && r.URL.Scheme == t.origin.Scheme && r.URL.Host == t.origin.Host {
		out = r.Clone(r.Context())
		if t.secret.Header != "" {
			out.Header.Set(t.secret.Header, t.secret.Value)
		} else {
			out.URL.RawQuery = withParameter(r.URL.RawQuery, t.secret.Query, t.secret.Value)
		}
	}
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	resp.Request = r
	if _, err := url.Parse(resp.Header.Get("Location")); err != nil && resp.StatusCode/100 == 3 {
		_ = resp.Body.Close()
		return nil, permanent("redirected to an address that cannot be read")
	}
	return resp, nil
}

// withParameter sets one parameter of a query and leaves the others as they
// are written: some publishers take page[size] and not page%5Bsize%5D.
func withParameter(query, name, value string) string {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(part, "=")
		if k, err := url.QueryUnescape(key); part != "" && (err != nil || k != name) {
			parts = append(parts, part)
		}
	}
	return strings.Join(append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value)), "&")
}

// CloseIdleConnections passes the wish on.
func (t *secretTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// masked returns r with every occurrence of the secret overwritten, so that a
// publisher that repeats what it was asked does not put the secret into the
// archive.
func (s Secret) masked(r io.Reader) *maskReader {
	m := &maskReader{in: r}
	for _, form := range s.forms() {
		if len(form) >= minMasked {
			m.needles = append(m.needles, []byte(form))
			m.keep = max(m.keep, len(form)-1)
		}
	}
	return m
}

type maskReader struct {
	in      io.Reader
	needles [][]byte
	keep    int // bytes at the end of buf that may begin a needle
	buf     []byte
	ready   int // bytes of buf that may be handed out
	err     error
	found   bool
}

func (m *maskReader) Read(p []byte) (int, error) {
	if len(m.needles) == 0 {
		return m.in.Read(p)
	}
	for m.ready == 0 && m.err == nil {
		m.fill()
	}
	if m.ready == 0 {
		return 0, m.err
	}
	n := copy(p, m.buf[:m.ready])
	m.buf = m.buf[:copy(m.buf, m.buf[n:])]
	m.ready -= n
	return n, nil
}

func (m *maskReader) fill() {
	const chunk = 32 << 10
	old := len(m.buf)
	m.buf = slices.Grow(m.buf, chunk)[:old+chunk]
	n, err := m.in.Read(m.buf[old:])
	m.buf = m.buf[:old+n]
	for _, needle := range m.needles {
		for at := 0; ; {
			i := bytes.Index(m.buf[at:], needle)
			if i < 0 {
				break
			}
			m.found = true
			at += i
			for range needle {
				m.buf[at] = '*'
				at++
			}
		}
	}
	m.err = err
	m.ready = len(m.buf)
	if err == nil {
		m.ready = max(0, len(m.buf)-m.keep)
	}
}
