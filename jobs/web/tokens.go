package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Scope says what a token may be used for. Each scope includes the ones
// before it.
type Scope string

// The scopes.
const (
	ScopeRead  Scope = "read"  // look at everything
	ScopeRun   Scope = "run"   // also run jobs, rebuild windows and control backfills
	ScopeAdmin Scope = "admin" // everything
)

// Scopes lists the scopes, the narrowest first.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeRun, ScopeAdmin} }

// Includes reports whether a holder of s may do what needs the other scope.
func (s Scope) Includes(needed Scope) bool {
	have, need := slices.Index(Scopes(), s), slices.Index(Scopes(), needed)
	return need >= 0 && have >= need
}

// Token is what is kept of a token: never the token itself.
type Token struct {
	Name    string     `json:"name"`
	Scope   Scope      `json:"scope"`
	Hash    string     `json:"sha256"` // of the token, in hexadecimal
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
}

// Expired reports whether the token is of no use any more.
func (t Token) Expired(now time.Time) bool { return t.Expires != nil && !now.Before(*t.Expires) }

// secretPrefix lets people and scanners of source code recognise a token.
const secretPrefix = "tidemark_"

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// TokenFile keeps tokens in a JSON file that only its owner can read. Its
// methods may be called at the same time; a change by another process is
// noticed at the next call.
type TokenFile struct {
	path string
	now  func() time.Time

	mu     sync.Mutex
	seen   fs.FileInfo // of the file when it was last read
	tokens []Token
}

// OpenTokens returns the tokens of a file, which need not exist yet.
func OpenTokens(path string, now func() time.Time) *TokenFile {
	return &TokenFile{path: path, now: now}
}

// Create makes a token, keeps its hash and returns it. It cannot be shown
// again. A zero expires means never.
func (f *TokenFile) Create(name string, scope Scope, expires time.Time) (secret string, err error) {
	now := f.now()
	switch {
	case !tokenName.MatchString(name):
		return "", usage("a token's name is of letters, digits, dots, hyphens and underscores, 64 at most")
	case !slices.Contains(Scopes(), scope):
		return "", usage("there is no scope %q; there are read, run and admin", scope)
	case !expires.IsZero() && !expires.After(now):
		return "", usage("the token would have expired at %s already", expires.UTC().Format(time.RFC3339))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	tokens, err := f.read()
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(tokens, func(t Token) bool { return t.Name == name }) {
		return "", usage("there is a token %q already; revoke it first", name)
	}
	secret = secretPrefix + random()
	t := Token{Name: name, Scope: scope, Hash: hashed(secret), Created: now.UTC().Truncate(time.Second)}
	if !expires.IsZero() {
		expires = expires.UTC()
		t.Expires = &expires
	}
	return secret, f.write(append(slices.Clone(tokens), t))
}

// List returns the tokens, expired ones included, in the order in which they
// were made.
func (f *TokenFile) List() ([]Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	tokens, err := f.read()
	return slices.Clone(tokens), err
}

// Revoke forgets a token: from now on it opens nothing.
func (f *TokenFile) Revoke(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	tokens, err := f.read()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(tokens), func(t Token) bool { return t.Name == name })
	if len(left) == len(tokens) {
		return usage("there is no token %q", name)
	}
	return f.write(left)
}

// match finds the token that is not expired and has the secret. It looks at
// every token, however early one matches, so that its time tells nothing.
func (f *TokenFile) match(secret string) (Token, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	tokens, err := f.read()
	if err != nil {
		return Token{}, false, err
	}
	want, now := []byte(hashed(secret)), f.now()
	var found Token
	ok := false
	for _, t := range tokens {
		if subtle.ConstantTimeCompare(want, []byte(t.Hash)) == 1 && !t.Expired(now) {
			found, ok = t, true
		}
	}
	return found, ok, nil
}

// read returns the tokens of the file, from memory while the file is the same.
func (f *TokenFile) read() ([]Token, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.seen, f.tokens = nil, nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	if f.seen != nil && os.SameFile(f.seen, info) && f.seen.ModTime().Equal(info.ModTime()) && f.seen.Size() == info.Size() {
		return f.tokens, nil
	}
	if info.Mode().Perm()&0o027 != 0 {
		return nil, fmt.Errorf("read tokens: %s can be read or changed by others; `chmod 600` it", f.path)
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	var tokens []Token
	if err := json.Unmarshal(content, &tokens); err != nil {
		return nil, fmt.Errorf("read tokens from %s: %w", f.path, err)
	}
	f.seen, f.tokens = info, tokens
	return tokens, nil
}

// write replaces the file in one step.
func (f *TokenFile) write(tokens []Token) error {
	content, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return fmt.Errorf("write tokens: %w", err)
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write tokens: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".tokens-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write tokens: %w", err)
	}
	_, err = tmp.Write(append(content, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("write tokens: %w", errors.Join(err, os.Remove(tmp.Name())))
	}
	f.seen = nil
	return nil
}

// random returns 256 random bits as text.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails: the program ends where the system has no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
