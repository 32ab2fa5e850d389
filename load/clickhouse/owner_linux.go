package clickhouse

import (
	"bytes"
	"os"
	"strconv"
)

// processStart returns when a process began, in a form that is compared and
// not read: ticks since the machine's start, with the start's identity, since
// both process ids and ticks come again after a restart. It reports false
// when there is no such process.
func processStart(pid int) (string, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The command's name stands in parentheses and may hold any byte. After
	// it come the state as field 3 and the start time as field 22.
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 20 || f[0][0] == 'Z' {
		return "", false // a zombie does no more work
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return string(f[19]), true
	}
	return string(f[19]) + "@" + string(boot[:min(8, len(boot))]), true
}
