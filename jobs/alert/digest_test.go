package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

func TestDigestReads(t *testing.T) {
	t.Parallel()
	rules := DefaultRules()
	rules.MinSeverity = schemas.SeverityWarning
	var l ledger
	stale := failing("stale")
	stale.Message = "raw.bar vendor fails the check shrunk: fewer rows"
	l.step(start, rules, failing("rates"))
	for m := range 12 {
		l.add(Reconcile(start.Add(time.Duration(m+1)*time.Minute), l.last, []Condition{failing("h41"), warned(stale)}, rules))
	}
	d, ok := NewDigest(start.Add(12*time.Minute), "email", l.last, rules)
	if !ok {
		t.Fatal("there is nothing to tell")
	}
	d.Page = "https://tidemark.example.org"
	const want = `Tidemark: 2 wrong, 1 over

What is wrong:
- h41 failed: no route to host
  since Fri 5 Dec 2025 16:01 EST
- raw.bar vendor fails the check shrunk: fewer rows
  a warning, since Fri 5 Dec 2025 16:01 EST

What is over:
- rates failed: no route to host
  from Fri 5 Dec 2025 16:00 EST to Fri 5 Dec 2025 16:01 EST

What to do next: run ` + "`tidemark status`" + `, which says more.
The page: https://tidemark.example.org
`
	if got := d.Subject() + "\n\n" + d.Text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDigestOfAStormIsShort(t *testing.T) {
	t.Parallel()
	var l ledger
	var storm []Condition
	for i := range 500 {
		c := failing(fmt.Sprintf("<b>%03d</b>", i))
		c.Message = c.Job + " " + strings.Repeat("x", 300)
		storm = append(storm, c)
	}
	l.add(Reconcile(start, nil, storm, DefaultRules()))
	d, _ := NewDigest(start, "email", l.last, DefaultRules())
	html, err := d.HTML()
	if err != nil {
		t.Fatal(err)
	}
	text := d.Text()
	if d.Subject() != "Tidemark: 500 things are wrong" || len(text) > 10<<10 || !strings.Contains(text, "- and 480 more\n") || !strings.Contains(html, "and 480 more") {
		t.Errorf("%s: %d bytes", d.Subject(), len(text))
	}
	if strings.Contains(html, "<b>") || !strings.Contains(html, "&lt;b&gt;000") {
		t.Error("a message gets its own markup into the mail")
	}
	for _, remote := range []string{"src=", "@import", "url(", "<link", "<script", "http"} {
		if strings.Contains(html, remote) {
			t.Errorf("the mail fetches something: %s", remote)
		}
	}
	if n := len(d.Noted(l.last, "email", start)); n != 500 {
		t.Errorf("%d incidents count as told, want all", n)
	}
	single := Digest{Sender: "Tidemark", Open: l.last[:1]}
	if got := single.Subject(); len(got) > 110 {
		t.Errorf("a subject of %d characters", len(got))
	}
}
