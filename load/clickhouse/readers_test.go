package clickhouse

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/schemas"
)

// mixed reads a fund's window in one query and says what is wrong with it, if
// it is not exactly the rows that holdings makes for one seed: every weight is
// the seed, and the number of rows is 100 and the seed.
func mixed(ctx context.Context, w *Warehouse, fund string) (string, error) {
	var n uint64
	var low, high, sum float64
	err := w.row(ctx, "SELECT count(), ifNull(min(weight), 0), ifNull(max(weight), 0), ifNull(sum(market_value), 0) FROM raw.holding WHERE fund = {fund:String}",
		[]any{Named("fund", fund)}, &n, &low, &high, &sum)
	if err != nil {
		return "", err
	}
	if low != high || float64(n) != 100+low || sum != low*float64(n)*float64(n+1)/2 {
		return fmt.Sprintf("%d rows with weights from %g to %g and the sum %g", n, low, high, sum), nil
	}
	return "", nil
}

func version(fund string, seed int) []schemas.Holding {
	return holdings(fund, day2025, 100+seed, float64(seed))
}

// watch reads the window in several goroutines until stop, and returns how
// often it was read and how often it was no single version. The readers leave
// each other and the writer some of the machine.
func watch(t *testing.T, w *Warehouse, fund string) (stop func() (reads, bad int64)) {
	t.Helper()
	var reads, bad atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			pace := time.NewTicker(20 * time.Millisecond)
			defer pace.Stop()
			for ; ctx.Err() == nil; <-pace.C {
				what, err := mixed(context.WithoutCancel(ctx), w, fund)
				if err != nil {
					t.Errorf("read while it is replaced: %v", err)
					return
				}
				reads.Add(1)
				if what != "" {
					bad.Add(1)
				}
			}
		})
	}
	return func() (int64, int64) {
		cancel()
		wg.Wait()
		return reads.Load(), bad.Load()
	}
}

// exchanges is how often the window is replaced under readers.
var exchanges = flag.Int("swaps", 30, "replacements of a window under readers")

// TestReadersSeeOneVersion replaces a window time and again under readers.
func TestReadersSeeOneVersion(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, version("IVV", 1))
	stop := watch(t, w, "IVV")
	for i := range *exchanges {
		replace(t, w, schemas.Holdings, version("IVV", 2+i%7))
	}
	reads, bad := stop()
	t.Logf("%d reads during %d swaps", reads, *exchanges)
	if bad > 0 {
		t.Errorf("%d of %d reads saw a mixture or nothing", bad, reads)
	}
	if reads < int64(*exchanges) {
		t.Errorf("only %d reads during %d swaps show little", reads, *exchanges)
	}
	clean(t, w)
}

// TestReadersWouldSeeAMixture shows that the readers of the test above notice
// a window that is taken out and put in, in two steps.
func TestReadersWouldSeeAMixture(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, version("IVV", 1))
	stage := qualified("ops", "stage_by_hand")
	if err := w.createStaging(t.Context(), schemas.Holdings.Dataset, stage); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.dropStaging(context.Background(), "stage_by_hand"); err != nil {
			t.Error(err)
		}
	})
	if err := insert(t.Context(), w, schemas.Holdings, stage, "by hand", version("IVV", 2)); err != nil {
		t.Fatal(err)
	}
	partition := schemas.Holdings.Partition(year2025)
	stop := watch(t, w, "IVV")
	for range 20 {
		for _, sql := range []string{
			"ALTER TABLE raw.holding DROP PARTITION " + partition,
			"ALTER TABLE raw.holding ATTACH PARTITION " + partition + " FROM " + stage,
		} {
			if err := w.exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reads, bad := stop(); bad == 0 {
		t.Errorf("none of %d reads noticed 20 replacements in two steps", reads)
	}
}

// TestTwoWritersOfOneWindow has two Warehouses replace one window at once, by
// rows that are new, rows that are not, and each other's. Readers see one
// version at any time, and in the end the record says what the window holds.
func TestTwoWritersOfOneWindow(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, version("IVV", 1))
	stop := watch(t, w, "IVV")
	var wg sync.WaitGroup
	for k := range 2 {
		w := open(t, sharedEngine(t))
		wg.Go(func() {
			for i := range 6 {
				replace(t, w, schemas.Holdings, version("IVV", 1+(i*(k+1))%3))
			}
		})
	}
	wg.Wait()
	if reads, bad := stop(); bad > 0 {
		t.Errorf("%d of %d reads saw a mixture or nothing", bad, reads)
	}
	built, ok, err := w.newest(t.Context(), "raw.holding", year2025)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	inside, err := w.windowHash(t.Context(), schemas.Holdings.Dataset, year2025, false)
	if err != nil {
		t.Fatal(err)
	}
	if built.Content != inside.String() {
		t.Errorf("the record says %s, the window holds %s", built.Content, inside)
	}
	clean(t, w)
}

// TestTwoRecordsOfOneMillisecond has two writers finish so close to each other that
// their records do not tell which was the last.
func TestTwoRecordsOfOneMillisecond(t *testing.T) {
	w := fresh(t)
	replace(t, w, schemas.Holdings, version("IVV", 1))
	replace(t, w, schemas.Holdings, version("IVV", 2))
	inside, err := w.windowHash(t.Context(), schemas.Holdings.Dataset, year2025, false)
	if err != nil {
		t.Fatal(err)
	}
	at := milli(time.Now().Add(time.Minute))
	for _, content := range []string{"another", inside.String(), "a third"} {
		b := schemas.Built{Dataset: "raw.holding", Window: year2025, Content: content, BuiltAt: at, Reach: schemas.NoDate}
		if err := Append(t.Context(), w, schemas.Builds, []schemas.Built{b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.reconcile(t.Context(), schemas.Holdings.Dataset, year2025); err != nil {
		t.Fatal(err)
	}
	last, _, err := w.newest(t.Context(), "raw.holding", year2025)
	if err != nil || last.Tied || last.Content != inside.String() || !last.BuiltAt.After(at) {
		t.Errorf("the newest record is %+v, error %v", last, err)
	}
}

// TestWriterOvertaken lets a second writer finish between the exchange and
// the record of the first one: the last record must still be the truth.
func TestWriterOvertaken(t *testing.T) {
	w := fresh(t)
	first, second := open(t, sharedEngine(t)), open(t, sharedEngine(t))
	replace(t, w, schemas.Holdings, holdings("IVV", day2025, 10, 1))
	first.at = func(step string) {
		if step == "exchanged" {
			replace(t, second, schemas.Holdings, holdings("IVV", day2025, 10, 3))
		}
	}
	replace(t, first, schemas.Holdings, holdings("IVV", day2025, 10, 2))
	holds(t, w, "IVV", 10, 3)
	clean(t, w)
}
