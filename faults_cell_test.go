package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/xuri/excelize/v2"

	"tidemark/extract/archive"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
)

// faultCell is a folder with a configuration, and a program at work on it.
type faultCell struct {
	dir, to string
	dsn     string // of the warehouse, where it is reached through the proxy
	proxy   *toxiproxy.Proxy
	disk    *badDisk // where that is what it lies on
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
