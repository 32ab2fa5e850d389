package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/load/engine/enginetest"
)

// TestDoctorOfAServer has the doctor look at a server of the user's own: a good one, and
// one whose port is wrong.
func TestDoctorOfAServer(t *testing.T) {
	access := enginetest.Start(t).Loader()
	config := func(addr, more string) string {
		path := filepath.Join(t.TempDir(), defaultConfig)
		write(t, path, fmt.Sprintf("warehouse: {dsn: 'clickhouse://%s:%s@%s'%s}\nhistory: {from: 2025-01-01}\npublishers: {h41: {}}\n", access.User, access.Password, addr, more))
		return path
	}
	out := must(t, "doctor", "-c", config(access.Addr, ""))
	for _, line := range []string{"address " + access.Addr, "user " + access.User, "version", "clock", "rights", "warehouse", "all is well"} {
		if !strings.Contains(out, line) {
			t.Errorf("the doctor says nothing of %q:\n%s", line, out)
		}
	}
	code, out, errOut := call(t, "doctor", "-c", config("127.0.0.1:1", ""))
	if code != exitFailed || !strings.Contains(out, "FAIL  address 127.0.0.1:1") || !strings.Contains(out, "9440") || strings.Contains(out+errOut, access.Password) {
		t.Errorf("a wrong port: exit %d\n%s%s", code, out, errOut)
	}
	if _, out, _ := call(t, "doctor", "-c", config(access.Addr, ", ca: nowhere.pem")); !strings.Contains(out, "nowhere.pem") {
		t.Errorf("a certificate that there is not:\n%s", out)
	}
}
