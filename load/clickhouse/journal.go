package clickhouse

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// The steps of a swap, as the journal has them. A swap is over with done or
// undone; whatever else its last step is, there is work left.
const (
	stepStaging  = "staging"  // the staging table may exist
	stepVerified = "verified" // it holds exactly the rows; from here on the swap is finished, not undone
	stepDone     = "done"     // the record says so too
	stepUndone   = "undone"   // the window is as it was
)

// stagingPrefix begins the name of every staging table.
const stagingPrefix = "stage_"

// newSwapID returns a name that sorts by time and is nobody else's.
func newSwapID(now time.Time) string {
	return now.UTC().Format("20060102150405.000") + strings.ToLower(rand.Text()[:10])
}

// stagingName returns the staging table of a swap, in database ops.
func stagingName(d schemas.Dataset, swapID string) string {
	return stagingPrefix + d.Name + "_" + strings.ReplaceAll(swapID, ".", "")
}

// over reports whether no work is left on a swap whose last step is given.
func over(step string) bool { return step == stepDone || step == stepUndone }

// readJournal returns the last line of each swap that a query selects lines of.
func (w *Warehouse) readJournal(ctx context.Context, q Query) (map[string]schemas.SwapStep, error) {
	lines, err := Read(ctx, w, schemas.Journal, q)
	if err != nil {
		return nil, err
	}
	// Two steps may fall into one millisecond.
	rank := []string{stepStaging, stepVerified, stepDone, stepUndone}
	out := make(map[string]schemas.SwapStep)
	for _, line := range lines {
		last, ok := out[line.SwapID]
		if !ok || slices.Index(rank, line.Step) > slices.Index(rank, last.Step) {
			out[line.SwapID] = line
		}
	}
	return out, nil
}

// swaps are those of a window that the journal knows, by their name.
type swaps map[string]swapEnd

// swapEnd is how a swap ended.
type swapEnd struct {
	open          bool
	hash, content string // what a finished one brought; empty for others
}

// swapsOf returns the swaps of a window. It reads far less than readJournal, and
// puts the lines together here: to tell the server how costs it more than the
// lines do.
func (w *Warehouse) swapsOf(ctx context.Context, dataset string, win schemas.Window) (swaps, error) {
	q := oneWindow(dataset, win)
	out := make(swaps)
	err := w.lines(ctx, "SELECT swap_id, step, hash, content FROM ops.swap WHERE "+q.Where, q.Args, func() { clear(out) }, func(rows driver.Rows) error {
		var id, step string
		var brought swapEnd
		if err := rows.Scan(&id, &step, &brought.hash, &brought.content); err != nil {
			return err
		}
		end, seen := out[id]
		if !seen {
			end.open = true
		}
		switch step {
		case stepDone:
			end = brought
		case stepUndone:
			end.open = false
		}
		out[id] = end
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return out, nil
}

func (s swaps) anyOpen() bool {
	for _, end := range s {
		if end.open {
			return true
		}
	}
	return false
}

// brought returns the newest finished swap that gave the window the content, or
// none.
func (s swaps) brought(content string) swapEnd {
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(s))) {
		if s[id].content == content {
			return s[id]
		}
	}
	return swapEnd{}
}

// journal writes that a swap has reached a step.
func (w *Warehouse) journal(ctx context.Context, s schemas.SwapStep, step string) error {
	s.Step, s.At, s.Owner = step, milli(w.now()), w.owner.String()
	return Append(ctx, w, schemas.Journal, []schemas.SwapStep{s})
}
