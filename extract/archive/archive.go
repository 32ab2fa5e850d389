// Package archive keeps publishers' answers for ever: each body once, named by
// the SHA-256 of its bytes and compressed with zstd, and beside it a small
// record of every time it was the answer to a request.
//
//	payload/ab/abcdef….zst                       the bodies
//	request/12/1234…/20250102T213000.000Z-abcdef012345.json
//	                                             the records, a folder for each request
//	tmp/                                         what is being written
//
// A file appears under its name only when it is whole and on disk, so that a
// crash leaves nothing but leftovers in tmp, and any number of processes may
// use one archive at once.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

const (
	payloadDir = "payload"
	requestDir = "request"
	tempDir    = "tmp"
	lockName   = "lock"

	payloadEnding = ".zst"
	recordEnding  = ".json"

	dirMode = 0o750
)

// Archive is an archive in a folder. Its methods may be called from any number
// of goroutines.
type Archive struct {
	dir string

	mu   sync.Mutex
	lock *os.File // held shared from the first Create to Close
}

// CorruptError says that a file of the archive is not what its name promises.
type CorruptError struct {
	Path string
	What string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("archive: %s is damaged: %s", e.Path, e.What)
}

// Open opens the archive in the folder dir, which it makes if need be. An
// archive that is only read may lie on a read-only disk.
func Open(dir string) (*Archive, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("archive: find %s: %w", dir, err)
	}
	for _, sub := range []string{payloadDir, requestDir, tempDir} {
		if err := os.MkdirAll(filepath.Join(abs, sub), dirMode); err != nil {
			return nil, fmt.Errorf("archive: make folder: %w", err)
		}
	}
	return &Archive{dir: abs}, nil
}

// Dir returns the folder of the archive.
func (a *Archive) Dir() string { return a.dir }

// Close lets go of what the archive holds open. It may be called more than
// once; the archive can be used again afterwards.
func (a *Archive) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lock == nil {
		return nil
	}
	err := a.lock.Close()
	a.lock = nil
	if err != nil {
		return fmt.Errorf("archive: close: %w", err)
	}
	return nil
}

// Key returns the name of a request's folder.
func Key(publisher, method, url string) string {
	sum := sha256.Sum256([]byte(publisher + "\n" + method + "\n" + url))
	return hex.EncodeToString(sum[:])
}

// payloadPath returns where a body lies whose name isHash has looked at.
func (a *Archive) payloadPath(hash string) string {
	return filepath.Join(a.dir, payloadDir, hash[:2], hash+payloadEnding)
}

func (a *Archive) requestPath(key string) string {
	return filepath.Join(a.dir, requestDir, key[:2], key)
}

func isHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// place gives a finished temporary file its name, for good: it returns once
// the name itself is on disk.
func (a *Archive) place(temp, path string) error {
	dir := filepath.Dir(path)
	if err := a.makeDir(dir); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("archive: put in place: %w", err)
	}
	return syncDir(dir)
}

// makeDir makes a folder of the archive whose name then survives a crash.
func (a *Archive) makeDir(dir string) error {
	_, err := os.Stat(dir)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("archive: look for folder: %w", err)
	}
	parent := filepath.Dir(dir)
	if parent != a.dir {
		if err := a.makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("archive: make folder: %w", err)
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- a folder of the archive
	if err != nil {
		return fmt.Errorf("archive: open folder: %w", err)
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("archive: write folder to disk: %w", err)
	}
	return nil
}
