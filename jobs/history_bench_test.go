package jobs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/sandbox"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// BenchmarkHistory loads the history of all publishers: asked at the rates that they
// permit, parsed, archived and published, without any facts. The publishers are
// simulated in a process of their own, so that the memory told is the program's. Its
// tables say what went through each stage, and how near each publisher was to its
// permitted rate from its first request to its last.
//
// With -short the markets have 300 securities and three years, and 600 and six.
func BenchmarkHistory(b *testing.B) {
	defer asTheProgram()()
	sizes := []historySize{{3000, 10}, {6000, 20}}
	if testing.Short() {
		sizes = []historySize{{300, 3}, {600, 6}}
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d securities over %d years", size.securities, size.years), func(b *testing.B) {
			for b.Loop() {
				size.load(b)
			}
		})
	}
}

type historySize struct{ securities, years int }

func (size historySize) load(b *testing.B) {
	b.Helper()
	last := schemas.NewDate(2025, time.December, 5)
	from := schemas.NewDate(2026-size.years, time.January, 1)
	config := testConfig(from)
	config.Publishers.IShares.Funds = []string{"IVV"} // a request each month and fund
	config.Universes = config.Universes[:1]
	h := openHouse(b, testConfig(from), sandbox.Config{Seed: 1, Securities: 70, From: last - 400, To: last})
	base := sandboxProcess(b, sandbox.Config{Seed: 20, Securities: size.securities, From: from, To: last})

	config.UseBases(func(p string) string { return base + "/" + p })
	catalog, err := NewCatalog(config, calendar.US())
	if err != nil {
		b.Fatal(err)
	}
	store, err := archive.Open(filepath.Join(b.TempDir(), "archive"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	asked := &askedTimes{}
	h.Client, err = extract.NewClient(extract.Options{Archive: store, Now: h.clock.now, Limits: RateLimits(), Answered: asked.note})
	if err != nil {
		b.Fatal(err)
	}
	h.Catalog, h.Limits = catalog, RateLimits()
	watch := &stopwatch{}
	h.Log = slog.New(CaptureLogs(watch))
	var raw []string
	for _, j := range catalog.Jobs {
		if j.Dataset.Database == "raw" {
			raw = append(raw, j.Name)
		}
	}
	debug.FreeOSMemory()
	forgetPeak(h.engine.Pid())

	began := time.Now()
	report := h.mustRun(b, Request{Jobs: raw})
	took := time.Since(began)

	own, engine := peak(os.Getpid()), peak(h.engine.Pid())
	stages, rows := watch.stagesOf(report)
	fmt.Printf("%d securities, %d to 2025: %d rows in %d windows\n%s\n%s\n", size.securities, from.Year(), rows, len(report.Results), stages, asked.table(RateLimits()))
	b.ReportMetric(took.Seconds(), "s")
	b.ReportMetric(float64(rows)/took.Seconds(), "rows/s")
	b.ReportMetric(float64(own>>20), "MB")
	b.ReportMetric(float64(engine>>20), "MB/engine")
}

// stagesOf shows what went through the two stages of fetched windows, by table.
func (s *stopwatch) stagesOf(report *Report) (table string, rows int64) {
	type sums struct {
		windows, requests int
		rows              int64
		fetch, publish    time.Duration
	}
	of := map[string]*sums{}
	w := s.shared()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range report.Results {
		d := of[r.Dataset]
		if d == nil {
			d = &sums{}
			of[r.Dataset] = d
		}
		d.windows++
		d.requests += r.Requests
		d.rows += r.Rows
		rows += r.Rows
		for _, g := range w.stages {
			if g.job != r.Job || g.window != r.Window.String() {
				continue
			}
			for _, l := range g.laps {
				switch l.name {
				case "fetch+parse":
					d.fetch += l.took
				case "publish":
					d.publish += l.took
				}
			}
		}
	}
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "table\twindows\trequests\trows\tfetched, archived, parsed s\trows/s\tpublished s\trows/s\t\n")
	for _, name := range slices.Sorted(maps.Keys(of)) {
		d := of[name]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.1f\t%.0f\t%.1f\t%.0f\t\n", name, d.windows, d.requests, d.rows,
			d.fetch.Seconds(), float64(d.rows)/d.fetch.Seconds(), d.publish.Seconds(), float64(d.rows)/d.publish.Seconds())
	}
	_ = t.Flush()
	return out.String(), rows
}

// askedTimes remembers when publishers answered.
type askedTimes struct {
	mu sync.Mutex
	of map[string][]time.Time
}

func (a *askedTimes) note(publisher string, _ int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[string][]time.Time{}
	}
	a.of[publisher] = append(a.of[publisher], time.Now())
}

// table holds the rates of publishers that were asked more than a few times against
// the permitted ones.
func (a *askedTimes) table(limits map[string]extract.Limit) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "publisher\trequests\tover s\trequests/s\tpermitted/s\tof the permitted\t\n")
	const few = 10
	for _, p := range slices.Sorted(maps.Keys(a.of)) {
		at, every := a.of[p], limits[p].Every
		if len(at) < few || every == 0 {
			continue
		}
		over := at[len(at)-1].Sub(at[0])
		rate := float64(len(at)-1) / over.Seconds()
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%.2f\t%.2f\t%.0f %%\t\n", p, len(at), over.Seconds(), rate, 1/every.Seconds(), 100*rate*every.Seconds())
	}
	_ = t.Flush()
	return out.String()
}

// sandboxEnv makes the test program simulate publishers: the market's seed,
// securities, first and last day.
const sandboxEnv = "TIDEMARK_TEST_SANDBOX"

// sandboxProcess simulates the publishers in a process of their own, and returns
// their address.
func sandboxProcess(tb testing.TB, market sandbox.Config) string {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d %d", sandboxEnv, market.Seed, market.Securities, int32(market.From), int32(market.To)))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // whose end ends it
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal("the simulated publishers do not start: ", err)
	}
	return strings.TrimSpace(line)
}

// servesSandbox is what sandboxProcess starts.
func servesSandbox() bool {
	text := os.Getenv(sandboxEnv)
	if text == "" {
		return false
	}
	var market sandbox.Config
	_, err := fmt.Sscan(text, &market.Seed, &market.Securities, (*int32)(&market.From), (*int32)(&market.To))
	if err == nil {
		evening := market.To.In(newYork, 23, 0)
		market.Now = func() time.Time { return evening }
		var box *sandbox.Sandbox
		if box, err = sandbox.New(market); err == nil {
			if err = box.Start("127.0.0.1:0"); err == nil {
				fmt.Println(box.URL())
				_, err = io.Copy(io.Discard, os.Stdin)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}
