package extract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestBodyThatIsCutIsAskedForAgain(t *testing.T) {
	t.Parallel()
	const text = "a,b\n1,2\n3,4\n"
	for name, breakIt := range map[string]func(w http.ResponseWriter){
		"shorter than its length": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
			write(t, w, text[:5])
		},
		"connection cut": func(w http.ResponseWriter) {
			write(t, w, text[:5])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"gzip cut": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, string(packed(t, text)[:20]))
		},
		"gzip with a wrong sum": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := packed(t, text)
			z[len(z)-6] ^= 0xFF
			write(t, w, string(z))
		},
		"gzip with something after it": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, string(packed(t, text))+"trailing text")
		},
		"not gzip at all": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, text)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, n := serve(t, func(n int64, w http.ResponseWriter, _ *http.Request) {
				if n < 3 {
					breakIt(w)
					return
				}
				write(t, w, text)
			})
			c := newClient(t, Options{})
			p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base})
			if err != nil || bodyOf(t, p) != text || n.Load() != 3 {
				t.Fatalf("%v after %d requests", err, n.Load())
			}
			assertTidy(t, c, 1)

			always, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { breakIt(w) })
			_, err = c.Get(t.Context(), Request{Publisher: "p", URL: always})
			if err == nil || !strings.HasPrefix(err.Error(), "p: GET "+always+": 5 attempts failed: ") || n.Load() != 5 {
				t.Errorf("cut every time: %v after %d requests", err, n.Load())
			}
			assertTidy(t, c, 1)
		})
	}
}

// assertTidy checks that the archive holds so many answers and nothing half.
func assertTidy(t *testing.T, c *Client, answers int) {
	t.Helper()
	report, err := c.o.Archive.Verify(t.Context())
	if err != nil || len(report.Findings) > 0 || report.Records != answers {
		t.Errorf("archive: %+v, %v; want %d answers", report, err, answers)
	}
	left, err := os.ReadDir(filepath.Join(c.o.Archive.Dir(), "tmp"))
	if err != nil || len(left) > 1 {
		t.Errorf("temporary files: %v, %v", left, err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 1000
	fits, over := strings.Repeat("x", limit), strings.Repeat("x", limit+1)
	for name, tc := range map[string]struct {
		send func(w http.ResponseWriter)
		ok   bool
	}{
		"exactly":      {func(w http.ResponseWriter) { write(t, w, fits) }, true},
		"one too many": {func(w http.ResponseWriter) { write(t, w, over) }, false},
		"length says so": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000000000")
			w.WriteHeader(http.StatusOK)
		}, false},
		"without length": {func(w http.ResponseWriter) {
			w.(http.Flusher).Flush()
			write(t, w, over)
		}, false},
		"packed exactly": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, string(packed(t, fits)))
		}, true},
		"packed one too many": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, string(packed(t, over)))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { tc.send(w) })
			c := newClient(t, Options{})
			p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base, MaxBytes: limit})
			if tc.ok {
				if err != nil || p.Bytes != limit {
					t.Errorf("%v", err)
				}
				return
			}
			var large *TooLargeError
			if !errors.As(err, &large) || large.Limit != limit || large.URL != base || n.Load() != 1 {
				t.Errorf("%v after %d requests, want it refused once", err, n.Load())
			}
			assertTidy(t, c, 0)
		})
	}
}

// bomb is a gzip of zeros of the given size in MiB, which is to be divisible
// by 16. It is made of parts, since making it whole takes seconds.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	return bytes.Repeat(packed(t, string(make([]byte, 16<<20))), size/16)
}

// TestGzipBombStopsEarly runs alone, since it measures memory.
func TestGzipBombStopsEarly(t *testing.T) {
	packedBomb := bomb(t, 1<<10)
	base, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		// The client hangs up before it has everything.
		_, _ = w.Write(packedBomb)
	})
	for _, tc := range []struct {
		max   int64
		ratio int64
	}{{1 << 20, 0}, {1 << 40, maxRatio}} {
		c := newClient(t, Options{})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := n.Load()
		_, err := c.Get(t.Context(), Request{Publisher: "p", URL: base, MaxBytes: tc.max})
		runtime.ReadMemStats(&after)
		var large *TooLargeError
		if !errors.As(err, &large) || large.Ratio != tc.ratio || n.Load() != start+1 {
			t.Errorf("bound %d: %v after %d requests, want it refused once", tc.max, err, n.Load()-start)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
			t.Errorf("bound %d: %d MiB allocated for it", tc.max, used>>20)
		}
		assertTidy(t, c, 0)
	}
}

func TestLargeBodyNeedsLittleMemory(t *testing.T) {
	const size = 60 << 20
	base, _ := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		line := []byte(strings.Repeat("2025-01-02,AAPL,1,2,3,4,5\n", 1000))
		for sent := 0; sent < size; sent += len(line) {
			if _, err := w.Write(line); err != nil {
				t.Errorf("server: %v", err)
				return
			}
		}
	})
	c := newClient(t, Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.Copy(io.Discard, r)
	if err := errors.Join(err, r.Close()); err != nil || got != p.Bytes || got < size {
		t.Errorf("read %d of %d bytes, %v", got, p.Bytes, err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d MiB allocated for a body of %d MiB", used>>20, got>>20)
	}
}

func TestUnknownEncodingIsRefused(t *testing.T) {
	t.Parallel()
	base, n := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		write(t, w, "?")
	})
	_, err := newClient(t, Options{}).Get(t.Context(), Request{Publisher: "p", URL: base})
	if err == nil || !strings.Contains(err.Error(), "encoded as br") || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

func TestEmptyBodyIsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"", "gzip"} {
		base, _ := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			w.WriteHeader(http.StatusOK)
		})
		p, err := newClient(t, Options{}).Get(t.Context(), Request{Publisher: "p", URL: base})
		if err != nil || p.Bytes != 0 || bodyOf(t, p) != "" {
			t.Errorf("encoding %q: %v", encoding, err)
		}
	}
}
