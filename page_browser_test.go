package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// browser is a window of headless Chromium that a test uses as a person would.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // it is the handle of the window
}

// openBrowser opens Chromium on a profile of its own, or skips the test where
// there is none. It finds loopback addresses only, and says yes when it is
// asked whether one is sure.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium to look at the page with")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.Flag("lang", "en-US"),
	}
	for _, off := range []string{"gpu", "quic", "background-networking", "component-update", "sync", "dev-shm-usage", "default-apps", "extensions"} {
		options = append(options, chromedp.Flag("disable-"+off, true))
	}
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, closing := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for it to leave its profile
		closing()
		end()
	})
	b := &browser{t, ctx}
	// The browser ends with the context of its first step.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	questions := chromedp.Events(ctx, page.JavascriptDialogOpening)
	go func() {
		for _, err := range questions {
			if err == nil {
				_, err = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}
			if err != nil {
				return // the browser has gone
			}
		}
	}()
	return b
}

// patience is how long a page may take to show what is waited for.
const patience = 2 * time.Minute

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page says:\n%s", err, b.text())
	}
}

// click clicks what has the text: "a" a link, "button" a button.
func (b *browser) click(kind, text string) {
	b.t.Helper()
	b.do(chromedp.Click(named(kind, text), chromedp.NodeVisible))
}

// press clicks a button of a part that is renewed all the time, once more
// where it was renewed under the pointer, until the page shows what follows.
func (b *browser) press(text, follows string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		_ = chromedp.Do(ctx, chromedp.Click(named("button", text), chromedp.NodeVisible)) // what follows tells
		cancel()
		ctx, cancel = context.WithTimeout(b.ctx, 5*time.Second)
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](follows))
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s was pressed and %s never came: %v; the page says:\n%s", text, follows, err, b.text())
		}
	}
}

// named is the XPath of an element by its text.
func named(kind, text string) chromedp.Search {
	return chromedp.Search("//" + kind + "[normalize-space()='" + text + "']")
}

// text is what the page says now.
func (b *browser) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text)
}

// until reads an expression of the page again and again, until it is as it
// should be.
func until[T any](b *browser, expression string, within time.Duration, ok func(T) bool) T {
	b.t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) { // until the page shows it
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
		cancel()
		if err == nil && ok(value) {
			return value
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("after %s the page has %v, %v for %s; it says:\n%s", within, value, err, expression, b.text())
		}
	}
}

// holds waits until an expression of the page is true.
func (b *browser) holds(expression string) {
	b.t.Helper()
	until(b, "Boolean("+expression+")", patience, func(v bool) bool { return v })
}
