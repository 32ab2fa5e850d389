package jobs

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"tidemark/extract/sandbox"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// soakEnv makes TestSoak last for a year of 3,000 securities.
const soakEnv = "TIDEMARK_SOAK"

// TestSoak lets the daemon live through months in minutes: its clock leaps from one
// slot to the next, all jobs run on their schedules, publishers fail at random, for an
// answer or for days, and each month another process takes over. Nothing may pile up,
// every slot must be accounted for, and what stands at the end must be what the
// archive alone gives.
//
// It takes some days of a small market, or with TIDEMARK_SOAK=1 a year of 3,000
// securities; then its table is printed.
func TestSoak(t *testing.T) {
	securities, days := 70, 4
	if os.Getenv(soakEnv) != "" {
		securities, days = 3000, 365
		defer asTheProgram()()
	} else {
		t.Parallel()
	}
	s := openSoak(t, securities, days, func(*Config) {})
	s.chance = rand.New(rand.NewPCG(7, 12))
	began := time.Now()
	for s.h.clock.at.Before(s.end) {
		s.until(s.month())
		s.measure()
		s.takeOver()
	}
	s.settle()
	took := time.Since(began)
	s.accounted()
	s.nothingLeft()
	s.flat()
	if os.Getenv(soakEnv) != "" {
		fmt.Print(s.table(took))
	}
	began = time.Now()
	s.rebuilt()
	if os.Getenv(soakEnv) != "" {
		fmt.Printf("rebuilt from the archive in %.0f s\n", time.Since(began).Seconds())
	}
}

// soak is a daemon over a simulated time.
type soak struct {
	*testing.T
	h          *house
	s          *Scheduler
	files      vendorFolder
	chance     *rand.Rand // of what goes wrong; nil where nothing does
	begun, end time.Time
	delivered  schemas.Date // the last session whose prices lie in the folder
	outage     time.Time    // when the publisher that is away comes back
	now        soakMonth
	months     []soakMonth
}

// soakMonth is what happened in a month, and what was in use at its end.
type soakMonth struct {
	name                    string
	rounds, slots, windows  int
	faults, outages, failed int
	goroutines, descriptors int
	heap, own, engine       int64 // bytes
	took                    time.Duration
	began                   time.Time
}

func openSoak(t *testing.T, securities, days int, change func(*Config)) *soak {
	t.Helper()
	first := schemas.NewDate(2025, time.January, 2)
	s := &soak{T: t, begun: first.In(newYork, 12, 0)}
	s.end = (first + schemas.Date(days)).In(newYork, 23, 0)
	s.files.dir = t.TempDir()
	config := cycleConfig(s.files.dir)
	config.History.From = schemas.NewDate(2024, time.January, 1)
	config.Universes, config.Publishers.NYFed.Rates = config.Universes[:2], []string{"SOFR", "EFFR"}
	change(&config)
	s.h = openHouse(t, config, sandbox.Config{
		Seed: 20, Securities: securities, From: schemas.NewDate(2023, time.January, 1), To: schemas.DateOf(s.end) + 5,
	})
	s.files.base = s.h.box.Base("vendor")
	s.h.clock.at = s.begun
	s.files.bars(t, 2024)
	s.files.others(t)
	s.delivered = s.h.Catalog.Calendar.PrevSession(first)
	s.s = s.open()
	s.now.began = time.Now()
	s.round()
	s.now.slots = 0
	return s
}

// open makes the daemon anew, as another process would be.
func (s *soak) open() *Scheduler {
	s.Helper()
	next := s.h.scheduler(s.T)
	next.Log = slog.New(slog.DiscardHandler)
	next.SlotEnded = func(schemas.Slot) { s.now.slots++ }
	next.Progress = func(res Result) {
		s.now.windows++
		if res.Outcome == Failed {
			s.now.failed++
		}
	}
	return next
}

// month is when the month ends, or the whole.
func (s *soak) month() time.Time {
	at := s.h.clock.at.In(newYork)
	next := time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, newYork)
	if next.After(s.end) {
		return s.end
	}
	return next
}

// until lets the clock leap from one thing that happens to the next.
func (s *soak) until(end time.Time) {
	s.Helper()
	for {
		next := s.next()
		if !next.Before(end) {
			s.h.clock.at = end
			return
		}
		s.h.clock.at = next
		s.deliver()
		if s.chance != nil {
			s.strike()
		}
		s.round()
	}
}

// next is when the daemon has something to do.
func (s *soak) next() time.Time {
	next := s.end
	for _, j := range s.s.Catalog.Jobs {
		st := s.s.jobs[j]
		for _, at := range []time.Time{st.next, st.retry} {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
	}
	if !next.After(s.h.clock.at) {
		next = s.h.clock.at.Add(time.Second)
	}
	return next
}

// round lets the daemon do a round, and waits for what it begins.
func (s *soak) round() {
	s.Helper()
	s.now.rounds++
	s.s.tick(s.T)
}

// deliver puts the vendor's files into the folder in the evening of a session.
func (s *soak) deliver() {
	s.Helper()
	session := s.h.Catalog.Calendar.NextSession(s.delivered)
	if s.h.clock.at.Before(session.In(newYork, 18, 15)) {
		return
	}
	s.files.bars(s.T, session.Year())
	s.files.others(s.T)
	s.delivered = session
}

// strikeKinds are the faults that answers have at random: all but those that take
// real time.
var strikeKinds = slices.DeleteFunc(sandbox.Kinds(), func(k sandbox.Kind) bool {
	return k == sandbox.Slow || k == sandbox.Stall || k == sandbox.GzipBomb || k == sandbox.ArchiveBomb
})

// strike lets publishers fail.
func (s *soak) strike() {
	publishers := []string{"nyfed", "h41", "fred", "fiscaldata", "ishares", "ssga", "sp500"}
	if !s.outage.IsZero() {
		if s.h.clock.at.Before(s.outage) {
			return
		}
		s.outage = time.Time{}
		s.h.box.Clear()
	}
	switch n := s.chance.IntN(100); {
	case n < 1:
		s.outage = s.h.clock.at.Add(time.Duration(1+s.chance.IntN(5*24)) * time.Hour)
		s.now.outages++
		s.h.box.Inject(sandbox.Fault{Publisher: publishers[s.chance.IntN(len(publishers))], Kind: sandbox.Unavailable, Wait: time.Millisecond})
	case n < 25:
		s.now.faults++
		s.h.box.Inject(sandbox.Fault{
			Publisher: publishers[s.chance.IntN(len(publishers))], Kind: strikeKinds[s.chance.IntN(len(strikeKinds))], Times: 1 + s.chance.IntN(3), Wait: time.Millisecond,
		})
	}
}

// measure ends a month.
func (s *soak) measure() {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.now.name = s.h.clock.at.In(newYork).AddDate(0, 0, -1).Format("2006-01")
	s.now.goroutines, s.now.descriptors, s.now.heap = runtime.NumGoroutine(), descriptors(), int64(m.HeapAlloc)
	s.now.own, s.now.engine = inUse(os.Getpid()), inUse(s.h.engine.Pid())
	s.now.took = time.Since(s.now.began)
	s.months = append(s.months, s.now)
	s.now = soakMonth{began: time.Now()}
}

// takeOver lets another process take the daemon's place.
func (s *soak) takeOver() {
	s.Helper()
	old := s.s
	old.lease.Release()
	_ = old.Warehouse.Close()
	s.s = s.open()
	s.round()
}

// settle ends all faults and lets the daemon do what is left.
func (s *soak) settle() {
	s.Helper()
	s.h.box.Clear()
	for range 2 {
		if err := s.s.Trigger(Request{Refresh: true, Follow: true, Cause: "the end"}); err != nil {
			s.Fatal(err)
		}
		s.round()
		s.h.clock.at = s.h.clock.at.Add(time.Minute)
	}
}

// accounted holds that each slot has an end in the ledger.
func (s *soak) accounted() {
	s.Helper()
	ledger, err := s.s.ledger(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, j := range s.s.Catalog.Jobs {
		if !j.Scheduled() {
			continue
		}
		var spans []schemas.Slot
		for _, l := range ledger[j.Name] {
			switch l.State {
			case schemas.SlotStarted:
				s.Errorf("%s: the slot of %s has no end", j.Name, l.At)
			case schemas.SlotBegan, schemas.SlotVoid:
			default:
				spans = append(spans, l)
			}
		}
		for at := range j.Schedule.Between(s.begun, s.end.Add(-time.Second)) {
			if n := len(slices.DeleteFunc(slices.Clone(spans), func(l schemas.Slot) bool { return at.Before(l.First) || at.After(l.At) })); n != 1 {
				s.Errorf("%s: %d lines of the ledger account for the slot of %s, want 1", j.Name, n, at)
			}
		}
	}
}

// nothingLeft holds that no window waits for anything.
func (s *soak) nothingLeft() {
	s.Helper()
	open, err := s.s.Warehouse.OpenRuns(s.Context())
	if err != nil || len(open) > 0 {
		s.Errorf("%d runs are open at the end, %v", len(open), err)
	}
	plan, err := s.s.Plan(s.Context(), Request{})
	if err != nil {
		s.Fatal(err)
	}
	for _, w := range plan.Windows {
		if w.Verdict != UpToDate {
			s.Errorf("%s %s is not up to date at the end: %v, %s", w.Job, w.Window, w.Verdict, w.Reason)
		}
	}
}

// flat holds that what is in use does not grow from the second month to the last.
func (s *soak) flat() {
	s.Helper()
	if len(s.months) < 4 {
		return
	}
	early, late := s.months[1], s.months[len(s.months)-1]
	for name, use := range map[string][2]int64{
		"goroutines": {int64(early.goroutines), int64(late.goroutines)}, "descriptors": {int64(early.descriptors), int64(late.descriptors)}, "heap": {early.heap, late.heap},
	} {
		if float64(use[1]) > 1.1*float64(use[0]) {
			s.Errorf("%s grew from %d to %d", name, use[0], use[1])
		}
	}
}

// rebuilt holds that the archive alone gives what stands.
func (s *soak) rebuilt() {
	s.Helper()
	want := hashes(s.T, s.s.Runner)
	again := s.h.open(s.T, enginetest.Start(s.T), true)
	report, err := again.Run(s.Context(), Request{})
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		s.Fatal(err)
	}
	got := hashes(s.T, again)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			s.Errorf("%s is %s after a rebuild from the archive, want %s", name, got[name], want[name])
		}
	}
}

func (s *soak) table(took time.Duration) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "month\trounds\tslots\twindows\tfaults\toutages\tfailed\tgoroutines\tdescriptors\theap MB\tin use MB\tengine MB\ts\t\n")
	for _, m := range s.months {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", m.name, m.rounds, m.slots, m.windows, m.faults, m.outages, m.failed,
			m.goroutines, m.descriptors, m.heap>>20, m.own>>20, m.engine>>20, m.took.Seconds())
	}
	_ = t.Flush()
	fmt.Fprintf(&b, "\nall in %.0f s\n", took.Seconds())
	return b.String()
}

// descriptors is how many files and connections this process has open; 0 where the
// system does not tell.
func descriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open)
}

// inUse is the memory of a process, in bytes; 0 where the system does not tell.
func inUse(pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "statm"))
	if err != nil {
		return 0
	}
	var all, resident int64
	_, _ = fmt.Sscan(string(text), &all, &resident)
	return resident * int64(os.Getpagesize())
}
