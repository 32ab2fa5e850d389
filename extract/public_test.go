package extract

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidemark/extract/archive"
)

// TestPublishersAreOnTheInternet has the name of a publisher's own host resolve to this
// machine, by itself and after a redirect: nobody is asked. A mirror may be there.
func TestPublishersAreOnTheInternet(t *testing.T) {
	t.Parallel()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://localhost:"+strings.Split(r.Host, ":")[1]+"/", http.StatusFound)
		}
	}))
	defer srv.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	store, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	c, err := NewClient(Options{Archive: store, Hosts: map[string][]string{"p": {"http://localhost:" + port}}, Attempts: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), Request{Publisher: "p", URL: srv.URL + "/"}); err != nil {
		t.Errorf("a mirror on this machine: %v", err)
	}
	for address, want := range map[string]int{"http://localhost:" + port + "/": 0, srv.URL + "/away": 1} {
		asked = 0
		_, err := c.Get(t.Context(), Request{Publisher: "p", URL: address})
		if err == nil || !strings.Contains(err.Error(), "no address of the internet") || asked != want {
			t.Errorf("%s: asked %d times, want %d; error %v", address, asked, want, err)
		}
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1:248:1893:25c8:1946]:443": true,
		"127.0.0.1:443": false, "[::1]:443": false, "10.1.2.3:443": false, "172.16.0.1:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false,
		"100.64.0.1:443": false, "0.0.0.0:80": false, "[::ffff:127.0.0.1]:80": false, "[fd00::1]:443": false, "[fe80::1%eth0]:443": false, "224.0.0.1:80": false, "rubbish": false,
	} {
		err := publicOnly("h")("tcp", address, nil)
		if _, refused := errors.AsType[*permanentError](err); refused == ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}
