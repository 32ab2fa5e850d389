package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tidemark/jobs/web"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// backfillSize is the market of a backfill: four years of few securities, or,
// with TIDEMARK_TEN_YEARS, ten years of 3,000.
type backfillSize struct {
	securities, years int
	within            time.Duration // how long the backfill may take
	large             bool
}

// The last simulated day lies early in a year: the daemon builds that year and
// the one before it by itself, and the whole years before are the backfill's.
const lastSimulated = "2026-01-30"

func wantedSize() backfillSize {
	if os.Getenv("TIDEMARK_TEN_YEARS") != "" {
		return backfillSize{3000, 10, time.Hour, true}
	}
	return backfillSize{60, 4, 5 * time.Minute, false}
}

func (s backfillSize) from() string { return strconv.Itoa(2025-s.years) + "-01-01" }

func (s backfillSize) config(t *testing.T, dir string) string {
	t.Helper()
	text := strings.NewReplacer("{{securities}}", strconv.Itoa(s.securities), "{{from}}", strconv.Itoa(2024-s.years)+"-01-01",
		"{{history}}", s.from(), "{{to}}", lastSimulated, "{{started}}", time.Now().UTC().Format(time.RFC3339)).Replace(demoConfig)
	path := filepath.Join(dir, defaultConfig)
	write(t, path, text)
	return path
}

// served is a daemon and the address of its page.
type served struct {
	url  string
	pid  int
	kill func()
}

func serveAt(t *testing.T, cfg, listen string) served {
	t.Helper()
	cmd, out, errOut := startProgram(t, "serve", "-c", cfg, "--listen", listen)
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(line, "the page is at ")
	if err != nil || !ok {
		t.Fatalf("serve says %q, %v: %s", line, err, errOut)
	}
	url, _, _ := strings.Cut(rest, " ")
	return served{url, cmd.Process.Pid, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}}
}

// shown is what the page of a backfill shows.
type shown struct {
	State                       string
	Done, Failed, Running, Left int
}

const readProgress = `(() => {
	const n = (name) => Number([...document.querySelectorAll(".progress .stats > div")].find((e) => e.querySelector("dt").textContent === name).querySelector("dd").textContent.replaceAll(",", ""));
	return { State: document.querySelector(".progress .tag").textContent, Done: n("Done"), Failed: n("Failed"), Running: n("Running"), Left: n("Left") };
})()`

// TestBackfillFromThePage is a backfill as a person makes it: planned, started,
// paused, gone on with after the daemon was killed, and finished, all from the
// page. Nothing fails, and the tables are what an undisturbed run makes.
func TestBackfillFromThePage(t *testing.T) {
	enginetest.Require(t)
	size := wantedSize()
	b := openBrowser(t)
	dir := t.ArtifactDir()
	cfg := size.config(t, dir)
	daemon := serveAt(t, cfg, "127.0.0.1:0")
	figures := watchFigures(t, dir, daemon)

	b.do(chromedp.Navigate(daemon.url))
	b.holds(`document.querySelectorAll("table.jobs tbody tr").length > 20`)
	leaveOwnBackfill(b)
	b.click("a", "Overview")
	until(b, `Boolean(document.querySelector("a[download]"))`, size.within, func(there bool) bool { return there }) // the newest days are built, and in a workbook

	b.click("a", "Backfills")
	b.click("a", "New backfill")
	b.do(chromedp.SetValue(`input[name="from"]`, size.from()))
	b.click("button", "Dry run")
	b.holds(`[...document.querySelectorAll("h2")].some((e) => e.textContent === "What it would do")`)
	seesPlan(b)
	b.click("button", "Start")
	b.holds(`location.pathname.match("^/backfills/[0-9a-f-]{36}$")`)
	place := until(b, `location.href`, patience, func(string) bool { return true })
	figures.follow(place[strings.LastIndex(place, "/")+1:][:36])

	first := until(b, readProgress, size.within, func(p shown) bool { return p.Done > 0 })
	moved := until(b, readProgress, size.within, func(p shown) bool { return p.Done > first.Done })
	b.press("Pause", `document.querySelector(".progress .tag").textContent === "paused"`)
	rests := until(b, readProgress, size.within, func(p shown) bool { return p.Running == 0 })
	if rests.Left == 0 || rests.State != "paused" || moved.State != "running" {
		t.Fatalf("the backfill went %+v, %+v, %+v", first, moved, rests)
	}
	daemon.kill()
	figures.pause()
	daemon = serveAt(t, cfg, strings.Trim(strings.TrimPrefix(daemon.url, "http://"), "/"))
	figures.goOn(daemon)
	b.do(chromedp.Navigate(daemon.url + "backfills/" + figures.id))
	if again := until(b, readProgress, patience, func(shown) bool { return true }); again != rests {
		t.Errorf("the backfill rested at %+v, and after the daemon was killed it is at %+v", rests, again)
	}
	b.press("Resume", `document.querySelector(".progress .tag").textContent !== "paused"`)
	end := until(b, readProgress, size.within, func(p shown) bool { return p.State != "running" })
	if end.State != "done" || end.Failed > 0 || end.Left > 0 || end.Running > 0 || end.Done <= rests.Done {
		t.Errorf("the backfill ended as %+v", end)
	}
	figures.report(size)
	nothingFailed(t, dir, size)
}

// leaveOwnBackfill cancels the backfill that the daemon starts by itself.
func leaveOwnBackfill(b *browser) {
	b.t.Helper()
	b.click("a", "Backfills")
	b.do(chromedp.Click(`.list tbody a`, chromedp.NodeVisible))
	b.holds(`document.querySelector(".progress")`)
	b.press("Cancel", `document.querySelector(".progress .tag").textContent === "cancelled"`)
}

// seesPlan holds that a dry run lists windows with decisions and reasons, and
// what the backfill asks of each publisher, takes and makes.
func seesPlan(b *browser) {
	b.t.Helper()
	type plan struct {
		Totals     map[string]string
		Publishers [][]string // name, windows, requests, minutes
		Windows    [][]string // job, window, decision, why, requests, rows, takes
	}
	got := until(b, `(() => {
		const table = (name) => [...document.querySelectorAll("[aria-label='" + name + "'] tbody tr")].map((r) => [...r.cells].map((c) => c.textContent.trim()));
		const totals = Object.fromEntries([...document.querySelectorAll("section .stats > div")].map((e) => [e.querySelector("dt").textContent, e.querySelector("dd").textContent.trim()]));
		return { Totals: totals, Publishers: table("Publishers"), Windows: table("Windows of the plan") };
	})()`, patience, func(p plan) bool { return len(p.Windows) > 0 })
	b.t.Logf("the dry run tells %v\nof publishers %q\nand of %d windows, such as %q", got.Totals, got.Publishers, len(got.Windows), got.Windows[0])
	for _, total := range []string{"build", "follows", "Requests", "Rows", "Takes about"} {
		if text := got.Totals[total]; text == "" || text == "0" {
			b.t.Errorf("the dry run tells %q for %s", text, total)
		}
	}
	if len(got.Publishers) < 5 {
		b.t.Errorf("the dry run tells of the publishers %q", got.Publishers)
	}
	for _, p := range got.Publishers {
		if p[1] == "0" || p[2] == "0" || p[3] == "" {
			b.t.Errorf("the dry run tells of the publisher %q", p)
		}
	}
	decisions := map[string]int{}
	for _, w := range got.Windows {
		decisions[w[2]]++
		if w[0] == "" || w[1] == "" || w[3] == "" {
			b.t.Errorf("the dry run tells of the window %q", w)
		}
	}
	if decisions["build"] == 0 || decisions["follows"] == 0 {
		b.t.Errorf("the dry run decides %v", decisions)
	}
}

// nothingFailed holds that no run of a window failed, and that the tables of
// the small market are those of an undisturbed run.
func nothingFailed(t *testing.T, dir string, size backfillSize) {
	t.Helper()
	w, closing := warehouseOf(t, dir)
	defer closing()
	failed, err := w.Ask(t.Context(), "SELECT job, from_date, error FROM ops.run WHERE outcome = 'failed'")
	if err != nil {
		t.Fatal(err)
	}
	if len(failed.Rows) > 0 {
		t.Errorf("%d runs failed: %q", len(failed.Rows), failed.Rows)
	}
	if size.large {
		rows, err := w.Ask(t.Context(), "SELECT database, sum(rows) FROM system.parts WHERE active AND database IN ('raw', 'facts') GROUP BY database ORDER BY database")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("rows in the warehouse: %v", rows.Rows)
		return
	}
	undisturbed := t.TempDir()
	must(t, "run", "-c", size.config(t, undisturbed))
	alone, closingAlone := warehouseOf(t, undisturbed)
	defer closingAlone()
	got := contents(t, w)
	for table, content := range contents(t, alone) {
		if got[table] != content {
			t.Errorf("%s holds %s, after an undisturbed run %s", table, got[table], content)
		}
	}
}

// figures are what is measured while a backfill is at work.
type figures struct {
	t    *testing.T
	dir  string
	id   string
	stop chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	daemon  *served // nil while none is alive
	peak    map[string]int64
	samples []web.Backfill
}

// watchFigures looks every five seconds at how large the processes are, and at
// what the API says of the backfill.
func watchFigures(t *testing.T, dir string, daemon served) *figures {
	t.Helper()
	f := &figures{t: t, dir: dir, stop: make(chan struct{}), daemon: &daemon, peak: map[string]int64{}}
	f.wg.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			f.look(t.Context())
			select {
			case <-f.stop:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(sync.OnceFunc(func() {
		close(f.stop)
		f.wg.Wait()
	}))
	return f
}

func (f *figures) follow(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id = id
}

func (f *figures) pause() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.daemon = nil
}

func (f *figures) goOn(daemon served) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.daemon = &daemon
}

func (f *figures) look(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.daemon == nil {
		return
	}
	f.peak["daemon"] = max(f.peak["daemon"], peakMemory(strconv.Itoa(f.daemon.pid)))
	for _, pid := range engines(f.t, f.dir) {
		f.peak["engine"] = max(f.peak["engine"], peakMemory(pid))
	}
	if f.id == "" {
		return
	}
	if now, err := f.ask(ctx); err == nil && now.State == string(schemas.BackfillRunning) {
		f.samples = append(f.samples, now)
	}
}

// peakMemory is the most that a process ever held, in MB, or 0 where it
// cannot be told.
func peakMemory(pid string) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kb / 1024
}

// ask asks the API how the backfill stands.
func (f *figures) ask(ctx context.Context) (b web.Backfill, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.daemon.url+"api/v1/backfills/"+f.id, http.NoBody)
	if err != nil {
		return b, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return b, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return b, fmt.Errorf("the API answers %s", res.Status)
	}
	return b, json.NewDecoder(res.Body).Decode(&b)
}

// report prints the figures, and how far what the API said of the time left
// was from the truth.
func (f *figures) report(size backfillSize) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	end, err := f.ask(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Logf("%d securities, %d years: %d windows in %.0f s at work, %.1f a minute; peak memory %v MB",
		size.securities, size.years, end.Done, end.ElapsedSeconds, end.Rate, f.peak)
	worst, of := 0.0, ""
	for _, s := range f.samples {
		truth := end.ElapsedSeconds - s.ElapsedSeconds
		said := math.NaN()
		if s.LeftSeconds != nil {
			said = *s.LeftSeconds
		}
		line := fmt.Sprintf("at %4.0f s: %3d done, %3d left, %4.0f s said to be left, %4.0f s were", s.ElapsedSeconds, s.Done, s.Left, said, truth)
		if size.large {
			f.t.Log(line)
		}
		if off := math.Abs(said - truth); s.ElapsedSeconds >= 120 && off > worst {
			worst, of = off, line
		}
	}
	if of != "" {
		f.t.Logf("from the second minute on it was wrong by at most %.0f s, %.0f %% of the whole: %s", worst, 100*worst/end.ElapsedSeconds, of)
	}
}
