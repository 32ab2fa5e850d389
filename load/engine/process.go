package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// stopGrace is the time between asking the engine to leave and ending it.
const stopGrace = time.Second

// process is a running engine, seen from its parent.
type process struct {
	cmd    *exec.Cmd
	life   *os.File      // closing it asks the engine to leave
	exited chan struct{} // closed when it is gone
	err    error         // how it ended; set before exited closes
}

// spawn starts this program again as an engine on a folder.
func spawn(f folder, library string, lock *os.File) (*process, error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	log, err := f.openLog()
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("engine: make the life line: %w", err)
	}
	defer func() { _ = read.Close() }()

	// The environment of the parent is none of the engine's business: it may
	// hold keys of publishers.
	cmd := &exec.Cmd{
		Path:        self,
		Args:        []string{childName, library, f.path(configFile), f.path(dataFolder)},
		Env:         []string{"TZ=UTC", "TERM=dumb", "HOME=" + string(f)},
		Dir:         string(f),
		Stdin:       read,
		Stderr:      log,
		ExtraFiles:  []*os.File{lock},
		SysProcAttr: ownGroup(),
	}
	if err := cmd.Start(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("engine: start the process: %w", err)
	}
	p := &process{cmd: cmd, life: write, exited: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		if p.err == nil {
			p.err = errors.New("it ended without an error") // also when another engine has the data
		}
		close(p.exited)
	}()
	return p, nil
}

// executable is the program that runs, even where its file has been replaced
// by a newer one since.
func executable() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("engine: find this program: %w", err)
	}
	return self, nil
}

// stop asks the engine to leave, ends it if it does not, and returns when it
// is gone. An open client connection alone keeps it for five seconds.
func (p *process) stop() {
	_ = p.life.Close()
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}
