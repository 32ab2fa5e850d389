package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tidemark/schemas"
)

// Config says which engine to open, and how.
type Config struct {
	Dir       string // data folder; it belongs to the engine and is closed to other users
	Library   string // path of libchdb; "" means the verified one of the cache
	MaxMemory int64  // bytes the server may use; 0 means half of the memory, at most 4 GiB
	TCPPort   int    // native protocol; 0 means the port of the last time if it is free, or any
	HTTPPort  int    // likewise

	StartTimeout  time.Duration // to be ready after a start; 0 means 60 s
	AttachTimeout time.Duration // to find the engine of a folder that another process owns; 0 means 10 s

	Log *slog.Logger     // nil means none
	Now func() time.Time // nil means time.Now
}

const (
	pollEvery      = 10 * time.Millisecond
	portAttempts   = 3
	defaultMemory  = 2 << 30
	largestDefault = 4 << 30
)

// Engine is a running ClickHouse on a data folder: one that this process
// started and supervises, or one of another process that it found there. Its
// methods may be called from several goroutines.
type Engine struct {
	cfg       Config
	folder    folder
	state     state // without the parts that a restart changes
	passwords passwords
	owned     bool

	lock  *os.File
	guest *os.File // shared by those who found the engine; exclusive for an owner that closes it
	stop  chan struct{}
	done  chan struct{}
	close sync.Once

	mu       sync.Mutex
	proc     *process
	restarts int
	err      error
}

// Open returns the engine of a data folder: the one that already runs there,
// whichever process started it, or a new one. The context bounds the opening
// only; the engine lives until Close, or until this process ends in any way.
//
// It returns *NotInstalledError, *UnsupportedError, *OwnedError,
// *PortTakenError or *StartError for what a person can act on.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if !childCalled.Load() {
		return nil, errors.New("engine: Child has to be called first in main, or in TestMain, of a program that opens an engine")
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, folder: folder(cfg.Dir), stop: make(chan struct{}), done: make(chan struct{})}
	if err := e.folder.make(); err != nil {
		return nil, err
	}
	deadline := time.NewTimer(cfg.AttachTimeout)
	defer deadline.Stop()
	for {
		lock, ok, err := tryLock(e.folder.path(lockFile))
		if err != nil {
			return nil, err
		}
		if ok {
			e.lock = lock
			if err := e.own(ctx); err != nil {
				_ = lock.Close()
				return nil, err
			}
			return e, nil
		}
		attachErr := e.attach(ctx)
		if attachErr == nil {
			return e, nil
		}
		// The owner may be starting its engine, or be gone while its engine is
		// about to notice.
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("engine: open %s: %w", cfg.Dir, context.Cause(ctx))
		case <-deadline.C:
			s, _ := e.folder.readState() // the reason tells what was wrong with it
			return nil, &OwnedError{Dir: cfg.Dir, PID: s.OwnerPID, Since: s.Since, Reason: attachErr}
		case <-time.After(5 * pollEvery):
		}
	}
}

func (c Config) withDefaults() (Config, error) {
	if err := supported(); err != nil {
		return c, err
	}
	if c.Dir == "" {
		return c, errors.New("engine: no data folder given")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("engine: data folder %s: %w", c.Dir, err)
	}
	c.Dir = dir
	if c.Library != "" {
		if c.Library, err = filepath.Abs(c.Library); err != nil {
			return c, fmt.Errorf("engine: library %s: %w", c.Library, err)
		}
	}
	if c.MaxMemory <= 0 {
		c.MaxMemory = min(memory()/2, largestDefault)
	}
	if c.MaxMemory <= 0 {
		c.MaxMemory = defaultMemory
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = time.Minute
	}
	if c.AttachTimeout <= 0 {
		c.AttachTimeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // what a clock is when none is given
	}
	return c, nil
}

// attach uses the engine of the process that owns the folder.
func (e *Engine) attach(ctx context.Context) error {
	s, err := e.folder.readState()
	if err != nil {
		return err
	}
	if s.EnginePID == 0 {
		return errors.New("its engine is not ready")
	}
	p, err := e.folder.readPasswords()
	if err != nil {
		return err
	}
	guest, ok, err := tryShare(e.folder.path(guestsFile))
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("its engine is about to stop")
	}
	if s.Version, err = verify(ctx, s); err != nil {
		_ = guest.Close()
		return err
	}
	e.state, e.passwords, e.guest = s, p, guest
	return nil
}

// Alone returns when no other process uses an engine that this one started,
// and lets none begin from then on: those that come wait for the folder. It
// calls waiting once if there is somebody to wait for. Whoever cannot wait
// calls Close without it, and the others lose their engine. For an engine of
// another process it returns at once.
func (e *Engine) Alone(ctx context.Context, waiting func()) error {
	if !e.owned {
		return nil
	}
	tick := time.NewTicker(5 * pollEvery)
	defer tick.Stop()
	for {
		guest, ok, err := tryLock(e.folder.path(guestsFile))
		if err != nil {
			return err
		}
		if ok {
			e.guest = guest
			return nil
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("engine: wait for the others on %s: %w", e.cfg.Dir, context.Cause(ctx))
		case <-e.done:
			return nil
		case <-tick.C:
		}
	}
}

// Loader is the access of the process that writes the warehouse.
func (e *Engine) Loader() Access { return e.access(schemas.LoaderUser, e.passwords.Loader) }

// BI is the access of those who read the mart.
func (e *Engine) BI() Access { return e.access(schemas.BIUser, e.passwords.BI) }

func (e *Engine) access(user, password string) Access {
	return Access{Addr: loopback(e.state.TCPPort), HTTPAddr: loopback(e.state.HTTPPort), User: user, Password: password}
}

// Owned says whether this process started the engine, and stops it at Close.
func (e *Engine) Owned() bool { return e.owned }

// Confined is nil when the engine is kept to its own files. Otherwise it says
// why not; then whoever has the password of the bi user can read, by the
// function file(), every file that this account can.
func (e *Engine) Confined() error { return confinable() }

// Dir is the data folder, absolute.
func (e *Engine) Dir() string { return string(e.folder) }

// Backups is the folder into which the server writes backups and from which it reads
// them: File('name') is a file there.
func (e *Engine) Backups() string { return e.folder.path(backupFolder) }

// Version is what the server calls itself, such as 26.7.2.
func (e *Engine) Version() string { return e.state.Version }

// Owner is the process that started the engine.
func (e *Engine) Owner() int { return e.state.OwnerPID }

// Pid is the engine's process; it changes with a restart. It is 0 while there
// is none.
func (e *Engine) Pid() int {
	if !e.owned {
		s, err := e.folder.readState()
		if err != nil {
			return 0
		}
		return s.EnginePID
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.proc == nil {
		return 0
	}
	return e.proc.cmd.Process.Pid
}

// Restarts counts how often the engine ended by itself and was started again.
// Only the owner knows; it is 0 for others.
func (e *Engine) Restarts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.restarts
}

// Done is closed when an owned engine is gone for good: after Close, or when it
// could not be kept alive. Err then tells which. For an engine of another
// process it is closed by Close only.
func (e *Engine) Done() <-chan struct{} { return e.done }

// Err is nil as long as the engine is there or restarted, and after Close. It
// is a *GaveUpError when it could not be kept alive.
func (e *Engine) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// Close stops an engine that this process started, and returns when it is
// gone; one that it found is left alone. Close the clients first: an open
// connection costs a second. It may be called twice, and on nil.
func (e *Engine) Close() error {
	if e == nil || e.done == nil {
		return nil
	}
	e.close.Do(func() {
		close(e.stop)
		if !e.owned {
			close(e.done)
		}
	})
	<-e.done
	if e.guest != nil {
		_ = e.guest.Close() // again is harmless
	}
	return nil
}
