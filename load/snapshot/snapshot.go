// Package snapshot keeps the bars of windows beside the warehouse, in columns
// by symbol. Nearly all that facts are computed from is bars, and each evening
// several universes read a year of them and more: from a file on the same
// machine that takes a tenth of what the warehouse needs to sort, send and pack
// them.
//
// A snapshot is named by its window and by the fingerprint of the window's rows,
// which the warehouse records with every build. It can therefore be missing, but
// not out of date: another content is another name. The folder may be deleted at
// any time.
package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"tidemark/schemas"
)

// Store is a folder of snapshots. It can be shared by processes. What cannot be
// read or kept there is read from where it came from, with a line in the log.
type Store struct {
	dir     string
	log     *slog.Logger
	filling singleflight.Group
}

// Open returns the store in a folder, which is made when there is something to
// keep.
func Open(dir string, log *slog.Logger) *Store { return &Store{dir: dir, log: log} }

// Read gives the bars of a window as they are where they come from, and their
// fingerprint.
type Read func() (series []schemas.BarSeries, content string, err error)

// Get returns the bars of a window whose rows have the given fingerprint: those
// of the snapshot, or where there is none, what read gives. That is kept, if it
// has the fingerprint; a window that was replaced meanwhile has another one.
func (s *Store) Get(w schemas.Window, content string, read Read) (*Bars, error) {
	b, err := s.load(w, content)
	if b != nil {
		b.renew = func() (*Bars, error) {
			s.drop(w, content, errDamaged)
			return s.Get(w, content, read)
		}
		return b, nil
	}
	if err != nil {
		s.drop(w, content, err)
	}
	// Those who want one window at the same time read it once.
	v, err, _ := s.filling.Do(s.path(w, content), func() (any, error) {
		series, got, err := read()
		if err != nil {
			return nil, err
		}
		data := encode(series)
		if got == content {
			s.write(w, content, data)
		}
		return data, nil
	})
	if err != nil {
		return nil, err
	}
	data := v.([]byte)
	return open(w.Part, bytes.NewReader(data), int64(len(data)))
}

// Packed is bars in the form in which they are kept.
type Packed []byte

// Pack brings bars into the form in which they are kept, which is most of the
// work.
func Pack(series []schemas.BarSeries) Packed { return encode(series) }

// Put keeps the bars of a window, unless they are kept already.
func (s *Store) Put(w schemas.Window, content string, bars Packed) {
	if _, err := os.Stat(s.path(w, content)); err != nil {
		s.write(w, content, bars)
	}
}

// load returns the snapshot of a window, or nil and, where a snapshot cannot be
// used, the reason.
func (s *Store) load(w schemas.Window, content string) (*Bars, error) {
	name := s.path(w, content)
	f, err := os.Open(name) // #nosec G304 -- a file of the store
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		var b *Bars
		if b, err = open(w.Part, f, info.Size()); err == nil {
			return b, nil
		}
	}
	_ = f.Close() // nothing was written
	return nil, err
}

// drop removes a snapshot that cannot be used.
func (s *Store) drop(w schemas.Window, content string, why error) {
	name := s.path(w, content)
	s.log.Warn("a snapshot is made anew", "window", w.String(), "file", name, "err", why)
	_ = os.Remove(name) // if it stays, the next who reads it tells
}

func (s *Store) write(w schemas.Window, content string, data []byte) {
	if err := write(s.path(w, content), data); err != nil {
		s.log.Warn("a snapshot could not be kept", "window", w.String(), "err", err)
	}
}

// write puts a snapshot in its place, whole or not at all, and removes those of
// the window's earlier contents.
func write(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // err says what happened
		}
	}()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return forget(name)
}

// unfinished is the pattern of files that are being written.
const unfinished = "unfinished-*"

// forget removes the snapshots of the contents that the window of kept had
// before, and what was never finished.
func forget(kept string) error {
	window, _, _ := strings.Cut(filepath.Base(kept), separator)
	others, err := os.ReadDir(filepath.Dir(kept))
	if err != nil {
		return err
	}
	for _, o := range others {
		of, _, _ := strings.Cut(o.Name(), separator)
		if o.Name() == filepath.Base(kept) || of != window && !abandoned(o) {
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(kept), o.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// abandoned reports whether a file was begun by a process that is gone.
func abandoned(f fs.DirEntry) bool {
	mine, _ := filepath.Match(unfinished, f.Name())
	info, err := f.Info()
	return mine && err == nil && time.Since(info.ModTime()) > time.Hour
}

const separator = "_"

func (s *Store) path(w schemas.Window, content string) string {
	return filepath.Join(s.dir, "part="+url.PathEscape(w.Part), w.From.String()+separator+content+".bars")
}
