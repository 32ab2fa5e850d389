package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"tidemark/extract/archive"
)

// FileURL returns the file: address of a path, which is made absolute.
func FileURL(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("extract: find %s: %w", path, err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String(), nil
}

// FileName returns the last element of an address's path, as people know the
// file.
func FileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return path.Base(address)
	}
	return path.Base(u.Path)
}

// readFile answers with a file of the user's own. It goes through the same
// bounds and into the same archive as what comes over the network.
func (c *Client) readFile(ctx context.Context, a *ask) (archive.Record, error) {
	// Without O_NONBLOCK the opening of a pipe waits for its writer.
	f, err := os.OpenFile(filepath.FromSlash(a.url.Path), os.O_RDONLY|syscall.O_NONBLOCK, 0) // #nosec G304 -- a file that the configuration names
	if err != nil {
		return archive.Record{}, a.wrap(err)
	}
	rec, err := c.storeFile(ctx, a, f)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = cerr
	}
	if large, ok := errors.AsType[*TooLargeError](err); ok {
		return rec, large
	}
	if err != nil {
		return rec, a.wrap(err)
	}
	return rec, nil
}

func (c *Client) storeFile(ctx context.Context, a *ask, f *os.File) (archive.Record, error) {
	before, err := f.Stat()
	if err != nil {
		return archive.Record{}, err
	}
	if !before.Mode().IsRegular() {
		return archive.Record{}, fmt.Errorf("not a file but a %s", kindOf(before.Mode()))
	}
	if before.Size() > a.max {
		return archive.Record{}, a.tooLarge()
	}
	rec := c.record(ctx, a)
	rec.Status = http.StatusOK
	rec.Header = http.Header{"Last-Modified": {before.ModTime().UTC().Format(http.TimeFormat)}}
	return c.store(ctx, &steady{bounded: bounded{in: f, left: a.max, err: a.tooLarge()}, file: f, before: before}, rec)
}

// steady reads a file and fails at its end if the file has changed meanwhile:
// half of an old and half of a new version is neither.
type steady struct {
	bounded
	file   *os.File
	before fs.FileInfo
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.bounded.Read(p)
	if err == nil || n > 0 {
		return n, err
	}
	after, serr := s.file.Stat()
	if serr != nil {
		return n, serr
	}
	if after.Size() != s.before.Size() || !after.ModTime().Equal(s.before.ModTime()) {
		return n, errors.New("the file changed while it was read; run again when it is complete")
	}
	return n, err
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	default:
		return "device"
	}
}

// Expand turns patterns into addresses, sorted and each once. A pattern is a
// path or file: address, in which *, ? and [ ] stand for what they do in
// [filepath.Match]; it adds the files that match it, which may be none. An
// http(s) address is passed on as it is. Offline, the files are those that the
// archive has an answer for.
func (c *Client) Expand(ctx context.Context, publisher string, patterns []string) ([]string, error) {
	var out []string
	for _, p := range patterns {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%s: look for files: %w", publisher, err)
		}
		if strings.HasPrefix(p, "https://") || strings.HasPrefix(p, "http://") {
			out = append(out, p)
			continue
		}
		paths, err := c.glob(publisher, p)
		if err != nil {
			return nil, fmt.Errorf("%s: look for files %s: %w", publisher, p, err)
		}
		for _, path := range paths {
			u, err := FileURL(path)
			if err != nil {
				return nil, err
			}
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (c *Client) glob(publisher, pattern string) ([]string, error) {
	if rest, ok := strings.CutPrefix(pattern, "file://"); ok {
		path, err := url.PathUnescape(rest)
		if err != nil {
			return nil, err
		}
		pattern = path
	}
	pattern, err := filepath.Abs(pattern)
	if err != nil {
		return nil, err
	}
	if !c.o.Offline {
		return filepath.Glob(pattern)
	}
	urls, err := c.o.Archive.URLs(publisher, c.o.AsOf)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "file" {
			continue
		}
		matched, err := filepath.Match(pattern, filepath.FromSlash(u.Path))
		if err != nil {
			return nil, err
		}
		if matched {
			out = append(out, filepath.FromSlash(u.Path))
		}
	}
	return out, nil
}
