package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	proto "github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/jobs"
	"tidemark/schemas"
)

// TestAdvice holds that errors whose text cannot know the way out get one.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("write: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), "the disk is full"},
		{fmt.Errorf("append: %w", &proto.Exception{Code: 243, Message: "not enough space"}), "the disk is full"},
		{&os.PathError{Op: "mkdir", Path: "x", Err: syscall.EROFS}, "may write to"},
		{errors.New("anything else"), ""},
	} {
		if got := advice(test.err); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

// TestFailuresNameEachJobOnce holds that one cause in many windows is told once.
func TestFailuresNameEachJobOnce(t *testing.T) {
	t.Parallel()
	report := &jobs.Report{}
	for year := 2020; year < 2024; year++ {
		window := schemas.CutYear.Window("IVV", schemas.NewDate(year, time.May, 5))
		report.Results = append(report.Results, jobs.Result{Job: "ishares:IVV", Window: window, Outcome: jobs.Failed, Err: errors.New("no such host")})
	}
	report.Results = append(report.Results, jobs.Result{Job: "h41", Window: schemas.CutWhole.Window("h41", 0), Outcome: jobs.OK})
	got := (&app{}).verdict(report).Error()
	if want := "4 windows failed; their old content stays, and the next run tries them again:\n  ishares:IVV 2020 and 3 more: no such host"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestProgressSaysHowLong holds the line of a long pass, and that it is only
// drawn where somebody watches.
func TestProgressSaysHowLong(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, time.September, 8, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	p := &progress{to: &out, now: func() time.Time { return now }, started: now}
	p.expect(40)
	now = now.Add(5 * time.Second)
	for range 10 {
		p.step()
	}
	if got, want := p.text(), "10 windows done, at most 30 to go, 2.0 a second, 15s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.clear()
	if !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Errorf("the line is still there: %q", out.String())
	}
	a := &app{err: &out, now: time.Now}
	if a.newProgress().to != nil {
		t.Error("a file is drawn on as if it were a terminal")
	}
}

// TestWrappedKeepsToTheWidth holds that no word is lost and no line too long.
func TestWrappedKeepsToTheWidth(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("größer als alles ", 20)
	got := wrapped("    ", 40, text)
	if strings.Join(strings.Fields(got), " ") != strings.TrimSpace(text) {
		t.Errorf("words are lost:\n%s", got)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 40 || !strings.HasPrefix(line, "    ") {
			t.Errorf("%d characters: %q", n, line)
		}
	}
}
