package clickhouse

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// The steps of a swap, as the journal has them. A swap is over with done or
// undone; whatever else its last step is, there is work left.
const (
	stepStaging  = "staging"  // the staging table may exist
	stepVerified = "verified" // it holds exactly the rows; from here on the swap is finished, not undone
	stepSwapped  = "swapped"  // the window holds them
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

// swapState is what the journal says about one swap.
type swapState struct {
	last schemas.SwapStep // with the hashes that an earlier step brought
}

func (s swapState) open() bool { return s.last.Step != stepDone && s.last.Step != stepUndone }

// readJournal returns the swaps that a query selects lines of, by their id.
func (w *Warehouse) readJournal(ctx context.Context, q Query) (map[string]swapState, error) {
	lines, err := Read(ctx, w, schemas.Journal, q)
	if err != nil {
		return nil, err
	}
	// Two steps may fall into one millisecond.
	rank := []string{stepStaging, stepVerified, stepSwapped, stepDone, stepUndone}
	out := make(map[string]swapState)
	for _, line := range lines {
		s, ok := out[line.SwapID]
		if !ok || slices.Index(rank, line.Step) > slices.Index(rank, s.last.Step) {
			out[line.SwapID] = swapState{last: line}
		}
	}
	return out, nil
}

// journal writes that a swap has reached a step.
func (w *Warehouse) journal(ctx context.Context, s schemas.SwapStep, step string) error {
	s.Step, s.At, s.Owner = step, milli(w.now()), w.owner.String()
	return Append(ctx, w, schemas.Journal, []schemas.SwapStep{s})
}
