package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// registry is a stand-in for npm and what it fetches from: a script that
// leaves a tarball in its working folder and counts how often it was asked.
type registry struct {
	pin   pin
	dir   string
	cache string
}

func newRegistry(t *testing.T, library string) registry {
	t.Helper()
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	files := tar.NewWriter(zipped)
	for _, f := range []struct{ name, text string }{
		{"package/package.json", "{}"},
		{"package/" + libraryFile, library},
	} {
		if err := files.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	r := registry{dir: t.TempDir(), cache: t.TempDir()}
	if err := os.WriteFile(filepath.Join(r.dir, "tarball"), buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tarballSum, librarySum := sha512.Sum512(buf.Bytes()), sha256.Sum256([]byte(library))
	r.pin = pin{
		Package:   "@example/lib",
		Release:   "1.2.3",
		Integrity: "sha512-" + base64.StdEncoding.EncodeToString(tarballSum[:]),
		SHA256:    hex.EncodeToString(librarySum[:]),
	}
	r.npm(t, `[ "$1 $2" = "pack @example/lib@1.2.3" ] || { echo "npm error code E404" >&2; exit 1; }
cp "$REGISTRY/tarball" example-lib-1.2.3.tgz`)
	t.Setenv("REGISTRY", r.dir)
	t.Setenv("PATH", r.dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return r
}

// npm makes the script that stands in for npm.
func (r registry) npm(t *testing.T, body string) {
	t.Helper()
	script := "#!/bin/sh\necho asked >> \"$REGISTRY/asked\"\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(r.dir, "npm"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (r registry) asked(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "asked"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "asked")
}

func (r registry) fetch(t *testing.T) (string, string, error) {
	t.Helper()
	var said bytes.Buffer
	path, err := fetch(t.Context(), FetchOptions{Cache: r.cache, Progress: &said}, r.pin)
	return path, said.String(), err
}

// empty fails when a fetch that went wrong has left anything to be used.
func (r registry) empty(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(r.cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "fetch.lock" {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFetchTwiceFetchesOnce(t *testing.T) {
	r := newRegistry(t, "the library")
	first, _, err := r.fetch(t)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(first)
	if err != nil || string(text) != "the library" {
		t.Fatalf("library is %q, %v", text, err)
	}
	second, said, err := r.fetch(t)
	if err != nil || second != first {
		t.Fatalf("second fetch: %q, %v", second, err)
	}
	if n := r.asked(t); n != 1 {
		t.Errorf("npm was asked %d times, want once; it said %s", n, said)
	}
	if err := checkLibrary(first, r.pin); err != nil {
		t.Errorf("the fetched library does not check: %v", err)
	}
}

func TestFetchAtOnceFetchesOnce(t *testing.T) {
	r := newRegistry(t, "the library")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := fetch(t.Context(), FetchOptions{Cache: r.cache}, r.pin); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := r.asked(t); n != 1 {
		t.Errorf("npm was asked %d times, want once", n)
	}
}

func TestFetchRefusesWrongHashes(t *testing.T) {
	wrong := strings.Repeat("0", 64)
	tests := []struct {
		name   string
		change func(*pin)
		step   string
	}{
		{"tarball", func(p *pin) { p.Integrity = "sha512-AAAA" }, "check the tarball"},
		{"library", func(p *pin) { p.SHA256 = wrong }, "unpack the tarball"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRegistry(t, "the library")
			tt.change(&r.pin)
			_, _, err := r.fetch(t)
			if _, ok := errors.AsType[*HashError](err); !ok {
				t.Fatalf("got %v, want a HashError", err)
			}
			if f, ok := errors.AsType[*FetchError](err); !ok || f.Step != tt.step {
				t.Errorf("got %v, want the step %q", err, tt.step)
			}
			r.empty(t)
		})
	}
}

func TestFetchSaysWhatToDo(t *testing.T) {
	tests := []struct{ name, npm, want string }{
		{"no network", `echo "npm error code ENOTFOUND" >&2; echo "npm error request to https://me:secret@registry.example/x failed" >&2; exit 1`, "check the network"},
		{"old npm, no network", `echo "npm ERR! code EAI_AGAIN" >&2; exit 1`, "check the network"},
		{"not there", `echo "npm error code E404" >&2; exit 1`, "does not have @example/lib@1.2.3"},
		{"not allowed", `echo "npm error code E401" >&2; exit 1`, "refuses the request"},
		{"nothing said", `exit 7`, "exit status 7"},
		{"no tarball", `exit 0`, "0 tarballs"},
		{"not a tarball", `echo x > a.tgz`, "should be sha512-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRegistry(t, "the library")
			r.npm(t, tt.npm)
			_, _, err := r.fetch(t)
			if _, ok := errors.AsType[*FetchError](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a FetchError with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a password is in the error: %v", err)
			}
			r.empty(t)
		})
	}
}

func TestFetchWithoutNPM(t *testing.T) {
	r := newRegistry(t, "the library")
	t.Setenv("PATH", t.TempDir())
	_, _, err := r.fetch(t)
	if f, ok := errors.AsType[*FetchError](err); !ok || f.Step != "find npm" || !strings.Contains(err.Error(), "install Node.js") {
		t.Errorf("got %v, want to be told to install Node.js", err)
	}
	r.empty(t)
}

func TestFetchStopsWhenAsked(t *testing.T) {
	r := newRegistry(t, "the library")
	r.npm(t, `exec sleep 60`)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopping := errors.New("stopping")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(r.dir, "asked")); err == nil {
				cancel(stopping)
				return
			}
			time.Sleep(time.Millisecond) // until npm runs
		}
	}()
	_, err := fetch(ctx, FetchOptions{Cache: r.cache}, r.pin)
	if !errors.Is(err, stopping) {
		t.Errorf("got %v, want %v", err, stopping)
	}
	r.empty(t)
}

func TestFetchCleansUpAfterOneThatWasKilled(t *testing.T) {
	r := newRegistry(t, "the library")
	left := filepath.Join(r.cache, ".fetch-123")
	if err := errors.Join(os.Mkdir(left, 0o700), os.WriteFile(filepath.Join(left, "half.tgz"), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.fetch(t); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
}

func TestLibraryNoticesChange(t *testing.T) {
	r := newRegistry(t, "the library")
	path, _, err := r.fetch(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("xxx library"), 0o600); err != nil { // the same size
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	err = checkLibrary(path, r.pin)
	if _, ok := errors.AsType[*NotInstalledError](err); !ok || !strings.Contains(err.Error(), "tidemark engine fetch") {
		t.Errorf("got %v, want a NotInstalledError that says how to fetch", err)
	}
	if _, _, err := r.fetch(t); err != nil || r.asked(t) != 2 {
		t.Errorf("the changed library was not fetched again: %v, asked %d times", err, r.asked(t))
	}
}

func TestLibraryWithoutStampIsHashedOnce(t *testing.T) {
	r := newRegistry(t, "the library")
	path, _, err := r.fetch(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(stampPath(path)); err != nil {
		t.Fatal(err)
	}
	if err := checkLibrary(path, r.pin); err != nil {
		t.Errorf("a good library was refused: %v", err)
	}
	if _, err := os.Stat(stampPath(path)); err != nil {
		t.Errorf("no stamp was left: %v", err)
	}
}

func TestLibraryMissing(t *testing.T) {
	_, err := Library(t.TempDir())
	if missing, ok := errors.AsType[*NotInstalledError](err); !ok || !strings.Contains(missing.Error(), "make engine") {
		t.Errorf("got %v, want a NotInstalledError that says make engine", err)
	}
}

func TestPlatforms(t *testing.T) {
	tests := []struct {
		os, arch string
		ok       bool
	}{
		{"linux", "amd64", true},
		{"linux", "riscv64", false},
		{"windows", "amd64", false},
		{"plan9", "amd64", false},
	}
	for _, tt := range tests {
		_, err := platformPin(tt.os, tt.arch)
		_, refused := errors.AsType[*UnsupportedError](err)
		if refused == tt.ok {
			t.Errorf("%s/%s: %v", tt.os, tt.arch, err)
		}
	}
	musl := func(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }
	if err := glibc(musl); err == nil || !strings.Contains(fmt.Sprint(err), "glibc") {
		t.Errorf("a system without glibc: got %v", err)
	}
}

// What npm says goes into an error that people paste elsewhere.
func FuzzNPMErrorKeepsCredentials(f *testing.F) {
	f.Add("npm error code E401\nnpm error https://", "me:secret", "@registry.example/x")
	f.Add("npm ERR! network http://", "token", "@[::1]:4873/ failed")
	f.Add("", "a:b", "@")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < 4 || strings.ContainsAny(secret, "/@ \t\r\n\v\f\u0085\u00a0") || strings.Contains(before, secret) || strings.Contains(after, secret) {
			t.Skip()
		}
		err := npmError(errors.New("exit status 1"), before+"//"+secret+"@"+after, pin{})
		if strings.Contains(strings.ReplaceAll(err.Error(), "exit status 1", ""), secret) && !strings.Contains("engine: fetch the library: npm pack", secret) {
			t.Errorf("%q shows %q", err, secret)
		}
	})
}
