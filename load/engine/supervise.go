package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"tidemark/schemas"
)

// An engine that ends within steadyAfter of being ready, or does not get
// ready, has died quickly; after quickDeaths in a row it is given up.
const (
	steadyAfter  = 30 * time.Second
	quickDeaths  = 5
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// The engine logs every query that fails, with a stack.
const (
	largestLog  = 16 << 20 // bytes
	capLogEvery = time.Minute
)

// own starts the engine of a folder whose lock this process holds.
func (e *Engine) own(ctx context.Context) error {
	last, err := e.folder.readState()
	if err != nil {
		e.cfg.Log.Warn("engine state unreadable, starting afresh", "dir", e.cfg.Dir, "err", err)
	}
	if e.cfg.Library == "" {
		cache, err := DefaultCache()
		if err != nil {
			return err
		}
		if e.cfg.Library, err = Library(cache); err != nil {
			return err
		}
	} else if _, err := os.Stat(e.cfg.Library); err != nil {
		return &NotInstalledError{Path: e.cfg.Library, Reason: "cannot be read"}
	}
	if e.passwords, err = e.folder.ensurePasswords(); err != nil {
		return err
	}
	if err := e.folder.rotateLog(); err != nil {
		return err
	}
	if err := confinable(); err != nil {
		e.cfg.Log.Warn("engine not confined to its folder: its users can read files of this account", "dir", e.cfg.Dir, "err", err)
	}
	e.state = state{OwnerPID: os.Getpid(), Since: e.cfg.Now().UTC(), Token: rand.Text(), Probe: rand.Text()}
	e.owned = true
	for attempt := 1; ; attempt++ {
		if e.state.TCPPort, err = pickPort(ctx, e.cfg.TCPPort, last.TCPPort); err != nil {
			return err
		}
		if e.state.HTTPPort, err = pickPort(ctx, e.cfg.HTTPPort, last.HTTPPort); err != nil {
			return err
		}
		e.state.Version, err = e.launch(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, errStranger) || attempt == portAttempts || e.cfg.TCPPort != 0 && e.cfg.HTTPPort != 0 {
			return err
		}
		last = state{}
	}
	go e.supervise() //nolint:gosec // it outlives the context, which bounds the opening only
	return nil
}

// pickPort returns the port to use: the wanted one, or else the one of the
// last time, or else any that is free. Somebody may still take it before the
// engine does, which the token shows.
func pickPort(ctx context.Context, wanted, last int) (int, error) {
	if wanted != 0 {
		port, err := freePort(ctx, wanted)
		if err != nil {
			return 0, &PortTakenError{Addr: loopback(wanted), Reason: err}
		}
		return port, nil
	}
	if last != 0 {
		if port, err := freePort(ctx, last); err == nil {
			return port, nil
		}
	}
	port, err := freePort(ctx, 0)
	if err != nil {
		return 0, fmt.Errorf("engine: find a free port: %w", err)
	}
	return port, nil
}

// launch starts a process, waits until it has proven to be the one that
// listens, and returns the server's version.
func (e *Engine) launch(ctx context.Context) (version string, err error) {
	s := settings{state: e.state, passwords: e.passwords, MaxMemory: e.cfg.MaxMemory, Reader: schemas.ReaderRules(e.cfg.MaxMemory / 2), Backups: e.Backups()}
	if err := e.folder.configure(s); err != nil {
		return "", err
	}
	if err := e.folder.writeState(e.state); err != nil { // no engine yet
		return "", err
	}
	logged := e.folder.logSize()
	p, err := spawn(e.folder, e.cfg.Library, e.lock)
	if err != nil {
		return "", err
	}
	version, err = e.ready(ctx, p)
	if err != nil {
		p.stop()
		return "", &StartError{Dir: e.cfg.Dir, Log: e.folder.logTail(logged), Reason: err}
	}
	ready := e.state
	ready.EnginePID, ready.Version = p.cmd.Process.Pid, version
	if err := e.folder.writeState(ready); err != nil {
		p.stop()
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.proc = p
	return version, nil
}

// ready polls both listeners until they say the token.
func (e *Engine) ready(ctx context.Context, p *process) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.cfg.StartTimeout, fmt.Errorf("not ready after %s", e.cfg.StartTimeout))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-p.exited:
			return "", fmt.Errorf("the process ended before it was ready: %w", p.err)
		case <-tick.C:
		}
		version, err := verify(ctx, e.state)
		if err == nil {
			return version, nil
		}
		if errors.Is(err, errStranger) {
			return "", err
		}
	}
}

// supervise keeps the engine alive until Close.
func (e *Engine) supervise() {
	defer close(e.done)
	defer e.release()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-e.stop:
			cancel()
		case <-ctx.Done():
		}
	}()

	tidy := time.NewTicker(capLogEvery)
	defer tidy.Stop()
	deaths := 0
	since := e.cfg.Now()
	for {
		select {
		case <-e.stop:
			e.proc.stop()
			return
		case <-tidy.C:
			if err := e.folder.capLog(largestLog); err != nil {
				e.cfg.Log.Warn("engine log not cut", "dir", e.cfg.Dir, "err", err)
			}
			continue
		case <-e.proc.exited:
		}
		reason := e.proc.err
		if e.cfg.Now().Sub(since) >= steadyAfter {
			deaths = 0
		}
		for restarted := false; !restarted; {
			deaths++
			if deaths >= quickDeaths {
				e.giveUp(deaths, reason)
				return
			}
			e.cfg.Log.Warn("engine ended, restarting", "dir", e.cfg.Dir, "attempt", deaths, "err", reason)
			select {
			case <-e.stop:
				return
			case <-time.After(min(firstBackoff<<(deaths-1), lastBackoff)):
			}
			_, err := e.launch(ctx)
			if ctx.Err() != nil {
				if err == nil {
					e.proc.stop()
				}
				return
			}
			reason, restarted = err, err == nil
		}
		since = e.cfg.Now()
		e.mu.Lock()
		e.restarts++
		n := e.restarts
		e.mu.Unlock()
		e.cfg.Log.Info("engine is back", "dir", e.cfg.Dir, "restarts", n, "pid", e.Pid())
	}
}

func (e *Engine) giveUp(deaths int, reason error) {
	err := &GaveUpError{Dir: e.cfg.Dir, Deaths: deaths, Reason: reason}
	e.cfg.Log.Error("engine given up", "dir", e.cfg.Dir, "attempt", deaths, "err", reason)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

// release gives the folder back. The ports stay written down for the next time.
func (e *Engine) release() {
	e.mu.Lock()
	e.proc = nil
	e.mu.Unlock()
	left := state{TCPPort: e.state.TCPPort, HTTPPort: e.state.HTTPPort}
	if err := e.folder.writeState(left); err != nil {
		e.cfg.Log.Warn("engine state not cleared", "dir", e.cfg.Dir, "err", err)
	}
	_ = e.lock.Close()
}
