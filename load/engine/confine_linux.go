package engine

import (
	"errors"
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The engine is clickhouse-local, and to it every path is fair: its function
// file('/etc/passwd') asks nobody for a right, so that whoever may log in could
// read whatever this account can. Landlock (Linux 5.19 and later) takes that
// from the process before the engine is loaded: what is not listed here does
// not exist for it.

const (
	readFile   = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readAll    = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	device     = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	everything = unix.LANDLOCK_ACCESS_FS_REFER<<1 - 1 // all of the second version
	truncate   = unix.LANDLOCK_ACCESS_FS_TRUNCATE     // of the third
	execute    = unix.LANDLOCK_ACCESS_FS_EXECUTE
)

// allowances lists what an engine may do, and where. A path that is missing is
// left out.
func allowances(library, config, data string) map[string]uint64 {
	return map[string]uint64{
		data:                  everything | truncate,
		filepath.Dir(config):  readAll,
		library:               readFile | execute,
		"/lib":                readAll | execute,
		"/lib64":              readAll | execute,
		"/usr/lib":            readAll | execute,
		"/usr/lib64":          readAll | execute,
		"/usr/share/zoneinfo": readAll,
		"/etc/hosts":          readFile,
		"/etc/ld.so.cache":    readFile,
		"/etc/localtime":      readFile,
		"/etc/nsswitch.conf":  readFile,
		"/etc/resolv.conf":    readFile,
		"/dev/null":           device,
		"/dev/random":         readFile,
		"/dev/urandom":        readFile,
		"/dev/zero":           device,
		// Its own process only: the environment of another one may hold keys.
		"/proc/self":      readAll,
		"/proc/cpuinfo":   readFile,
		"/proc/diskstats": readFile,
		"/proc/loadavg":   readFile,
		"/proc/meminfo":   readFile,
		"/proc/stat":      readFile,
		"/proc/sys":       readAll,
		"/proc/uptime":    readFile,
		"/proc/vmstat":    readFile,
		"/sys":            readAll,
	}
}

// landlock returns the version of Landlock in the kernel, 0 for none.
func landlock() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
}

// confinable says why an engine here can not be kept to its own files. The
// first version of Landlock does not do: it forbids to move a file from one
// folder to another, which is how tables are written.
func confinable() error {
	switch landlock() {
	case 0:
		return errors.New("this kernel has no Landlock, or it is turned off")
	case 1:
		return errors.New("the Landlock of this kernel is too old (Linux 5.19 is needed)")
	}
	return nil
}

// confine takes every other file from the calling thread and from all that it
// will start. The caller has locked it to its goroutine.
func confine(library, config, data string) error {
	version := landlock()
	if version < 2 {
		return nil // the parent has told people
	}
	handled := uint64(everything)
	if version >= 3 {
		handled |= truncate
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0) //nolint:gosec // a system call
	if errno != 0 {
		return fmt.Errorf("confine the engine: make the rules: %w", errno)
	}
	for path, access := range allowances(library, config, data) {
		if err := allow(int(ruleset), path, access&handled); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("confine the engine: give up new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("confine the engine: put the rules in force: %w", errno)
	}
	return unix.Close(int(ruleset))
}

func allow(ruleset int, path string, access uint64) error {
	// The descriptor stays open: a rule is about a node, and those below /proc
	// are made anew when nobody holds them.
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("confine the engine: open %s: %w", path, err)
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0) //nolint:gosec // a system call
	if errno != 0 {
		return fmt.Errorf("confine the engine: allow %s: %w", path, errno)
	}
	return nil
}
