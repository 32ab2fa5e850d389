package jobs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"tidemark/extract/sandbox"
	"tidemark/extract/vendor"
	"tidemark/load/excel"
	"tidemark/schemas"
)

// BenchmarkDailyCycle measures an evening: everything up to the session before
// has been built, all publishers but the vendor have been asked today, and the
// vendor's smaller files have been loaded as they came. Then his prices of the
// session lie in the folder, which is the last and the largest of what the
// evening brings, and what is measured is the way from there to published facts
// and a workbook on the disk. Its table says where the time goes; jobs of one
// stage run side by side, so that their times add up to more than the whole. What
// the smaller files took before is told beside it.
//
// With -short the market has 600 securities in place of 6,000.
func BenchmarkDailyCycle(b *testing.B) {
	defer asTheProgram()()
	securities := 6000
	if testing.Short() {
		securities = 600
	}
	var files vendorFolder
	files.dir = b.TempDir()
	h := openHouse(b, cycleConfig(files.dir), sandbox.Config{
		Seed: 20, Securities: securities, From: schemas.NewDate(2023, time.January, 1), To: schemas.NewDate(2025, time.December, 31),
	})
	files.base = h.box.Base("vendor")
	watch := &stopwatch{}
	h.Log = slog.New(CaptureLogs(watch))
	book := filepath.Join(b.TempDir(), "book.xlsx")

	h.clock.at = time.Date(2025, time.December, 5, 18, 20, 0, 0, newYork)
	files.others(b)
	files.bars(b, 2023, 2024, 2025)
	began := time.Now()
	h.mustRun(b, Request{})
	b.Logf("%d securities; built in %.0f s", securities, time.Since(began).Seconds())

	day := schemas.NewDate(2025, time.December, 5)
	for b.Loop() {
		b.StopTimer()
		day = h.Catalog.Calendar.NextSession(day)
		h.clock.at = day.In(newYork, 17, 50)
		h.mustRun(b, Request{})
		h.clock.at = day.In(newYork, 18, 31)
		files.others(b)
		smaller := time.Now()
		earlier := h.mustRun(b, Request{})
		b.Logf("the vendor's smaller files took %.1f s before: %d windows", time.Since(smaller).Seconds(), len(earlier.Results))
		h.clock.at = day.In(newYork, 18, 45)
		files.bars(b, day.Year())
		watch.reset()
		runtime.GC()
		forgetPeak(h.engine.Pid())
		b.StartTimer()

		ownUsed, engineUsed := cpuTime(os.Getpid()), cpuTime(h.engine.Pid())
		began := time.Now()
		report := h.mustRun(b, Request{})
		ran := time.Since(began)
		shown, err := h.Book(b.Context(), BookAsk{Version: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		read := time.Since(began)
		if err := excel.WriteFile(book, shown); err != nil {
			b.Fatal(err)
		}
		all := time.Since(began)
		ownUsed, engineUsed = cpuTime(os.Getpid())-ownUsed, cpuTime(h.engine.Pid())-engineUsed

		b.StopTimer()
		if shown.AsOf != day {
			b.Fatalf("the book is of %s, want %s", shown.AsOf, day)
		}
		fmt.Printf("%s: %d windows built, %d facts in the book\n%s\n", day, len(report.Results), len(shown.Facts), watch.table(
			stage{job: "workbook", laps: []lap{{"read", read - ran}, {"write", all - read}}},
			stage{job: "all", laps: []lap{{"facts published", ran}, {"workbook", all - ran}}},
		))
		own, engine := peak(os.Getpid()), peak(h.engine.Pid())
		b.Logf("peak memory: %d MB, and %d MB in the engine; processor time: %.1f s, and %.1f s in the engine", own>>20, engine>>20, ownUsed.Seconds(), engineUsed.Seconds())
		b.ReportMetric(ran.Seconds(), "s/facts")
		b.ReportMetric(watch.increment().Seconds(), "s/increment")
		b.ReportMetric((all - ran).Seconds(), "s/workbook")
		b.ReportMetric((ownUsed + engineUsed).Seconds(), "s/processor")
		b.ReportMetric(float64(own>>20), "MB")
		b.ReportMetric(float64(engine>>20), "MB/engine")
		if day == schemas.NewDate(2025, time.December, 8) {
			for _, t := range schemas.FactTables {
				_, content, err := h.Warehouse.TableHash(b.Context(), t.Dataset)
				if err != nil {
					b.Fatal(err)
				}
				b.Logf("%-24s %s", t, content)
			}
		}
		b.StartTimer()
	}
}

// cycleConfig asks for what the demonstration asks for, with the vendor's
// files in a folder.
func cycleConfig(dir string) Config {
	c := testConfig(schemas.NewDate(2023, time.January, 1))
	c.Publishers.NYFed.Rates = []string{"SOFR", "TGCR", "BGCR", "EFFR", "OBFR"}
	c.Publishers.FRED.Series = []string{"IORB", "RRPONTSYAWARD", "GDP", "TLAACBW027SBOG"}
	c.Publishers.IShares = &IShares{Funds: []string{"IVV", "IJR", "IWM"}, Days: DaysWeekEnds}
	levels := []string{"index:SPX", "index:SP600", "index:R2000"}
	totals := map[string]string{"index:SPXTR": "SPX", "index:SP600TR": "SP600", "index:R2000TR": "R2000"}
	c.Files[3].Parts = levels
	c.Files = append(c.Files, File{
		File: vendor.File{
			Name: "total_returns", Kind: KindLevels, Paths: slices.Clone(c.Files[3].Paths), Series: totals,
			Columns: map[string]string{"value": "total_return"}, Ignore: []string{"close"},
		},
		Parts: []string{"index:SPXTR", "index:SP600TR", "index:R2000TR"},
	})
	c.Publishers.NYFed.Holdings = DaysWeekEnds
	for i := range c.Files {
		for k, path := range c.Files[i].Paths {
			c.Files[i].Paths[k] = filepath.Join(dir, strings.TrimPrefix(path, SandboxPath))
		}
	}
	universe := func(id string, level string, funds ...string) Universe {
		return Universe{
			ID: id, Funds: funds, Prices: []string{"vendor"}, Against: "SPX_MEMBERS",
			Level: level, LevelBasis: "index_pr", LevelTR: level + "TR", LevelTRBasis: "index_tr",
		}
	}
	large := universe("SPX_MEMBERS", "index:SPX", "IVV", "SPY")
	large.Index, large.Against = "SP500", ""
	c.Universes = []Universe{large, universe("SP600_MEMBERS", "index:SP600", "IJR"), universe("R2000_MEMBERS", "index:R2000", "IWM")}
	return c
}

// BenchmarkRegister measures what every family of the register costs over twenty
// years of a market of 3,000 securities, a window at a time: how long its inputs
// are read, how long its facts are computed on all processors, and how long they
// are published.
//
// With -short the market has 300 securities and three years.
func BenchmarkRegister(b *testing.B) {
	defer asTheProgram()()
	securities, from := 3000, schemas.NewDate(2006, time.January, 1)
	if testing.Short() {
		securities, from = 300, schemas.NewDate(2023, time.January, 1)
	}
	for b.Loop() {
		var files vendorFolder
		files.dir = b.TempDir()
		config := cycleConfig(files.dir)
		config.History.From = from
		h := openHouse(b, config, sandbox.Config{Seed: 20, Securities: securities, From: from, To: schemas.NewDate(2025, time.December, 31)})
		files.base = h.box.Base("vendor")
		watch := &stopwatch{}
		h.Log = slog.New(CaptureLogs(watch))
		h.Workers = 1
		h.clock.at = time.Date(2026, time.January, 5, 18, 20, 0, 0, newYork)
		files.others(b)
		for y := from.Year(); y <= 2025; y++ {
			files.bars(b, y)
		}
		var raw, facts []string
		for _, j := range h.Catalog.Jobs {
			if j.Fetched() {
				raw = append(raw, j.Name)
			} else {
				facts = append(facts, j.Name)
			}
		}
		h.mustRun(b, Request{Jobs: raw}) // first, so that no publisher is read while facts are computed
		began := time.Now()
		h.mustRun(b, Request{Jobs: facts})
		b.ReportMetric(time.Since(began).Seconds(), "s/published")
		families, all := watch.families()
		fmt.Printf("%d securities, %d to 2025\n%s\n", securities, from.Year(), families)
		b.ReportMetric(all.Seconds(), "s/computed")
	}
}

// vendorFolder is a folder into which the simulated vendor's files are put.
type vendorFolder struct{ dir, base string }

// bars puts the bars of the given years, as they are now, into the folder.
func (f *vendorFolder) bars(tb testing.TB, years ...int) {
	tb.Helper()
	for _, y := range years {
		f.download(tb, fmt.Sprintf("/bars/%d.csv.gz", y))
	}
}

// others puts all files but the bars, as they are now, into the folder.
func (f *vendorFolder) others(tb testing.TB) {
	tb.Helper()
	f.download(tb, "/actions.csv", "/renames.csv", "/levels.csv", "/shares.csv", "/earnings.csv")
}

func (f *vendorFolder) download(tb testing.TB, names ...string) {
	tb.Helper()
	for _, name := range names {
		resp, err := http.Get(f.base + name)
		if err != nil {
			tb.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			tb.Fatal(name, resp.Status, err)
		}
		if err := resp.Body.Close(); err != nil {
			tb.Fatal(err)
		}
		path := filepath.Join(f.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// stopwatch tells from the log how long the parts of each run took: a record
// ends what the record before it of the same run began.
type stopwatch struct {
	attrs []slog.Attr
	log   *watched // shared by all that came of WithAttrs
	root  watched
}

type watched struct {
	mu     sync.Mutex
	stages []*stage
	last   map[string]time.Time
}

// stage is one run, or another part of the cycle.
type stage struct {
	job, window string
	laps        []lap
	ended       time.Time
}

type lap struct {
	name string
	took time.Duration
}

// lapNames says what ends with a message of the log.
var lapNames = map[string]string{
	"rows fetched": "fetch+parse", "old rows read": "read old", "inputs read": "read", "facts computed": "compute", "run finished": "publish",
}

func (s *stopwatch) shared() *watched {
	if s.log == nil {
		s.log = &s.root
	}
	return s.log
}

func (s *stopwatch) reset() {
	w := s.shared()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stages, w.last = nil, map[string]time.Time{}
}

// Enabled implements [slog.Handler].
func (s *stopwatch) Enabled(context.Context, slog.Level) bool { return true }

// WithGroup implements [slog.Handler].
func (s *stopwatch) WithGroup(string) slog.Handler { return s }

// WithAttrs implements [slog.Handler].
func (s *stopwatch) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &stopwatch{attrs: append(slices.Clone(s.attrs), attrs...), log: s.shared()}
}

// Handle implements [slog.Handler].
func (s *stopwatch) Handle(_ context.Context, r slog.Record) error {
	var job, window, of string
	see := func(a slog.Attr) bool {
		switch a.Key {
		case "of":
			of = a.Value.String()
		case "job":
			job = a.Value.String()
		case "window":
			window = a.Value.String()
		}
		return true
	}
	for _, a := range s.attrs {
		see(a)
	}
	r.Attrs(see)
	w, key := s.shared(), job+" "+window
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[string]time.Time{}
	}
	if r.Message == "run started" {
		w.stages = append(w.stages, &stage{job: job, window: window})
	}
	if name, ok := lapNames[r.Message]; ok {
		if i := slices.IndexFunc(w.stages, func(g *stage) bool { return g.job == job && g.window == window }); i >= 0 {
			w.stages[i].laps = append(w.stages[i].laps, lap{strings.TrimSpace(name + " " + of), r.Time.Sub(w.last[key])})
			w.stages[i].ended = r.Time
		}
	}
	w.last[key] = r.Time
	return nil
}

// table shows the stages that took longer than a moment, and others.
func (s *stopwatch) table(others ...stage) string {
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	show := func(g *stage) {
		var total time.Duration
		var parts []string
		for _, l := range g.laps {
			total += l.took
			parts = append(parts, fmt.Sprintf("%s %.2f", l.name, l.took.Seconds()))
		}
		if g.job == "all" || total >= 100*time.Millisecond {
			fmt.Fprintf(t, "%s\t%s\t%.2f s\t%s\n", g.job, g.window, total.Seconds(), strings.Join(parts, ", "))
		}
	}
	w := s.shared()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.stages {
		show(g)
	}
	for i := range others {
		show(&others[i])
	}
	if err := t.Flush(); err != nil {
		return err.Error()
	}
	return out.String()
}

// increment is how long after the last window of raw rows the last one of facts
// was published.
func (s *stopwatch) increment() time.Duration {
	w := s.shared()
	w.mu.Lock()
	defer w.mu.Unlock()
	var raw, facts time.Time
	for _, g := range w.stages {
		last := &facts // some tables of facts are listed, not computed
		if slices.ContainsFunc(g.laps, func(l lap) bool { return l.name == "fetch+parse" }) {
			last = &raw
		}
		if g.ended.After(*last) {
			*last = g.ended
		}
	}
	return facts.Sub(raw)
}

// families shows what the runs of each family of facts took, and returns how long
// all were computed.
func (s *stopwatch) families() (table string, computed time.Duration) {
	type sums struct {
		windows                int
		read, compute, publish time.Duration
	}
	of := map[string]*sums{}
	w := s.shared()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.stages {
		name, _, _ := strings.Cut(g.job, ":")
		for _, l := range g.laps {
			if !strings.HasPrefix(l.name, "compute") {
				continue
			}
			f := of[name]
			if f == nil {
				f = &sums{}
				of[name] = f
			}
			f.windows++
			for _, l := range g.laps {
				switch {
				case strings.HasPrefix(l.name, "compute"):
					f.compute += l.took
				case l.name == "publish":
					f.publish += l.took
				default:
					f.read += l.took
				}
			}
			break
		}
	}
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "family\twindows\tread s\tcompute s\tpublish s\t\n")
	for _, name := range slices.Sorted(maps.Keys(of)) {
		f := of[name]
		computed += f.compute
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f\t%.2f\t\n", name, f.windows, f.read.Seconds(), f.compute.Seconds(), f.publish.Seconds())
	}
	if err := t.Flush(); err != nil {
		return err.Error(), computed
	}
	return out.String(), computed
}

// forgetPeak makes Linux measure the peak memory of this and another process
// anew.
func forgetPeak(other int) {
	for _, pid := range []int{os.Getpid(), other} {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) // elsewhere nothing is reported
	}
}

// peak returns the most memory a process has had in use, in bytes, or 0 where
// the system does not tell.
func peak(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

// cpuTime returns the processor time a process has used, or 0 where the system
// does not tell. Unlike the time on the wall it says the same on a machine that
// has other work to do.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name in brackets is the program's own
	fields := strings.Fields(rest)
	var ticks int64
	for _, f := range fields[11:13] { // user and system
		var n int64
		_, _ = fmt.Sscan(f, &n)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
