package extract

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	other, _ := serve(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { write(t, w, "other") })
	otherHost := strings.TrimPrefix(other, "http://")
	for name, tc := range map[string]struct {
		to    string
		hosts []string
		want  string // of the error; empty if it is followed
		body  string
	}{
		"same server":         {to: "/end", body: "end"},
		"as often as allowed": {to: "/hop/1", body: "end"},
		"round in circles":    {to: "/circle", want: "more than 5 redirects"},
		"foreign host":        {to: other, want: "redirected to " + otherHost + ", which is not among the hosts of p"},
		"listed without http": {to: other, hosts: []string{otherHost}, want: "not among the hosts of p"},
		"listed":              {to: other, hosts: []string{"http://" + otherHost}, body: "other"},
		"file":                {to: "file:///etc/passwd", want: "redirected to a file: address"},
		"no such scheme":      {to: "gopher://example.com", want: "redirected to a gopher: address"},
		"password":            {to: strings.Replace(other, "//", "//u:pass@", 1), hosts: []string{"http://" + otherHost}, want: "address with a password"},
		"no address":          {to: "", want: "HTTP 302"},
		"rubbish":             {to: "http://[::1", want: "redirected to an address that cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, n := serve(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/":
					if tc.to != "" {
						w.Header().Set("Location", tc.to)
					}
				case "/circle":
					w.Header().Set("Location", "/circle")
				case "/hop/1", "/hop/2", "/hop/3":
					w.Header().Set("Location", "/hop/"+string(r.URL.Path[5]+1))
				case "/hop/4":
					w.Header().Set("Location", "/end")
				case "/end":
					write(t, w, "end")
					return
				}
				w.WriteHeader(http.StatusFound)
			})
			c := newClient(t, Options{Hosts: map[string][]string{"p": tc.hosts}})
			p, err := c.Get(t.Context(), Request{Publisher: "p", URL: base + "/"})
			if tc.want == "" {
				if err != nil || bodyOf(t, p) != tc.body {
					t.Errorf("%v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if n.Load() > 6 || name != "round in circles" && n.Load() != 1 {
				t.Errorf("%d requests; it should not be tried again", n.Load())
			}
		})
	}
}

func TestRedirectNeverLeavesHTTPS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	c := newClient(t, Options{Transport: s.Client().Transport, Hosts: map[string][]string{"p": {"http://" + host}}})
	if _, err := c.Get(t.Context(), Request{Publisher: "p", URL: s.URL}); err == nil || !strings.Contains(err.Error(), "redirected from https to plain http") {
		t.Errorf("%v", err)
	}
}

func TestHostsThatAreTheSame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		x, y string
		want bool
	}{
		{"https://a.example/x", "https://A.example/y", true},
		{"https://a.example", "https://a.example:443", true},
		{"http://a.example", "https://a.example", true},
		{"http://a.example:80", "https://a.example:443", true},
		{"https://a.example", "https://a.example:8443", false},
		{"http://a.example:8080", "https://a.example", false},
		{"https://a.example", "https://b.a.example", false},
		{"https://a.example", "https://a.example.evil", false},
	} {
		x, errX := url.Parse(tc.x)
		y, errY := url.Parse(tc.y)
		if errX != nil || errY != nil || sameHost(x, y) != tc.want || sameHost(y, x) != tc.want {
			t.Errorf("sameHost(%s, %s) is not %v", tc.x, tc.y, tc.want)
		}
	}
}
