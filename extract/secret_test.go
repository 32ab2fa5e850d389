package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// canary is a secret that is written differently inside an address.
const canary = "cAnArY/+ =0123456789"

// TestSecretShowsNowhere lets a publisher do whatever might bring the secret
// to light, and then looks for it in every error, every line of the log and
// every file of the archive.
func TestSecretShowsNowhere(t *testing.T) {
	t.Parallel()
	echo := func(r *http.Request) string {
		return r.URL.RawQuery + " " + r.URL.Query().Get("api_key") + " " + r.Header.Get("Authorization")
	}
	foreign, foreignCount := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		if strings.Contains(echo(r), "cAnArY") {
			t.Errorf("the secret reached another host: %s", echo(r))
		}
		write(t, w, "foreign")
	})
	for _, secret := range []Secret{
		{Query: "api_key", Value: canary},
		{Header: "Authorization", Value: "Token " + canary},
	} {
		base, _ := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
			if got := echo(r); !strings.Contains(got, canary) || r.URL.Query().Get("id") != "a b" {
				t.Errorf("the request lacks its secret or its query: %s", got)
			}
			w.Header().Set("Etag", `"`+canary+`"`)
			w.Header().Set("Last-Modified", url.QueryEscape(canary))
			switch r.URL.Path {
			case "/ok":
				write(t, w, strings.Repeat("x", 32<<10-5)+canary+url.QueryEscape(canary)+"\n"+echo(r))
			case "/missing", "/bad", "/down":
				code := map[string]int{"/missing": 404, "/bad": 400, "/down": 503}[r.URL.Path]
				http.Error(w, "not for "+echo(r), code)
			case "/page":
				w.WriteHeader(http.StatusForbidden)
				write(t, w, "<html><title>"+echo(r)+"</title>")
			case "/cut":
				w.Header().Set("Content-Length", "100")
				write(t, w, canary)
			case "/encoding":
				w.Header().Set("Content-Encoding", canary)
			case "/same":
				http.Redirect(w, r, "/ok?id=a+b&api_key="+url.QueryEscape(canary), http.StatusFound)
			case "/away":
				http.Redirect(w, r, foreign+"/?"+r.URL.RawQuery, http.StatusFound)
			case "/away-with-it":
				http.Redirect(w, r, foreign+"/?api_key="+url.QueryEscape(canary), http.StatusFound)
			case "/elsewhere":
				http.Redirect(w, r, "http://"+url.QueryEscape(canary)+".invalid/?api_key="+url.QueryEscape(canary), http.StatusFound)
			case "/hang-up":
				panic(http.ErrAbortHandler)
			}
		})
		log, lines := logged()
		c := newClient(t, Options{Log: log, Attempts: 2, Hosts: map[string][]string{"p": {foreign}}})
		var shown []string
		for path, works := range map[string]bool{
			"/ok": true, "/missing": false, "/bad": false, "/down": false, "/page": false, "/cut": false, "/encoding": false,
			"/same": true, "/away": secret.Header != "", "/away-with-it": false, "/elsewhere": false, "/hang-up": false,
		} {
			p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base + path + "?id=a+b", Secret: secret})
			if (err == nil) != works {
				t.Errorf("%v%s: %v, want success: %v", secret, path, err, works)
			}
			if err != nil {
				shown = append(shown, fmt.Sprintf("%v %+v %#v", err, err, err))
				for e := err; e != nil; e = errors.Unwrap(e) {
					shown = append(shown, e.Error())
				}
				continue
			}
			shown = append(shown, fmt.Sprintf("%+v", p.Payload), fmt.Sprint(p.Header), bodyOf(t, p))
		}
		dead := newClient(t, Options{Log: log, Attempts: 2, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: fmt.Errorf("dial %s: %w", echo(r), io.ErrUnexpectedEOF)}
		})})
		_, err := dead.Get(t.Context(), Request{Publisher: "p", URL: base, Secret: secret})
		shown = append(shown, fmt.Sprintf("%v %+v %#v", err, err, err), lines.String(), fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret))
		shown = append(shown, archiveText(t, c.o.Archive.Dir())...)
		for _, text := range shown {
			for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary), "cAnArY"} {
				if strings.Contains(text, form) {
					t.Errorf("the secret shows in %.300q", text)
				}
			}
		}
		if !strings.Contains(lines.String(), "the answer repeats the secret; masked") {
			t.Error("the log does not say that a body was masked")
		}
	}
	if foreignCount.Load() == 0 {
		t.Error("the allowed redirect was not followed; the test shows too little")
	}
}

// archiveText returns the names and, unpacked, the contents of all files.
func archiveText(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".zst" {
			z, err := zstd.NewReader(nil)
			if err != nil {
				return err
			}
			defer z.Close()
			if b, err = z.DecodeAll(b, nil); err != nil {
				return err
			}
		}
		out = append(out, path, string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSecretIsNotSentToAnotherPort(t *testing.T) {
	t.Parallel()
	var sent []string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent = append(sent, r.URL.RawQuery) }))
	defer s.Close()
	elsewhere, err := url.Parse("http://127.0.0.1:1/")
	if err != nil {
		t.Fatal(err)
	}
	tr := &secretTransport{base: http.DefaultTransport, secret: Secret{Query: "key", Value: canary}, origin: elsewhere}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || sent[0] != "" || resp.Request != req {
		t.Errorf("sent %q, %v", sent, err)
	}
}

func TestWithParameterLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                  "api_key=a%2Bb",
		"page[size]=5&filter=x:gte:1&empty": "page[size]=5&filter=x:gte:1&empty&api_key=a%2Bb",
		"api_key=old&id=1&api%5Fkey=older":  "id=1&api_key=a%2Bb",
		"%zz=1&&x=;":                        "%zz=1&x=;&api_key=a%2Bb",
	} {
		if got := withParameter(query, "api_key", "a+b"); got != want {
			t.Errorf("query %q became %q, want %q", query, got, want)
		}
	}
}

func TestHideKeepsWhatErrorsAre(t *testing.T) {
	t.Parallel()
	s := Secret{Query: "k", Value: "hunter2hunter2"}
	wrapped := &url.Error{Op: "Get", URL: "https://example.com/?k=hunter2hunter2", Err: io.ErrUnexpectedEOF}
	if got := s.hide(wrapped); !errors.Is(got, io.ErrUnexpectedEOF) || got.Error() != "unexpected EOF" {
		t.Errorf("hide = %v, want the cause alone", got)
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		got := s.hide(fmt.Errorf("hunter2hunter2: %w", end))
		if !errors.Is(got, end) || strings.Contains(got.Error(), "hunter2") {
			t.Errorf("hide = %v", got)
		}
	}
}

func TestMaskedReaderFindsSecretsAcrossReads(t *testing.T) {
	t.Parallel()
	s := Secret{Query: "k", Value: "hunter2/hunter2"}
	in := "a hunter2/hunter2hunter2/hunter2 b hunter2%2Fhunter2 c hunter2/hunter hunter2/"
	want := "a ****************************** b ***************** c hunter2/hunter hunter2/"
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(in), "by byte": iotest.OneByteReader(strings.NewReader(in)), "data with the end": iotest.DataErrReader(strings.NewReader(in)),
	} {
		m := s.masked(r)
		got, err := io.ReadAll(m)
		if err != nil || string(got) != want || !m.found {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	m := s.masked(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if got, err := io.ReadAll(m); string(got) != "abc" || !errors.Is(err, io.ErrUnexpectedEOF) || m.found {
		t.Errorf("a broken reader: %q, %v", got, err)
	}
	short := Secret{Query: "k", Value: "abc"}.masked(strings.NewReader("abc"))
	if got, err := io.ReadAll(short); string(got) != "abc" || err != nil {
		t.Errorf("a short secret would be found by chance, and yet: %q, %v", got, err)
	}
}

func FuzzMaskedReader(f *testing.F) {
	f.Add("a secret/key b", "secret/key", 3)
	f.Add("secretsecretsecret", "secretsecret", 1)
	f.Fuzz(func(t *testing.T, text, value string, cut int) {
		if len(value) < minMasked || strings.Contains(value, "*") {
			return
		}
		cut = max(0, min(cut, len(text)))
		m := Secret{Query: "k", Value: value}.masked(io.MultiReader(strings.NewReader(text[:cut]), strings.NewReader(text[cut:])))
		got, err := io.ReadAll(m)
		if err != nil || len(got) != len(text) {
			t.Fatalf("%d bytes became %d, %v", len(text), len(got), err)
		}
		if strings.Contains(string(got), value) {
			t.Fatalf("%q still shows %q", got, value)
		}
		for i := range got {
			if got[i] != text[i] && got[i] != '*' {
				t.Fatalf("%q became %q", text, got)
			}
		}
	})
}
