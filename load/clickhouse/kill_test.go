package clickhouse

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/load/engine"
	"tidemark/schemas"
)

// swapSteps are the moments at which a swap is stopped, in their order.
var swapSteps = []string{"journalled", "created", "inserted", "verified", "exchanged", "recorded", "done", "dropped"}

// pointOfNoReturn is the first step after which a swap is finished and not
// undone.
const pointOfNoReturn = "verified"

// newAfter reports whether the new rows are what is left of a swap that was
// stopped at a step.
func newAfter(step string) bool {
	for _, s := range swapSteps {
		if s == pointOfNoReturn {
			return true
		}
		if s == step {
			return false
		}
	}
	return true
}

const swapChildEnv = "TIDEMARK_TEST_SWAP"

// swapOrder tells a child process what to replace and where to stop.
type swapOrder struct {
	Access engine.Access
	Fund   string
	Rows   int
	Seed   float64
	StopAt string
	Onto   string // content of the window, where the rows are those of the next day
}

// swapChild replaces a window, and when it comes to the step it is to stop at,
// says so and waits to be killed.
func swapChild(order string) {
	err := func() error {
		var o swapOrder
		if err := json.Unmarshal([]byte(order), &o); err != nil {
			return err
		}
		ctx := context.Background()
		w, err := Open(ctx, Options{Addr: []string{o.Access.Addr}, User: o.Access.User, Password: o.Access.Password})
		if err != nil {
			return err
		}
		w.at = func(step string) {
			if step == o.StopAt {
				fmt.Println("at", step)
				select {}
			}
		}
		win := schemas.CutYear.Window(o.Fund, day2025)
		b := Build{Window: win, RunID: "child"}
		if o.Onto != "" {
			x := Extension[schemas.Holding]{Stands: o.Onto, Kept: day2025, Rows: append(onto(o.Fund), holdings(o.Fund, day2025+1, o.Rows, o.Seed)...)}
			if _, err := x.Agrees(ctx, w, schemas.Holdings, win); err != nil {
				return err
			}
			_, err = Extend(ctx, w, schemas.Holdings, b, x)
			return err
		}
		_, err = Replace(ctx, w, schemas.Holdings, b, holdings(o.Fund, day2025, o.Rows, o.Seed))
		return err
	}()
	fmt.Println("ended:", err)
	os.Exit(1)
}

// onto returns what the child extends.
func onto(fund string) []schemas.Holding { return holdings(fund, day2025, 40, 1) }

// stopSwap has a child process replace a window and stop at a step. The caller
// kills it.
func stopSwap(t *testing.T, o swapOrder) *exec.Cmd {
	t.Helper()
	o.Access = sharedEngine(t).Loader()
	order, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), exe)
	c.Env = append(os.Environ(), swapChildEnv+"="+string(order))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "at "+o.StopAt+"\n" {
		kill(t, c)
		t.Fatalf("the child did not come to %s: %q, %v", o.StopAt, line, err)
	}
	return c
}

func kill(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // "signal: killed"
}

// holds fails the test unless the fund's window is exactly the rows of a seed
// and the record says the same.
func holds(t *testing.T, w *Warehouse, fund string, n int, seed float64) {
	t.Helper()
	want := holdings(fund, day2025, n, seed)
	got, err := Read(t.Context(), w, schemas.Holdings, InWindow(schemas.Holdings.Dataset, schemas.CutYear.Window(fund, day2025)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) > 0 && got[len(got)-1] != want[len(want)-1] {
		t.Errorf("the window holds %d rows, want %d of %g", len(got), n, seed)
	}
	recorded(t, w, schemas.Holdings, schemas.CutYear.Window(fund, day2025), want)
}

// recorded fails the test when the record of a window speaks of other rows.
func recorded[T any](t *testing.T, w *Warehouse, table schemas.Table[T], win schemas.Window, want []T) {
	t.Helper()
	sizes, err := newEncoder(table).measure(want)
	if err != nil {
		t.Fatal(err)
	}
	builds, err := w.Builds(t.Context(), table.String())
	if err != nil {
		t.Fatal(err)
	}
	if b := builds[win]; b.Content != sizes.content.String() || b.Rows != int64(len(want)) {
		t.Errorf("the record says %d rows, %s; want %d rows, %s", b.Rows, b.Content, len(want), sizes.content)
	}
}

// clean fails the test when a swap has left something behind.
func clean(t *testing.T, w *Warehouse) {
	t.Helper()
	if left, open := stagings(t, w), openSwaps(t, w); len(left)+len(open) > 0 {
		t.Errorf("left behind: tables %v, open swaps %v", left, open)
	}
}

// TestKilledAtEveryStep kills the process that replaces a window at each step.
// While it lives nobody touches its swap; afterwards the window is brought to
// the old or the new rows, by Recover or by the next Replace.
func TestKilledAtEveryStep(t *testing.T) {
	w := fresh(t)
	for i, step := range swapSteps {
		t.Run(step, func(t *testing.T) {
			fund := fmt.Sprintf("F%d", i)
			replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, 1))
			child := stopSwap(t, swapOrder{Fund: fund, Rows: 30, Seed: 2, StopAt: step})
			if r, err := w.Recover(t.Context()); err != nil || len(r) > 0 {
				t.Errorf("recovered under the hands of a living process: %v, %v", r, err)
			}
			kill(t, child)
			recovered, err := w.Recover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if over := step == "done" || step == "dropped"; !over && (len(recovered) != 1 || recovered[0].Finished != newAfter(step) || recovered[0].Dataset != "raw.holding") {
				t.Errorf("recovered %+v, want one swap, finished: %v", recovered, newAfter(step))
			}
			if newAfter(step) {
				holds(t, w, fund, 30, 2)
			} else {
				holds(t, w, fund, 40, 1)
			}
			clean(t, w)
			if again, err := w.Recover(t.Context()); err != nil || len(again) > 0 {
				t.Errorf("there was something left to recover: %v, %v", again, err)
			}
		})
	}
}

// TestKilledWhileEmptying does the same for a window that is to lose its rows,
// which has no staging table.
func TestKilledWhileEmptying(t *testing.T) {
	w := fresh(t)
	for i, step := range []string{"journalled", "verified", "exchanged"} {
		fund := fmt.Sprintf("F%d", i)
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, 1))
		kill(t, stopSwap(t, swapOrder{Fund: fund, StopAt: step}))
		if _, err := w.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if newAfter(step) {
			holds(t, w, fund, 0, 0)
		} else {
			holds(t, w, fund, 40, 1)
		}
		clean(t, w)
	}
}

// TestReplaceAfterKill has the next Replace meet what a killed one left. The
// old rows are the dangerous ones: after the exchange the record still says
// that the window holds them.
func TestReplaceAfterKill(t *testing.T) {
	w := fresh(t)
	const older, killed, other = 1, 2, 3 // seeds of the rows
	for i, c := range []struct {
		step string
		next float64
	}{
		{"inserted", killed},
		{"verified", other},
		{"exchanged", older},
		{"exchanged", killed},
		{"exchanged", other},
	} {
		fund := fmt.Sprintf("F%d", i)
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, older))
		kill(t, stopSwap(t, swapOrder{Fund: fund, Rows: 40, Seed: killed, StopAt: c.step}))
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, c.next))
		holds(t, w, fund, 40, c.next)
	}
	clean(t, w)
}

// TestRecoverLeavesNewerRows kills a process with verified rows after another
// one has replaced the window: its rows are out of date.
func TestRecoverLeavesNewerRows(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 1))
	child := stopSwap(t, swapOrder{Fund: "IVV", Rows: 40, Seed: 2, StopAt: "verified"})
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 3))
	kill(t, child)
	recovered, err := w.Recover(t.Context())
	if err != nil || len(recovered) != 1 || recovered[0].Finished {
		t.Fatalf("recovered %+v, %v, want one swap undone", recovered, err)
	}
	holds(t, w, "IVV", 40, 3)
	clean(t, w)
}

// TestRecoverSeesTheExchange kills a process after its exchange while another
// one, which came later, is at work: what the window shows is on record at any
// time.
func TestRecoverSeesTheExchange(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 40, 1))
	first := stopSwap(t, swapOrder{Fund: "IVV", Rows: 40, Seed: 2, StopAt: "exchanged"})
	second := stopSwap(t, swapOrder{Fund: "IVV", Rows: 40, Seed: 3, StopAt: "inserted"})
	kill(t, first)
	for _, finished := range []bool{true, false} {
		recovered, err := w.Recover(t.Context())
		if err != nil || len(recovered) != 1 || recovered[0].Finished != finished {
			t.Fatalf("recovered %+v, %v, want one swap, finished: %v", recovered, err, finished)
		}
		holds(t, w, "IVV", 40, 2)
		if finished {
			kill(t, second)
		}
	}
	clean(t, w)
}

// TestRecoverByTwoAtOnce has two processes find the same killed swaps.
func TestRecoverByTwoAtOnce(t *testing.T) {
	w := fresh(t)
	for i := range 3 {
		kill(t, stopSwap(t, swapOrder{Fund: fmt.Sprintf("F%d", i), Rows: 40, Seed: 2, StopAt: "verified"}))
	}
	var wg sync.WaitGroup
	for range 2 {
		w := open(t, sharedEngine(t))
		wg.Go(func() {
			if _, err := w.Recover(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 3 {
		holds(t, w, fmt.Sprintf("F%d", i), 40, 2)
	}
	clean(t, w)
}

// TestStoppedAtEveryStep ends the caller's context at each step.
func TestStoppedAtEveryStep(t *testing.T) {
	w := fresh(t)
	for i, step := range swapSteps {
		fund := fmt.Sprintf("F%d", i)
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, 1))
		ctx, cancel := context.WithCancel(t.Context())
		w.at = func(s string) {
			if s == step {
				cancel()
			}
		}
		win := schemas.CutYear.Window(fund, day2025)
		_, err := Replace(ctx, w, schemas.Holdings, build(win), holdings(fund, day2025, 30, 2))
		w.at = func(string) {}
		cancel()
		if newAfter(step) {
			if err != nil {
				t.Errorf("stopped at %s: %v, want the swap finished", step, err)
			}
			holds(t, w, fund, 30, 2)
		} else {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("stopped at %s: %v, want %v", step, err, context.Canceled)
			}
			holds(t, w, fund, 40, 1)
		}
		clean(t, w)
	}
}

// TestServerKilledDuringSwap kills the server at steps of a swap. Its
// supervisor brings it back, and the swap goes on.
func TestServerKilledDuringSwap(t *testing.T) {
	w := fresh(t)
	e := sharedEngine(t)
	for i, step := range []string{"created", "verified"} {
		fund := fmt.Sprintf("F%d", i)
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 40, 1))
		w.at = func(s string) {
			if s == step {
				p, err := os.FindProcess(e.Pid())
				if err == nil {
					err = p.Kill()
				}
				if err != nil {
					t.Error(err)
				}
			}
		}
		replace(t, w, schemas.Holdings, holdings(fund, day2025, 30, 2))
		w.at = func(string) {}
		holds(t, w, fund, 30, 2)
	}
	clean(t, w)
}

// TestSwapsOfOtherHosts are left alone until they count as abandoned.
func TestSwapsOfOtherHosts(t *testing.T) {
	w := fresh(t)
	now := time.Date(2025, 3, 3, 12, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	s := schemas.SwapStep{
		SwapID: "20250303120000.000other", Dataset: "raw.holding", Window: year2025, Step: stepStaging,
		Staging: "stage_holding_other", Rows: 3, Owner: "elsewhere 17 4711@boot tag", At: now.Add(-59 * time.Minute),
	}
	if err := Append(t.Context(), w, schemas.Journal, []schemas.SwapStep{s}); err != nil {
		t.Fatal(err)
	}
	if err := w.createStaging(t.Context(), schemas.Holdings.Dataset, qualified("ops", s.Staging)); err != nil {
		t.Fatal(err)
	}
	if r, err := w.Recover(t.Context()); err != nil || len(r) > 0 {
		t.Fatalf("recovered a swap of another host after an hour less a minute: %v, %v", r, err)
	}
	if left := stagings(t, w); len(left) != 1 {
		t.Fatalf("the staging table of another host is gone: %v", left)
	}
	now = now.Add(2 * time.Minute)
	r, err := w.Recover(t.Context())
	if err != nil || len(r) != 1 || r[0].Finished || r[0].Step != stepStaging {
		t.Fatalf("after more than an hour: %+v, %v, want one swap undone", r, err)
	}
	clean(t, w)
}

func TestOwner(t *testing.T) {
	w := &Warehouse{owner: newOwner("night run"), now: time.Now}
	own, ok := parseOwner(w.Owner())
	if !ok || own != w.owner || !strings.Contains(w.Owner(), "night_run-") {
		t.Fatalf("%q is read as %+v", w.Owner(), own)
	}
	if other := newOwner("night run"); other == w.owner {
		t.Error("two Warehouses of one process have one name")
	}
	past := time.Now().Add(-2 * abandonedAfter)
	change := func(f func(o *owner)) string { o := w.owner; f(&o); return o.String() }
	for _, c := range []struct {
		name, owner string
		seen        time.Time
		want        bool
	}{
		{"this process", w.Owner(), past, true},
		{"another process with this id, earlier", change(func(o *owner) { o.start = "1@earlier" }), time.Now(), false},
		{"no such process", change(func(o *owner) { o.pid = 1 << 30 }), time.Now(), false},
		{"another host, lately", change(func(o *owner) { o.host = "elsewhere" }), time.Now(), true},
		{"another host, long ago", change(func(o *owner) { o.host = "elsewhere" }), past, false},
		{"unreadable, lately", "?", time.Now(), true},
		{"unreadable, long ago", "?", past, false},
	} {
		if got := w.Alive(c.owner, c.seen); got != c.want {
			t.Errorf("%s: alive %v, want %v", c.name, got, c.want)
		}
	}
}
