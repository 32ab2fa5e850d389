package extract

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFileIsArchivedLikeAnAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "bars 2024 #1%.csv")
	stamp := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := errors.Join(os.WriteFile(path, []byte("a,b\n"), 0o600), os.Chtimes(path, stamp, stamp)); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, Options{})
	urls, err := c.Expand(t.Context(), "vendor", []string{filepath.Join(dir, "*.csv"), path, "https://example.com/y", filepath.Join(dir, "none-*.csv"), filepath.Join(dir, "missing.csv")})
	if err != nil || len(urls) != 2 || urls[1] != "https://example.com/y" {
		t.Fatalf("expanded to %q, %v", urls, err)
	}
	r := Request{Publisher: "vendor", URL: urls[0], MaxBytes: 4}
	p, err := c.Get(t.Context(), r)
	if err != nil || bodyOf(t, p) != "a,b\n" || p.Header.Get("Last-Modified") != "Thu, 02 Jan 2025 03:04:05 GMT" || p.Status != 200 {
		t.Fatalf("%+v, %v", p, err)
	}
	r.MaxBytes = 3
	var large *TooLargeError
	if _, err := c.Get(t.Context(), r); !errors.As(err, &large) {
		t.Errorf("a file past its bound: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.MaxBytes = 0
	if _, err := c.Get(t.Context(), r); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
	off := newClient(t, Options{Archive: c.o.Archive, Offline: true})
	again, err := off.Expand(t.Context(), "vendor", []string{filepath.Join(dir, "*.csv"), filepath.Join(dir, "*.txt")})
	if err != nil || len(again) != 1 || again[0] != urls[0] {
		t.Fatalf("offline expanded to %q, %v", again, err)
	}
	if others, err := off.Expand(t.Context(), "other", []string{filepath.Join(dir, "*.csv")}); err != nil || len(others) != 0 {
		t.Errorf("another publisher's files: %q, %v", others, err)
	}
	if p, err := off.Get(t.Context(), r); err != nil || bodyOf(t, p) != "a,b\n" {
		t.Errorf("offline: %v", err)
	}
	if _, err := c.Expand(t.Context(), "vendor", []string{filepath.Join(dir, "[")}); !errors.Is(err, filepath.ErrBadPattern) {
		t.Errorf("a bad pattern: %v", err)
	}
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600), os.Symlink("file", link)); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, Options{})
	for path, want := range map[string]string{dir: "a folder", pipe: "a pipe", "/dev/zero": "a device", link: ""} {
		u, err := FileURL(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Get(t.Context(), Request{Publisher: "vendor", URL: u})
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), "not a file but "+want)) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestFileThatChangesWhileReadIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s := &steady{bounded: bounded{in: f, left: 100, err: errors.New("too large")}, file: f, before: before}
	if err := os.WriteFile(path, []byte("longer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(s); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("read: %v", err)
	}
}
