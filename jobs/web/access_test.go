package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// token makes a token in the server's file.
func (v *visit) token(t *testing.T, name string, scope Scope, expires time.Time) string {
	t.Helper()
	secret, err := OpenTokens(v.access.tokens.path, func() time.Time { return v.clock }).Create(name, scope, expires)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func bearer(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

func TestScopes(t *testing.T) {
	t.Parallel()
	v := open(t, filling(), nil)
	read, run, admin := v.token(t, "reader", ScopeRead, time.Time{}), v.token(t, "runner", ScopeRun, time.Time{}), v.token(t, "owner", ScopeAdmin, time.Time{})
	expired := v.token(t, "old", ScopeAdmin, now.Add(time.Minute))
	v.clock = now.Add(time.Hour)
	for _, c := range []struct {
		name, secret        string
		look, act, backfill int
	}{
		{"nobody", "", 401, 401, 401},
		{"read", read, 200, 403, 403},
		{"run", run, 200, 202, 201},
		{"admin", admin, 200, 202, 201},
		{"wrong", secretPrefix + random(), 401, 401, 401},
		{"expired", expired, 401, 401, 401},
	} {
		change := func(r *http.Request) {
			if c.secret != "" {
				bearer(c.secret)(r)
			}
		}
		for _, q := range []struct {
			method, path, body string
			want               int
		}{
			{"GET", apiBase + "/status", "", c.look},
			{"GET", "/metrics", "", c.look},
			{"GET", apiBase + "/openapi.json", "", c.look},
			{"POST", apiBase + "/jobs/ishares:IVV/run", "{}", c.act},
			{"POST", apiBase + "/backfills", `{"from":"2024-01-01","to":"2025-01-01"}`, c.backfill},
			{"GET", "/healthz", "", 200},
			{"GET", "/readyz", "", 200},
		} {
			w := v.ask(q.method, q.path, q.body, func(r *http.Request) { change(r); r.Header.Del("Accept") })
			if w.Code == 429 {
				v.clock = v.clock.Add(time.Hour) // wrong tokens have used up their allowance
				w = v.ask(q.method, q.path, q.body, func(r *http.Request) { change(r); r.Header.Del("Accept") })
			}
			if w.Code != q.want {
				t.Errorf("%s: %s %s: got %d, want %d: %s", c.name, q.method, q.path, w.Code, q.want, w.Body)
			}
		}
	}
	for _, secret := range []string{read, run, admin, expired} {
		if strings.Contains(v.log.String(), secret) {
			t.Error("a token is in the log")
		}
	}
}

// TestPagesWithoutATokenLeadToSignIn goes the way of a person: to the form, in,
// around, out.
func TestPagesWithoutATokenLeadToSignIn(t *testing.T) {
	t.Parallel()
	v := open(t, fresh(), nil)
	secret := v.token(t, "anna", ScopeRead, time.Time{})
	w := v.ask("GET", "/runs?job=ishares:IVV", "", nil)
	if w.Code != 303 || w.Header().Get("Location") != "/sign-in?next=%2Fruns%3Fjob%3Dishares%3AIVV" {
		t.Fatalf("got %d to %s", w.Code, w.Header().Get("Location"))
	}
	in := url.Values{"token": {secret}, "next": {"/runs"}}.Encode()
	w = v.ask("POST", "/sign-in", in, nil)
	if w.Code != 303 || w.Header().Get("Location") != "/runs" {
		t.Fatalf("sign-in: got %d to %s: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Value == secret {
		t.Errorf("the cookie is %+v", c)
	}
	with := func(r *http.Request) { r.AddCookie(c) }
	if w := v.ask("GET", "/runs", "", with); w.Code != 200 || strings.Contains(w.Body.String(), secret) {
		t.Errorf("signed in: got %d", w.Code)
	}
	if w := v.ask("POST", "/run", "", with); w.Code != 403 {
		t.Errorf("a reader runs everything: got %d", w.Code)
	}
	v.clock = v.clock.Add(sessionIdle - time.Minute)
	if w := v.ask("GET", "/runs", "", with); w.Code != 200 {
		t.Errorf("before its time: got %d", w.Code)
	}
	v.clock = v.clock.Add(sessionIdle)
	if w := v.ask("GET", "/runs", "", with); w.Code != 303 {
		t.Errorf("after it was idle: got %d", w.Code)
	}
	c = v.ask("POST", "/sign-in", in, nil).Result().Cookies()[0]
	v.ask("POST", "/sign-out", "", with)
	if w := v.ask("GET", "/runs", "", with); w.Code != 303 {
		t.Errorf("signed out: got %d", w.Code)
	}
	c = v.ask("POST", "/sign-in", in, nil).Result().Cookies()[0]
	if err := OpenTokens(v.access.tokens.path, func() time.Time { return v.clock }).Revoke("anna"); err != nil {
		t.Fatal(err)
	}
	if w := v.ask("GET", "/runs", "", with); w.Code != 303 {
		t.Errorf("with a revoked token, the last one of the file: got %d", w.Code)
	}
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/runs?job=x": "/runs?job=x", "": "/", "https://example.org": "/", "//example.org": "/", `/\example.org`: "/", "/\t/example.org": "/", "/sign-out": "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("localPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestWrongTokensAreSlowedDown(t *testing.T) {
	t.Parallel()
	v := open(t, fresh(), nil)
	secret := v.token(t, "anna", ScopeRead, time.Time{})
	for range attemptsAtOnce {
		if w := v.ask("POST", "/sign-in", "token=wrong", nil); w.Code != 401 {
			t.Fatalf("got %d", w.Code)
		}
	}
	if w := v.ask("POST", "/sign-in", "token="+secret, nil); w.Code != 429 {
		t.Errorf("after %d wrong ones: got %d, want 429", attemptsAtOnce, w.Code)
	}
	v.clock = v.clock.Add(attemptEvery)
	if w := v.ask("POST", "/sign-in", "token="+secret, nil); w.Code != 303 {
		t.Errorf("after a while: got %d, want 303", w.Code)
	}
}

// TestRefusals are requests that must not reach a handler.
func TestRefusals(t *testing.T) {
	t.Parallel()
	v := open(t, filling(), nil)
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		want               int
	}{
		"a foreign host":            {"GET", "/", "", func(r *http.Request) { r.Host = "evil.example" }, 421},
		"a host like ours":          {"GET", "/", "", func(r *http.Request) { r.Host = "localhost.evil.example" }, 421},
		"localhost":                 {"GET", "/", "", func(r *http.Request) { r.Host = "LOCALHOST:8484" }, 200},
		"an address of loopback":    {"GET", "/", "", func(r *http.Request) { r.Host = "[::1]:8484" }, 200},
		"a write from elsewhere":    {"POST", "/run", "", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a write of a neighbour":    {"POST", "/run", "", func(r *http.Request) { r.Header.Set("Origin", "http://localhost:9999") }, 403},
		"a write of our own":        {"POST", "/run", "", func(r *http.Request) { r.Header.Set("Origin", "http://localhost:8484") }, 303},
		"a large body":              {"POST", apiBase + "/backfills", strings.Repeat(" ", maxBody+1), nil, 413},
		"a large body of no length": {"POST", apiBase + "/backfills", strings.Repeat(" ", maxBody+1), func(r *http.Request) { r.ContentLength = -1 }, 413},
		"a body of another type":    {"POST", apiBase + "/backfills", "{}", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"a form for the API":        {"POST", apiBase + "/backfills", "from=2024-01-01", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"JSON for the page":         {"POST", "/run", "{}", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415},
		"a path upwards":            {"GET", "/static/../server.go", "", nil, 307},
		"an encoded path upwards":   {"GET", "/static/..%2f..%2fserver.go", "", nil, 404},
		"the list of files":         {"GET", "/static/", "", nil, 404},
		"no such path":              {"GET", "/nothing", "", nil, 404},
		"no such path of the API":   {"GET", apiBase + "/nothing", "", nil, 404},
		"another method":            {"DELETE", apiBase + "/jobs", "", nil, 405},
		"a page that is posted to":  {"POST", "/runs", "", nil, 405},
		"a control character":       {"GET", "/runs?job=%00", "", nil, 400},
		"a long text":               {"GET", "/runs?job=" + strings.Repeat("x", maxText+1), "", nil, 400},
		"an action that is none":    {"POST", "/backfills/" + backfillID + "/explode", "", nil, 400},
	} {
		if w := v.ask(c.method, c.path, c.body, c.change); w.Code != c.want {
			t.Errorf("%s: got %d, want %d: %.200s", name, w.Code, c.want, w.Body)
		}
	}
}

func TestClientsAreLimited(t *testing.T) {
	t.Parallel()
	v := open(t, fresh(), nil)
	for range requestsAtOnce {
		v.ask("GET", "/healthz", "", nil)
	}
	if w := v.ask("GET", "/healthz", "", nil); w.Code != 429 {
		t.Errorf("got %d, want 429", w.Code)
	}
	if w := v.ask("GET", "/healthz", "", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:99" }); w.Code != 200 {
		t.Errorf("somebody else: got %d, want 200", w.Code)
	}
}

func TestOpenAddressNeedsAToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := Config{Listen: "0.0.0.0:0", TokensFile: filepath.Join(dir, "tokens.json"), Now: func() time.Time { return now }}
	if _, err := newAccess(cfg); err == nil || !strings.Contains(err.Error(), "tidemark token create") {
		t.Errorf("without a token: got %v", err)
	}
	if _, err := OpenTokens(cfg.TokensFile, func() time.Time { return now.Add(-2 * time.Hour) }).Create("old", ScopeRead, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := newAccess(cfg); err == nil {
		t.Error("with an expired token alone it is opened")
	}
	if _, err := OpenTokens(cfg.TokensFile, cfg.Now).Create("anna", ScopeRead, time.Time{}); err != nil {
		t.Fatal(err)
	}
	a, err := newAccess(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if open, _ := a.open(); open {
		t.Error("with a token it is open to everyone")
	}
	for listen, want := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "localhost.example:1": false} {
		if got := isLoopback(listen); got != want {
			t.Errorf("isLoopback(%q) = %t", listen, got)
		}
	}
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "tokens.json")
	clock := now
	f, other := OpenTokens(path, func() time.Time { return clock }), OpenTokens(path, func() time.Time { return clock })
	secret, err := f.Create("anna", ScopeRun, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(content), secret) {
		t.Errorf("the file holds the token, or %v", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the file is of mode %v", info.Mode())
	}
	if got, ok, err := other.match(secret); err != nil || !ok || got.Name != "anna" || got.Scope != ScopeRun {
		t.Errorf("another process sees %v %t %v", got, ok, err)
	}
	for name, c := range map[string]struct {
		name    string
		scope   Scope
		expires time.Time
	}{"twice": {"anna", ScopeRead, time.Time{}}, "a path": {"../anna", ScopeRead, time.Time{}}, "no scope": {"bert", "root", time.Time{}}, "over already": {"bert", ScopeRead, now}} {
		if _, err := f.Create(c.name, c.scope, c.expires); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	clock = now.Add(time.Hour)
	if _, ok, _ := other.match(secret); ok {
		t.Error("the token outlives its time")
	}
	if err := f.Revoke("anna"); err != nil {
		t.Fatal(err)
	}
	if err := f.Revoke("anna"); err == nil {
		t.Error("a token is revoked twice")
	}
	if tokens, err := other.List(); err != nil || len(tokens) != 0 {
		t.Errorf("another process sees %v %v", tokens, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenTokens(path, f.now).List(); err == nil {
		t.Error("a file that everybody can read is taken")
	}
}

// TestCertificatesAreReadAgain serves TLS, and a renewed certificate without a
// restart.
func TestCertificatesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key, 1)
	v := open(t, fresh(), func(c *Config) { c.TLSCert, c.TLSKey = cert, key })
	go func() { _ = v.Serve(t.Context()) }()
	serial := func() int64 {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
		res, err := client.Get(v.URL() + "healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		if res.Header.Get("Strict-Transport-Security") == "" {
			t.Error("browsers are not told to stay with TLS")
		}
		return res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("got certificate %d", got)
	}
	certify(t, cert, key, 2)
	if got := serial(); got != 2 {
		t.Errorf("after the renewal: got certificate %d", got)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("in the middle of a renewal: got certificate %d", got)
	}
	if _, err := tls.Dial("tcp", v.listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func certify(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Duration(serial) * time.Second)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
}
