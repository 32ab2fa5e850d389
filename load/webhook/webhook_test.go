package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	token  = "T0123456789abcdefSECRET"
	query  = "k=QUERY-SECRET-42"
	secret = "/services/" + token + "?" + query
)

// serve answers with the function, which is given the number of the request.
func serve(t *testing.T, answer func(n int64, w http.ResponseWriter, r *http.Request)) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(n.Add(1), w, r) }))
	t.Cleanup(s.Close)
	return s, n
}

func hook(t *testing.T, address string) *Hook {
	t.Helper()
	h, err := New(address, Options{MinWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// failed checks that the error is an *Error that tells no secret.
func failed(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, want an Error", err)
	}
	var chain strings.Builder
	for err := err; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&chain, "%v %+v %#v ", err, err, err)
	}
	for _, s := range []string{token, "QUERY-SECRET-42", "/services/"} {
		if strings.Contains(chain.String(), s) {
			t.Errorf("the error shows %s: %s", s, chain.String())
		}
	}
	return e
}

func TestPostAndPing(t *testing.T) {
	t.Parallel()
	var got []string
	s, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Content-Type"), " ", string(body)))
		_, _ = io.WriteString(w, "ok")
	})
	h := hook(t, s.URL+secret)
	if err := errors.Join(h.Post(t.Context(), map[string]string{"text": "a <b>"}), h.Ping(t.Context())); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST " + secret + ` application/json {"text":"a \u003cb\u003e"}`, "GET " + secret + "  "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTemporaryFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(w http.ResponseWriter){
		"429": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		"500": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"503": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"cut": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, n := serve(t, func(n int64, w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != `"x"` {
					t.Errorf("request %d carries %q", n, body)
				}
				if n < 3 {
					fail(w)
				}
			})
			if err := hook(t, s.URL+secret).Post(t.Context(), "x"); err != nil || n.Load() != 3 {
				t.Errorf("%v after %d requests", err, n.Load())
			}
			s, n = serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { fail(w) })
			err := failed(t, hook(t, s.URL+secret).Post(t.Context(), "x"))
			if err.Permanent() || err.Tries != 3 || n.Load() != 3 {
				t.Errorf("every time: %v after %d requests", err, n.Load())
			}
		})
	}
}

func TestRefusalIsNotRepeated(t *testing.T) {
	t.Parallel()
	s, n := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "invalid_token\n"+token+" in http://"+r.Host+r.URL.String()+"\x1b[31m"+strings.Repeat("x", 1<<20))
	})
	err := failed(t, hook(t, s.URL+secret).Post(t.Context(), "x"))
	if !err.Permanent() || err.Code != http.StatusForbidden || n.Load() != 1 || len(err.Error()) > 400 || !strings.Contains(err.Error(), "invalid_token *** in *** [31m") {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	elsewhere, strays := serve(t, func(int64, http.ResponseWriter, *http.Request) {})
	for name, tc := range map[string]struct {
		to   string
		code int
		want string
	}{
		"to another host":      {elsewhere.URL + secret, http.StatusTemporaryRedirect, "redirected to http://" + strings.TrimPrefix(elsewhere.URL, "http://") + "; refused"},
		"that drops the text":  {"/other", http.StatusFound, "drops the message"},
		"to what is no URL":    {"http://[" + token, http.StatusTemporaryRedirect, "***"},
		"round and round":      {secret, http.StatusTemporaryRedirect, "too many redirects"},
		"within the same host": {"/other", http.StatusPermanentRedirect, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, n := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/other" {
					if body, _ := io.ReadAll(r.Body); string(body) != `"x"` {
						t.Errorf("arrived with %q", body)
					}
					return
				}
				w.Header().Set("Location", tc.to)
				w.WriteHeader(tc.code)
			})
			err := hook(t, s.URL+secret).Post(t.Context(), "x")
			if tc.want == "" {
				if err != nil || n.Load() != 2 {
					t.Errorf("%v after %d requests", err, n.Load())
				}
				return
			}
			if e := failed(t, err); !strings.Contains(e.Error(), tc.want) {
				t.Errorf("got %v, want %q", e, tc.want)
			}
		})
	}
	t.Cleanup(func() {
		if strays.Load() != 0 {
			t.Error("the other host was asked")
		}
	})
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(int64, http.ResponseWriter, *http.Request) {})
	s.Close()
	err := failed(t, hook(t, s.URL+secret).Ping(t.Context()))
	if err.Permanent() || err.Tries != 3 || !strings.Contains(err.Error(), "refused") || err.Host != strings.TrimPrefix(s.URL, "http://") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := failed(t, hook(t, s.URL+secret).Ping(ctx)); !errors.Is(err, context.Canceled) || err.Permanent() {
		t.Errorf("got %v", err)
	}
}

func TestCertificateThatIsNotTrustedIsRefused(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	if err := failed(t, hook(t, s.URL+secret).Ping(t.Context())); !err.Permanent() || err.Tries != 1 || asked.Load() != 0 {
		t.Errorf("got %v after %d requests", err, asked.Load())
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "hooks.example" + secret, "http://hooks.example" + secret, "ftp://127.0.0.1" + secret, "https://" + secret, "https://[" + token} {
		h, err := New(address, Options{})
		if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v, %v", address, h, err)
		}
	}
	h := hook(t, "https://hooks.example"+secret)
	if shown := fmt.Sprintf("%v %+v %#v %s", h, h, h, h); strings.Contains(shown, "SECRET") || h.Host() != "hooks.example" {
		t.Errorf("a printed hook shows %s", shown)
	}
}

// inMemory carries requests to a handler without a network, so that a bubble
// of simulated time can hold both ends.
type inMemory func(w http.ResponseWriter)

func (f inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	f(w)
	return w.Result(), nil
}

func TestRetryAfter(t *testing.T) {
	for name, tc := range map[string]struct {
		wish  func(now time.Time) string
		takes time.Duration // 0: not tried again
	}{
		"seconds":     {func(time.Time) string { return "7" }, 7 * time.Second},
		"a date":      {func(now time.Time) string { return now.Add(12 * time.Second).UTC().Format(http.TimeFormat) }, 12 * time.Second},
		"the longest": {func(time.Time) string { return "30" }, 30 * time.Second},
		"too long":    {func(time.Time) string { return "31" }, 0},
		"for ever":    {func(time.Time) string { return "4294967295" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				transport := inMemory(func(w http.ResponseWriter) {
					if asked++; asked == 1 {
						w.Header().Set("Retry-After", tc.wish(time.Now()))
						w.WriteHeader(http.StatusTooManyRequests)
					}
				})
				h, err := New("https://hooks.example"+secret, Options{Transport: transport})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err = h.Post(t.Context(), "x")
				if tc.takes == 0 {
					if e := failed(t, err); e.RetryAfter < 31*time.Second || e.Permanent() || asked != 1 || time.Since(start) != 0 {
						t.Errorf("%v after %d requests and %s", e, asked, time.Since(start))
					}
					return
				}
				if err != nil || asked != 2 || time.Since(start) != tc.takes {
					t.Errorf("%v after %d requests and %s, want %s", err, asked, time.Since(start), tc.takes)
				}
			})
		})
	}
}

func TestSilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h, err := New("http://"+l.Addr().String()+secret, Options{Timeout: 50 * time.Millisecond, MinWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := failed(t, h.Ping(t.Context())); err.Permanent() || err.Tries != 3 {
		t.Errorf("got %v", err)
	}
}
