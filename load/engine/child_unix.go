//go:build linux || darwin

package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"github.com/ebitengine/purego"
	"golang.org/x/sys/unix"
)

// The engine leaves by itself in tens of milliseconds, unless a client is
// connected or a query runs. selfKillAfter ends it then, for the case that
// nobody is left who would.
const (
	endOfInputEvery = 5 * time.Millisecond
	selfKillAfter   = 1500 * time.Millisecond
)

// serve runs the engine until its life line closes. It returns nil when the
// engine left because it was asked to.
func serve(library, config, data string) error {
	in, err := terminalInput()
	if err != nil {
		return err
	}

	// The engine's own session has one query, which reads this pipe to its end.
	// As long as the write end is open, it listens.
	holdRead, holdWrite, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("open the pipe that holds the engine: %w", err)
	}
	stopped := make(chan struct{})
	go func() {
		waitForEnd(in.life)
		close(stopped)
		_ = holdWrite.Close()
		late := time.After(selfKillAfter)
		for {
			_, _ = in.terminal.Write([]byte{4}) // ^D: the end of interactive input
			select {
			case <-late:
				_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			case <-time.After(endOfInputEvery):
			}
		}
	}()

	hold := "/dev/fd/" + strconv.Itoa(int(holdRead.Fd()))
	runtime.LockOSThread()
	if err := confine(library, config, data); err != nil {
		return err
	}
	err = callEngine(library, []string{
		"clickhouse-local",
		"--config-file=" + config,
		"--path=" + data,
		"--interactive",
		"--disable_suggestion",
		"--log-level=error",
		"--history_file=/dev/null",
		"--query",
		"SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT count() FROM file('" + hold + "', LineAsString)",
	})
	runtime.KeepAlive(holdRead)
	if err != nil {
		return err
	}
	select {
	case <-stopped:
		return nil
	default:
		return errors.New("the engine ended by itself; it says why above")
	}
}

// input is where the child hears from its parent and where the engine reads.
type input struct {
	life     *os.File // ends when the parent closes its side, or dies
	terminal *os.File // the controlling side of the engine's standard input
}

// terminalInput gives the engine a terminal as standard input. With anything
// else there, one failed login of any client ends the whole engine.
func terminalInput() (input, error) {
	fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return input{}, fmt.Errorf("keep the life line: %w", err)
	}
	life := os.NewFile(uintptr(fd), "lifeline")
	master, slave, err := pty.Open()
	if err != nil {
		return input{}, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	if err := dup2(int(slave.Fd()), 0); err != nil {
		return input{}, fmt.Errorf("make the pseudo-terminal the standard input: %w", err)
	}
	_ = slave.Close()
	return input{life: life, terminal: master}, nil
}

// waitForEnd returns when the parent is gone or wants the engine to stop.
func waitForEnd(life io.Reader) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	eof := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, life)
		close(eof)
	}()
	select {
	case <-signals:
	case <-eof:
	}
}

// callEngine loads the library and calls its one entry, which returns when the
// engine's session ends.
func callEngine(library string, args []string) error {
	lib, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load %s: %w", library, err)
	}
	entry, err := purego.Dlsym(lib, "chdb_query_cmdline")
	if err != nil {
		return fmt.Errorf("find chdb_query_cmdline in %s: %w", library, err)
	}
	argv := make([]*byte, len(args)+1)
	for i, arg := range args {
		b, err := unix.BytePtrFromString(arg)
		if err != nil {
			return fmt.Errorf("argument %q: %w", arg, err)
		}
		argv[i] = b
	}
	purego.SyscallN(entry, uintptr(len(args)), uintptr(unsafe.Pointer(&argv[0]))) //nolint:gosec // the engine's C entry
	runtime.KeepAlive(argv)
	return nil
}
