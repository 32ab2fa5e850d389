//go:build linux || darwin

package engine

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// tryLock takes the exclusive lock of a file, which it creates. The lock
// belongs to the open file: a child that inherits it holds it too, so that it
// is free only when the owner and its engine are both gone. ok is false when
// someone else has it.
func tryLock(path string) (f *os.File, ok bool, err error) { return flock(path, unix.LOCK_EX) }

// tryShare takes a lock of a file that many can hold at once, but none beside
// an exclusive one.
func tryShare(path string) (f *os.File, ok bool, err error) { return flock(path, unix.LOCK_SH) }

func flock(path string, how int) (f *os.File, ok bool, err error) {
	f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a lock of a folder of ours
	if err != nil {
		return nil, false, fmt.Errorf("engine: open the lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == nil {
		return f, true, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("engine: lock %s: %w", path, err)
}

// ownGroup keeps the terminal's ^C from the engine: its parent hears it, ends
// its own work first, and stops the engine then.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
