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
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// FetchOptions says where Fetch puts the library and how it reports.
type FetchOptions struct {
	Cache    string    // folder; "" means DefaultCache
	Progress io.Writer // one plain line for each step; nil means none
}

// FetchError says at which step the library could not be fetched, and what to
// do about it. The cache is as it was before.
type FetchError struct {
	Step   string
	Advice string
	Reason error
}

func (e *FetchError) Error() string {
	s := "engine: fetch the library: " + e.Step
	if e.Reason != nil {
		s += ": " + e.Reason.Error()
	}
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return s
}

func (e *FetchError) Unwrap() error { return e.Reason }

// HashError says that something fetched is not what the program is made for.
type HashError struct {
	What      string
	Got, Want string
}

func (e *HashError) Error() string {
	return fmt.Sprintf("%s is %s, and should be %s", e.What, e.Got, e.Want)
}

const (
	lockWait        = 200 * time.Millisecond
	npmGrace        = 5 * time.Second // for npm to leave after it was interrupted
	fetchPattern    = ".fetch-*"
	largestLibrary  = 4 << 30 // bytes
	nodeInstallHint = "install Node.js with npm (nodejs.org, or your system's packages) and try again"
)

// Fetch puts the library into the cache, unless it is there, and returns its
// path. It has npm fetch the pinned release from whatever registry npm is set
// to, checks the SHA-512 of the tarball and the SHA-256 of the library in it,
// and puts it in place in one step. Several processes may call it at once: one
// fetches and the others wait for it.
//
// It returns *UnsupportedError, or a *FetchError that holds a *HashError where
// that is the reason.
func Fetch(ctx context.Context, opts FetchOptions) (string, error) {
	p, err := platformPin(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	if err := glibc(os.Stat); err != nil {
		return "", err
	}
	if opts.Cache == "" {
		if opts.Cache, err = DefaultCache(); err != nil {
			return "", err
		}
	}
	return fetch(ctx, opts, p)
}

func fetch(ctx context.Context, opts FetchOptions, p pin) (string, error) {
	say := func(format string, args ...any) {
		if opts.Progress != nil {
			_, _ = fmt.Fprintf(opts.Progress, "engine: "+format+"\n", args...)
		}
	}
	library := filepath.Join(opts.Cache, p.Release, libraryFile)
	if checkLibrary(library, p) == nil {
		say("%s is in place", library)
		return library, nil
	}
	if err := os.MkdirAll(filepath.Dir(library), 0o700); err != nil {
		return "", &FetchError{Step: "make the cache folder", Reason: err}
	}
	lock, err := waitForLock(ctx, filepath.Join(opts.Cache, "fetch.lock"), func() { say("waiting for another fetch to finish") })
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if checkLibrary(library, p) == nil { // the other one has done it
		say("%s is in place", library)
		return library, nil
	}

	work, err := workFolder(opts.Cache)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	say("fetching %s@%s by npm (%d MB)", p.Package, p.Release, p.Size/1_000_000)
	tarball, err := npmPack(ctx, work, p)
	if err != nil {
		return "", err
	}
	say("checking its SHA-512")
	if err := checkTarball(tarball, p); err != nil {
		return "", err
	}
	say("unpacking and checking %s", libraryFile)
	unpacked := filepath.Join(work, libraryFile)
	if err := unpack(ctx, tarball, unpacked, p); err != nil {
		return "", err
	}
	if err := os.Rename(unpacked, library); err != nil {
		return "", &FetchError{Step: "put the library in place", Reason: err}
	}
	info, err := os.Stat(library)
	if err != nil {
		return "", &FetchError{Step: "put the library in place", Reason: err}
	}
	if err := writeStamp(library, stamp{Size: info.Size(), Modified: info.ModTime().UnixNano(), SHA256: p.SHA256}); err != nil {
		return "", err
	}
	say("%s is in place", library)
	return library, nil
}

// glibc refuses a system without the C library that the engine is built for.
func glibc(stat func(string) (fs.FileInfo, error)) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	for _, loader := range []string{"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"} {
		if _, err := stat(loader); err == nil {
			return nil
		}
	}
	return &UnsupportedError{Platform: runtime.GOOS + "/" + runtime.GOARCH, Reason: "the engine needs glibc, and this system has another C library"}
}

func waitForLock(ctx context.Context, path string, waiting func()) (*os.File, error) {
	for first := true; ; first = false {
		lock, ok, err := tryLock(path)
		if err != nil {
			return nil, &FetchError{Step: "lock the cache", Reason: err}
		}
		if ok {
			return lock, nil
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, &FetchError{Step: "wait for another fetch", Reason: context.Cause(ctx)}
		case <-time.After(lockWait):
		}
	}
}

// workFolder makes a folder for one fetch, in the cache so that a rename
// suffices at its end. What an interrupted fetch left is removed.
func workFolder(cache string) (string, error) {
	left, err := filepath.Glob(filepath.Join(cache, fetchPattern))
	if err != nil {
		return "", &FetchError{Step: "clean the cache", Reason: err}
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return "", &FetchError{Step: "clean the cache", Reason: err}
		}
	}
	work, err := os.MkdirTemp(cache, fetchPattern)
	if err != nil {
		return "", &FetchError{Step: "make a folder in the cache", Reason: err}
	}
	return work, nil
}

// npmPack has npm fetch the tarball into a folder and returns its path.
func npmPack(ctx context.Context, work string, p pin) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", &FetchError{Step: "find npm", Reason: err, Advice: nodeInstallHint}
	}
	cmd := exec.CommandContext(ctx, npm, "pack", p.Package+"@"+p.Release, "--ignore-scripts", "--loglevel=error", "--progress=false") //nolint:gosec // the user's own npm
	cmd.Dir = work
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = npmGrace
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", &FetchError{Step: "npm pack", Reason: context.Cause(ctx)}
		}
		return "", npmError(err, said.String(), p)
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", &FetchError{Step: "npm pack", Reason: fmt.Errorf("it left %d tarballs, not one", len(found))}
	}
	return found[0], nil
}

var (
	npmCode     = regexp.MustCompile(`(?m)^npm (?:error|ERR!) code (\S+)`)
	credentials = regexp.MustCompile(`//[^/@\s]+@`)
)

// npmError turns what npm says into advice. Its codes are those of Node.js and
// of its own documentation.
func npmError(err error, said string, p pin) error {
	code := ""
	if m := npmCode.FindStringSubmatch(said); m != nil {
		code = m[1]
	}
	advice := ""
	switch code {
	case "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT", "ENETUNREACH", "EHOSTUNREACH":
		advice = "npm cannot reach its registry: check the network, and npm's registry and proxy settings (npm config ls)"
	case "E404", "ETARGET":
		advice = fmt.Sprintf("the registry that npm is set to does not have %s@%s: see npm config get registry", p.Package, p.Release)
	case "E401", "E403", "ENEEDAUTH":
		advice = "the registry that npm is set to refuses the request: see npm config get registry, and log in if it asks for that"
	case "ENOSPC":
		advice = "the disk is full: one gigabyte is needed"
	case "EINTEGRITY":
		advice = "what npm fetched was damaged on the way or in its cache: run npm cache verify and try again"
	}
	last := strings.TrimSpace(credentials.ReplaceAllString(said, "//"))
	if lines := strings.Split(last, "\n"); len(lines) > 4 {
		last = strings.Join(lines[:4], "\n")
	}
	return &FetchError{Step: "npm pack", Reason: fmt.Errorf("%w: %s", err, strings.ReplaceAll(last, "\n", " | ")), Advice: advice}
}

func checkTarball(tarball string, p pin) error {
	f, err := os.Open(tarball) //nolint:gosec // in a folder made for it
	if err != nil {
		return &FetchError{Step: "read the tarball", Reason: err}
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return &FetchError{Step: "read the tarball", Reason: err}
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != p.Integrity {
		return &FetchError{
			Step:   "check the tarball",
			Reason: &HashError{What: "the hash of " + filepath.Base(tarball), Got: got, Want: p.Integrity},
			Advice: "it was not used; the registry served something else than the pinned release",
		}
	}
	return nil
}

// unpack writes the library of a tarball to a path and checks its hash.
func unpack(ctx context.Context, tarball, to string, p pin) error {
	err := func() error {
		in, err := os.Open(tarball) //nolint:gosec // as above
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		files := tar.NewReader(unzipped)
		for {
			header, err := files.Next()
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("%s is not in it", libraryFile)
			}
			if err != nil {
				return err
			}
			if path.Base(header.Name) != libraryFile || header.Typeflag != tar.TypeReg {
				continue
			}
			if header.Size > largestLibrary {
				return fmt.Errorf("%s has %d bytes, more than can be right", libraryFile, header.Size)
			}
			return writeChecked(ctx, files, to, p.SHA256)
		}
	}()
	if err != nil {
		return &FetchError{Step: "unpack the tarball", Reason: err}
	}
	return nil
}

func writeChecked(ctx context.Context, from io.Reader, to, want string) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // as above
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), stoppable{ctx, from})
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return &HashError{What: "the sha256 of " + libraryFile, Got: got, Want: want}
	}
	return nil
}

// stoppable is a reader that ends when its context does.
type stoppable struct {
	ctx  context.Context //nolint:containedctx // io.Copy has no other way to hear of it
	from io.Reader
}

func (s stoppable) Read(b []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.from.Read(b)
}
