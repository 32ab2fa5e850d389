//go:build !linux

package clickhouse

import (
	"os"
	"syscall"
)

// processStart reports whether a process exists. Its start time is not known
// here.
func processStart(pid int) (string, bool) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return "", false
	}
	return "", p.Signal(syscall.Signal(0)) == nil
}
