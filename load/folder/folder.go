// Package folder puts files in place in one step: whoever reads sees the old
// file or the new one, and after an error the old one.
package folder

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Replace makes what write writes the content of the file at path: it goes to a
// temporary file beside it, which takes its place once it is complete and on
// disk. The folder is made when it is missing. After an error the path holds
// what it held before.
func Replace(path string, write func(io.Writer) error) (err error) {
	in := filepath.Dir(path)
	if err := os.MkdirAll(in, 0o750); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	temp, err := os.CreateTemp(in, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignore(temp.Close(), os.ErrClosed), ignore(os.Remove(temp.Name()), os.ErrNotExist))
		}
	}()
	w := bufio.NewWriterSize(temp, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := temp.Chmod(0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("close %s: %w", path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("put %s in place: %w", path, err)
	}
	return sync(in)
}

// ignore returns err unless it is the given one.
func ignore(err, other error) error {
	if errors.Is(err, other) {
		return nil
	}
	return err
}

// sync makes a rename inside the folder last.
func sync(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // the folder that the caller named
	if err != nil {
		return fmt.Errorf("sync %s: %w", folder, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", folder, err)
	}
	return nil
}
