package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/load/engine/enginetest"
)

// faultStep is a moment on the way from a publisher to a reader: the command in which
// it comes, and the n-th line of its log by which it is known. The program stands still
// there until the fault has struck.
type faultStep struct {
	name, command, says string
	n                   int
}

var faultSteps = []faultStep{
	{"fetch: about to ask", "run", `msg="asking publisher"`, 4},
	{"archive: the answer is kept", "run", `msg="answer archived"`, 4},
	{"parse: the rows are read", "run", `msg="rows fetched"`, 2},
	{"compute: the facts are made", "run", `msg="facts computed"`, 2},
	{"journal: the swap is announced", "run", "step=journalled", 3},
	{"stage: the table is made", "run", "step=created", 3},
	{"stage: the rows are sent", "run", "step=inserted", 3},
	{"verify: they are what was sent", "run", "step=verified", 3},
	{"swap: what goes is kept", "run", "step=witnessed", 3},
	{"swap: the window is exchanged", "run", "step=exchanged", 3},
	{"record: the build is noted", "run", "step=recorded", 3},
	{"record: the swap is closed", "run", "step=done", 3},
	{"export: the figures are read", "export", `msg="workbook read"`, 1},
	{"export: the file is written", "export", `msg="workbook written"`, 1},
	{"deliver: about to hand over", "deliver", `msg="handing over"`, 1},
	{"deliver: handed over, not noted", "deliver", `msg=delivered`, 1},
}

// fault strikes while a program stands at a step.
type fault struct {
	name   string
	disk   faultDisk
	wire   bool // the program reaches the warehouse through a proxy
	strike func(t *testing.T, c *faultCell)
}

// faultDisk is what everything lies on.
type faultDisk int

const (
	anyDisk   faultDisk = iota
	smallDisk           // a file system of its own with little room
	weakDisk            // one that can answer with errors
)

// there reports whether this machine lets us make it.
func (d faultDisk) there() bool {
	_, err := os.Stat("/dev/fuse")
	return d == anyDisk || os.Getuid() == 0 && runtime.GOOS == "linux" && (d == smallDisk || err == nil)
}

var faults = []fault{
	{"killed", anyDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		_ = c.cmd.Process.Kill()
		c.wait(t)
	}},
	{"cancelled", anyDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		c.goOn(t)
		c.wait(t)
	}},
	{"engine killed", anyDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		if err := syscall.Kill(c.engine.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		c.goOn(t)
		c.wait(t)
	}},
	{"two at once", anyDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		second := make(chan string, 1)
		go func() {
			var errOut bytes.Buffer
			code := run(t.Context(), c.args(false), io.Discard, &errOut)
			second <- fmt.Sprintf("exit code %d: %s", code, errOut.String())
		}()
		time.Sleep(time.Second) // it comes as far as the windows that the first is at
		c.goOn(t)
		c.wait(t)
		if says := <-second; !strings.HasPrefix(says, "exit code 0") {
			t.Errorf("the second ends with %s", says)
		}
	}},
	{"killed, and the clock goes back two hours", anyDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		_ = c.cmd.Process.Kill()
		c.wait(t)
		c.configure(t, -2*time.Hour)
	}},
	{"disk full", smallDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		ballast := filepath.Join(c.dir, "ballast")
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		c.goOn(t)
		c.wait(t)
		if err := errors.Join(f.Close(), os.Remove(ballast)); err != nil {
			t.Fatal(err)
		}
	}},
	{"disk read-only", smallDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		data := filepath.Join(c.dir, "data")
		mount(t, "--bind", data, data)
		// Whoever has just opened a file to write to it keeps it busy for a moment.
		for try := 0; ; try++ {
			out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,bind,ro", data).CombinedOutput()
			if err == nil {
				break
			}
			if try == 100 {
				t.Fatalf("mount: %s", out)
			}
			time.Sleep(50 * time.Millisecond)
		}
		c.goOn(t)
		c.wait(t)
		unmount(data)
	}},
	{"disk errors for a second", weakDisk, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		c.disk.bad.Store(true)
		c.goOn(t)
		time.Sleep(time.Second) // the disk is bad for as long
		c.disk.bad.Store(false)
		c.wait(t)
		t.Logf("the disk failed %d times", c.disk.errors.Load())
	}},
	{"connections cut", anyDisk, true, func(t *testing.T, c *faultCell) {
		t.Helper()
		c.proxy.Stop()
		c.goOn(t)
		time.Sleep(300 * time.Millisecond) // as long as a restart takes
		if err := c.proxy.Start(); err != nil {
			t.Fatal(err)
		}
		c.wait(t)
	}},
	{"black hole for three seconds", anyDisk, true, func(t *testing.T, c *faultCell) {
		t.Helper()
		for _, stream := range []string{"upstream", "downstream"} {
			c.toxic(t, stream, `"timeout","attributes":{"timeout":3000}`)
		}
		c.goOn(t)
		time.Sleep(3 * time.Second)
		c.proxy.Toxics.ResetToxics(t.Context())
		c.wait(t)
	}},
	{"slow connections", anyDisk, true, func(t *testing.T, c *faultCell) {
		t.Helper()
		c.toxic(t, "downstream", `"latency","attributes":{"latency":30,"jitter":20}`)
		c.goOn(t)
		c.wait(t)
	}},
}

// toxic makes the way to or from the warehouse a bad one.
func (c *faultCell) toxic(t *testing.T, stream, rest string) {
	t.Helper()
	if _, err := c.proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"` + stream + `","stream":"` + stream + `","toxicity":1,"type":` + rest + `}`)); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount %v: %s", args, out)
	}
}

func unmount(path string) { _ = exec.Command("umount", "-l", path).Run() } // what is left shows in the test's own folder

// TestFaults lets every fault strike at every step, and holds what is left against an
// undisturbed run: after a restart the tables, the archive, the run log, the workbook
// and what was delivered are the same, and whoever read meanwhile saw a window as it
// was or as it is to be. With TIDEMARK_FAULTS every cell runs, and the matrix is
// written to the file that it names, in which cells that were not asked for with -run
// stay as they are; without, a cell for every second step.
func TestFaults(t *testing.T) {
	enginetest.Require(t)
	out := os.Getenv("TIDEMARK_FAULTS")
	base := newFaultBase(t)
	result := readFaults(out)
	turn := 0
	for _, step := range faultSteps {
		if result[step.name] == nil {
			result[step.name] = map[string]string{}
		}
		for i, f := range faults {
			if out == "" && 2*i != turn%(2*len(faults)) {
				continue
			}
			if !f.disk.there() {
				result[step.name][f.name] = "not run: needs a mount"
				continue
			}
			ran := false
			passed := t.Run(f.name+", "+step.name, func(t *testing.T) {
				ran = true
				base.cell(t, step, f)
			})
			if ran {
				result[step.name][f.name] = map[bool]string{true: "passed", false: "FAILED"}[passed]
			}
		}
		turn++
	}
	if out != "" {
		writeFaults(t, out, result)
	}
}
