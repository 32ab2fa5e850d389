package engine

import (
	"fmt"
	"strings"
	"time"
)

// NotInstalledError says that the engine's library is not in the cache, or is
// not the one that belongs there. Library and Open return it.
type NotInstalledError struct {
	Path   string
	Reason string
}

func (e *NotInstalledError) Error() string {
	return fmt.Sprintf("engine: %s %s: fetch it once with `make engine` or `tidemark engine fetch`", e.Path, e.Reason)
}

// UnsupportedError says that the embedded engine does not exist for this
// platform. A ClickHouse server can be used in its place.
type UnsupportedError struct {
	Platform string // operating system/processor
	Reason   string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("engine: no embedded ClickHouse on %s: %s: name a ClickHouse server in the configuration instead", e.Platform, e.Reason)
}

// OwnedError says that another process owns the data folder and its engine
// could not be used.
type OwnedError struct {
	Dir    string
	PID    int       // the owning process, 0 when it left no trace
	Since  time.Time // when it opened the folder
	Reason error     // why its engine could not be used
}

func (e *OwnedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d (since %s)", e.PID, e.Since.UTC().Format(time.RFC3339))
	}
	s := fmt.Sprintf("engine: data folder %s is in use by %s: stop it, or use another folder", e.Dir, who)
	if e.Reason != nil {
		s += ": " + e.Reason.Error()
	}
	return s
}

func (e *OwnedError) Unwrap() error { return e.Reason }

// PortTakenError says that something else listens on a port the engine was
// told to use.
type PortTakenError struct {
	Addr   string
	Reason error
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("engine: %s is taken by another program: stop it, or set another port: %v", e.Addr, e.Reason)
}

func (e *PortTakenError) Unwrap() error { return e.Reason }

// StartError says that the engine's process did not become ready. Log has the
// last lines it wrote.
type StartError struct {
	Dir    string
	Log    []string
	Reason error
}

func (e *StartError) Error() string {
	s := fmt.Sprintf("engine: start on %s: %v", e.Dir, e.Reason)
	if len(e.Log) > 0 {
		s += "; its last words: " + strings.Join(e.Log, " | ")
	}
	return s
}

func (e *StartError) Unwrap() error { return e.Reason }

// GaveUpError says that the engine ended again and again soon after its start,
// so that it is no longer restarted.
type GaveUpError struct {
	Dir    string
	Deaths int
	Reason error // the last one
}

func (e *GaveUpError) Error() string {
	return fmt.Sprintf("engine: gave up on %s after it ended %d times in a row soon after its start: see engine.log there: %v", e.Dir, e.Deaths, e.Reason)
}

func (e *GaveUpError) Unwrap() error { return e.Reason }
