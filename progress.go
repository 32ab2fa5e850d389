package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress keeps one line on a terminal that says how far a pass is, how fast
// it goes and how long it will take. Elsewhere it is silent: the lines of the
// windows are enough.
type progress struct {
	to       io.Writer // nil where nobody watches
	now      func() time.Time
	started  time.Time
	finished int
	left     int    // windows still to build, at most
	said     string // in place of what is counted here

	mu sync.Mutex
}

func (a *app) newProgress() *progress {
	p := &progress{now: a.now, started: a.now()}
	if terminal(a.err) {
		p.to = a.err
	}
	return p
}

// terminal reports whether somebody may be watching.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// watched reports whether somebody may be looking at the line.
func (p *progress) watched() bool { return p.to != nil }

// say puts a text in the place of what is counted here.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = text
	p.draw()
}

// expect sets how many windows are still to build, at most.
func (p *progress) expect(windows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = windows
	p.draw()
}

// step counts a window that has ended.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	p.left = max(0, p.left-1)
	p.draw()
}

func (p *progress) draw() {
	if p.to != nil && (p.left > 0 || p.said != "") {
		_, _ = fmt.Fprint(p.to, "\r\x1b[K  "+cmp.Or(p.said, p.text()))
	}
}

// text is the line: what is done, what is left, the rate and the time left.
// What is left is the most it can be, since windows whose inputs turn out to
// be the same are skipped.
func (p *progress) text() string {
	s := plural(p.finished, "window") + fmt.Sprintf(" done, at most %d to go", p.left)
	elapsed := p.now().Sub(p.started)
	if p.finished == 0 || elapsed <= 0 {
		return s
	}
	rate := float64(p.finished) / elapsed.Seconds()
	wait := time.Duration(float64(p.left) / rate * float64(time.Second)).Round(time.Second)
	return s + fmt.Sprintf(", %.1f a second, %s left", rate, wait)
}

// clear takes the line away, for other output or for good.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to != nil {
		_, _ = fmt.Fprint(p.to, "\r\x1b[K")
	}
}
