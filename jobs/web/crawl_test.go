package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestLinksResolve follows every link of every page, and holds the pages to
// the content policy: nothing inline, nothing from elsewhere.
func TestLinksResolve(t *testing.T) {
	t.Parallel()
	for state, house := range houses() {
		v := open(t, house, nil)
		seen, queue := map[string]bool{"/": true}, []string{"/"}
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			from := "192.0.2.1:" // each page by a client of its own, or the limits would show
			w := v.ask("GET", at, "", func(r *http.Request) { r.RemoteAddr = from + "1"; v.clock = v.clock.Add(1e9) })
			if w.Code != 200 {
				t.Errorf("%s: GET %s: got %d", state, at, w.Code)
			}
			if got := w.Header().Get("Content-Security-Policy"); got != contentPolicy {
				t.Errorf("%s: policy %q", at, got)
			}
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				continue
			}
			root, err := html.Parse(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			base, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			for n := range root.Descendants() {
				for _, link := range inspect(t, at, n) {
					to, err := base.Parse(link)
					if err != nil || to.Host != "" {
						t.Errorf("%s leads to %s", at, link)
						continue
					}
					to.Fragment = ""
					if path := to.String(); !seen[path] && !strings.HasPrefix(path, "/charts/") || path == "/charts/conc_top10_sec" && !seen[path] {
						seen[path] = true
						queue = append(queue, path)
					}
				}
			}
		}
		if len(seen) < 20 {
			t.Errorf("%s: only %d pages were found", state, len(seen))
		}
	}
}

// inspect returns where an element leads to, and refuses what is inline.
func inspect(t *testing.T, page string, n *html.Node) []string {
	t.Helper()
	var links []string
	if n.Type != html.ElementNode {
		return nil
	}
	if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
		t.Errorf("%s has an inline %s", page, n.Data)
	}
	for _, a := range n.Attr {
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			t.Errorf("%s: <%s> has the attribute %s", page, n.Data, a.Key)
		case strings.HasPrefix(strings.ToLower(a.Val), "javascript:"):
			t.Errorf("%s: <%s> has %s=%s", page, n.Data, a.Key, a.Val)
		case (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(a.Val, "#"):
			links = append(links, a.Val)
		}
	}
	return links
}

// TestReadersSeeNoButtons shows that who may only look is offered nothing else.
func TestReadersSeeNoButtons(t *testing.T) {
	t.Parallel()
	v := open(t, filling(), nil)
	secret := v.token(t, "anna", ScopeRead, now.AddDate(1, 0, 0))
	for _, path := range []string{"/", "/jobs/ishares:IVV", "/plan", "/backfills/" + backfillID, "/windows/one?dataset=raw.holding&part=IVV&from=2025-01-01&to=2026-01-01", "/backfills/new?from=2024-01-01&last=2024-12-31"} {
		w := v.ask("GET", path, "", bearer(secret))
		if w.Code != 200 || strings.Contains(w.Body.String(), `method="post"`) || strings.Contains(w.Body.String(), "formmethod") {
			t.Errorf("%s: got %d, or a form that would be refused", path, w.Code)
		}
	}
}
