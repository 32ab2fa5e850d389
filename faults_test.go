package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/xuri/excelize/v2"

	"tidemark/extract/archive"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
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
	small  bool // the data folder lies on a small file system of its own
	wire   bool // the program reaches the warehouse through a proxy
	strike func(t *testing.T, c *faultCell)
}

var faults = []fault{
	{"killed", false, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		_ = c.cmd.Process.Kill()
		c.wait(t)
	}},
	{"cancelled", false, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		c.goOn(t)
		c.wait(t)
	}},
	{"engine killed", false, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		if err := syscall.Kill(c.engine.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		c.goOn(t)
		c.wait(t)
	}},
	{"two at once", false, false, func(t *testing.T, c *faultCell) {
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
	{"killed, and the clock goes back two hours", false, false, func(t *testing.T, c *faultCell) {
		t.Helper()
		_ = c.cmd.Process.Kill()
		c.wait(t)
		c.configure(t, -2*time.Hour)
	}},
	{"disk full", true, false, func(t *testing.T, c *faultCell) {
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
	{"disk read-only", true, false, func(t *testing.T, c *faultCell) {
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
		if out, err := exec.CommandContext(t.Context(), "umount", "-l", data).CombinedOutput(); err != nil {
			t.Fatalf("umount: %s", out)
		}
	}},
	{"connections cut", false, true, func(t *testing.T, c *faultCell) {
		t.Helper()
		c.proxy.Stop()
		c.goOn(t)
		time.Sleep(300 * time.Millisecond) // as long as a restart takes
		if err := c.proxy.Start(); err != nil {
			t.Fatal(err)
		}
		c.wait(t)
	}},
	{"black hole for three seconds", false, true, func(t *testing.T, c *faultCell) {
		t.Helper()
		for _, stream := range []string{"upstream", "downstream"} {
			c.toxic(t, stream, `"timeout","attributes":{"timeout":3000}`)
		}
		c.goOn(t)
		time.Sleep(3 * time.Second)
		c.proxy.Toxics.ResetToxics(t.Context())
		c.wait(t)
	}},
	{"slow connections", false, true, func(t *testing.T, c *faultCell) {
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
			mounts := os.Getuid() == 0 && runtime.GOOS == "linux"
			if out == "" && 2*i != turn%(2*len(faults)) {
				continue
			}
			if f.small && !mounts {
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

// readFaults reads the matrix that writeFaults wrote.
func readFaults(path string) map[string]map[string]string {
	out := map[string]map[string]string{}
	text, _ := os.ReadFile(path) // none is an empty one
	var names []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "step":
			names = cells
		case len(cells) == len(names) && !strings.HasPrefix(cells[0], "---"):
			out[cells[0]] = map[string]string{}
			for i, name := range names[1:] {
				out[cells[0]][name] = cells[i+1]
			}
		}
	}
	return out
}

// writeFaults writes the matrix as a page.
func writeFaults(t *testing.T, path string, result map[string]map[string]string) {
	t.Helper()
	var b bytes.Buffer
	counts := map[string]int{}
	fmt.Fprint(&b, "# Faults\n\nWritten by `make faults`. At each step of the pipeline the program stands still while the fault strikes; then it goes on, or is started again.\n"+
		"A cell has passed where after that tables, archive, run log, workbook and deliveries are those of an undisturbed run, and whoever read meanwhile saw each\n"+
		"window as it was or as it is to be.\n\n| step |")
	for _, f := range faults {
		fmt.Fprintf(&b, " %s |", f.name)
	}
	fmt.Fprint(&b, "\n|---|"+strings.Repeat("---|", len(faults))+"\n")
	for _, step := range faultSteps {
		fmt.Fprintf(&b, "| %s |", step.name)
		for _, f := range faults {
			says := result[step.name][f.name]
			counts[says]++
			fmt.Fprintf(&b, " %s |", says)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b)
	for _, says := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%d cells %s. ", counts[says], says)
	}
	if err := os.WriteFile(path, append(bytes.TrimSpace(b.Bytes()), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// faultBase is a warehouse on the evening before, and what an undisturbed run of the
// next evening makes of it.
type faultBase struct {
	dir           string
	before, after map[string]string // tables
	answers       []string
	book          []string
	delivered     []string
}

func newFaultBase(t *testing.T) *faultBase {
	t.Helper()
	b := &faultBase{dir: t.TempDir()}
	c := &faultCell{dir: b.dir}
	c.to = "2025-12-04"
	c.configure(t, 0)
	for _, command := range []string{"run", "export", "deliver"} {
		c.must(t, command)
	}
	e, w := c.open(t)
	b.before = contents(t, w)
	_ = w.Close()
	_ = e.Close()

	end := b.copy(t, t.TempDir())
	for _, command := range []string{"run", "export", "deliver"} {
		end.must(t, command)
	}
	_, w = end.open(t)
	b.after, b.answers, b.book, b.delivered = contents(t, w), end.answers(t), end.bookCells(t), end.files(t)
	if maps.Equal(b.before, b.after) || len(b.delivered) != 2 {
		t.Fatalf("the evening changes nothing, or nothing is delivered: %v", b.delivered)
	}
	return b
}

// copy lays a copy of the evening before into a folder, about to see the next.
func (b *faultBase) copy(t *testing.T, dir string) *faultCell {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", b.dir+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("copy: %s", out)
	}
	c := &faultCell{dir: dir, to: "2025-12-05"}
	c.configure(t, 0)
	return c
}

// cell lets a fault strike at a step.
func (b *faultBase) cell(t *testing.T, step faultStep, f fault) {
	t.Helper()
	dir := t.TempDir()
	if f.small {
		mount(t, "-t", "tmpfs", "-o", "size=256m", "tmpfs", dir)
		t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	}
	c := b.copy(t, dir)
	for _, command := range []string{"run", "export", "deliver"} {
		if command == step.command {
			break
		}
		c.must(t, command)
	}
	_, w := c.open(t)
	polled := b.poll(t, w)
	c.step = step
	if f.wire {
		c.wire(t)
	}
	c.start(t)
	f.strike(t, c)
	t.Logf("struck, the program ended with exit code %d", c.cmd.ProcessState.ExitCode())
	if f.wire {
		c.dsn = ""
		c.configure(t, 0)
	}
	for _, command := range []string{"run", "export", "deliver"} {
		c.must(t, command)
	}
	if n := polled(); n == 0 {
		t.Error("nobody read meanwhile")
	}
	if got := contents(t, w); !maps.Equal(got, b.after) {
		for name, want := range b.after {
			if got[name] != want {
				t.Errorf("%s has %s, want %s", name, got[name], want)
			}
		}
	}
	if open, err := w.OpenRuns(t.Context()); err != nil || len(open) > 0 {
		t.Errorf("runs without an end: %v, error %v", open, err)
	}
	if swaps, err := w.Recover(t.Context()); err != nil || len(swaps) > 0 {
		t.Errorf("swaps without an end: %v, error %v", swaps, err)
	}
	for what, pair := range map[string][2][]string{
		"the archive": {b.answers, c.answers(t)}, "the workbook": {b.book, c.bookCells(t)}, "what was delivered": {b.delivered, c.files(t)},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s differs: %d and %d lines, first %q", what, len(pair[0]), len(pair[1]), firstDifference(pair[0], pair[1]))
		}
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " | " + b[i]
		}
	}
	return "at the end"
}

// poll reads tables of which one window changes, again and again, until the returned
// function is called, and holds each against what it was and what it is to be.
func (b *faultBase) poll(t *testing.T, w *clickhouse.Warehouse) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	n := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			for _, d := range []schemas.Dataset{schemas.Bars.Dataset, schemas.CashBalances.Dataset, schemas.Breadth.Dataset, schemas.BreadthTrend.Dataset} {
				rows, hash, err := w.TableHash(ctx, d)
				if err != nil {
					continue // the engine is away
				}
				n++
				if got := fmt.Sprintf("%d rows %s", rows, hash); got != b.before[d.String()] && got != b.after[d.String()] {
					t.Errorf("a reader saw %s with %s", d, got)
				}
			}
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		return n
	}
}

// faultCell is a folder with a configuration, and a program at work on it.
type faultCell struct {
	dir, to string
	dsn     string // of the warehouse, where it is reached through the proxy
	proxy   *toxiproxy.Proxy
	step    faultStep
	engine  *engine.Engine
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func (c *faultCell) configure(t *testing.T, shift time.Duration) {
	t.Helper()
	warehouse := ""
	if c.dsn != "" {
		warehouse = "warehouse: {dsn: '" + c.dsn + "'}\n"
	}
	write(t, filepath.Join(c.dir, defaultConfig), warehouse+`data: data
sandbox: {seed: 7, securities: 60, from: 2024-06-03, to: `+c.to+`, started: `+time.Now().Add(-shift).UTC().Format(time.RFC3339)+`}
history: {from: 2025-01-01}
publishers:
  nyfed: {rates: [SOFR, EFFR]}
  h41: {}
  fred: {series: [IORB, RRPONTSYAWARD]}
  fiscaldata: {}
  ishares: {funds: [IVV], days: month_ends}
  sp500: {}
files:
  - {name: vendor, kind: bars, path: ["sandbox:/bars/{year}.csv.gz"], adjustment: raw}
  - {name: vendor_actions, kind: actions, path: ["sandbox:/actions.csv"]}
  - {name: vendor_renames, kind: renames, path: ["sandbox:/renames.csv"]}
universes:
  - {id: SPX_MEMBERS, index: SP500, funds: [IVV], prices: [vendor]}
deliver:
  - {name: desk, folder: {path: delivered}}
`)
}

// wire puts a proxy between the program and the engine.
func (c *faultCell) wire(t *testing.T) {
	t.Helper()
	access := c.engine.Loader()
	c.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "warehouse", "127.0.0.1:0", access.Addr)
	if err := c.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.proxy.Stop)
	c.dsn = fmt.Sprintf("clickhouse://%s:%s@%s", access.User, access.Password, c.proxy.Listen)
	c.configure(t, 0)
}

// args are the command's.
func (c *faultCell) args(verbose bool) []string { return faultArgs(c.dir, c.step.command, verbose) }

func faultArgs(dir, command string, verbose bool) []string {
	args := []string{command, "-c", filepath.Join(dir, defaultConfig)}
	if command == "deliver" {
		args = append(args, "--now")
	}
	if verbose {
		args = append(args, "-v")
	}
	return args
}

func (c *faultCell) must(t *testing.T, command string) {
	t.Helper()
	must(t, faultArgs(c.dir, command, false)...)
}

// open owns the engine of the folder, so that it outlives the program.
func (c *faultCell) open(t *testing.T) (*engine.Engine, *clickhouse.Warehouse) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(c.dir, "data", "engine")})
	if err != nil {
		t.Fatal(err)
	}
	c.engine = e
	t.Cleanup(func() { _ = e.Close() })
	access := e.Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return e, w
}

const standingEnv, standing = "TIDEMARK_TEST_STAND", "the program stands at its step"

// start runs the command up to the step.
func (c *faultCell) start(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd = exec.CommandContext(t.Context(), self, c.args(true)...)
	c.cmd.Env = append(os.Environ(), asProgram+"=1", fmt.Sprintf("%s=%d %s", standingEnv, c.step.n, c.step.says))
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	pipe, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	c.cmd.Stderr = &errOut
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	c.out = bufio.NewReader(pipe)
	for {
		line, err := c.out.ReadString('\n')
		if strings.Contains(line, standing) {
			return
		}
		if err != nil {
			_ = c.cmd.Wait()
			t.Fatalf("the program never came to %s: %s", c.step.name, errOut.String())
		}
	}
}

// goOn lets the program leave its step.
func (c *faultCell) goOn(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the program's end, whatever it is; one that hangs is a fault.
func (c *faultCell) wait(t *testing.T) {
	t.Helper()
	hangs := time.AfterFunc(2*time.Minute, func() {
		t.Error("the program hangs")
		_ = c.cmd.Process.Kill()
	})
	defer hangs.Stop()
	_, _ = io.Copy(io.Discard, c.out)
	_ = c.cmd.Wait()
}

// standWriter is the log of a program that is to stand still at a step.
type standWriter struct {
	says string
	left int
}

// Write implements [io.Writer]: it returns from the line it waits for when the other
// side says so.
func (w *standWriter) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.says)) {
		if w.left--; w.left == 0 {
			fmt.Println("\n" + standing)
			_, _ = os.Stdin.Read(make([]byte, 1))
		}
	}
	return os.Stderr.Write(p)
}

// standsAtStep runs the program so, where a test asks for it.
func standsAtStep() {
	text := os.Getenv(standingEnv)
	if text == "" {
		return
	}
	w := &standWriter{}
	n, says, _ := strings.Cut(text, " ")
	_, _ = fmt.Sscan(n, &w.left)
	w.says = says
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, w)
	stop()
	os.Exit(code)
}

// answers lists what the archive has: each answer's address and content.
func (c *faultCell) answers(t *testing.T) []string {
	t.Helper()
	store, err := archive.Open(filepath.Join(c.dir, "data", "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	report, err := store.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if !f.Harmless {
			t.Errorf("the archive: %s", f)
		}
	}
	var out []string
	for r, err := range store.Records() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.URL+" "+r.Hash)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// bookCells lists the cells of the workbook but for those that tell when and by which
// run something was fetched.
func (c *faultCell) bookCells(t *testing.T) []string {
	t.Helper()
	f, err := excelize.OpenFile(filepath.Join(c.dir, "data", "workbooks", "tidemark-2025-12-05.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []string
	for _, sheet := range f.GetSheetList() {
		if sheet == "Sources" || sheet == "Data quality" {
			continue
		}
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if line := strings.Join(row, "|"); !strings.Contains(line, "UTC") {
				out = append(out, fmt.Sprintf("%s %d: %s", sheet, i+1, line))
			}
		}
	}
	return out
}

// files lists what was delivered.
func (c *faultCell) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(c.dir, "delivered"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
