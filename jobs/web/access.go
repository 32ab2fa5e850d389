package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"

	"tidemark/load/loopback"
)

// visitor is who asks.
type visitor struct {
	Name   string // of the token; empty for somebody unknown
	Scope  Scope
	Cookie bool // signed in on the page
}

// may reports whether the visitor may do what needs the scope.
func (v visitor) may(needed Scope) bool { return v.Name != "" && v.Scope.Includes(needed) }

type visitorKey struct{}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(visitorKey{}).(visitor)
	return v
}

// local is everybody who reaches a loopback address without tokens.
var local = visitor{Name: "local", Scope: ScopeAdmin}

// access tells who asks. Without tokens, and on a loopback address, everyone
// on the machine may do everything; from the first token on nobody may do
// anything without one, also after the last one was revoked.
type access struct {
	tokens   *TokenFile
	sessions *sessions
	attempts *limits // of wrong tokens
	closed   atomic.Bool
}

// newAccess refuses an address that others can reach while there is no token.
func newAccess(cfg Config) (*access, error) {
	a := &access{
		tokens: OpenTokens(cfg.TokensFile, cfg.Now), sessions: newSessions(cfg.Now),
		attempts: newLimits(rate.Every(attemptEvery), attemptsAtOnce, cfg.Now),
	}
	tokens, err := a.tokens.List()
	if err != nil {
		return nil, err
	}
	usable := 0
	for _, t := range tokens {
		if !t.Expired(cfg.Now()) {
			usable++
		}
	}
	if usable == 0 && !isLoopback(cfg.Listen) {
		return nil, usage("%s can be reached from other machines, and there is no token that has not expired: make one with `tidemark token create NAME --scope read`, or listen on 127.0.0.1", cfg.Listen)
	}
	if len(tokens) > 0 {
		a.closed.Store(true)
	}
	return a, nil
}

// open reports whether no token is needed.
func (a *access) open() (bool, error) {
	if a.closed.Load() {
		return false, nil
	}
	tokens, err := a.tokens.List()
	if err != nil {
		return false, err
	}
	if len(tokens) > 0 {
		a.closed.Store(true)
		return false, nil
	}
	return true, nil
}

var (
	errUnknown = &statusError{http.StatusUnauthorized, "give a token: `Authorization: Bearer TOKEN`, or sign in on the page"}
	errWrong   = &statusError{http.StatusUnauthorized, "the token is not known, was revoked or has expired"}
	errSlow    = &statusError{http.StatusTooManyRequests, "too many wrong tokens from this address; try again in a minute"}
)

// visitor tells who sent the request. It returns an error where a token was
// given and is of no use; nobody known is no error.
func (a *access) visitor(r *http.Request) (visitor, error) {
	open, err := a.open()
	if err != nil || open {
		return local, err
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return visitor{}, errUnknown
		}
		t, err := a.check(r, strings.TrimSpace(secret))
		if err != nil {
			return visitor{}, err
		}
		return visitor{Name: t.Name, Scope: t.Scope}, nil
	}
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return visitor{}, nil //nolint:nilerr // without a cookie nobody is signed in, which is no error
	}
	hash, ok := a.sessions.token(c.Value)
	if !ok {
		return visitor{}, nil
	}
	t, ok, err := a.tokens.byHash(hash)
	if err != nil || !ok {
		a.sessions.end(c.Value) // its token was revoked or has expired
		return visitor{}, err
	}
	return visitor{Name: t.Name, Scope: t.Scope, Cookie: true}, nil
}

// check returns the token of a secret. Wrong ones use up the small allowance
// of the address that they come from.
func (a *access) check(r *http.Request, secret string) (Token, error) {
	from := clientOf(r)
	if a.attempts.spent(from) {
		return Token{}, errSlow
	}
	t, ok, err := a.tokens.match(secret)
	if err != nil {
		return Token{}, err
	}
	if !ok {
		a.attempts.allow(from)
		return Token{}, errWrong
	}
	return t, nil
}

// byHash finds the token that is not expired and has the hash.
func (f *TokenFile) byHash(hash string) (Token, bool, error) {
	tokens, err := f.List()
	if err != nil {
		return Token{}, false, err
	}
	for _, t := range tokens {
		if t.Hash == hash && !t.Expired(f.now()) {
			return t, true, nil
		}
	}
	return Token{}, false, nil
}

// cookieName is that of the session. Over TLS its prefix makes browsers hold
// it to this host.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-tidemark"
	}
	return "tidemark"
}

func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // secure wherever there is TLS; on a loopback address there need not be
		Name: cookieName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
}

// isLoopback reports whether an address to listen on is reached from this
// machine only.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopbackName(host)
}

func loopbackName(host string) bool {
	return loopback.Is(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
}

// checkHost refuses names that are not this machine's while no token is
// needed: a page elsewhere could have its own name point here.
func (a *access) checkHost(r *http.Request) error {
	open, err := a.open()
	if err != nil || !open {
		return err
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !loopbackName(host) {
		return &statusError{http.StatusMisdirectedRequest, "without tokens this server answers to localhost and 127.0.0.1 only"}
	}
	return nil
}

// authorize tells who asks, and an error where they may not.
func (a *access) authorize(r *http.Request, needed Scope) (visitor, error) {
	v, err := a.visitor(r)
	switch {
	case err != nil:
		return visitor{}, err
	case v.Name == "":
		return visitor{}, errUnknown
	case !v.may(needed):
		return v, &statusError{http.StatusForbidden, "this needs a token of scope " + string(needed) + "; that of " + v.Name + " is " + string(v.Scope)}
	}
	return v, nil
}

// unauthorized reports whether the error asks for a token.
func unauthorized(err error) bool {
	e, ok := errors.AsType[*statusError](err)
	return ok && e.status == http.StatusUnauthorized
}
