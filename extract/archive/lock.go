package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// holdTemp makes sure that this archive holds the lock of the folder of
// temporary files, shared with every other process that writes. Whoever finds
// itself alone first clears away what crashed writers have left: nobody
// creates a temporary file without holding the lock.
func (a *Archive) holdTemp() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lock != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(a.dir, tempDir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("archive: open lock: %w", err)
	}
	if err := a.takeTemp(f); err != nil {
		return errors.Join(err, f.Close())
	}
	a.lock = f
	return nil
}

func (a *Archive) takeTemp(f *os.File) error {
	fd := int(f.Fd()) // #nosec G115 -- a file descriptor
	switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); {
	case err == nil:
		if err := a.clearTemp(); err != nil {
			return err
		}
	case !errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("archive: lock %s: %w", f.Name(), err)
	}
	for {
		err := unix.Flock(fd, unix.LOCK_SH)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("archive: lock %s: %w", f.Name(), err)
		}
	}
}

func (a *Archive) clearTemp() error {
	dir := filepath.Join(a.dir, tempDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("archive: list temporary files: %w", err)
	}
	for _, e := range entries {
		if e.Name() == lockName || !e.Type().IsRegular() {
			continue // what is no file of ours is none of our business
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("archive: clear away temporary file: %w", err)
		}
	}
	return nil
}
